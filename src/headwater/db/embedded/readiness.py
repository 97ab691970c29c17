"""Whether the server answers: the only proof of readiness is a query that returns."""

import psycopg
from psycopg import errors, sql

from headwater.db.embedded.places import SOCKET_NAME, Places

CONNECT_TIMEOUT = 5
STARTING = "PostgreSQL is starting"
NOT_YET = ("the database system is", "No such file", "Connection refused", "closed the connection", "Is the server")
PASSING = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.TooManyConnections)


def refusal(conninfo: str, database: str, places: Places) -> str | None:
    """Connect, ask, and make our database if it is not there. None when that went well, else why it did not."""
    folder = places.socket_folder()
    if folder is None or not (folder / SOCKET_NAME).exists():
        return STARTING
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
            _ensure(connection, database)
    except psycopg.OperationalError as error:
        if error.sqlstate is not None and not isinstance(error, PASSING):
            raise  # it answered, with an error that waiting would not mend
        said = str(error).strip().splitlines()[-1]
        return STARTING if any(word in said for word in NOT_YET) else f"PostgreSQL takes no connection: {said}"
    return None


def _ensure(connection: psycopg.Connection[tuple[int]], database: str) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
        return
    try:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        return  # another process of ours was faster
