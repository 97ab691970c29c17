"""The one way into the database: a transaction in a role, inside a workspace.

Nothing else in Headwater opens a connection or sets a workspace. The application's role is bound by row-level security
and can not bypass it; the worker's role serves every workspace's queue, but enters one workspace at a time for
contacts, observations and money.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from headwater.kit.errors import BadInput, Unavailable

# SQLSTATE classes of a lost or stopping server: connection exceptions, operator intervention (PostgreSQL, appendix A).
_GONE = frozenset({"080", "57P"})
# What a process that stands still in the middle of a transaction (a laptop asleep, a paused machine) brings about:
# the end of its own session, and of the patience of those who wait for its locks. Both pass.
_STALLED = frozenset({"25P03", "55P03"})

Role = Literal["headwater_app", "headwater_worker"]
Connection = AsyncConnection[DictRow]

# A stopped worker inside a transaction holds its rows for ever, a half-open connection hangs: bound both. Who stands
# still loses its locks before those who wait for them lose patience.
_OPTIONS = (
    "-c search_path=headwater,procrastinate -c idle_in_transaction_session_timeout=20s "
    "-c lock_timeout=30s -c statement_timeout=300s -c timezone=UTC"
)


def connection_info(dsn: str, **overrides: str) -> str:
    """Add Headwater's session settings to a connection string; a host without answer is given up after 10 s.

    Raises BadInput for what is no address of a PostgreSQL, without repeating it: it may hold a password.
    """
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise BadInput(
            "HEADWATER_DATABASE_URL is not the address of a PostgreSQL; write postgresql://user:password@host/database."
        ) from None
    if "@" in str(given.get("host") or ""):
        # The rest of a password would be taken for the host, and told to everybody as the one that can not be found.
        raise BadInput("HEADWATER_DATABASE_URL: write an @ in the password as %40.")
    settings: dict[str, Any] = {
        "connect_timeout": "10",
        "keepalives_idle": "30",
        "tcp_user_timeout": "60000",
        "application_name": "headwater",
    }
    settings |= {key: value for key, value in given.items() if key != "options"} | overrides
    settings["options"] = " ".join(part for part in (str(given.get("options") or ""), _OPTIONS) if part)
    return make_conninfo("", **settings)


class Database:
    """A pool of connections and the session helper. Use as an async context manager."""

    def __init__(self, dsn: str, *, size: int = 12, patience: float = 30.0) -> None:
        self.dsn = dsn
        self._patience = patience  # seconds to wait for a connection
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            connection_info(dsn),
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": False},
            min_size=1,
            max_size=size,
            timeout=patience,
            open=False,
            check=AsyncConnectionPool.check_connection,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.close(timeout=2)

    @asynccontextmanager
    async def transaction(self, role: Role, workspace: int | None = None) -> AsyncIterator[Connection]:
        """One transaction as ``role``; with a workspace, only its rows exist. Commits on a clean exit."""
        try:
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute("select set_config('role', %s, true)", [role])
                await enter(connection, workspace)
                yield connection
        except PoolTimeout as error:
            raise Unavailable(f"The database did not answer within {self._patience:g} s; is it running?") from error
        except (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout) as error:
            if error.sqlstate and error.sqlstate[:3] not in _GONE and error.sqlstate not in _STALLED:
                raise  # a deadlock or a time-out of ours is a fault of ours, not an absent database
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise Unavailable(f"The database connection was lost: {reason}") from error

    def app(self, workspace: int) -> AbstractAsyncContextManager[Connection]:
        """A transaction of the application inside one workspace."""
        return self.transaction("headwater_app", workspace)

    def worker(self, workspace: int | None = None) -> AbstractAsyncContextManager[Connection]:
        """A transaction of a worker: the queues of all, and the records of at most one workspace."""
        return self.transaction("headwater_worker", workspace)


async def enter(connection: Connection, workspace: int | None) -> None:
    """Enter a workspace for the rest of this transaction, leaving any other."""
    value = "" if workspace is None else str(workspace)
    await connection.execute("select set_config('headwater.workspace', %s, true)", [value])
