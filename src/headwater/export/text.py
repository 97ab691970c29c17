"""CSV (RFC 4180), JSON (RFC 8259) and JSON Lines, written row by row."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from headwater.export.cells import Cell, guarded, known


class CsvSink:
    """UTF-8, comma, CRLF; text that a spreadsheet could run is made harmless, column names too."""

    def __init__(self, part: Path, columns: Sequence[str], *, bom: bool = False) -> None:
        self._file = part.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self.write([columns])

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._writer.writerows([_csv_cell(cell) for cell in row] for row in rows)

    def finish(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        self._file.close()


class JsonLinesSink:
    """One object per line, values untouched."""

    opening, between, closing = "", "\n", "\n"

    def __init__(self, part: Path, columns: Sequence[str]) -> None:
        self._columns = columns
        self._file = part.open("w", encoding="utf-8", newline="")
        self._file.write(self.opening)
        self._before = ""

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            record = dict(zip(self._columns, map(known, row), strict=True))
            self._file.write(self._before + json.dumps(record, ensure_ascii=False, allow_nan=False))
            self._before = self.between

    def finish(self) -> None:
        self._file.write(self.closing if self._before or self.opening else "")
        self._file.close()

    def abandon(self) -> None:
        self._file.close()


class JsonSink(JsonLinesSink):
    """One array of objects, an object a line, values untouched."""

    opening, between, closing = "[\n", ",\n", "\n]\n"


def _csv_cell(value: Cell) -> Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    value = known(value)
    return guarded(value) if isinstance(value, str) else value
