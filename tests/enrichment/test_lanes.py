"""What one vendor's trouble means for everybody who waits for it: budgets, throttling, stops, errors."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from tests.enrichment.house import REALM, House, people, vendors_of
from tests.enrichment.scripted import PRICE, Asked, Says, Server, knows_everybody, knows_nobody, vendor

from headwater.db.session import Database
from headwater.enrichment import store
from headwater.enrichment.vendors import SHARE
from headwater.providers.base import Limit

CLOSED = "http://127.0.0.1:9"  # nobody listens on the discard port


# budgets ----------------------------------------------------------------------------------------------


async def test_a_budget_is_never_passed_by_eight_takers(house: House) -> None:
    limits = {"quick": Limit(20, 1), "slow": Limit(60, 3)}
    await house.register(vendors_of(*(vendor(name, CLOSED, limit=limit) for name, limit in limits.items())))
    seconds = 6.0
    taken: dict[str, list[float]] = {name: [] for name in limits}

    async def taker(name: str) -> None:
        end = time.monotonic() + seconds
        async with Database(house.dsn) as database:
            while time.monotonic() < end:
                async with database.worker() as connection:
                    wait = (await store.one(connection, "take_budget", family=f"{REALM}:{name}:all"))["wait"]
                    clock = await connection.execute("select extract(epoch from clock_timestamp())::float8 as at")
                    now = await clock.fetchone()
                if wait <= 0 and now is not None:
                    taken[name].append(now["at"])
                await asyncio.sleep(wait)

    await asyncio.gather(*(taker(name) for name in limits for _ in range(8)))
    for name, limit in limits.items():
        assert _worst(taken[name], limit) <= limit.calls
        assert len(taken[name]) > SHARE * limit.calls  # it went on after the first window


def _worst(moments: Iterable[float], limit: Limit) -> int:
    """The most that fell into one window of the limit."""
    ordered = sorted(moments)
    return max(sum(at <= other < at + limit.seconds for other in ordered) for at in ordered)


async def test_what_is_sent_stays_within_the_vendors_ceiling(house: House) -> None:
    """Seen from the vendor's side, with three processes and far more to do than the ceiling lets through."""
    limit = Limit(30, 1)
    async with Server() as server:
        vendors = vendors_of(vendor("plain", server.url, limit=limit))
        job = await house.job(await house.workspace(), vendors, people(120))
        async with house.working(vendors, 3):
            await house.done(job)
        sent = sorted(asked.at for asked in server.seen)
    assert len(sent) == 120
    assert _worst(sent, limit) <= limit.calls


async def test_a_throttled_answer_stops_every_process_until_the_vendors_time(house: House) -> None:
    refused: list[float] = []

    async def script(asked: Asked) -> Says:
        if len(server.seen) == 20:
            refused.append(asked.at)
            return Says(status=429, after=2.0)
        return await knows_everybody(asked)

    async with Server(script) as server:
        vendors = vendors_of(vendor("plain", server.url, limit=Limit(60, 1), in_flight=2))
        job = await house.job(await house.workspace(), vendors, people(60))
        async with house.working(vendors, 3):
            await house.done(job)
        between = [asked.at - refused[0] for asked in server.seen if 0.25 < asked.at - refused[0] < 2.0]
        assert between == []
        assert sorted(Counter(server.names).values()) == [1] * 59 + [2]
    assert set((await house.outcomes(job)).values()) == {"found"}
    assert await house.see("select * from asked where outcome <> 'hit'") == []


# stops ------------------------------------------------------------------------------------------------


async def test_a_stopped_vendor_passes_its_lookups_on(house: House) -> None:
    async def out_of_credits(asked: Asked) -> Says:
        return await knows_everybody(asked) if len(first.seen) <= 5 else Says(status=402)

    async with Server(out_of_credits) as first, Server() as second:
        vendors = vendors_of(
            vendor("first", first.url, in_flight=1), vendor("second", second.url, price=2 * PRICE, in_flight=5)
        )
        space = await house.workspace()
        job = await house.job(space, vendors, people(40))
        async with house.working(vendors):
            await house.done(job)
        assert len(first.seen) == 6
        assert len(second.seen) == 35
    assert set((await house.outcomes(job)).values()) == {"found"}
    balances = await house.balances(space)
    assert (balances["vendor:first"], balances["vendor:second"]) == (5 * PRICE, 70 * PRICE)
    assert (
        "refused"
        in (await house.see("select stop_reason from lane where name = 'test:first:titles'"))[0]["stop_reason"]
    )


