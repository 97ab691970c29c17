"""The life of the embedded PostgreSQL: launch or attach, wait until it answers, leave, and stop it as the last.

Who is there is known from locks the kernel drops with their holder (`locks.py`), and the server is the child of
a small keeper process (`keeper.py`) that stops it when no user is left. So a killed application, a SIGTERM
without a handler and a lost terminal all end like a clean exit: with a cleanly stopped server, within a moment.
Should the keeper itself be killed, the server goes on; the next process to leave as the last one stops it,
after proving that it is ours (`identity.py`)."""

import atexit
import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from headwater.db.embedded import identity, locks, serverlog
from headwater.db.embedded.binaries import MAJOR, Binaries, find_binaries, runnable_by
from headwater.db.embedded.errors import EmbeddedError, FixFolder, FreeDiskSpace, ReadServerLog, StopOtherServer
from headwater.db.embedded.identity import Standing
from headwater.db.embedded.initialise import ENVIRONMENT, SUPERUSER, initialise
from headwater.db.embedded.places import PORT, ROOT_STORE, SOCKET_NAME, Places, find, settle
from headwater.db.embedded.processes import processes_in
from headwater.db.embedded.readiness import refusal
from headwater.db.embedded.status import ServerStatus

DATABASE = "headwater"
PROGRESS_EVERY = 1.0  # seconds between reports that say nothing new
REMAINS_PATIENCE = 2.0  # seconds for back-ends of a dead server to end by themselves, and after each signal


