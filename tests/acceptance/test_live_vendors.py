"""Real accounts: the price is agreed to first, a vendor that refuses does not end the job, no key is seen again."""

import os
import pty
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.names import VERIFIERS

pytestmark = pytest.mark.usefixtures("waterfall")

SECRET = "sk-SECRET"
ROWS = 10

Headwater = Any
Vendors = Any
Sample = Any


def _job(headwater: Headwater, crowd: Sample, first: int, name: str, *options: str) -> tuple[object, ...]:
    path = headwater.folder / f"{name}.csv"
    source = path if path.exists() else headwater.write(path.name, crowd.people(first, first + ROWS))
    return ("enrich", source, "-o", f"{name}-out.csv", "--want", "email,title", "--json", *options)


@pytest.fixture(scope="module")
def unasked(headwater: Headwater, crowd: Sample, vendors: Vendors) -> tuple[Any, set[str]]:
    """Without --yes and without a terminal."""
    job = _job(headwater, crowd, 200, "good")
    done = headwater.run(*job, code=2, **vendors.settings(hunter=f"{SECRET}-h", apollo=f"{SECRET}-a"))
    return done, {path.name for path in headwater.folder.iterdir()}


@pytest.fixture(scope="module")
def good(unasked: object, headwater: Headwater, crowd: Sample, vendors: Vendors) -> Any:
    """Agreed to, as talkative as it can be."""
    settings = vendors.settings(hunter=f"{SECRET}-h", apollo=f"{SECRET}-a")
    return headwater.run(*_job(headwater, crowd, 200, "good", "--yes"), HEADWATER_LOG_LEVEL="DEBUG", **settings)


@pytest.fixture(scope="module")
def bad_key(good: object, headwater: Headwater, crowd: Sample, vendors: Vendors) -> Any:
    settings = vendors.settings(hunter="bad-key", apollo=f"{SECRET}-a")
    return headwater.run(*_job(headwater, crowd, 210, "bad", "--yes"), HEADWATER_LOG_LEVEL="DEBUG", **settings)


@pytest.fixture(scope="module")
def no_credits(good: object, headwater: Headwater, crowd: Sample, vendors: Vendors) -> Any:
    settings = vendors.settings(hunter=f"{SECRET}-h", apollo="no-credits")
    return headwater.run(*_job(headwater, crowd, 220, "poor", "--yes"), **settings)


def test_real_money_is_not_spent_without_a_word(unasked: tuple[Any, set[str]]) -> None:
    done, files = unasked
    assert done.stdout == ""
    assert "--yes" in done.stderr
    assert "$" in done.stderr.splitlines()[-1]
    assert files == {"good.csv"}


@pytest.mark.parametrize("answer", [b"n\n", b"\n"], ids=["no", "just enter"])
def test_a_person_at_a_terminal_is_asked_and_may_say_no(
    headwater: Headwater, crowd: Sample, vendors: Vendors, answer: bytes
) -> None:
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, answer)
        job = _job(headwater, crowd, 230, "refused")
        done = headwater.run(*job, code=2, stdin=terminal, **vendors.settings(hunter="of-one-who-says-no"))
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert "Spend up to $" in done.stderr
    assert "nothing was spent" in done.stderr
    assert done.stdout == ""
    assert "of-one-who-says-no" not in vendors.meter()["hunter"]["credits_by_account"]


def test_real_accounts_are_asked_at_their_addresses(good: Any, headwater: Headwater, vendors: Vendors) -> None:
    summary, meter = good.result, vendors.meter()
    assert summary["sandbox"] is False
    assert "made up" not in good.stderr
    assert set(summary["vendors"]) == {"hunter", "apollo"}
    for vendor in ("hunter", "apollo"):
        [counted] = [credits for key, credits in meter[vendor]["credits_by_account"].items() if SECRET in key] or ["0"]
        assert Decimal(summary["vendors"][vendor]["credits"]) <= Decimal(counted)
    sources = {row["hw_email_source"] for row in headwater.read("good-out.csv")} - {""}
    assert sources
    assert not any("sandbox" in source for source in sources)


def test_the_agreed_price_holds(unasked: tuple[Any, set[str]], good: Any) -> None:
    quoted = Decimal(unasked[0].stderr.split("at most $")[1].split()[0].rstrip("."))
    assert Decimal(0) < Decimal(good.result["spent_usd"]) <= quoted


def test_a_refused_key_does_not_end_the_job(bad_key: Any, vendors: Vendors) -> None:
    summary = bad_key.result
    assert (summary["state"], summary["rows"]["out"]) == ("done", ROWS)
    assert Decimal(summary["vendors"]["apollo"]["credits"]) > 0
    assert vendors.meter()["hunter"]["unauthorised"] >= 1
    assert _told(bad_key, "hunter", "key")


