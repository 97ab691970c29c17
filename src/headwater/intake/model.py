"""What comes out of a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from headwater.records import Column, Contact

Format = Literal["csv", "xlsx", "json", "jsonl"]
How = Literal["name", "content", "you"]


class Raw(NamedTuple):
    """One record as the reader of a format delivers it, before headers are known.

    ``flaws`` are cells that hold no value although something stands there (index and why); ``fault`` is set where the
    record as a whole is not a row.
    """

    line: int
    cells: tuple[str, ...]
    flaws: tuple[tuple[int, str], ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row verbatim. ``line`` is where a user finds it: line of the text, row of the sheet, number in the list."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a cell worth knowing although the row is good; ``code`` is stable, ``text`` for people."""

    column: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that says who somebody is."""

    row: SourceRow
    contact: Contact
    notes: tuple[Note, ...] = ()

    @property
    def line(self) -> int:
        return self.row.line


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that can not be used, with the reason; its cells are kept."""

    line: int
    column: str | None
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A checked file as its format's reader found it: headers, size, and a way to read it again from the start."""

    format: Format
    headers: tuple[str, ...]
    records: Callable[[], Iterator[Raw]]
    first: tuple[Raw, ...]
    rows: int
    blank: int
    encoding: str = "utf-8"
    encoding_confidence: float = 1.0
    delimiter: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file: completely looked through once, so that reading it will not fail half-way.

    ``headers`` are unique (a repeated one gets " (2)"); ``rows_expected`` is how many rows ``read`` will hand out;
    ``blank_lines`` were skipped.
    """

    path: Path
    format: Format
    encoding: str
    encoding_confidence: float
    delimiter: str | None
    headers: tuple[str, ...]
    sha256: str
    rows_expected: int
    blank_lines: int
    sheet: str | None
    first_rows: tuple[Raw, ...] = field(repr=False)
    records: Callable[[], Iterator[Raw]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a header was taken for, on what ground, and a value from it."""

    header: str
    column: Column | None
    how: How | None
    sample: str


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The meaning of every header. ``indexes`` holds the cells of a meaning, the best first."""

    guesses: tuple[ColumnGuess, ...]
    indexes: Mapping[Column, tuple[int, ...]]
    state_country: str | None = None
    """Country whose state codes the whole state column is made of, if so."""

    def __iter__(self) -> Iterator[ColumnGuess]:
        return iter(self.guesses)
