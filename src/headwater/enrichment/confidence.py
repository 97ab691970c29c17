"""How probable it is that a value is right, from everything that speaks for and against it.

First form: each source is evidence with the published or measured reliability of its own class (its declaration);
independent evidence multiplies odds, rival values share what is left. A later issue learns and calibrates this.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FLOOR, _CEILING = 0.001, 0.995

# What a verifier's class does to the odds that a mailbox is the person's; "accept_all" tells nothing about a mailbox,
# and nobody sits behind a spam trap.
VERIFIER_ODDS: Mapping[str, float] = {"deliverable": 12.0, "undeliverable": 0.02, "risky": 0.5, "trap": 0.02}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source's word for a value: ``probability`` that the source's class is right on its own."""

    value: str
    source: str
    probability: float


def combine(evidence: Iterable[Evidence], verifiers: Mapping[str, Iterable[str]]) -> dict[str, float]:
    """The probability of each value. ``verifiers`` holds the classes that verifiers gave to a value.

    Agreement raises: odds of independent sources multiply (one word per source counts, its strongest). Disagreement
    lowers: all values share one probability, with some left for "none of these".
    """
    odds = {value: _odds(words, verifiers.get(value, ())) for value, words in _strongest(evidence).items()}
    total = 1 + sum(odds.values())
    return {value: min(_CEILING, each / total) for value, each in odds.items()}


def _strongest(evidence: Iterable[Evidence]) -> dict[str, dict[str, float]]:
    """Per value and source the strongest word: a source that repeats itself is not two sources."""
    by_value: dict[str, dict[str, float]] = {}
    for word in evidence:
        words = by_value.setdefault(word.value, {})
        words[word.source] = max(word.probability, words.get(word.source, 0.0))
    return by_value


def _odds_of(probability: float) -> float:
    sure = min(_CEILING, max(_FLOOR, probability))
    return sure / (1 - sure)


def _odds(words: Mapping[str, float], classes: Iterable[str]) -> float:
    strongest, *others = sorted((_odds_of(probability) for probability in words.values()), reverse=True)
    odds = strongest
    for other in others:
        odds *= max(1.0, other)  # a weak source that agrees is no reason to believe less
    for each in set(classes):
        odds *= VERIFIER_ODDS.get(each, 1.0)
    return odds
