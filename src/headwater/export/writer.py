"""The one door of the export: rows in, a whole file out, or none."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from headwater.export.cells import Cell
from headwater.export.target import Target, check_place, write_error
from headwater.export.text import CsvSink, JsonLinesSink, JsonSink
from headwater.export.xlsx import XlsxSink
from headwater.kit.errors import BadInput


class Sink(Protocol):
    """One format: takes rows, then is finished or abandoned, once."""

    def write(self, rows: Iterable[Sequence[Cell]]) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


def _parquet(part: Path, columns: Sequence[str]) -> Sink:
    # An eighth of the time in which a command starts goes into polars, and few exports need it.
    from headwater.export.parquet import ParquetSink

    return ParquetSink(part, columns)


_SINKS: dict[str, Callable[[Path, Sequence[str]], Sink]] = {
    "csv": CsvSink,
    "xlsx": XlsxSink,
    "json": JsonSink,
    "jsonl": JsonLinesSink,
    "parquet": _parquet,
}
FORMATS = tuple(_SINKS)
# Formats whose columns are keys: two of one name would lose one.
_KEYED = frozenset({"json", "jsonl", "parquet"})


def format_of(path: Path, format: str | None = None) -> str:
    """The export format: as given, or from the suffix of the path."""
    chosen = (format or path.suffix.removeprefix(".")).lower()
    if chosen in _SINKS:
        return chosen
    said = f"The format {format!r}" if format else f"The suffix {path.suffix!r} of {path.name}" if path.suffix else ""
    possible = ", ".join(FORMATS)
    raise BadInput(f"{said or f'{path.name} has no suffix, which'} is not one that can be written; use {possible}.")


def check_writable(path: Path, *, format: str | None = None) -> None:
    """Raise a sentence if ``path`` can not be written or its format is unknown; call it before any work."""
    format_of(path, format)
    check_place(path)


def open_writer(path: Path, columns: Sequence[str], *, format: str | None = None, bom: bool = False) -> "Writer":
    """Start a file. ``bom`` puts a byte order mark into a CSV, which old Excel needs to see that it is UTF-8."""
    chosen = format_of(path, format)
    twice = [name for name, times in Counter(columns).items() if times > 1]
    if twice and chosen in _KEYED:
        raise BadInput(
            f"The column {twice[0]!r} is there twice; {chosen} files need every column to have its own name."
        )
    target = Target(path)
    try:
        sink = CsvSink(target.part, columns, bom=bom) if chosen == "csv" else _SINKS[chosen](target.part, columns)
    except OSError as error:
        target.drop()
        raise write_error(path, error) from error
    except BadInput:
        target.drop()
        raise
    return Writer(target, sink, len(columns))


class Writer:
    """Use it in a ``with``: leaving it cleanly puts the file in place, an exception leaves everything as it was."""

    def __init__(self, target: Target, sink: Sink, width: int) -> None:
        self._target = target
        self._sink = sink
        self._width = width
        self._source_error: OSError | None = None
        self.rows = 0

    def write_rows(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Append rows, each as wide as the columns."""
        try:
            self._sink.write(self._counted(rows))
        except OSError as error:
            if error is self._source_error:
                raise
            raise write_error(self._target.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._commit()
            else:
                self._abandon()
        finally:
            self._target.drop()

    def _commit(self) -> None:
        finished = False
        try:
            self._sink.finish()
            finished = True
        except OSError as error:
            raise write_error(self._target.path, error) from error
        finally:
            if not finished:
                self._abandon()
        self._target.commit()

    def _abandon(self) -> None:
        try:
            self._sink.abandon()
        except OSError:
            # The reason why it is abandoned is already on its way to the caller.
            return

    def _counted(self, rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
        try:
            for row in rows:
                if len(row) != self._width:
                    raise ValueError(f"row {self.rows + 1} has {len(row)} cells for {self._width} columns")
                self.rows += 1
                yield row
        except OSError as error:
            # Where the rows come from broke, not the file that is written: not ours to explain.
            self._source_error = error
            raise
