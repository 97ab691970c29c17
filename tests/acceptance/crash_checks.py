"""What must be true after any number of crashes: rows, calls, the ledger, and the vendors' own meter."""

import csv
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from tests.acceptance.crash_rig import MARK, Job, Rig

from headwater.db.embedded import EmbeddedServer
from headwater.db.session import connection_info
from headwater.kit.money import parse_micros
from headwater.providers.catalogue import adapter

Key = tuple[str, str]  # vendor, and whom it was asked about

# What a call may have cost: everything reserved where nobody knows, else what the vendor said.
_POSITIONS = """
select c.id as call, c.vendor, c.operation, c.state, i.position, i.job_id, i.contact_id, i.subject, i.reserved,
       i.outcome, coalesce(i.units, 0) as units, i.applied,
       i.outcome is not distinct from 'unknown' as unknown,
       p.first_name, p.last_name, p.full_name
from call_item i join call c on c.id = i.call_id join contact p on p.id = i.contact_id
order by c.id, i.position
"""


@dataclass(frozen=True)
class Report:
    """Figures of a run that passed."""

    calls: int
    unknown_calls: int
    unknown_records: int
    charged_unknown: Decimal
    twice_for_two_contacts: int


def check(rig: Rig) -> Report:
    """Everything; raises AssertionError with what is wrong."""
    for job in rig.done:
        check_rows(job)
    listed = rig.tool("headwater", "calls", "--unknown", "--json")
    with _database(rig.home) as ask:
        check_nothing_waits(ask)
        check_balances(ask)
        positions = ask(_POSITIONS)
        check_money(ask, positions, rig.done)
    check_unknown_listed(positions, listed)
    check_nobody_asked_twice(positions)
    charged = check_meter(rig, positions)
    return Report(
        calls=len({each["call"] for each in positions}),
        unknown_calls=len({each["call"] for each in positions if each["unknown"]}),
        unknown_records=sum(each["unknown"] for each in positions),
        charged_unknown=charged,
        twice_for_two_contacts=check_repeats(rig, positions),
    )


def check_rows(job: Job) -> None:
    """Every line of the source is in the output or among the rejects, once, in its order."""
    source = _references(job.source)
    out = _references(job.output)
    rejects = job.output.with_name(f"{job.output.stem}.rejected.csv")
    rejected = _references(rejects) if rejects.exists() else []
    assert Counter(source) == Counter(out) + Counter(rejected), f"job {job.number}: rows lost or doubled"
    place = {reference: line for line, reference in enumerate(source)}
    assert out == sorted(out, key=place.__getitem__), f"job {job.number}: rows out of order"
    counted = job.summary["rows"]
    _same((counted["in"], counted["out"], counted["rejected"]), (len(source), len(out), len(rejected)))
    _same(job.summary["state"], "done")


def check_nothing_waits(ask: Callable[..., list[DictRow]]) -> None:
    for table, waiting in _WAITING.items():
        rows = ask(f"select * from {table} where {waiting}")
        assert rows == [], f"{table} where {waiting}: {rows}"


_WAITING = {
    "item": "true",
    "call": "state in ('intent', 'submitted', 'answered')",
    "call_item": "not applied",
    "lookup": "state <> 'done'",
    "job": "state <> 'done'",
}


def check_balances(ask: Callable[..., list[DictRow]]) -> None:
    """A balance is the sum of its transfers; nothing is held, and a finished job has given back what it did not use."""
    moved: dict[int, int] = defaultdict(int)
    for transfer in ask("select debit, credit, amount from transfer"):
        moved[transfer["debit"]] -= transfer["amount"]
        moved[transfer["credit"]] += transfer["amount"]
    for account in ask("select id, name, balance from account"):
        assert account["balance"] == moved[account["id"]], account
        assert account["balance"] >= 0 or account["name"] == "funding", account
        if account["name"].startswith(("held:", "job:")):
            assert account["balance"] == 0, account


