"""Everything a running Headwater holds: database, vendors, resolver, lanes, errands. Opened once by an entry point."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from headwater.contacts import Contacts
from headwater.db.embedded import EmbeddedServer
from headwater.db.migrate import upgrade
from headwater.db.session import Connection, Database
from headwater.enrichment.apply import Applier
from headwater.enrichment.engine import Engine, Hooks
from headwater.enrichment.harvest import Collaborators
from headwater.enrichment.vendors import Vendor, Vendors, account
from headwater.identity import Workspace, enter_workspace
from headwater.identity.workspaces import Realm
from headwater.jobs.errands import Errands
from headwater.jobs.finishing import finish
from headwater.jobs.mailboxes import (
    SOURCE,
    KnownDomains,
    Rechecks,
    account_of,
    judged_by_server,
    prober_of,
    put_off,
)
from headwater.jobs.reading import SQL
from headwater.jobs.sandbox import Sandbox, sandboxed
from headwater.kit.crypto import load_secret
from headwater.kit.settings import Settings
from headwater.kit.threads import abandonable
from headwater.providers.catalogue import ADAPTERS
from headwater.providers.mail_servers import NAME as MAILBOX
from headwater.recall import SharedCache
from headwater.records import EmailVerdict, Finding, Observation, PhoneVerdict
from headwater.verification import (
    Level,
    Lists,
    MailboxAnswer,
    MailboxEvidence,
    Prober,
    Resolver,
    check_emails,
    check_phone,
    load_lists,
    with_mailbox_evidence,
)

# What vendors call a mailbox that takes mail, one that does not, a domain that takes everything, and what is better
# not written to. A word that is not here tells nothing.
_MAILBOX = {
    "valid": MailboxAnswer.DELIVERABLE,
    "webmail": MailboxAnswer.DELIVERABLE,
    "ultra_sure": MailboxAnswer.DELIVERABLE,
    "very_sure": MailboxAnswer.DELIVERABLE,
    "sure": MailboxAnswer.DELIVERABLE,
    "invalid": MailboxAnswer.UNDELIVERABLE,
    "undeliverable": MailboxAnswer.UNDELIVERABLE,
    "accept_all": MailboxAnswer.ACCEPT_ALL,
    "probable": MailboxAnswer.ACCEPT_ALL,
    "spamtrap": MailboxAnswer.TRAP,
    "do_not_mail": MailboxAnswer.AVOID,
    "disposable": MailboxAnswer.DISPOSABLE,
    "role": MailboxAnswer.ROLE,
}

_HURRY = 1.0  # of the two seconds in which Ctrl-C ends a run


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts, wired. ``realm`` is "live", or "sandbox" for made-up vendors."""

    settings: Settings
    realm: Realm
    database: Database
    workspace: Workspace
    vendors: Vendors
    resolver: Resolver
    cache: SharedCache
    applier: Applier
    engine: Engine
    errands: Errands
    rechecks: Rechecks | None

    async def check_emails(self, addresses: Sequence[str]) -> list[EmailVerdict]:
        return await check_emails(addresses, resolver=self.resolver, at=now(), lists=load_lists(self.settings.home))


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def database_of(settings: Settings, note: Callable[[str], None]) -> AsyncIterator[Database]:
    """The configured database, or the embedded one, migrated. Stopped again if we were its last user."""
    async with AsyncExitStack() as stack:
        if settings.database_url:
            dsn = settings.database_url.get_secret_value()
        else:
            dsn = await stack.enter_async_context(_embedded(settings, note))
        await abandonable(upgrade, dsn)
        yield await stack.enter_async_context(Database(dsn))


@asynccontextmanager
async def _embedded(settings: Settings, note: Callable[[str], None]) -> AsyncIterator[str]:
    """The address of the embedded server, for as long as it is used. Who is told to stop does not wait for its end."""
    server = EmbeddedServer(settings.home, progress=note)
    try:
        yield await abandonable(server.start)
    except asyncio.CancelledError:
        server.stop(patience=_HURRY)
        raise
    finally:
        server.stop()


