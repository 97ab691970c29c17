"""Names of employers: as shown, and the key by which two spellings of one employer meet."""

import re
from functools import lru_cache

from headwater.normalize.legal_forms import LEADING, LEADING_CAPITALS, LONGEST, TRAILING, UNSPACED
from headwater.normalize.text import CACHE, compatible, fold, is_empty, tidy

_AMPERSAND = re.compile(r"\s*[&+]\s*")
_UNSPACED = re.compile("|".join(sorted(map(re.escape, UNSPACED), key=len, reverse=True)))


@lru_cache(CACHE)
def company(text: str) -> str | None:
    """The employer as typed, tidied; None for a cell that says nothing."""
    return None if is_empty(text) else tidy(text).strip(" ,;") or None


@lru_cache(CACHE)
def company_key(text: str) -> str | None:
    """The employer for comparison: folded, ``&`` as ``and``, leading "The" and legal forms off, never emptied.

    ``The Boeing Company`` and ``BOEING CO.`` meet at ``boeing``; ``Co-op`` and ``AG`` alone stay what they are.
    """
    if is_empty(text):
        return None
    text = compatible(text)
    bare = _UNSPACED.sub(" ", text).strip()
    text = bare if any(map(str.isalnum, bare)) else text
    lead = text.replace(".", "").replace("/", "").split(" ", 1)[0]
    words = fold(_AMPERSAND.sub(" and ", text)).split()
    return " ".join(_core(words, lead.isupper() and not text.isupper())) or None


def _core(words: list[str], capitals: bool) -> list[str]:
    """Take forms off both ends until none is left or one word remains."""
    while True:
        shorter = _without_tail(_without_head(words, capitals))
        if shorter == words:
            return words
        words, capitals = shorter, False


def _without_head(words: list[str], capitals: bool) -> list[str]:
    for count in range(min(LONGEST, len(words) - 1), 0, -1):
        head = "".join(words[:count])
        if head in LEADING or (capitals and head in LEADING_CAPITALS):
            return words[count:]
    return words


def _without_tail(words: list[str]) -> list[str]:
    # Joined without blanks, "S. A. de C. V.", "S.A. de C.V." and "SA de CV" are one form.
    for count in range(min(LONGEST, len(words) - 1), 0, -1):
        if "".join(words[-count:]) in TRAILING:
            rest = words[:-count]
            return rest[:-1] if len(rest) > 1 and rest[-1] in {"and", "und", "et", "e", "y", "og"} else rest
    return words
