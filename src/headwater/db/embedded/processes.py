"""What the operating system says about a process: from /proc on Linux, from `ps` and `lsof` elsewhere."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessFacts:
    """One look at one process."""

    pid: int
    uid: int
    started: float  # seconds since 1970
    command: tuple[str, ...]
    zombie: bool

    def serves(self, data: Path) -> bool:
        """A postmaster on this data folder, whoever started it."""
        program = Path(self.command[0]).name if self.command else ""
        return program == "postgres" and self._has("-D", str(data))

    def marked(self, cluster_name: str) -> bool:
        return self._has("-c", f"cluster_name={cluster_name}")

    def _has(self, option: str, value: str) -> bool:
        return (option, value) in zip(self.command, self.command[1:], strict=False)


def facts_of(pid: int) -> ProcessFacts | None:
    """None when there is no such process (or we may not see it)."""
    return _facts_from_proc(pid) if sys.platform == "linux" else _facts_from_ps(pid)


def processes_in(data: Path, uid: int) -> list[ProcessFacts]:
    """Living PostgreSQL processes of this user whose working folder is this data folder.

    Every PostgreSQL process works in its data folder, and only its owner (or root) can see that."""
    pids = _pids_from_proc(data) if sys.platform == "linux" else _pids_from_lsof(data, uid)
    found = [facts for pid in pids if (facts := facts_of(pid))]
    return [facts for facts in found if facts.uid == uid and not facts.zombie]


def _facts_from_proc(pid: int) -> ProcessFacts | None:
    folder = Path("/proc") / str(pid)
    try:
        fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        status = (folder / "status").read_text(errors="replace")
        command = (folder / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    uid = next(int(line.split()[2]) for line in status.splitlines() if line.startswith("Uid:"))
    started = _boot_time() + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    words = tuple(os.fsdecode(word) for word in command.split(b"\0")[:-1])
    return ProcessFacts(pid, uid, started, words, zombie=fields[0] in "ZX")


def _boot_time() -> float:
    with open("/proc/stat", encoding="ascii") as lines:
        return next(float(line.split()[1]) for line in lines if line.startswith("btime "))


def _pids_from_proc(data: Path) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _works_in(folder, data):
            yield int(folder.name)


def _works_in(folder: Path, data: Path) -> bool:
    try:
        return (folder / "comm").read_text(errors="replace").strip() == "postgres" and (
            os.readlink(folder / "cwd") == str(data)
        )
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False  # ended meanwhile, or another user's


def _facts_from_ps(pid: int) -> ProcessFacts | None:
    answer = subprocess.run(
        ["ps", "-ww", "-o", "uid=,state=,lstart=,command=", "-p", str(pid)],
        capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": os.defpath},
    )  # fmt: skip
    if answer.returncode != 0 or not answer.stdout.strip():
        return None
    uid, state, *rest = answer.stdout.split(None, 7)
    started = time.mktime(time.strptime(" ".join(rest[:5]), "%a %b %d %H:%M:%S %Y"))
    return ProcessFacts(pid, int(uid), started, _words(rest[5] if len(rest) > 5 else ""), state.startswith("Z"))


def _words(command: str) -> tuple[str, ...]:
    """`ps` shows one line: cut it at our options, so that a folder with blanks in its name stays whole."""
    words: list[str] = []
    for index, part in enumerate(command.strip().replace(" -c ", "\0-c\0").replace(" -D ", "\0-D\0").split("\0")):
        words.append(part.split(None, 1)[0] if index == 0 and part.startswith("postgres:") else part)
    return tuple(words)


def _pids_from_lsof(data: Path, uid: int) -> list[int]:
    answer = subprocess.run(
        ["lsof", "-a", "-u", str(uid), "-c", "postgres", "-d", "cwd", "-Fpn"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    pids, pid = [], 0
    for line in answer.stdout.splitlines():
        if line.startswith("p"):
            pid = int(line[1:])
        elif line == f"n{data}":
            pids.append(pid)
    return pids
