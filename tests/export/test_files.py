"""What goes in comes out again, in every format."""

import csv
import io
import json
import math
import tracemalloc
from pathlib import Path
from typing import Any

import fastexcel
import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from headwater.export import FORMATS, open_writer
from headwater.export.cells import guarded
from headwater.kit.errors import BadInput

COLUMNS = ["name", "note", "score"]
TEXT = st.text(max_size=30)
NUMBER = st.one_of(st.integers(-(10**14), 10**14), st.floats(-1e9, 1e9).map(lambda number: round(number, 3)))
ROWS = st.lists(st.tuples(TEXT, st.one_of(st.none(), TEXT), st.one_of(st.none(), NUMBER)), max_size=8)
QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def written(tmp_path: Path, form: str, rows: list[Any], columns: list[str] = COLUMNS, **options: Any) -> Path:
    path = tmp_path / f"out.{form}"
    with open_writer(path, columns, **options) as writer:
        writer.write_rows(rows[:1])
        writer.write_rows(iter(rows[1:]))
    return path


@QUICK
@given(rows=ROWS)
def test_csv_gives_back_every_text(tmp_path: Path, rows: list[Any]) -> None:
    with written(tmp_path, "csv", rows).open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file, strict=True))
    assert found == [COLUMNS, *([guarded(a), guarded(b or ""), "" if c is None else str(c)] for a, b, c in rows)]


@QUICK
@given(rows=ROWS)
def test_json_gives_back_every_value(tmp_path: Path, rows: list[Any]) -> None:
    found = json.loads(written(tmp_path, "json", rows).read_bytes())
    assert [tuple(record.values()) for record in found] == rows
    assert all(list(record) == COLUMNS for record in found)


@QUICK
@given(rows=ROWS)
def test_json_lines_give_back_every_value(tmp_path: Path, rows: list[Any]) -> None:
    lines = written(tmp_path, "jsonl", rows).read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert [tuple(json.loads(line).values()) for line in lines] == rows


@QUICK
@given(rows=ROWS)
def test_parquet_gives_back_every_value(tmp_path: Path, rows: list[Any]) -> None:
    frame = pl.read_parquet(written(tmp_path, "parquet", rows))
    assert frame.columns == COLUMNS
    assert [(a, b, None if c is None else float(c)) for a, b, c in frame.rows()] == [
        (a, b, None if c is None else float(c)) for a, b, c in rows
    ]


@QUICK
@given(rows=ROWS)
def test_excel_gives_back_every_text_as_text(tmp_path: Path, rows: list[Any]) -> None:
    sheet = openpyxl.load_workbook(written(tmp_path, "xlsx", rows)).active
    assert [cell.value for cell in sheet[1]] == COLUMNS
    for at, (name, note, score) in enumerate(rows, start=2):
        cells = [sheet.cell(at, column) for column in (1, 2, 3)]
        texts = [unescape(cell.value or "") for cell in cells[:2]]
        assert texts == [one_line_break(name), one_line_break(note or "")]
        assert cells[2].value == score or math.isclose(cells[2].value, score, rel_tol=1e-12)
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        assert not any(cell.hyperlink for cell in cells)


