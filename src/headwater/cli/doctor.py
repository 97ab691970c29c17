"""``headwater doctor``: what is configured, reachable, missing; ``doctor smtp``: would a mail server answer us."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer
from rich.table import Table

from headwater.cli.enrich import AsJson
from headwater.cli.shell import note, run, settings, stdout
from headwater.db.migrate import newest
from headwater.jobs.runtime import database_of, vendors_of
from headwater.kit.errors import HeadwaterError
from headwater.kit.log import mask
from headwater.kit.settings import Settings
from headwater.providers.catalogue import ADAPTERS
from headwater.verification import Identity, Resolver, Route
from headwater.verification.smtp import Check, State, audit, lookup_by
from headwater.verification.smtp.audit import WELL_KNOWN

_PATIENCE = 5.0  # seconds for a connection
_NO_IDENTITY = (
    "to ask mail servers for mailboxes, set HEADWATER_SMTP_HELO (this machine's public name) and "
    "HEADWATER_SMTP_MAIL_FROM (a mailbox of yours that is read)"
)

app = typer.Typer(invoke_without_command=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    part: str
    state: Literal["ok", "missing", "wrong"]
    text: str


@app.callback()
def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Tell what is configured, reachable and missing. Exit code 1 if something is wrong."""
    if context.invoked_subcommand is not None:
        return
    findings = run(_examine)
    _show("part", [asdict(each) for each in findings], as_json)
    if any(each.state == "wrong" for each in findings):
        raise typer.Exit(1)


@app.command()
def smtp(
    context: typer.Context,
    as_json: AsJson = False,
    host: Annotated[str, typer.Option(help="A mail server to try whether port 25 is open.")] = WELL_KNOWN,
) -> None:
    """Tell whether mail servers would answer us: port 25, names, SPF, blocklists. Exit code 1 if something fails."""
    checks = run(lambda: _audit(host))
    before = context.parent is not None and bool(context.parent.params["as_json"])
    _show("name", [asdict(each) for each in checks], as_json or before)
    if any(each.state is State.FAIL for each in checks):
        raise typer.Exit(1)


def _show(first: str, lines: Sequence[dict[str, str]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(lines))
        return
    table = Table(first, "state", "")
    for line in lines:
        table.add_row(*line.values())
    stdout.print(table)


async def _audit(host: str) -> list[Check]:
    configured = settings()
    identity = Identity.configured(configured.smtp_helo, configured.smtp_mail_from)
    if identity is None:
        return [Check("identity", State.FAIL, f"{_NO_IDENTITY}; until then they are judged by syntax, lists and DNS")]
    async with Resolver(configured.dns) as resolver:
        return await audit(identity, resolver, lookup=lookup_by(configured.dns), host=host)


async def _examine() -> list[Finding]:
    configured = settings()
    return [
        Finding("python", "ok", sys.version.split()[0]),
        Finding("data folder", "ok", str(configured.home)),
        *(
            Finding("settings", "wrong", f"{name} is not a setting of Headwater; see the README for the names")
            for name in configured.unknown
        ),
        await _told("database", _database(configured)),
        await _told("resolver", _resolver(configured)),
        await _told("mailboxes", _mailboxes(configured)),
        *[await _told(name, _vendor(configured, name)) for name in ADAPTERS],
    ]


async def _told(part: str, examined: Awaitable[Finding]) -> Finding:
    """A part that refuses its settings is one line of the report, not the end of it."""
    try:
        return await examined
    except HeadwaterError as error:
        return Finding(part, "wrong", mask(str(error)))


async def _database(configured: Settings) -> Finding:
    kind = "yours (HEADWATER_DATABASE_URL)" if configured.database_url else f"embedded, under {configured.home}"
    async with database_of(configured, note) as database, database.transaction("headwater_app") as connection:
        row = await (await connection.execute("select current_setting('server_version') as version")).fetchone()
    return Finding("database", "ok", f"{kind}: PostgreSQL {row['version'] if row else '?'}, schema {newest()}")


async def _resolver(configured: Settings) -> Finding:
    where = configured.dns or "the system's"
    async with Resolver(configured.dns) as resolver:
        route = await resolver.mail_route("gmail.com")
    if route.kind is Route.UNKNOWN:
        return Finding("resolver", "wrong", f"{where} does not answer ({route.detail}); set HEADWATER_DNS=host:port")
    return Finding("resolver", "ok", where)


async def _mailboxes(configured: Settings) -> Finding:
    identity = Identity.configured(configured.smtp_helo, configured.smtp_mail_from)
    if identity is None:
        return Finding("mailboxes", "missing", _NO_IDENTITY)
    return Finding("mailboxes", "ok", f"asked for as {identity.helo}; would they answer: headwater doctor smtp")


async def _vendor(configured: Settings, name: str) -> Finding:
    own = {each: values for each, values in configured.vendors.items() if each == name}
    account = vendors_of(configured.model_copy(update={"vendors": own}), "live").accounts.get(name)
    if account is None:
        key = f"HEADWATER_{name.upper()}_API_KEY"
        return Finding(name, "missing", f"set {key} to ask {ADAPTERS[name].declaration.title}")
    given = own[name].limits
    limits = f"limits: {given}" if given else f"cautious limit until HEADWATER_{name.upper()}_LIMITS says otherwise"
    if reached := await _reach(account.account.base_url):
        return Finding(name, "wrong", f"key set, {limits}; {reached}")
    return Finding(name, "ok", f"key set, {limits}")


async def _reach(url: str) -> str | None:
    """Why no connection can be made, if so. Nothing is asked: asking may cost."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(parts.hostname or "", port)
    except (OSError, TimeoutError) as error:
        return f"{parts.hostname} can not be reached ({type(error).__name__})"
    writer.close()
    return None
