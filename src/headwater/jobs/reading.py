"""The first stages of a chunk of rows: who are they, are they here twice, what do we know, and what is next.

One transaction per chunk: a killed run goes on with the first chunk that was not stored.
"""

import dataclasses
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from psycopg.types.json import Jsonb

from headwater.contacts import Contacts
from headwater.db.session import Connection
from headwater.db.sql import Queries
from headwater.enrichment.apply import Applier
from headwater.enrichment.harvest import BASIS
from headwater.enrichment.patterns import pattern_of
from headwater.intake import Accepted, Reject
from headwater.jobs.options import Options
from headwater.ledger import Ledger
from headwater.matching import judge, keys
from headwater.normalize import registrable
from headwater.recall import Recalled, SharedCache
from headwater.records import Contact, EmailVerdict, Field, Finding, Observation, PhoneVerdict, Status

SQL = Queries(__package__)

# A value that stands in the user's own file; a verdict may still lower it.
FILE_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Checked:
    """Verdicts on what the rows of a chunk brought, by value."""

    emails: Mapping[str, EmailVerdict]
    phones: Mapping[str, PhoneVerdict]


@dataclass(slots=True)
class _Person:
    """One person of the chunk: a contact already known (``id``), or a new one."""

    contact: Contact
    id: int | None
    rows: list[Accepted]
    known: bool = False


