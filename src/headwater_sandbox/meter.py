"""Reading the meter: what the vendors were asked, what they answered and what they would have charged."""

import json
import time
from decimal import Decimal
from typing import Any

from headwater_sandbox.settings import VENDORS
from headwater_sandbox.store import Store

# The same record paid for more than once: what a client should never let happen.
_AGAIN = """
select coalesce(sum(n-1),0), coalesce(sum(extra),0) from (
  select count(*) n, sum(milli)-max(milli) extra from charges where vendor=? and milli>0 and at<=?
  group by endpoint, account, kind, subject having n>1)
"""
_OUTCOMES = "throttled refused unauthorised out_of_credits pending"


def credits(milli: int) -> str:
    """Thousandths of a credit as an exact decimal text."""
    text = format(Decimal(milli) / 1000, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def read(store: Store) -> dict[str, Any]:
    """The meter of every vendor."""
    return {vendor: _vendor(store, vendor) for vendor in VENDORS}


def _vendor(store: Store, vendor: str) -> dict[str, Any]:
    calls = dict(
        store.db.execute("select endpoint, count(*) from requests where vendor=? group by 1 order by 1", (vendor,))
    )
    outcomes = dict(
        store.db.execute("select outcome, count(*) from requests where vendor=? group by outcome", (vendor,))
    )
    faults = dict(store.db.execute(
        "select fault, count(*) from requests where vendor=? and fault<>'' group by fault", (vendor,)))  # fmt: skip
    records, hits, misses = store.db.execute(
        "select coalesce(sum(records),0), coalesce(sum(hits),0), coalesce(sum(misses),0) from requests where vendor=?",
        (vendor,)).fetchone()  # fmt: skip
    return {
        "calls": sum(calls.values()), "calls_by_endpoint": calls, "records": records, "hits": hits, "misses": misses,
        **_money(store, vendor), **{name: outcomes.get(name, 0) for name in _OUTCOMES.split()},
        "failures": sum(faults.values()), "failures_by_kind": faults,
    }  # fmt: skip


def _money(store: Store, vendor: str) -> dict[str, Any]:
    now = time.time()
    charged, returned = store.db.execute(
        "select coalesce(sum(case when milli>0 then milli end),0), coalesce(sum(case when milli<0 then -milli end),0) "
        "from charges where vendor=? and at<=?", (vendor, now)).fetchone()  # fmt: skip
    repeated, again = store.db.execute(_AGAIN, (vendor, now)).fetchone()
    accounts = {
        account: credits(milli or 0)
        for account, milli in store.db.execute(
            "select account, sum(milli) from charges where vendor=? and at<=? group by account", (vendor, now))
    }  # fmt: skip
    return {"credits": credits(charged - returned), "credits_charged": credits(charged),
            "credits_refunded": credits(returned), "charged_again": repeated, "credits_charged_again": credits(again),
            "credits_by_account": accounts}  # fmt: skip


def charges(store: Store, vendor: str | None = None) -> list[dict[str, Any]]:
    """Every charge and refund that is due, oldest first."""
    rows = store.db.execute(
        "select at,vendor,endpoint,account,kind,milli,subject from charges where at<=? and (? is null or vendor=?) "
        "order by at, id", (time.time(), vendor, vendor))  # fmt: skip
    return [
        {"at": round(at, 6), "vendor": name, "endpoint": endpoint, "account": account, "kind": kind,
         "credits": credits(milli), "subject": json.loads(subject)}
        for at, name, endpoint, account, kind, milli, subject in rows
    ]  # fmt: skip


def requests(store: Store, vendor: str | None = None, limit: int = 100_000) -> list[dict[str, Any]]:
    """The log of requests, oldest first, with arrival times."""
    names = ("at", "vendor", "endpoint", "account", "identity", "attempt", "status", "outcome", "fault", "records",
             "hits", "misses", "subject")  # fmt: skip
    rows = store.db.execute(
        f"select {','.join(names)} from requests where (? is null or vendor=?) order by at, id limit ?",
        (vendor, vendor, limit))  # fmt: skip
    return [dict(zip(names, row, strict=True)) | {"subject": json.loads(row[-1] or "{}")} for row in rows]
