"""Mailboxes beyond one conversation: which domains take every name, and whom to ask again because a server put us off.

A deferral is answered with patience: the same identity asks again after the waits of ``RETRY_SCHEDULE``, whatever
process is alive then. After the last one the address stays unknown.
"""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, cast

from psycopg.types.json import Jsonb

from headwater.contacts import Contacts
from headwater.db.session import Connection, Database
from headwater.enrichment.vendors import Vendor
from headwater.jobs.reading import SQL
from headwater.kit.errors import Unavailable
from headwater.kit.group import grouped
from headwater.kit.log import log
from headwater.kit.settings import Settings
from headwater.providers.base import Account, Request, Response
from headwater.providers.mail_servers import MailServers
from headwater.records import EmailVerdict, Field, Finding, SmtpReply
from headwater.verification import (
    CatchAllMemory,
    Identity,
    MailboxReport,
    MailboxState,
    Politeness,
    Prober,
    Resolver,
    check_syntax,
    retry_after,
    with_mailbox_report,
)
from headwater.verification.smtp.memory import KEEP

_HURRY = 5.0  # seconds before a lane's time-out at which answers are gathered
_LOOK = 5.0  # seconds between two looks for what is due
_MOST = 200  # addresses asked for at once
_LEASE = 900.0  # seconds after which another process may try, should this one die; longer than the slowest servers take

SOURCE = "mailbox.verify"  # as which what a mail server said stands in the history

CheckMailboxes = Callable[[Sequence[str]], Awaitable[list[EmailVerdict]]]


class KnownDomains:
    """What is known of domains that take every name, shared by all processes of a realm; a ``CatchAllMemory``."""

    def __init__(self, database: Database, realm: str) -> None:
        self._database = database
        self._realm = realm

    async def get(self, domain: str, hosts: tuple[str, ...]) -> bool | None:
        values = {"realm": self._realm, "domain": domain, "hosts": sorted(hosts)}
        try:
            async with self._database.worker() as connection:
                row = await (await connection.execute(SQL["catch_all"], values)).fetchone()
        except Unavailable as error:
            log.warning("the database is away, so a domain is asked for itself", reason=str(error))
            return None
        return row["catch_all"] if row else None

    async def put(self, domain: str, hosts: tuple[str, ...], catch_all: bool) -> None:
        values = {"realm": self._realm, "domain": domain, "hosts": sorted(hosts), "catch_all": catch_all,
                  "keep": KEEP}  # fmt: skip
        try:
            async with self._database.worker() as connection:
                await connection.execute(SQL["remember_catch_all"], values)
        except Unavailable as error:
            log.warning("what a domain does with every name is not remembered", reason=str(error))


def prober_of(
    settings: Settings,
    resolver: Resolver,
    realm: str,
    memory: CatchAllMemory | None,
    *,
    conversations: int | None = None,
) -> Prober | None:
    """Who asks mail servers, if an identity is set up; ``conversations`` is how many may be held at once.

    The sandbox's mail servers are one program on this machine, which nobody needs to be spared.
    """
    identity = Identity.configured(settings.smtp_helo, settings.smtp_mail_from)
    if identity is None:
        return None
    made_up = realm == "sandbox"
    polite = Politeness(connections=20, per_minute=60_000, burst=1_000) if made_up else Politeness()
    if conversations:
        polite = dataclasses.replace(polite, sessions=conversations)
    return Prober(identity, resolver, port=settings.smtp_port, politeness=polite, allow_private=made_up, memory=memory)


def account_of(prober: Prober, resolver: Resolver) -> Vendor:
    """Mail servers as an account among the vendors': their lane is planned, batched and crash-proof like others."""
    adapter = MailServers()
    declared = adapter.declaration
    nobody = Account(declared.name, declared.base_url, "")
    return Vendor(adapter, nobody, declared.limits, credit_price=0, exchange=partial(_exchange, prober, resolver))


