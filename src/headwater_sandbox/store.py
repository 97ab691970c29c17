"""Everything that must survive: charges, tickets, usage windows, the log of requests. One SQLite file under the home.

`synchronous=OFF` is enough here: what SQLite has written is in the kernel's hands at commit and survives a SIGKILL of
this process (not a power cut, which no test plays).
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists requests(id integer primary key, at real, vendor text, endpoint text, account text,
  identity text, attempt integer, status integer, outcome text, fault text, records integer, hits integer,
  misses integer, subject text);
create table if not exists charges(id integer primary key, at real, vendor text, endpoint text, account text,
  kind text, milli integer, subject text);
create index if not exists charges_account on charges(vendor, account, at);
create table if not exists spent(vendor text, account text, milli integer, primary key(vendor, account)) without rowid;
create table if not exists attempts(identity text primary key, n integer) without rowid;
create table if not exists windows(key text, start integer, n integer, primary key(key, start)) without rowid;
create table if not exists tickets(vendor text, id text, account text, made_at real, ready_at real, polls integer,
  body text, primary key(vendor, id)) without rowid;
create table if not exists items(id text primary key, file text, position integer, account text, made_at real,
  ready_at real, body text) without rowid;
create index if not exists items_file on items(file, position);
create table if not exists seen(handle text primary key, first text, last text, domain text) without rowid;
create table if not exists home(name text primary key, value text) without rowid;
"""


@dataclass(frozen=True, slots=True)
class Charge:
    """Credits which a real vendor would take (or give back, when negative) for one record, in thousandths."""

    milli: int
    subject: dict[str, str]
    kind: str = "charge"
    at: float | None = None  # when it falls due; now if not given


@dataclass(slots=True)
class Ticket:
    """A promise of a later answer."""

    id: str
    account: str
    made_at: float
    ready_at: float
    polls: int
    body: Any


