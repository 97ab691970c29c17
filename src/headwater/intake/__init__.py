"""Level 5: a contact file becomes rows, each kept verbatim beside its contact, or rejected with line and reason."""

from headwater.intake.columns import guess_columns, parse_overrides
from headwater.intake.errors import BadMapping, NoUsableColumn, UnreadableFile
from headwater.intake.model import Accepted, ColumnGuess, ColumnMap, Note, Reject, Source, SourceRow
from headwater.intake.opening import open_source
from headwater.intake.reading import read

__all__ = [
    "Accepted",
    "BadMapping",
    "ColumnGuess",
    "ColumnMap",
    "NoUsableColumn",
    "Note",
    "Reject",
    "Source",
    "SourceRow",
    "UnreadableFile",
    "guess_columns",
    "open_source",
    "parse_overrides",
    "read",
]
