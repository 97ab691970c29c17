"""The shared cache: only exactly the same person is recalled, nothing in it can be read, and stale values stay away."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_hex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.kit.crypto import Secret
from headwater.normalize import fold
from headwater.recall import SharedCache
from headwater.records import Contact, Field, Finding, Observation

CACHE = SharedCache(Secret(b"1" * 32), "live")
ADA = Contact(first_name="Ada", last_name="Lovelace", company_key="acme", domain="acme.test")


def now() -> datetime:
    return datetime.now(UTC)


def seen(
    value: str = "ada@acme.test", field: Field = Field.EMAIL, *, confidence: float = 0.9, days_ago: float = 0,
    price: int = 49_000,
) -> Observation:  # fmt: skip
    at = now() - timedelta(days=days_ago)
    return Observation(Finding(field, value, "very_sure"), "hunter", at, price, confidence, "contract")


@pytest.fixture
def cache() -> SharedCache:
    """One of its own: no other test's values are in it."""
    return SharedCache(Secret(token_bytes(32)), "live")


class Shop:
    """A workspace that remembers and recalls."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self.database = database
        self.workspace = workspace

    async def remember(
        self, cache: SharedCache, *found: Observation, who: Contact = ADA, days: int | None = None
    ) -> None:
        async with self.database.worker(self.workspace.id) as connection:
            await cache.remember(connection, [(who, each) for each in found], days=days)

    async def recall(
        self, cache: SharedCache, who: Contact = ADA, fields: tuple[Field, ...] = (Field.EMAIL,)
    ) -> list[str]:
        async with self.database.app(self.workspace.id) as connection:
            found = await cache.recall(connection, {7: who}, fields, "legitimate interest")
        return sorted(hit.observation.finding.value for hit in found.get(7, ()))


@pytest.fixture
def shop(database: Database, workspace: Workspace) -> Shop:
    return Shop(database, workspace)


async def test_what_one_workspace_bought_another_recalls_at_its_price(
    shop: Shop, cache: SharedCache, other_workspace: Workspace
) -> None:
    bought = seen()
    await shop.remember(cache, bought)
    async with shop.database.app(other_workspace.id) as connection:
        found = await cache.recall(connection, {1: ADA, 2: replace(ADA, first_name="Bob")}, [Field.EMAIL], "my basis")
    assert list(found) == [1]
    (hit,) = found[1]
    assert hit.price == 49_000
    assert hit.observation == Observation(
        Finding(Field.EMAIL, "ada@acme.test", "very_sure"), "cache:hunter", bought.observed_at, 49_000,
        hit.observation.confidence, "my basis",
    )  # fmt: skip
    assert hit.observation.confidence == pytest.approx(0.9)


async def test_two_lookups_of_one_person_both_recall(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen())
    async with shop.database.app(shop.workspace.id) as connection:
        found = await cache.recall(connection, {1: ADA, 2: ADA}, [Field.EMAIL], "b")
    assert sorted(found) == [1, 2]


async def test_only_wanted_fields_are_recalled(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen(), seen("+442071234567", Field.PHONE))
    assert await shop.recall(cache, fields=(Field.PHONE,)) == ["+442071234567"]
    assert await shop.recall(cache, fields=()) == []


async def test_what_is_stale_is_not_recalled(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen(days_ago=91), seen("+442071234567", Field.PHONE, days_ago=91))
    assert await shop.recall(cache, fields=(Field.EMAIL, Field.PHONE)) == ["+442071234567"]


async def test_a_vendor_that_limits_storage_is_obeyed(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen(days_ago=31), days=30)
    assert await shop.recall(cache) == []
    await shop.remember(cache, seen(days_ago=29), days=30)
    assert await shop.recall(cache) == ["ada@acme.test"]


async def test_a_surer_value_replaces_and_a_less_sure_one_does_not(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen("first@acme.test", confidence=0.8))
    await shop.remember(cache, seen("worse@acme.test", confidence=0.7))
    assert await shop.recall(cache) == ["first@acme.test"]
    await shop.remember(cache, seen("better@acme.test", confidence=0.9))
    assert await shop.recall(cache) == ["better@acme.test"]


async def test_any_fresh_value_replaces_a_stale_one(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen("stale@acme.test", confidence=0.99, days_ago=100))
    await shop.remember(cache, seen("fresh@acme.test", confidence=0.5))
    assert await shop.recall(cache) == ["fresh@acme.test"]


async def test_of_two_at_once_the_surest_is_kept(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen("sure@acme.test", confidence=0.9), seen("less@acme.test", confidence=0.2))
    assert await shop.recall(cache) == ["sure@acme.test"]


async def test_nothing_in_the_table_can_be_read(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen("readable-nowhere@acme.test"))
    async with shop.database.worker() as connection:
        key = cache.fingerprint(ADA)
        row = await (await connection.execute("select * from cache_entry where key = %s", [key])).fetchone()
        assert row is not None
        shown = b"".join(bytes(each) for each in row.values() if isinstance(each, bytes)).lower()
        shown += repr({name: each for name, each in row.items() if not isinstance(each, bytes)}).lower().encode()
    for word in (b"ada", b"lovelace", b"acme", b"readable"):
        assert word not in shown


async def test_another_installations_values_are_absent(shop: Shop, cache: SharedCache) -> None:
    """The same key with a value that some other secret sealed: as good as nothing."""
    await shop.remember(cache, seen())
    async with shop.database.worker() as connection:
        values = [Secret(token_bytes(32)).seal("evil@acme.test", about=b"x"), cache.fingerprint(ADA)]
        await connection.execute("update cache_entry set value = %s where key = %s", values)
    assert await shop.recall(cache) == []


async def test_realms_and_secrets_do_not_meet(shop: Shop, cache: SharedCache) -> None:
    secret = Secret(token_bytes(32))
    await shop.remember(SharedCache(secret, "sandbox"), seen("made-up@acme.test"))
    assert await shop.recall(SharedCache(secret, "live")) == []
    assert await shop.recall(SharedCache(secret, "sandbox")) == ["made-up@acme.test"]


async def test_a_person_who_is_not_known_exactly_is_neither_kept_nor_recalled(shop: Shop, cache: SharedCache) -> None:
    vague = replace(ADA, first_name=None)
    await shop.remember(cache, seen(), who=vague)
    assert await shop.recall(cache, vague) == []


async def test_use_is_counted(shop: Shop, cache: SharedCache) -> None:
    await shop.remember(cache, seen())
    for _ in range(3):
        await shop.recall(cache)
    async with shop.database.worker() as connection:
        query = "select times_used, saved from cache_entry where key = %s"
        row = await (await connection.execute(query, [cache.fingerprint(ADA)])).fetchone()
    assert row == {"times_used": 3, "saved": 147_000}


async def test_recalling_and_remembering_at_once_waits_for_nobody_in_a_circle(
    dsn: str, workspace: Workspace, cache: SharedCache
) -> None:
    """Chunks and calls of all workspaces share these rows, and hold them until they commit."""
    people = [replace(ADA, last_name=token_hex(4)) for _ in range(30)]
    async with Database(dsn, size=10) as database:
        shop = Shop(database, workspace)

        async def recall(turned: list[Contact]) -> Any:
            async with database.app(workspace.id) as connection:
                return await cache.recall(connection, dict(enumerate(turned)), [Field.EMAIL], "b")

        async def remember(turned: list[Contact]) -> None:
            async with database.worker(workspace.id) as connection:
                found = [(who, seen(confidence=0.5 + number / 100)) for number, who in enumerate(turned)]
                await cache.remember(connection, found, days=None)

        await remember(people)
        for _ in range(5):
            turned = [people[start:] + people[:start] for start in range(0, 30, 3)]
            await asyncio.gather(*(recall(each) for each in turned), *(remember(each[::-1]) for each in turned))
        assert await shop.recall(cache, people[0]) == ["ada@acme.test"]


# who is exactly the same ------------------------------------------------------------------------------

names = st.sampled_from(["Ada", "ada ", "ÁDA", "Bob", "Lovelace", "lovelace", "Smith"])


@given(names, names, names, names)
def test_the_same_names_at_the_same_employer_and_no_others_meet(one: str, two: str, three: str, four: str) -> None:
    first = replace(ADA, first_name=one, last_name=two)
    second = replace(ADA, first_name=three, last_name=four)
    alike = (fold(one), fold(two)) == (fold(three), fold(four))
    assert (CACHE.fingerprint(first) == CACHE.fingerprint(second)) is alike


@pytest.mark.parametrize(
    "other",
    [
        replace(ADA, first_name="Adam"),
        replace(ADA, last_name="Lovelac"),
        replace(ADA, suffix="Jr."),
        replace(ADA, middle_name="Byron"),
        replace(ADA, domain="acme.example"),
        replace(ADA, first_name="Ada|Lovelace", last_name=""),
        replace(ADA, domain=None),
        replace(ADA, middle_name=None),
    ],
)
def test_who_is_only_similar_is_asked_for_anew(other: Contact) -> None:
    assert CACHE.fingerprint(replace(ADA, middle_name="King")) != CACHE.fingerprint(other)


def test_names_of_one_sound_in_other_characters_are_other_people() -> None:
    one = replace(ADA, first_name="娜", last_name="李")
    assert CACHE.fingerprint(one) != CACHE.fingerprint(replace(one, first_name="纳"))


@pytest.mark.parametrize(
    "other",
    [
        replace(ADA, domain="mail.acme.test"),
        replace(ADA, company_key="acme holding", company="Acme"),
        replace(ADA, title="Countess", country="GB", emails=("x@y.test",), phones=("+1",), linkedin="ada"),
    ],
)
def test_what_does_not_name_the_person_does_not_matter(other: Contact) -> None:
    assert CACHE.fingerprint(other) == CACHE.fingerprint(ADA)


@pytest.mark.parametrize("gap", [{"first_name": None}, {"last_name": None}, {"domain": None, "company_key": None}])
def test_without_a_name_and_an_employer_there_is_no_fingerprint(gap: dict[str, None]) -> None:
    assert CACHE.fingerprint(replace(ADA, **gap)) is None


def test_fingerprints_stay_the_same_from_version_to_version() -> None:
    found = CACHE.fingerprint(ADA)
    assert found is not None
    assert found.hex() == "a0247435517ff5a5b53b5c1546612a9b7e75a73e4526baab62e33bfa3a3c1e3d"
