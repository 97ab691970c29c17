"""What a job did, as one object: the summary that is printed and the ``--json`` that is read."""

from collections import Counter
from pathlib import Path
from typing import Any

from headwater.contacts import Contacts
from headwater.db.session import Connection, Database
from headwater.enrichment.planning import rules_of
from headwater.jobs.delivery import deliver
from headwater.jobs.finishing import rejects_path
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL
from headwater.ledger import Ledger

_CHUNK = 1000
_COUNTED = ("calls", "records", "hits", "credits", "failed", "unknown")


async def summarise(database: Database, workspace: int, job: int, *, seconds: float | None = None) -> dict[str, Any]:
    """Count everything a job did. Money is in dollars as exact text; ``rows.in`` is ``rows.out`` plus ``rejected``."""
    async with database.app(workspace) as connection:
        row = await _one(connection, "job", job=job)
        options = Options.restored(row["options"])
        rows = {each["state"]: each["n"] for each in await _all(connection, "row_counts", job=job)}
        lookups = await _all(connection, "lookup_counts", job=job)
        spent = await Ledger(connection).spent(job)
        result: dict[str, Any] = {
            "job": job,
            "state": row["state"],
            "reason": row["reason"],
            "sandbox": options.realm == "sandbox",
            "source": row["source_path"],
            "output": row["output_path"],
            "rejects": str(rejects_path(Path(row["output_path"]))) if rows.get("rejected") else None,
            "rows": _rows(rows),
            "rejected_because": {e["reason"]: e["n"] for e in await _all(connection, "reject_counts", job=job)},
            "lookups": _lookups(lookups),
            "vendors": _vendors(await _all(connection, "call_counts", job=job), spent),
            "failures": await _all(connection, "failed_calls", job=job),
            "unknown_calls": len({each["id"] for each in await _all(connection, "unknown_calls", job=job)}),
            "out_of_money": sum(each["unpaid"] for each in lookups),
            "spent_usd": usd(sum(spent.values())),
            "saved_by_recall_usd": usd(sum(each["saved"] or 0 for each in lookups)),
            "seconds": None if seconds is None else round(seconds, 1),
        }
    return result | await _values(database, workspace, job, options)


def usd(micros: int) -> str:
    """Dollars with six decimals, exactly."""
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def _rows(by_state: dict[str, int]) -> dict[str, int]:
    rejected = by_state.get("rejected", 0)
    duplicates = by_state.get("duplicate", 0)
    out = by_state.get("accepted", 0) + duplicates
    return {"in": out + rejected, "out": out, "rejected": rejected, "duplicates": duplicates}


def _lookups(counts: list[dict[str, Any]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for each in counts:
        found[each["outcome"]] += each["n"]
        if each["recalled_from"]:
            found[f"recalled_from_{each['recalled_from']}"] += each["n"]
    return dict(sorted(found.items()))


def _vendors(counts: list[dict[str, Any]], spent: dict[str, int]) -> dict[str, dict[str, Any]]:
    vendors: dict[str, dict[str, Any]] = {}
    for each in counts:
        entry = vendors.setdefault(each["vendor"], dict.fromkeys(_COUNTED, 0))
        entry["calls"] += each["calls"] + (each["polls"] or 0)
        entry["records"] += each["records"]
        entry["hits"] += each["hits"]
        entry["credits"] += each["units"]
        for state in ("failed", "unknown"):
            entry[state] += each["calls"] if each["state"] == state else 0
    for name, entry in vendors.items():
        entry["credits"] = f"{entry['credits'] / 1000:g}"
        entry["spent_usd"] = usd(spent.get(f"vendor:{name}", 0))
        entry["perhaps_spent_usd"] = usd(spent.get(f"unknown:{name}", 0))
    return vendors


async def _values(database: Database, workspace: int, job: int, options: Options) -> dict[str, Any]:
    """Values delivered per field and, of them, verdicts; a person counts once however often the file has them."""
    found: Counter[str] = Counter()
    verdicts: dict[str, Counter[str]] = {}
    rules, after = rules_of(options.stored()), -1
    while True:
        async with database.app(workspace) as connection:
            values = {"job": job, "after": after, "limit": _CHUNK}
            rows = await (await connection.execute(SQL["accepted_rows"], values)).fetchall()
            first = [row["contact_id"] for row in rows if row["state"] == "accepted"]
            knowledge = await Contacts(connection).knowledge(first)
        if not rows:
            break
        after = rows[-1]["line"]
        for known in knowledge.values():
            for field, value in deliver(known, options.want, rules).items():
                found[field] += 1
                verdicts.setdefault(field, Counter())[value.status] += 1
    return {
        "found": {str(field): found[field] for field in options.want},
        "verified": {str(field): dict(sorted(counts.items())) for field, counts in verdicts.items()},
    }


async def _all(connection: Connection, name: str, **values: Any) -> list[dict[str, Any]]:
    return await (await connection.execute(SQL[name], values)).fetchall()


async def _one(connection: Connection, name: str, **values: Any) -> dict[str, Any]:
    return (await _all(connection, name, **values))[0]
