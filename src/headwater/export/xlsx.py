"""Excel workbooks (ECMA-376), one sheet, written in constant memory."""

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError, XlsxWriterException

from headwater.export.cells import Cell, known
from headwater.kit.errors import BadInput

# Excel's own limits; a cell is counted in UTF-16 units.
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_048_576, 16_384, 32_767
# A spreadsheet number has 15 digits; longer ones (identifiers) stay exact as text.
_EXACT = 10**15
_ELSEWHERE = "Write .csv, .jsonl or .parquet instead."


class XlsxSink:
    """Text is written as text, never as formula or link; numbers are numbers."""

    def __init__(self, part: Path, columns: Sequence[str]) -> None:
        if len(columns) > MOST_COLUMNS:
            raise BadInput(f"An Excel sheet has at most {MOST_COLUMNS:,} columns, not {len(columns):,}. {_ELSEWHERE}")
        self._columns = columns
        # Beside the part, so that a disk with room for the result has room for the way there.
        self._scratch = tempfile.TemporaryDirectory(dir=part.parent, prefix=".headwater-")
        options = {"constant_memory": True, "tmpdir": self._scratch.name, "strings_to_formulas": False}
        self._book = xlsxwriter.Workbook(str(part), {**options, "strings_to_urls": False, "strings_to_numbers": False})
        self._plain = self._book.add_format()
        self._sheet = self._book.add_worksheet()
        self._row = 0
        self.write([columns])

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            if self._row >= MOST_ROWS:
                raise BadInput(f"An Excel sheet has at most {MOST_ROWS:,} rows with its header. {_ELSEWHERE}")
            for column, value in enumerate(row):
                self._write_cell(column, known(value))
            self._row += 1

    def finish(self) -> None:
        try:
            self._book.close()
        except FileCreateError as error:
            # It wraps the OSError that says what happened.
            raise (error.args[0] if error.args and isinstance(error.args[0], OSError) else error) from None
        finally:
            self._scratch.cleanup()

    def abandon(self) -> None:
        # Closing is the only way to give the library's files back; what it writes is thrown away with the part.
        with suppress(OSError, XlsxWriterException):
            self._book.close()
        self._scratch.cleanup()

    def _write_cell(self, column: int, value: Cell) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, column, value)
        elif isinstance(value, str):
            self._write_text(column, value)
        elif isinstance(value, int) and abs(value) >= _EXACT:
            self._write_text(column, str(value))
        else:
            self._sheet.write_number(self._row, column, value)

    def _write_text(self, column: int, text: str) -> None:
        # A line break inside a cell is LF in Excel; CR would be shown as an escape by some readers.
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > MOST_CHARACTERS // 2 and len(text.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
            where = f"row {self._row + 1:,}, column {self._columns[column]!r}"
            raise BadInput(f"The text in {where} has more than {MOST_CHARACTERS:,} characters. {_ELSEWHERE}")
        if text.startswith("<r>") and text.endswith("</r>"):
            # The library takes this for markup of its own and would write it unescaped; as two runs it is text.
            self._sheet.write_rich_string(self._row, column, text[:1], self._plain, text[1:])
        else:
            self._sheet.write_string(self._row, column, text)
