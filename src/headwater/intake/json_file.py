"""JSON: a list of objects, or one object a line; nested values by dotted names."""

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from headwater.intake.errors import UnreadableFile
from headwater.intake.headers import unique_headers
from headwater.intake.model import Format, Raw, Table
from headwater.intake.tables import FIRST_ROWS, is_blank, shorten, storable, storable_row

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Item: TypeAlias = "tuple[int, dict[str, str] | None, str]"
"""Line, flat object (None where it is not an object), text."""

LARGEST_OBJECT = 16 << 20
MOST_KEYS = 5000
_CHUNK = 1 << 16
_BLANK = re.compile(r"[\s]*")


def open_json(path: Path, encoding: str) -> Table:
    """A JSON file by its first sign: ``[`` opens a list, ``{`` is the first of many lines."""
    with path.open("r", encoding=encoding) as file:
        first = _BLANK.sub("", file.read(_CHUNK), count=1)[:1]
    if first == "[":
        return _open(path, "json", encoding, lambda: _items(path, encoding))
    return _open(path, "jsonl", encoding, lambda: _lines(path, encoding))


def _open(path: Path, kind: Format, encoding: str, items: Callable[[], Iterator[Item]]) -> Table:
    keys: dict[str, None] = {}
    head: list[Item] = []
    rows = blank = 0
    for item in items():
        keys.update(dict.fromkeys(item[1] or ()))
        if is_blank(_raw(item, tuple(item[1] or ()))):
            blank += 1
            continue
        rows += 1
        if rows <= FIRST_ROWS:
            head.append(item)
        if len(keys) > MOST_KEYS:
            raise UnreadableFile(f"{path}: more than {MOST_KEYS:,} different keys; these are no columns of a list.")
    if not keys:
        raise UnreadableFile(f"{path}: there is no object with a value in it; a list of objects is needed.")
    headers = tuple(keys)
    return Table(
        format=kind,
        headers=_named(headers),
        records=lambda: (_raw(item, headers) for item in items()),
        first=tuple(shorten(_raw(item, headers)) for item in head),
        rows=rows,
        blank=blank,
        encoding=encoding,
    )


def _raw(item: Item, headers: tuple[str, ...]) -> Raw:
    line, flat, text = item
    if flat is None:
        return storable_row(Raw(line, (text,), fault=f"is not a JSON object: {text[:60]!r}"))
    return storable_row(Raw(line, tuple(flat.get(header, "") for header in headers)))


def _named(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys as headers: as they are, or where one can not be stored, kept apart anew."""
    stored = tuple(map(storable, keys))
    return keys if stored == keys else unique_headers(stored)


def _flatten(value: dict[str, Value], prefix: str = "") -> dict[str, str]:
    """An object as cells: ``{"a": {"b": 1}}`` is ``a.b``; a list of plain values is joined by ``; ``."""
    flat: dict[str, str] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            flat |= _flatten(inner, f"{prefix}{key}.")
        else:
            flat[prefix + key] = _cell(inner)
    return flat


def _cell(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) and ";" not in item for item in value):
        return "; ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def _item(line: int, value: Value, text: str) -> Item:
    return (line, _flatten(value), "") if isinstance(value, dict) else (line, None, text)


def _lines(path: Path, encoding: str) -> Iterator[Item]:
    """One object a line; a line that is none is handed on as such, unless it is the first: then this is no JSONL."""
    with path.open("r", encoding=encoding, newline="\n") as file:
        number = 0
        good = False
        while line := file.readline(LARGEST_OBJECT):
            number += 1
            if not line.strip():
                continue
            text = line.rstrip("\r\n")
            try:
                item = _item(number, json.loads(line), text)
            except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, or nested beyond reason
                if not good:
                    raise UnreadableFile(
                        f"{path}: line {number} is not a JSON object; write one object a line, or a list of objects."
                    ) from None
                yield number, None, text
                continue
            good = True
            yield item


def _items(path: Path, encoding: str) -> Iterator[Item]:
    """The elements of a list, numbered from 1, with never more than one of them in memory."""
    with path.open("r", encoding=encoding) as file:
        window = _Window(path, file)
        window.take("[")
        number = 0
        while not window.looking_at("]"):
            if number:
                window.take(",")
            number += 1
            yield window.item(number)
        window.take("]")
        window.expect_end()


class _Window:
    """A moving piece of a JSON text."""

    def __init__(self, path: Path, file: io.TextIOWrapper) -> None:
        self._path = path
        self._file = file
        self._text = ""
        self._at = 0
        self._line = 1
        self._decoder = json.JSONDecoder()

    def looking_at(self, sign: str) -> bool:
        self._skip_blanks()
        return self._text.startswith(sign, self._at)

    def take(self, sign: str) -> None:
        if not self.looking_at(sign):
            found = self._text[self._at : self._at + 1]
            raise self._error(f"{sign!r} expected, {found!r} found" if found else f"the file ends before {sign!r}")
        self._at += 1

    def expect_end(self) -> None:
        self._skip_blanks()
        if self._at < len(self._text):
            raise self._error("something follows the end of the list")

    def item(self, number: int) -> Item:
        """The next value of the list."""
        try:
            value, text = self._value(number)
            return _item(number, value, text)
        except RecursionError:
            raise self._error(f"item {number} is nested too deeply") from None

    def _value(self, number: int) -> tuple[Value, str]:
        """The next value and its text; more text is fetched until it is whole."""
        self._skip_blanks()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._unfinished(error) and self._grow():
                    continue
                raise self._error(f"item {number}: {error.msg}", at=error.pos) from None
            except ValueError:
                # Python reads no number of more than 4,300 digits.
                raise self._error(f"item {number} holds a number with too many digits; write it as text") from None
            # A number at the edge may go on behind it.
            if end == len(self._text) and self._grow():
                continue
            text, self._at = self._text[self._at : end] if not isinstance(value, dict) else "", end
            return value, text

    def _unfinished(self, error: json.JSONDecodeError) -> bool:
        return len(self._text) - self._at < LARGEST_OBJECT and (
            error.pos > len(self._text) - 12 or error.msg.startswith("Unterminated string")
        )

    def _skip_blanks(self) -> None:
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._grow():
                return

    def _grow(self) -> bool:
        """Drop what is behind, fetch at least as much again as is at hand."""
        self._line += self._text.count("\n", 0, self._at)
        self._text = self._text[self._at :]
        self._at = 0
        more = self._file.read(max(_CHUNK, len(self._text)))
        self._text += more
        return bool(more)

    def _error(self, what: str, at: int | None = None) -> UnreadableFile:
        line = self._line + self._text.count("\n", 0, self._at if at is None else at)
        return UnreadableFile(f"{self._path}: not valid JSON in line {line}: {what}.")
