"""The ways in which a cell may hold a phone number, the most literal last resort at the end.

``phonenumbers.parse`` forgives a lot, but dials letters: "+447400 123 456 (mobile)" becomes +447400123456662453. So the
words that people put after numbers are taken off first, and a cell with two numbers is cut where they are joined.
"""

import re
from collections.abc import Iterator

_WORDS = (
    "mobile|mob|cell|cellular|cell phone|handy|portable|movil|móvil|cel|gsm|home|house|work|office|business|biz|direct|"
    "main|switchboard|reception|desk|private|personal|privat|landline|fixed|fix|fax|tel|telephone|phone|ph|whatsapp|wa|"
    "preferred|primary|secondary|other|alt|alternate|day|evening|new|old|w|h|m|c|o|p|t|f|d"
)
# A word or more at the end of a cell, in brackets or after a space; "1-800-FLOWERS" has neither.
_TRAILING = re.compile(rf"(?:\s*[(\[]\s*(?:{_WORDS})\s*[)\]]|[\s,:;/-]*\s(?:{_WORDS})\b\.?)\s*$", re.IGNORECASE)
_JOINTS = re.compile(
    r"\s+/\s+|\s*\\\s*|\s*[;,|\n\r\t]\s*|\s+(?:or|and|oder|und|ou|et|y|o|e)\s+|\s*&\s*|/", re.IGNORECASE
)
_TAIL = re.compile(r"(?<=\d)[\s(\[,;:/-]*[^\W\d_].*$", re.DOTALL)

# A cell longer than this is a note; the number in it is near its start or not worth the search.
_LONGEST = 250


def readings(raw: str) -> Iterator[str]:
    """Candidate texts, each at most once: without trailing words, as written, then piece by piece."""
    seen: set[str] = set()
    for text in _all(raw[:_LONGEST]):
        if text and text not in seen:
            seen.add(text)
            yield text


def _all(raw: str) -> Iterator[str]:
    yield _without_words(raw)
    yield raw
    pieces = _JOINTS.split(raw)
    for piece in pieces if len(pieces) > 1 else ():
        yield _without_words(piece)
    for piece in pieces:
        yield _TAIL.sub("", piece)


def _without_words(text: str) -> str:
    """Take labels off the end, one after another ("... (direct) work")."""
    while (shorter := _TRAILING.sub("", text)) != text and any(map(str.isdigit, shorter)):
        text = shorter
    return text
