"""The schema: made whole or not at all, the same whoever makes it, and explained in a sentence where it can not be."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from headwater.db.migrate import newest, upgrade
from headwater.kit.errors import BadInput, HeadwaterError, Unavailable

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = REPOSITORY / "src" / "headwater" / "db" / "schema.sql"
UPGRADE = """
import sys
from headwater.db.migrate import upgrade
print("ready", flush=True)
upgrade(sys.stdin.readline().strip())
"""

TABLES = "select table_name from information_schema.tables where table_schema = 'headwater' order by 1"


def _rows(address: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


class Upgrader:
    """``upgrade`` in a process of its own, loaded and waiting for an address."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", UPGRADE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def go(self, address: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdout.readline()
        self.process.stdin.write(f"{address}\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str]:
        said = self.process.communicate()[1]
        return self.process.returncode, said


def test_the_schema_is_the_committed_one(dsn: str) -> None:
    script = REPOSITORY / "scripts" / "dump_schema.py"
    made = subprocess.run([sys.executable, str(script), dsn], capture_output=True, text=True, check=True)
    assert made.stdout == SCHEMA.read_text("utf-8"), "run scripts/dump_schema.py"


def test_a_second_upgrade_changes_nothing(dsn: str) -> None:
    everything = "select oid, xmin::text, relname from pg_class order by oid"
    before = _rows(dsn, everything), _rows(dsn, "select xmin::text, version_num from headwater.alembic_version")
    upgrade(dsn)
    after = _rows(dsn, everything), _rows(dsn, "select xmin::text, version_num from headwater.alembic_version")
    assert after == before
    assert before[1][0][1] == newest()


def test_upgrades_at_once_agree(server: Any, dsn: str) -> None:
    address = server.create()
    together = [Upgrader() for _ in range(3)]
    for each in together:
        each.go(address)
    assert [each.end() for each in together] == [(0, "")] * 3
    assert _rows(address, TABLES) == _rows(dsn, TABLES)


def test_a_killed_upgrade_leaves_nothing_or_all(server: Any, dsn: str) -> None:
    """Killed at moments spread over the whole upgrade; at last one is let through."""
    whole = _rows(dsn, TABLES)
    doomed = [Upgrader() for _ in range(8)]
    started = time.monotonic()
    upgrade(server.create())
    takes = time.monotonic() - started
    address = server.create()
    for number, each in enumerate(doomed):
        each.go(address)
        time.sleep(takes * (number + 0.5) / len(doomed))
        each.process.kill()
        each.end()
        _wait_until_alone(address)
        left = _rows(address, TABLES)
        assert left in ([], whole)
        if left:
            address = server.create()
    upgrade(address)
    assert _rows(address, TABLES) == whole
    assert _rows(address, "select version_num from headwater.alembic_version") == [(newest(),)]


def _wait_until_alone(address: str) -> None:
    others = "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    deadline = time.monotonic() + 20
    while _rows(address, others):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_failed_upgrade_takes_all_back(server: Any, dsn: str) -> None:
    """Something of the same name stands in the way of the last tables: none of the first ones stays."""
    address = server.create()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("create schema headwater authorization headwater_owner")
        connection.execute("create table headwater.cache_entry (id int)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        upgrade(address)
    assert _rows(address, TABLES) == [("cache_entry",)]


def test_a_database_of_a_newer_version_is_left_alone(server: Any) -> None:
    address = server.create()
    upgrade(address)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("update headwater.alembic_version set version_num = '9999'")
    sentence = _refused(address)
    assert "newer" in sentence
    assert "9999" in sentence


def _refused(address: str, kind: type[HeadwaterError] = Unavailable) -> str:
    """The one sentence with which an upgrade is refused."""
    with pytest.raises(kind) as caught:
        upgrade(address)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.strip()
    assert "Traceback" not in sentence
    return sentence


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://nobody@127.0.0.1:1/headwater",
        "host=/nowhere/at/all dbname=headwater user=nobody",
    ],
)
def test_a_database_that_is_not_there_is_unavailable(address: str) -> None:
    assert "reached" in _refused(address)


def test_a_database_that_does_not_exist_is_named(dsn: str) -> None:
    assert "no_such_database" in _refused(make_conninfo(dsn, dbname="no_such_database"))


@pytest.mark.parametrize(
    "address",
    ["nonsense with s3cret", "host=a password='s3cret", "mysql://me:s3cret@h/", "postgresql://me:at@s3cret@h/"],
)
def test_an_address_that_is_none_is_bad_input_and_does_not_show_its_password(address: str) -> None:
    sentence = _refused(address, BadInput)
    assert "HEADWATER_DATABASE_URL" in sentence
    assert "s3cret" not in sentence


# users who may not do all ----------------------------------------------------------------------------


class Users:
    """Login roles that are dropped again."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.made: list[str] = []

    def make(self, powers: str, address: str | None = None) -> str:
        """A user with these powers; its address on the same database."""
        name, password = f"hw_test_{token_hex(6)}", token_hex(12)
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create role {} login {} password {}").format(
                    sql.Identifier(name),
                    sql.SQL(powers),
                    sql.Literal(password),  # type: ignore[arg-type]
                )
            )
        self.made.append(name)
        given = conninfo_to_dict(address or self.dsn)
        return make_conninfo(**{**given, "user": name, "password": password})

    def allow(self, address: str, what: str) -> None:
        """Allow the newest user something on the database of an address."""
        given = conninfo_to_dict(address)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(
                sql.SQL("grant {} on database {} to {}").format(
                    sql.SQL(what),
                    sql.Identifier(str(given["dbname"])),
                    sql.Identifier(self.made[-1]),  # type: ignore[arg-type]
                )
            )

    def clear(self, *addresses: str) -> None:
        for address in addresses:
            with psycopg.connect(address, autocommit=True) as connection:
                for name in self.made:
                    connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for name in self.made:
                connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@pytest.fixture
def fresh(server: Any, dsn: str) -> str:
    """An empty database, on a server where the roles exist already."""
    address: str = server.create()
    return address


@pytest.fixture
def users(dsn: str, fresh: str) -> Iterator[Users]:
    found = Users(dsn)
    yield found
    found.clear(fresh)


def test_a_user_who_may_do_nothing_is_told_what_to_ask_for(users: Users, fresh: str) -> None:
    sentence = _refused(users.make("", fresh))
    assert "CREATEROLE" in sentence


def test_a_user_who_may_create_but_not_be_our_roles_is_told_what_to_ask_for(users: Users, fresh: str) -> None:
    address = users.make("", fresh)
    users.allow(fresh, "create")
    assert "CREATEROLE" in _refused(address)


def test_a_migrated_database_asks_nothing_more_of_its_user(users: Users, dsn: str, fresh: str) -> None:
    """Made by an administrator once, used by an ordinary user ever after."""
    upgrade(fresh)
    address = users.make("", fresh)
    with psycopg.connect(fresh, autocommit=True) as connection:
        for role in ("headwater_owner", "headwater_app", "headwater_worker"):
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(users.made[-1])))
    upgrade(address)


def test_a_user_with_exactly_the_powers_that_the_sentence_names_can_set_up(untouched_server: Any) -> None:
    """CREATEROLE, and CREATE on the database; no administrator made our roles before."""
    users = Users(untouched_server.dsn)
    limited = users.make("createrole")
    users.allow(untouched_server.dsn, "create")
    upgrade(limited)
    upgrade(limited)
    with psycopg.connect(limited) as connection:
        connection.execute("set local role headwater_app")
        assert connection.execute("select count(*) from headwater.workspace").fetchone() == (0,)
