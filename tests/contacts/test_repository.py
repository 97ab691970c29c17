"""What is known of people, kept and read back: only added, never repeated, and what was dropped stays out of view."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import randbits, token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.contacts import Contacts
from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.records import Contact, EmailVerdict, Field, Finding, Flags, Observation, PhoneVerdict, Reason, Status

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

ADA = Contact(
    first_name="Ada", middle_name="King", last_name="Lovelace", suffix="Jr.", nickname="Addie", full_name="Ada L.",
    company="Acme GmbH", company_key="acme", domain="acme.test", title="Countess", country="GB", linkedin="ada-l",
    emails=("ada@acme.test",), phones=("+442071234567",),
)  # fmt: skip
_texts = st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


def seen(value: str, source: str = "file", field: Field = Field.EMAIL, **more: Any) -> Observation:
    return Observation(Finding(field, value), source, AT, 0, 0.95, "basis", **more)


def email_verdict(address: str, status: Status, at: datetime = AT, **more: Any) -> EmailVerdict:
    return EmailVerdict(address, address.lower(), status, "sub", 42, "mx", at, **more)


@pytest.fixture
async def ada(database: Database, workspace: Workspace) -> int:
    async with database.app(workspace.id) as connection:
        return (await Contacts(connection).add([ADA]))[0]


async def test_a_contact_is_read_back_as_it_was_added(database: Database, workspace: Workspace, ada: int) -> None:
    async with database.app(workspace.id) as connection:
        found = await Contacts(connection).get([ada, ada])
    assert found == {ada: replace(ADA, emails=(), phones=(), title=None)}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(Contact, first_name=_texts, last_name=_texts, company=_texts, linkedin=_texts), max_size=5))
async def test_any_text_survives(database: Database, workspace: Workspace, people: list[Contact]) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await contacts.add(people)
        assert await contacts.get(ids) == dict(zip(ids, people, strict=True))


async def test_ids_come_in_the_order_of_the_people(database: Database, workspace: Workspace) -> None:
    people = [Contact(last_name=token_hex(4)) for _ in range(2_000)]
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await contacts.add(people)
        assert ids == sorted(ids)
        assert await contacts.get(ids) == dict(zip(ids, people, strict=True))


async def test_nothing_is_added_where_there_is_nobody(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        assert await contacts.add([]) == []
        await contacts.add_keys([])
        await contacts.observe([])
        await contacts.judge([], source="headwater")
        await contacts.remember_asked([])
        await contacts.count_patterns([])
        assert (await contacts.find([]), await contacts.get([]), await contacts.knowledge([])) == ({}, {}, {})


async def test_people_are_found_by_key_with_what_the_files_said(
    database: Database, workspace: Workspace, other_workspace: Workspace, ada: int
) -> None:
    shared_key, own_key = randbits(63), -randbits(62)
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        (bob,) = await contacts.add([Contact(first_name="Bob")])
        await contacts.add_keys([(shared_key, ada), (shared_key, bob), (own_key, ada), (own_key, ada)])
        await contacts.add_keys([(own_key, ada)])  # a second time is no error
        await contacts.observe([(ada, seen("ada@acme.test")), (ada, seen("found@acme.test", "hunter"))])
        found = await contacts.find([shared_key, own_key, shared_key, 5])
    expected = replace(ADA, emails=("ada@acme.test",), phones=(), title=None)
    assert found == {shared_key: {ada: expected, bob: Contact(first_name="Bob")}, own_key: {ada: expected}}
    async with database.app(other_workspace.id) as connection:
        assert await Contacts(connection).find([shared_key, own_key]) == {}
        assert await Contacts(connection).get([ada]) == {}
        knowledge = await Contacts(connection).knowledge([ada])
        assert knowledge[ada].observations == ()


async def test_an_observation_is_read_back_as_it_was_made(database: Database, workspace: Workspace, ada: int) -> None:
    finding = Finding(Field.EMAIL, "ada@acme.test", "very_sure", 0.98, {"first_seen": "2020"})
    made = Observation(finding, "hunter", AT, 49_000, 0.75, "legitimate interest", call_id=3, job_id=4)
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.observe([(ada, made)])
        (known,) = (await contacts.knowledge([ada]))[ada].observations
    assert (known.field, known.value, known.source, known.status) == (
        Field.EMAIL,
        "ada@acme.test",
        "hunter",
        "very_sure",
    )
    assert (known.observed_at, known.price, known.confidence, known.basis) == (AT, 49_000, 0.75, "legitimate interest")
    assert (known.call_id, known.job_id) == (3, 4)


async def test_what_a_file_says_again_is_not_observed_again(database: Database, workspace: Workspace, ada: int) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.observe([(ada, seen("ada@acme.test", "hunter")), (ada, seen("ada@acme.test"))])
        await contacts.observe([(ada, seen("ada@acme.test")), (ada, seen("ada@acme.test"))])
        await connection.execute("delete from observation where source = 'hunter'")
        await contacts.observe([(ada, seen("ada@acme.test", job_id=9)), (ada, seen("new@acme.test"))])
        await contacts.observe([(ada, seen("ada@acme.test", field=Field.TITLE))])
        known = (await contacts.knowledge([ada]))[ada]
    assert [(each.field, each.value) for each in known.observations] == [
        (Field.EMAIL, "ada@acme.test"), (Field.EMAIL, "new@acme.test"), (Field.TITLE, "ada@acme.test"),
    ]  # fmt: skip


async def test_what_a_vendor_says_again_is_another_observation(
    database: Database, workspace: Workspace, ada: int
) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.observe([(ada, seen("ada@acme.test", "hunter"))] * 2)
        assert len((await contacts.knowledge([ada]))[ada].of(Field.EMAIL)) == 2


async def test_what_was_dropped_is_out_of_view_and_may_come_back(
    database: Database, workspace: Workspace, ada: int
) -> None:
    key = randbits(60)
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.add_keys([(key, ada)])
        await contacts.observe([(ada, seen("wrong@acme.test")), (ada, seen("ada@acme.test", "hunter"))])
        await connection.execute("update observation set dropped_at = now() where value = 'wrong@acme.test'")
        assert [each.value for each in (await contacts.knowledge([ada]))[ada].observations] == ["ada@acme.test"]
        assert (await contacts.find([key]))[key][ada].emails == ()
        await contacts.observe([(ada, seen("wrong@acme.test"))])
        assert (await contacts.find([key]))[key][ada].emails == ("wrong@acme.test",)
        rows = await (await connection.execute("select 1 from observation where contact_id = %s", [ada])).fetchall()
        assert len(rows) == 3  # nothing was ever removed


async def test_the_newest_verdict_of_each_source_is_read(database: Database, workspace: Workspace, ada: int) -> None:
    later = AT + timedelta(days=1)
    full = email_verdict(
        "Ada@acme.test", Status.RISKY, reasons=(Reason("role", -10, "a role"),), flags=Flags(role=True), mx=("mx.test",)
    )
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.judge([(ada, email_verdict("ada@acme.test", Status.UNKNOWN, later))], source="headwater")
        await contacts.judge([(ada, full)], source="headwater")
        await contacts.judge([(ada, email_verdict("ada@acme.test", Status.VALID))], source="hunter.verify", call=3)
        judged = (await contacts.knowledge([ada]))[ada].verdicts
    assert {(each.source, each.value, each.status, each.checked_at) for each in judged} == {
        ("headwater", "ada@acme.test", Status.UNKNOWN, later), ("hunter.verify", "ada@acme.test", Status.VALID, AT),
    }  # fmt: skip


async def test_a_number_that_is_none_is_judged_under_what_was_written(
    database: Database, workspace: Workspace, ada: int
) -> None:
    good = PhoneVerdict(
        "020 7123 4567", "+442071234567", Status.VALID, "in_plan", 90, AT, time_zones=("Europe/London",)
    )
    bad = PhoneVerdict("12", None, Status.INVALID, "too_short", 0, AT)
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.judge([(ada, good), (ada, bad)], source="headwater")
        knowledge = (await contacts.knowledge([ada]))[ada]
    assert {(each.field, each.value, each.status, each.level) for each in knowledge.verdicts} == {
        (Field.PHONE, "+442071234567", Status.VALID, "numbering-plan"),
        (Field.PHONE, "12", Status.INVALID, "numbering-plan"),
    }


def asked(
    contact: int, outcome: str, operation: str = "hunter.find", subject: str = "", days: int = 1
) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(days=days)
    return {
        "contact_id": contact, "operation": operation, "subject": subject, "fields": ["email"], "outcome": outcome,
        "call_id": None, "at": at.isoformat(),
    }  # fmt: skip


async def test_what_was_asked_is_remembered_and_the_newest_outcome_counts(
    database: Database, workspace: Workspace, ada: int
) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.remember_asked([asked(ada, "failed"), asked(ada, "miss", "hunter.verify", "a@acme.test")])
        await contacts.remember_asked([asked(ada, "hit")])
        found = {(each.operation, each.subject, each.outcome) for each in (await contacts.knowledge([ada]))[ada].asked}
    assert found == {("hunter.find", "", "hit"), ("hunter.verify", "a@acme.test", "miss")}


async def test_old_answers_may_be_asked_for_again_but_an_objection_stays(
    database: Database, workspace: Workspace, ada: int
) -> None:
    rows = [
        asked(ada, "miss", days=91),
        asked(ada, "miss", "apollo.match"),
        asked(ada, "forbidden", "x.find", days=999),
    ]
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.remember_asked(rows)
        found = {each.operation for each in (await contacts.knowledge([ada]))[ada].asked}
    assert found == {"apollo.match", "x.find"}


async def test_the_same_question_of_two_jobs_may_be_answered_in_one_call(
    database: Database, workspace: Workspace, ada: int
) -> None:
    """Two jobs that hold the same person wait in one lane: one batch may carry the question twice."""
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.remember_asked([asked(ada, "miss"), asked(ada, "hit")])
        (only,) = (await contacts.knowledge([ada]))[ada].asked
    assert only.outcome == "hit"


async def test_patterns_are_counted_by_domain(
    database: Database, workspace: Workspace, other_workspace: Workspace
) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await contacts.count_patterns([("acme.test", "first"), ("acme.test", "first"), ("acme.test", "flast")])
        await contacts.count_patterns([("acme.test", "first"), ("other.test", "last")])
        assert await contacts.patterns(["acme.test", "nowhere.test"]) == {"acme.test": {"first": 3, "flast": 1}}
    async with database.app(other_workspace.id) as connection:
        assert await Contacts(connection).patterns(["acme.test"]) == {}


async def test_counting_at_once_in_any_order_loses_nothing(dsn: str, workspace: Workspace) -> None:
    """Every worker counts what its call brought; none may wait for another in a circle."""
    domains = [f"{token_hex(3)}.test" for _ in range(30)]

    async with Database(dsn, size=10) as database:

        async def count(start: int) -> None:
            async with database.worker(workspace.id) as connection:
                turned = domains[start:] + domains[:start]
                await Contacts(connection).count_patterns([(domain, "first") for domain in turned])

        for _ in range(5):
            await asyncio.gather(*(count(start) for start in range(0, 30, 3)))
        async with database.app(workspace.id) as connection:
            found = await Contacts(connection).patterns(domains)
    assert found == {domain: {"first": 50} for domain in domains}


async def test_remembering_at_once_in_any_order_waits_for_nobody_in_a_circle(dsn: str, workspace: Workspace) -> None:
    async with Database(dsn, size=10) as database:
        async with database.app(workspace.id) as connection:
            people = await Contacts(connection).add([Contact(last_name=str(number)) for number in range(30)])

        async def remember(start: int) -> None:
            async with database.worker(workspace.id) as connection:
                turned = people[start:] + people[:start]
                await Contacts(connection).remember_asked([asked(each, "hit") for each in turned])

        for _ in range(5):
            await asyncio.gather(*(remember(start) for start in range(0, 30, 3)))


async def test_readers_of_one_workspace_take_turns(dsn: str, workspace: Workspace, other_workspace: Workspace) -> None:
    async with Database(dsn) as database, database.app(workspace.id) as first:
        await Contacts(first).lock_intake()
        async with database.app(other_workspace.id) as elsewhere:
            async with asyncio.timeout(5):
                await Contacts(elsewhere).lock_intake()
        async with database.app(workspace.id) as second:
            free = "select pg_try_advisory_xact_lock(hashtextextended('headwater intake', current_workspace())) as free"
            row = await (await second.execute(free)).fetchone()
            assert row is not None
            assert row["free"] is False
