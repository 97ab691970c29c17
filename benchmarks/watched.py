"""A program and its PostgreSQL as they are watched from outside, through /proc and one question a second."""

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from headwater.db.embedded import EmbeddedServer
from headwater.db.embedded.processes import processes_in

Span = tuple[float, float]

_LOOK, _ASK = 0.25, 1.0  # seconds between two looks at the process, and at the lanes
_TICK = os.sysconf("SC_CLK_TCK")
_WAITING = """
select l.name from headwater.lane l where exists (
    select 1 from headwater.item i where i.lane = l.name and i.state = 0 and i.next_at <= clock_timestamp())
"""


@dataclass(frozen=True)
class Watched:
    """What a command said, and what it took: seconds, bytes, and when items waited in which lane."""

    said: str
    wall: float
    cpu: float | None
    peak: int | None
    postgres: float | None
    waiting: Mapping[str, Sequence[Span]]


def watch(command: Sequence[str], environment: Mapping[str, str], folder: Path, server: EmbeddedServer) -> Watched:
    """Run a command to its end. Leaves with its own words when it fails."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        before, began = postgres_cpu(server), time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=said, stderr=errors)
        try:
            peak, waiting = _look(process.pid, server.conninfo())
            cpu = _cpu(process.pid)  # ended, not yet collected: its clock can still be read
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        wall, after = time.monotonic() - began, postgres_cpu(server)
        if process.returncode:
            sys.exit(f"{command[0]} ended with {process.returncode}: {_text(errors)[-2000:]}")
        postgres = None if before is None or after is None else after - before
        return Watched(_text(said), wall, cpu, peak, postgres, waiting)


def _look(pid: int, address: str) -> tuple[int | None, dict[str, list[Span]]]:
    """Look until the process has ended; it is left for its parent to collect."""
    waiting: dict[str, list[Span]] = defaultdict(list)
    peak: int | None = None
    last, since = 0.0, set[str]()
    with psycopg.connect(address, autocommit=True) as database:
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            peak = _peak(pid) or peak
            now = time.time()
            if now - last >= _ASK:
                ready = {str(name) for (name,) in database.execute(_WAITING)}
                for lane in ready & since:
                    waiting[lane].append((last, now))
                last, since = now, ready
            time.sleep(_LOOK)
    return peak, dict(waiting)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time, without overlaps."""
    found: list[Span] = []
    for start, end in sorted(set(spans)):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def postgres_cpu(server: EmbeddedServer) -> float | None:
    """Seconds that all processes of the embedded server have used so far, the ended ones too."""
    status = server.status()
    with suppress(OSError):
        alive = processes_in(status.data_dir, status.data_dir.stat().st_uid)
        found = [_cpu(each.pid, children=each.pid == status.pid) or 0.0 for each in alive]
        return sum(found) if found else None
    return None


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
    """The largest resident set so far, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
