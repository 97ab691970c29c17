"""``headwater verify``: answers in the order of the input, as a table or as JSON; no database is made for it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

HEADWATER = Path(sys.executable).with_name("headwater")


def verify(home: Path, *words: object, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    answer = subprocess.run(
        [str(HEADWATER), "verify", *map(str, words)], input=given, capture_output=True, timeout=60, check=False,
        env=environment | {"HEADWATER_HOME": str(home)}, cwd=home,
    )  # fmt: skip
    return subprocess.CompletedProcess(answer.args, answer.returncode, answer.stdout.decode(), answer.stderr.decode())


def lines(home: Path, *words: object, given: bytes = b"") -> list[dict[str, Any]]:
    answer = verify(home, *words, "--json", given=given)
    assert (answer.returncode, answer.stderr) == (0, "")
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_every_line_of_standard_input_gets_an_answer_in_its_order(tmp_path: Path) -> None:
    given = ["ada@lovelace.org", "", "no address", "info@GMAIL.com", "x\u0000@y.de", "jörg@müller.de", "a" * 1_000_000]
    raw = "\r\n".join(given).encode() + b"\n\xff@x.de\nRCPT TO:<a@b.co>\r\n"
    found = lines(tmp_path, "email", "--level", "domain", given=raw)
    assert [each["email"] for each in found[:7]] == given
    assert [each["status"] for each in found] == [
        "unknown", "invalid", "invalid", "risky", "invalid", "unknown", "invalid", "invalid", "invalid",
    ]  # fmt: skip
    assert set(found[0]) == {
        "email", "normalized", "status", "sub_status", "score", "reasons", "flags", "did_you_mean", "mx",
        "mx_operator", "smtp", "level", "checked_at",
    }  # fmt: skip
    assert set(found[0]["flags"]) == {
        "disposable", "role", "free", "catch_all", "null_mx", "alias_service", "trap_risk",
    }  # fmt: skip
    assert found[3]["flags"]["role"] is found[3]["flags"]["free"] is True
    assert all(each["reasons"] and each["score"] == sum(r["points"] for r in each["reasons"]) for each in found)
    assert not list(tmp_path.iterdir())


def test_numbers_are_answered_in_their_order(tmp_path: Path) -> None:
    found = lines(tmp_path, "phone", "--region", "de", "+1 415 555 2671", "(030) 901820 ext. 7", "none")
    assert [each["e164"] for each in found] == ["+14155552671", "+4930901820", None]
    assert [each["valid"] for each in found] == [True, True, False]
    assert {
        "raw", "e164", "valid", "type", "region", "country", "carrier", "carrier_basis", "portable", "location",
        "time_zones", "extension", "reserved", "score", "reasons",
    } <= set(found[0])  # fmt: skip
    assert (found[1]["extension"], found[1]["region"], found[1]["type"]) == ("7", "DE", "landline")


def test_a_column_of_a_file_is_answered_row_by_row(tmp_path: Path) -> None:
    source = tmp_path / "people.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Name", "Work Email", "Other"], ["Ada", "ada@lovelace.org", 1], ["Bob", None, 2], ["Cy", "cy@@x", 3]):
        sheet.append(row)
    book.save(source)
    for named in ((), ("--column", "work email")):
        found = lines(tmp_path, "email", "--file", source, *named, "--level", "syntax")
        assert [each["email"] for each in found] == ["ada@lovelace.org", "", "cy@@x"]


def test_a_table_shows_strangers_words_harmlessly(tmp_path: Path) -> None:
    answer = verify(tmp_path, "email", "--level", "syntax", given=b"\x1b[31mred@x.de\n[/bold]@x.de\n")
    assert answer.returncode == 0
    assert "\x1b" not in answer.stdout
    assert "[/bold]@x.de" in answer.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("email", "--file", "nowhere.csv"), "nowhere.csv"),
        (("email", "a@b.co", "--file", "x.csv"), "not both"),
        (("email", "a@b.co", "--column", "x"), "--file"),
        (("email", "a@b.co", "--level", "deep"), "deep"),
        (("phone", "123", "--region", "Atlantis"), "Atlantis"),
    ],
)
def test_what_can_not_be_done_is_refused_in_words(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    answer = verify(tmp_path, *words)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert sentence in answer.stderr


def test_an_unknown_column_is_refused_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("Name,Mail\nAda,ada@lovelace.org\n")
    answer = verify(tmp_path, "email", "--file", "people.csv", "--column", "Shoe")
    assert answer.returncode == 2
    assert "'Shoe'" in answer.stderr
    assert "Name, Mail" in answer.stderr
