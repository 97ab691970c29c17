"""The ground every other normaliser stands on: repaired, tidied and folded text."""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

# Per function. Enough for values that repeat within a chunk; all caches together stay below some 60 MB.
CACHE = 1 << 13

_SPACE = re.compile(r"\s+")
# Controls, zero-width marks, soft hyphen, direction marks, byte order mark: never part of a name or an address.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u02bb`\u00b4]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")

# UTF-8 once read as Windows-1252 shows a lead byte as one of these and a following byte as one of those.
_CP1252_TAIL = "".join(bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xC0)) + "\x81\x8d\x8f\x90\x9d"
_MOJIBAKE = re.compile(f"[\u00c2-\u00f4][{re.escape(_CP1252_TAIL)}]")
_TO_BYTE = {chr(code): bytes([code]) for code in range(256)} | {
    bytes([code]).decode("cp1252", "ignore"): bytes([code]) for code in range(0x80, 0xA0)
}

_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "å": "aa"}
    | {"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ẞ": "SS", "Ø": "Oe", "Æ": "Ae", "Å": "Aa"}
)

# What programs write into a cell that has nothing to say. Names such as Null, None and Nan exist: those by exact case.
_EMPTY_EXACT = frozenset({"null", "NULL", "none", "nan", "NaN", "undefined", "nil", "NIL"})
_EMPTY_FOLDED = frozenset(
    {"n/a", "#n/a", "#na", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "\\n", "<null>", "(null)"}
    | {"(blank)", "(none)", "[not provided]", "not provided", "not available", "no email", "no phone"}
    | {"unknown", "(unknown)", "[unknown]", "unbekannt"}
)


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252 (``JosÃ©`` is ``José``); anything else comes back as it is.

    Only a text whose every non-ASCII character fits such an accident is changed, so a true ``Ã`` stays.
    """
    while _MOJIBAKE.search(text):
        try:
            repaired = b"".join(_TO_BYTE[char] for char in text).decode("utf-8")
        except (KeyError, UnicodeDecodeError):
            return text
        text = repaired
    return text


def tidy(text: str) -> str:
    """Repair, compose (NFC), drop invisible characters, one space between words; for everything shown as typed."""
    if _PLAIN.fullmatch(text):
        return text
    while True:
        before = text
        text = text if text.isascii() else unicodedata.normalize("NFC", repair_mojibake(text))
        text = _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()
        # What was taken out may have kept two halves of a damaged character apart.
        if text.isascii() or text == before:
            return text


def compatible(text: str) -> str:
    """``tidy`` and NFKC: full-width letters, ligatures and look-alike forms become the plain ones."""
    text = tidy(text)
    while not text.isascii():
        plain = tidy(unicodedata.normalize("NFKC", text))
        if plain == text:
            break
        text = plain
    return text


def is_empty(text: str) -> bool:
    """Say whether a cell holds nothing but a sign for "nothing" (``N/A``, ``-``, ``#REF!``)."""
    text = text.strip()
    return not any(map(str.isalnum, text)) or text in _EMPTY_EXACT or text.casefold() in _EMPTY_FOLDED


def word_set(text: str) -> frozenset[str]:
    """A table of words, written as text so that it stays readable."""
    return frozenset(text.split())


@lru_cache(CACHE)
def title(text: str) -> str | None:
    """A job title as typed, tidied."""
    return None if is_empty(text) else tidy(text) or None


@lru_cache(CACHE)
def fold(text: str) -> str:
    """ASCII, lower case, words by one space, for comparison only; empty only where nothing visible was given.

    ``Ö`` becomes ``o``; see ``fold_german`` for the other reading. Scripts without a Latin form are romanised.
    """
    text = compatible(text)
    folded = _squash(anyascii(_APOSTROPHES.sub("", text)))
    return folded or text.casefold()


@lru_cache(CACHE)
def fold_german(text: str) -> str:
    """``fold`` as German and Nordic writers do it without umlauts: ``Müller`` is ``mueller``, ``Ø`` is ``oe``."""
    return fold(compatible(text).translate(_GERMAN))


def han(text: str) -> str:
    """The Chinese characters of a text: many share one romanisation, so ``fold`` can not tell them apart."""
    return "" if text.isascii() else "".join(_HAN.findall(compatible(text)))


def _squash(text: str) -> str:
    return _NOT_WORD.sub(" ", text.lower()).strip()
