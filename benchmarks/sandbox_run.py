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
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg
from rich.console import Console
from rich.table import Table

from headwater import __version__
from headwater.db.embedded import EmbeddedServer
from headwater.db.embedded.processes import processes_in
from headwater.db.migrate import upgrade
from headwater.enrichment.vendors import SHARE, account, gcra
from headwater.kit.settings import VendorSettings
from headwater.providers.catalogue import ADAPTERS
from headwater_sandbox import meter
from headwater_sandbox.store import Store

METHOD = {
    "contacts_per_minute": "rows of the file by the job's own seconds (start of the program and its end left out)",
    "items_waited": "once a second the database is asked which lanes hold items that are ready and not claimed; the "
    "time between two such moments counts as waiting",
    "calls_per_minute": "requests that reached the sandbox in that waiting time, by its own log of arrivals; a share "
    "needs 10 seconds of waiting. Lanes that fill batches wait for more records on purpose: few calls are their aim",
    "allowed_per_minute": f"{SHARE:.0%} of the vendor's published ceiling, of its tightest window; a burst may pass it",
    "throttled": "requests that the sandbox refused as too many",
    "headwater_cpu": "user and system time of the headwater process alone, read from /proc between its end and its "
    "collection; neither the sandbox, nor PostgreSQL, nor this program. Includes the start of Python",
    "postgresql_cpu": "user and system time of the postmaster, its ended children and its living ones, before and "
    "after; includes one small question a second by this program",
    "peak_memory": "the largest resident set of the headwater process (VmHWM), looked at four times a second",
    "database": "the embedded PostgreSQL, made and migrated before the clock starts",
}
_LOOK, _ASK = 0.25, 1.0  # seconds between two looks at the process, and at the lanes
_LEAST_WAITING = 10.0  # seconds below which a rate says nothing
_TICK = os.sysconf("SC_CLK_TCK")
_WAITING = """
select l.name from headwater.lane l where exists (
    select 1 from headwater.item i where i.lane = l.name and i.state = 0 and i.next_at <= clock_timestamp())
"""


@dataclass(frozen=True)
class Family:
    """A family of limits: which lanes' items wait for it, and what the sandbox calls its endpoints."""

    vendor: str
    name: str
    lanes: tuple[str, ...]
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


@dataclass
class Run:
    """One run of the program as it was watched from outside."""

    summary: dict[str, Any]
    wall: float
    cpu: float | None  # seconds
    peak: int | None  # bytes
    postgres: float | None  # seconds
    waiting: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return int(self.summary["rows"]["in"])

    def figures(self) -> dict[str, Any]:
        seconds, rows = float(self.summary["seconds"]), self.rows
        calls = sum(entry["calls"] for entry in self.summary["vendors"].values())
        return {
            "rows": rows,
            "seconds": seconds,
            "wall_seconds": round(self.wall, 1),
            "contacts_per_minute": round(60 * rows / seconds) if seconds else None,
            "rows_per_second": round(rows / seconds, 1) if seconds else None,
            "headwater_cpu_ms_per_contact": _per(self.cpu, rows),
            "postgresql_cpu_ms_per_contact": _per(self.postgres, rows),
            "peak_memory_mb": None if self.peak is None else round(self.peak / 2**20, 1),
            "calls": calls,
            "spent_usd": self.summary["spent_usd"],
            "unknown_calls": self.summary["unknown_calls"],
            "lookups": self.summary["lookups"],
            "found": self.summary["found"],
        }


def _per(seconds: float | None, rows: int) -> float | None:
    return None if seconds is None else round(1000 * seconds / rows, 2)


class Bench:
    """A fresh data folder with its PostgreSQL, and the program run in it."""

    def __init__(self, folder: Path, server: EmbeddedServer, contacts: int) -> None:
        self.folder, self.server, self.contacts = folder, server, contacts
        self.home = folder / "home"
        self.file = folder / "contacts.csv"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        self._environment["HEADWATER_HOME"] = str(self.home)

    def make_file(self) -> None:
        rows = ("--rows", str(self.contacts), "--seed", "1", "-o", str(self.file))
        subprocess.run([*_program("headwater_sandbox.main"), "sample", *rows], check=True, stdout=subprocess.DEVNULL)

    def run(self) -> Run:
        """Run the job, watching it from outside."""
        command = [
            *_program("headwater.cli.main"), "enrich", str(self.file), "-o", str(self.folder / "enriched.csv"),
            "--want", "email,title", "--sandbox", "--sandbox-option=--fault=none", "--json",
        ]  # fmt: skip
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
            before, began = self._postgres_cpu(), time.monotonic()
            process = subprocess.Popen(command, env=self._environment, cwd=self.folder, stdout=said, stderr=errors)
            try:
                cpu, peak, waiting = self._watch(process.pid)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
            wall, after = time.monotonic() - began, self._postgres_cpu()
            if process.returncode:
                sys.exit(f"The run ended with {process.returncode}: {_text(errors)[-2000:]}")
            postgres = None if before is None or after is None else after - before
            return Run(json.loads(_text(said)), wall, cpu, peak, postgres, waiting)

    def _watch(self, pid: int) -> tuple[float | None, int | None, dict[str, list[tuple[float, float]]]]:
        waiting: dict[str, list[tuple[float, float]]] = defaultdict(list)
        peak: int | None = None
        last, since = 0.0, set[str]()
        with psycopg.connect(self.server.conninfo(), autocommit=True) as database:
            while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                peak = _peak(pid) or peak
                if time.time() - last >= _ASK:
                    now = time.time()
                    ready = {str(name) for (name,) in database.execute(_WAITING)}
                    for lane in ready & since:
                        waiting[lane].append((last, now))
                    last, since = now, ready
                time.sleep(_LOOK)
        return _cpu(pid), peak, dict(waiting)  # ended, not yet collected: its clock can still be read

    def _postgres_cpu(self) -> float | None:
        status = self.server.status()
        with suppress(OSError):
            uid = status.data_dir.stat().st_uid
            found = [
                _cpu(each.pid, children=each.pid == status.pid) or 0.0 for each in processes_in(status.data_dir, uid)
            ]
            return sum(found) if found else None
        return None

    def requests(self) -> list[dict[str, Any]]:
        store = Store(self.home / "sandbox")
        try:
            return meter.requests(store, limit=10_000_000)
        finally:
            store.close()


