"""Numbers checked by vendors, through the lanes: the real adapters, at the sandbox and at servers that break off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.enrichment.house import House, people, vendors_of
from tests.enrichment.scripted import Scripted, Server, vendor
from tests.sandbox.conftest import CERTAIN, QUIET, Sandbox

from headwater.contacts import Contacts, Knowledge
from headwater.enrichment.planner import believe
from headwater.enrichment.vendors import Vendor
from headwater.identity import Workspace
from headwater.providers.base import Account, Answer, Outcome, Query, Reply, Response
from headwater.providers.catalogue import adapter
from headwater.records import Field, Finding, Observation
from headwater_sandbox.dice import Dice
from headwater_sandbox.settings import Settings
from headwater_sandbox.subscribers import Subscriber, look_up

NUMBERS = [f"+4474001{23456 + place}" for place in range(40)]
KEYS = {"twilio": "SK1:tw1lio-s3cret", "numverify": "numv3rify-k3y", "hlrlookups": "hlr-k3y:hlr-k3y-secret"}
SECRETS = ("tw1lio-s3cret", "numv3rify-k3y", "hlr-k3y-secret")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    rates = [word for rate in CERTAIN for word in ("--rate", rate)]
    with Sandbox(Path(tmp_path_factory.mktemp("lines")), *QUIET, *rates) as box:
        yield box


def truth(number: str) -> Subscriber:
    return look_up(Settings(seed=1), Dice(1), number)


def account(name: str, url: str, **options: str) -> Vendor:
    known = adapter(name)
    declared = known.declaration
    return Vendor(known, Account(name, url, KEYS[name], options), declared.limits, declared.credit_price)


def given(number: str, source: str = "apollo", **detail: str) -> Observation:
    found = Finding(Field.PHONE, number, "valid_number", None, detail or {"type": "mobile"})
    return Observation(found, source, datetime.now(UTC), 0, 0.65, "basis")


async def knowledge(house: House, space: Workspace, job: int) -> list[Knowledge]:
    """What is known of a job's people, in their order."""
    rows = await house.see("select contact_id from lookup where job_id = %s order by contact_id", job)
    async with house.database.app(space.id) as connection:
        known = await Contacts(connection).knowledge(row["contact_id"] for row in rows)
    return list(known.values())


async def check(
    house: House, vendor_: Vendor, known: Sequence[Observation], names: Sequence[str] = ()
) -> tuple[int, list[Knowledge]]:
    """Run a job that wants the telephone numbers of as many people as there are numbers, or of these."""
    space, vendors = await house.workspace(), vendors_of(vendor_)
    found = await house.job(space, vendors, names or people(len(known)), want=Field.PHONE, known=known)
    async with house.working(vendors):
        await house.done(found)
        # a failed call is closed a moment after what it means for people
        await house.until("select 1 where not exists (select 1 from call where state in ('intent', 'answered'))")
    return found, await knowledge(house, space, found)


def live(known: Knowledge) -> Any:
    (judged,) = [each for each in known.verdicts if each.source != "headwater"]
    return judged


