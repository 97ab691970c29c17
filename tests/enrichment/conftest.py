"""A database of its own for each test of the lanes: they look at all that waits, whoever put it there."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.enrichment.house import House

from headwater.db.migrate import upgrade
from headwater.db.session import Database

if TYPE_CHECKING:
    from tests.conftest import Server


@pytest.fixture
async def house(server: "Server") -> AsyncIterator[House]:
    dsn = server.create()
    upgrade(dsn)
    async with Database(dsn) as database:
        yield House(dsn, database)
    server.drop(str(conninfo_to_dict(dsn)["dbname"]))


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """A house needs the server, which the mark says."""
    for item in items:
        if "house" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
