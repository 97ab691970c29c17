"""Reading PostgreSQL's log: how far a recovery is, and why a server ended."""

import re
from pathlib import Path

from headwater.db.embedded.errors import EmbeddedError, FreeDiskSpace, ReadServerLog, RestoreBackup
from headwater.db.embedded.places import Places

TAIL = 64 * 1024
LINES_SHOWN = 5

_REDO = re.compile(r"redo in progress, elapsed time: ([\d.]+) s, current LSN: (\S+)")
_FILES = re.compile(r"(?:syncing data directory|resetting unlogged).*elapsed time: ([\d.]+) s")
_SAID = re.compile(r"(?:FATAL|PANIC|ERROR): +(.*)")
_NOTED = re.compile(r"LOG: +((?:invalid|unrecognized|syntax error|parameter|[\d.]+ \w+ is outside).*)")
_TO_VISITORS = "the database system is "  # starting up, shutting down: told to who connects meanwhile, no reason to end
_DAMAGE = (
    "incorrect checksum in control file",
    "could not locate a valid checkpoint record",
    "invalid checkpoint",
    "invalid primary checkpoint record",
    "invalid data in file",
    "invalid page in block",
    "is not a valid data directory",
    "database files are incompatible with server",
    "could not open file \"global/pg_control\"",
    "could not open file \"pg_wal",
    "could not open directory \"pg_",
    "could not open file \"base/",
    "could not access status of transaction",
    "could not read file \"global/pg_control\"",
    "could not find the database system",
)  # fmt: skip


def lines_of_this_launch(places: Places) -> list[str]:
    """What the server has said since it was launched, before and after its own log was open."""
    early = _tail(places.launch_log)
    log = _newest(places.log)
    if log is None or not any("redirecting log output" in line for line in early):
        return early
    lines = _tail(log)
    begins = [number for number, line in enumerate(lines) if "starting PostgreSQL" in line]
    return [line for line in early if "log output" not in line] + lines[begins[-1] if begins else 0 :]


def recovery_progress(places: Places) -> str | None:
    """One sentence on how far the recovery is; None when none is going on."""
    for line in reversed(lines_of_this_launch(places)):
        if "ready to accept connections" in line:
            return None
        if found := _REDO.search(line):
            return f"PostgreSQL is replaying its log: {float(found[1]):.0f} s, at {found[2]}"
        if found := _FILES.search(line):
            return f"PostgreSQL is checking its files: {float(found[1]):.0f} s"
        if "end-of-recovery" in line:
            return "PostgreSQL has replayed its log and is writing the result to disk"
        if "redo starts at" in line:
            return f"PostgreSQL is replaying its log: 0 s, at {line.rpartition(' ')[2]}"
    return None


def explain_end(places: Places) -> EmbeddedError:
    """The error for a server that ended although it was wanted."""
    everything = lines_of_this_launch(places)
    text, lines = "\n".join(everything), tuple(everything[-LINES_SHOWN:])
    reason = _reason(everything)
    if "No space left on device" in text:
        return FreeDiskSpace(f"The disk is full: free some space under {places.room} and start again.", lines)
    if any(mark in text for mark in _DAMAGE):
        return RestoreBackup(f"The database files in {places.data} are damaged ({reason}): restore a backup.", lines)
    return ReadServerLog(f"PostgreSQL ended while starting: {reason} (log in {places.log}).", lines)


def _reason(lines: list[str]) -> str:
    """The last complaint; one that only says that there are errors is replaced by the first of them."""
    said = [found[1] for line in lines if (found := _SAID.search(line)) and not found[1].startswith(_TO_VISITORS)]
    if said and said[-1].endswith("contains errors"):
        return next((found[1] for line in lines if (found := _NOTED.search(line))), said[-1])
    return said[-1] if said else lines[-1] if lines else "it left no message"


def _newest(folder: Path) -> Path | None:
    return max(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, default=None)


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - TAIL))
            return log.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
