"""Every file that can not be used gets one clear sentence that names it, before a single row is handed on."""

import os
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.intake import BadMapping, NoUsableColumn, Reject, guess_columns, open_source, parse_overrides, read
from headwater.kit.errors import BadInput
from headwater.records import Column

Desk = Any


def test_missing_file(desk: Desk) -> None:
    assert "there is no such file" in desk.refused(desk.folder / "nobody.csv")


def test_a_file_where_a_directory_should_be(desk: Desk) -> None:
    inner = desk.write("people.csv", "x") / "more.csv"
    assert "not a directory" in desk.refused(inner)


def test_directory(desk: Desk) -> None:
    assert "is a directory" in desk.refused(desk.folder)


def test_pipe(desk: Desk) -> None:
    path = desk.folder / "pipe"
    os.mkfifo(path)
    assert "not a regular file" in desk.refused(path)


@pytest.mark.parametrize("content", [b"", b"\n\n  \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b",,,\n,,\n"])
def test_empty_file(desk: Desk, content: bytes) -> None:
    assert "is empty" in desk.refused(desk.write("empty.csv", content))


@pytest.mark.parametrize("content", ["name,email", "name,email\n", "\n\nname,email\r\n\r\n,\r\n"])
def test_header_only(desk: Desk, content: str) -> None:
    sentence = desk.refused(desk.write("header.csv", content))
    assert "a line of headers (line " in sentence
    assert "no row below it" in sentence


def test_no_header_at_all(desk: Desk) -> None:
    sentence = desk.refused(desk.write("bare.csv", "Ada,Lovelace,ada@engine.co.uk\nBob,Boole,bob@logic.ie\n"))
    assert "line 1 should name the columns but holds data" in sentence


def test_no_usable_column(desk: Desk) -> None:
    source = open_source(desk.write("things.csv", "colour,price\nred,12\nblue,13\n"))
    with pytest.raises(NoUsableColumn) as caught:
        guess_columns(source)
    sentence = str(caught.value)
    assert sentence.startswith(str(source.path))
    assert "no usable column" in sentence
    assert "'colour', 'price'" in sentence
    assert "--map" in sentence


def test_first_name_alone_is_not_usable(desk: Desk) -> None:
    with pytest.raises(NoUsableColumn):
        guess_columns(open_source(desk.write("firsts.csv", "first name,city\nAda,London\n")))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("junk.csv", bytes(range(256)) * 50, "zero byte"),
        ("late.csv", b"name,email\n" + b"Ada,a@b.com\n" * 9000 + b"\0\0\0", "line 9002 holds binary data"),
        ("list.pdf", b"%PDF-1.7 ...", "PDF"),
        ("list.csv.gz", b"\x1f\x8b\x08\x00\x00", "gzip"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n\0\0", "picture"),
        ("list.parquet", b"PAR1\0\0", "Parquet"),
        ("list.xls", b"<html><table><tr><td>name</td></tr></table></html>", "web page"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "before 2007 (.xls)"),
        (
            "locked.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        ("cut.xlsx", b"PK\x03\x04 and then nothing", "damaged"),
    ],
)
def test_binary_junk_and_strangers(desk: Desk, name: str, content: bytes, words: str) -> None:
    assert words in desk.refused(desk.write(name, content))


def test_bytes_in_no_encoding(desk: Desk) -> None:
    lines = b"name,email\n" + b"\x81\x8d\x8f\x90\x9d\x81\xff\xfe\x01\x02,\x8d\x90\x81\x9d\n" * 40
    assert "save it again as CSV UTF-8" in desk.refused(desk.write("odd.csv", lines))


def test_one_line_in_another_encoding(desk: Desk) -> None:
    good = "".join(f"Zoë {n},zoe{n}@engine.co.uk\n" for n in range(60)).encode()
    path = desk.write("mixed.csv", b"name,email\n" + good + "Zoë,z@engine.co.uk\n".encode("latin-1"))
    assert "line 62 is not UTF-8 although the rest of the file is" in desk.refused(path)


def test_a_mark_that_does_not_hold(desk: Desk) -> None:
    path = desk.write("marked.csv", b"\xef\xbb\xbfname,email\nZo\xeb,z@engine.co.uk\n")
    assert "line 2 is not utf-8 although the file starts as such" in desk.refused(path)
    assert "utf-16" in desk.refused(desk.write("half.csv", "name,email\nAda,a@b.com\n".encode("utf-16")[:-1]))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('name,email\n"Ada,ada@engine.co.uk\nBob,bob@logic.ie\n', 2),
        ('name,email\nAda,ada@engine.co.uk\n"Bob,bob@logic.ie', 3),
        ('name,note\n"Ada","two\nlines"\nBob,"open\nand,more\n', 4),
        # The quote of line 2 is closed by the first one of line 4.
        ('name,email\n"Ada,ada@engine.co.uk\nBob,bob@logic.ie\n"Cleo",c@nile.com\nDan,d@e.fr\n', 2),
        ('"name,email\nAda,ada@engine.co.uk\n', 1),
    ],
)
def test_unclosed_quote(desk: Desk, content: str, line: int) -> None:
    assert f"a quotation mark opened in line {line} is never closed" in desk.refused(desk.write("open.csv", content))


def test_a_cell_beyond_every_bound(desk: Desk) -> None:
    path = desk.write("endless.csv", 'name,email\nAda,a@b.com\n"' + "lorem ipsum, dolor\n" * 900_000)
    assert "line 3 is larger than 16 MB" in desk.refused(path)