def test_once_the_key_is_mended_the_same_command_asks(
    bad_key: Any, headwater: Headwater, crowd: Sample, vendors: Vendors
) -> None:
    settings = vendors.settings(hunter=f"{SECRET}-h", apollo=f"{SECRET}-a")
    again = headwater.run(*_job(headwater, crowd, 210, "bad", "--yes"), **settings).result
    assert again["vendors"]["hunter"]["records"] > 0
    assert "apollo" not in again["vendors"]  # it was asked and paid before


def test_an_empty_account_does_not_end_the_job(no_credits: Any) -> None:
    summary = no_credits.result
    assert (summary["state"], summary["rows"]["out"]) == ("done", ROWS)
    assert summary["vendors"]["hunter"]["records"] > 0
    assert Decimal(summary["vendors"].get("apollo", {"credits": "0"})["credits"]) == 0
    assert _told(no_credits, "apollo", "no credits")


def _told(done: Any, vendor: str, words: str) -> bool:
    """The operator reads it, and so does a program that reads the summary."""
    read = [failure["reason"] for failure in done.result["failures"] if failure["vendor"] == vendor]
    lines = [line for line in done.stderr.splitlines() if line.startswith(f"{vendor}:")]
    return any(words in reason for reason in read) and any(words in line for line in lines)


@pytest.mark.parametrize("name", ["good", "bad_key", "no_credits"])
def test_json_is_alone_on_standard_output(request: pytest.FixtureRequest, name: str) -> None:
    done = request.getfixturevalue(name)
    assert done.stdout.count("\n") == 1
    assert isinstance(done.result, dict)
    assert done.stderr  # notes and logs went there


def test_keys_are_nowhere(good: Any, bad_key: Any, no_credits: Any, headwater: Headwater, vendors: Vendors) -> None:
    """Not on the screen, in no file that was written, in no row of any table, not even in the database's own files."""
    doctor = headwater.run("doctor", HEADWATER_LOG_LEVEL="DEBUG", **vendors.settings(hunter=f"{SECRET}-h"))
    said = [text for done in (good, bad_key, no_credits, doctor) for text in (done.stdout, done.stderr)]
    for secret in (SECRET, "bad-key"):
        assert not any(secret in text for text in said)
        assert not any(secret in text for text in headwater.texts())
        assert [path for path in _files(headwater.folder) if secret.encode() in path.read_bytes()] == []


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


DOCTOR_OK = {"python", "data folder", "database", "resolver", "hunter"}


def test_doctor_finds_everything_well(headwater: Headwater, vendors: Vendors) -> None:
    found = headwater.json("doctor", **vendors.settings(hunter=f"{SECRET}-h"))
    states = {each["part"]: each["state"] for each in found}
    assert {part for part, state in states.items() if state == "ok"} == DOCTOR_OK
    assert {part for part, state in states.items() if state == "missing"} == {
        *("apollo", "icypeas", "dropcontact"),
        *VERIFIERS.split(","),
    }
    missing = next(each["text"] for each in found if each["part"] == "apollo")
    assert "HEADWATER_APOLLO_API_KEY" in missing
    assert not any(SECRET in each["text"] for each in found)


def test_doctor_finds_what_is_wrong(headwater: Headwater, vendors: Vendors) -> None:
    wrong = {
        "HEADWATER_HUNTR_API_KEY": f"{SECRET}-h", "HEADWATER_DATABASE_URL": f"postgresql://ada:{SECRET}@127.0.0.1:1/x",
        "HEADWATER_APOLLO_BASE_URL": "http://127.0.0.1:1/api", "HEADWATER_DNS": "127.0.0.1:1",
    }  # fmt: skip
    done = headwater.run("doctor", "--json", code=1, **(vendors.settings(apollo=f"{SECRET}-a") | wrong))
    texts = {each["part"]: each["text"] for each in done.result if each["state"] == "wrong"}
    assert set(texts) == {"settings", "database", "resolver", "apollo"}
    assert "HEADWATER_HUNTR_API_KEY" in texts["settings"]
    assert "can not be reached" in texts["database"]
    assert "can not be reached" in texts["apollo"]
    assert SECRET not in done.stdout + done.stderr


def test_doctor_is_a_table_for_people(headwater: Headwater, vendors: Vendors) -> None:
    done = headwater.run("doctor", **vendors.settings(hunter=f"{SECRET}-h"))
    assert "PostgreSQL" in done.stdout
    assert "HEADWATER_APOLLO_API_KEY" in done.stdout
