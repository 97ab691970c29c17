"""No secret reaches a log, whoever writes it and however it is wrapped."""

import io
import json
import logging
import sys
from contextlib import redirect_stderr
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from headwater.kit.log import configure, log, mask

SECRET = "s3cr3t-4711"


@pytest.mark.parametrize(
    "text",
    [
        f"https://api.hunter.test/v2/email-finder?domain=acme.test&api_key={SECRET}",
        f"https://api.hunter.test/v2?api_key={SECRET}&domain=acme.test",
        f"postgresql://headwater:{SECRET}@db.test:5432/headwater",
        f"redis://:{SECRET}@cache.test",
        f"postgresql://headwater:at@{SECRET}@db.test:5432/headwater",
        f"host=db.test password={SECRET} dbname=x",
        f"host=db.test password='{SECRET} with blanks' dbname=x",
        f"Authorization: Bearer {SECRET}",
        f"authorization: {SECRET}",
        f'{{"Authorization": "Bearer {SECRET}"}}',
        f"{{'X-Access-Token': '{SECRET}'}}",
        f"X-API-Key: {SECRET}",
        f'{{"apiKey": "{SECRET}"}}',
        f"client_secret={SECRET}",
        f"HEADWATER_SECRET={SECRET}",
        f"HEADWATER_HUNTER_API_KEY = {SECRET}",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert SECRET not in mask(text)
    assert "with blanks" not in mask(text)
    assert "***" in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "password authentication failed for user headwater",
        "the token is missing",
        "asked https://api.hunter.test/v2/email-finder?domain=acme.test",
        "ada@acme.test was found",
        "12:30:45 done",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def _logged(**values: Any) -> str:
    written = io.StringIO()
    with redirect_stderr(written):
        configure("INFO")
        log.warning("asked", **values)
    return written.getvalue()


@pytest.fixture(autouse=True)
def as_before() -> Any:
    yield
    structlog.reset_defaults()
    for name in ("procrastinate", "psycopg"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


@pytest.mark.parametrize(
    "values",
    [
        {"api_key": SECRET},
        {"ACCESS_TOKEN": SECRET},
        {"dsn": f"host=x password={SECRET}"},
        {"url": f"https://x.test/?api_key={SECRET}"},
        {"headers": {"authorization": f"Bearer {SECRET}"}},
        {"request": {"params": [("domain", "acme.test"), {"api_key": SECRET}]}},
        {"lines": [f"password={SECRET}"]},
        {"reason": ValueError(f"refused: api_key={SECRET}")},
        {"body": f"token={SECRET}".encode()},
    ],
)
def test_a_secret_is_not_logged(values: dict[str, Any]) -> None:
    line = _logged(**values)
    assert SECRET not in line
    assert "asked" in line


def test_a_line_is_json_where_nobody_watches() -> None:
    line = json.loads(_logged(vendor="hunter", calls=3, nested={"a": [1, None, True]}))
    assert (line["event"], line["level"], line["vendor"], line["calls"]) == ("asked", "warning", "hunter", 3)
    assert line["nested"] == {"a": [1, None, True]}
    assert line["timestamp"].endswith("Z")


def _told_by_a_library(level: str) -> str:
    written = io.StringIO()
    with redirect_stderr(written):
        configure(level)
        try:
            raise ConnectionError(f"postgresql://ada:{SECRET}@db.test/x is away")
        except ConnectionError:
            logging.getLogger("procrastinate.worker").exception("Side task failed: token=%s", SECRET)
        logging.getLogger("psycopg.pool").warning("error connecting in 'pool-1'")
    return written.getvalue()


def test_what_libraries_complain_of_is_left_to_those_who_waited() -> None:
    assert _told_by_a_library("WARNING") == ""


def test_what_libraries_complain_of_can_be_seen_masked_and_without_a_trace() -> None:
    first, second = map(json.loads, _told_by_a_library("INFO").splitlines())
    assert (first["event"], first["library"]) == ("Side task failed: token=***", "procrastinate.worker")
    assert first["reason"] == "postgresql://ada:***@db.test/x is away"
    assert second["event"] == "error connecting in 'pool-1'"


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO")
    log.warning("here")
    said = capsys.readouterr()
    assert said.out == ""
    assert "here" in said.err
    assert sys.stderr is not None


def test_standard_error_may_be_another_one_later() -> None:
    with io.StringIO() as first, redirect_stderr(first):
        configure("INFO")
    with io.StringIO() as second, redirect_stderr(second):
        log.warning("here")
        assert "here" in second.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    written = io.StringIO()
    with redirect_stderr(written):
        configure("ERROR")
        log.warning("quiet")
    assert written.getvalue() == ""
