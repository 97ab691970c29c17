"""Checking addresses and numbers outside any job: answered in their order, a chunk at a time.

A check of a value that contacts of the workspace have is added to their validation history.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import islice

from headwater.contacts import Contacts
from headwater.db.embedded import places
from headwater.db.session import Database
from headwater.identity import Workspace, enter_workspace
from headwater.identity.workspaces import Realm
from headwater.jobs.mailboxes import SOURCE, KnownDomains, prober_of, put_off
from headwater.jobs.runtime import database_of, now
from headwater.jobs.sandbox import Sandbox, sandboxed
from headwater.kit.errors import BadInput
from headwater.kit.settings import Settings
from headwater.records import EmailVerdict, Field, PhoneVerdict
from headwater.verification import (
    Level,
    Lists,
    Prober,
    Resolver,
    check_emails,
    check_phones,
    load_lists,
)

_CHUNK = 5_000

_MADE_UP_IDENTITY = {"smtp_helo": "probe.headwater-sandbox.com", "smtp_mail_from": "probe@headwater-sandbox.com"}

Verdict = EmailVerdict | PhoneVerdict


class History:
    """Where checks are remembered: the contacts of a workspace."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self._database = database
        self._workspace = workspace

    async def add(self, field: Field, verdicts: Iterable[Verdict], source: str) -> None:
        """Add these verdicts to every contact that has such a value; whom a server put off is asked for again."""
        by_value = {value: verdict for verdict in verdicts if (value := _value(verdict))}
        async with self._database.app(self._workspace.id) as connection:
            contacts = Contacts(connection)
            holders = await contacts.holders(field, by_value)
            judged = [(contact, by_value[value]) for value, who in holders.items() for contact in who]
            await contacts.judge(judged, source=source)
            held = [by_value[value] for value in holders]
            await put_off(connection, [each for each in held if isinstance(each, EmailVerdict)])


def _value(verdict: Verdict) -> str | None:
    return verdict.normalized if isinstance(verdict, EmailVerdict) else verdict.e164


@dataclass(frozen=True, slots=True)
class Validator:
    """What a check needs. ``history`` is None where there is no database yet, and so no contact; ``prober`` where no
    identity is set up to ask mail servers with."""

    resolver: Resolver
    history: History | None = None
    prober: Prober | None = None
    lists: Lists | None = None

    async def emails(self, addresses: Iterable[str], level: Level | None = None) -> AsyncIterator[EmailVerdict]:
        """A verdict for each address in its order, as deep as can be looked unless a level is given.

        Raises BadInput for level ``smtp`` without an identity.
        """
        if level is Level.SMTP and self.prober is None:
            raise BadInput(
                "--level smtp asks mail servers, which needs an identity: set HEADWATER_SMTP_HELO and "
                "HEADWATER_SMTP_MAIL_FROM, or take --level mx."
            )
        deepest = level or (Level.SMTP if self.prober else Level.MX)
        source = SOURCE if deepest is Level.SMTP else "headwater"
        for chunk in _chunks(addresses):
            verdicts = await check_emails(
                chunk, resolver=self.resolver, at=now(), level=deepest, prober=self.prober, lists=self.lists
            )
            if self.history:
                await self.history.add(Field.EMAIL, verdicts, source)
            for verdict in verdicts:
                yield verdict

    async def phones(self, numbers: Iterable[str], region: str | None) -> AsyncIterator[PhoneVerdict]:
        """A verdict for each number in its order; ``region`` reads numbers without a calling code."""
        for chunk in _chunks(numbers):
            verdicts = check_phones(((number, region) for number in chunk), at=now())
            if self.history:
                await self.history.add(Field.PHONE, verdicts, "headwater")
            for verdict in verdicts:
                yield verdict


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


@asynccontextmanager
async def open_validator(
    settings: Settings, note: Callable[[str], None], *, sandbox: bool = False, concurrency: int | None = None
) -> AsyncIterator[Validator]:
    """No database is made for the sake of a check. ``sandbox`` asks the made-up world; ``concurrency`` bounds the
    questions to DNS and the conversations with mail servers that are out at once."""
    async with AsyncExitStack() as stack:
        if sandbox:
            world = await stack.enter_async_context(Sandbox(settings.home / "sandbox"))
            settings = sandboxed(settings, world.addresses).model_copy(update=_MADE_UP_IDENTITY)
        resolver = await stack.enter_async_context(Resolver(settings.dns))
        realm: Realm = "sandbox" if sandbox else "live"
        history = memory = None
        if settings.database_url or places.find(settings.home):
            database = await stack.enter_async_context(database_of(settings, note))
            history = History(database, await enter_workspace(database, settings.workspace, realm))
            memory = KnownDomains(database, realm)
        prober = prober_of(settings, resolver, realm, memory, conversations=concurrency)
        asker = await stack.enter_async_context(prober) if prober else None
        yield Validator(resolver, history, asker, await asyncio.to_thread(load_lists, settings.home))
