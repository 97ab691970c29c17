"""Proof of who a process is, before anything is believed about it or sent to it.

A pid alone proves nothing: after a reboot or a container restart the number in `postmaster.pid` is somebody
else's. Ours is a process whose pid, start time, owner and command line (program, data folder, our mark) all fit."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from headwater.db.embedded.processes import ProcessFacts, facts_of, processes_in

Proof = Callable[[], bool]

CLUSTER_NAME = "headwater"  # on the command line of every server we launch, and in its process titles
START_TOLERANCE = 3.0  # PostgreSQL notes whole seconds, a moment after the process began


class Standing(Enum):
    """What the process named in `postmaster.pid` is to us."""

    GONE = "gone"
    ZOMBIE = "dead, not yet collected by its parent"
    FOREIGN = "another program that now has the number"
    UNPROVEN = "a PostgreSQL on our data that we did not start"
    OURS = "ours"


@dataclass(frozen=True)
class PidFile:
    """The two lines of `postmaster.pid` that matter here."""

    pid: int
    started: float


def read_pid_file(data: Path) -> PidFile | None:
    """None when there is none, or when it was cut off while being written."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        return PidFile(abs(int(lines[0])), float(lines[2]))
    except (FileNotFoundError, IndexError, ValueError):
        return None


def judge(data: Path, uid: int) -> tuple[Standing, int]:
    """The standing of the server on this data folder, and its pid (0 when there is no usable pid file)."""
    noted = read_pid_file(data)
    if noted is None:
        return Standing.GONE, 0
    return _standing(facts_of(noted.pid), noted, data, uid), noted.pid


def _standing(facts: ProcessFacts | None, noted: PidFile, data: Path, uid: int) -> Standing:
    if facts is None:
        return Standing.GONE
    if facts.zombie:
        return Standing.ZOMBIE
    if not facts.serves(data):
        return Standing.FOREIGN
    same_start = abs(facts.started - noted.started) <= START_TOLERANCE
    return Standing.OURS if same_start and facts.uid == uid and facts.marked(CLUSTER_NAME) else Standing.UNPROVEN


def signal_if_ours(data: Path, uid: int, number: signal.Signals) -> bool:
    """Signal the postmaster of this data folder, only if the proof holds for the very process that receives it."""
    noted = read_pid_file(data)
    return noted is not None and _signal_proven(
        noted.pid, number, lambda: judge(data, uid) == (Standing.OURS, noted.pid)
    )


def end_remains(data: Path, uid: int, number: signal.Signals) -> None:
    """Signal what outlived a dead postmaster: PostgreSQL processes of our user working in our data folder.

    Each is proven again at the moment it is signalled."""
    for pid in _pids_in(data, uid):
        _signal_proven(pid, number, partial(_is_in, pid, data, uid))


def _pids_in(data: Path, uid: int) -> list[int]:
    return [facts.pid for facts in processes_in(data, uid)]


def _is_in(pid: int, data: Path, uid: int) -> bool:
    return pid in _pids_in(data, uid)


def _signal_proven(pid: int, number: signal.Signals, proven: Proof) -> bool:
    # A pidfd holds on to the process, not the number: proven after it is opened, it cannot hit a successor.
    if not hasattr(os, "pidfd_open"):
        if proven():
            os.kill(pid, number)
            return True
        return False
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not proven():
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def collect_zombie(pid: int) -> None:
    """Take a dead child's exit status if it is ours (we may be process 1 of a container); else leave it."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # somebody else's child: PostgreSQL is started beside the zombie
