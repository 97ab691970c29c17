"""Numbers in a whole run: found by one vendor, checked by another, shown with everything that is known of them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from headwater_sandbox.dice import Dice
from headwater_sandbox.settings import Settings
from headwater_sandbox.subscribers import look_up

Headwater = Any
Sample = Any


@pytest.fixture(scope="module")
def summary(headwater: Headwater, crowd: Sample) -> dict[str, Any]:
    source = headwater.write("people.csv", crowd.people(0, 40))
    found: dict[str, Any] = headwater.enrich(
        source, "out.csv", "--want", "phone,company", "--exclude", "hunter,icypeas,numverify,hlrlookups"
    )
    return found


def test_found_numbers_are_checked_and_paid_for_as_the_vendor_counts(
    summary: dict[str, Any], headwater: Headwater
) -> None:
    ours, theirs = summary["vendors"]["twilio"], headwater.meter()["twilio"]
    assert summary["found"]["phone"] >= 5
    assert ours["records"] == theirs["records"] >= 5
    assert Decimal(ours["credits"]) == Decimal(theirs["credits"])
    assert Decimal(ours["spent_usd"]) == Decimal(theirs["credits"]) * Decimal("0.008")
    assert theirs["charged_again"] == 0
    assert headwater.meter()["hlrlookups"]["calls"] == headwater.meter()["numverify"]["calls"] == 0


def test_a_judgement_says_who_made_it_and_why(summary: dict[str, Any], headwater: Headwater) -> None:
    assert summary["rows"]["out"] == 40
    checked = 0
    for row in headwater.read("out.csv"):
        if not row["hw_phone"] or row["hw_phone_source"] == "file":
            continue
        judged = headwater.json("contacts", "validations", row["hw_contact_id"])
        lines = [each for each in judged if each["by"] == "twilio.line" and each["value"] == row["hw_phone"]]
        for each in lines:
            checked += 1
            assert (each["field"], each["level"], each["status"]) == ("phone", "line", row["hw_phone_status"])
            assert sum(reason["points"] for reason in each["reasons"]) == each["score"]
            kind = look_up(Settings(seed=1), Dice(1), each["value"]).kind
            said = next(reason["text"] for reason in each["reasons"] if reason["code"] == "type_known")
            assert said == f"twilio.line: {kind}."
    assert checked >= 5


def test_the_same_file_again_checks_nobody_again(summary: dict[str, Any], headwater: Headwater) -> None:
    before = headwater.meter()["twilio"]["calls"]
    again = headwater.enrich(headwater.folder / "people.csv", "again.csv", "--want", "phone,company",
                             "--exclude", "hunter,icypeas,numverify,hlrlookups")  # fmt: skip
    assert headwater.meter()["twilio"]["calls"] == before
    assert again["found"]["phone"] == summary["found"]["phone"]
    assert Decimal(again["spent_usd"]) == 0


def test_whoever_is_excluded_does_not_check(new_headwater: Callable[[], Headwater], crowd: Sample) -> None:
    fresh = new_headwater()
    found = fresh.enrich(
        fresh.write("people.csv", crowd.people(0, 12)), "out.csv", "--want", "phone",
        "--exclude", "hunter,icypeas,twilio,numverify,hlrlookups",
    )  # fmt: skip
    assert set(found["vendors"]) <= {"apollo", "dropcontact"}
