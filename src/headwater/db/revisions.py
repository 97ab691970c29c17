"""Running the migrations: Alembic over the SQL files beside it.

Only an upgrade imports this: Alembic and SQLAlchemy take a quarter of the time in which a command starts.
"""

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from headwater.db.migrate import SCRIPTS
from headwater.db.session import connection_info


def run_missing(dsn: str) -> None:
    """Bring the schema to the newest revision, in one transaction. Raises psycopg's own errors."""
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(connection_info(dsn)), poolclass=NullPool
    )
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise error.orig or error from error
    finally:
        engine.dispose()


def run_sql_file(connection: Connection, name: str) -> None:
    """Execute one SQL file of a migration, as the owner."""
    execute_script(connection, (SCRIPTS / "sql" / name).read_text("utf-8"))


def execute_script(connection: Connection, script: str, schema: str = "headwater") -> None:
    """Execute many statements at once, creating in ``schema``."""
    raw = connection.connection.cursor()
    raw.execute(f"set local search_path = {schema}")
    raw.execute(script)
    raw.execute("set local search_path = headwater")
