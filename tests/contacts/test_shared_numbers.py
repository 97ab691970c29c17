"""A number that many people have is an office's: counted over all contacts, by name, in one statement."""

from datetime import UTC, datetime, timedelta
from secrets import token_hex

from tests.enrichment.house import collaborators

from headwater.contacts import MANY, Contacts, SharedNumber
from headwater.db.session import Database
from headwater.enrichment.harvest import tell_sharers
from headwater.enrichment.planner import believe
from headwater.identity import Workspace
from headwater.records import Contact, Field, Finding, Observation, PhoneVerdict, Status
from headwater.verification import Line, LineEvidence, check_phone, with_line_evidence

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
OFFICE, OWN, DESK = "+442083661177", "+447400123456", "+442083661178"


def seen(number: str, source: str = "hunter", confidence: float = 0.65) -> Observation:
    return Observation(Finding(Field.PHONE, number), source, AT, 0, confidence, "basis")


async def staff(contacts: Contacts, *names: str, number: str = OFFICE, source: str = "hunter") -> list[int]:
    """Colleagues of one company who were found with one number."""
    people = [Contact(first_name=name, last_name="Acme", company="Acme", company_key="acme") for name in names]
    ids = await contacts.add(people)
    await contacts.observe((each, seen(number, source)) for each in ids)
    return ids


async def told(contacts: Contacts, *numbers: str) -> dict[str, SharedNumber]:
    shared = await contacts.shared_numbers(numbers)
    await tell_sharers(contacts, shared, collaborators())
    return shared


async def test_two_may_share_a_number_and_three_are_an_office(database: Database, workspace: Workspace) -> None:
    assert MANY == 3
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        first = await staff(contacts, "Ada", "Bob")
        assert await contacts.shared_numbers([OFFICE]) == {}
        (third,) = await staff(contacts, "Cy")
        await staff(contacts, "Ada", number=OWN)
        assert await contacts.shared_numbers([OFFICE, OWN, OFFICE]) == {OFFICE: SharedNumber(3, (*first, third))}
        assert await contacts.shared_numbers([]) == {}


async def test_everybody_who_has_it_is_told_once(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await staff(contacts, "Ada", "Bob", "Cy")
        before = (await contacts.knowledge(ids))[ids[0]]
        await told(contacts, OFFICE)
        for person in (await contacts.knowledge(ids)).values():
            (verdict,) = person.verdicts
            assert (verdict.source, verdict.status, verdict.sub_status) == ("headwater", "risky", "shared_by_many")
            assert verdict.score == 60
            assert any(reason.text.startswith("3 people") for reason in verdict.reasons)
            assert person.verdict(Field.PHONE, OFFICE) == verdict
            assert believe(person).confidence(Field.PHONE) < 0.6 < believe(before).confidence(Field.PHONE)
        assert (await told(contacts, OFFICE))[OFFICE].untold == ()
        (late,) = await staff(contacts, "Dee")
        assert (await told(contacts, OFFICE))[OFFICE] == SharedNumber(4, (late,))


async def test_one_person_who_stands_there_three_times_is_no_office(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        await staff(contacts, "Ada", "ADA", "ada")
        assert await contacts.shared_numbers([OFFICE]) == {}
        nameless = await contacts.add([Contact(company="Acme"), Contact(company="Acme")])
        await contacts.observe((each, seen(OFFICE)) for each in nameless)
        assert (await contacts.shared_numbers([OFFICE]))[OFFICE].people == 3


async def test_several_sources_of_one_person_are_one_holder(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await staff(contacts, "Ada", "Bob")
        await contacts.observe((each, seen(OFFICE, source)) for each in ids for source in ("apollo", "file", "hunter"))
        assert await contacts.shared_numbers([OFFICE]) == {}


async def test_what_was_dropped_from_view_does_not_count(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await staff(contacts, "Ada", "Bob", "Cy")
        await connection.execute("update observation set dropped_at = now() where contact_id = %s", [ids[0]])
        assert await contacts.shared_numbers([OFFICE]) == {}


async def test_another_workspaces_people_do_not_count(
    database: Database, workspace: Workspace, other_workspace: Workspace
) -> None:
    async with database.app(workspace.id) as connection:
        await staff(Contacts(connection), "Ada", "Bob", "Cy")
    async with database.app(other_workspace.id) as connection:
        contacts = Contacts(connection)
        await staff(contacts, "Dee", "Eve")
        assert await contacts.shared_numbers([OFFICE]) == {}


async def test_a_living_office_line_is_still_an_offices(database: Database, workspace: Workspace) -> None:
    """The vendor's word and ours stand side by side; the warning is what is shown."""
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await staff(contacts, "Ada", "Bob", "Cy")
        await contacts.judge([(ids[0], live(Line.ACTIVE))], source="twilio.live")
        await told(contacts, OFFICE)
        person = (await contacts.knowledge(ids[:1]))[ids[0]]
        assert {each.source for each in person.verdicts} == {"headwater", "twilio.live"}
        shown = person.verdict(Field.PHONE, OFFICE)
        assert shown is not None
        assert (shown.status, shown.sub_status) == ("risky", "shared_by_many")
        assert believe(person).confidence(Field.PHONE) < 0.6


async def test_a_dead_line_stays_dead(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await staff(contacts, "Ada", "Bob", "Cy")
        await contacts.judge([(ids[0], live(Line.INACTIVE))], source="twilio.live")
        assert (await told(contacts, OFFICE))[OFFICE].untold == tuple(ids[1:])
        shown = (await contacts.knowledge(ids[:1]))[ids[0]].verdict(Field.PHONE, OFFICE)
        assert shown is not None
        assert shown.status is Status.INVALID


async def test_sources_are_counted_by_who_said_it_first(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        (ada, bob) = await staff(contacts, "Ada", "Bob", number=DESK)
        more = ["apollo", "cache:apollo", "pattern", "file", "hunter"]
        await contacts.observe((ada, seen(DESK, source)) for source in more)
        await contacts.observe([(bob, Observation(Finding(Field.TITLE, "CEO"), "file", AT, 0, 0.9, "b"))])
        assert await contacts.sources([ada, bob]) == {
            (ada, Field.PHONE, DESK): ("apollo", "file", "hunter"),
            (bob, Field.PHONE, DESK): ("hunter",),
        }


async def test_many_holders_are_counted_in_one_statement(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await staff(contacts, *(token_hex(6) for _ in range(2_000)))
        found = (await contacts.shared_numbers([OFFICE]))[OFFICE]
        assert (found.people, found.untold) == (2_000, tuple(ids))


def live(line: Line) -> PhoneVerdict:
    plain = check_phone(OFFICE, region=None, at=AT - timedelta(days=1))
    return with_line_evidence(plain, LineEvidence("twilio.live", line))
