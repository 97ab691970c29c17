"""How evidence becomes a score: every point has a named reason, and the reasons add up to the score."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headwater.records import Reason


@dataclass(frozen=True, slots=True)
class Rule:
    """What one piece of evidence does: it adds ``points``, and a score may not pass its ``ceiling``."""

    points: int
    text: str
    ceiling: int = 100


def tally(found: Iterable[tuple[str, str]], rules: Mapping[str, Rule]) -> tuple[int, tuple[Reason, ...]]:
    """Score evidence given as (code, detail) pairs; ``detail`` replaces the rule's own sentence unless it is empty.

    Points come first and ceilings last, the highest first, so that the order of the evidence does not matter. A
    ceiling's reason carries the points it took away. More good evidence never lowers a score, more bad never raises it.
    """
    score = 0
    reasons: list[Reason] = []
    capped: list[tuple[int, str, str]] = []
    for code, detail in found:
        rule = rules[code]
        if rule.ceiling < 100:
            capped.append((rule.ceiling, code, detail or rule.text))
        else:
            score += rule.points
            reasons.append(Reason(code, rule.points, detail or rule.text))
    for ceiling, code, text in sorted(capped, reverse=True):
        change = min(0, ceiling - score)
        score += change
        reasons.append(Reason(code, change, text))
    return score, tuple(reasons)
