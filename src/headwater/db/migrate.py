"""Bring a database to this version's schema: roles, then what is missing of the migrations.

The owner role migrates and owns the schema; the application and worker roles only use it. All of one upgrade is one
transaction under an advisory lock, so that a killed or doubled upgrade leaves the old schema or the new one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import psycopg
from psycopg import sql

from headwater.db.session import connection_info
from headwater.kit.errors import Unavailable

ROLES = ("headwater_owner", "headwater_app", "headwater_worker")
LOCK = 7_401_220_268  # any number that nobody else takes
SCRIPTS = Path(str(resources.files("headwater.db") / "migrations"))


def newest() -> str:
    """The revision that this version's code expects."""
    return max(path.stem.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def upgrade(dsn: str) -> None:
    """Create roles and schema as needed. Raises Unavailable with one sentence when the database refuses."""
    with _plain_errors(), psycopg.connect(connection_info(dsn), autocommit=True) as connection:
        if _is_current(connection):
            return
        # another's upgrade may take longer than a session of ours may otherwise wait
        connection.execute("set lock_timeout = 0")
        connection.execute("set statement_timeout = 0")
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        if not _is_current(connection):
            _make_roles(connection)
            from headwater.db.revisions import run_missing  # see there

            run_missing(dsn)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the database refuses, in one sentence."""
    try:
        yield
    except psycopg.OperationalError as error:
        what = "refused" if error.sqlstate else "can not be reached"
        raise Unavailable(f"The database {what}: {_first_line(error)}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise Unavailable(
            f"The database user may not set up Headwater ({_first_line(error)}); give it CREATEROLE and CREATE on "
            "the database once, or let an administrator run `headwater doctor` once with an address of their own."
        ) from error


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _is_current(connection: psycopg.Connection) -> bool:
    """Whether there is nothing to do. Raises Unavailable where a newer version has been at work."""
    current = _current(connection)
    if current is not None and current > newest():
        raise Unavailable(
            f"The database belongs to a newer version of Headwater (revision {current}, this one knows {newest()}); "
            "install that version."
        )
    return current == newest()


def _current(connection: psycopg.Connection) -> str | None:
    try:
        row = connection.execute("select version_num from headwater.alembic_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.InsufficientPrivilege):
        return None
    return str(row[0]) if row else None


def _make_roles(connection: psycopg.Connection) -> None:
    # since PostgreSQL 16 who creates a role is its member without being able to become it
    power = "set" if connection.info.server_version >= 160_000 else "member"
    for role in ROLES:
        name = sql.Identifier(role)
        known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        if not known:
            _create_role(connection, name)
        member = connection.execute("select pg_has_role(current_user, %s, %s)", [role, power]).fetchone()
        if not member or not member[0]:
            connection.execute(sql.SQL("grant {} to current_user").format(name))
    for schema in ("headwater", "procrastinate"):
        connection.execute(
            sql.SQL("create schema if not exists {} authorization headwater_owner").format(sql.Identifier(schema))
        )


def _create_role(connection: psycopg.Connection, name: sql.Identifier) -> None:
    try:
        connection.execute(sql.SQL("create role {} nologin").format(name))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return  # roles belong to the whole server: another database's upgrade made it a moment ago
