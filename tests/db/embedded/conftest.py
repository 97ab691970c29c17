"""Real servers, real processes, real kills. A home is a folder under the temp folder that everybody may enter
(pytest's own folders are closed to the dedicated user), and whatever still runs in it is ended afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from headwater.db.embedded import EmbeddedServer

APPLICATION = Path(__file__).with_name("application.py")


def wait_until(reached: Callable[[], object], limit: float = 30.0) -> None:
    deadline = time.monotonic() + limit
    while not reached():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.05)


class Application:
    """The little application in a process of its own."""

    def __init__(
        self,
        home: Path,
        *words: str,
        uid: int | None = None,
        python: str = sys.executable,
        environment: dict[str, str] | None = None,
    ) -> None:
        if uid is not None:
            inherited = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        else:
            inherited = dict(os.environ)
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [python, str(APPLICATION), str(home), *words], user=uid, group=uid, cwd="/",
            env={**inherited, **(environment or {})},
            extra_groups=None if uid is None else [], start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def read(self, beginning: str) -> str:
        """The rest of the next line that begins so; lines before it are kept in `lines`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(beginning):
                return line[len(beginning) :].strip()
        raise AssertionError(f"ended without {beginning!r}: {self.lines}")

    def ready(self) -> str:
        return self.read("ready ")

    def leave(self) -> None:
        """End as applications end: by themselves, after stop()."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.read("left")
        assert self.process.wait(30) == 0

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
        self.process.wait(30)


class Site:
    """One home and what happens in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.room = self.home / "postgres"
        self.data = self.room / "18" / "data"
        self._applications: list[Application] = []

    def server(self, progress: Callable[[str], None] | None = None) -> EmbeddedServer:
        return EmbeddedServer(self.home, progress=progress)

    def application(
        self,
        *words: str,
        uid: int | None = None,
        python: str = sys.executable,
        environment: dict[str, str] | None = None,
        home: Path | None = None,
    ) -> Application:
        started = Application(home or self.home, *words, uid=uid, python=python, environment=environment)
        self._applications.append(started)
        return started

    def postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def processes(self, data: Path | None = None) -> dict[int, str]:
        """Everything that works in the data folder, by pid, with its title. Read from /proc, not by our own code."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                if (entry / "cwd").readlink() == (data or self.data):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().decode().replace("\0", " ")
        return found

    def keepers(self) -> list[int]:
        """The keeper processes of this home."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if any(word.endswith("keeper.py") for word in words) and str(self.room) in words:
                    found.append(int(entry.name))
        return found

    def log(self) -> str:
        return "".join(path.read_text() for path in (self.room / "18" / "log").glob("*.log"))

    def stopped_cleanly(self) -> bool:
        return (
            not self.processes()
            and not self.keepers()
            and not (self.data / "postmaster.pid").exists()
            and self.log().rstrip().endswith("database system is shut down")
        )

    def kill_everything(self) -> None:
        """As a power cut would, but for the disk: keeper first, so that nothing is launched again."""
        for pid in [*self.keepers(), *self.processes()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.processes() and not self.keepers())

    @contextmanager
    def spoiling(self, *paths: Path) -> Iterator[None]:
        """Let a test damage these files; they are put back afterwards."""
        kept = self.folder / "kept"
        kept.mkdir()
        for path in paths:
            subprocess.run(["cp", "-a", str(path), str(kept)], check=True)
        yield
        self.reset()
        for path in paths:
            subprocess.run(["cp", "-a", str(kept / path.name), str(path)], check=True)
        shutil.rmtree(kept)

    def reset(self) -> None:
        """End every process of this home."""
        while self._applications:
            self._applications.pop().close()
        self.kill_everything()

    def clear(self) -> None:
        self.reset()
        shutil.rmtree(self.folder)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def open_folder(prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp")).resolve()
    folder.chmod(0o755)
    return folder


@pytest.fixture
def fresh() -> Iterator[Site]:
    """A home in which no database was made yet."""
    site = Site(open_folder("hw-test-"))
    yield site
    site.clear()


@pytest.fixture(scope="session")
def made() -> Iterator[Site]:
    """A home whose database was made once; making one, or copying it, takes most of a second."""
    site = Site(open_folder("hw-made-"))
    with site.server():
        pass
    yield site
    site.clear()


@pytest.fixture
def site(made: Site) -> Iterator[Site]:
    """A home with a stopped database, shared by the tests that leave its files as they should be."""
    made.reset()
    yield made
    made.reset()


@pytest.fixture
def ask() -> Callable[[str, str], list[tuple[object, ...]]]:
    """Run one query at an address."""
    return rows


@pytest.fixture
def until() -> Callable[..., None]:
    return wait_until


@pytest.fixture(scope="session")
def ordinary() -> tuple[int, int, str]:
    """Two ordinary users and an interpreter that both can run."""
    if os.geteuid() != 0:
        pytest.skip("only root can become other users")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(version, path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip(f"no {version} that an ordinary user can run")
    try:
        probe = subprocess.run([python, "-c", ""], user=1, group=1, extra_groups=[], cwd="/", check=False)
    except PermissionError:
        pytest.skip("ordinary users cannot run the interpreter")
    assert probe.returncode == 0
    return 1, 2, python  # `daemon` and `bin`, on every Unix


@pytest.fixture
def python() -> str:
    return sys.executable
