"""Whom a server put off is asked for again by whatever process is alive then, no more often than patience allows."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from headwater.contacts import Contacts
from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.jobs.mailboxes import KnownDomains, Rechecks, put_off
from headwater.records import Contact, EmailVerdict, Field, Finding, Observation, Reason, Status
from headwater.verification import RETRY_SCHEDULE

ADDRESS = "ada@greylisted.org"


def said(address: str, sub_status: str, status: Status = Status.UNKNOWN) -> EmailVerdict:
    reasons = (Reason(f"mailbox_{sub_status}", 0, ""),)
    return EmailVerdict(address, address, status, sub_status, 50, "smtp", datetime.now(UTC), reasons)


class Servers:
    """What mail servers say, one word each time they are asked; who was asked for is remembered."""

    def __init__(self, *words: EmailVerdict) -> None:
        self.words = list(words)
        self.asked: list[str] = []

    async def check(self, addresses: Sequence[str]) -> list[EmailVerdict]:
        self.asked += addresses
        return [self.words.pop(0) for _ in addresses]


async def _holder(database: Database, workspace: Workspace) -> int:
    async with database.app(workspace.id) as connection:
        contacts = Contacts(connection)
        [contact] = await contacts.add([Contact(full_name="Ada")])
        seen = Observation(Finding(Field.EMAIL, ADDRESS), "file", datetime.now(UTC), 0, 0.9, "test")
        await contacts.observe([(contact, seen)])
        await put_off(connection, [said(ADDRESS, "deferred"), said("bob@known.org", "deliverable", Status.VALID)])
    return contact


async def _waiting(database: Database, workspace: Workspace) -> list[dict[str, Any]]:
    question = (
        "select address, deferrals, extract(epoch from due_at - clock_timestamp())::float8 as after "
        "from mailbox_recheck order by address"
    )
    async with database.app(workspace.id) as connection:
        return await (await connection.execute(question)).fetchall()


async def _make_due(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        await connection.execute("update mailbox_recheck set due_at = clock_timestamp()")


async def _history(database: Database, workspace: Workspace, contact: int) -> list[tuple[str, str]]:
    async with database.app(workspace.id) as connection:
        return [(each.source, each.sub_status) for each in await Contacts(connection).validations(contact)]


async def test_an_answer_that_comes_later_is_remembered(database: Database, workspace: Workspace) -> None:
    contact = await _holder(database, workspace)
    [waiting] = await _waiting(database, workspace)
    assert waiting["address"] == ADDRESS
    assert RETRY_SCHEDULE[0] - 60 < waiting["after"] <= RETRY_SCHEDULE[0]
    servers = Servers(said(ADDRESS, "deferred"), said(ADDRESS, "deliverable", Status.VALID))
    rechecks = Rechecks(database, "live", servers.check)
    assert await rechecks.once() == 0  # not yet
    await _make_due(database, workspace)
    assert await rechecks.once() == 1
    [waiting] = await _waiting(database, workspace)
    assert waiting["deferrals"] == 2
    assert RETRY_SCHEDULE[1] - 60 < waiting["after"] <= RETRY_SCHEDULE[1]
    await _make_due(database, workspace)
    assert await rechecks.once() == 1
    assert await _waiting(database, workspace) == []
    assert servers.asked == [ADDRESS, ADDRESS]
    assert await _history(database, workspace, contact) == [
        ("mailbox.verify", "deferred"), ("mailbox.verify", "deliverable"),
    ]  # fmt: skip


async def test_what_decided_otherwise_is_still_asked_again(database: Database, workspace: Workspace) -> None:
    """A role address is risky whatever its server says, and still was not told of."""
    await _holder(database, workspace)
    role = dataclasses.replace(said(ADDRESS, "deferred"), status=Status.RISKY, sub_status="role")
    await _make_due(database, workspace)
    assert await Rechecks(database, "live", Servers(role).check).once() == 1
    assert [each["deferrals"] for each in await _waiting(database, workspace)] == [2]


async def test_patience_ends(database: Database, workspace: Workspace) -> None:
    await _holder(database, workspace)
    servers = Servers(*[said(ADDRESS, "deferred")] * 10)
    rechecks = Rechecks(database, "live", servers.check)
    while await _waiting(database, workspace):
        await _make_due(database, workspace)
        assert await rechecks.once() == 1
    assert len(servers.asked) == len(RETRY_SCHEDULE)


async def test_what_a_process_took_and_did_not_settle_is_taken_again(database: Database, workspace: Workspace) -> None:
    """One that dies in the middle holds nobody up for longer than its lease; nobody asks meanwhile."""
    await _holder(database, workspace)
    await _make_due(database, workspace)

    class Dies(Exception):
        pass

    async def dies(addresses: Sequence[str]) -> list[EmailVerdict]:
        raise Dies

    with pytest.raises(Dies):
        await Rechecks(database, "live", dies).once()
    servers = Servers(said(ADDRESS, "undeliverable", Status.INVALID))
    rechecks = Rechecks(database, "live", servers.check)
    assert await rechecks.once() == 0
    await _make_due(database, workspace)  # as when the lease runs out
    assert await rechecks.once() == 1
    assert await _waiting(database, workspace) == []


async def test_the_sandbox_is_not_asked_for_what_is_real(database: Database, workspace: Workspace) -> None:
    await _holder(database, workspace)
    await _make_due(database, workspace)
    assert await Rechecks(database, "sandbox", Servers().check).once() == 0
    assert await Rechecks(database, "live", Servers(said(ADDRESS, "blocked")).check).once() == 1


async def test_waiting_twice_is_waiting_once(database: Database, workspace: Workspace) -> None:
    await _holder(database, workspace)
    before = await _waiting(database, workspace)
    async with database.app(workspace.id) as connection:
        await put_off(connection, [said(ADDRESS, "deferred")])
    after = await _waiting(database, workspace)
    assert [each["deferrals"] for each in after] == [1]
    assert after[0]["after"] <= before[0]["after"]


async def test_domains_that_take_every_name_are_known_to_all(database: Database) -> None:
    one, other = KnownDomains(database, "live"), KnownDomains(database, "live")
    assert await one.get("known.org", ("b", "a")) is None
    await one.put("known.org", ("b", "a"), True)
    assert await other.get("known.org", ("a", "b")) is True
    await other.put("known.org", ("a", "b"), False)
    assert await one.get("known.org", ("a", "b")) is False
    assert await one.get("known.org", ("a",)) is None
    assert await KnownDomains(database, "sandbox").get("known.org", ("a", "b")) is None
