"""Workbooks as Excel and others write them."""

from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from headwater.intake import Accepted, Reject, guess_columns, open_source, read
from headwater.intake.xlsx_parts import kind_of_format
from headwater.intake.xlsx_rows import shown_number

Desk = Any


def _cell(reference: str, inner: str, kind: str = "str") -> str:
    return f'<c r="{reference}" t="{kind}">{inner}</c>'


def _head(*names: str) -> str:
    cells = "".join(_cell(f"{chr(65 + n)}1", f"<v>{name}</v>") for n, name in enumerate(names))
    return f'<row r="1">{cells}</row>'


def test_values_are_what_a_user_sees(desk: Desk) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Name", "Phone", "Since", "Seen", "Share", "Zip", "Active", "Score", "Empty"])
    sheet.append(
        [
            "Zoë Müller",
            12025550143,
            date(2025, 1, 3),
            datetime.fromisoformat("2025-01-03T14:30"),
            0.125,
            1234,
            True,
            0.1 + 0.2,
        ]
    )
    sheet["E2"].number_format = "0.0%"
    sheet["F2"].number_format = "00000"
    book.save(desk.folder / "seen.xlsx")
    source, _, [person] = desk.load(desk.folder / "seen.xlsx")
    assert source.sheet == "Sheet"
    assert person.row.cells == (
        "Zoë Müller", "12025550143", "2025-01-03", "2025-01-03 14:30:00", "12.5%", "01234", "TRUE", "0.3", "",
    )  # fmt: skip
    assert person.contact.phones == ("+12025550143",)
    assert person.line == 2


def test_formulas_give_their_stored_value_or_a_note(desk: Desk) -> None:
    path = desk.workbook(
        _head("name", "email")
        + '<row r="2">'
        + _cell("A2", "<f>B9&amp;C9</f><v>Ada Lovelace</v>")
        + _cell("B2", "<f>LOWER(C2)</f>")
        + '</row><row r="3">'
        + _cell("A3", "<f>B9</f>")
        + '</row><row r="7">'
        + _cell("A7", "<v>#N/A</v>", "e")
        + _cell("B7", "<v>bob@logic.ie</v>")
        + "</row>"
    )
    _, _, [ada, nobody, bob] = desk.load(path)
    assert isinstance(ada, Accepted)
    assert ada.row.cells == ("Ada Lovelace", "=LOWER(C2)")
    assert [(note.column, note.code) for note in ada.notes] == [("email", "no_value")]
    assert isinstance(nobody, Reject)
    assert (nobody.line, nobody.column, nobody.cells) == (3, "name", ("=B9", ""))
    assert "the formula has no stored value" in nobody.reason
    assert (bob.line, bob.contact.full_name, bob.contact.emails) == (7, None, ("bob@logic.ie",))


def test_rich_inline_and_phonetic_texts(desk: Desk) -> None:
    book = openpyxl.Workbook()
    book.active.append(["name"])
    book.active.append([CellRichText("Ada ", TextBlock(InlineFont(b=True), "Lovelace"))])
    book.save(desk.folder / "rich.xlsx")
    [rich] = desk.contacts(desk.folder / "rich.xlsx")
    assert rich.contact.full_name == "Ada Lovelace"
    inline = "<is><r><t>山田</t></r><rPh sb='0' eb='1'><t>ヤマダ</t></rPh><r><t> 太郎_x000D_</t></r></is>"
    path = desk.workbook(_head("name") + f'<row r="2">{_cell("A2", inline, "inlineStr")}</row>')
    [person] = desk.contacts(path)
    assert person.row.cells == ("山田 太郎\r",)


def test_escaped_characters_that_nothing_can_store(desk: Desk) -> None:
    cell = '<c t="inlineStr"><is><t>{}</t></is></c>'
    rows = "".join(
        f"<row>{''.join(map(cell.format, texts))}</row>"
        for texts in (["name_x0000_", "note"], ["Ada_x0000_ Lovelace", "_xD800_"])
    )
    source, _, [outcome] = desk.load(desk.workbook(rows))
    assert source.headers == ("name", "note")
    assert outcome.row.cells == ("Ada Lovelace", "\ufffd")


def test_the_first_visible_sheet_with_data(desk: Desk) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Blank"
    hidden = book.create_sheet("Hidden")
    hidden.append(["name"])
    hidden.sheet_state = "hidden"
    people = book.create_sheet("People")
    people["C5"], people["D5"], people["C7"], people["D7"] = "name", "email", "Ada", "ada@engine.co.uk"
    people["F7"] = "beside the headers"
    book.save(desk.folder / "sheets.xlsx")
    source, _, [ada] = desk.load(desk.folder / "sheets.xlsx")
    assert (source.sheet, ada.line) == ("People", 7)
    assert source.headers == ("column 1", "column 2", "name", "email", "column 5", "column 6")
    assert ada.row.cells == ("", "", "Ada", "ada@engine.co.uk", "", "beside the headers")


def test_rows_without_references_and_with_prefixes(desk: Desk) -> None:
    path = desk.workbook(
        "<row><c t='str'><v>name</v></c><c t='str'><v>email</v></c></row><row><c/><c t='str'><v>a@b.com</v></c></row>"
    )
    _, _, [person] = desk.load(path)
    assert (person.line, person.row.cells) == (2, ("", "a@b.com"))


def test_many_rows_come_out_once_and_in_order(desk: Desk) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["name", "email", "number"])
    for number in range(3000):
        sheet.append([f"Ada {chr(97 + number % 26)}", f"a{number}@engine.co.uk", number])
    book.save(desk.folder / "many.xlsx")
    source = open_source(desk.folder / "many.xlsx")
    outcomes = list(read(source, guess_columns(source)))
    assert [outcome.line for outcome in outcomes] == list(range(2, 3002))
    last = outcomes[-1]
    assert isinstance(last, Accepted)
    assert last.row.cells == ("Ada j", "a2999@engine.co.uk", "2999")


@pytest.mark.parametrize(
    ("stored", "kind", "shown"),
    [
        ("1.2025550143E10", "", "12025550143"),
        ("12025550143", "", "12025550143"),
        ("0.1", "", "0.1"),
        ("0.30000000000000004", "", "0.3"),
        ("-5", "", "-5"),
        ("1e400", "", "inf"),
        ("45660", "date", "2025-01-03"),
        ("45660.604166666664", "datetime", "2025-01-03 14:30:00"),
        ("0.5", "time", "12:00:00"),
        ("1", "date", "1900-01-01"),
        ("60", "date", "1900-02-28"),
        ("99999999", "date", "99999999"),
        ("not a number", "", "not a number"),
    ],
)
def test_numbers(stored: str, kind: str, shown: str) -> None:
    assert shown_number(stored, kind) == shown


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", ""),
        ("#,##0.00", ""),
        ('0 "days"', ""),
        ("[Red]0.00", ""),
        ("yyyy-mm-dd", "date"),
        ("[$-409]d-mmm-yy;@", "date"),
        ("dd.mm.yyyy hh:mm", "datetime"),
        ("[h]:mm:ss", "time"),
        ("0.00%", "percent"),
        ("00000", "00000"),
    ],
)
def test_number_formats(code: str, kind: str) -> None:
    assert kind_of_format(code) == kind
