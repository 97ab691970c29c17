"""What a job may spend holds whatever runs at once; pausing and cancelling take effect at once."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Sequence

import psycopg
import pytest
from tests.enrichment.house import House, people, vendors_of
from tests.enrichment.scripted import PRICE, Asked, Says, Scripted, Server, knows_everybody, knows_nobody, vendor

from headwater.jobs.service import Jobs
from headwater.providers.base import Account, Query, Request
from headwater.providers.errors import BadRequest


@pytest.mark.parametrize("batch", [1, 7])
async def test_a_jobs_budget_can_not_be_passed(house: House, batch: int) -> None:
    """Money for ten, work for forty, three processes: ten are bought, the others end with what is known."""
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url, batch=batch))
        space = await house.workspace()
        job = await house.job(space, vendors, people(40), budget=10 * PRICE)
        async with house.working(vendors, 3):
            await house.done(job)
        assert len(server.names) == 10
    assert Counter((await house.outcomes(job)).values()) == {"found": 10, "partial": 30}
    balances = await house.balances(space)
    assert (balances["vendor:plain"], balances[f"job:{job}"], balances[f"held:{job}"]) == (10 * PRICE, 0, 0)


async def test_what_was_not_charged_can_be_spent_again(house: House) -> None:
    """A miss gives its reservation back: money for ten finds ten, however many are not known."""

    async def every_other(asked: Asked) -> Says:
        return await (knows_everybody if int(asked.names[0][-1]) % 2 else knows_nobody)(asked)

    async with Server(every_other) as server:
        vendors = vendors_of(vendor("plain", server.url, in_flight=2))
        space = await house.workspace()
        job = await house.job(space, vendors, people(40), budget=10 * PRICE)
        async with house.working(vendors):
            await house.done(job)
    outcomes = Counter((await house.outcomes(job)).values())
    assert outcomes["found"] == 10
    assert outcomes["none"] >= 5
    assert (await house.balances(space))["vendor:plain"] == 10 * PRICE


async def test_a_job_without_money_ends(house: House) -> None:
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url))
        jobs = [await house.job(await house.workspace(), vendors, people(2), budget=0) for _ in range(10)]
        async with house.working(vendors, 3):
            await house.done(*jobs)
        assert server.seen == []


async def test_the_most_for_one_contact_holds(house: House) -> None:
    """First and second vendor know nobody and cost nothing; the third would, with the second's hit, be too dear."""
    async with Server(knows_nobody) as first, Server() as second:
        vendors = vendors_of(vendor("first", first.url), vendor("second", second.url, price=3 * PRICE))
        space = await house.workspace()
        cheap = await house.job(space, vendors, people(5, "Cheap"), max_price=2 * PRICE)
        dear = await house.job(space, vendors, people(5, "Dear"), max_price=3 * PRICE)
        async with house.working(vendors):
            await house.done(cheap, dear)
        assert len(first.names) == 10
        assert sorted(second.names) == people(5, "Dear")
    assert set((await house.outcomes(cheap)).values()) == {"none"}
    rows = await house.see("select max(spent) as most, min(trail::text) as why from lookup where job_id = %s", cheap)
    assert rows[0]["most"] == 0
    assert "price limit" in rows[0]["why"]
    assert (await house.see("select max(spent) as most from lookup"))[0]["most"] == 3 * PRICE


async def test_a_lost_answer_counts_against_the_most_for_one_contact(house: House) -> None:
    """It may have been charged: together with the second vendor it would be too dear."""

    async def silent(asked: Asked) -> Says:
        await asyncio.sleep(60)
        return await knows_nobody(asked)

    async with Server(silent) as first, Server() as second:
        vendors = vendors_of(vendor("first", first.url, timeout=0.3), vendor("second", second.url, price=2 * PRICE))
        space = await house.workspace()
        cheap = await house.job(space, vendors, people(2, "Cheap"), max_price=2 * PRICE)
        dear = await house.job(space, vendors, people(2, "Dear"), max_price=3 * PRICE)
        async with house.working(vendors):
            await house.done(cheap, dear)
        assert sorted(second.names) == people(2, "Dear")