def check_money(ask: Callable[..., list[DictRow]], positions: Iterable[DictRow], jobs: Iterable[Job]) -> None:
    """Per job and vendor, the transfers say what the answers said, and so do the printed summaries."""
    due: dict[tuple[int, str], int] = defaultdict(int)
    credits: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for each in positions:
        vendor = each["vendor"]
        if each["unknown"]:
            due[each["job_id"], f"unknown:{vendor}"] += each["reserved"]
        else:
            price = adapter(vendor).declaration.credit_price
            due[each["job_id"], f"vendor:{vendor}"] += min(each["reserved"], -(-each["units"] * price // 1000))
            credits[each["job_id"], vendor] += Decimal(each["units"]) / 1000
    paid = ask(
        "select t.job_id, a.name, sum(t.amount)::bigint as amount from transfer t join account a on a.id = t.credit "
        "where t.kind in ('settle', 'lose') and a.name <> 'cache' group by 1, 2"
    )
    _same({(row["job_id"], row["name"]): row["amount"] for row in paid}, {k: v for k, v in due.items() if v})
    for job in jobs:
        number = job.summary["job"]
        for vendor, entry in job.summary["vendors"].items():
            _same(Decimal(entry["credits"]), credits[number, vendor])
            _same(parse_micros(entry["spent_usd"], where=""), due[number, f"vendor:{vendor}"])
            _same(parse_micros(entry["perhaps_spent_usd"], where=""), due[number, f"unknown:{vendor}"])


def check_unknown_listed(positions: Iterable[DictRow], listed: Iterable[Mapping[str, Any]]) -> None:
    expected = Counter((each["call"], each["contact_id"], each["reserved"]) for each in positions if each["unknown"])
    _same(Counter((row["id"], row["contact_id"], row["reserved"]) for row in listed), expected)


def check_nobody_asked_twice(positions: Iterable[DictRow]) -> None:
    """One contact, one operation, one subject: one request that may have cost something."""
    asked: dict[Any, list[int]] = defaultdict(list)
    for each in positions:
        if each["unknown"] or each["outcome"]:
            asked[each["contact_id"], each["vendor"], each["operation"], each["subject"]].append(each["call"])
    _same({who: calls for who, calls in asked.items() if len(calls) > 1}, {})


def check_meter(rig: Rig, positions: Iterable[DictRow]) -> Decimal:
    """Per vendor and person: the meter is what was settled, plus at most what was reserved for unknown outcomes.

    Returns the credits that turned out to be charged for unknown calls.
    """
    positions = list(positions)
    together = _shared_bills(positions)
    metered: dict[Key, Decimal] = defaultdict(Decimal)
    for charge in rig.charges():
        key = charge["vendor"], _subject_key(charge)
        metered[together.get(key, key)] += Decimal(charge["credits"])
    settled: dict[Key, Decimal] = defaultdict(Decimal)
    perhaps: dict[Key, Decimal] = defaultdict(Decimal)
    for each in positions:
        key = each["vendor"], _contact_key(each)
        key = together.get(key, key)
        settled[key] += Decimal(each["units"]) / 1000
        if each["unknown"]:
            perhaps[key] += Decimal(each["reserved"]) / adapter(each["vendor"]).declaration.credit_price
    surplus = {key: metered[key] - settled[key] for key in {*metered, *settled}}
    wrong = {key: (metered[key], settled[key], perhaps[key]) for key, more in surplus.items()
             if not 0 <= more <= perhaps[key]}  # fmt: skip
    assert wrong == {}, f"vendor and person: (metered, settled, perhaps): {wrong}"
    return sum(surplus.values(), Decimal())


def _shared_bills(positions: Iterable[DictRow]) -> dict[Key, Key]:
    """People whose bill can not be told apart: where Apollo takes two records of one request for one person, it charges
    once and says only the sum, which is shared out over all found. They are counted together, under one of them."""
    calls: dict[int, list[DictRow]] = defaultdict(list)
    for each in positions:
        calls[each["call"]].append(each)
    leader: dict[Key, Key] = {}
    for call in calls.values():
        if any(each["vendor"] == "apollo" and each["units"] % 1000 for each in call):
            keys = {(each["vendor"], _contact_key(each)) for each in call}
            merged = {leader.get(key, key) for key in keys}
            first = min(merged)
            leader |= dict.fromkeys(keys, first)
            leader |= {key: first for key, old in leader.items() if old in merged}
    return leader


def check_repeats(rig: Rig, positions: Iterable[DictRow]) -> int:
    """Charged again only where we hold two different contacts for what the vendor takes for one person."""
    positions = list(positions)
    counted: dict[tuple[str, str, str], int] = Counter(
        (charge["vendor"], charge["endpoint"], repr(charge["subject"]))
        for charge in rig.charges()
        if charge["kind"] == "charge" and Decimal(charge["credits"]) > 0
    )
    people: dict[Key, set[int]] = defaultdict(set)
    for each in positions:
        people[each["vendor"], _contact_key(each)].add(each["contact_id"])
    repeats = 0
    for charge in rig.charges():
        times = counted.pop((charge["vendor"], charge["endpoint"], repr(charge["subject"])), 0)
        if times > 1:
            repeats += times - 1
            assert len(people[charge["vendor"], _subject_key(charge)]) >= times, charge
    return repeats


def _same(found: object, expected: object) -> None:
    assert found == expected, f"{found} instead of {expected}"


# within -----------------------------------------------------------------------------------------------


@contextmanager
def _database(home: Path) -> Iterator[Callable[..., list[DictRow]]]:
    """The home's own database, read as its superuser: nothing is hidden from a check."""
    with (
        EmbeddedServer(home) as server,
        psycopg.connect(connection_info(server.conninfo()), row_factory=dict_row) as connection,
    ):
        yield lambda statement: connection.execute(statement).fetchall()


def _references(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8-sig") as handle:
        return [row[MARK] for row in csv.DictReader(handle)]


def _subject_key(charge: Mapping[str, Any]) -> str:
    """Whom a vendor was asked about, from what it was sent; persons without a name are counted together."""
    subject = charge["subject"]
    if "verif" in charge["endpoint"] or (set(subject) == {"email"} and charge["vendor"] == "icypeas"):
        return str(subject["email"]).casefold()
    first = subject.get("first_name") or subject.get("firstname") or ""
    last = subject.get("last_name") or subject.get("lastname") or ""
    name = f"{first} {last}" if first and last else subject.get("full_name") or subject.get("name") or ""
    return _folded(name) or "nameless"


def _contact_key(position: Mapping[str, Any]) -> str:
    if position["operation"] == "verify":
        return str(position["subject"]).casefold()
    if position["operation"] == "person":  # asked by address or profile
        return "nameless"
    first, last = position["first_name"], position["last_name"]
    return _folded(f"{first} {last}" if first and last else position["full_name"] or "") or "nameless"


def _folded(name: str) -> str:
    letters = [char for char in unicodedata.normalize("NFKD", name).casefold() if not unicodedata.combining(char)]
    return " ".join(sorted("".join(char if char.isalnum() else " " for char in letters).split()))
