"""With no key and no sandbox everything that needs no vendor is done all the same, and what is missing is said."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("waterfall")

Headwater = Any
Vendors = Any
Sample = Any


@pytest.fixture(scope="module")
def done(headwater: Headwater, vendors: Vendors, crowd: Sample) -> Any:
    alive = next(answer for answer in crowd.answers if answer["kind"] == "person" and answer["work_email"])
    rows = [
        {
            "Name": "dr. JÜRGEN MÜLLER-LÜDENSCHEIDT",
            "Mail": "nobody@no-such-domain.invalid",
            "Tel": "+49 (0)30 901820",
            "Firm": "Engine",
        },
        {"Name": f"{alive['first']} {alive['last']}", "Mail": alive["work_email"].upper(), "Tel": "", "Firm": ""},
        {"Name": f"{alive['first']} {alive['last']}", "Mail": alive["work_email"], "Tel": "", "Firm": ""},
        {"Name": "Ada Lovelace", "Mail": "ada@@engine", "Tel": "020 7946 0018 / 020 7946 0019", "Firm": "Engine"},
        {"Name": "", "Mail": "", "Tel": "0000", "Firm": ""},
    ]
    source = headwater.write("leads.csv", rows)
    return headwater.run(
        "enrich", source, "-o", "out.csv", "--want", "email,phone", "--json", HEADWATER_DNS=vendors.addresses["dns"]
    )


def test_it_says_what_is_missing(done: Any) -> None:
    assert "No vendor key is set" in done.stderr
    assert "HEADWATER_HUNTER_API_KEY" in done.stderr
    assert "--sandbox" in done.stderr


def test_rows_are_read_matched_and_rejected(done: Any, headwater: Headwater) -> None:
    assert done.result["rows"] == {"in": 5, "out": 4, "rejected": 1, "duplicates": 1}
    rows = headwater.read("out.csv")
    assert rows[1]["hw_contact_id"] == rows[2]["hw_contact_id"]
    assert [row["hw_row"] for row in rows] == ["accepted", "accepted", "duplicate", "accepted"]
    [reject] = headwater.read("out.rejected.csv")
    assert reject["line"] == "6"


def test_values_are_put_in_order(done: Any, headwater: Headwater) -> None:
    first, second, *_ = headwater.read("out.csv")
    assert first["Name"] == "dr. JÜRGEN MÜLLER-LÜDENSCHEIDT"
    assert first["hw_phone"] == "+4930901820"
    assert second["hw_email"] == second["Mail"].lower()
    assert headwater.json("contacts", "show", first["hw_contact_id"])["name"] == "Jürgen Müller-Lüdenscheidt"


def test_addresses_are_verified_against_the_resolver(done: Any, headwater: Headwater) -> None:
    first, second, *_ = headwater.read("out.csv")
    assert first["hw_email_status"] in ("invalid", "")  # a domain that does not exist
    assert second["hw_email_status"] not in ("invalid", "")
    judged = headwater.json("contacts", "validations", first["hw_contact_id"])
    assert {"field": "email", "status": "invalid"}.items() <= next(
        each for each in judged if each["field"] == "email"
    ).items()


def test_nobody_is_asked_and_nothing_costs(done: Any) -> None:
    assert done.result["vendors"] == {}
    assert Decimal(done.result["spent_usd"]) == 0


def test_a_quote_says_that_nobody_would_be_asked(headwater: Headwater) -> None:
    quote = headwater.run("quote", headwater.folder / "leads.csv")
    assert "No vendor key is set" in quote.stderr
