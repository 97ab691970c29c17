"""What the command line refuses on its own, before it opens a file: one sentence that names the option, exit code 2."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.cli.main import main

Refused = Callable[..., str]

_PEOPLE = "Name,Company,Work Email\nAda Lovelace,Engine Ltd,\n"


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused; its one sentence."""
    source, output = tmp_path / "people.csv", tmp_path / "out.csv"
    source.write_text(_PEOPLE)

    def run(*options: str, command: str = "enrich") -> str:
        target = ("-o", str(output)) if command == "enrich" else ()
        with pytest.raises(SystemExit) as left:
            main([command, str(source), *target, *options])
        said = capsys.readouterr()
        assert left.value.code == 2
        assert said.out == ""
        assert list(tmp_path.iterdir()) == [source]
        return said.err

    return run


BAD = [
    (("--exclude", "clearbit"), ("--exclude", "'clearbit'", "hunter", "pattern")),
    (("--order", "apollo,huntr"), ("--order", "'huntr'", "hunter")),
    (("--max-price", "-1"), ("--max-price", "-1")),
    (("--max-price", "cheap"), ("--max-price", "cheap")),
    (("--max-price", "nan"), ("--max-price", "nan")),
    (("--max-price", "1e400"), ("--max-price", "1e400")),
    (("--budget", "-0.5"), ("--budget", "-0.5")),
    (("--min-confidence", "90"), ("--min-confidence", "'90'", "from 0 to 1")),
    (("--min-confidence", "-0.1"), ("--min-confidence", "'-0.1'")),
    (("--min-confidence", "nan"), ("--min-confidence", "'nan'")),
    (("--min-confidence", "high"), ("--min-confidence", "'high'")),
    (("--want", "email,shoe"), ("--want", "'shoe'", "email, phone, title, company, domain, linkedin")),
    (("--want", " , "), ("--want", "empty")),
    (("--map", "Name"), ("--map", "Name")),
    (("--map", "Name=shoe"), ("shoe", "full_name")),
    (("--map", "Shoe=email"), ("'Shoe'", "Work Email")),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=lambda value: " ".join(value))
def test_enrich_refuses_in_one_sentence(refused: Refused, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    sentence = refused(*options)
    assert sentence.count("\n") == 1
    assert [word for word in words if word not in sentence] == [], sentence


@pytest.mark.parametrize("options", [("--want", "shoe"), ("--order", "huntr"), ("--max-price", "-1")], ids=" ".join)
def test_quote_refuses_the_same(refused: Refused, options: tuple[str, ...]) -> None:
    assert refused(*options, command="quote") == refused(*options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--columns", "Name,Shoe"), ("--columns", "'Shoe'", "Work Email", "hw_email")),
        (("--columns", "Name,hw_email,Name"), ("--columns", "'Name'", "twice")),
        (("--columns", "hw_phone"), ("--columns", "'hw_phone'")),  # it was not wanted
        (("--columns", ""), ("--columns is empty",)),
        (("--columns", " , "), ("--columns is empty",)),
        (("--format", "docx"), ("'docx'", "csv, xlsx, json, jsonl, parquet")),
    ],
    ids=lambda value: " ".join(value),
)
def test_only_enrich_writes_columns(refused: Refused, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    sentence = refused(*options)
    assert [word for word in words if word not in sentence] == [], sentence


def test_a_name_that_is_no_text_is_refused(refused: Refused, tmp_path: Path) -> None:
    """The job's files are remembered in the database by name."""
    sentence = refused("-o", str(tmp_path / os.fsdecode(b"\xff.csv")))
    assert "the name is not UTF-8" in sentence
    assert sentence.count("\n") == 1


def test_a_quote_needs_no_place_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "people.csv").write_text(_PEOPLE)
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir("/proc")
    main_says(["quote", str(tmp_path / "people.csv"), "--json"])
    assert json.loads(capsys.readouterr().out)["people"] == 1


def main_says(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert not left.value.code


def test_an_option_that_does_not_exist_is_named(refused: Refused) -> None:
    assert "--fast" in refused("--fast")


@pytest.mark.parametrize("arguments", [["enrich"], ["jobs", "show"], ["jobs", "show", "first"], ["frobnicate"]])
def test_a_command_that_is_not_whole_is_explained(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    said = capsys.readouterr()
    assert left.value.code == 2
    assert "--help" in said.err
    assert said.out == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == "0.1.0\n"


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("enrich", ["--want", "--columns", "--map", "--min-confidence", "--max-price", "--budget", "--order",
                    "--exclude", "--sandbox", "--json", "--yes"]),
        ("quote", ["--want", "--map", "--max-price", "--sandbox", "--json"]),
        ("jobs", ["list", "show", "pause", "resume", "cancel", "retry"]),
        ("contacts", ["show"]), ("worker", ["--sandbox"]), ("doctor", ["--json"]), ("calls", ["--unknown"]),
    ],
)  # fmt: skip
def test_help_names_every_option(capsys: pytest.CaptureFixture[str], command: str, names: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert [name for name in names if name not in said] == []
    assert "--sandbox-option" not in said