@asynccontextmanager
async def open_runtime(
    settings: Settings, realm: Realm, *, note: Callable[[str], None], sandbox_arguments: Sequence[str] = ()
) -> AsyncIterator[Runtime]:
    """Start everything that a job needs; ``note`` hears what a person should know."""
    async with AsyncExitStack() as stack:
        # First, because it knows how open a new data folder has to be.
        database = await stack.enter_async_context(database_of(settings, note))
        if realm == "sandbox":
            sandbox = Sandbox(settings.home / "sandbox", sandbox_arguments)
            settings = sandboxed(settings, (await stack.enter_async_context(sandbox)).addresses)
        resolver = await stack.enter_async_context(Resolver(settings.dns))
        workspace = await enter_workspace(database, settings.workspace, realm)
        prober = prober_of(settings, resolver, realm, KnownDomains(database, realm))
        if prober:
            await stack.enter_async_context(prober)
        yield await _wire(settings, realm, database, resolver, prober, workspace, note)


async def _wire(
    settings: Settings,
    realm: Realm,
    database: Database,
    resolver: Resolver,
    prober: Prober | None,
    workspace: Workspace,
    note: Callable[[str], None],
) -> Runtime:
    vendors = vendors_of(settings, realm)
    if prober:
        vendors = Vendors(realm, {**vendors.accounts, MAILBOX: account_of(prober, resolver)})
    given = settings.secret.get_secret_value() if settings.secret else None
    cache = SharedCache(load_secret(settings.home, given), realm)

    async def export(space: int, job: int) -> None:
        await finish(database, space, job)

    errands = Errands(database.dsn, export)
    lists = await asyncio.to_thread(load_lists, settings.home)  # a third of a second, which others need not wait
    applier = Applier(database, vendors, _collaborators(resolver, lists, cache, errands))
    engine = Engine(database, vendors, applier, hooks=Hooks(note=note))
    await engine.prepare()
    rechecks = Rechecks(database, realm, partial(_mailboxes, resolver, lists, prober)) if prober else None
    return Runtime(settings, realm, database, workspace, vendors, resolver, cache, applier, engine, errands, rechecks)


async def _mailboxes(resolver: Resolver, lists: Lists, prober: Prober, addresses: Sequence[str]) -> list[EmailVerdict]:
    return await check_emails(addresses, resolver=resolver, at=now(), level=Level.SMTP, prober=prober, lists=lists)


def vendors_of(settings: Settings, realm: Realm) -> Vendors:
    """The accounts with a key. The sandbox's answers are shared between its workspaces: nobody's rights are touched."""
    accounts: dict[str, Vendor] = {}
    for name, adapter in ADAPTERS.items():
        own = settings.vendors.get(name)
        if own and own.api_key:
            found = account(adapter, own, shared=settings.shared_cache)
            accounts[name] = found if realm == "live" else _shared(found)
    return Vendors(realm, accounts)


def _shared(vendor: Vendor) -> Vendor:
    return Vendor(vendor.adapter, vendor.account, vendor.limits, vendor.credit_price, shared=True)


def _collaborators(resolver: Resolver, lists: Lists, cache: SharedCache, errands: Errands) -> Collaborators:
    """What the spine hands to the enrichment stage."""

    async def emails(addresses: Sequence[str]) -> list[EmailVerdict]:
        return await check_emails(addresses, resolver=resolver, at=now(), lists=lists)

    def phone(raw: str, region: str | None) -> PhoneVerdict:
        return check_phone(raw, region=region, at=now())

    def mailbox(verdict: EmailVerdict, finding: Finding, source: str) -> EmailVerdict:
        if source == SOURCE:
            return judged_by_server(verdict, finding)
        answer = _MAILBOX.get(finding.status or "", MailboxAnswer.UNKNOWN)
        return with_mailbox_evidence(verdict, MailboxEvidence(answer, source))

    async def finished(connection: Connection, workspace: int, jobs: Sequence[int]) -> None:
        done = await (await connection.execute(SQL["finish_if_done"], {"jobs": list(jobs)})).fetchall()
        for row in done:
            await errands.defer_finish(connection, workspace, row["id"])

    async def share(connection: Connection, vendor: Vendor, observed: Sequence[tuple[int, Observation]]) -> None:
        if not vendor.shared:
            return
        people = await Contacts(connection).get(contact for contact, _ in observed)
        found = [(people[contact], seen) for contact, seen in observed]
        await cache.remember(connection, found, days=vendor.adapter.declaration.retention_days)

    def jitter(seconds: float) -> float:
        return random.random() * seconds

    return Collaborators(emails, phone, mailbox, finished, share, now, jitter, put_off)