async def test_a_stopped_lane_opens_again_when_somebody_begins_anew(house: House) -> None:
    vendors = vendors_of(vendor("plain", CLOSED))
    await house.register(vendors)
    await house.say("update lane set stop_reason = 'the key is refused', failures = 7, failing_since = now()")
    await house.engine(vendors).prepare()
    assert await house.see("select stop_reason, failures, failing_since from lane") == [
        {"stop_reason": None, "failures": 0, "failing_since": None}
    ]


async def test_a_vendor_out_of_reach_is_left_alone_and_the_job_finishes_with_others(house: House) -> None:
    async with Server() as second:
        vendors = vendors_of(vendor("first", CLOSED), vendor("second", second.url, price=2 * PRICE))
        space = await house.workspace()
        job = await house.job(space, vendors, people(30))
        async with house.working(vendors, 2):
            await house.until(
                "select 1 from lane where name = 'test:first:titles' and paused_until > clock_timestamp()"
            )
            assert second.seen == []  # a moment's trouble moves nobody
            tries = (await house.see("select count(*) as n from call"))[0]["n"]
            await asyncio.sleep(2.0)
            more = (await house.see("select count(*) as n from call"))[0]["n"] - tries
            assert more <= 100, "a lane that is paused is not tried all the time"
            await house.say("update lane set failing_since = failing_since - interval '2 minutes'")
            await house.done(job)
        assert sorted(second.names) == people(30)
    assert set((await house.outcomes(job)).values()) == {"found"}
    balances = await house.balances(space)
    assert balances.get("unknown:first", 0) == 0  # nothing ever left
    assert balances[f"held:{job}"] == 0


async def test_a_vendor_that_comes_back_is_asked_again(house: House) -> None:
    """Nothing listens at first, as while a vendor restarts; then everybody is served by it."""
    async with Server() as server:
        port = server.url.rpartition(":")[2]
        vendors = vendors_of(vendor("plain", server.url))
        await server.__aexit__(None, None, None)
        job = await house.job(await house.workspace(), vendors, people(10))
        async with house.working(vendors):
            await house.until("select 1 from lane where paused_until > clock_timestamp()")
            again = await asyncio.start_server(server._serve, "127.0.0.1", int(port))
            await house.done(job, seconds=40)
            again.close()
    assert set((await house.outcomes(job)).values()) == {"found"}
    assert (await house.see("select failures, failing_since from lane"))[0] == {"failures": 0, "failing_since": None}


# errors -----------------------------------------------------------------------------------------------


async def test_server_errors_are_tried_five_times_then_others_are_asked(house: House) -> None:
    async def script(asked: Asked) -> Says:
        return Says(status=503) if "0003" in asked.names[0] else await knows_nobody(asked)

    async with Server(script) as first, Server() as second:
        vendors = vendors_of(
            vendor("first", first.url, limit=Limit(40, 1)), vendor("second", second.url, price=2 * PRICE)
        )
        job = await house.job(await house.workspace(), vendors, people(80))
        async with house.working(vendors, 2):
            await house.done(job)
        counted = Counter(first.names)
        assert counted.pop("Person 0003") == 5
        assert set(counted.values()) == {1}
        assert sorted(second.names) == people(80)
        moments = [asked.at for asked in first.seen if asked.names == ("Person 0003",)]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert all(gap > 0.02 for gap in gaps)  # 2 s, 4 s, 8 s … in a test's fiftieth
    assert await house.see("select outcome from asked where operation = 'first.titles' and outcome <> 'miss'") == [
        {"outcome": "failed"}
    ]


async def test_a_refused_request_is_not_repeated(house: House) -> None:
    async def script(asked: Asked) -> Says:
        return Says(status=400)

    async with Server(script) as first, Server() as second:
        vendors = vendors_of(vendor("first", first.url), vendor("second", second.url, price=2 * PRICE))
        space = await house.workspace()
        job = await house.job(space, vendors, people(6))
        async with house.working(vendors):
            await house.done(job)
        assert sorted(first.names) == sorted(second.names) == people(6)
    assert (await house.balances(space)).get("vendor:first", 0) == 0
