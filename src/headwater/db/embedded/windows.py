"""The stand-in where the embedded server cannot run; Headwater itself can, with a database of the operator's."""

from collections.abc import Callable
from pathlib import Path
from typing import Never

from headwater.db.embedded.errors import UseOwnDatabase


class EmbeddedServer:
    def __init__(self, home: Path, *, progress: Callable[[str], None] | None = None) -> None:
        raise UseOwnDatabase(
            "The embedded PostgreSQL does not run on Windows: set HEADWATER_DATABASE_URL to a PostgreSQL of your own."
        )

    def start(self) -> Never:
        raise NotImplementedError

    def stop(self) -> Never:
        raise NotImplementedError

    def status(self) -> Never:
        raise NotImplementedError


def find_binaries() -> Never:
    raise UseOwnDatabase(
        "The embedded PostgreSQL does not run on Windows: set HEADWATER_DATABASE_URL to a PostgreSQL of your own."
    )
