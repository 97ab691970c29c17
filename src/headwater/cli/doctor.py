"""``headwater doctor``: what is configured, what can be reached, what is missing."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
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
    parts = (_python(), _names(configured), _database(configured), _resolver(configured), _vendors(configured))
    return [finding for part in parts async for finding in part]


async def _python() -> AsyncIterator[Finding]:
    yield Finding("python", "ok", sys.version.split()[0])


async def _names(configured: Settings) -> AsyncIterator[Finding]:
    yield Finding("data folder", "ok", str(configured.home))
    for name in configured.unknown:
        yield Finding("settings", "wrong", f"{name} is not a setting of Headwater; see the README for the names")


async def _database(configured: Settings) -> AsyncIterator[Finding]:
    kind = "yours (HEADWATER_DATABASE_URL)" if configured.database_url else f"embedded, under {configured.home}"
    try:
        async with database_of(configured, note) as database, database.transaction("headwater_app") as connection:
            row = await (await connection.execute("select current_setting('server_version') as version")).fetchone()
            version = row["version"] if row else "?"
            yield Finding("database", "ok", f"{kind}: PostgreSQL {version}, schema {newest()}")
    except HeadwaterError as error:
        yield Finding("database", "wrong", mask(str(error)))


async def _resolver(configured: Settings) -> AsyncIterator[Finding]:
    where = configured.dns or "the system's"
    async with Resolver(configured.dns) as resolver:
        route = await resolver.mail_route("gmail.com")
    if route.kind is Route.UNKNOWN:
        yield Finding("resolver", "wrong", f"{where} does not answer ({route.detail}); set HEADWATER_DNS=host:port")
    else:
        yield Finding("resolver", "ok", where)


async def _vendors(configured: Settings) -> AsyncIterator[Finding]:
    accounts = vendors_of(configured, "live").accounts
    for name, adapter in ADAPTERS.items():
        if name not in accounts:
            key = f"HEADWATER_{name.upper()}_API_KEY"
            yield Finding(name, "missing", f"set {key} to ask {adapter.declaration.title}")
            continue
        own = configured.vendors[name].limits
        limits = f"limits: {own}" if own else f"cautious limit until HEADWATER_{name.upper()}_LIMITS says otherwise"
        reached = await _reach(accounts[name].account.base_url)
        yield Finding(
            name, "ok" if reached is None else "wrong", f"key set, {limits}" + (f"; {reached}" if reached else "")
        )


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
