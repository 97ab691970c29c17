"""Errands outlive a dead worker, a lost database and a neighbour that can not be saved."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import pytest

from headwater.db.migrate import upgrade
from headwater.db.session import Database
from headwater.jobs.errands import Errands, errand_info
from headwater.kit.errors import Unavailable

Server = Any
Finish = Callable[[int, int], Awaitable[None]]

SOON = 30.0  # seconds


class Desk:
    """A database of its own, and a record of the errands that were run on it."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.ran: list[int] = []
        self.fails: list[BaseException] = []  # raised one after the other before an errand succeeds

    async def finish(self, workspace: int, job: int) -> None:
        self.ran.append(job)
        if self.fails:
            raise self.fails.pop(0)

    async def defer(self, *jobs: int) -> None:
        async with Database(self.dsn) as database, database.app(1) as connection:
            for job in jobs:
                await Errands(self.dsn, self.finish).defer_finish(connection, 1, job)

    async def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """As the server's administrator."""
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            await connection.execute("set search_path = procrastinate")
            cursor = await connection.execute(statement.encode())
            return await cursor.fetchall() if cursor.description else []

    async def orphan(self, *jobs: int) -> None:
        """As if a worker had died over these, long enough ago."""
        rows = await self.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour') returning id"
        )
        numbers = ", ".join(map(str, jobs))
        await self.execute(
            f"update procrastinate_jobs set status = 'doing', worker_id = {rows[0][0]} "
            f"where (args->>'job')::int in ({numbers})"
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Errands are run."""
        running = asyncio.create_task(Errands(self.dsn, self.finish).run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def until(self, *jobs: int) -> None:
        async with asyncio.timeout(SOON):
            while not set(jobs) <= set(self.ran):
                await asyncio.sleep(0.02)

    async def left(self) -> list[tuple[Any, ...]]:
        return await self.execute("select (args->>'job')::int, status::text from procrastinate_jobs order by id")


@pytest.fixture
def desk(server: Server) -> Desk:
    dsn = server.create()
    upgrade(dsn)
    return Desk(dsn)


async def test_an_errand_exists_exactly_if_what_caused_it_was_committed(desk: Desk) -> None:
    errands = Errands(desk.dsn, desk.finish)
    async with Database(desk.dsn) as database:
        with pytest.raises(ZeroDivisionError):
            async with database.app(1) as connection:
                await errands.defer_finish(connection, 1, 7)
                raise ZeroDivisionError
        async with database.app(1) as connection:
            await errands.defer_finish(connection, 1, 8)
    async with desk.open():
        await desk.until(8)
    assert (desk.ran, await desk.left()) == ([8], [])


async def test_what_a_dead_worker_left_is_run_at_once(desk: Desk) -> None:
    await desk.defer(7)
    await desk.orphan(7)
    async with desk.open(), asyncio.timeout(4.0):  # before the next round of rescues
        await desk.until(7)
    assert await desk.left() == []


async def test_one_that_can_not_be_rescued_does_not_hold_back_the_others(desk: Desk) -> None:
    """The library refuses to wake an errand that has a double in its queue."""
    await desk.defer(6, 7)
    await desk.orphan(6, 7)
    await desk.execute("update procrastinate_jobs set queueing_lock = 'one' where (args->>'job')::int = 6")
    await desk.execute(
        "insert into procrastinate_jobs (task_name, queue_name, args, queueing_lock, scheduled_at) "
        "values ('finish', 'default', '{\"workspace\": 1, \"job\": 5}', 'one', now() + interval '1 hour')"
    )
    async with desk.open():
        await desk.until(7)
    assert desk.ran == [7]


async def test_a_lost_database_does_not_end_errands(desk: Desk) -> None:
    async with desk.open():
        await desk.defer(7)
        await desk.until(7)
        for job in (8, 9):
            await desk.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            await desk.defer(job)
            await desk.until(job)


@pytest.mark.parametrize("interruption", [Unavailable("The database was lost."), asyncio.CancelledError()], ids=type)
async def test_an_interruption_is_never_one_too_many(desk: Desk, interruption: BaseException) -> None:
    await desk.defer(7)
    await desk.execute("update procrastinate_jobs set attempts = 50")
    desk.fails = [interruption]
    async with desk.open():
        while desk.ran != [7, 7]:
            await asyncio.sleep(0.02)
        while await desk.left():
            await asyncio.sleep(0.02)


async def test_a_fault_is_not_repeated(desk: Desk) -> None:
    await desk.defer(7)
    desk.fails = [ZeroDivisionError()]
    async with desk.open():
        await desk.until(7)
        while await desk.left() == [(7, "doing")]:
            await asyncio.sleep(0.02)
    assert (desk.ran, await desk.left()) == ([7], [(7, "failed")])


def test_a_stopped_worker_can_not_hold_its_rows_for_ever(desk: Desk) -> None:
    with psycopg.connect(errand_info(desk.dsn)) as connection:

        def show(name: str) -> str:
            row = connection.execute("select current_setting(%s)", [name]).fetchone()
            return str(row[0]) if row else ""

        limits = [show(f"{name}_timeout") for name in ("idle_in_transaction_session", "lock", "statement")]
        assert (show("search_path"), show("role")) == ("procrastinate", "headwater_worker")
    assert "0" not in limits