class ChunkReader:
    """Stores chunks of one job, in the workspace of the transaction it is given."""

    def __init__(self, job: int, workspace: int, options: Options, applier: Applier, cache: SharedCache) -> None:
        self.job = job
        self.workspace = workspace
        self.options = options
        self.applier = applier
        self.cache = cache

    async def store(
        self, connection: Connection, chunk: Sequence[Accepted | Reject], checked: Checked, now: datetime, read: int
    ) -> None:
        """Store a chunk and plan its lookups; ``read`` is how many rows of the file are stored with it."""
        contacts = Contacts(connection)
        await contacts.lock_intake()
        accepted = await self._at_home(contacts, [row for row in chunk if isinstance(row, Accepted)])
        people = await self._people(contacts, accepted)
        await self._add_people(connection, contacts, people)
        await self._observe(contacts, people, checked, now)
        first = await self._lookups(connection, people)
        await self._store_rows(connection, chunk, people, set(first))
        await connection.execute(SQL["rows_read"], {"job": self.job, "rows": read})
        await self._recall(connection, contacts, people, first)
        await self.applier.plan(connection, self.workspace, list(first.values()), {})
        await connection.execute(SQL["recalled_from_history"], {"ids": list(first.values())})

    async def _at_home(self, contacts: Contacts, rows: Sequence[Accepted]) -> list[Accepted]:
        """Rows that name an employer without its domain get the one that all known colleagues share."""
        known = await contacts.domains_of(row.contact.company_key for row in rows if row.contact.company_key)
        for row in rows:
            if row.contact.company_key and row.contact.domain:
                known.setdefault(row.contact.company_key, set()).add(row.contact.domain)
        return [dataclasses.replace(row, contact=_with_domain(row.contact, known)) for row in rows]

    # who they are --------------------------------------------------------------------------------

    async def _people(self, contacts: Contacts, rows: Sequence[Accepted]) -> list[_Person]:
        """Rows by person: known people are found by key, the comparison decides."""
        of_row = [(row, keys(row.contact)) for row in rows]
        known = await contacts.find(key for _, found in of_row for key in found)
        people: dict[int, _Person] = {}
        index: dict[int, list[_Person]] = {}
        for key, candidates in known.items():
            for identity, contact in candidates.items():
                person = people.setdefault(identity, _Person(contact, identity, [], known=True))
                index.setdefault(key, []).append(person)
        found: list[_Person] = list(people.values())
        for row, own in of_row:
            match = _match(row.contact, [each for key in own for each in index.get(key, ())])
            person = match or _Person(row.contact, None, [])
            if match is None:
                found.append(person)
            person.rows.append(row)
            person.contact = _merged(person.contact, row.contact)
            for key in own:
                index.setdefault(key, []).append(person)
        return [person for person in found if person.rows]

    async def _add_people(self, connection: Connection, contacts: Contacts, people: Sequence[_Person]) -> None:
        new = [person for person in people if person.id is None]
        old = [person for person in people if person.id is not None]
        for person, identity in zip(new, await contacts.add([each.contact for each in new]), strict=True):
            person.id = identity
        if old:
            rows = [{"id": person.id, **_fillable(person.contact)} for person in old]
            await connection.execute(SQL["fill_contacts"], {"rows": Jsonb(rows)})
        pairs = {(key, person.id) for person in people for row in person.rows for key in keys(row.contact)}
        await contacts.add_keys(sorted((key, identity) for key, identity in pairs if identity is not None))

    # what the file says of them --------------------------------------------------------------------

    async def _observe(self, contacts: Contacts, people: Sequence[_Person], checked: Checked, now: datetime) -> None:
        given = {
            (identity, finding.field, finding.value): Observation(
                finding, "file", now, 0, FILE_CONFIDENCE, BASIS, job_id=self.job
            )
            for identity, person in _identified(people)
            for row in person.rows
            for finding in _given(row.contact)
        }
        await contacts.observe((identity, seen) for (identity, _, _), seen in given.items())
        verdicts = [
            (identity, verdict)
            for identity, field, value in given
            if (verdict := (checked.emails if field is Field.EMAIL else checked.phones).get(value))
        ]
        await contacts.judge(verdicts, source="headwater")
        await contacts.count_patterns(_patterns(people, checked))

    async def _lookups(self, connection: Connection, people: Sequence[_Person]) -> dict[int, int]:
        """New lookups: contact id -> lookup id. People whom an earlier chunk brought already have theirs."""
        ids = [identity for identity, _ in _identified(people)]
        values = {"job": self.job, "want": [str(each) for each in self.options.want], "contacts": ids}
        rows = await (await connection.execute(SQL["add_lookups"], values)).fetchall()
        return {row["contact_id"]: row["id"] for row in rows}

    async def _store_rows(
        self, connection: Connection, chunk: Sequence[Accepted | Reject], people: Sequence[_Person], first: set[int]
    ) -> None:
        """Every row of the chunk exactly once; the first row of a new person is accepted, the others are duplicates."""
        owner = {row.row.line: identity for identity, person in _identified(people) for row in person.rows}
        rows = []
        for each in chunk:
            if isinstance(each, Reject):
                rows.append(_rejected(each))
                continue
            identity = owner[each.row.line]
            rows.append(_accepted(each, identity, "accepted" if identity in first else "duplicate"))
            first.discard(identity)
        await connection.execute(SQL["add_rows"], {"job": self.job, "rows": Jsonb(rows)})

    # what others found of them ------------------------------------------------------------------------

    async def _recall(
        self, connection: Connection, contacts: Contacts, people: Sequence[_Person], first: Mapping[int, int]
    ) -> None:
        """The shared cache, for fields that own history does not answer: at the normal price, without a vendor."""
        fresh = {identity: person.contact for identity, person in _identified(people) if identity in first}
        known = await contacts.knowledge(fresh)
        found = await self.cache.recall(connection, fresh, self.options.want, BASIS)
        ledger = Ledger(connection)
        left = await ledger.available(self.job) if found else 0
        updates = []
        for identity, hits in found.items():
            usable = [hit for hit in hits if not known[identity].of(hit.observation.finding.field)]
            price = sum(hit.price for hit in usable)
            if not usable or price > left:
                continue
            left -= price
            await contacts.observe((identity, _charged_to(self.job, hit)) for hit in usable)
            await ledger.charge_cache(self.job, identity, price)
            updates.append({"id": first[identity], "spent": price, "saved": price})
        if updates:
            await connection.execute(SQL["recalled_from_cache"], {"rows": Jsonb(updates)})