@pytest.mark.parametrize("batch", [1, 10])
async def test_two_jobs_at_once_pay_for_one_person_once(house: House, batch: int) -> None:
    async def slowly(asked: Asked) -> Says:
        await asyncio.sleep(0.5)
        return await knows_everybody(asked)

    async with Server(slowly) as server:
        vendors = vendors_of(vendor("plain", server.url, batch=batch))
        space = await house.workspace()
        first = await house.job(space, vendors, people(6))
        second = await house.job(space, vendors, people(6), like=first)
        async with house.working(vendors, 2):
            await house.done(first, second)
        assert sorted(server.names) == people(6)
    balances = await house.balances(space)
    assert balances["vendor:plain"] == 6 * PRICE
    assert balances[f"held:{first}"] == balances.get(f"held:{second}", 0) == 0
    outcomes = [*(await house.outcomes(first)).values(), *(await house.outcomes(second)).values()]
    assert Counter(outcomes) == {"found": 6, "recalled": 6}


async def test_two_jobs_do_not_pay_twice_while_a_batch_is_out(house: House) -> None:
    async def later(asked: Asked) -> Says:
        return await knows_everybody(asked) if asked.names else Says(["Head of Person 0000"])

    async def ticket_first(asked: Asked) -> Says:
        polls = server.paths("/fetch")
        return Says(ticket="t1") if asked.names or polls < 4 else await later(asked)

    async with Server(ticket_first) as server:
        vendors = vendors_of(vendor("slow", server.url, batch=10, submits=True))
        space = await house.workspace()
        first = await house.job(space, vendors, people(1))
        async with house.working(vendors):
            await house.until("select 1 from call where state = 'submitted'")
            second = await house.job(space, vendors, people(1), like=first)
            await house.done(first, second)
        assert server.names == people(1)


async def test_a_question_can_not_be_out_twice(house: House) -> None:
    """The database says so, whatever the engine forgets."""
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url))
        space = await house.workspace()
        await house.job(space, vendors, people(1))
    await house.say(
        "insert into call (lane, vendor, operation, records) values ('test:plain:titles', 'plain', 'titles', 1)"
    )
    out = (
        "insert into call_item (call_id, position, item_id, workspace_id, job_id, lookup_id, contact_id, operation, "
        "want, reserved) select c.id, %s, 1, l.workspace_id, l.job_id, l.id, l.contact_id, 'plain.titles', "
        "'{title}', 1 from call c, lookup l"
    )
    await house.say(out, 0)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await house.say(out, 1)


async def test_what_can_not_be_asked_beside_a_job_without_money_is_refused(house: House) -> None:
    """A batch that shrinks to records its vendor can not be asked about ends no engine."""

    class Picky(Scripted):
        def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
            if all((query.full_name or "").startswith("Huge") for query in queries):
                raise BadRequest("all are larger than the vendor takes")
            return super().ask(operation, queries, account)

    async with Server() as server:
        plain = vendor("plain", server.url, batch=10)
        vendors = vendors_of(dataclasses.replace(plain, adapter=Picky(plain.adapter.declaration)))
        space = await house.workspace()
        poor = await house.job(space, vendors, people(1), budget=0)
        rich = await house.job(space, vendors, people(2, "Huge"))
        async with house.working(vendors):
            await house.done(poor, rich)
        assert server.seen == []
    assert set((await house.outcomes(rich)).values()) == {"none"}


async def test_an_unknown_outcome_counts_against_the_jobs_money(house: House) -> None:
    async def script(asked: Asked) -> Says:
        await asyncio.sleep(60 if asked.names[0] == "Person 0000" else 0)
        return await knows_everybody(asked)

    async with Server(script) as server:
        vendors = vendors_of(vendor("plain", server.url, timeout=0.3, in_flight=1))
        space = await house.workspace()
        job = await house.job(space, vendors, people(4), budget=2 * PRICE)
        async with house.working(vendors):
            await house.done(job)
        assert len(server.names) == 2
    balances = await house.balances(space)
    spent = balances.get("vendor:plain", 0) + balances.get("unknown:plain", 0)
    assert (spent, balances[f"job:{job}"]) == (2 * PRICE, 0)


