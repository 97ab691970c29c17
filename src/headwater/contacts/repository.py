"""Reading and adding what is known, a whole batch at a time, in the workspace that the transaction has entered."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from headwater.contacts.survivorship import SHARED, Asked, Judged, Knowledge, Known
from headwater.db.session import Connection
from headwater.db.sql import Queries
from headwater.records import Contact, EmailVerdict, Field, Observation, PhoneVerdict, Reason, Status

_SQL = Queries(__package__)

_COLUMNS = (
    "first_name", "middle_name", "last_name", "suffix", "nickname", "full_name", "company", "company_key", "domain",
    "country", "linkedin",
)  # fmt: skip


# So many different people make a number an office's. Two may be a couple, or one person's successor and the old list:
# of 3,526 legislators of a public list 1,395 share their number, 1,313 of them with two others or more.
MANY = 3


@dataclass(frozen=True, slots=True)
class SharedNumber:
    """A number that ``people`` have; ``untold`` are the contacts whose own verdict does not say so yet."""

    people: int
    untold: tuple[int, ...]


class Contacts:
    """The contacts of one workspace."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_intake(self) -> None:
        await self._connection.execute(_SQL["lock_intake"])

    async def find(self, keys: Iterable[int]) -> dict[int, dict[int, Contact]]:
        """Contacts under each of these keys: key -> contact id -> contact as known from the user's files."""
        found: dict[int, dict[int, Contact]] = defaultdict(dict)
        for row in await self._rows("find_by_keys", keys=sorted(set(keys))):
            found[row["key"]][row["id"]] = _contact(row, emails=tuple(row["emails"]))
        return found

    async def domains_of(self, employers: Iterable[str]) -> dict[str, set[str]]:
        """The domains known of employers, by the employers' keys."""
        found: dict[str, set[str]] = defaultdict(set)
        for row in await self._rows("domains_of", employers=sorted(set(employers))):
            found[row["company_key"]].add(row["domain"])
        return found

    async def owners(self, addresses: Iterable[str]) -> dict[str, dict[int, Contact]]:
        """Whose addresses these are known to be: address -> contact id -> the names of that contact."""
        found: dict[str, dict[int, Contact]] = defaultdict(dict)
        for row in await self._rows("owners", addresses=sorted(set(addresses))):
            names = {name: row[name] for name in ("first_name", "last_name", "nickname")}
            found[row["value"]][row["id"]] = Contact(**names)
        return found

    async def holders(self, field: Field, values: Iterable[str]) -> dict[str, list[int]]:
        """Which contacts have these values in view: value -> contact ids."""
        found: dict[str, list[int]] = defaultdict(list)
        for row in await self._rows("holders", field=field, values=sorted(set(values))):
            found[row["value"]].append(row["contact_id"])
        return found

    async def get(self, ids: Iterable[int]) -> dict[int, Contact]:
        """Contacts by id, without addresses and phones: those are observations."""
        return {row["id"]: _contact(row) for row in await self._rows("contacts", ids=sorted(set(ids)))}

    async def add(self, contacts: Sequence[Contact]) -> list[int]:
        """Add new contacts; their ids in the same order."""
        rows = [{name: getattr(contact, name) for name in _COLUMNS} for contact in contacts]
        return [row["id"] for row in await self._rows("add_contacts", rows=Jsonb(rows))] if rows else []

    async def add_keys(self, keys: Iterable[tuple[int, int]]) -> None:
        """Add (key, contact id) pairs."""
        await self._insert("add_keys", [{"key": key, "contact_id": contact} for key, contact in keys])

    async def observe(self, observations: Iterable[tuple[int, Observation]]) -> None:
        """Add (contact id, observation) pairs; what a file says twice is added once."""
        rows: dict[object, dict[str, Any]] = {}
        for number, (contact, seen) in enumerate(observations):
            said = (contact, seen.finding.field, seen.finding.value)
            rows.setdefault(said if seen.source == "file" else number, _observation_row(contact, seen))
        await self._insert("add_observations", list(rows.values()))

    async def judge(
        self, verdicts: Iterable[tuple[int, EmailVerdict | PhoneVerdict]], *, source: str, call: int | None = None
    ) -> None:
        """Add (contact id, verdict) pairs that one source gave."""
        rows = [_verdict_row(contact, verdict) | {"source": source, "call_id": call} for contact, verdict in verdicts]
        await self._insert("add_verdicts", rows)

    async def remember_asked(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows of contact_id, operation, subject, fields, outcome, call_id, at."""
        await self._insert("add_asked", [dict(row) for row in rows])

    async def knowledge(self, ids: Iterable[int]) -> dict[int, Knowledge]:
        """All that is known of these contacts."""
        wanted = sorted(set(ids))
        observations = _grouped(await self._rows("observations", ids=wanted), _known)
        verdicts = _grouped(await self._rows("verdicts", ids=wanted), _judged)
        asked = await self.asked(wanted)
        return {each: Knowledge(tuple(observations[each]), tuple(verdicts[each]), asked[each]) for each in wanted}

    async def validations(self, contact: int) -> list[Judged]:
        """Every judgement about one contact's values, in the order of time."""
        return [_judged(row) for row in await self._rows("validations", contact=contact)]

    async def asked(self, ids: Iterable[int]) -> dict[int, tuple[Asked, ...]]:
        """What was asked about these contacts and still counts."""
        wanted = sorted(set(ids))
        found = _grouped(await self._rows("asked", ids=wanted), _asked)
        return {each: tuple(found[each]) for each in wanted}

    async def sources(self, ids: Iterable[int]) -> dict[tuple[int, Field, str], tuple[str, ...]]:
        """Who independently gave these contacts their addresses and numbers: (contact, field, value) -> sources."""
        rows = await self._rows("sources", ids=sorted(set(ids)))
        return {(row["contact_id"], Field(row["field"]), row["value"]): tuple(row["sources"]) for row in rows}

    async def shared_numbers(self, numbers: Iterable[str]) -> dict[str, SharedNumber]:
        """Which of these numbers are an office's, by how many different people have them.

        Who gave somebody one of them a moment ago is waited for, so that the last of several sees all the others.
        """
        wanted = sorted(set(numbers))
        if wanted:
            await self._connection.execute(_SQL["lock_numbers"], {"numbers": wanted})
        values = {"numbers": wanted, "many": MANY, "shared": SHARED}
        rows = await self._rows("shared_numbers", **values) if wanted else []
        return {row["value"]: SharedNumber(row["people"], tuple(row["untold"])) for row in rows}

    async def count_patterns(self, seen: Iterable[tuple[str, str]]) -> None:
        """Count (domain, pattern) pairs."""
        await self._insert("bump_patterns", [{"domain": domain, "pattern": pattern} for domain, pattern in seen])

    async def patterns(self, domains: Iterable[str]) -> dict[str, dict[str, int]]:
        """How often each address pattern was seen, by domain."""
        known: dict[str, dict[str, int]] = defaultdict(dict)
        for row in await self._rows("patterns", domains=sorted(set(domains))):
            known[row["domain"]][row["pattern"]] = row["seen"]
        return known

    async def _rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        return await (await self._connection.execute(_SQL[name], values)).fetchall()

    async def _insert(self, name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._connection.execute(_SQL[name], {"rows": Jsonb(rows)})


def _grouped(rows: Iterable[Mapping[str, Any]], shape: Any) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row["contact_id"]].append(shape(row))
    return groups


def _contact(row: Mapping[str, Any], *, emails: tuple[str, ...] = ()) -> Contact:
    return Contact(**{name: row[name] for name in _COLUMNS}, emails=emails)


def _known(row: Mapping[str, Any]) -> Known:
    names = ("value", "source", "confidence", "observed_at", "status", "price", "basis", "id", "call_id", "job_id")
    detail = row["detail"] or {}
    return Known(field=Field(row["field"]), detail=detail, **{name: row[name] for name in names})


def _judged(row: Mapping[str, Any]) -> Judged:
    names = ("value", "source", "sub_status", "score", "level", "checked_at")
    reasons = tuple(Reason(**reason) for reason in (row["detail"] or {}).get("reasons", ()))
    values = {name: row[name] for name in names}
    return Judged(field=Field(row["field"]), status=Status(row["status"]), reasons=reasons, **values)


def _asked(row: Mapping[str, Any]) -> Asked:
    return Asked(row["operation"], row["subject"], row["outcome"], row["at"])


def _observation_row(contact: int, seen: Observation) -> dict[str, Any]:
    finding = seen.finding
    return {
        "contact_id": contact,
        "field": finding.field,
        "value": finding.value,
        "source": seen.source,
        "status": finding.status,
        "reported": finding.reported,
        "confidence": seen.confidence,
        "price": seen.price,
        "basis": seen.basis,
        "detail": dict(finding.detail) or None,
        "call_id": seen.call_id,
        "job_id": seen.job_id,
        "observed_at": seen.observed_at.isoformat(),
    }


def _verdict_row(contact: int, verdict: EmailVerdict | PhoneVerdict) -> dict[str, Any]:
    detail = dataclasses.asdict(verdict)
    common = {name: detail.pop(name) for name in ("status", "sub_status", "score")}
    checked_at = detail.pop("checked_at").isoformat()
    return common | _subject(verdict) | {"contact_id": contact, "detail": detail, "checked_at": checked_at}


def _subject(verdict: EmailVerdict | PhoneVerdict) -> dict[str, Any]:
    if isinstance(verdict, EmailVerdict):
        return {"field": Field.EMAIL, "value": verdict.normalized or verdict.address, "level": verdict.level}
    return {"field": Field.PHONE, "value": verdict.e164 or verdict.raw, "level": verdict.level}
