"""``headwater doctor smtp``: off without an identity, one sentence for half of one, JSON wherever it is asked for."""

import json
from pathlib import Path

import pytest

from headwater.cli.main import main


def left(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left_with:
        main(arguments)
    return int(str(left_with.value.code or 0))


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    for name in ("HEADWATER_SMTP_HELO", "HEADWATER_SMTP_MAIL_FROM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("arguments", [("doctor", "smtp", "--json"), ("doctor", "--json", "smtp")])
def test_without_an_identity_it_says_what_to_set(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert left(*arguments) == 1
    (check,) = json.loads(capsys.readouterr().out)
    assert (check["name"], check["state"]) == ("identity", "fail")
    assert "HEADWATER_SMTP_HELO" in check["text"]


@pytest.mark.parametrize(
    ("name", "value"), [("HEADWATER_SMTP_HELO", "mail.acme.com"), ("HEADWATER_SMTP_MAIL_FROM", "ask@acme.com")]
)
def test_half_an_identity_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert left("doctor", "smtp") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "HEADWATER_SMTP_HELO" in said.err


def test_with_nothing_reachable_it_still_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADWATER_SMTP_HELO", "mail.acme.com")
    monkeypatch.setenv("HEADWATER_SMTP_MAIL_FROM", "ask@acme.com")
    monkeypatch.setenv("HEADWATER_DNS", "127.0.0.1:9")
    assert left("doctor", "smtp", "--json") == 0
    checks = {check["name"]: check["state"] for check in json.loads(capsys.readouterr().out)}
    assert {"port 25", "name", "reverse name", "sender", "SPF", "level smtp"} <= set(checks)
    assert set(checks.values()) == {"unknown"}
