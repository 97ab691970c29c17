"""``headwater verify``: answers in the order of the input, as a table or as JSON; no database is made for it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest

from headwater.cli.main import main

Verify = Callable[..., "Ended"]


class Ended(NamedTuple):
    """How a command left, and what it said."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        assert (self.code, self.err) == (0, "")
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Run ``headwater verify`` in a data folder that does not exist."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADWATER_DATABASE_URL", raising=False)

    def run(*words: object) -> Ended:
        with pytest.raises(SystemExit) as left:
            main(["verify", *map(str, words)])
        return Ended(int(left.value.code or 0), *capsys.readouterr())

    return run


def test_every_line_of_standard_input_gets_an_answer_in_its_order(tmp_path: Path) -> None:
    headwater = Path(sys.executable).with_name("headwater")
    given = ["ada@lovelace.org", "", "no address", "info@GMAIL.com", "x\u0000@y.de", "jörg@müller.de", "a" * 1_000_000]
    raw = "\r\n".join(given).encode() + b"\n\xff@x.de\nRCPT TO:<a@b.co>\r\n"
    answer = subprocess.run(
        [headwater, "verify", "email", "--level", "domain", "--json"], input=raw, capture_output=True, timeout=60,
        check=True, env={"HEADWATER_HOME": str(tmp_path), "PATH": os.defpath}, cwd=tmp_path,
    )  # fmt: skip
    found = [json.loads(line) for line in answer.stdout.splitlines()]
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


def test_numbers_are_answered_in_their_order(verify: Verify) -> None:
    found = verify("phone", "--region", "de", "+1 415 555 2671", "(030) 901820 ext. 7", "none", "--json").lines()
    assert [each["e164"] for each in found] == ["+14155552671", "+4930901820", None]
    assert [each["valid"] for each in found] == [True, True, False]
    assert {
        "raw", "e164", "valid", "type", "region", "country", "carrier", "carrier_basis", "portable", "location",
        "time_zones", "extension", "reserved", "score", "reasons",
    } <= set(found[0])  # fmt: skip
    assert (found[1]["extension"], found[1]["region"], found[1]["type"]) == ("7", "DE", "landline")


def test_a_column_of_a_file_is_answered_row_by_row(tmp_path: Path, verify: Verify) -> None:
    source = tmp_path / "people.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Name", "Work Email", "Other"], ["Ada", "ada@lovelace.org", 1], ["Bob", None, 2], ["Cy", "cy@@x", 3]):
        sheet.append(row)
    book.save(source)
    for named in ((), ("--column", "work email")):
        found = verify("email", "--file", source, *named, "--level", "syntax", "--json").lines()
        assert [each["email"] for each in found] == ["ada@lovelace.org", "", "cy@@x"]


def test_a_table_shows_strangers_words_harmlessly(verify: Verify) -> None:
    code, out, _ = verify("email", "--level", "syntax", "\x1b[31mred@x.de", "[/bold]@x.de")
    assert code == 0
    assert "\x1b" not in out
    assert "[/bold]@x.de" in out


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
def test_what_can_not_be_done_is_refused_in_words(verify: Verify, words: tuple[str, ...], sentence: str) -> None:
    code, out, err = verify(*words)
    assert (code, out) == (2, "")
    assert sentence in err


def test_an_unknown_column_is_refused_with_those_there_are(tmp_path: Path, verify: Verify) -> None:
    (tmp_path / "people.csv").write_text("Name,Mail\nAda,ada@lovelace.org\n")
    code, _, err = verify("email", "--file", "people.csv", "--column", "Shoe")
    assert code == 2
    assert "'Shoe'" in err
    assert "Name, Mail" in err
