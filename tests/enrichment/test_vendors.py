"""Vendor accounts: ceilings that are never passed, whatever the ceiling, and settings that are refused by name."""

import asyncio
import random
from collections.abc import Mapping
from secrets import token_hex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from headwater.db.session import Database
from headwater.enrichment.planning import SQL
from headwater.enrichment.store import one
from headwater.enrichment.vendors import Vendors, account, gcra
from headwater.kit.errors import BadInput
from headwater.kit.settings import VendorSettings
from headwater.providers.base import Limit
from headwater.providers.catalogue import ADAPTERS

limits = st.builds(Limit, st.integers(1, 5000), st.sampled_from([1, 10, 60, 3600, 86400]))


class Budget:
    """``budget_take`` of the database, in plain numbers: one row per window, and the clock in our hands."""

    def __init__(self, *of: Limit) -> None:
        self.rows = [gcra(limit) for limit in of]
        self.tat = [0.0] * len(of)

    def take(self, clock: float) -> float:
        waits = [
            max(tat, clock) + row["gap"] - clock - row["burst"] * row["gap"]
            for row, tat in zip(self.rows, self.tat, strict=True)
        ]
        wait = max(0.0, *waits)
        if wait > 1e-9:
            return wait
        self.tat = [max(tat, clock) + row["gap"] for row, tat in zip(self.rows, self.tat, strict=True)]
        return 0.0


def _send(budget: Budget, calls: int, chance: random.Random, longest_pause: float) -> list[float]:
    """As fast as it is let, with pauses now and then that fill the burst again."""
    clock, sent = 1000.0, []
    while len(sent) < calls:
        wait = budget.take(clock)
        if wait:
            clock += wait
            continue
        sent.append(clock)
        if chance.random() < 0.05:
            clock += chance.random() * longest_pause
    return sent


def _most_in_a_window(sent: list[float], seconds: float) -> int:
    start = most = 0
    for end, moment in enumerate(sent):
        while moment - sent[start] >= seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


@given(limits, st.integers(0, 2**32))
@example(Limit(1, 1), 0)
@example(Limit(5, 1), 0)
@example(Limit(90, 60), 0)
def test_no_window_ever_holds_more_than_the_ceiling(limit: Limit, seed: int) -> None:
    sent = _send(Budget(limit), min(3 * limit.calls + 20, 3000), random.Random(seed), limit.seconds)
    assert _most_in_a_window(sent, limit.seconds) <= limit.calls


@given(st.integers(1, 50), st.integers(1, 500), st.integers(0, 2**32))
def test_all_windows_of_a_vendor_hold_at_once(second: int, minute: int, seed: int) -> None:
    both = Limit(second, 1), Limit(minute, 60)
    sent = _send(Budget(*both), 600, random.Random(seed), 30)
    for limit in both:
        assert _most_in_a_window(sent, limit.seconds) <= limit.calls


@given(limits)
def test_most_of_the_ceiling_is_used(limit: Limit) -> None:
    sent = _send(Budget(limit), min(3 * limit.calls + 20, 3000), random.Random(0), 0)
    assert _most_in_a_window(sent, limit.seconds) >= min(len(sent), int(0.75 * limit.calls))


@given(limits)
def test_the_numbers_fit_the_table(limit: Limit) -> None:
    row = gcra(limit)
    assert row["gap"] > 0
    assert 1 <= row["burst"] <= max(10, 0.4 * limit.calls)


async def _register(database: Database, family: str, *rows: Mapping[str, float]) -> None:
    async with database.worker() as connection:
        for number, row in enumerate(rows, start=1):
            await connection.execute(SQL["register_budget"], {"family": family, "seconds": number, **row})


async def _take(database: Database, family: str) -> float:
    async with database.worker() as connection:
        return float((await one(connection, "take_budget", family=family))["wait"])


