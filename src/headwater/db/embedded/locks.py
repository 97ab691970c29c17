"""The locks that decide who starts, who uses and who stops the server.

All are `flock`s: the kernel drops them when their holder ends, however it ends, so nothing goes stale. A pid
written to a file would. In the room of the database:

- `start.lock`   held for a decision: launching, or giving up our use. Serialises everybody but the keeper.
- `users.lock`   shared by each process that uses the server; the keeper waits to have it alone, and then stops.
- `keeper.lock`  held by the keeper process for as long as it lives.
- `users/<pid>-…` one per use, only so that `headwater doctor` can name the users.
"""

import fcntl
import math
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from headwater.db.embedded.places import Places

PAUSE = 0.02  # seconds between two tries


def open_lock(path: Path) -> int:
    """Open a lock file, made if missing with the owner of its folder so that the same user can lock it later."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle


def try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether somebody holds this lock exclusively. A shared probe, so that two probes do not see each other."""
    if not path.exists():
        return False
    handle = open_lock(path)
    try:
        return not try_lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


class Busy(Exception):
    """Somebody else has been deciding for longer than the caller may wait."""


@contextmanager
def deciding(places: Places, deadline: float = math.inf) -> Iterator[int]:
    """Hold `start.lock`; yields its handle, which a child may inherit so that the lock lasts as long as the child.

    Raises Busy when it can not be had before the deadline, a moment of `time.monotonic`."""
    handle = open_lock(places.room / "start.lock")
    try:
        while not try_lock(handle, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise Busy
            time.sleep(PAUSE)
        yield handle
    finally:
        os.close(handle)


class Use:
    """Our use of the server. Taken and given up only while `deciding`."""

    def __init__(self, places: Places) -> None:
        self._pid = os.getpid()
        self._handle = open_lock(places.room / "users.lock")
        # Waits while a keeper holds it alone, that is until the server it is stopping has ended.
        fcntl.flock(self._handle, fcntl.LOCK_SH)
        self._name = places.users / f"{self._pid}-{secrets.token_hex(4)}"
        self._name_handle = open_lock(self._name)
        fcntl.flock(self._name_handle, fcntl.LOCK_EX)

    def give_up(self) -> None:
        os.close(self._handle)
        os.close(self._name_handle)
        if self._pid == os.getpid():  # a forked child only closes its copies
            self._name.unlink(missing_ok=True)


def unused(places: Places) -> bool | None:
    """True: nobody uses the server. False: others do. None: the keeper is stopping it."""
    handle = open_lock(places.room / "users.lock")
    try:
        if try_lock(handle, fcntl.LOCK_EX):
            return True
        return False if try_lock(handle, fcntl.LOCK_SH) else None
    finally:
        os.close(handle)


def users(places: Places) -> list[int]:
    """The pids of the processes that use the server now."""
    return sorted(int(path.name.split("-")[0]) for path in places.users.glob("*-*") if is_held(path))


def forget_dead_users(places: Places) -> None:
    """Clear the name files of killed users. While `deciding`, when nobody is between making and locking one."""
    for path in places.users.glob("*-*"):
        if not is_held(path):
            with suppress(FileNotFoundError):  # its user is just leaving
                path.unlink()
