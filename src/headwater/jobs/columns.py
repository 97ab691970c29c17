"""The columns of the output: the file's own, unchanged, and what Headwater adds under ``hw_``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.contacts import Knowledge
from headwater.enrichment.planner import Rules
from headwater.jobs.delivery import deliver, unsure
from headwater.jobs.options import Options
from headwater.kit.errors import BadInput
from headwater.records import Field

Cell = str | int | float | None

_PER_FIELD = ("", "_confidence", "_status", "_source")
_LAST = ("hw_email_unsure", "hw_row", "hw_outcome", "hw_cost_usd", "hw_contact_id", "hw_notes")


@dataclass(frozen=True, slots=True)
class OutRow:
    """One row of the file with all that is known at the end of the job."""

    cells: Sequence[str]
    state: str
    notes: Sequence[Mapping[str, str]]
    contact_id: int
    knowledge: Knowledge
    lookup: Mapping[str, Any]


def added(options: Options) -> list[str]:
    """The columns Headwater adds."""
    return [f"hw_{field}{part}" for field in options.want for part in _PER_FIELD] + list(_LAST)


def chosen(headers: Sequence[str], options: Options) -> list[str]:
    """The columns of the output in order. Raises BadInput for a name that is neither the file's nor ours.

    A file that was enriched before has some of ours already: they stay where they are, with the values of now.
    """
    possible = [*headers, *(name for name in added(options) if name not in headers)]
    if options.columns is None:
        return possible
    for name in options.columns:
        if name not in possible:
            raise BadInput(f"--columns: there is no column {name!r}; possible are {', '.join(possible)}.")
        if options.columns.count(name) > 1:
            raise BadInput(f"--columns: the column {name!r} is there twice; name every column once.")
    return list(options.columns)


def cells(row: OutRow, headers: Sequence[str], columns: Sequence[str], options: Options, rules: Rules) -> list[Cell]:
    """One row of the output."""
    values: dict[str, Cell] = dict(zip(headers, row.cells, strict=False))
    values |= dict.fromkeys(added(options)) | _ours(row, options, rules)
    return [values.get(name) for name in columns]


def _ours(row: OutRow, options: Options, rules: Rules) -> dict[str, Cell]:
    values: dict[str, Cell] = {}
    for field, found in deliver(row.knowledge, options.want, rules).items():
        values[f"hw_{field}"] = found.value
        values[f"hw_{field}_confidence"] = round(found.confidence, 3)
        values[f"hw_{field}_status"] = found.status
        values[f"hw_{field}_source"] = _source(found.source, options.realm)
    doubtful = unsure(row.knowledge, Field.EMAIL, rules)
    duplicate = row.state == "duplicate"
    values["hw_email_unsure"] = doubtful.value if doubtful else None
    values["hw_row"] = row.state
    values["hw_outcome"] = row.lookup.get("outcome")
    values["hw_cost_usd"] = 0 if duplicate else row.lookup.get("spent", 0) / 1_000_000
    values["hw_contact_id"] = row.contact_id
    values["hw_notes"] = "; ".join(note["text"] for note in row.notes) or None
    return values


def _source(name: str, realm: str) -> str:
    """Made-up answers say so in every cell they fill."""
    return name if realm == "live" or name == "file" else f"sandbox:{name}"