def _bomb(path: Path, size: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(size >> 20):
                part.write(b" " * (1 << 20))
    return path


def test_zip_bomb_posing_as_xlsx(desk: Desk) -> None:
    sentence = desk.refused(_bomb(desk.folder / "bomb.xlsx", 100 << 20))
    assert "would unpack from 0.1 MB to 105 MB" in sentence
    assert "200 times" in sentence


def test_workbook_with_a_document_type(desk: Desk) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    path = desk.workbook('<row r="1"><c r="A1" t="str"><v>&b;</v></c></row>', prolog=laughs)
    assert "declares a document type" in desk.refused(path)


def test_damaged_and_foreign_archives(desk: Desk) -> None:
    whole = desk.workbook('<row r="1"><c r="A1" t="str"><v>name</v></c></row><row r="2"')
    assert "damaged" in desk.refused(whole)
    plain = desk.folder / "plain.zip"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("people.csv", "name\nAda\n")
    assert "ZIP archive without a workbook" in desk.refused(plain)
    lacking = desk.folder / "lacking.xlsx"
    with zipfile.ZipFile(lacking, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "lacks its part xl/_rels/workbook.xml.rels" in desk.refused(lacking)


def test_workbook_that_was_cut_in_the_middle(desk: Desk) -> None:
    book = openpyxl.Workbook()
    for number in range(3000):
        book.active.append([f"Name {number}", f"n{number}@engine.co.uk"])
    book.save(desk.folder / "whole.xlsx")
    data = (desk.folder / "whole.xlsx").read_bytes()
    assert "damaged" in desk.refused(desk.write("half.xlsx", data[: len(data) // 2]))
    at = data.index(b"xl/worksheets/sheet1.xml") + 2000
    assert "damaged" in desk.refused(desk.write("bitten.xlsx", data[:at] + b"\xaa" * 50 + data[at + 50 :]))


def test_workbook_without_data(desk: Desk) -> None:
    openpyxl.Workbook().save(desk.folder / "blank.xlsx")
    assert "no sheet of the workbook holds any data" in desk.refused(desk.folder / "blank.xlsx")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"name": "Ada"},', "line 1"),
        ('[{"name": "Ada"}', "the file ends before"),
        ('[{"name": "Ada"}\n {"name": "Bob"}]', "line 2: ',' expected"),
        ('[{"name": "Ada"},\n\n {"name": }]', "line 3: item 2"),
        ('[{"name": "Ada"}] []', "something follows"),
        ("[]", "no object with a value"),
        ("[1, 2, 3]", "no object with a value"),
        ("[" * 200_000, "line 1"),
        ('{"contacts": [\n{"name": "Ada"}\n]}', "line 1 is not a JSON object"),
        ("name,email", "line 1 is not a JSON object"),
    ],
)
def test_bad_json(desk: Desk, content: str, words: str) -> None:
    assert words in desk.refused(desk.write("people.json", content))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(
        [b"", b"name,email\n", b'[{"name"', b'{"name": 1}\n', b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbfname;x\n"]
    ),
    rest=st.binary(max_size=60) | st.text(st.sampled_from('ab,;"\n\r\t{}[]:é@.'), max_size=60).map(str.encode),
)
def test_whatever_the_bytes_there_are_rows_or_a_sentence(wide_desk: Desk, start: bytes, rest: bytes) -> None:
    path = wide_desk.write("bytes.csv", start + rest)
    try:
        source = open_source(path)
        outcomes = list(read(source, guess_columns(source)))
    except BadInput as error:
        sentence = str(error)
    else:
        sentence = ""
        assert len(outcomes) == source.rows_expected > 0
    assert sentence == "" or str(path) in sentence


def test_wrong_map_options(desk: Desk) -> None:
    source = open_source(desk.write("people.csv", "name,Work Mail\nAda,ada@engine.co.uk\n"))
    with pytest.raises(BadMapping, match=r"no column 'Wrok Mail'; the columns are: 'name', 'Work Mail'"):
        guess_columns(source, {"Wrok Mail": Column.EMAIL})
    with pytest.raises(BadMapping, match=r"'mail' is no meaning; use one of first_name, .*email, .* or ignore"):
        parse_overrides(["Work Mail=mail"])
    with pytest.raises(BadMapping, match="write a column of the file and its meaning"):
        parse_overrides(["Work Mail"])
    assert issubclass(BadMapping, BadInput)


def test_a_file_that_changes_between_opening_and_reading(desk: Desk) -> None:
    path = desk.csv([["name"], ["Ada"], ["Bob"]])
    source = open_source(path)
    columns = guess_columns(source)
    desk.csv([["name"], ["Ada"]])
    with pytest.raises(BadInput, match="changed while it was read"):
        list(read(source, columns))


def test_rows_with_too_many_cells_or_nobody_are_rejected_with_their_cells(desk: Desk) -> None:
    path = desk.write(
        "odd.csv", "name,email,company\nAda,a@b.com,Engine\nBob,b@c.com,Logic, Inc.\n,,Engine\n-,n/a,X\nCleo,,,,\n"
    )
    source, _, outcomes = desk.load(path)
    rejects = [outcome for outcome in outcomes if isinstance(outcome, Reject)]
    assert [(reject.line, reject.reason) for reject in rejects] == [
        (3, "4 cells where the headers name 3"),
        (4, "nothing identifies a person"),
        (5, "nothing identifies a person"),
    ]
    assert rejects[0].cells == ("Bob", "b@c.com", "Logic", " Inc.")
    assert source.rows_expected == len(outcomes) == 5


def test_a_reject_says_what_stood_in_the_cell(desk: Desk) -> None:
    *_, [reject] = desk.load(desk.write("one.csv", "email,company\nnot known yet,Engine\n"))
    assert isinstance(reject, Reject)
    assert (reject.line, reject.column) == (2, "email")
    assert reject.reason == "nothing identifies a person ('not known yet' is not an e-mail address)"
