"""E-mail verification against its peers, each in the same run: ``python -m benchmarks.verification``.

How each figure is taken stands in ``METHOD``, which goes into the output: a figure without its method is a claim.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiodns
import uvloop
from aiodns.error import ARES_ENODATA, ARES_ENOTFOUND, DNSError
from email_validator import EmailNotValidError, caching_resolver, validate_email
from rich.console import Console
from rich.table import Table

from benchmarks import mail_zone
from benchmarks.addresses import addresses
from benchmarks.mail_zone import Domain
from headwater import __version__
from headwater.cli.shell import seldom_collect
from headwater.records import EmailVerdict
from headwater.verification import Resolver, Route, check_emails, check_syntax, load_lists
from headwater.verification.dns_client import IN_FLIGHT, DnsClient, NoAnswer, NoSuchName
from headwater.verification.dns_wire import MX
from headwater.verification.name_servers import name_server

METHOD = {
    "collector": "Python's garbage collector set as the headwater command sets it, for ours and the peers",
    "rounds": "ours and the peer take turns; each figure is the median of its rounds, each ratio that of the medians",
    "syntax": "addresses with 7% odd ones, seeded; email_validator.validate_email(strict=True, "
    "check_deliverability=False); a difference is another verdict or another normal form. Goal: 6 times, none",
    "mx queries": "20,000 MX questions for 10,000 made-up domains of an NSD on loopback by so many askers, answers "
    f"parsed; at most {IN_FLIGHT} of ours are on the wire at once, the others wait. A lost answer is a question of a "
    "domain that has an answer and got none. Same time-outs (5 s, two tries) and the same loop for both. Per core is "
    "questions by CPU seconds of this process, the server's not counted. Goal: 2 times per core at 200, none lost at "
    "500",
    "levels 1-3": "two addresses at each of 10,000 domains (80% MX, 7% address only, 6% null MX, 4% NXDOMAIN, 3% "
    "SERVFAIL), nothing remembered from before, our lists read before the clock starts; email-validator with its "
    "caching_resolver in one thread, its fastest way. Right is what the zone says. Goal: 15 times, all right",
    "suggestions": "share of made-up good addresses that get a did-you-mean. Goal: at most 0.1%",
}
_TIMEOUT, _TRIES = 5.0, 2
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_CONCURRENCY = (50, 200, 500)
_LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


class Clock:
    """Wall and CPU seconds of a block."""

    def __enter__(self) -> "Clock":
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu


def alternating(rounds: int, *work: Callable[[], float]) -> list[float]:
    """The median of each, measured in turns, so that a busy moment of the machine hits all alike."""
    found = [[each() for each in work] for _ in range(rounds)]
    return [statistics.median(figures) for figures in zip(*found, strict=True)]


# syntax -------------------------------------------------------------------------------------------------


def _library(address: str) -> str | None:
    try:
        return validate_email(address, strict=True, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def syntax(count: int, rounds: int) -> dict[str, Any]:
    made = addresses(count)

    def rate(judge: Callable[[str], Any]) -> float:
        with Clock() as clock:
            for address in made:
                judge(address)
        return count / clock.wall

    ours, theirs = alternating(rounds, lambda: rate(check_syntax), lambda: rate(_library))
    return {
        "addresses": count,
        "headwater_per_second": round(ours),
        "email_validator_per_second": round(theirs),
        "ratio": round(ours / theirs, 1),
        "differences": sum(check_syntax(address).normalized != _library(address) for address in made),
    }


# MX questions -------------------------------------------------------------------------------------------

Ask = Callable[[str], Awaitable[bool]]


async def _lost(asked: Iterable[Domain], ask: Ask, concurrency: int) -> int:
    """Ask by so many askers; how many questions that have an answer got none."""
    lost = 0
    left = iter(asked)

    async def asker() -> None:
        nonlocal lost
        for domain in left:
            answered = await ask(domain.name)
            lost += not answered and domain.kind is not Route.UNKNOWN

    await asyncio.gather(*(asker() for _ in range(concurrency)))
    return lost


async def _ours(server: str, asked: Sequence[Domain], concurrency: int) -> int:
    client = DnsClient([name_server(server)], timeout=_TIMEOUT, tries=_TRIES)

    async def ask(name: str) -> bool:
        try:
            await client.ask(name, MX)
        except NoSuchName:
            return True
        except NoAnswer:
            return False
        return True

    lost = await _lost(asked, ask, concurrency)
    await client.close()
    return lost


async def _aiodns(server: str, asked: Sequence[Domain], concurrency: int) -> int:
    resolver = aiodns.DNSResolver([server], timeout=_TIMEOUT / _TRIES, tries=_TRIES)

    async def ask(name: str) -> bool:
        try:
            await resolver.query_dns(name, "MX")
        except DNSError as error:
            return error.args[0] in (ARES_ENOTFOUND, ARES_ENODATA)
        return True

    lost = await _lost(asked, ask, concurrency)
    await resolver.close()
    return lost


Client = Callable[[str, Sequence[Domain], int], Awaitable[int]]


def questions(server: str, served: Sequence[Domain], rounds: int) -> list[dict[str, Any]]:
    asked = [*served, *served]
    rows = []
    for loop, factory in _LOOPS.items():
        for concurrency in _CONCURRENCY:
            figures: dict[str, list[tuple[float, float, int]]] = {"headwater": [], "aiodns": []}
            for _ in range(rounds):
                for name, client in (("headwater", _ours), ("aiodns", _aiodns)):
                    figures[name].append(_timed(factory, client, server, asked, concurrency))
            rows.append({"loop": loop, "in_flight": concurrency, **_compared(figures)})
    return rows


def _timed(
    factory: Callable[[], asyncio.AbstractEventLoop],
    client: Client,
    server: str,
    asked: Sequence[Domain],
    concurrency: int,
) -> tuple[float, float, int]:
    async def whole() -> int:
        return await client(server, asked, concurrency)

    with asyncio.Runner(loop_factory=factory) as runner, Clock() as clock:
        lost = runner.run(whole())
    return len(asked) / clock.wall, len(asked) / clock.cpu, lost


def _compared(figures: dict[str, list[tuple[float, float, int]]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    medians = {name: [statistics.median(each) for each in zip(*found, strict=True)] for name, found in figures.items()}
    for name, (wall, cpu, _) in medians.items():
        row |= {f"{name}_per_second": round(wall), f"{name}_per_core": round(cpu)}
        row[f"{name}_lost"] = sum(lost for _, _, lost in figures[name])
    ours, theirs = medians["headwater"], medians["aiodns"]
    return row | {"ratio": round(ours[0] / theirs[0], 2), "ratio_per_core": round(ours[1] / theirs[1], 2)}


# levels 1 to 3 ------------------------------------------------------------------------------------------

_SAID = {
    Route.MX: "mailbox_not_checked",
    Route.IMPLICIT: "mailbox_not_checked",
    Route.NULL_MX: "null_mx",
    Route.NO_DOMAIN: "no_domain",
    Route.UNKNOWN: "dns_unknown",
}


async def _judged(server: str, people: Sequence[str], home: Path) -> list[EmailVerdict]:
    async with Resolver(server, timeout=_TIMEOUT, tries=_TRIES) as resolver:
        return await check_emails(people, resolver=resolver, at=_AT, lists=load_lists(home))


def _deliverable(server: str, people: Sequence[str]) -> list[bool | None]:
    """What email-validator says: True, False, or None where DNS gave no answer."""
    resolver = caching_resolver(timeout=int(_TIMEOUT))
    host, _, port = server.rpartition(":")
    resolver.nameservers, resolver.port = [host], int(port)
    found: list[bool | None] = []
    for address in people:
        try:
            said = validate_email(address, strict=True, dns_resolver=resolver)
        except EmailNotValidError:
            found.append(False)
        else:
            found.append(True if getattr(said, "mx", None) else None)
    return found


def levels(server: str, served: Sequence[Domain], rounds: int, home: Path) -> dict[str, Any]:
    people = [f"{name}@{domain.name}" for name in ("anna.smith", "ben.jones") for domain in served]
    truth = [domain.kind for domain in served] * 2
    load_lists(home)
    right = {"headwater": 0, "email_validator": 0}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in right}

    def ours() -> int:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            verdicts = runner.run(_judged(server, people, home))
        return sum(each.sub_status == _SAID[kind] for each, kind in zip(verdicts, truth, strict=True))

    def theirs() -> int:
        meant = {Route.MX: True, Route.IMPLICIT: True, Route.UNKNOWN: None}
        found = _deliverable(server, people)
        return sum(each is meant.get(kind, False) for each, kind in zip(found, truth, strict=True))

    for _ in range(rounds):
        for name, work in (("headwater", ours), ("email_validator", theirs)):
            with Clock() as clock:
                right[name] = work()
            rates[name].append((len(people) / clock.wall, len(people) / clock.cpu))
    return {"addresses": len(people), "domains": len(served), **_two(rates, right)}


def _two(rates: dict[str, list[tuple[float, float]]], right: dict[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    medians = {name: [statistics.median(each) for each in zip(*found, strict=True)] for name, found in rates.items()}
    for name, (wall, cpu) in medians.items():
        row |= {f"{name}_per_second": round(wall), f"{name}_per_core": round(cpu), f"{name}_right": right[name]}
    ours, theirs = medians["headwater"], medians["email_validator"]
    return row | {"ratio": round(ours[0] / theirs[0], 1), "ratio_per_core": round(ours[1] / theirs[1], 1)}


def suggestions(count: int, home: Path) -> dict[str, Any]:
    good = [each for each in addresses(count, seed=2, odd=0) if check_syntax(each).ok]
    facts = load_lists(home).domain_facts
    suggested = sum(facts(check_syntax(each).domain).suggestion is not None for each in good)
    return {"good_addresses": len(good), "suggested": suggested, "share": suggested / len(good)}


def measure(count: int, domains: int, rounds: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "headwater": __version__,
        "peers": {name: version(name) for name in ("email-validator", "aiodns", "pycares", "dnspython")},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load_average": [round(each, 2) for each in os.getloadavg()],
        "rounds": rounds,
        "syntax": syntax(count, rounds),
        "method": METHOD,
    }
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as folder:
        home = Path(folder)
        result["suggestions"] = suggestions(count, home)
        if mail_zone.NSD is None:
            result["left_out"] = "MX queries and levels 1-3: NSD is not installed (on Debian: apt-get install nsd)"
            return result
        served = mail_zone.domains(domains)
        with mail_zone.serving(served, home) as server:
            result["mx_queries"] = questions(server, served, rounds)
            result["levels_1_to_3"] = levels(server, served, rounds, home)
    return result


def show(result: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    for name in ("syntax", "mx_queries", "levels_1_to_3", "suggestions"):
        if name in result:
            console.print(_table(name, result[name]))
    if "left_out" in result:
        console.print(f"Left out: {result['left_out']}.")
    for name, text in result["method"].items():
        console.print(f"{name}: {text}.", style="dim")


def _table(name: str, found: Any) -> Table:
    rows = found if isinstance(found, list) else [found]
    table = Table(*(each.replace("_", " ") for each in rows[0]), title=name.replace("_", " "), title_justify="left")
    for row in rows:
        table.add_row(*map(str, row.values()))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description="E-mail verification against its peers.")
    parser.add_argument("--addresses", type=int, default=100_000, help="for syntax and suggestions")
    parser.add_argument("--domains", type=int, default=10_000, help="of the zone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where the figures go; else benchmarks/results/verification.json")
    given = parser.parse_args()
    seldom_collect()
    result = measure(given.addresses, given.domains, given.rounds)
    target = given.json or Path(__file__).parent / "results" / "verification.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    show(result)


if __name__ == "__main__":
    main()
