"""The rows of a sheet as their user sees them."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from headwater.intake.errors import UnreadableFile
from headwater.intake.model import Raw
from headwater.intake.tables import storable_row
from headwater.intake.xlsx_parts import Attributes, Book, Handlers, Sheet, parse

MOST_COLUMNS = 16_384
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DAY = 86_400


def rows(book: Book, sheet: Sheet) -> Iterator[Raw]:
    """Every row of a sheet that has cells, with the number Excel shows beside it."""
    handlers = _Rows(book)
    for _ in parse(book, sheet.part, handlers):
        yield from map(storable_row, handlers.ready)
        handlers.ready.clear()


class _Rows(Handlers):
    """Collects cells into rows while the sheet streams by."""

    def __init__(self, book: Book) -> None:
        self.ready: list[Raw] = []
        self._book = book
        self._line = 0
        self._column = -1
        self._cells: list[str] = []
        self._flaws: list[tuple[int, str]] = []
        self._type = ""
        self._style = 0
        self._value: list[str] | None = None
        self._formula: list[str] | None = None
        self._kept: list[str] = []
        self._phonetic = False
        self._into: list[str] | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            self._start_cell(attributes)
        elif local in ("v", "t"):
            if not self._phonetic:
                self._value = self._value if self._value is not None else []
                self._into = self._value
        elif local == "f":
            self._formula = self._into = []
        elif local == "row":
            self._line = _whole(attributes.get("r"), self._line + 1)
            self._column = -1
            self._cells, self._flaws = [], []
        elif local == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            self._end_cell()
        elif local == "row":
            if self._cells:
                self.ready.append(Raw(self._line, tuple(self._cells), tuple(self._flaws)))
        elif local == "rPh":
            self._phonetic = False
        else:
            self._into = None

    def text(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)

    def _start_cell(self, attributes: Attributes) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = _column_number(found[1]) if found else self._column + 1
        if self._column >= MOST_COLUMNS:
            raise UnreadableFile(f"{self._book.path}: row {self._line} has more than {MOST_COLUMNS:,} columns.")
        self._type = attributes.get("t", "n")
        self._style = _whole(attributes.get("s"), 0)
        self._value = self._formula = None

    def _end_cell(self) -> None:
        if self._value is None and self._formula is None:
            return
        self._cells.extend([""] * (self._column - len(self._cells)))
        if self._value is None:
            self._flaws.append((self._column, "the formula has no stored value; open the file in Excel and save it"))
            self._cells.append("=" + "".join(self._formula or ()))
        else:
            self._cells.append(self._shown("".join(self._value)))

    def _shown(self, text: str) -> str:
        if self._type == "s":
            found = self._book.texts.get(int(text)) if self._book.texts is not None and text.isdigit() else None
            return _unescape(found or "")
        if self._type == "n":
            kinds = self._book.kinds
            return shown_number(text, kinds[self._style] if self._style < len(kinds) else "", self._book.from_1904)
        if self._type == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        return _unescape(text)


def shown_number(text: str, kind: str, from_1904: bool = False) -> str:
    """A stored number as a user sees it: whole numbers in full, at most 15 digits, days and times in ISO form."""
    text = text.strip()
    if not kind and text.isdigit() and len(text) <= 15:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if kind in ("date", "time", "datetime"):
        return _moment(number, kind, from_1904) or _plain(number)
    if kind == "percent":
        return _plain(number * 100) + "%"
    return _plain(number).zfill(len(kind)) if kind.startswith("0") else _plain(number)


def _plain(number: float) -> str:
    if number == int(number) and abs(number) < 1e15 if abs(number) < 1e300 else False:
        return str(int(number))
    return format(number, ".15g")


def _moment(number: float, kind: str, from_1904: bool) -> str | None:
    """Excel counts days from 1900 with a 29 February that never was, or from 1904 (older Macintosh files)."""
    if not 0 <= number < 2_958_466:
        return None
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if number >= 60 else 31)  # noqa: DTZ001
    moment = start + timedelta(seconds=round(number * _DAY))
    if kind == "time" and number < 1:
        return moment.strftime("%H:%M:%S")
    if kind == "date" and number == int(number):
        return moment.strftime("%Y-%m-%d")
    return moment.strftime("%Y-%m-%d %H:%M:%S") if kind != "date" else moment.strftime("%Y-%m-%d")


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _unescape(text: str) -> str:
    """Characters that XML can not hold are written ``_x000D_`` (section 22.9.2.19 of the standard)."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
