"""Procrastinate 3.10's own schema, in a namespace of its own, inside our chain of migrations."""

from alembic import op
from procrastinate.schema import SchemaManager

from headwater.db.revisions import execute_script, run_sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute_script(op.get_bind(), SchemaManager.get_schema(), schema="procrastinate")
    run_sql_file(op.get_bind(), "0002_errands.sql")
