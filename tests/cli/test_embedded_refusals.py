"""What the embedded database can not do is told like every other refusal: one sentence, exit code 2, no trace."""

import json
import os
from pathlib import Path

import pytest

from headwater.cli.main import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without a database; nothing of the tester's own settings counts."""
    for name in [name for name in os.environ if name.startswith("HEADWATER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HEADWATER_DNS", "127.0.0.1:9")  # no test asks the machine's own resolver
    return tmp_path / "home"


@pytest.fixture
def older(home: Path) -> Path:
    """Data that an older major version of PostgreSQL wrote."""
    data = home / "postgres" / "18" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    return data


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    said = capsys.readouterr()
    assert (left.value.code, said.out) == (2, "")
    return said.err


@pytest.mark.parametrize("command", ["jobs list", "worker"])
def test_data_of_another_major_version(older: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    sentence = _refused(capsys, *command.split())
    assert sentence.count("\n") == 1
    assert "written by PostgreSQL 16" in sentence
    assert str(older) in sentence


@pytest.mark.parametrize("options", [(), ("--sandbox",)], ids=["live", "sandbox"])
@pytest.mark.parametrize("below", ["", "deeper"], ids=["itself", "below it"])
def test_a_data_folder_that_is_a_file(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    below: str,
) -> None:
    home.write_text("")
    monkeypatch.setenv("HEADWATER_HOME", str(home / below))
    source = home.with_name("leads.csv")
    source.write_text("Name,Company\nAda Lovelace,Engine Ltd\n")
    sentence = _refused(capsys, "enrich", str(source), "-o", str(home.with_name("out.csv")), *options)
    assert sentence.count("\n") == 1
    assert str(home) in sentence
    assert not home.with_name("out.csv").exists()


def test_doctor_says_it_among_its_findings(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["doctor", "--json"])
    assert left.value.code == 1
    found = {each["part"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["database"]["state"] == "wrong"
    assert str(older) in found["database"]["text"]
