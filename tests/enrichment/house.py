"""Jobs, engines and looks at the tables, for tests of the lanes on a real database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from headwater.contacts import Contacts
from headwater.db.session import Connection, Database, connection_info
from headwater.enrichment.apply import Applier
from headwater.enrichment.engine import Engine
from headwater.enrichment.harvest import Collaborators
from headwater.enrichment.vendors import Vendor, Vendors
from headwater.identity import Workspace, enter_workspace
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL as JOBS
from headwater.ledger import Ledger
from headwater.records import Contact, EmailVerdict, Field, Observation
from headwater.verification import check_phone

ENOUGH = 1_000_000_000  # micros
REALM = "test"
LOOK = "a look from outside"

Check = Callable[[Sequence[str]], Awaitable[list[EmailVerdict]]]


async def _nobody_put_off(connection: Connection, verdicts: Sequence[EmailVerdict]) -> None:
    assert all(verdict.sub_status != "deferred" for verdict in verdicts)


async def _no_addresses(addresses: Sequence[str]) -> list[EmailVerdict]:
    assert not addresses
    return []


class House:
    """One database with whatever a test puts into it."""

    def __init__(self, dsn: str, database: Database) -> None:
        self.dsn = dsn
        self.database = database

    # what there is to do --------------------------------------------------------------------------

    async def workspace(self, weight: int = 1) -> Workspace:
        found = await enter_workspace(self.database, token_hex(6), "live")
        await self.say("update workspace set weight = %s where id = %s", weight, found.id)
        return found

    async def job(
        self,
        workspace: Workspace,
        vendors: Vendors,
        names: Sequence[str],
        *,
        budget: int = ENOUGH,
        max_price: int | None = None,
        state: str = "running",
        like: int | None = None,
    ) -> int:
        """A job that wants these people's titles, planned, with its money set aside; ``like`` is a job of the same."""
        options = Options(want=(Field.TITLE,), max_price=max_price)
        applier = Applier(self.database, vendors, collaborators())
        await self.register(vendors)
        async with self.database.worker(workspace.id) as connection:
            values = {"fingerprint": token_hex(8), "source": "-", "sha256": "-", "output": "-", "headers": ["name"],
                      "options": Jsonb(options.stored()), "rows": len(names)}  # fmt: skip
            row = await (await connection.execute(JOBS["create_job"], values)).fetchone()
            assert row is not None
            job = int(row["id"])
            await connection.execute("update job set state = %s, rows_read = rows_expected where id = %s", [state, job])
            await Ledger(connection).authorise(job, budget, round_=1)
            people = await self._people(connection, names, like)
            wanted = {"job": job, "want": ["title"], "contacts": people}
            rows = await (await connection.execute(JOBS["add_lookups"], wanted)).fetchall()
            await applier.plan(connection, workspace.id, [each["id"] for each in rows], {})
        return job

    async def _people(self, connection: Connection, names: Sequence[str], like: int | None) -> list[int]:
        if like is None:
            return await Contacts(connection).add([Contact(full_name=name) for name in names])
        found = await connection.execute("select contact_id from lookup where job_id = %s order by id", [like])
        return [row["contact_id"] for row in await found.fetchall()]

    async def register(self, vendors: Vendors) -> None:
        """Lanes and budgets of these accounts, as an engine does when it begins."""
        await self.engine(vendors).prepare()

    # who does it ----------------------------------------------------------------------------------

    def engine(self, vendors: Vendors, database: Database | None = None, *, check: Check = _no_addresses) -> Engine:
        used = database or self.database
        return Engine(used, vendors, Applier(used, vendors, collaborators(check)))

    @asynccontextmanager
    async def working(
        self, vendors: Vendors, processes: int = 1, *, check: Check = _no_addresses
    ) -> AsyncIterator[Any]:
        """Engines as so many processes would run them, each with connections of its own; ended as by a kill."""
        async with AsyncExitStack() as stack:
            engines = []
            for _ in range(processes):
                database = await stack.enter_async_context(Database(self.dsn))
                engines.append(self.engine(vendors, database, check=check))
                await engines[-1].prepare()
            tasks = [asyncio.create_task(engine.run()) for engine in engines]
            try:
                yield engines
            finally:
                ended = [task for task in tasks if task.done()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                for task in ended:
                    task.result()  # an engine that ended by itself has failed

    async def bury(self, *workers: int) -> None:
        """Let a worker have been silent for longer than its grace."""
        await self.say("update worker set seen_at = seen_at - interval '1 minute' where id = any(%s)", list(workers))

    # looking --------------------------------------------------------------------------------------

    async def see(self, statement: str, *values: Any) -> list[DictRow]:
        """Rows as the superuser sees them."""
        async with await psycopg.AsyncConnection.connect(
            connection_info(self.dsn, application_name=LOOK), row_factory=dict_row, autocommit=True
        ) as connection:
            return await (await connection.execute(statement, values)).fetchall()

    async def say(self, statement: str, *values: Any) -> None:
        async with await psycopg.AsyncConnection.connect(
            connection_info(self.dsn, application_name=LOOK), autocommit=True
        ) as connection:
            await connection.execute(statement, values)

    async def break_connections(self, share: float = 1.0) -> None:
        """Break so many of the engines' connections."""
        await self.see(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and application_name <> %s and random() < %s",
            LOOK,
            share,
        )

    async def until(self, statement: str, *values: Any, seconds: float = 20) -> list[DictRow]:
        """Wait until a question has an answer."""
        end = asyncio.get_running_loop().time() + seconds
        while not (rows := await self.see(statement, *values)):
            assert asyncio.get_running_loop().time() < end, f"{seconds:g} s: {statement} {values}"
            await asyncio.sleep(0.03)
        return rows

    async def done(self, *jobs: int, seconds: float = 30) -> None:
        """Wait until jobs have gone on to their export."""
        await self.until(
            "select 1 where not exists (select 1 from job where id = any(%s) and state <> 'exporting')",
            list(jobs),
            seconds=seconds,
        )
        # a job may go on a moment before its last call is closed
        await self.until("select 1 where not exists (select 1 from call where state = 'answered')")

    async def outcomes(self, job: int) -> dict[str, str]:
        """How each person's lookup ended."""
        rows = await self.see(
            "select p.full_name, l.outcome from lookup l join contact p on p.id = l.contact_id where l.job_id = %s", job
        )
        return {row["full_name"]: row["outcome"] for row in rows}

    async def balances(self, workspace: Workspace) -> dict[str, int]:
        rows = await self.see("select name, balance from account where workspace_id = %s", workspace.id)
        return {row["name"]: row["balance"] for row in rows}


def vendors_of(*accounts: Vendor) -> Vendors:
    return Vendors(REALM, {account.name: account for account in accounts})


def people(number: int, prefix: str = "Person") -> list[str]:
    return [f"{prefix} {place:04}" for place in range(number)]


def collaborators(check: Check = _no_addresses) -> Collaborators:
    """What the spine hands over, without export: a finished job stays where it would be exported."""

    async def finished(connection: Connection, workspace: int, jobs: Sequence[int]) -> None:
        await connection.execute(JOBS["finish_if_done"], {"jobs": list(jobs)})

    async def share(connection: Connection, vendor: Vendor, observed: Sequence[tuple[int, Observation]]) -> None:
        assert not vendor.shared

    return Collaborators(
        check_emails=check,
        check_phone=lambda raw, region: check_phone(raw, region=region, at=datetime.now(UTC)),
        judge_mailbox=lambda verdict, finding, source: verdict,
        put_off=_nobody_put_off,
        finished=finished,
        share=share,
        now=lambda: datetime.now(UTC),
        jitter=lambda seconds: seconds / 50,  # tests do not wait long
    )
