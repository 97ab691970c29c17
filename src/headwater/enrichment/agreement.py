"""Do sources agree: on the value itself, and on who the person is that they gave it for? Pure.

A vendor whose record of somebody names another employer than everybody else has, perhaps, a record of somebody else or
of an earlier job; one whose record agrees was more probably asked about the right person. What a person typed is what
the others are compared with, and is not weighed itself. The factors are chosen, not learnt; a later issue learns them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from headwater.contacts import TYPED, Knowledge
from headwater.enrichment.confidence import odds_of
from headwater.normalize import company_key, fold, registrable
from headwater.records import Field

# Sources of our own making: a guess is nobody's word.
_GUESSED = frozenset({"pattern"})
# What agreeing or differing with the others does to the odds that a record's addresses and numbers are the person's.
# An employer is telling; titles are written in many ways, so that they weigh little.
_FACTORS = {
    (Field.COMPANY, True): 1.25,
    (Field.COMPANY, False): 0.5,
    (Field.TITLE, True): 1.1,
    (Field.TITLE, False): 0.9,
}
_COMPARED = (Field.COMPANY, Field.TITLE)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who gave a value, and whether what they say of the person agrees with the others; None if nobody can tell."""

    sources: tuple[str, ...]
    company: bool | None = None
    title: bool | None = None


def origin(source: str) -> str:
    """A value recalled from the cache is the same source's word as when it was bought."""
    return source.removeprefix("cache:")


def canonical(field: Field, value: str) -> str:
    """What two sources that mean the same have in common, however they write it."""
    return _FORMS.get(field, str)(value) or value


def agreement(knowledge: Knowledge, field: Field, value: str) -> Agreement:
    """What is known of one value's sources."""
    same = canonical(field, value)
    given = {origin(known.source) for known in knowledge.of(field) if canonical(field, known.value) == same}
    sources = tuple(sorted(given - _GUESSED))
    return Agreement(sources, *(_all(knowledge, about, sources) for about in _COMPARED))


def weighed(probability: float, source: str, knowledge: Knowledge) -> float:
    """A source's reliability for an address or a number, by whether its record agrees with the others on the person."""
    if origin(source) in TYPED | _GUESSED:
        return probability
    odds = odds_of(probability)
    for about in _COMPARED:
        agrees = _agrees(knowledge, about, origin(source))
        odds *= 1.0 if agrees is None else _FACTORS[about, agrees]
    return odds / (1 + odds)


def _all(knowledge: Knowledge, about: Field, sources: Iterable[str]) -> bool | None:
    told = [agrees for source in sources if (agrees := _agrees(knowledge, about, source)) is not None]
    return all(told) if told else None


def _agrees(knowledge: Knowledge, about: Field, source: str) -> bool | None:
    """Whether any other source says the same of the person; None where one of the two sides says nothing."""
    own: set[str] = set()
    others: set[str] = set()
    for known in knowledge.of(about):
        (own if origin(known.source) == source else others).add(canonical(about, known.value))
    return bool(own & others) if own and others else None


def _title(title: str) -> str | None:
    return " ".join("".join(sign if sign.isalnum() else " " for sign in fold(title)).split())


_FORMS: dict[Field, Callable[[str], str | None]] = {
    Field.COMPANY: company_key,
    Field.TITLE: _title,
    Field.DOMAIN: registrable,
    Field.LINKEDIN: str.lower,
}
