"""Delimited text in every dress that programs give it."""

import csv
import hashlib
import io
import resource
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.intake import Accepted, guess_columns, open_source, read

Desk = Any

_HEADER = ("First Name", "Last Name", "Email", "Note")
_PEOPLE = (("Zoë", "Müller", "zoe@engine.co.uk", "a, b; c | d"), ("José", "Núñez", "jose@logic.es", 'said "no"'))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "mac_roman"])
def test_delimiters_and_encodings(desk: Desk, delimiter: str, encoding: str) -> None:
    path = desk.csv([_HEADER, *_PEOPLE], delimiter)
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    source, _, outcomes = desk.load(path)
    assert source.delimiter == delimiter
    assert source.headers == _HEADER
    assert tuple(outcome.row.cells for outcome in outcomes) == _PEOPLE
    assert 0.5 < source.encoding_confidence <= 1


def test_a_byte_without_a_meaning_far_down_does_not_stop_a_windows_file(desk: Desk) -> None:
    rows = b"name,note\n" + b"Zo\xeb,\x93quoted\x94\n" * 40_000 + b"Bob,\x81\n"
    source, _, outcomes = desk.load(desk.write("windows.csv", rows))
    assert (source.encoding, len(outcomes)) == ("latin-1", 40_001)
    assert outcomes[0].contact.full_name == "Zoë"


def test_other_alphabets_are_guessed(desk: Desk) -> None:
    row = "Иван,Петров,ivan@zavod.ru,Директор по развитию и продажам промышленного оборудования\n"
    path = desk.write("russian.csv", "Имя,Фамилия,Email,Должность\n" + row * 20, "cp1251")
    source, _, outcomes = desk.load(path)
    assert source.encoding == "cp1251"
    assert outcomes[0].row.cells[0] == "Иван"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_are_those_of_an_editor(desk: Desk, end: str) -> None:
    lines = ["name,note", "Ada,x", "", 'Bob,"two', 'lines"', "", "  ", "Cleo,y", "Dan,z"]
    source, _, outcomes = desk.load(desk.write("lines.csv", end.join(lines)))
    assert [outcome.line for outcome in outcomes] == [2, 4, 8, 9]
    assert outcomes[1].row.cells[1] == f"two{end}lines"
    assert (source.rows_expected, source.blank_lines) == (4, 3)


def test_excel_announces_its_delimiter(desk: Desk) -> None:
    source, _, [ada] = desk.load(desk.write("excel.csv", "sep=;\r\nname;note\r\nAda;1,2,3\r\n"))
    assert (source.delimiter, ada.line, ada.row.cells) == (";", 3, ("Ada", "1,2,3"))


def test_one_column_without_any_delimiter(desk: Desk) -> None:
    source, _, outcomes = desk.load(desk.write("list.txt", "email\nada@engine.co.uk\nbob@logic.ie\n"))
    assert source.headers == ("email",)
    assert [outcome.contact.emails for outcome in outcomes] == [("ada@engine.co.uk",), ("bob@logic.ie",)]


def test_sloppy_quotes_within_a_line_are_taken_as_written(desk: Desk) -> None:
    path = desk.write("sloppy.csv", 'name,note\nLouis "Woody" Brown,5\' 10"\n"Ann" Lee,x\n')
    first, second = desk.contacts(path)
    assert first.contact.nickname == "Woody"
    assert first.row.cells == ('Louis "Woody" Brown', "5' 10\"")
    assert second.contact.full_name == "Ann Lee"


def test_short_rows_are_padded_and_empty_cells_behind_the_last_column_do_not_matter(desk: Desk) -> None:
    one, two = desk.contacts(desk.write("short.csv", "name,email,city\nAda\nBob,bob@logic.ie,Cork,,\n"))
    assert one.row.cells == ("Ada", "", "")
    assert two.row.cells == ("Bob", "bob@logic.ie", "Cork")


def test_repeated_headers_are_kept_apart_and_all_used(desk: Desk) -> None:
    path = desk.write(
        "twice.csv",
        "Name,Email,email,Email,Company,Company,Phone,Phone\n"
        "Ada,a@b.com,c@d.com,e@f.com,,Engine,+442079460958,+442079460959\n",
    )
    source, columns, [ada] = desk.load(path)
    assert source.headers == ("Name", "Email", "email", "Email (2)", "Company", "Company (2)", "Phone", "Phone (2)")
    assert ada.contact.emails == ("a@b.com", "c@d.com", "e@f.com")
    assert ada.contact.phones == ("+442079460958", "+442079460959")
    assert ada.contact.company == "Engine"
    assert desk.meanings(columns)["Email (2)"] == "email"


