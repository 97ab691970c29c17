"""Mailboxes to be asked for again, and domains that take every name."""

from alembic import op

from headwater.db.revisions import run_sql_file

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    run_sql_file(op.get_bind(), "0004_mailboxes.sql")