def one_line_break(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


NASTY = [
    "=1+1",
    "http://x.com",
    "<r>a & <b></r>",
    "  spaces  ",
    'q"u,o;te',
    "a\nb",
    "_x0041_",
    "007",
    "TRUE",
    "#N/A",
    "{=1}",
]


def test_excel_as_another_reader_sees_it(tmp_path: Path) -> None:
    path = written(tmp_path, "xlsx", [(text, None, 1) for text in NASTY])
    frame = fastexcel.read_excel(path).load_sheet(0).to_polars()
    assert frame["name"].to_list() == NASTY


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows_still_make_a_file_with_its_columns(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, [])
    readers = {
        "csv": lambda: pl.read_csv(path).columns,
        "xlsx": lambda: [cell.value for cell in openpyxl.load_workbook(path).active[1]],
        "json": lambda: json.loads(path.read_bytes()) or COLUMNS,
        "jsonl": lambda: path.read_bytes().splitlines() or COLUMNS,
        "parquet": lambda: pl.read_parquet(path).columns,
    }
    assert readers[form]() == COLUMNS


def test_a_byte_order_mark_only_when_asked(tmp_path: Path) -> None:
    assert written(tmp_path, "csv", []).read_bytes() == b"name,note,score\r\n"
    assert written(tmp_path, "csv", [], bom=True).read_bytes() == b"\xef\xbb\xbfname,note,score\r\n"


@pytest.mark.parametrize("form", FORMATS)
def test_half_a_surrogate_pair_and_no_number_do_not_stop_an_export(tmp_path: Path, form: str) -> None:
    assert written(tmp_path, form, [("a\ud800b", None, math.nan), ("c", "d", math.inf)]).stat().st_size > 0


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    large = [2**53 + 1, -(10**15) - 1, 2**63 - 1, 2**70]
    sheet = openpyxl.load_workbook(written(tmp_path, "xlsx", [(n, None, None) for n in large])).active
    assert [cell.value for cell in sheet["A"]][1:] == list(map(str, large))
    parquet = written(tmp_path, "parquet", [(n, n, n) for n in large[:3]])
    assert pl.read_parquet(parquet)["name"].to_list() == large[:3]


def test_parquet_types_are_those_that_hold_all_values(tmp_path: Path) -> None:
    columns = ["int", "float", "both", "long", "mixed", "flag", "empty", "late"]
    first = (1, 1.5, 1, 2**60, 1, True, None, None)
    second = (None, 2.0, 2.5, 0.5, "x", False, None, "text")
    path = tmp_path / "types.parquet"
    with open_writer(path, columns) as writer:
        for row in (first, second):
            writer.write_rows([row] * 50_000)
    frame = pl.scan_parquet(path).collect()
    types = [pl.Int64, pl.Float64, pl.Float64, pl.String, pl.String, pl.Boolean, pl.String, pl.String]
    assert frame.dtypes == types
    assert frame.row(0) == (1, 1.5, 1.0, str(2**60), "1", True, None, None)
    assert frame.row(99_999) == (None, 2.0, 2.5, "0.5", "x", False, None, "text")


def test_excel_cuts_nothing_silently(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"row 2, column 'note'.*32,767"):
        written(tmp_path, "xlsx", [("a", "x" * 32_768, 1)])
    with pytest.raises(BadInput, match="characters"):
        written(tmp_path, "xlsx", [("a", "😀" * 16_384, 1)])
    with pytest.raises(BadInput, match="columns"):
        written(tmp_path, "xlsx", [], columns=[str(n) for n in range(16_385)])
    assert list(tmp_path.iterdir()) == []
    written(tmp_path, "xlsx", [("a", "x" * 32_767, 1), ("b", "😀" * 16_383, 1)])


def test_excel_refuses_one_row_too_many(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1,048,576 rows"):
        written(tmp_path, "xlsx", [()] * 1_048_576, columns=[])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["json", "jsonl", "parquet"])
def test_columns_that_are_keys_must_differ(tmp_path: Path, form: str) -> None:
    with pytest.raises(BadInput, match="'note' is there twice"):
        written(tmp_path, form, [], columns=["note", "a", "note"])


def test_spreadsheets_may_repeat_a_column(tmp_path: Path) -> None:
    assert written(tmp_path, "csv", [(1, 2)], columns=["a", "a"]).read_bytes() == b"a,a\r\n1,2\r\n"


@pytest.mark.parametrize("form", FORMATS)
def test_a_row_of_another_width_is_a_mistake_of_the_program(tmp_path: Path, form: str) -> None:
    with pytest.raises(ValueError, match="row 2 has 2 cells for 3 columns"):
        written(tmp_path, form, [("a", "b", 1), ("a", "b")])


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, form: str) -> None:
    rows = (("Anna Smith", f"{n}@acme.com", n) for n in range(20_000))
    with open_writer(tmp_path / f"out.{form}", COLUMNS) as writer:
        writer.write_rows([next(rows)])
        tracemalloc.start()
        writer.write_rows(rows)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1_000_000


def test_csv_is_read_by_a_strict_reader_as_rfc_4180(tmp_path: Path) -> None:
    raw = written(tmp_path, "csv", [('say "hi"', "a,b\r\nc", 1)]).read_bytes()
    assert raw == b'name,note,score\r\n"say ""hi""","a,b\r\nc",1\r\n'
    assert next(csv.reader(io.StringIO(raw.decode().split("\r\n", 1)[1], newline=""))) == ['say "hi"', "a,b\r\nc", "1"]
