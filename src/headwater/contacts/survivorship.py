"""Which of several observed values a contact shows. Pure: the same observations always give the same choice.

The order: what a person typed in, unless it was proven invalid; then the combined chance, of which the verdict is part
(where nobody combined: the verdict, then our confidence); the newest; and by source, value and number in the end, so
that two equal candidates do not change places from run to run.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from headwater.records import Field, Reason, Status

# What stood in the user's own file was typed by a person as far as we can know.
TYPED = frozenset({"file", "user"})

# Our own word on a number that several people have. It stands beside what a vendor says of the line: an office's line
# is in service, and all the same nobody's own.
SHARED = "shared_by_many"


@dataclass(frozen=True, slots=True)
class Known:
    """One observation that is in view."""

    field: Field
    value: str
    source: str
    confidence: float
    observed_at: datetime
    status: str | None = None
    price: int = 0
    basis: str = ""
    id: int | None = None
    call_id: int | None = None
    job_id: int | None = None
    detail: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict about a value; ``source`` is "headwater" or the vendor's operation that judged."""

    field: Field
    value: str
    source: str
    status: Status
    sub_status: str
    score: int
    level: str
    checked_at: datetime
    reasons: tuple[Reason, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(reason.code for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked about the contact before, by whomever: ``vendor.operation`` and, for verifications, the value."""

    operation: str
    subject: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that is known of one contact."""

    observations: tuple[Known, ...] = ()
    verdicts: tuple[Judged, ...] = ()
    asked: tuple[Asked, ...] = ()

    def of(self, wanted: Field) -> list[Known]:
        return [known for known in self.observations if known.field is wanted]

    def verdict(self, wanted: Field, value: str) -> Judged | None:
        """The newest verdict about a value; what reached the mailbox, or proves there is none, outweighs the rest."""
        about = [judged for judged in self.verdicts if judged.field is wanted and judged.value == value]
        return max(about, key=_weight, default=None)


def _weight(judged: Judged) -> tuple[int, datetime, int, str, int, str]:
    proof = judged.source != "headwater" or judged.status is Status.INVALID or judged.sub_status == SHARED
    told = 0 if judged.status is Status.UNKNOWN else 2 if proof else 1
    # of two at one moment the worse counts
    return (told, judged.checked_at, -_RANK[judged.status], judged.source, judged.score, judged.sub_status)


_RANK = {Status.VALID: 3, Status.UNKNOWN: 2, Status.RISKY: 1, Status.INVALID: 0}


def pick(wanted: Field, knowledge: Knowledge, chances: Mapping[str, float] | None = None) -> Known | None:
    """The observation whose value the contact shows for a field, if any.

    ``chances`` is the combined probability of each value; without it each observation speaks for itself.
    """
    return max(knowledge.of(wanted), key=lambda known: _rank(known, knowledge, chances or {}), default=None)


def _rank(
    known: Known, knowledge: Knowledge, chances: Mapping[str, float]
) -> tuple[bool, bool, tuple[float, float], datetime, str, str, int]:
    verdict = knowledge.verdict(known.field, known.value)
    status = verdict.status if verdict else Status.UNKNOWN
    alive = status is not Status.INVALID
    typed = known.source in TYPED
    chance = chances.get(known.value)
    sure = (_RANK[status], known.confidence) if chance is None else (chance, _RANK[status])
    return (alive, typed, sure, known.observed_at, known.source, known.value, known.id or 0)
