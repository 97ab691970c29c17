"""Who is served next, by whom, and what becomes of a claim whose worker is gone."""

import asyncio
from collections import Counter
from uuid import uuid4

import httpx
import pytest
from tests.enrichment.house import House, collaborators, people, vendors_of
from tests.enrichment.scripted import Server, vendor

from headwater.db.session import Database
from headwater.enrichment import store
from headwater.enrichment.apply import Applier
from headwater.enrichment.asking import Asking
from headwater.enrichment.engine import Engine
from headwater.enrichment.store import Item
from headwater.enrichment.vendors import Vendors

LANE = "test:plain:titles"
NOWHERE = "http://127.0.0.1:9"
BATCH = 50


async def _claim(database: Database, n: int, worker: int, lease: float = 60) -> list[Item]:
    async with database.worker() as connection:
        return await store.claim(connection, LANE, n, token=uuid4(), worker=worker, lease=lease)


async def _three_workspaces(house: House, each: int) -> dict[int, int]:
    """Weights 3, 2 and 1 with equally much to do; workspace id -> weight."""
    vendors = vendors_of(vendor("plain", NOWHERE))
    weights: dict[int, int] = {}
    for weight in (1, 2, 3):
        space = await house.workspace(weight)
        await house.job(space, vendors, people(each))
        weights[space.id] = weight
    return weights


async def _worker(house: House) -> int:
    engine = house.engine(vendors_of(vendor("plain", NOWHERE)))
    await engine.prepare()
    return engine.worker


async def test_workspaces_are_served_by_weight(house: House) -> None:
    weights = await _three_workspaces(house, 400)
    worker = await _worker(house)
    served: Counter[int] = Counter()
    for turn in range(1, 13):
        served.update(item.workspace for item in await _claim(house.database, BATCH, worker))
        for space, weight in weights.items():
            assert abs(served[space] - turn * BATCH * weight / 6) <= BATCH, f"turn {turn}: {served}"


async def test_a_workspace_that_comes_later_neither_waits_nor_takes_over(house: House) -> None:
    vendors = vendors_of(vendor("plain", NOWHERE))
    worker = await _worker(house)
    old, new = await house.workspace(), await house.workspace()
    await house.job(old, vendors, people(1200))
    for _ in range(10):
        await _claim(house.database, BATCH, worker)
    await house.job(new, vendors, people(400))
    served: Counter[int] = Counter()
    for _ in range(8):
        served.update(item.workspace for item in await _claim(house.database, BATCH, worker))
    assert abs(served[new.id] - served[old.id]) <= 2 * BATCH


async def test_four_claimers_at_once_get_every_item_once(house: House) -> None:
    weights = await _three_workspaces(house, 300)
    taken: list[Item] = []

    async def claimer() -> None:
        worker = await _worker(house)
        async with Database(house.dsn) as database:
            empty = 0
            while empty < 3:  # a workspace that another claimer holds at this moment looks empty
                found = await _claim(database, BATCH, worker)
                taken.extend(found)
                empty = 0 if found else empty + 1

    await asyncio.gather(*(claimer() for _ in range(4)))
    assert len({item.id for item in taken}) == len(taken) == 300 * len(weights)
    assert all(item.attempt == 1 for item in taken)


async def test_a_batch_is_filled_from_several_workspaces(house: House) -> None:
    vendors = vendors_of(vendor("plain", NOWHERE, batch=10))
    for _ in range(3):
        await house.job(await house.workspace(), vendors, people(4))
    found = await _claim(house.database, 10, await _worker(house))
    assert sorted(Counter(item.workspace for item in found).values()) == [2, 4, 4]


async def test_a_workspace_does_not_see_the_queue_of_another(house: House) -> None:
    vendors = vendors_of(vendor("plain", NOWHERE))
    mine, other = await house.workspace(), await house.workspace()
    await house.job(mine, vendors, people(3))
    async with house.database.app(other.id) as connection:
        assert await (await connection.execute("select * from item")).fetchall() == []
    async with house.database.app(mine.id) as connection:
        assert len(await (await connection.execute("select * from item")).fetchall()) == 3


@pytest.mark.parametrize("end", ["dead", "slow"])
async def test_abandoned_claims_go_back(house: House, end: str) -> None:
    """Of a worker that fell silent, or that held them for too long."""
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url))
        job = await house.job(await house.workspace(), vendors, people(5))
        worker = await _worker(house)
        claimed = await _claim(house.database, 5, worker, lease=60 if end == "dead" else 0.05)
        assert len(claimed) == 5
        if end == "dead":
            await house.bury(worker)
        async with house.working(vendors):
            await house.done(job)
        assert sorted(server.names) == people(5)
        assert set((await house.outcomes(job)).values()) == {"found"}


async def test_a_stale_worker_is_fenced(house: House) -> None:
    """It claimed, stood still, and others did the work meanwhile: it sends nothing and reserves nothing."""
    async with Server() as server, httpx.AsyncClient() as http, Database(house.dsn) as other:
        vendors = vendors_of(vendor("plain", server.url))
        space = await house.workspace()
        job = await house.job(space, vendors, people(1))
        stale = house.engine(vendors, other)
        await stale.prepare()
        asking = _asking(stale, vendors, http)
        batch = await asking.claim()
        assert batch is not None
        await house.bury(stale.worker)
        async with house.working(vendors):
            await house.done(job)
        before = await house.see("select count(*) as n from transfer")
        await asking.ask(batch)
        assert server.names == people(1)
        assert await house.see("select count(*) as n from transfer") == before
        assert len(await house.see("select * from call")) == 1


async def test_a_stale_worker_whose_items_wait_again_is_fenced(house: House) -> None:
    async with Server() as server, httpx.AsyncClient() as http:
        vendors = vendors_of(vendor("plain", server.url))
        space = await house.workspace()
        await house.job(space, vendors, people(1), budget=10_000)
        stale = house.engine(vendors)
        await stale.prepare()
        asking = _asking(stale, vendors, http)
        batch = await asking.claim()
        assert batch is not None
        await house.say("update item set state = 0, token = null, worker_id = null, lease_until = null")
        await asking.ask(batch)
        assert server.seen == []
        assert await house.see("select * from call") == []
        assert (await house.balances(space)).get("held:1", 0) == 0


def _asking(engine: Engine, vendors: Vendors, http: httpx.AsyncClient) -> Asking:
    applier = Applier(engine.database, vendors, collaborators())
    return Asking(engine.database, vendors, LANE, engine.worker, http, applier)


async def test_what_was_claimed_for_a_cancelled_job_is_forgotten(house: House) -> None:
    async with Server() as server, httpx.AsyncClient() as http:
        vendors = vendors_of(vendor("plain", server.url))
        job = await house.job(await house.workspace(), vendors, people(2))
        engine = house.engine(vendors)
        await engine.prepare()
        await house.say("update job set state = 'cancelled' where id = %s", job)
        assert await _asking(engine, vendors, http).claim() is None
        assert len(await house.see("select * from item")) == 1  # the other one was not claimed
        states = [row["state"] for row in await house.see("select state from lookup order by state")]
        assert states == ["asking", "cancelled"]
        assert server.seen == []


async def test_fewer_records_than_are_worth_a_list_go_one_by_one(house: House) -> None:
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url, batch=50, list_from=4))
        space = await house.workspace()
        for count in (9, 3):
            before = len(server.seen)
            job = await house.job(space, vendors, people(count, f"Person of {count}"))
            async with house.working(vendors):
                await house.done(job)
            sizes = [len(asked.names) for asked in server.seen[before:]]
            assert sizes == ([9] if count == 9 else [1, 1, 1])
