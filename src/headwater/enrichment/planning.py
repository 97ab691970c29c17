"""Decide the next step of a batch of lookups and put it in its lane, in the workspace of the given transaction."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from headwater.contacts import TYPED, Contacts
from headwater.db.session import Connection
from headwater.db.sql import Queries
from headwater.enrichment.patterns import Guess, guesses
from headwater.enrichment.planner import Ask, Case, Offer, Rules, Stop, next_step
from headwater.records import Contact, Field

SQL = Queries(__package__)


@dataclass(frozen=True, slots=True)
class Open:
    """One lookup that is being worked on."""

    id: int
    job: int
    contact_id: int
    case: Case
    rules: Rules


@dataclass(frozen=True, slots=True)
class Note:
    """What is written down about a lookup before its next step: money spent, and sentences for its trail."""

    spent: int = 0
    trail: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True)
class Plan:
    """What was decided: how many wait in which lane, and how the others ended."""

    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    stopped: list[int] = field(default_factory=list)


async def load(connection: Connection, ids: Iterable[int]) -> list[Open]:
    """The lookups with all that is known of their contacts; those of jobs that no longer run are left out."""
    rows = await (await connection.execute(SQL["cases"], {"ids": sorted(set(ids))})).fetchall()
    rows = [row for row in rows if row["job_state"] in ("reading", "running", "paused")]
    contacts = Contacts(connection)
    people = await contacts.get(row["contact_id"] for row in rows)
    knowledge = await contacts.knowledge(people)
    patterns = await contacts.patterns(person.domain for person in people.values() if person.domain)
    guessed = {identity: _guesses(person, patterns) for identity, person in people.items()}
    owners = await contacts.owners(guess.address for found in guessed.values() for guess in found)
    return [
        Open(
            row["id"],
            row["job_id"],
            row["contact_id"],
            Case(
                contact=people[row["contact_id"]],
                want=frozenset(Field(wanted) for wanted in row["want"]),
                knowledge=knowledge[row["contact_id"]],
                spent=row["spent"],
                guesses=_free(guessed[row["contact_id"]], row["contact_id"], owners),
                settled=frozenset(row["settled"]),
            ),
            rules_of(row["options"]),
        )
        for row in rows
    ]


def _guesses(person: Contact, patterns: Mapping[str, Mapping[str, int]]) -> Sequence[Guess]:
    seen = patterns.get(person.domain or "", {})
    return guesses(person.first_name, person.last_name, person.domain or "", seen)


def _free(found: Sequence[Guess], contact: int, owners: Mapping[str, Mapping[int, Contact]]) -> Sequence[Guess]:
    """Without the addresses that are known to be somebody else's."""
    return [guess for guess in found if not owners.get(guess.address, {}).keys() - {contact}]


def rules_of(options: Mapping[str, Any]) -> Rules:
    """The planner's rules out of a job's stored options."""
    return Rules(
        min_confidence=float(options["min_confidence"]),
        max_price=options["max_price"],
        order=tuple(options["order"]),
        exclude=frozenset(options["exclude"]),
    )


async def plan(
    connection: Connection,
    ids: Iterable[int],
    offers: Sequence[Offer],
    lanes: Mapping[str, str],
    *,
    workspace: int,
    notes: Mapping[int, Note] = {},
) -> Plan:
    """Plan these lookups: new items in their lanes, or a closing note. ``lanes`` maps vendor.operation to a lane.

    Those whose job was cancelled while they were out end here.
    """
    done = Plan()
    items: list[dict[str, Any]] = []
    updates = await _cancelled(connection, ids, notes)
    for each in await load(connection, ids):
        note = notes.get(each.id, Note())
        case = _spent(each.case, note)
        step = next_step(case, each.rules, offers)
        if isinstance(step, Ask):
            lane = lanes[f"{step.vendor}.{step.operation}"]
            done.asked[lane] += 1
            items.append(_item(each, step, lane, workspace))
            updates.append(
                _update(each.id, note, {"ask": f"{step.vendor}.{step.operation}", "why": step.why}, "asking")
            )
        else:
            done.stopped.append(each.job)
            offered = sorted({offer.name for offer in offers if offer.vendor not in each.rules.exclude})
            ending = {"outcome": _outcome(step, each), "offered": offered}
            updates.append(_update(each.id, note, {"stop": step.why}, "done") | ending)
    if updates:
        await connection.execute(SQL["note_lookups"], {"rows": Jsonb(updates)})
    if items:
        await connection.execute(SQL["add_items"], {"rows": Jsonb(items)})
    return done


async def _cancelled(connection: Connection, ids: Iterable[int], notes: Mapping[int, Note]) -> list[dict[str, Any]]:
    rows = await (await connection.execute(SQL["cancelled_cases"], {"ids": sorted(set(ids))})).fetchall()
    last = {"stop": "the job was cancelled"}
    return [_update(row["id"], notes.get(row["id"], Note()), last, "cancelled") for row in rows]


def _spent(case: Case, note: Note) -> Case:
    return dataclasses.replace(case, spent=case.spent + note.spent)


def _outcome(step: Stop, each: Open) -> str:
    """ "found" is what this job's own calls brought; the same without any call was recalled or known from the file."""
    seen = [known for wanted in each.case.want for known in each.case.knowledge.of(wanted)]
    if step.outcome != "found" or any(known.job_id == each.job and known.call_id for known in seen):
        return step.outcome
    return "known" if all(known.source in TYPED for known in seen) else "recalled"


def _item(each: Open, step: Ask, lane: str, workspace: int) -> dict[str, Any]:
    return {
        "lane": lane,
        "workspace_id": workspace,
        "job_id": each.job,
        "lookup_id": each.id,
        "want": sorted(step.want),
        "subject": step.subject,
    }


def _update(lookup: int, note: Note, last: Mapping[str, Any], state: str) -> dict[str, Any]:
    trail = [*note.trail, last]
    return {"id": lookup, "spent": note.spent, "trail": trail, "state": state, "outcome": None, "offered": None}
