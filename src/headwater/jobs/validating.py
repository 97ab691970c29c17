"""Checking addresses and numbers outside any job: answered in their order, a chunk at a time.

A check of a value that contacts of the workspace have is added to their validation history.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import islice

from headwater.contacts import Contacts
from headwater.db.embedded import places
from headwater.db.session import Database
from headwater.identity import Workspace, enter_workspace
from headwater.jobs.runtime import database_of, now
from headwater.kit.settings import Settings
from headwater.records import EmailVerdict, Field, PhoneVerdict
from headwater.verification import Level, Resolver, check_emails, check_phones

_CHUNK = 5_000

Verdict = EmailVerdict | PhoneVerdict


class History:
    """Where checks are remembered: the contacts of a workspace."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self._database = database
        self._workspace = workspace

    async def add(self, field: Field, verdicts: Iterable[Verdict]) -> None:
        """Add these verdicts to every contact that has such a value."""
        by_value = {value: verdict for verdict in verdicts if (value := _value(verdict))}
        async with self._database.app(self._workspace.id) as connection:
            contacts = Contacts(connection)
            holders = await contacts.holders(field, by_value)
            judged = [(contact, by_value[value]) for value, who in holders.items() for contact in who]
            await contacts.judge(judged, source="headwater")


def _value(verdict: Verdict) -> str | None:
    return verdict.normalized if isinstance(verdict, EmailVerdict) else verdict.e164


@dataclass(frozen=True, slots=True)
class Validator:
    """What a check needs; ``history`` is None where there is no database yet, and so no contact."""

    resolver: Resolver
    history: History | None

    async def emails(self, addresses: Iterable[str], level: Level) -> AsyncIterator[EmailVerdict]:
        """A verdict for each address in its order."""
        for chunk in _chunks(addresses):
            verdicts = await check_emails(chunk, resolver=self.resolver, at=now(), level=level)
            if self.history:
                await self.history.add(Field.EMAIL, verdicts)
            for verdict in verdicts:
                yield verdict

    async def phones(self, numbers: Iterable[str], region: str | None) -> AsyncIterator[PhoneVerdict]:
        """A verdict for each number in its order; ``region`` reads numbers without a calling code."""
        for chunk in _chunks(numbers):
            verdicts = check_phones(((number, region) for number in chunk), at=now())
            if self.history:
                await self.history.add(Field.PHONE, verdicts)
            for verdict in verdicts:
                yield verdict


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


@asynccontextmanager
async def open_validator(settings: Settings, note: Callable[[str], None]) -> AsyncIterator[Validator]:
    """No database is made for the sake of a check."""
    async with AsyncExitStack() as stack:
        resolver = await stack.enter_async_context(Resolver(settings.dns))
        history = None
        if settings.database_url or places.find(settings.home):
            database = await stack.enter_async_context(database_of(settings, note))
            history = History(database, await enter_workspace(database, settings.workspace, "live"))
        yield Validator(resolver, history)
