"""What a contact shows at the end of a job: one value per field, how sure, from where. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headwater.contacts import TYPED, Knowledge, Known, pick
from headwater.enrichment.planner import Belief, Rules, believe, level
from headwater.records import Field


@dataclass(frozen=True, slots=True)
class Delivered:
    """One value as it is delivered. ``status`` is the verdict's, "unknown" when nobody could tell."""

    field: Field
    value: str
    confidence: float
    source: str
    status: str
    sub_status: str
    known: Known


def deliver(knowledge: Knowledge, wanted: Iterable[Field], rules: Rules) -> dict[Field, Delivered]:
    """The values sure enough for the user's level, and what the user's own file said."""
    candidates = candidates_of(knowledge, wanted)
    return {each: found for each, found in candidates.items() if _sure(found, rules)}


def unsure(knowledge: Knowledge, wanted: Field, rules: Rules) -> Delivered | None:
    """The best value that is not sure enough to be delivered, for a person to look at."""
    found = candidates_of(knowledge, [wanted]).get(wanted)
    return None if found is None or _sure(found, rules) else found


def candidates_of(knowledge: Knowledge, wanted: Iterable[Field]) -> dict[Field, Delivered]:
    """The value that survivorship picks for each field, whatever its confidence."""
    belief = believe(knowledge)
    picked = {each: pick(each, knowledge, belief.chances.get(each)) for each in wanted}
    return {each: _delivered(known, knowledge, belief) for each, known in picked.items() if known}


def _sure(found: Delivered, rules: Rules) -> bool:
    return found.source in TYPED or found.confidence >= level(found.field, rules)


def _delivered(known: Known, knowledge: Knowledge, belief: Belief) -> Delivered:
    verdict = knowledge.verdict(known.field, known.value)
    chances: Mapping[str, float] = belief.chances.get(known.field, {})
    return Delivered(
        field=known.field,
        value=known.value,
        confidence=chances.get(known.value, known.confidence),
        source=known.source,
        status=str(verdict.status) if verdict else "unknown",
        sub_status=verdict.sub_status if verdict else "not_checked",
        known=known,
    )