async def test_the_databases_budget_does_the_same(database: Database) -> None:
    """The burst at once, then a wait of about one gap; the tightest window decides."""
    family = f"live:test:{token_hex(6)}"
    await _register(database, family, {"gap": 30.0, "burst": 3.0}, {"gap": 1.0, "burst": 10.0})
    assert [await _take(database, family) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 25 < await _take(database, family) <= 30
    async with database.worker() as connection:
        rows = await (await connection.execute("select taken from budget where family = %s", [family])).fetchall()
    assert [row["taken"] for row in rows] == [3, 3], "a refused call is taken from no window"


async def test_a_budget_taken_by_many_is_given_once(dsn: str) -> None:
    async with Database(dsn, size=10) as database:
        family = f"live:test:{token_hex(6)}"
        await _register(database, family, {"gap": 60.0, "burst": 7.0})
        waits = await asyncio.gather(*(_take(database, family) for _ in range(30)))
    assert waits.count(0.0) == 7


async def test_a_vendor_that_says_stop_is_left_alone(database: Database) -> None:
    family = f"live:stop:{token_hex(6)}"
    await _register(database, family, {"gap": 0.1, "burst": 5.0})
    async with database.worker() as connection:
        await connection.execute(SQL["push_budget"], {"family": family, "after": 60})
    assert 55 < await _take(database, family) <= 60.1


# accounts -------------------------------------------------------------------------------------------------


def made(vendor: str = "hunter", **settings: str) -> dict[str, tuple[Limit, ...]]:
    given = VendorSettings.model_validate({"api_key": "k", **settings})
    return dict(account(ADAPTERS[vendor], given, shared=False).limits)


@pytest.mark.parametrize("vendor", sorted(ADAPTERS))
def test_published_ceilings_are_taken_at_their_word(vendor: str) -> None:
    published = ADAPTERS[vendor].declaration.limits
    found = made(vendor, limits="published")
    assert {family: {(each.calls, each.seconds) for each in of} for family, of in found.items()} == {
        family: {(each.calls, each.seconds) for each in of} for family, of in published.items()
    }


@pytest.mark.parametrize("vendor", sorted(ADAPTERS))
def test_an_account_that_says_nothing_is_asked_cautiously(vendor: str) -> None:
    cautious = ADAPTERS[vendor].declaration.cautious
    for family in made(vendor).values():
        assert any(each.seconds == cautious.seconds and each.calls <= cautious.calls for each in family)


def test_an_accounts_own_ceilings_tighten_the_published_ones() -> None:
    for family, found in made(limits="2/s, 3 / min ,1000/day,5/h").items():
        assert {(each.calls, each.seconds) for each in found} >= {(2, 1), (3, 60), (5, 3600), (1000, 86400)}, family


def test_an_account_can_not_loosen_a_published_ceiling() -> None:
    published = made(limits="published")
    for family, found in made(limits="100000/s,100000/min").items():
        by_window = {each.seconds: each.calls for each in found}
        assert all(by_window[each.seconds] == each.calls for each in published[family])


@pytest.mark.parametrize("text", ["fast", "15", "15/", "/s", "15/sec", "0/s", "-1/s", "1.5/s", "15/s,", "15/s;2/min"])
def test_limits_that_are_not_understood_are_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match=r"^HEADWATER_HUNTER_LIMITS: ") as caught:
        made(limits=text)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("text", ["free", "-1", "nan", "$5"])
def test_a_credit_price_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match=r"^HEADWATER_HUNTER_CREDIT_PRICE: "):
        made(credit_price=text)


@pytest.mark.parametrize("key", ["", " ", "s3cr3t key", "s3cr3t\nkey", "s3cr3t\N{CYRILLIC SMALL LETTER A}", "s3cr3t\0"])
def test_a_key_that_no_header_carries_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(BadInput) as refused:
        account(ADAPTERS["hunter"], VendorSettings(api_key=SecretStr(key)), shared=False)
    assert "HEADWATER_HUNTER_API_KEY" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_blanks_around_a_key_do_not_count() -> None:
    found = account(ADAPTERS["hunter"], VendorSettings(api_key=SecretStr(" key\r\n")), shared=False)
    assert found.account.api_key == "key"


@pytest.mark.parametrize(
    "url",
    ["vendor", "ftp://vendor.test", "http://", "http://:80", "http://a:s3cr3t@b:99999", "http://a..b", "http://a:x"],
)
def test_an_address_that_is_none_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        account(ADAPTERS["hunter"], VendorSettings(base_url=url), shared=False)
    assert "HEADWATER_HUNTER_BASE_URL" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_a_key_does_not_print() -> None:
    given = VendorSettings.model_validate({"api_key": "s3cr3t"})
    assert "s3cr3t" not in repr(account(ADAPTERS["hunter"], given, shared=True))


@pytest.mark.parametrize("vendor", sorted(ADAPTERS))
def test_only_shareable_answers_are_shared(vendor: str) -> None:
    given = VendorSettings.model_validate({"api_key": "k"})
    allowed = ADAPTERS[vendor].declaration.shareable
    assert account(ADAPTERS[vendor], given, shared=True).shared is allowed
    assert account(ADAPTERS[vendor], given, shared=False).shared is False


def test_every_lane_is_found_again_and_a_closed_one_is_not_offered() -> None:
    given = VendorSettings.model_validate({"api_key": "k", "options": {"webhook_url": "https://me.test/hook"}})
    vendors = Vendors("live", {name: account(each, given, shared=False) for name, each in ADAPTERS.items()})
    for name, lane in vendors.lanes().items():
        vendor, operation = vendors.find(lane)
        assert f"{vendor.name}.{operation.name}" == name
    closed = next(iter(vendors.lanes().values()))
    assert len(vendors.offers([closed])) == len(vendors.offers()) - 1
    families = {row["family"] for row in vendors.budgets()}
    assert all(str(family).startswith("live:") for family in families)
