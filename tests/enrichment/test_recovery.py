"""After a worker's end at any point of a call, the next one knows from the tables what to do, and does it once."""

import asyncio
import dataclasses
from collections.abc import Sequence

import pytest
from tests.enrichment.house import House, people, vendors_of
from tests.enrichment.scripted import PRICE, Asked, Says, Scripted, Server, knows_everybody, knows_nobody, vendor

from headwater.enrichment.engine import Engine
from headwater.kit.errors import Unavailable
from headwater.ledger import Ledger
from headwater.providers.base import Query, Reply, Response, Ticket
from headwater.providers.errors import GivenUp
from headwater.records import EmailVerdict


class Gate:
    """A script that answers only once it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.reached = asyncio.Event()

    async def __call__(self, asked: Asked) -> Says:
        self.reached.set()
        await self.open.wait()
        return await knows_everybody(asked)


def _workers(engines: Sequence[Engine]) -> list[int]:
    return [engine.worker for engine in engines]


async def test_an_intent_without_answer_becomes_unknown_and_is_not_sent_again(house: House) -> None:
    gate = Gate()
    async with Server(gate) as first, Server(knows_nobody) as second:
        vendors = vendors_of(vendor("first", first.url), vendor("second", second.url, price=2 * PRICE))
        space = await house.workspace()
        job = await house.job(space, vendors, people(1))
        async with house.working(vendors) as engines:
            await asyncio.wait_for(gate.reached.wait(), 10)
        await house.bury(*_workers(engines))
        async with house.working(vendors):
            await house.done(job)
        assert first.names == second.names == people(1)
    calls = await house.see("select vendor, state, reason from call order by id")
    assert [(call["vendor"], call["state"]) for call in calls] == [("first", "unknown"), ("second", "applied")]
    assert "died" in calls[0]["reason"]
    balances = await house.balances(space)
    assert (balances["unknown:first"], balances[f"held:{job}"]) == (PRICE, 0)
    assert await house.see("select outcome from asked where operation = 'first.titles'") == [{"outcome": "unknown"}]


async def test_what_costs_nothing_is_simply_asked_again(house: House) -> None:
    gate = Gate()
    async with Server(gate) as first:
        vendors = vendors_of(vendor("first", first.url, units=0))
        job = await house.job(await house.workspace(), vendors, people(1))
        async with house.working(vendors) as engines:
            await asyncio.wait_for(gate.reached.wait(), 10)
        await house.bury(*_workers(engines))
        gate.open.set()
        async with house.working(vendors):
            await house.done(job)
        assert first.names == people(1) * 2
    assert await house.outcomes(job) == {"Person 0000": "found"}


async def test_a_time_out_becomes_unknown_and_is_not_sent_again(house: House) -> None:
    async with Server(Gate()) as first, Server() as second:
        vendors = vendors_of(vendor("first", first.url, timeout=0.3), vendor("second", second.url, price=2 * PRICE))
        job = await house.job(await house.workspace(), vendors, people(1))
        async with house.working(vendors):
            await house.done(job)
        assert first.names == second.names == people(1)
    assert await house.outcomes(job) == {"Person 0000": "found"}


async def test_a_cut_answer_becomes_unknown(house: House) -> None:
    async def cut(asked: Asked) -> Says:
        return Says(["half of"], status=200) if len(asked.names) == 1 else Says(["one", "two"])

    async with Server(cut) as server:
        vendors = vendors_of(vendor("plain", server.url, batch=3))
        job = await house.job(await house.workspace(), vendors, people(3))
        async with house.working(vendors):
            await house.done(job)
        assert len(server.seen) == 1
    assert sorted((await house.outcomes(job)).values()) == ["found", "found", "none"]
    rows = await house.see("select state, i.outcome from call c join call_item i on i.call_id = c.id order by position")
    assert [(row["state"], row["outcome"]) for row in rows] == [
        ("unknown", "hit"), ("unknown", "hit"), ("unknown", "unknown"),
    ]  # fmt: skip


async def test_a_stored_ticket_is_polled_and_never_submitted_again(house: House) -> None:
    ready = asyncio.Event()

    async def script(asked: Asked) -> Says:
        if asked.path == "/ask":
            return Says(ticket="t-1")
        return Says([f"Head of {name}" for name in people(3)]) if ready.is_set() else Says(ticket="t-1")

    async with Server(script) as server:
        vendors = vendors_of(vendor("plain", server.url, batch=10, submits=True))
        space = await house.workspace()
        job = await house.job(space, vendors, people(3))
        for _ in range(3):
            async with house.working(vendors) as engines:
                await house.until("select 1 from call where state = 'submitted'")
                polls = server.paths("/fetch/t-1")
                while server.paths("/fetch/t-1") == polls:
                    await asyncio.sleep(0.02)
            await house.bury(*_workers(engines))
        ready.set()
        async with house.working(vendors, 2):
            await house.done(job)
        assert server.paths("/ask") == 1
    assert set((await house.outcomes(job)).values()) == {"found"}
    assert (await house.balances(space))["vendor:plain"] == 3 * PRICE


async def test_what_an_adapter_gives_up_is_unknown_at_once(house: House) -> None:
    """The adapter knows how long its vendor may take: the job does not wait for a day."""

    class Impatient(Scripted):
        def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
            raise GivenUp("no result in 30 minutes")

    async def script(asked: Asked) -> Says:
        return Says(ticket="t-1")

    async with Server(script) as server:
        plain = vendor("plain", server.url, batch=10, submits=True)
        vendors = vendors_of(dataclasses.replace(plain, adapter=Impatient(plain.adapter.declaration)))
        space = await house.workspace()
        job = await house.job(space, vendors, people(2))
        async with house.working(vendors):
            await house.done(job)
        assert (server.paths("/ask"), server.paths("/fetch")) == (1, 1)
    assert await house.see("select state, reason from call") == [
        {"state": "unknown", "reason": "no result in 30 minutes"}
    ]
    assert (await house.balances(space))["unknown:plain"] == 2 * PRICE


@pytest.mark.parametrize("processes", [1, 3])
async def test_a_stored_answer_is_applied_once_after_a_restart(house: House, processes: int) -> None:
    """The worker ends between storing and applying; several others are there to apply."""
    reached = asyncio.Event()

    async def never(addresses: Sequence[str]) -> list[EmailVerdict]:
        reached.set()
        await asyncio.Event().wait()
        return []

    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url, batch=10))
        space = await house.workspace()
        job = await house.job(space, vendors, people(4))
        async with house.working(vendors, check=never) as engines:
            await asyncio.wait_for(reached.wait(), 10)
        assert await house.see("select state from call") == [{"state": "answered"}]
        await house.bury(*_workers(engines))
        async with house.working(vendors, processes):
            await house.done(job)
            await asyncio.sleep(0.5)
        assert sorted(server.names) == people(4)
    assert len(await house.see("select * from observation")) == 4
    assert (await house.balances(space))["vendor:plain"] == 4 * PRICE


async def test_an_answer_outlives_a_lost_database(house: House) -> None:
    """All connections break while requests are out: what the vendor then says is kept, not lost as unknown."""
    gate = Gate()
    async with Server(gate) as server:
        vendors = vendors_of(vendor("plain", server.url))
        job = await house.job(await house.workspace(), vendors, people(8))
        async with house.working(vendors, 2):
            while len(server.seen) < 8:
                await asyncio.sleep(0.02)
            await house.break_connections()
            gate.open.set()
            await house.done(job)
        assert sorted(server.names) == people(8)
    assert {row["state"] for row in await house.see("select state from call")} == {"applied"}


async def test_connections_that_break_again_and_again_only_slow_things_down(house: House) -> None:
    async def slowly(asked: Asked) -> Says:
        await asyncio.sleep(0.1)
        return await knows_everybody(asked)

    async with Server(slowly) as server:
        vendors = vendors_of(vendor("plain", server.url, in_flight=2))
        job = await house.job(await house.workspace(), vendors, people(60))
        async with house.working(vendors, 2):
            for _ in range(5):
                await asyncio.sleep(0.6)
                await house.break_connections()
            # a claim whose confirmation was lost runs out by itself, but later than a test likes to wait
            await house.say("update item set lease_until = clock_timestamp() where call_id is null and state = 1")
            await house.done(job, seconds=60)
        assert sorted(server.names) == people(60)
    assert {row["state"] for row in await house.see("select state from call")} <= {"applied", "failed"}


async def test_the_last_two_lookups_of_a_job_see_each_other_end(house: House) -> None:
    """Many small jobs whose lookups end at the same moment in different processes: each goes on to its export."""
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url))
        spaces = [await house.workspace() for _ in range(3)]
        jobs = [await house.job(spaces[place % 3], vendors, people(2, f"Job {place}")) for place in range(45)]
        async with house.working(vendors, 3):
            await house.done(*jobs, seconds=60)


async def test_batches_across_jobs_and_workspaces_do_not_wait_for_each_other(house: House) -> None:
    """Misses, hits and unknowns of several jobs in one batch, planned and paid for by several processes at once."""

    async def mixed(asked: Asked) -> Says:
        return Says([None if name.endswith(("1", "4")) else f"Head of {name}" for name in asked.names][:9])

    async with Server(mixed) as first, Server(mixed) as second:
        vendors = vendors_of(
            vendor("first", first.url, batch=10), vendor("second", second.url, batch=10, price=2 * PRICE)
        )
        spaces = [await house.workspace() for _ in range(3)]
        jobs = [
            await house.job(spaces[place % 3], vendors, people(20, f"Job {place}"), budget=20 * PRICE)
            for place in range(12)
        ]
        async with house.working(vendors, 3):
            await house.done(*jobs, seconds=90)
    for space in spaces:
        balances = await house.balances(space)
        assert all(balance == 0 for name, balance in balances.items() if name.startswith("held:"))


async def test_a_standstill_in_a_transaction_passes_like_a_lost_database(house: House) -> None:
    """A process that slept in the middle of a transaction, and those who waited for its locks, go on by themselves."""
    vendors = vendors_of(vendor("plain", "http://127.0.0.1:9"))
    space = await house.workspace()
    job = await house.job(space, vendors, people(1))
    with pytest.raises(Unavailable, match="idle-in-transaction"):
        async with house.database.worker(space.id) as sleeper:
            await sleeper.execute("set local idle_in_transaction_session_timeout = 50")
            await asyncio.sleep(0.4)
            await sleeper.execute("select 1")
    async with house.database.worker(space.id) as holder:
        await Ledger(holder).available(job)
        with pytest.raises(Unavailable, match="lock timeout"):
            async with house.database.worker(space.id) as waiter:
                await waiter.execute("set local lock_timeout = 50")
                await Ledger(waiter).available(job)


async def test_a_standstill_does_not_hold_up_those_who_give_claims_back(house: House) -> None:
    """One claim of a dead worker is locked by somebody who stands still: the others go back, and are asked."""
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url))
        job = await house.job(await house.workspace(), vendors, people(4))
        dead = house.engine(vendors)
        await dead.prepare()
        await house.say(
            "update item set state = 1, token = gen_random_uuid(), worker_id = %s, lease_until = clock_timestamp()",
            dead.worker,
        )
        async with house.database.worker() as sleeper:
            held = await (await sleeper.execute("select lookup_id from item order by id limit 1 for update")).fetchone()
            assert held is not None
            async with house.working(vendors):
                await house.until(
                    "select 1 from lookup where job_id = %s and state = 'done' having count(*) = 3", job, seconds=15
                )
        async with house.working(vendors):
            await house.done(job)
        assert sorted(server.names) == people(4)
