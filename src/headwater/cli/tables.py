"""Tables and bars for people."""

import math
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from headwater.cli.shell import note, stderr
from headwater.intake import ColumnMap
from headwater.jobs.quote import Quote
from headwater.jobs.run import Progress as JobProgress
from headwater.jobs.summary import usd
from headwater.kit.money import dollars

_LINE_EVERY = 10.0  # seconds


class Bars:
    """Progress of a job on standard error: rows read, people looked up, money spent.

    Bars on a terminal; elsewhere a line now and then, so that a log shows that work goes on.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._every = math.inf if quiet or stderr.is_terminal else _LINE_EVERY
        self._last = time.monotonic()
        self._bars = Progress(
            TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[extra]}"),
            TimeElapsedColumn(), console=stderr, transient=True, disable=quiet or not stderr.is_terminal,
        )  # fmt: skip
        self._rows: TaskID | None = None
        self._people: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        self._rows = self._bars.add_task("reading", total=None, extra="")
        self._people = self._bars.add_task("enriching", total=None, extra="")
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def show(self, progress: JobProgress) -> None:
        if self._rows is None or self._people is None:
            return
        if time.monotonic() - self._last > self._every:
            self._last = time.monotonic()
            note(f"{progress.rows_read} rows read, {progress.done} of {progress.lookups} people done")
        self._bars.update(self._rows, completed=progress.rows_read, total=progress.rows_expected)
        spent = f"{dollars(progress.spent)} spent, {progress.state}"
        self._bars.update(self._people, completed=progress.done, total=progress.lookups or None, extra=spent)


def summary_table(result: dict[str, Any]) -> Table:
    """What a job did, two columns."""
    table = Table(title=f"Job {result['job']}: {result['state']}", show_header=False, title_justify="left")
    rows, lookups = result["rows"], result["lookups"]
    lines = [
        ("rows in", rows["in"]),
        ("rows out", rows["out"]),
        ("rejected", _with_details(rows["rejected"], result["rejected_because"])),
        ("duplicates", rows["duplicates"]),
        ("recalled", f"{lookups.get('recalled_from_history', 0)} from own history, "
                     f"{lookups.get('recalled_from_cache', 0)} from the shared cache"),
        *((f"{field} delivered", _with_details(count, result["verified"].get(field, {})))
          for field, count in result["found"].items()),
        *((f"asked {vendor}", _vendor(entry)) for vendor, entry in result["vendors"].items()),
        ("spent", f"${result['spent_usd']}"),
        ("saved by recall", f"${result['saved_by_recall_usd']}"),
        ("seconds", result["seconds"]),
    ]  # fmt: skip
    for name, value in lines:
        table.add_row(name, str(value))
    return table


def _with_details(count: int, details: dict[str, int]) -> str:
    listed = ", ".join(f"{number} {name}" for name, number in details.items())
    return f"{count} ({listed})" if listed else str(count)


def _vendor(entry: dict[str, Any]) -> str:
    text = f"{entry['calls']} calls, {entry['records']} records, {entry['hits']} hits, {entry['credits']} credits"
    text += f", ${entry['spent_usd']}"
    extras = [f"{entry[name]} {name}" for name in ("failed", "unknown") if entry[name]]
    return f"{text} ({', '.join(extras)})" if extras else text


@dataclass(frozen=True, slots=True)
class _QuoteView:
    quote: Quote
    columns: ColumnMap

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.quote.rows,
            "rejected": self.quote.rejected,
            "people": self.quote.people,
            "expected_usd": usd(self.quote.expected),
            "at_most_usd": usd(self.quote.most),
            "expected_by_vendor_usd": {vendor: usd(amount) for vendor, amount in self.quote.per_vendor.items()},
            "expected_finds": {str(field): round(number) for field, number in self.quote.finds.items()},
            "columns": {guess.header: guess.column and str(guess.column) for guess in self.columns.guesses},
            "basis": "published prices and hit rates; what recall saves is not taken off",
        }

    def table(self) -> Table:
        table = Table(title="Quote", show_header=False, title_justify="left")
        for name, value in self.as_json().items():
            text = (
                ", ".join(f"{key}: {each or '-'}" for key, each in value.items()) if isinstance(value, dict) else value
            )
            table.add_row(name.replace("_", " "), str(text))
        return table


def quote_table(quote: Quote, columns: ColumnMap) -> _QuoteView:
    return _QuoteView(quote, columns)