async def test_every_line_is_judged_as_it_is(house: House, sandbox: Sandbox) -> None:
    asked = account("twilio", sandbox.where["twilio"], line_status="1")
    before = Decimal(sandbox.control("meter")["twilio"]["credits"])
    job, known = await check(house, asked, [given(number) for number in NUMBERS])
    assert len(known) == len(NUMBERS)
    for number, person in zip(NUMBERS, known, strict=True):
        real, judged = truth(number), live(person)
        assert (judged.source, judged.value, judged.level) == ("twilio.live", number, "line")
        chance = believe(person).confidence(Field.PHONE)
        if "line_inactive" in judged.codes:
            assert not real.active
            assert (judged.status, judged.sub_status) == ("invalid", "line_inactive")
            assert chance <= 0.1
        elif "line_active" in judged.codes:
            assert real.active
            assert (judged.status, judged.sub_status) == ("valid", "line_active")
            assert chance > 0.65
        else:
            assert chance == pytest.approx(0.65)
    rows = await house.see("select detail, call_id, source from verdict where source <> 'headwater'")
    assert len(rows) == len(NUMBERS)
    for row in rows:
        real = truth(row["detail"]["e164"])
        assert row["call_id"]
        assert (row["detail"]["carrier"], row["detail"]["carrier_basis"]) == (real.ported_to or real.carrier, "live")
        assert row["detail"]["type"] == real.kind
        assert row["detail"]["line"] in ("active", "inactive", "unknown")
        assert sum(reason["points"] for reason in row["detail"]["reasons"]) == await _score(house, row["call_id"])
    spent = await house.see("select sum(amount) as n from transfer where kind = 'settle' and job_id = %s", job)
    counted = Decimal(sandbox.control("meter")["twilio"]["credits"]) - before
    assert Decimal(spent[0]["n"]) == counted * 8000 == Decimal(40 * 15_000)
    assert sandbox.control("meter")["twilio"]["charged_again"] == 0


async def _score(house: House, call: int) -> int:
    return int((await house.see("select score from verdict where call_id = %s", call))[0]["score"])


@pytest.mark.parametrize("name", ["numverify", "hlrlookups"])
async def test_the_others_answer_in_the_same_words(house: House, sandbox: Sandbox, name: str) -> None:
    _, known = await check(house, account(name, sandbox.where[name]), [given(number) for number in NUMBERS[:12]])
    basis = {"numverify": "vendor_list", "hlrlookups": "live"}[name]
    rows = await house.see("select detail from verdict where source like %s", f"{name}.%")
    assert len(rows) == len(known) == 12
    assert {row["detail"]["carrier_basis"] for row in rows} == {basis}
    for person in known:
        real, judged = truth(live(person).value), live(person)
        assert "line_active" not in judged.codes or real.active
        assert "line_inactive" not in judged.codes or not (real.active and real.mobile)


async def test_a_number_is_checked_once_whatever_comes_later(house: House, sandbox: Sandbox) -> None:
    only, space = account("twilio", sandbox.where["twilio"]), await house.workspace()
    vendors, asked = vendors_of(only), len(sandbox.control("requests", vendor="twilio"))
    first = await house.job(space, vendors, ["Ada"], want=Field.PHONE, known=[given(NUMBERS[0])])
    async with house.working(vendors):
        await house.done(first)
        second = await house.job(space, vendors, ["Ada"], want=Field.PHONE, like=first)
        await house.done(second)
    assert len(sandbox.control("requests", vendor="twilio")) == asked + 1


async def test_a_landline_that_was_promised_as_a_mobile_is_believed_less(house: House, sandbox: Sandbox) -> None:
    landlines = [number for place in range(30) if truth(number := f"+44208366{1100 + place}").kind == "landline"][:5]
    asked = account("twilio", sandbox.where["twilio"])
    promised = [given(number) for number in landlines]
    plain = [given(number, "hunter", type="work") for number in landlines]
    _, as_mobiles = await check(house, asked, promised)
    _, as_numbers = await check(house, asked, plain)
    for person in as_mobiles:
        assert (live(person).status, live(person).sub_status) == ("risky", "not_a_mobile")
        assert believe(person).confidence(Field.PHONE) < 0.6
    for person in as_numbers:
        assert live(person).status == "valid"
        assert believe(person).confidence(Field.PHONE) == pytest.approx(0.65)


async def test_no_key_is_kept_anywhere(house: House, sandbox: Sandbox) -> None:
    for name in KEYS:
        await check(house, account(name, sandbox.where[name]), [given(number) for number in NUMBERS[20:23]])
    tables = await house.see("select tablename from pg_tables where schemaname in ('headwater', 'procrastinate')")
    assert len(tables) > 20
    for table in tables:
        for row in await house.see(f"select t::text as whole from {table['tablename']} t"):
            assert not any(secret in row["whole"] for secret in SECRETS), table["tablename"]
            assert "imsi" not in row["whole"]


