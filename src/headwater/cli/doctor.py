"""``headwater doctor``: what is configured, what can be reached, what is missing."""

import asyncio
import json
import sys
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from typing import Literal
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
from headwater.verification import Resolver, Route

_PATIENCE = 5.0  # seconds for a connection


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    part: str
    state: Literal["ok", "missing", "wrong"]
    text: str


def doctor(as_json: AsJson = False) -> None:
    """Tell what is configured, reachable and missing. Exit code 1 if something is wrong."""
    findings = run(_examine)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in findings]))
    else:
        table = Table("part", "state", "")
        for each in findings:
            table.add_row(each.part, each.state, each.text)
        stdout.print(table)
    if any(each.state == "wrong" for each in findings):
        raise typer.Exit(1)


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
