"""What all tests share: a real PostgreSQL, workspaces of their own, and the data that lies beside the repository.

No server is started before a test asks for one. With ``HEADWATER_DATABASE_URL`` it is that server (its user must be
allowed to create databases and roles), else the embedded one in a home under the temp folder. Every run works in
databases of its own, named at random, and drops them at the end.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from headwater.db.embedded import EmbeddedServer
from headwater.db.migrate import upgrade
from headwater.db.session import Database
from headwater.identity import Workspace, enter_workspace

SHARED = Path(__file__).resolve().parents[2] / "shared"
_NEED_SERVER = {"server", "untouched_server", "dsn", "database", "workspace", "other_workspace"}

# Shared machines stall: how long one example takes says nothing about the code.
hypothesis.settings.register_profile("headwater", deadline=None)
hypothesis.settings.load_profile("headwater")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the server is marked ``database``, so that the mark can not be forgotten."""
    for item in items:
        if _NEED_SERVER & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


class Server:
    """A PostgreSQL on which tests make databases."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._made: list[str] = []

    def create(self) -> str:
        """An empty database of its own; its address."""
        name = f"hw_test_{os.getpid()}_{token_hex(6)}"
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        self._made.append(name)
        return make_conninfo(**{**conninfo_to_dict(self.dsn), "dbname": name})

    def drop(self, name: str) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        self._made.remove(name)

    def clear(self) -> None:
        for name in list(self._made):
            self.drop(name)


@contextmanager
def _embedded() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="hw-pytest-"))
    folder.chmod(0o755)  # started by root, the server runs as a user of its own, who must be able to enter
    try:
        with EmbeddedServer(folder / "home") as embedded:
            yield Server(embedded.conninfo())
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The configured server, or the embedded one."""
    configured = os.environ.get("HEADWATER_DATABASE_URL")
    if configured:
        found = Server(configured)
        yield found
        found.clear()
        return
    with _embedded() as found:
        yield found


@pytest.fixture
def untouched_server() -> Iterator[Server]:
    """A server on which Headwater was never set up: our roles do not exist there."""
    with _embedded() as found:
        yield found


@pytest.fixture(scope="session")
def dsn(server: Server) -> str:
    """A migrated database, shared by all tests of the run: each works in workspaces of its own."""
    address = server.create()
    upgrade(address)
    return address


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as opened:
        yield opened


@pytest.fixture
async def workspace(database: Database) -> Workspace:
    return await enter_workspace(database, f"test {token_hex(6)}", "live")


@pytest.fixture
async def other_workspace(database: Database) -> Workspace:
    return await enter_workspace(database, f"other {token_hex(6)}", "live")


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A file or folder of the data beside the repository, which is no part of it."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"{name} does not lie beside this repository")
        return path

    return find