async def test_a_paused_job_asks_nothing_more_until_it_is_resumed(house: House) -> None:
    async def slowly(asked: Asked) -> Says:
        await asyncio.sleep(0.1)
        return await knows_everybody(asked)

    async with Server(slowly) as server:
        vendors = vendors_of(vendor("plain", server.url, in_flight=2))
        space = await house.workspace()
        job = await house.job(space, vendors, people(30))
        jobs = Jobs(house.database, space.id)
        async with house.working(vendors):
            while len(server.seen) < 6:
                await asyncio.sleep(0.01)
            await jobs.pause(job)
            await asyncio.sleep(0.5)  # what is out comes back
            asked = len(server.seen)
            assert asked < 20
            assert {row["state"] for row in await house.see("select state from item")} == {3}
            await asyncio.sleep(0.7)
            assert len(server.seen) == asked
            await jobs.resume(job)
            await house.done(job)
        assert sorted(server.names) == people(30)


async def test_what_comes_back_for_a_paused_job_waits_for_the_next_vendor(house: House) -> None:
    release = asyncio.Event()

    async def held(asked: Asked) -> Says:
        await release.wait()
        return await knows_nobody(asked)

    async with Server(held) as first, Server() as second:
        vendors = vendors_of(vendor("first", first.url), vendor("second", second.url, price=2 * PRICE))
        space = await house.workspace()
        job = await house.job(space, vendors, people(3))
        jobs = Jobs(house.database, space.id)
        async with house.working(vendors):
            while len(first.seen) < 3:
                await asyncio.sleep(0.01)
            await jobs.pause(job)
            release.set()
            await house.until(
                "select 1 where 3 = (select count(*) from item where lane like '%%second%%' and state = 3)"
            )
            await asyncio.sleep(0.5)
            assert second.seen == []
            await jobs.resume(job)
            await house.done(job)
    assert set((await house.outcomes(job)).values()) == {"found"}


async def test_cancelling_empties_the_lanes_and_keeps_what_was_bought(house: House) -> None:
    async def slowly(asked: Asked) -> Says:
        await asyncio.sleep(0.2)
        return await knows_everybody(asked)

    async with Server(slowly) as server:
        vendors = vendors_of(vendor("plain", server.url, in_flight=2))
        space = await house.workspace()
        job = await house.job(space, vendors, people(30))
        other = await house.job(space, vendors, people(4, "Other"))
        async with house.working(vendors, 2):
            while len(server.seen) < 4:
                await asyncio.sleep(0.01)
            await Jobs(house.database, space.id).cancel(job)
            assert await house.see("select * from item where job_id = %s and state in (0, 3)", job) == []
            await house.done(other)
            await house.until("select 1 where not exists (select 1 from item)")
        asked = [name for name in server.names if name.startswith("Person")]
        assert len(asked) <= 8
    states = Counter(row["state"] for row in await house.see("select state from lookup where job_id = %s", job))
    assert states["cancelled"] >= 22
    assert set(states) <= {"cancelled", "done"}
    bought = (await house.see("select count(*) as n from observation where job_id = %s", job))[0]["n"]
    balances = await house.balances(space)
    assert bought == len(asked)
    assert balances["vendor:plain"] == (bought + 4) * PRICE
    assert balances[f"held:{job}"] == balances[f"job:{job}"] == 0


async def test_a_cancelled_job_gives_all_back_at_once_and_can_be_retried(house: House) -> None:
    """Also when a worker stands still with one of its items: the cancel does not wait, and a retry asks everybody."""
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url))
        space = await house.workspace()
        job = await house.job(space, vendors, people(4), budget=4 * PRICE)
        jobs = Jobs(house.database, space.id)
        async with house.database.worker() as sleeper:
            await sleeper.execute("select 1 from item where job_id = %s order by id limit 1 for update", [job])
            await asyncio.wait_for(jobs.cancel(job), 10)
        assert (await house.balances(space))[f"job:{job}"] == 0
        assert await jobs.retry(job) >= 3
        async with house.database.worker(space.id) as connection:
            applier = house.engine(vendors).applier
            rows = await (await connection.execute("select id from lookup where job_id = %s", [job])).fetchall()
            await applier.plan(connection, space.id, [row["id"] for row in rows], {})
        async with house.working(vendors):
            await house.done(job)
        assert sorted(server.names) == people(4)
    assert set((await house.outcomes(job)).values()) == {"found"}
