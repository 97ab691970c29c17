"""Delimited text: found out from its own structure, looked through once, then streamed."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from math import log
from pathlib import Path

from headwater.intake.encoding import TextFacts
from headwater.intake.errors import UnreadableFile
from headwater.intake.headers import find_header, known_headers, unique_headers
from headwater.intake.model import Raw, Table
from headwater.intake.tables import below, collect, storable_row

DELIMITERS = (",", ";", "\t", "|")
LARGEST_CELL = 16 << 20
_SAMPLE = 1 << 18
_SAMPLE_RECORDS = 100
_END = "\x00end\x00"


def open_csv(path: Path, facts: TextFacts) -> Table:
    """Find delimiter and headers, and prove that every quote is closed before any row is handed on."""
    # The module keeps one limit for the whole process; ours is the largest anybody here needs.
    csv.field_size_limit(LARGEST_CELL)
    delimiter, skip = _sniff(path, facts.encoding)
    reader = _Reader(path, facts.encoding, delimiter, skip)
    collected = collect(path, reader.checked())
    headers = unique_headers(collected.header.cells)
    return Table(
        format="csv",
        headers=headers,
        records=lambda: below(collected.header, reader.plain()),
        first=tuple(collected.first),
        rows=collected.rows,
        blank=collected.blank,
        encoding=facts.encoding,
        encoding_confidence=facts.confidence,
        delimiter=delimiter,
    )


class _Reader:
    """Reads the same file twice: once with every check, once fast."""

    def __init__(self, path: Path, encoding: str, delimiter: str, skip: int) -> None:
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter
        self.skip = skip

    def plain(self) -> Iterator[Raw]:
        """Records with the line each begins on."""
        with self._open() as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            line = 1
            for cells in reader:
                if line > self.skip:
                    yield storable_row(Raw(line, tuple(cells)))
                line = reader.line_num + 1

    def checked(self) -> Iterator[Raw]:
        """Records as ``plain``, refusing a quote that swallows lines it was not meant for."""
        with self._open() as file:
            lines = _Lines(file)
            reader = csv.reader(lines, delimiter=self.delimiter)
            line = 1
            while (cells := self._next(reader, lines, line)) is not None:
                if len(lines.pending) > 1:
                    self._check_quotes(lines.pending, line)
                if line > self.skip:
                    yield storable_row(Raw(line, tuple(cells)))
                lines.pending.clear()
                line = reader.line_num + 1

    def _open(self) -> io.TextIOWrapper:
        return self.path.open("r", encoding=self.encoding, newline="")

    def _next(self, reader: Iterator[list[str]], lines: "_Lines", line: int) -> list[str] | None:
        try:
            cells = next(reader, None)
        except csv.Error:
            opened = _opening_line(lines.pending, line)
            raise UnreadableFile(
                f"{self.path}: a cell in line {opened} is larger than {LARGEST_CELL >> 20} MB; "
                "most likely a quotation mark opened there is never closed."
            ) from None
        # Behind the last line stands one more that no file has: a reader still inside a quote swallows it.
        if cells is None or cells == [_END]:
            return None
        if lines.ended and cells and _END in cells[-1]:
            raise self._unclosed(_opening_line(lines.pending[:-1], line))
        return cells

    def _check_quotes(self, lines: list[str], line: int) -> None:
        """A cell over several lines is fine where its quotes are; text right behind a closing quote gives it away."""
        try:
            for _ in csv.reader(lines, delimiter=self.delimiter, strict=True):
                pass
        except csv.Error:
            raise self._unclosed(_opening_line(lines, line)) from None

    def _unclosed(self, line: int) -> UnreadableFile:
        return UnreadableFile(
            f"{self.path}: a quotation mark opened in line {line} is never closed; close it or double it if it is "
            'part of the text ("").'
        )


class _Lines:
    """The lines of a file with those of the current record at hand, and a mark behind the last."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self.pending: list[str] = []
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._file, None)
        if line is None:
            if self.ended:
                raise StopIteration
            self.ended = True
            line = _END
        self.pending.append(line)
        return line


def _opening_line(lines: list[str], first: int) -> int:
    """The line on which the quote was opened that is still open at the end (or was closed by the wrong one)."""
    opened, is_open = first, False
    for offset, line in enumerate(lines):
        if line.count('"') % 2:
            is_open = not is_open
            opened = first + offset if is_open else opened
    return opened


def _sniff(path: Path, encoding: str) -> tuple[str, int]:
    """The delimiter and the number of leading lines that only announce it (Excel's ``sep=;``)."""
    with path.open("r", encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE)
    first = sample.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], 1
    if first.lower() == "sep=" or sample.lower().startswith("sep=\t"):
        return "\t", 1
    whole = len(sample) < _SAMPLE
    return max(DELIMITERS, key=lambda delimiter: _fit(sample, delimiter, whole)), 0


def _fit(sample: str, delimiter: str, whole: bool) -> float:
    """How well a delimiter explains a sample: rows as wide as the header, headers that are known, columns at all."""
    records = []
    try:
        for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            records.append(tuple(cells))
            if len(records) > _SAMPLE_RECORDS:
                break
    except csv.Error:
        return 0.0
    if not whole and 1 < len(records) <= _SAMPLE_RECORDS:
        records.pop()
    records = [cells for cells in records if any(map(str.strip, cells))]
    if not records:
        return 0.0
    start = find_header(records)
    width = len(records[start])
    widths = Counter(map(len, records[start:]))
    share = widths[width] / (len(records) - start)
    return share * log(width) * (1 + known_headers(records[start]))