class Store:
    """The sandbox's memory; every public method is one statement or a few inside the caller's transaction."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.path = home / "sandbox.sqlite3"
        self.db = sqlite3.connect(self.path, isolation_level=None, timeout=30, check_same_thread=False)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=off")
        self.db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; never held while anything is awaited. Inside another one it is part of it."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")

    # home

    def get(self, name: str) -> Any:
        """A value kept about this home."""
        row = self.db.execute("select value from home where name=?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, name: str, value: object) -> None:
        """Keep a value about this home."""
        self.db.execute("insert or replace into home values(?,?)", (name, json.dumps(value)))

    # requests and limits

    def attempt(self, identity: str) -> int:
        """How many times this identity was asked, this time included."""
        row = self.db.execute(
            "insert into attempts values(?,1) on conflict(identity) do update set n=n+1 returning n", (identity,)
        ).fetchone()
        return int(row[0])

    def usage(self, key: str, start: int) -> int:
        """How much of a window is used."""
        row = self.db.execute("select n from windows where key=? and start=?", (key, start)).fetchone()
        return int(row[0]) if row else 0

    def use(self, key: str, start: int) -> None:
        """Count one request in a window and forget the window before the last."""
        self.db.execute("insert into windows values(?,?,1) on conflict(key,start) do update set n=n+1", (key, start))
        self.db.execute("delete from windows where key=? and start<?", (key, start - 1))

    def log(self, row: Sequence[object]) -> None:
        """Note one request: at, vendor, endpoint, account, identity, attempt, status, outcome, fault, records, hits,
        misses, subject."""
        self.db.execute(
            "insert into requests(at,vendor,endpoint,account,identity,attempt,status,outcome,fault,records,hits,misses,"
            "subject) values(?,?,?,?,?,?,?,?,?,?,?,?,?)", row)  # fmt: skip

    # money

    def spent(self, vendor: str, account: str) -> int:
        """Thousandths of credits taken so far from this key, refunds not yet due not counted."""
        row = self.db.execute("select milli from spent where vendor=? and account=?", (vendor, account)).fetchone()
        future = self.db.execute(
            "select coalesce(sum(milli),0) from charges where vendor=? and account=? and at>? and milli<0",
            (vendor, account, time.time()),
        ).fetchone()
        return (int(row[0]) if row else 0) - int(future[0])

    def charge(self, vendor: str, endpoint: str, account: str, charges: Sequence[Charge], now: float) -> None:
        """Enter charges; they are durable when the transaction ends, which is before the answer leaves."""
        if not charges:
            return
        self.db.executemany(
            "insert into charges(at,vendor,endpoint,account,kind,milli,subject) values(?,?,?,?,?,?,?)",
            [(charge.at or now, vendor, endpoint, account, charge.kind, charge.milli, _subject(charge.subject))
             for charge in charges])  # fmt: skip
        self.db.execute(
            "insert into spent values(?,?,?) on conflict(vendor,account) do update set milli=milli+excluded.milli",
            (vendor, account, sum(charge.milli for charge in charges)),
        )

    # tickets and items

    def issue(self, vendor: str, ticket: Ticket) -> None:
        """Keep a ticket; a second one of the same id replaces it."""
        self.db.execute(
            "insert or replace into tickets values(?,?,?,?,?,?,?)",
            (vendor, ticket.id, ticket.account, ticket.made_at, ticket.ready_at, ticket.polls, json.dumps(ticket.body)),
        )

    def ticket(self, vendor: str, ticket_id: str, account: str) -> Ticket | None:
        """The ticket of this account with this id; every look counts as a poll."""
        row = self.db.execute(
            "update tickets set polls=polls+1 where vendor=? and id=? and account=? "
            "returning id,account,made_at,ready_at,polls,body", (vendor, ticket_id, account)).fetchone()  # fmt: skip
        return Ticket(row[0], row[1], row[2], row[3], row[4], json.loads(row[5])) if row else None

    def drop_ticket(self, vendor: str, ticket_id: str) -> None:
        """Forget a ticket."""
        self.db.execute("delete from tickets where vendor=? and id=?", (vendor, ticket_id))

    def add_items(self, rows: Sequence[tuple[str, str, int, str, float, float, str]]) -> None:
        """Keep rows of a bulk: id, file, position, account, made_at, ready_at, body."""
        self.db.executemany("insert or replace into items values(?,?,?,?,?,?,?)", rows)

    def item(self, item_id: str, account: str) -> tuple[Any, ...] | None:
        """One row by its id."""
        row = self.db.execute("select * from items where id=? and account=?", (item_id, account)).fetchone()
        return tuple(row) if row else None

    def items(self, file: str, account: str, after: int, limit: int) -> list[tuple[Any, ...]]:
        """Rows of a bulk behind a position, in input order."""
        return self.db.execute(
            "select * from items where file=? and account=? and position>? order by position limit ?",
            (file, account, after, limit)).fetchall()  # fmt: skip

    def count_items(self, file: str, now: float) -> tuple[int, int]:
        """(rows, rows finished by now) of a bulk."""
        row = self.db.execute(
            "select count(*), coalesce(sum(ready_at<=?),0) from items where file=?", (now, file)
        ).fetchone()
        return int(row[0]), int(row[1])

    # who was asked about

    def remember(self, handle: str, first: str, last: str, domain: str) -> None:
        """Keep how to find somebody by an address or a profile."""
        self.db.execute("insert or ignore into seen values(?,?,?,?)", (handle, first, last, domain))

    def recall(self, handle: str) -> tuple[str, str, str] | None:
        """Who was kept under this handle."""
        row = self.db.execute("select first,last,domain from seen where handle=?", (handle,)).fetchone()
        return (row[0], row[1], row[2]) if row else None


def _subject(subject: dict[str, str]) -> str:
    return json.dumps({name: value for name, value in subject.items() if value}, sort_keys=True, ensure_ascii=False)
