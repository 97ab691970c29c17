"""The real program as a user starts it: a process of its own, with a data folder of its own, against the sandbox.

Every module has its own data folder and, where ``HEADWATER_DATABASE_URL`` is set, a fresh database on that server;
else the program starts its embedded one. Nothing of the tester's own settings reaches the program.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from psycopg import sql

from headwater.db.embedded import EmbeddedServer
from headwater_sandbox import meter
from headwater_sandbox.store import Store

BIN = Path(sys.executable).parent
_QUIET = ("--latency", "0", "--fault", "none", "--rate", "hunter.verifier_running=0")
QUIET = tuple(f"--sandbox-option={word}" for word in _QUIET)
KEY = "sk-SECRET"  # how every key starts that the tests hand to the program
_PATIENCE = 150  # seconds for one command


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs a database, most of it in a process that pytest does not see."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("database")


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def result(self) -> Any:
        """Standard output, which must be one JSON text and nothing else."""
        assert self.stdout.count("\n") == 1
        return json.loads(self.stdout)


def _scratch() -> IO[str]:
    """A nameless file: unlike a pipe it never fills up."""
    return tempfile.TemporaryFile("w+", encoding="utf-8", newline="")


class Running:
    """A command that goes on while the test looks at it."""

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str], stdin: int | IO[Any]) -> None:
        self._files = [_scratch(), _scratch()]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=folder, env=dict(environ), stdin=stdin, stdout=self._files[0], stderr=self._files[1]
        )

    def wait(self, seconds: float = _PATIENCE) -> Done:
        code = self.process.wait(seconds)
        took = time.monotonic() - self.began
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read())
            file.close()
        return Done(code, texts[0], texts[1], took)

    def signal(self, number: int) -> Done:
        """Send a signal; ``seconds`` of what comes back are from the signal to the end."""
        self.began = time.monotonic()
        self.process.send_signal(number)
        return self.wait()

    def end(self) -> None:
        """Whatever happened: nothing goes on after the tests."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for file in self._files:
            file.close()


class Headwater:
    """One installation: a data folder, a database, a folder of files to work on."""

    def __init__(self, database: str | None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hw-accept-"))
        self.folder.chmod(0o755)  # started by root, PostgreSQL runs as a user of its own, who must be able to enter
        self.home = self.folder / "home"
        self.database = database
        self._running: list[Running] = []

    def environ(self, **extra: str) -> dict[str, str]:
        """The tester's environment without any setting of Headwater, and ours."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        own |= {"HEADWATER_HOME": str(self.home)}
        if self.database:
            own["HEADWATER_DATABASE_URL"] = self.database
        return own | extra

    def start(self, *arguments: object, stdin: int | IO[Any] = subprocess.DEVNULL, **extra: str) -> Running:
        command = [str(BIN / "headwater"), *map(str, arguments)]
        found = Running(command, self.folder, self.environ(**extra), stdin)
        self._running.append(found)
        return found

    def run(self, *arguments: object, code: int = 0, stdin: int | IO[Any] = subprocess.DEVNULL, **extra: str) -> Done:
        """Run a command to its end, which must be the one expected."""
        done = self.start(*arguments, stdin=stdin, **extra).wait()
        assert done.code == code, f"{arguments} ended with {done.code}:\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: object, code: int = 0, **extra: str) -> Any:
        return self.run(*arguments, "--json", code=code, **extra).result

    def enrich(self, source: Path, output: str, *arguments: object, **extra: str) -> dict[str, Any]:
        """A quick sandbox run: the summary."""
        found: dict[str, Any] = self.json("enrich", source, "-o", output, "--sandbox", *QUIET, *arguments, **extra)
        return found

    def meter(self) -> dict[str, dict[str, Any]]:
        """What the vendors counted, as the sandbox's own command tells it."""
        command = [str(BIN / "headwater-sandbox"), "meter", "--home", str(self.home / "sandbox"), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        found: dict[str, dict[str, Any]] = json.loads(done.stdout)
        return found

    def requests(self, vendor: str | None = None) -> list[dict[str, Any]]:
        """Every request that reached the sandbox's vendors, oldest first."""
        if not (self.home / "sandbox" / "sandbox.sqlite3").exists():
            return []
        store = Store(self.home / "sandbox")
        try:
            return meter.requests(store, vendor)
        finally:
            store.close()

    def until(self, reached: Callable[[], bool], running: Running, seconds: float = 60) -> None:
        """Wait for something that a running command brings about."""
        end = time.monotonic() + seconds
        while not reached():
            assert running.process.poll() is None, f"ended too early:\n{running.wait().stderr}"
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.05)

    def write(self, name: str, rows: Iterable[Mapping[str, str]]) -> Path:
        """A CSV file."""
        listed = list(rows)
        path = self.folder / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(listed[0]))
            writer.writeheader()
            writer.writerows(listed)
        return path

    def read(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """The program's database, as its owner sees it: all workspaces."""
        if self.database:
            with psycopg.connect(self.database) as connection:
                yield connection
            return
        with EmbeddedServer(self.home) as server, psycopg.connect(server.conninfo()) as connection:
            yield connection

    def texts(self) -> Iterator[str]:
        """Every row of every table as text."""
        with self.connect() as connection:
            tables = connection.execute(
                "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE' "
                "and table_schema not in ('pg_catalog', 'information_schema')"
            ).fetchall()
            assert {"call", "call_item", "observation", "procrastinate_jobs"} <= {name for _, name in tables}
            for table in tables:
                query = sql.SQL("select t::text from {} t").format(sql.Identifier(*table))
                for (text,) in connection.execute(query):
                    yield text

    def close(self) -> None:
        for running in self._running:
            running.end()
        shutil.rmtree(self.folder, ignore_errors=True)


class Vendors:
    """A sandbox that stands where the real vendors would: HTTP addresses, DNS, keys that are refused."""

    def __init__(self, *options: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="hw-vendors-"))
        command = [BIN / "headwater-sandbox", "serve", "--home", self.home, "--exit-with-parent", *options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.addresses: dict[str, str] = json.loads(self._process.stdout.readline())

    def settings(self, **keys: str) -> dict[str, str]:
        """Settings of accounts with these keys."""
        found = {"HEADWATER_DNS": self.addresses["dns"]}
        for vendor, key in keys.items():
            own = {"API_KEY": key, "BASE_URL": self.addresses[vendor], "LIMITS": "published"}
            found |= {f"HEADWATER_{vendor.upper()}_{name}": value for name, value in own.items()}
        return found

    def meter(self) -> dict[str, dict[str, Any]]:
        store = Store(self.home)
        try:
            return meter.read(store)
        finally:
            store.close()

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(scope="session")
def new_headwater(request: pytest.FixtureRequest) -> Iterator[Callable[[], Headwater]]:
    """Make an installation; all of them are gone at the end of the run."""
    server = request.getfixturevalue("server") if os.environ.get("HEADWATER_DATABASE_URL") else None
    made: list[Headwater] = []

    def make() -> Headwater:
        made.append(Headwater(server.create() if server else None))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def headwater(new_headwater: Callable[[], Headwater]) -> Headwater:
    """The installation that the tests of one module share."""
    return new_headwater()


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendors]:
    """Vendors and DNS for tests of the live workspace."""
    found = Vendors(*_QUIET)
    yield found
    found.close()


