"""Excel workbooks: the first visible sheet with data, streamed row by row."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from headwater.intake.errors import UnreadableFile
from headwater.intake.headers import unique_headers
from headwater.intake.model import Raw, Table
from headwater.intake.tables import below, collect, is_blank
from headwater.intake.xlsx_parts import Book, Sheet, open_book
from headwater.intake.xlsx_rows import rows


def open_xlsx(path: Path) -> Table:
    """Guard against bombs, choose the sheet, look through all of it."""
    with closing(open_book(path)) as book:
        sheet = _first_with_data(path, book)
        collected = collect(path, rows(book, sheet))
    names = collected.header.cells + ("",) * (collected.width - len(collected.header.cells))

    def records() -> Iterator[Raw]:
        with closing(open_book(path)) as again:
            yield from below(collected.header, rows(again, sheet))

    return Table(
        format="xlsx",
        headers=unique_headers(names),
        records=records,
        first=tuple(collected.first),
        rows=collected.rows,
        blank=collected.blank,
        sheet=sheet.name,
    )


def _first_with_data(path: Path, book: Book) -> Sheet:
    for sheet in book.sheets:
        if any(not is_blank(raw) for raw in rows(book, sheet)):
            return sheet
    raise UnreadableFile(f"{path}: no sheet of the workbook holds any data.")
