"""A whole run against the vendor sandbox, and the same run again: ``python -m benchmarks.sandbox_run``.

The sandbox plays published limits and usual latencies, without faults. How each figure is taken stands in ``METHOD``,
which goes into the output: a figure without its method is a claim.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.watched import Watched, merged, watch
from headwater import __version__
from headwater.db.embedded import EmbeddedServer
from headwater.db.migrate import upgrade
from headwater.enrichment.vendors import SHARE, account, gcra
from headwater.kit.settings import VendorSettings
from headwater.providers.catalogue import ADAPTERS
from headwater_sandbox import meter
from headwater_sandbox.store import Store

METHOD = {
    "contacts per minute": "rows of the file by the job's own seconds; the start of the program and its end left out",
    "waited seconds": "once a second the database is asked which lanes hold items that are ready and not claimed; the "
    "time between two such moments counts",
    "calls per minute": "requests that reached the sandbox in that time, by its own log of arrivals, polls of the same "
    "family with them; given from 10 seconds of waiting. Goal: 95% of what is allowed. Lanes with a large batch wait "
    "to fill it on purpose, so few calls are their aim and the share says nothing against them",
    "allowed per minute": f"{SHARE:.0%} of the vendor's published ceiling, of its tightest window; a burst may pass it",
    "throttled": "requests that the sandbox refused as too many. Goal: none",
    "headwater cpu": "user and system time of the headwater process alone, read from /proc when it has ended; not the "
    "sandbox's, PostgreSQL's or this program's. The start of Python is in it",
    "postgresql cpu": "user and system time of all its processes, after less before; this program's one small question "
    "a second is in it",
    "peak memory": "the largest resident set of the headwater process (VmHWM), looked at four times a second",
    "database": "the embedded PostgreSQL, made and migrated before the clock starts",
}
_LEAST = 10.0  # seconds of waiting below which a rate says nothing
_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Family:
    """A family of limits: whose items wait for it, and what the sandbox calls its endpoints."""

    vendor: str
    name: str
    operations: tuple[str, ...]
    endpoints: tuple[str, ...]


FAMILIES = (
    Family("hunter", "search", ("find", "person"), ("email-finder", "people/find")),
    Family("hunter", "verifier", ("verify",), ("email-verifier",)),
    Family("apollo", "bulk_match", ("match", "mobile"), ("people/bulk_match",)),
    Family("apollo", "match", (), ("people/match",)),
    Family("apollo", "webhook_result", (), ("webhook_result",)),
    Family("icypeas", "bulk", ("find", "verify"), ("bulk-search",)),
    Family("icypeas", "single", (), ("email-search", "email-verification")),
    Family("icypeas", "read", (), ("bulk-single-searchs/read",)),
    Family("icypeas", "files", (), ("search-files/read",)),
    Family("dropcontact", "enrich", ("enrich",), ("enrich/all", "enrich/all/poll")),
)


@dataclass(frozen=True)
class Bench:
    """A fresh data folder with its PostgreSQL, and the program that is run in it."""

    folder: Path
    server: EmbeddedServer

    def make_file(self, contacts: int) -> None:
        command = [str(_BIN / "headwater-sandbox"), "sample", "--rows", str(contacts), "--seed", "1", "-o", "leads.csv"]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def run(self) -> Watched:
        """The command a user types; none of the user's own settings reach it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        environment["HEADWATER_HOME"] = str(self.folder / "home")
        command = [
            str(_BIN / "headwater"), "enrich", "leads.csv", "-o", "enriched.csv", "--want", "email,title",
            "--sandbox", "--sandbox-option=--fault=none", "--json",
        ]  # fmt: skip
        return watch(command, environment, self.folder, self.server)

    def requests(self) -> list[dict[str, Any]]:
        """The sandbox's log, oldest first."""
        store = Store(self.folder / "home" / "sandbox")
        try:
            return meter.requests(store, limit=10_000_000)
        finally:
            store.close()