class EmbeddedServer:
    """One process's use of the PostgreSQL that belongs to `home`. Also a context manager."""

    def __init__(self, home: Path, *, progress: Callable[[str], None] | None = None) -> None:
        self._home = home.expanduser().resolve()
        self._progress = progress or (lambda text: None)
        self._places: Places | None = None
        self._use: locks.Use | None = None
        self._deciding = False
        self._left = False
        self._owner = os.getpid()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> str:
        """Launch the server, or attach to it, and return its address when it answers. May be called again."""
        self._left = False
        with _plain_errors(self._home), ExitStack() as undo:
            undo.callback(self._give_up)
            self._places = places = settle(self._home)
            if not places.room.is_relative_to(self._home):
                self._progress(f"The database is kept in {places.room}: its user may not enter {self._home}")
            while True:
                launched = self._launch_or_attach(places)
                answers = self._wait_until_it_answers(places)
                if self._left:  # from another thread: nobody waits for us any more
                    raise EmbeddedError(f"The database of {self._home} was left while it was starting.")
                if answers:
                    break
                if launched:
                    raise serverlog.explain_end(places)
            undo.pop_all()
        atexit.register(self.stop)
        return self.conninfo()

    def conninfo(self, database: str = DATABASE) -> str:
        """The address for libpq; the superuser comes in without a password because the socket folder is private."""
        folder = self._places.socket_folder() if self._places else None
        if folder is None:
            raise FixFolder(
                f"The embedded database of {self._home} has no socket folder: it was not started, or the folder was "
                "removed under the running server, which then needs every Headwater process stopped and started again."
            )
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(folder), safe='')}&port={PORT}"

    def stop(self, patience: float = math.inf) -> None:
        """Give up our use; whoever is last sees the server stop. Returns when that is done. Safe to repeat.

        After `patience` seconds it returns all the same: the keeper, or the signal that was sent, does the rest.
        Called from a signal handler in the middle of our own start or stop it only gives up our use, too. A start
        that waits in another thread is given up."""
        deadline = time.monotonic() + patience
        self._left = True
        atexit.unregister(self.stop)
        if self._use is None or self._places is None:
            return
        # A home removed meanwhile has no locks to decide with; the keeper still sees us leave.
        if self._deciding or self._owner != os.getpid() or not self._places.room.exists():
            self._give_up()
            return
        try:
            with self._decision(self._places, deadline):
                self._give_up()
                self._see_the_server_off(self._places, deadline)
        except locks.Busy:  # somebody else has been deciding all the while, and sees us leave
            self._give_up()

    def status(self) -> ServerStatus:
        """For `headwater doctor`; works with the server running, stopped or never made."""
        with _plain_errors(self._home):
            return self._status()

    def _status(self) -> ServerStatus:
        version = find_binaries().version()
        places = find(self._home)
        if places is None:
            folder = self._home / "postgres" / str(MAJOR)
            return ServerStatus(False, None, version, folder / "data", None, folder / "log", ())
        standing, pid = identity.judge(places.data, places.account.uid)
        # A keeper in another container is proof too, though we cannot see its server's process.
        kept = locks.is_held(places.room / "keeper.lock") and pid > 0
        running = standing is Standing.OURS or kept
        remark = None if running or standing is Standing.GONE else f"process {pid} is {standing.value}"
        return ServerStatus(
            running, pid if running else None, version, places.data, places.socket_folder(), places.log,
            tuple(locks.users(places)), remark,
        )  # fmt: skip

    def _give_up(self) -> None:
        use, self._use = self._use, None
        if use is not None:
            use.give_up()

    @contextmanager
    def _decision(self, places: Places, deadline: float = math.inf) -> Iterator[int]:
        self._deciding = True
        try:
            with locks.deciding(places, deadline) as handle:
                yield handle
        finally:
            self._deciding = False

    def _launch_or_attach(self, places: Places) -> bool:
        """True when we launched the server."""
        with self._decision(places) as decision:
            if self._use is None:
                self._use = locks.Use(places)
                self._owner = os.getpid()
            locks.forget_dead_users(places)
            if _is_served(places):
                return False
            _clear_the_ground(places)
            binaries = runnable_by(places.account, find_binaries(), ROOT_STORE)
            if not places.data.exists():
                self._progress(f"Creating the database in {places.data}")
                initialise(places, binaries, decision)
            _launch(places, binaries, places.settle_socket_folder())
            return True

    def _wait_until_it_answers(self, places: Places) -> bool:
        """Without a limit while the server lives: a recovery takes as long as it takes. False when it has ended,
        or when we were told to leave."""
        began, reported, said = time.monotonic(), time.monotonic(), ""
        pause = locks.PAUSE
        while why := refusal(self.conninfo("postgres"), DATABASE, places):
            if self._left or not _is_served(places):
                return False
            text = serverlog.recovery_progress(places) or why
            now = time.monotonic()
            if now - reported > PROGRESS_EVERY or (text != said and now - began > PROGRESS_EVERY / 4):
                self._progress(text)
                reported, said = now, text
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        return True

    def _see_the_server_off(self, places: Places, deadline: float) -> None:
        """Return at once when others use the server, else when it has stopped. While deciding: nobody can come."""
        while (unused := locks.unused(places)) is not False:
            if unused and not locks.is_held(places.room / "keeper.lock"):
                break
            if time.monotonic() > deadline:
                return
            time.sleep(locks.PAUSE)
        else:
            return
        # The keeper has done its work, or was killed earlier and left the server to us.
        identity.signal_if_ours(places.data, places.account.uid, signal.SIGINT)
        while identity.judge(places.data, places.account.uid)[0] is Standing.OURS and time.monotonic() < deadline:
            time.sleep(locks.PAUSE)


def _is_served(places: Places) -> bool:
    """Whether a server of ours lives, or a keeper that is about to have one. The keeper's lock counts first: its
    server may be in another container, where we cannot see processes."""
    if locks.is_held(places.room / "keeper.lock"):
        return True
    standing, pid = identity.judge(places.data, places.account.uid)
    if standing is Standing.UNPROVEN:
        raise StopOtherServer(
            f"A PostgreSQL that Headwater did not start (process {pid}) works on {places.data}: stop it and try again."
        )
    return standing is Standing.OURS


