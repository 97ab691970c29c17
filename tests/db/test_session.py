"""The one way into the database: roles, lost servers, and what is not a lost server."""

import asyncio
from secrets import token_hex

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from headwater.db.session import Connection, Database, connection_info
from headwater.identity import Workspace
from headwater.kit.errors import BadInput, Unavailable

NOBODY = "host=127.0.0.1 port=1 dbname=headwater user=nobody"


async def _one(connection: Connection, query: str) -> object:
    row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return next(iter(row.values()))


async def test_a_clean_end_commits_and_a_failure_takes_back(database: Database, workspace: Workspace) -> None:
    add = "insert into contact (workspace_id, last_name) values (current_workspace(), %s)"
    async with database.app(workspace.id) as connection:
        await connection.execute(add, ["Lovelace"])

    async def fail() -> None:
        async with database.app(workspace.id) as connection:
            await connection.execute(add, ["Babbage"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.app(workspace.id) as connection:
        assert await _one(connection, "select array_agg(last_name) from contact") == ["Lovelace"]


async def test_the_session_is_bounded_and_speaks_utc(database: Database) -> None:
    wanted = {
        "idle_in_transaction_session_timeout": "20s", "lock_timeout": "30s", "statement_timeout": "5min",
        "TimeZone": "UTC", "search_path": "headwater,procrastinate", "application_name": "headwater",
    }  # fmt: skip
    async with database.worker() as connection:
        assert {name: await _one(connection, f"show {name}") for name in wanted} == wanted


def test_what_the_address_says_is_kept_and_ours_is_added() -> None:
    given = "host=db.test dbname=x connect_timeout=3 application_name=mine options='-c geqo=off'"
    found = conninfo_to_dict(connection_info(given))
    assert (found["host"], str(found["connect_timeout"]), found["application_name"]) == ("db.test", "3", "mine")
    assert str(found["options"]).startswith("-c geqo=off -c search_path=headwater")


def test_an_address_that_is_none_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(BadInput, match="HEADWATER_DATABASE_URL"):
        Database("that is not an address")


async def test_a_lost_server_is_unavailable_and_the_pool_recovers(dsn: str, database: Database) -> None:
    async with Database(dsn, size=1) as victim:
        pids = []

        async def lose() -> None:
            async with victim.worker() as connection:
                pids.append(await _one(connection, "select pg_backend_pid()"))
                await _terminate(database, pids[0])
                await connection.execute("select 1")

        with pytest.raises(Unavailable) as caught:
            await lose()
        assert "\n" not in str(caught.value)
        async with victim.worker() as connection:
            assert await _one(connection, "select pg_backend_pid()") not in pids


async def test_a_connection_lost_while_it_lay_idle_is_not_even_noticed(dsn: str, database: Database) -> None:
    async with Database(dsn, size=1) as victim:
        async with victim.worker() as connection:
            pid = await _one(connection, "select pg_backend_pid()")
        await _terminate(database, pid)
        async with victim.worker() as connection:
            assert await _one(connection, "select 1") == 1


async def _terminate(database: Database, pid: object) -> None:
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as killer:
        await killer.execute("select pg_terminate_backend(%s, 5000)", [pid])


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with Database(NOBODY, patience=0.3) as nowhere:
        with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s"):
            async with nowhere.worker():
                raise AssertionError("there is nothing to connect to")


async def test_a_deadlock_is_not_taken_for_an_absent_server(database: Database, workspace: Workspace) -> None:
    """It is a fault of ours: hidden behind "try again later" it would never be found."""
    lane = [f"live:test:{token_hex(4)}" for _ in range(2)]
    async with database.worker() as connection:
        await connection.execute("insert into lane (name) select unnest(%s::text[])", [lane])
    reached = [asyncio.Event(), asyncio.Event()]

    async def cross(first: int) -> None:
        async with database.worker() as connection:
            await connection.execute("update lane set v = v + 1 where name = %s", [lane[first]])
            reached[first].set()
            await reached[1 - first].wait()
            await connection.execute("update lane set v = v + 1 where name = %s", [lane[1 - first]])

    results = await asyncio.gather(cross(0), cross(1), return_exceptions=True)
    failed = [each for each in results if each is not None]
    assert [type(each) for each in failed] == [psycopg.errors.DeadlockDetected]


async def test_a_time_out_of_ours_is_not_taken_for_an_absent_server(database: Database) -> None:
    async def wait_too_long() -> None:
        async with database.worker() as connection:
            await connection.execute("set local statement_timeout = 20")
            await connection.execute("select pg_sleep(5)")

    with pytest.raises(psycopg.errors.QueryCanceled):
        await wait_too_long()
    async with database.worker() as connection:
        assert await _one(connection, "select 1") == 1


async def test_a_cancelled_task_gives_its_connection_back(dsn: str) -> None:
    async with Database(dsn, size=1) as database:

        async def hang() -> None:
            async with database.worker() as connection:
                await connection.execute("select pg_sleep(60)")

        task = asyncio.create_task(hang())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.worker() as connection:
            assert await _one(connection, "select 1") == 1
