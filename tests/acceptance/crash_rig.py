"""A real Headwater to be killed: application, worker, sandbox and embedded PostgreSQL in a home of their own.

The application is the command a user types; whenever it ends before its job is done, the same command is typed again.
"""

import csv
import json
import math
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.acceptance.names import VERIFIERS

from headwater.db.embedded import identity, places, processes

BIN = Path(sys.executable).parent
MARK = "My Reference"  # a column of our own, so that every line of a source can be told apart
_WORLD = 3000  # rows of the sample that all sources are cut from
_TICK = 0.05


@dataclass(frozen=True)
class Setup:
    """What is run: whom to leave out, how many rows a job has, how the sandbox behaves, who else works."""

    exclude: str
    rows: int = 60
    sandbox: tuple[str, ...] = ()
    worker: bool = False
    want: str = "email,title"


@dataclass
class Job:
    """One command: its source, what it wrote and said."""

    number: int
    source: Path
    output: Path
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kill:
    """When somebody was killed."""

    at: float
    victim: str


class Rig:
    """Starts, kills, restarts; a context manager that leaves nothing running and nothing on disk."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.folder = Path(tempfile.mkdtemp(prefix="hw-crash-"))
        self.folder.chmod(0o755)  # started by root, PostgreSQL runs as a user of its own, who must be able to enter
        self.home = self.folder / "home"
        self.kills: list[Kill] = []
        self.exits: list[int] = []  # how the application ended when nobody had killed it
        self.done: list[Job] = []
        self.application: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self._killed: set[int] = set()
        self.job = self._next_job()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self.application, self.worker):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self._await(lambda: not self.sandboxes() and not self._postmaster_is_ours(), 30, "everything to end")
        shutil.rmtree(self.folder)

    # commands -------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's own settings: the database is the embedded one, for it is to be killed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        return kept | {"HEADWATER_HOME": str(self.home)}

    def command(self) -> list[str]:
        options = [f"--sandbox-option={word}" for word in self.setup.sandbox]
        return [
            str(BIN / "headwater"), "enrich", str(self.job.source), "-o", str(self.job.output),
            "--want", self.setup.want, "--exclude", f"{self.setup.exclude},{VERIFIERS}", "--sandbox", "--json",
            *options,
        ]  # fmt: skip

    def start(self) -> None:
        """Type the command (again), and the worker's."""
        if self.application is None or self.application.poll() is not None:
            with self._log("application.json", "wb") as out, self._log("application.log") as errors:
                self.application = self._popen(self.command(), out, errors)
        if self.setup.worker and (self.worker is None or self.worker.poll() is not None):
            options = [f"--sandbox-option={word}" for word in self.setup.sandbox]
            with self._log("worker.log") as errors:
                self.worker = self._popen([str(BIN / "headwater"), "worker", "--sandbox", *options], errors, errors)

    def tool(self, name: str, *words: str) -> Any:
        """What one of our other commands says, as JSON."""
        command = [str(BIN / name), *words]
        answer = subprocess.run(
            command, env=self.environment(), cwd=self.folder, capture_output=True, text=True, check=False, timeout=120
        )
        assert answer.returncode == 0, f"{command} left with {answer.returncode}: {answer.stderr}"
        return json.loads(answer.stdout)

    def charges(self) -> list[dict[str, Any]]:
        """Every charge and refund on the sandbox's meter."""
        command = [str(BIN / "headwater-sandbox"), "meter", "--home", str(self.home / "sandbox"), "--calls", "--json"]
        text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        return [json.loads(line) for line in text.splitlines()]

    def meter(self) -> dict[str, dict[str, Any]]:
        meter: dict[str, dict[str, Any]] = self.tool(
            "headwater-sandbox", "meter", "--home", str(self.home / "sandbox"), "--json"
        )
        return meter

    def said(self) -> str:
        """The end of the logs, to be read when a test fails."""
        texts = []
        for name in ("application.log", "worker.log", "home/sandbox/sandbox.log", "home/postgres/launch.log"):
            path = self.folder / name
            if path.exists():
                texts.append(f"--- {name}\n" + path.read_text(errors="replace")[-6000:])
        return "\n".join(texts)

    # living and dying -----------------------------------------------------------------------------

    def live(self, seconds: float) -> None:
        """Let everything run; what ended meanwhile is started again, and a finished job is followed by the next."""
        end = time.monotonic() + seconds
        while True:
            self.tend()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_TICK, left))

    def live_until_asked(self, seconds: float) -> None:
        """Let everything run until a vendor is asked something."""
        asked, end = len(self.asked_at()), time.monotonic() + seconds
        while time.monotonic() < end and len(self.asked_at()) == asked:
            self.live(0.1)

    def asked_at(self) -> list[float]:
        """When the vendors were asked something, as the sandbox remembers it."""
        path = self.home / "sandbox" / "sandbox.sqlite3"
        if not path.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as memory:
                return [row[0] for row in memory.execute("select at from requests order by at")]
        except sqlite3.OperationalError:  # a sandbox that was killed before its tables were made
            return []

    def tend(self) -> None:
        """Notice who ended, and start them again."""
        code = None if self.application is None else self.application.poll()
        if self.application is not None and code is not None and self.application.pid not in self._killed:
            self._ended(code)
        self.start()

    def kill(self, victim: str) -> None:
        """SIGKILL. Nobody is signalled who is not proven ours."""
        self.kills.append(Kill(time.time(), victim))
        if victim in ("application", "everything"):
            self._kill_own(self.application)
        if victim in ("worker", "everything"):
            self._kill_own(self.worker)
        if victim in ("sandbox", "everything"):
            for pid in self.sandboxes():
                self._kill_sandbox(pid)
        if victim in ("postgres", "everything"):
            self._kill_postgres()

    def finish(self, patience: float = 240) -> None:
        """The same command until it leaves with 0; then the worker is asked to leave."""
        number = self.job.number
        end = time.monotonic() + patience
        while self.job.number == number:
            assert time.monotonic() < end, f"job {number} did not finish in {patience:g} s\n{self.said()}"
            self._await_end(end)
            self.tend_last()
        if self.worker is not None and self.worker.poll() is None:
            self.worker.terminate()
            self.worker.wait(20)
        self._await(lambda: not self.sandboxes(), 20, "the sandboxes to end")

    def tend_last(self) -> None:
        """As `tend`, but nothing new is begun once the job is done."""
        assert self.application is not None
        code = self.application.poll()
        if code is None:
            return
        if self.application.pid not in self._killed:
            self._ended(code)
        if code != 0:
            self.start()

    def sandboxes(self) -> list[int]:
        """The sandboxes that serve this home."""
        return [pid for pid, command in _processes() if self._is_sandbox(command)]

    def stop(self, process: subprocess.Popen[bytes] | None) -> None:
        """SIGSTOP: the process stands still and nobody is told."""
        assert process is not None
        process.send_signal(signal.SIGSTOP)

    def resume(self, process: subprocess.Popen[bytes] | None) -> None:
        assert process is not None
        process.send_signal(signal.SIGCONT)

    # within ---------------------------------------------------------------------------------------

    def _await_end(self, end: float) -> None:
        assert self.application is not None
        while self.application.poll() is None and time.monotonic() < end:
            time.sleep(_TICK)
            if self.setup.worker and self.worker is not None and self.worker.poll() is not None:
                self.start()

    def _ended(self, code: int) -> None:
        """The application ended by itself: its job is done, or (a database gone too long, say) it gave up."""
        self.exits.append(code)
        assert self.application is not None
        self._killed.add(self.application.pid)
        if code == 0:
            self.job.summary = json.loads((self.folder / "application.json").read_text())
            self.done.append(self.job)
            self.job = self._next_job()
        else:
            assert "Traceback" not in self.said(), f"the application left with a trace\n{self.said()}"

    def _next_job(self) -> Job:
        number = len(self.done)
        source = self.folder / f"leads{number}.csv"
        world = _world()
        header, rows = world[0], world[1:]
        first = number * self.setup.rows % (len(rows) - self.setup.rows)
        with source.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow([*header, MARK])
            for place, row in enumerate(rows[first : first + self.setup.rows]):
                writer.writerow([*row, f"ref-{number}-{place}"])
        return Job(number, source, self.folder / f"out{number}.csv")

    def _popen(self, command: Sequence[str], out: IO[bytes], errors: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=errors
        )

    def _log(self, name: str, mode: str = "ab") -> Any:
        return (self.folder / name).open(mode)

    def _kill_own(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is not None and process.poll() is None:  # our child, not collected yet: the number is its own
            self._killed.add(process.pid)
            process.kill()
            process.wait()

    def _kill_sandbox(self, pid: int) -> None:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if self._is_sandbox(dict(_processes()).get(pid, "")):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            os.close(handle)

    def _is_sandbox(self, command: str) -> bool:
        return "headwater_sandbox serve" in command and f"--home {self.home / 'sandbox'} " in command

    def _kill_postgres(self) -> None:
        """The postmaster, then every process of its own that outlived it; each proven at the moment it is signalled."""
        found = places.find(self.home)
        if found is not None:
            identity.signal_if_ours(found.data, found.account.uid, signal.SIGKILL)
            identity.end_remains(found.data, found.account.uid, signal.SIGKILL)

    def _postmaster_is_ours(self) -> bool:
        found = places.find(self.home)
        return found is not None and bool(processes.processes_in(found.data, found.account.uid))

    def _await(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds:g} s for {what}\n{self.said()}"
            time.sleep(_TICK)


def torment(rig: Rig, dice: random.Random, kills: int, victims: Sequence[str]) -> None:
    """Run jobs and kill at random moments, then let them finish.

    A third of the moments fall anywhere, starting up included; the others a little after work went on, for that is
    when requests are out. Sometimes the next kill comes before anybody has recovered.
    """
    rig.start()
    left = kills
    while left:
        if dice.random() > 1 / 3:
            rig.live_until_asked(8.0)
        rig.live(dice.uniform(0.05, 3.0))
        for _ in range(min(left, dice.choice((1, 1, 1, 2, 3)))):
            rig.kill(dice.choice(victims))
            left -= 1
            rig.live(dice.uniform(0.0, 0.6))
    rig.finish()


def recoveries(rig: Rig) -> list[float]:
    """Seconds from each kill to the next request that a vendor saw, unless somebody else was killed before that."""
    asked = rig.asked_at()
    found = []
    for kill, following in zip(rig.kills, [*rig.kills[1:], Kill(math.inf, "")], strict=True):
        after = next((at for at in asked if kill.at < at < following.at), None)
        if after is not None:
            found.append(after - kill.at)
    return sorted(found)


def _processes() -> list[tuple[int, str]]:
    listed = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
    parts = [line.split(None, 1) for line in listed.splitlines()]
    return [(int(part[0]), part[1]) for part in parts if len(part) == 2]


_rows: list[list[str]] = []


def _world() -> list[list[str]]:
    """One large sample, made once, that all sources are cut from: the vendors know its people."""
    if not _rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "world.csv"
            command = [str(BIN / "headwater-sandbox"), "sample", "--rows", str(_WORLD), "--seed", "1", "-o", str(path)]
            subprocess.run(command, check=True, capture_output=True)
            with path.open(newline="", encoding="utf-8") as handle:
                _rows.extend(csv.reader(handle))
    return _rows