def _clear_the_ground(places: Places) -> None:
    """Remove what a dead server left and would keep PostgreSQL from starting. Nothing of ours runs: just proven."""
    standing, pid = identity.judge(places.data, places.account.uid)
    if standing is Standing.ZOMBIE:
        identity.collect_zombie(pid)
    _see_remains_off(places)
    if standing is not Standing.GONE or pid == 0:
        # PostgreSQL would take the zombie, or the foreign process, for a living server, and cannot read a cut file.
        (places.data / "postmaster.pid").unlink(missing_ok=True)
    if (folder := places.socket_folder()) is not None:
        for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
            (folder / name).unlink(missing_ok=True)


def _see_remains_off(places: Places) -> None:
    """Back-ends notice the death of their postmaster, but a busy or stopped one may take long to."""
    data, uid = places.data, places.account.uid
    if _gone_in_time(data, uid):
        return
    if postmasters := [facts.pid for facts in processes_in(data, uid) if facts.serves(data)]:
        raise StopOtherServer(f"A PostgreSQL without its pid file (process {postmasters[0]}) works on {data}: stop it.")
    for number in (signal.SIGQUIT, signal.SIGKILL):
        identity.end_remains(data, uid, number)
        if _gone_in_time(data, uid):
            return
    raise StopOtherServer(f"Processes of a dead server still hold {data} and do not end: restart the machine.")


def _gone_in_time(data: Path, uid: int) -> bool:
    patience = time.monotonic() + REMAINS_PATIENCE
    while processes_in(data, uid):
        if time.monotonic() > patience:
            return False
        time.sleep(locks.PAUSE)
    return True


def _launch(places: Places, binaries: Binaries, sockets: Path) -> None:
    account = places.account
    for name in ("keeper.lock", "users.lock", "launch.log"):
        os.close(locks.open_lock(places.room / name))
    order = {
        "command": _command(places, binaries, sockets),
        "environment": ENVIRONMENT,
        "user": account.user, "group": account.group, "groups": account.groups,
        "keeper_lock": str(places.room / "keeper.lock"),
        "users_lock": str(places.room / "users.lock"),
        "output": str(places.launch_log),
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")), str(places.room)],
        input=json.dumps(order), cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if answer.returncode != 0:
        lines = tuple(answer.stderr.splitlines())
        raise ReadServerLog(
            f"The keeper of the database did not start: {lines[-1] if lines else 'no reason given'}.", lines
        )


def _command(places: Places, binaries: Binaries, sockets: Path) -> list[str]:
    """What must hold whatever postgresql.conf says; the rest is in there (`initialise.SETTINGS`)."""
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(sockets).replace('"', '""') + '"',  # a list, hence the quotes
        "unix_socket_permissions": "0700",
        "cluster_name": identity.CLUSTER_NAME,
        "logging_collector": "on",
        "log_destination": "stderr",
        "log_directory": str(places.log),
        "log_filename": "postgresql-%a.log",  # seven files, each begun anew after a week
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_startup_progress_interval": "500ms",
        "log_checkpoints": "on",
        "lc_messages": "C",  # we read the log
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [str(binaries.postgres), "-D", str(places.data), *options]


@contextmanager
def _plain_errors(home: Path) -> Iterator[None]:
    """Say in one sentence what the operating system, or the started server, objects to."""
    try:
        yield
    except OSError as error:
        where = error.filename or home
        if error.errno == errno.ENOSPC:
            raise _disk_full(where) from error
        raise FixFolder(f"The embedded database cannot use {where}: {error.strerror or error}.") from error
    except psycopg.errors.DiskFull as error:
        raise _disk_full(home) from error
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ReadServerLog(f"The embedded database of {home} started and refuses to serve: {reason}.") from error


def _disk_full(where: Path | str) -> FreeDiskSpace:
    return FreeDiskSpace(f"The disk of {where} is full: free some space and start again.")
