"""Every statement of every ``queries.sql``: named, explained, used, and understood by the database."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import psycopg
import pytest

import headwater
from headwater.db.session import Database
from headwater.db.sql import Queries

SOURCE = Path(headwater.__file__).parent
FILES = sorted(SOURCE.rglob("queries.sql"))
_HEAD = re.compile(r"^-- name: (.*)\n", re.MULTILINE)


def _package(path: Path) -> str:
    return ".".join(("headwater", *path.parent.relative_to(SOURCE).parts))


def _named(path: Path) -> dict[str, str]:
    parts = _HEAD.split(path.read_text("utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def _code() -> str:
    return "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))


STATEMENTS = [(_package(path), name) for path in FILES for name in _named(path)]


def test_there_are_statements() -> None:
    assert len(STATEMENTS) > 80


@pytest.mark.parametrize("path", FILES, ids=_package)
def test_every_statement_has_one_name_and_a_sentence(path: Path) -> None:
    text = path.read_text("utf-8")
    names = _HEAD.findall(text)
    assert text.startswith("-- name: ")
    assert [name for name, times in Counter(names).items() if times > 1] == []
    for name, body in _named(path).items():
        assert re.fullmatch(r"[a-z_]+", name), name
        comment, _, statement = body.partition("\n")
        assert comment.startswith("-- "), f"{name} has no sentence"
        assert re.search(r"\.\n", re.sub(r"\n-- ", " ", body).partition("\n")[0] + "\n"), f"{name}: no full stop"
        assert statement.strip().endswith(";"), name
        assert statement.strip().count(";") == 1, f"{name} is more than one statement"


def test_the_reader_finds_every_statement() -> None:
    for package, name in STATEMENTS:
        assert Queries(package)[name].strip()


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        Queries("headwater.ledger")["no_such_statement"]


@pytest.mark.parametrize(("package", "name"), STATEMENTS, ids=lambda part: part)
def test_every_statement_is_used(package: str, name: str) -> None:
    """By its name in quotes, somewhere in the code."""
    assert f'"{name}"' in _code()


async def test_every_statement_is_understood_by_the_database(database: Database) -> None:
    """Prepared, not run: a table, a column or a type that does not exist can not survive."""
    wrong = {}
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as connection:
        await connection.execute("set search_path = headwater, procrastinate")
        for package, name in STATEMENTS:
            try:
                await connection.execute(f"prepare probe as {_numbered(Queries(package)[name])}".encode())
            except psycopg.Error as error:
                wrong[f"{package}.{name}"] = str(error)
            else:
                await connection.execute("deallocate probe")
    assert wrong == {}


def test_parameters_are_numbered_as_psycopg_does() -> None:
    assert _numbered("select %(b)s, %(a)s, %(b)s where x like '%%'") == "select $1, $2, $1 where x like '%'"


def _numbered(statement: str) -> str:
    """As psycopg sends it: ``%(name)s`` is ``$1`` and so on, ``%%`` is ``%``."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    for number, name in enumerate(names, start=1):
        statement = statement.replace(f"%({name})s", f"${number}")
    return statement.replace("%%", "%")