@dataclass(frozen=True)
class Sample:
    """A generated contact file and who its rows really are."""

    path: Path
    rows: Sequence[Mapping[str, str]]
    answers: Sequence[Mapping[str, str]]

    def people(self, first: int, last: int) -> list[Mapping[str, str]]:
        """Rows of different people who can be looked up, each row once."""
        usable = [
            row
            for row, answer in zip(self.rows, self.answers, strict=True)
            if answer["kind"] == "person" and row["Company"].strip() and not row["Work Email"]
        ]
        assert len(usable) >= last
        return usable[first:last]


def _sample(folder: Path, rows: int) -> Sample:
    path, key = folder / f"sample{rows}.csv", folder / f"key{rows}.csv"
    command = [BIN / "headwater-sandbox", "sample", "--rows", str(rows), "-o", path, "--answers", key]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    tables = []
    for each in (path, key):
        with each.open(newline="", encoding="utf-8") as file:
            tables.append(list(csv.DictReader(file)))
    return Sample(path, *tables)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Sample]:
    """Generated samples by their number of rows."""
    folder = tmp_path_factory.mktemp("samples")
    made: dict[int, Sample] = {}
    return lambda rows: made.setdefault(rows, made.get(rows) or _sample(folder, rows))


@pytest.fixture(scope="session")
def crowd(samples: Callable[[int], Sample]) -> Sample:
    """So many people that every test can have some that no other one asks for."""
    return samples(900)


@dataclass(frozen=True)
class Waterfall:
    """The main job, begun: an installation, a sample, the command that runs and its arguments."""

    headwater: Headwater
    sample: Sample
    arguments: tuple[object, ...]
    running: Running


@pytest.fixture(scope="session")
def waterfall(new_headwater: Callable[[], Headwater], samples: Callable[[int], Sample]) -> Waterfall:
    """A whole run through three vendors. It mostly waits for them, so it is begun early and other tests go on."""
    headwater, sample = new_headwater(), samples(120)
    arguments = ("enrich", sample.path, "-o", "enriched.csv", "--sandbox", *QUIET, "--json",
                 "--want", "email,title", "--exclude", "dropcontact")  # fmt: skip
    return Waterfall(headwater, sample, arguments, headwater.start(*arguments))
