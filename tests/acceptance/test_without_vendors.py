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


def test_a_number_that_three_people_of_a_file_have_is_called_an_offices(headwater: Headwater) -> None:
    office, pair, own = "+44 20 8366 1177", "+44 20 8366 1178", "+44 7400 123456"
    names = ("Ada Lovelace", "Bob Noyce", "Cy Twombly", "Dee Ward", "Eve Arnold", "Flo Kane")
    numbers = (office, office, office, pair, pair, own)
    rows = [{"Name": name, "Tel": tel, "Firm": "Acme Ltd"} for name, tel in zip(names, numbers, strict=True)]
    headwater.run("enrich", headwater.write("office.csv", rows), "-o", "office-out.csv", "--want", "phone")
    out = headwater.read("office-out.csv")
    assert [row["hw_phone_status"] for row in out] == ["risky"] * 3 + ["valid"] * 3
    assert [float(row["hw_phone_confidence"]) < 0.95 for row in out] == [True] * 3 + [False] * 3
    judged = headwater.json("contacts", "validations", out[0]["hw_contact_id"])
    [reason] = [each for each in judged[0]["reasons"] if each["code"] == "shared_by_many"]
    assert (judged[0]["sub_status"], reason["text"].partition(":")[0]) == (
        "shared_by_many",
        "3 people have this number",
    )
    # somebody else's file with the same office tells those who were there before
    more = headwater.write("more.csv", [{"Name": "Gus Hall", "Tel": pair, "Firm": "Acme Ltd"}])
    headwater.run("enrich", more, "-o", "more-out.csv", "--want", "phone")
    assert headwater.read("more-out.csv")[0]["hw_phone_status"] == "risky"
    told = headwater.json("contacts", "validations", out[3]["hw_contact_id"])
    assert [each["sub_status"] for each in told] == ["in_plan", "shared_by_many"]


def test_nobody_is_asked_and_nothing_costs(done: Any) -> None:
    assert done.result["vendors"] == {}
    assert Decimal(done.result["spent_usd"]) == 0


def test_a_quote_says_that_nobody_would_be_asked(headwater: Headwater) -> None:
    quote = headwater.run("quote", headwater.folder / "leads.csv")
    assert "No vendor key is set" in quote.stderr