class Switchboard(Scripted):
    """A vendor who gives everybody the number of their company."""

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        found = (Finding(Field.PHONE, OFFICE, "company"),)
        return Reply({place: Answer(Outcome.HIT, found, 1000) for place in range(len(queries))})


OFFICE = "+442083661177"


def switchboard(url: str) -> Vendor:
    plain = vendor("plain", url)
    declared = plain.adapter.declaration
    operation = replace(declared.operations[0], finds=frozenset({Field.PHONE}), accuracy={Field.PHONE: 0.7})
    changed = replace(declared, operations=(operation,), reliability={(Field.PHONE, ""): 0.7})
    return replace(plain, adapter=Switchboard(changed))


async def test_the_number_that_a_vendor_gives_everybody_is_nobodys_own(house: House) -> None:
    """The first two are told when the third is found: all five end with the same warning, and none is sure."""
    async with Server() as server:
        _, known = await check(house, switchboard(server.url), [], names=people(5))
    for person in known:
        shown = person.verdict(Field.PHONE, OFFICE)
        assert shown is not None
        assert (shown.status, shown.sub_status) == ("risky", "shared_by_many")
        assert believe(person).confidence(Field.PHONE) < 0.6
    newest = await house.see(
        "select distinct on (contact_id) detail from verdict order by contact_id, checked_at desc, id desc"
    )
    reasons = [{reason["code"]: reason["text"] for reason in row["detail"]["reasons"]} for row in newest]
    assert all(" people have this number" in each["shared_by_many"] for each in reasons)


async def test_two_colleagues_with_one_number_keep_it(house: House) -> None:
    async with Server() as server:
        _, known = await check(house, switchboard(server.url), [], names=people(2))
    for person in known:
        shown = person.verdict(Field.PHONE, OFFICE)
        assert shown is not None
        assert shown.status == "valid"


Behave = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(behave: Behave) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that hears a request and then does as the test wants; its address and the request lines."""
    heard: list[str] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0])
        await behave(writer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


async def breaks_off(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"valid": tr')
    await writer.drain()


async def fails(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 -\r\ncontent-length: 0\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize("name", sorted(KEYS))
@pytest.mark.parametrize("behave", [breaks_off, fails])
async def test_what_nobody_knows_is_not_asked_again_and_its_price_is_kept_aside(
    house: House, name: str, behave: Behave
) -> None:
    async with serving(behave) as (url, heard):
        asked = account(name, url)
        job, known = await check(house, asked, [given(NUMBERS[0])])
        assert len(heard) == 1
    (call,) = await house.see("select state, reason from call")
    assert call["state"] == "unknown"
    assert not any(secret in call["reason"] for secret in SECRETS)
    assert NUMBERS[0][3:] not in call["reason"]
    (lost,) = await house.see("select amount from transfer where kind = 'lose' and job_id = %s", job)
    assert lost["amount"] == asked.credit_price
    # the number is as good as it was: an unknown is no verdict
    assert [each for each in known[0].verdicts if each.source != "headwater"] == []
    assert set((await house.outcomes(job)).values()) == {"recalled"}


async def test_a_wrong_key_stops_the_lane_and_the_number_is_delivered_unchecked(house: House) -> None:
    async def refuses(writer: asyncio.StreamWriter) -> None:
        body = b'{"code": 20003, "message": "Authenticate", "status": 401}'
        writer.write(b"HTTP/1.1 401 -\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async with serving(refuses) as (url, heard):
        job, _ = await check(house, account("twilio", url), [given(number) for number in NUMBERS[:3]])
    assert len(heard) <= 3
    assert set((await house.outcomes(job)).values()) == {"recalled"}
    (lane,) = await house.see("select stop_reason from lane where name = 'test:twilio:line'")
    assert "SID:secret" in lane["stop_reason"]