@contextmanager
def opened() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    folder.chmod(0o755)  # started by root, PostgreSQL runs as a user of its own, who must be able to enter
    try:
        with EmbeddedServer(folder / "home") as server:
            upgrade(server.conninfo())
            yield Bench(folder, server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def figures(run: Watched) -> dict[str, Any]:
    """What one run took."""
    summary = json.loads(run.said)
    rows, seconds = int(summary["rows"]["in"]), float(summary["seconds"])
    return {
        "rows": rows,
        "people": sum(number for name, number in summary["lookups"].items() if not name.startswith("recalled_from")),
        "seconds": seconds,
        "wall_seconds": round(run.wall, 1),
        "contacts_per_minute": round(60 * rows / seconds),
        "rows_per_second": round(rows / seconds, 1),
        "headwater_cpu_ms_per_contact": _each(run.cpu, rows),
        "postgresql_cpu_ms_per_contact": _each(run.postgres, rows),
        "peak_memory_mb": None if run.peak is None else round(run.peak / 2**20, 1),
        "spent_usd": summary["spent_usd"],
        "unknown_calls": summary["unknown_calls"],
        "outcomes": summary["lookups"],
        "found": summary["found"],
    }


def _each(seconds: float | None, rows: int) -> float | None:
    return None if seconds is None else round(1000 * seconds / rows, 2)


def used(family: Family, run: Watched, requests: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What was asked of a family while items waited for it, against what was allowed."""
    mine = [each for each in requests if each["vendor"] == family.vendor and each["endpoint"] in family.endpoints]
    lanes = [f"sandbox:{family.vendor}:{operation}" for operation in family.operations]
    spans = merged(span for lane in lanes for span in run.waiting.get(lane, ()))
    waited = sum(end - start for start, end in spans)
    inside = sum(any(start < each["at"] <= end for start, end in spans) for each in mine)
    rate = 60 * inside / waited if waited >= _LEAST else None
    batch, allowed = _terms(family)
    return {
        "family": f"{family.vendor} {family.name}",
        "batch": batch,
        "calls": len(mine),
        "records": sum(each["records"] for each in mine),
        "waited_seconds": round(waited),
        "calls_per_minute": None if rate is None else round(rate, 1),
        "allowed_per_minute": round(allowed, 1),
        "share": None if rate is None else round(rate / allowed, 3),
        "throttled": sum(each["outcome"] == "throttled" for each in mine),
    }


def _terms(family: Family) -> tuple[int | None, float]:
    """Records in one call, None where nothing waits (polls and lone records); and calls allowed in a minute."""
    vendor = account(ADAPTERS[family.vendor], VendorSettings(limits="published"), shared=False)
    batches = [each.batch for each in vendor.operations() if each.name in family.operations]
    return max(batches, default=None), min(60 / gcra(limit)["gap"] for limit in vendor.limits[family.name])


def measure(contacts: int) -> dict[str, Any]:
    with opened() as bench:
        bench.make_file(contacts)
        first, asked = bench.run(), bench.requests()
        second, again = bench.run(), len(bench.requests()) - len(asked)
    return {
        "headwater": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load_average": [round(each, 2) for each in os.getloadavg()],
        "sandbox": "seed 1, published limits, latency 1.0, no faults",
        "first_run": figures(first) | {"requests_to_vendors": len(asked)},
        "second_run": figures(second) | {"requests_to_vendors": again},
        "limits": [used(family, first, asked) for family in FAMILIES],
        "answers": dict(Counter(each["outcome"] for each in asked)),
        "method": METHOD,
    }


def show(result: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    runs = Table("figure", "first run", "second run", title="Sandbox run", title_justify="left")
    for name, value in result["first_run"].items():
        runs.add_row(name.replace("_", " "), _shown(value), _shown(result["second_run"][name]))
    console.print(runs)
    console.print(_limits(result["limits"]))
    for name, text in result["method"].items():
        console.print(f"{name}: {text}.", style="dim")


def _limits(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(*(name.replace("_", " ") for name in rows[0]), title="Limits, first run", title_justify="left")
    for row in rows:
        table.add_row(*(_shown(value) for value in row.values()))
    return table


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{number} {name}" for name, number in value.items())
    return "" if value is None else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description="A whole run against the vendor sandbox, measured.")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="where the figures go; else a file in benchmarks/results")
    given = parser.parse_args()
    result = measure(given.contacts)
    target = given.json or Path(__file__).parent / "results" / f"sandbox_run_{given.contacts}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    show(result)


if __name__ == "__main__":
    main()
