"""Making a new data folder, whole or not at all."""

import os
import shutil
import subprocess
from pathlib import Path

from headwater.db.embedded.binaries import Binaries
from headwater.db.embedded.errors import FixFolder, FreeDiskSpace, ReadServerLog
from headwater.db.embedded.places import Places

SUPERUSER = "postgres"

# Written into the new postgresql.conf, where the operator may change them.
SETTINGS = {
    "max_connections": "100",
    "max_wal_size": "1GB",  # bounds what a crash leaves to replay to seconds
    "fsync": "on",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "60s",
    "log_timezone": "UTC",
    "timezone": "UTC",
}

# Nothing of the caller's environment (PGDATA, PGPORT, LC_ALL …) may steer the server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def initialise(places: Places, binaries: Binaries, decision: int) -> None:
    """Run initdb beside the final name and rename: a folder called `data` is always complete.

    initdb and its children inherit the `decision` lock. If we are killed here, the next start waits until they
    have ended, and only then clears what they left."""
    for leftover in places.version.glob("data.new*"):
        shutil.rmtree(leftover)
    draft = places.version / "data.new"
    account = places.account
    answer = subprocess.run(
        _command(binaries, draft), user=account.user, group=account.group, extra_groups=account.groups,
        umask=0o077, env=ENVIRONMENT, cwd="/", pass_fds=(decision,),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if answer.returncode != 0:
        raise _explained(answer.stderr, places)
    draft.rename(places.data)
    _make_durable(places.version)


def _command(binaries: Binaries, draft: Path) -> list[str | Path]:
    settings = {**SETTINGS, "shared_buffers": _shared_buffers()}
    # The builtin provider sorts and folds case alike on every platform, whatever locales are installed.
    return [
        binaries.initdb, "-D", draft, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        *(word for name, value in settings.items() for word in ("--set", f"{name}={value}")),
    ]  # fmt: skip


def _shared_buffers() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return "256MB" if memory >= 4 * 1024**3 else "128MB"


def _explained(stderr: str, places: Places) -> Exception:
    lines = tuple(line.strip() for line in stderr.splitlines() if line.strip())
    said = next((line for line in lines if "error" in line.lower() or "fatal" in line.lower()), "no reason given")
    if "No space left on device" in stderr:
        return FreeDiskSpace(f"The disk is full: free some space under {places.room} and start again.", lines)
    if "could not look up effective user ID" in stderr:
        return FixFolder(
            f"User {os.geteuid()} has no name on this machine and initdb insists on one: add it to /etc/passwd."
        )
    return ReadServerLog(f"The database could not be created under {places.room}: {said}.", lines)


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
