"""Parquet by polars, in bounded memory and without pyarrow.

polars has no writer that takes one batch after another. So every ``_CHUNK`` rows become a part file beside the target,
and at the end the parts are streamed into one file. A column's type is only known when all rows were seen: numbers if
every value was a number, else text; values are never changed to fit, only written as text where kinds mix.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from headwater.export.cells import Cell, known

_CHUNK = 50_000
_FLOAT_EXACT, _INT_MOST = 2**53, 2**63
_BOOLEAN, _INTEGER, _FLOAT, _TEXT = pl.Boolean(), pl.Int64(), pl.Float64(), pl.String()
# The kinds of value that a column holds, and the type that keeps all of them exactly; every other mixture is text.
_TYPES: dict[frozenset[str], pl.DataType] = {
    frozenset({"bool"}): _BOOLEAN,
    frozenset({"int"}): _INTEGER,
    frozenset({"long"}): _INTEGER,
    frozenset({"int", "long"}): _INTEGER,
    frozenset({"float"}): _FLOAT,
    frozenset({"int", "float"}): _FLOAT,
}


class ParquetSink:
    """Values untouched; zstd-compressed, at most ``_CHUNK`` rows in memory."""

    def __init__(self, part: Path, columns: Sequence[str]) -> None:
        self._part = part
        self._columns = columns
        self._kinds: list[set[str]] = [set() for _ in columns]
        self._rows: list[Sequence[Cell]] = []
        self._parts: list[Path] = []
        self._scratch = tempfile.TemporaryDirectory(dir=part.parent, prefix=".headwater-")

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            self._rows.append(row)
            if len(self._rows) >= _CHUNK:
                self._flush()

    def finish(self) -> None:
        self._flush()
        schema = pl.Schema(self._schema(self._kinds))
        frames = [pl.scan_parquet(path).cast(schema) for path in self._parts]
        joined = pl.concat(frames) if frames else pl.LazyFrame(schema=schema)
        with _os_errors():
            joined.sink_parquet(self._part, compression="zstd", maintain_order=True)
        self._scratch.cleanup()

    def abandon(self) -> None:
        self._scratch.cleanup()

    def _flush(self) -> None:
        if not self._rows:
            return
        values = [[known(row[at]) for row in self._rows] for at in range(len(self._columns))]
        kinds = [set(map(_kind, column)) - {""} for column in values]
        schema = self._schema(kinds)
        columns = [
            pl.Series(name, [_as_text(value) for value in column] if schema[name] == _TEXT else column, schema[name])
            for name, column in zip(self._columns, values, strict=True)
        ]
        path = Path(self._scratch.name) / f"{len(self._parts)}.parquet"
        with _os_errors():
            pl.DataFrame(columns).write_parquet(path, compression="lz4")
        self._parts.append(path)
        self._kinds = [before | now for before, now in zip(self._kinds, kinds, strict=True)]
        self._rows = []

    def _schema(self, kinds: Sequence[set[str]]) -> dict[str, pl.DataType]:
        return {name: _TYPES.get(frozenset(seen), _TEXT) for name, seen in zip(self._columns, kinds, strict=True)}


@contextmanager
def _os_errors() -> Iterator[None]:
    """polars tells a full disk as an error of computing; give it the name that everybody else's has."""
    try:
        yield
    except pl.exceptions.ComputeError as error:
        told = re.search(r"\(os error (\d+)\)", str(error))
        if told is None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1]))) from error


def _kind(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | str | float):
        return type(value).__name__
    if abs(value) <= _FLOAT_EXACT:
        return "int"
    return "long" if -_INT_MOST <= value < _INT_MOST else "huge"


def _as_text(value: Cell) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
