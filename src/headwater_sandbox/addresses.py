"""How companies build the local part of an address."""

import re

from headwater_sandbox.fold import ascii_text, fold
from headwater_sandbox.names import SUFFIXES

PATTERNS: tuple[tuple[str, float], ...] = (
    ("first.last", 0.45), ("flast", 0.20), ("first", 0.12), ("f.last", 0.09), ("firstlast", 0.05), ("first_last", 0.03),
    ("lastf", 0.02), ("last.first", 0.02), ("last", 0.02),
)  # fmt: skip
# Hunter's own notation of the same, for domain-search.
BRACES = {
    "first.last": "{first}.{last}", "flast": "{f}{last}", "first": "{first}", "f.last": "{f}.{last}",
    "firstlast": "{first}{last}", "first_last": "{first}_{last}", "lastf": "{last}{f}", "last.first": "{last}.{first}",
    "last": "{last}",
}  # fmt: skip
_PARTICLES = frozenset(["de", "la", "le", "du", "des", "von", "van", "der", "den", "zu", "del", "d", "t"])


def _given(first: str, hyphens: bool) -> str:
    words = re.split(r"[\s-]+", first.strip())
    return ("-" if hyphens else "").join(filter(None, (fold(word) for word in words)))


def _family(last: str, hyphens: bool, one_surname: bool) -> str:
    words = [word for word in last.split() if fold(word) and fold(word) not in SUFFIXES]
    if one_surname and len(words) > 1 and not any(fold(word) in _PARTICLES for word in words[:-1]):
        words = words[:1]  # García López writes as garcia
    text = ascii_text("".join(words)).lower()
    return re.sub(r"[^a-z0-9-]+" if hyphens else r"[^a-z0-9]+", "", text).strip("-")


def local_part(pattern: str, first: str, last: str, hyphens: bool = False, one_surname: bool = False) -> str:
    """The local part of a name under a pattern; a missing half falls back to the other."""
    one, two = _given(first, hyphens), _family(last, hyphens, one_surname)
    if not one or not two:
        return one or two or "x"
    return {
        "first.last": f"{one}.{two}", "flast": one[0] + two, "first": one, "f.last": f"{one[0]}.{two}",
        "firstlast": one + two, "first_last": f"{one}_{two}", "lastf": two + one[0], "last.first": f"{two}.{one}",
        "last": two,
    }[pattern][:64]  # fmt: skip


def readings(local: str) -> list[tuple[str, str]]:
    """The names (first, last) that an address spells out in full."""
    found = []
    for mark in (".", "_"):
        one, found_mark, two = local.partition(mark)
        if found_mark and len(one) > 1 and len(two) > 1:
            found += [(one, two), (two, one)]
    return found
