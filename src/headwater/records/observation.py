"""A value somebody reported, and what is kept of it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from headwater.records.fields import Field


@dataclass(frozen=True, slots=True)
class Finding:
    """One value as a source reported it.

    ``status`` is the source's own class ("valid", "very_sure", "nominative@pro"); ``reported`` its own confidence as a
    number from 0 to 1 where it gives one. Neither is a probability that the value is right: that is learnt per class.
    """

    field: Field
    value: str
    status: str | None = None
    reported: float | None = None
    detail: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """A finding with where it came from, when, what it cost (micros) and on what lawful basis it is kept."""

    finding: Finding
    source: str
    observed_at: datetime
    price: int
    confidence: float
    basis: str
    call_id: int | None = None
    job_id: int | None = None
