"""Telephone numbers of a cell in E.164."""

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers

from headwater.normalize.text import CACHE, compatible, is_empty

_NANP = re.compile(r"\+?(?:1[\s.-]*)?\(?([2-9]\d\d)\)?[\s.)/-]*([2-9]\d\d)[\s.-]*(\d{4})")
_SEPARATOR = re.compile(r"[;|\n\r\t]+|\s+(?:or|and|oder|und|ou|et)\s+")
_SOFT_SEPARATOR = re.compile(r"\s*[,/]\s*")
_EXTENSION = re.compile(r"[\s,;]*(?:ext(?:ension|n)?\.?|x|#|durchwahl)\s*:?\s*(\d{1,7})\s*$", re.IGNORECASE)
_LABEL = re.compile(r"^\s*(?:[^\W\d]+\.?\s*){1,2}:\s*")
_INTERNATIONAL = re.compile(r"^\s*(?:00|011)(?=[\s.-]?[1-9])")
_NOISE = "'`\u2018\u2019\" \t="
_NANP_REGIONS = (None, "US", "CA")


class PhoneCell(NamedTuple):
    """The parts of a cell: ``numbers`` in E.164, the ``extensions`` met, and the ``rest`` as typed."""

    numbers: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


@lru_cache(CACHE)
def phones(text: str, region: str | None = None) -> PhoneCell:
    """Every number of a cell; what can not be a number in any plan stays in ``rest``.

    Without ``region`` (ISO 3166-1 alpha-2) a number is read if it is international (``+``, ``00``, ``011``) or has the
    shape of North America (ten digits, area code and exchange from 2 to 9, or eleven with a leading 1).
    """
    if is_empty(text):
        return PhoneCell()
    numbers: list[str] = []
    extensions: list[str] = []
    rest: list[str] = []
    for piece in _pieces(text):
        main, extension = _split_extension(piece)
        number = phone(main, region)
        if number is None:
            rest.append(piece)
        elif number not in numbers:
            numbers.append(number)
            extensions.extend(extension)
    return PhoneCell(tuple(numbers), tuple(extensions), tuple(rest))


@lru_cache(CACHE)
def phone(text: str, region: str | None = None) -> str | None:
    """One number in E.164 where its length fits the numbering plan, else None; see ``phones`` for the region rule."""
    text = _LABEL.sub("", compatible(text).strip(_NOISE))
    nanp = _NANP.fullmatch(text) if region in _NANP_REGIONS else None
    if nanp is not None:
        return "+1" + "".join(nanp.groups())
    international = _INTERNATIONAL.sub("+", text)
    return _parse(text, region) or (_parse(international, region) if international != text else None)


def _parse(text: str, region: str | None) -> str | None:
    if not any(map(str.isdigit, text)) or len(text) > 60:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not possible or len(set(str(number.national_number))) == 1:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _pieces(text: str) -> list[str]:
    pieces = []
    for part in _SEPARATOR.split(text):
        # A comma or slash also stands inside a number (030/123456): it separates only between two long ones.
        halves = _SOFT_SEPARATOR.split(part)
        whole = len(halves) == 1 or any(sum(map(str.isdigit, half)) < 7 for half in halves)
        pieces.extend([part] if whole else halves)
    return [piece.strip() for piece in pieces if any(map(str.isalnum, piece))]


def _split_extension(text: str) -> tuple[str, list[str]]:
    found = _EXTENSION.search(text)
    if found is None or sum(map(str.isdigit, text[: found.start()])) < 6:
        return text, []
    return text[: found.start()], [found[1]]