def _program(module: str) -> list[str]:
    return [sys.executable, "-c", f"from {module} import main; main()"]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _cpu(pid: int, *, children: bool = False) -> float | None:
    """Seconds of user and system time, with those of ended children if asked; None where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return sum(map(int, fields[11 : 15 if children else 13])) / _TICK


def _peak(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


# what the sandbox saw ---------------------------------------------------------------------------------


def lanes_of(run: Run, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per family of limits: what was asked while items waited, against what was allowed."""
    return [_used(family, run, requests) for family in FAMILIES]


def _used(family: Family, run: Run, requests: Iterable[dict[str, Any]]) -> dict[str, Any]:
    mine = [each for each in requests if each["vendor"] == family.vendor and each["endpoint"] in family.endpoints]
    spans = _merged(span for lane in family.lanes for span in run.waiting.get(f"sandbox:{family.vendor}:{lane}", ()))
    waited = sum(end - start for start, end in spans)
    inside = sum(any(start < each["at"] <= end for start, end in spans) for each in mine)
    rate = 60 * inside / waited if waited >= _LEAST_WAITING else None
    allowed = _allowed(family)
    return {
        "family": f"{family.vendor} {family.name}",
        "queue": bool(family.lanes),
        "calls": len(mine),
        "records": sum(each["records"] for each in mine),
        "waited_seconds": round(waited),
        "calls_per_minute_while_waiting": None if rate is None else round(rate, 1),
        "allowed_per_minute": round(allowed, 1),
        "share": None if rate is None else round(rate / allowed, 3),
        "throttled": sum(each["outcome"] == "throttled" for each in mine),
    }


def _merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(set(spans)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _allowed(family: Family) -> float:
    vendor = account(ADAPTERS[family.vendor], VendorSettings(limits="published"), shared=False)
    return min(60 / gcra(limit)["gap"] for limit in vendor.limits[family.name])


# putting it together ------------------------------------------------------------------------------------


@contextmanager
def opened(contacts: int) -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    folder.chmod(0o755)  # started by root, PostgreSQL runs as a user of its own, who must be able to enter
    try:
        with EmbeddedServer(folder / "home") as server:
            upgrade(server.conninfo())
            yield Bench(folder, server, contacts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(contacts: int) -> dict[str, Any]:
    with opened(contacts) as bench:
        bench.make_file()
        first = bench.run()
        asked = bench.requests()
        second = bench.run()
        again = len(bench.requests()) - len(asked)
        return {
            "headwater": __version__,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
            "load_average": [round(each, 2) for each in os.getloadavg()],
            "sandbox": "seed 1, published limits, latency 1.0, no faults",
            "first_run": first.figures(),
            "limits": lanes_of(first, asked),
            "outcomes": dict(Counter(each["outcome"] for each in asked)),
            "second_run": second.figures() | {"requests_to_vendors": again},
            "method": METHOD,
        }


def show(result: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    runs = Table("figure", "first run", "second run", title="Sandbox run", title_justify="left")
    for name, value in result["first_run"].items():
        runs.add_row(name.replace("_", " "), str(value), str(result["second_run"][name]))
    runs.add_row("requests to vendors", str(sum(result["outcomes"].values())),
                 str(result["second_run"]["requests_to_vendors"]))  # fmt: skip
    console.print(runs)
    names = [name for name in result["limits"][0] if name != "queue"]
    limits = Table(*(name.replace("_", " ") for name in names), title="Limits", title_justify="left")
    for row in result["limits"]:
        limits.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    console.print(limits)
    for name, text in result["method"].items():
        console.print(f"{name.replace('_', ' ')}: {text}.", style="dim")


def main() -> None:
    parser = argparse.ArgumentParser(description="A whole run against the vendor sandbox, measured.")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="where the figures go; else under benchmarks/results")
    given = parser.parse_args()
    result = measure(given.contacts)
    target = given.json or Path(__file__).parent / "results" / f"sandbox_run_{given.contacts}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    show(result)


if __name__ == "__main__":
    main()