def _with_domain(contact: Contact, known: Mapping[str, set[str]]) -> Contact:
    """Only for a telling name and where all agree: "Delta" alone may be an airline or a dentist."""
    key = contact.company_key or ""
    domains = {registrable(domain) for domain in known.get(key, ())}
    if contact.domain or len(domains) != 1 or " " not in key:
        return contact
    return dataclasses.replace(contact, domain=next(iter(domains)))


def _match(contact: Contact, candidates: Iterable[_Person]) -> _Person | None:
    """The candidate who is the same person: the one with this very record, else the first of those who fit.

    Two who fit but are not each other mean that we can not tell, so nobody.
    """
    same = list({id(each): each for each in candidates if judge(contact, each.contact).verdict == "same"}.values())
    fitting = [each for each in same if _holds(each.contact, contact)] or same
    if any(judge(one.contact, other.contact).verdict != "same" for one, other in combinations(fitting, 2)):
        return None
    return min(fitting, key=lambda each: each.id or sys.maxsize, default=None)


def _holds(known: Contact, row: Contact) -> bool:
    """Whether everything that a row says of a person is known of this one already."""
    said = {name: getattr(row, name) for name in _IDENTITY if getattr(row, name)}
    return all(getattr(known, name) == value for name, value in said.items()) and set(row.emails) <= set(known.emails)


def _merged(known: Contact, row: Contact) -> Contact:
    """What is known of a person so far, with what a row adds."""
    added = {name: getattr(row, name) for name in _FILLABLE if getattr(known, name) is None}
    return dataclasses.replace(known, **added, emails=tuple(dict.fromkeys((*known.emails, *row.emails))))


_IDENTITY = ("first_name", "middle_name", "last_name", "suffix", "company_key", "domain", "linkedin")
_FILLABLE = ("middle_name", "suffix", "nickname", "company", "company_key", "domain", "country", "linkedin")


def _fillable(contact: Contact) -> dict[str, str | None]:
    return {name: getattr(contact, name) for name in _FILLABLE}


def _identified(people: Iterable[_Person]) -> list[tuple[int, _Person]]:
    return [(person.id, person) for person in people if person.id is not None]


def _given(contact: Contact) -> list[Finding]:
    single = {
        Field.TITLE: contact.title,
        Field.COMPANY: contact.company,
        Field.DOMAIN: contact.domain,
        Field.LINKEDIN: contact.linkedin,
        Field.COUNTRY: contact.country,
    }
    many = [(Field.EMAIL, value) for value in contact.emails] + [(Field.PHONE, value) for value in contact.phones]
    return [Finding(field, value) for field, value in [*many, *single.items()] if value]


def _patterns(people: Sequence[_Person], checked: Checked) -> list[tuple[str, str]]:
    """The shapes of the new people's own addresses, those left out that can not receive mail."""
    alive = {address for address, verdict in checked.emails.items() if verdict.status is not Status.INVALID}
    named = [
        (address.rpartition("@")[2], pattern_of(person.contact.first_name, person.contact.last_name, address))
        for _, person in _identified(people)
        if not person.known
        for address in {each for row in person.rows for each in row.contact.emails}
        if address in alive
    ]
    return [(domain, pattern) for domain, pattern in named if pattern]


def _charged_to(job: int, hit: Recalled) -> Observation:
    return dataclasses.replace(hit.observation, job_id=job)


def _rejected(row: Reject) -> dict[str, Any]:
    return {
        "line": row.line,
        "cells": list(row.cells),
        "state": "rejected",
        "column_name": row.column,
        "reason": row.reason,
    }


def _accepted(row: Accepted, contact: int, state: str) -> dict[str, Any]:
    notes = [{"column": note.column, "code": note.code, "text": note.text} for note in row.notes]
    return {
        "line": row.row.line,
        "cells": list(row.row.cells),
        "state": state,
        "notes": notes or None,
        "contact_id": contact,
    }
