"""An index on observed telephone numbers, so that those which many people have are found."""

from alembic import op

from headwater.db.revisions import run_sql_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql_file(op.get_bind(), "0003_shared_numbers.sql")
