"""Capital letters of names that somebody typed without."""

import re
import unicodedata

from headwater.normalize.name_tables import GENERATIONS, MAC_NAMES, SMALL_PARTICLES
from headwater.normalize.text import fold

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_VOWELS = frozenset("AEIOUY")
_ROMAN = frozenset(value for value in GENERATIONS.values() if value.isupper())


def recase(text: str) -> str:
    """Write a name that is all capitals or all small in the usual way; a mixed one is somebody's choice and stays.

    Within a mixed name a long word in capitals is the surname as the French write it (``Jean DUPONT``).
    """
    if len(text) < 3 and text.isupper():
        return text
    if not (text.isupper() or text.islower()):
        written = " ".join(_word(word, small=False) if _is_shouted(word) else word for word in text.split(" "))
    else:
        words = text.split(" ")
        # A lone particle, or one that opens the given names, is written as a word: "La", "De Andre".
        written = " ".join(_word(word, small=len(words) > 1) for word in words)
    # Some capitals have no composed form, so that changing case leaves marks of their own behind.
    return written if written.isascii() else unicodedata.normalize("NFC", written)


def _word(word: str, *, small: bool) -> str:
    if small and word.lower() in SMALL_PARTICLES:
        return word.lower()
    if word.upper() in _ROMAN or is_initials(word):
        return word.upper()
    return _WORD.sub(_capital, word)


def _capital(found: re.Match[str]) -> str:
    part, before = found[0], found.string[: found.start()]
    # The letters behind an apostrophe of two or more ("D'Angelo" yes, "Mary's" no) begin a part of their own.
    if before[-1:] in {"'", "\u2019"} and len(part) < 2:
        return part.lower()
    # Lower case of a dotted capital I leaves its dot behind as a mark of its own.
    lower = part[:1].lower() + part[1:].lower().replace("i\u0307", "i")
    if lower in MAC_NAMES:
        return "Mac" + lower[3:].capitalize()
    if lower.startswith("mc") and len(lower) > 3:
        return "Mc" + lower[2:].capitalize()
    return part[:1].title() + part[1:].lower().replace("i\u0307", "i")  # the title form of ß is Ss, not SS


def is_initials(word: str) -> bool:
    """Two capitals that can not be a syllable (``JP``, ``TJ``) or end in J (``AJ``) are initials."""
    return len(word) == 2 and word.isupper() and word.isascii() and (word[1] == "J" or not _VOWELS.intersection(word))


def _is_shouted(word: str) -> bool:
    return word.isupper() and sum(map(str.isalpha, word)) > 3 and "." not in word


def squeeze(word: str) -> str:
    """A word as the tables spell it: folded, without dots and blanks."""
    return fold(word).replace(" ", "")
