"""The first schema."""

from alembic import op

from headwater.db.revisions import run_sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql_file(op.get_bind(), "0001_first_light.sql")
