"""The line that names the columns."""

from collections.abc import Sequence
from pathlib import Path

from headwater.intake.errors import UnreadableFile
from headwater.intake.model import Raw
from headwater.intake.synonyms import meaning_of
from headwater.normalize import email, linkedin_slug

PREAMBLE = 20
"""How many records at the start may be remarks before the headers (LinkedIn writes two, report tools up to a dozen)."""


def known_headers(cells: Sequence[str]) -> int:
    """How many cells are headers that Headwater knows."""
    return sum(meaning_of(cell) is not None for cell in cells)


def find_header(records: Sequence[Sequence[str]]) -> int:
    """The index of the header record: the first, or the first known one behind remarks of a cell or two each."""
    for index, cells in enumerate(records[:PREAMBLE]):
        if known_headers(cells) >= 2:
            return index
        if sum(bool(cell.strip()) for cell in cells) > 2:
            break
    return 0


def refuse_data_as_header(path: Path, header: Raw) -> None:
    """A file without headers would lose its first person to them."""
    for cell in header.cells:
        if email(cell) is not None or linkedin_slug(cell) is not None:
            raise UnreadableFile(
                f"{path}: line {header.line} should name the columns but holds data ({cell.strip()[:80]!r}); "
                "add a first line such as first_name,last_name,company,email."
            )


def unique_headers(cells: Sequence[str]) -> tuple[str, ...]:
    """Headers trimmed and made unique: a repeated one gets " (2)", an empty one "column 7"."""
    taken: set[str] = set()
    unique = []
    for number, cell in enumerate(cells, start=1):
        base = " ".join(cell.replace("\ufeff", "").split()) or f"column {number}"
        name, copy = base, 1
        while name in taken:
            copy += 1
            name = f"{base} ({copy})"
        taken.add(name)
        unique.append(name)
    return tuple(unique)