def test_two_hundred_columns_and_a_megabyte_in_a_cell(desk: Desk) -> None:
    header = [f"column {number}" for number in range(197)] + ["name", "email", "note"]
    rows = [[*["x"] * 197, f"Ada {number}", f"a{number}@b.com", "w" * (1 << 20)] for number in range(3)]
    source, _, outcomes = desk.load(desk.csv([header, *rows]))
    assert len(source.headers) == 200
    assert [list(outcome.row.cells) for outcome in outcomes] == rows


def test_bulk_in_a_used_column_is_kept_raw_and_noted(desk: Desk) -> None:
    [person] = desk.contacts(desk.csv([["name", "title"], ["Ada", "w" * (1 << 20)]]))
    assert person.contact.title is None
    assert [(note.column, note.code) for note in person.notes] == [("title", "too_long")]
    assert len(person.row.cells[1]) == 1 << 20


def test_a_megabyte_of_lines_in_a_cell(desk: Desk) -> None:
    note = "line, with; signs\n" * 60_000
    _, _, outcomes = desk.load(desk.csv([["name", "note"], ["Ada", note], ["Bob", "x"]]))
    assert [outcome.line for outcome in outcomes] == [2, 60_003]
    assert outcomes[0].row.cells[1] == note


def test_zero_characters_of_utf_16_are_left_out(desk: Desk) -> None:
    path = desk.write("zeros.csv", "na\0me,note\nAda\0 Lovelace,\0\n\0,\0\nBob Boole,x\n", "utf-16")
    source, _, outcomes = desk.load(path)
    assert source.headers == ("name", "note")
    assert [outcome.row.cells for outcome in outcomes] == [("Ada Lovelace", ""), ("Bob Boole", "x")]


def test_the_hash_is_of_the_bytes(desk: Desk) -> None:
    path = desk.write("hash.csv", "name\nAda\n")
    assert open_source(path).sha256 == hashlib.sha256(b"name\nAda\n").hexdigest()


def test_memory_does_not_grow_with_the_file(desk: Desk) -> None:
    path = desk.folder / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("name,email,note\n")
        for number in range(30_000):
            file.write(f"Ada Lovelace,ada{number}@engine.co.uk,{'x' * 1000}\n")
    source = open_source(path)
    columns = guess_columns(source)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(isinstance(outcome, Accepted) for outcome in read(source, columns)) == 30_000
    # The file is 31 MB; caches of normalised values are all that may stay.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 25_000


_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), min_size=0, max_size=12
)
_LATIN = st.text(st.sampled_from(" abcXYZ'\"äöüéèñçÀß,;|\t\n-@."), max_size=12)


def _table(text: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    return st.integers(2, 5).flatmap(
        lambda width: st.lists(st.lists(text, min_size=width, max_size=width), min_size=1, max_size=12)
    )


def _filled(row: list[str]) -> bool:
    return any(cell.strip() for cell in row)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=_table(_TEXT), delimiter=st.sampled_from(",;\t|"), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
)
def test_no_row_is_lost(wide_desk: Desk, table: list[list[str]], delimiter: str, encoding: str) -> None:
    _round_trip(wide_desk, table, delimiter, encoding)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=_table(_LATIN), delimiter=st.sampled_from(",;\t|"), encoding=st.sampled_from(["cp1252", "mac_roman"]))
def test_no_row_is_lost_in_old_encodings(
    wide_desk: Desk, table: list[list[str]], delimiter: str, encoding: str
) -> None:
    text = _written(table, delimiter).encode(encoding)
    source = open_source(wide_desk.write("old.csv", text))
    outcomes = list(read(source, guess_columns(source)))
    assert len(outcomes) == source.rows_expected == sum(map(_filled, table)) + 1


def _written(table: list[list[str]], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    header = ["email", "full name", "company", "phone", "website"][: len(table[0])]
    writer.writerows([header, ["ada@engine.co.uk", *["Ada"] * (len(header) - 1)], *table])
    return text.getvalue()


def _round_trip(desk: Desk, table: list[list[str]], delimiter: str, encoding: str) -> None:
    source = open_source(desk.write("table.csv", _written(table, delimiter), encoding))
    outcomes = list(read(source, guess_columns(source)))
    cells = [outcome.row.cells if isinstance(outcome, Accepted) else outcome.cells for outcome in outcomes]
    assert source.delimiter == delimiter
    assert cells[1:] == [tuple(row) for row in table if _filled(row)]
    assert [outcome.line for outcome in outcomes] == sorted({outcome.line for outcome in outcomes})
