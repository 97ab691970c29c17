"""What others say of a number, joined with what its numbering plan says: the network, the sources, the neighbours.

The plan knows ranges, a check of the line knows the line. What the network answers replaces what the plan supposed (the
kind of line, who carries it); it never lifts a number that the plan refuses. Points of 3.8 of the plan of points are
kept: the ten for "corroborated" are shared between a second source and the live line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from headwater.records import EmailVerdict, PhoneVerdict, Reason
from headwater.verification.phones import COSTLY, RULES, Found, settle

# Kinds of line on which nobody carries a mobile telephone. Where the plan can not tell (landline_or_mobile) or numbers
# move freely (voip, personal), nothing is held against a number.
NOT_MOBILE = frozenset({"landline", "toll_free", "uan", "voicemail", "pager", *COSTLY})
_OF_THE_TYPE = frozenset({"type_known", "voip", "costly", "not_a_mobile"})
_OF_THE_LINE = frozenset({"line_active", "line_inactive", "line_unknown", "range_disputed"})


class Line(StrEnum):
    """Whether a line is in service."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """What somebody who was asked about a line says of it; None is what they did not say.

    ``disputed`` means that they do not know the range at all. ``carrier_basis`` is live where the network was asked,
    and names the kind of list otherwise.
    """

    source: str
    line: Line = Line.UNKNOWN
    type: str | None = None
    carrier: str | None = None
    carrier_basis: str | None = None
    disputed: bool = False


def with_line_evidence(verdict: PhoneVerdict, evidence: LineEvidence) -> PhoneVerdict:
    """Join a verdict with a check of the line; a later check replaces an earlier one."""
    said = [(f"line_{evidence.line}", f"{evidence.source}: {RULES[f'line_{evidence.line}'].text}")]
    if evidence.disputed:
        said.append(("range_disputed", f"{evidence.source}: {RULES['range_disputed'].text}"))
    dropped = _OF_THE_LINE
    facts: dict[str, Any] = {"line": str(evidence.line), "level": "line"}
    if evidence.type:
        dropped |= _OF_THE_TYPE
        said += _of_type(evidence.type, f"{evidence.source}: {evidence.type.replace('_', ' ')}.")
        facts["type"] = evidence.type
    if evidence.carrier:
        facts |= {"carrier": evidence.carrier, "carrier_basis": evidence.carrier_basis}
    return _joined(verdict, said, dropped, **facts)


def with_claim(verdict: PhoneVerdict) -> PhoneVerdict:
    """The same for a number that somebody called a mobile: if it is none, it is not what was promised."""
    if verdict.type not in NOT_MOBILE:
        return verdict
    return _joined(verdict, [("not_a_mobile", "")], frozenset({"not_a_mobile"}))


def with_sharers(verdict: PhoneVerdict, people: int) -> PhoneVerdict:
    """The same for a number that so many different people have."""
    text = f"{people} people have this number: it is an office's line, not a person's."
    return _joined(verdict, [("shared_by_many", text)], frozenset({"shared_by_many"}))


def with_sources(verdict: PhoneVerdict | EmailVerdict, sources: Sequence[str]) -> PhoneVerdict | EmailVerdict:
    """The same for a value that independent sources gave. One source is no corroboration, so it is no reason."""
    if len(sources) < 2:
        return verdict
    text = f"seen_in_sources: {len(sources)} ({', '.join(sources)})"
    if isinstance(verdict, PhoneVerdict):
        return _joined(verdict, [("seen_in_sources", text)], frozenset({"seen_in_sources"}))
    # worth no points for an address: agreement says whose mailbox it is, not whether it takes mail
    kept = tuple(reason for reason in verdict.reasons if reason.code != "seen_in_sources")
    return replace(verdict, reasons=(*kept, Reason("seen_in_sources", 0, text)))


def _of_type(kind: str, text: str) -> Found:
    also = "voip" if kind == "voip" else "costly" if kind in COSTLY else None
    return (("type_known", text), *([(also, "")] if also else []))


def _joined(
    verdict: PhoneVerdict, said: Iterable[tuple[str, str]], dropped: frozenset[str], **facts: Any
) -> PhoneVerdict:
    """A verdict with further evidence in the place of what it makes obsolete. What is no number stays none."""
    if verdict.e164 is None:
        return verdict
    kept = [(reason.code, reason.text) for reason in verdict.reasons if reason.code not in dropped]
    status, sub_status, score, reasons = settle((*kept, *said))
    return replace(verdict, status=status, sub_status=sub_status, score=score, reasons=reasons, **facts)
