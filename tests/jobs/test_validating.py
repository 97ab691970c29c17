"""A check outside a job is remembered with every contact of the workspace that has the value, and with no other."""

from datetime import UTC, datetime

from headwater.contacts import Contacts
from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.jobs.validating import History, Validator
from headwater.records import Contact, Field, Finding, Observation
from headwater.verification import Level, Resolver


async def _people(database: Database, workspace: Workspace, address: str) -> list[int]:
    """Two contacts that share an address, one with another, all reported now."""
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        ids = await contacts.add([Contact(full_name=name) for name in ("Ada", "Ada again", "Bob")])
        values = (address, address, "bob@example.org")
        await contacts.observe(
            (contact, Observation(Finding(Field.EMAIL, value), "file", datetime.now(UTC), 0, 0.9, "test"))
            for contact, value in zip(ids, values, strict=True)
        )
    return ids


async def _history(database: Database, workspace: Workspace, contact: int) -> list[tuple[str, str]]:
    async with database.app(workspace.id) as connection:
        return [(each.value, each.sub_status) for each in await Contacts(connection).validations(contact)]


async def test_every_check_is_added_to_the_history_of_those_who_have_the_value(
    database: Database, workspace: Workspace, other_workspace: Workspace
) -> None:
    address = f"ada@w{workspace.id}.org"
    ours = await _people(database, workspace, address)
    theirs = await _people(database, other_workspace, address)
    async with Resolver("127.0.0.1:9") as resolver:
        validator = Validator(resolver, History(database, workspace))
        for _ in range(2):
            asked = [address.upper().replace("ADA", "ada"), "nobody@known.org", "no address"]
            verdicts = [each async for each in validator.emails(asked, Level.DOMAIN)]
            assert [each.address for each in verdicts] == asked
    found = [await _history(database, workspace, contact) for contact in ours]
    assert found == [[(address, "mailbox_not_checked")] * 2, [(address, "mailbox_not_checked")] * 2, []]
    assert [await _history(database, other_workspace, contact) for contact in theirs] == [[], [], []]
