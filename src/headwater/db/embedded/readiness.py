"""Whether the server answers: the only proof of readiness is a query that returns."""

import psycopg
from psycopg import errors, sql

from headwater.db.embedded.places import SOCKET_NAME, Places

CONNECT_TIMEOUT = 5


def answers(conninfo: str, database: str, places: Places) -> bool:
    """Connect, ask, and make our database if it is not there. False while the server refuses connections."""
    folder = places.socket_folder()
    if folder is None or not (folder / SOCKET_NAME).exists():
        return False
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
            _ensure(connection, database)
    except (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow):
        return False
    except psycopg.OperationalError as refusal:
        if refusal.sqlstate is not None:  # it answered, with an error that waiting would not mend
            raise
        return False
    return True


def _ensure(connection: psycopg.Connection[tuple[int]], database: str) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
        return
    try:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        return  # another process of ours was faster