async def _exchange(prober: Prober, resolver: Resolver, request: Request, timeout: float) -> Response:
    """Ask for every address of a request; who has no answer in time has none, and the others keep theirs."""
    addresses = cast(Mapping[str, list[str]], request.json)["addresses"]
    asking = [asyncio.create_task(_report(prober, resolver, address)) for address in addresses]
    await asyncio.wait(asking, timeout=timeout - _HURRY)
    reports = [_plain(task.result()) if task.done() else None for task in asking]
    for task in asking:
        task.cancel()
    return Response(200, {}, json.dumps({"reports": reports}).encode())


async def _report(prober: Prober, resolver: Resolver, address: str) -> MailboxReport:
    domain = check_syntax(address).domain
    route = await resolver.mail_route(domain)
    return (await prober.probe([address], {domain: route}))[address]


def _plain(report: MailboxReport) -> dict[str, Any]:
    return dataclasses.asdict(report)


def judged_by_server(verdict: EmailVerdict, finding: Finding) -> EmailVerdict:
    """Join a verdict with the report that a mail server's lane brought."""
    told = json.loads(finding.detail["report"])
    smtp = SmtpReply(**told["smtp"]) if told["smtp"] else None
    return with_mailbox_report(verdict, MailboxReport(**{**told, "state": MailboxState(told["state"]), "smtp": smtp}))


async def put_off(connection: Connection, verdicts: Iterable[EmailVerdict]) -> None:
    """Have these addresses of the workspace entered asked for again later, if their servers said so."""
    rows = [
        {"address": verdict.normalized, "after": retry_after(1)}
        for verdict in verdicts
        if _deferred(verdict) and verdict.normalized
    ]
    if rows:
        await connection.execute(SQL["put_off"], {"rows": Jsonb(rows)})


class Rechecks:
    """Asks again for what is due, for every workspace of a realm; any number of processes may do so."""

    def __init__(self, database: Database, realm: str, check: CheckMailboxes) -> None:
        self._database = database
        self._realm = realm
        self._check = check

    async def run(self) -> None:
        """Until cancelled; a lost database is waited for."""
        while True:
            try:
                done = await self.once()
            except Unavailable as error:
                log.warning("rechecks wait for the database", reason=str(error))
                done = 0
            if not done:
                await asyncio.sleep(_LOOK)

    async def once(self) -> int:
        """One round; how many addresses it asked for."""
        values = {"realm": self._realm, "n": _MOST, "lease": _LEASE}
        async with self._database.worker() as connection:
            due = await (await connection.execute(SQL["due_rechecks"], values)).fetchall()
        addresses = sorted({row["address"] for row in due})
        found = dict(zip(addresses, await self._check(addresses), strict=True)) if addresses else {}
        for workspace, rows in sorted(grouped(due, itemgetter("workspace_id")).items()):
            async with self._database.worker(workspace) as connection:
                await _remember(connection, rows, found)
        return len(due)


async def _remember(
    connection: Connection, rows: Sequence[Mapping[str, Any]], found: Mapping[str, EmailVerdict]
) -> None:
    """Into the history of whoever has the address; put off again, or done with."""
    contacts = Contacts(connection)
    holders = await contacts.holders(Field.EMAIL, [row["address"] for row in rows])
    judged = [(contact, found[address]) for address, who in holders.items() for contact in who]
    await contacts.judge(judged, source=SOURCE)
    settled = [{"address": row["address"], "after": _again(row, found[row["address"]])} for row in rows]
    await connection.execute(SQL["settle_rechecks"], {"rows": Jsonb(settled)})


def _again(row: Mapping[str, Any], verdict: EmailVerdict) -> float | None:
    """Seconds until the address is asked for once more; None if it need not, or patience is at its end."""
    return retry_after(row["deferrals"] + 1) if _deferred(verdict) else None


def _deferred(verdict: EmailVerdict) -> bool:
    """By its reasons: what else is known of an address may have decided its status."""
    return any(reason.code == f"mailbox_{MailboxState.DEFERRED}" for reason in verdict.reasons)
