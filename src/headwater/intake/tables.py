"""What all formats share: the header found, rows counted, the first ones kept for guessing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from headwater.intake.errors import UnreadableFile
from headwater.intake.headers import PREAMBLE, find_header, refuse_data_as_header
from headwater.intake.model import Raw

FIRST_ROWS = 200
_SAMPLE_CELL = 300


@dataclass(slots=True)
class Collected:
    """A table after one full pass; ``width`` is its widest row."""

    header: Raw
    first: list[Raw]
    rows: int = 0
    blank: int = 0
    width: int = 0


def is_blank(raw: Raw) -> bool:
    """Say whether a record has nothing in any cell: readers of tables skip such lines."""
    return not (raw.fault or raw.flaws) and not any(cell and not cell.isspace() for cell in raw.cells)


def collect(path: Path, records: Iterator[Raw]) -> Collected:
    """Run through all records of a table with headers; UnreadableFile where there is no header or no row."""
    head: list[Raw] = []
    blank = 0
    for raw in records:
        blank += is_blank(raw)
        if not is_blank(raw):
            head.append(raw)
        if len(head) == PREAMBLE:
            break
    if not head:
        raise UnreadableFile(f"{path}: the file is empty: there is neither a line of headers nor any row.")
    start = find_header([raw.cells for raw in head])
    refuse_data_as_header(path, head[start])
    collected = Collected(head[start], [], blank=blank)
    for raw in chain(head[start + 1 :], records):
        _count(collected, raw)
    if not collected.rows:
        raise UnreadableFile(f"{path}: there is a line of headers (line {collected.header.line}) but no row below it.")
    return collected


def below(header: Raw, records: Iterator[Raw]) -> Iterator[Raw]:
    """The records behind the header."""
    for raw in records:
        if raw.line == header.line:
            yield from records


def storable(text: str) -> str:
    """A text without what no database or file of text can hold: NUL, and halves of surrogate pairs (now U+FFFD).

    JSON, workbooks and UTF-16 can carry both; no readable text needs them.
    """
    text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def storable_row(raw: Raw) -> Raw:
    """A record of storable texts; nearly all are, so the whole row is looked at first."""
    whole = "".join((*raw.cells, raw.fault or ""))
    if storable(whole) == whole:
        return raw
    return raw._replace(cells=tuple(map(storable, raw.cells)), fault=raw.fault and storable(raw.fault))


def shorten(raw: Raw) -> Raw:
    """A record for guessing, without the bulk of a huge cell."""
    return raw._replace(cells=tuple(cell[:_SAMPLE_CELL] for cell in raw.cells))


def _count(collected: Collected, raw: Raw) -> None:
    if is_blank(raw):
        collected.blank += 1
        return
    collected.rows += 1
    collected.width = max(collected.width, len(raw.cells))
    if collected.rows <= FIRST_ROWS:
        collected.first.append(shorten(raw))
