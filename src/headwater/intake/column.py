"""One column of a file, cell by cell: for work that needs no contacts."""

from collections.abc import Iterator

from headwater.intake.columns import guess_columns
from headwater.intake.errors import NoUsableColumn
from headwater.intake.model import Source
from headwater.intake.tables import is_blank
from headwater.records import Column


def find_column(source: Source, name: str | None, meaning: Column) -> int:
    """Where the named column stands; without a name, the best that has this meaning. Raises NoUsableColumn."""
    if name is None:
        found = guess_columns(source, {}).indexes.get(meaning, ())
        if not found:
            raise NoUsableColumn(f"{source.path}: no column of {meaning} was recognised; name it with --column.")
        return found[0]
    wanted = name.strip().casefold()
    places = [index for index, header in enumerate(source.headers) if header.strip().casefold() == wanted]
    if name in source.headers:
        return source.headers.index(name)
    if not places:
        listed = ", ".join(source.headers[:20])
        raise NoUsableColumn(f"{source.path}: there is no column {name!r}; --column takes one of: {listed}.")
    return places[0]


def read_column(source: Source, index: int) -> Iterator[str]:
    """The cell of every row in the file's order; empty where the row has none. Wholly blank lines are no rows."""
    return (raw.cells[index] if index < len(raw.cells) else "" for raw in source.records() if not is_blank(raw))
