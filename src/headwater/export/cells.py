"""What may be in a cell, and how text is kept from running as a formula in a spreadsheet."""

import math
import re

Cell = str | int | float | None

# What makes a spreadsheet calculate (OWASP, "CSV Injection"), with the full-width forms that East Asian ones accept.
_TRIGGERS = "=+\\-@\t\r\n＝＋－＠"
# Blanks and invisible characters in front do not stop every program: Excel and LibreOffice trim on import.
_DANGEROUS = re.compile(rf"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\0]*[{_TRIGGERS}]")
# An E.164 phone number and a plain negative number are what they look like in every program.
_HARMLESS = re.compile(r"\+[0-9]{4,15}|-[0-9]{1,15}(?:\.[0-9]{1,15})?")


def guarded(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet could run it."""
    if _DANGEROUS.match(text) and not _HARMLESS.fullmatch(text):
        return f"'{text}"
    return text


def known(value: Cell) -> Cell:
    """The value as every format can hold it: NaN and infinities are no value, half surrogate pairs become U+FFFD."""
    if isinstance(value, str):
        return value if value.isascii() else _whole(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # A vendor's JSON may hold half a pair (backslash-u escapes); no file format can.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
