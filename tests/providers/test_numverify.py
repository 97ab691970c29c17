"""Numverify, by its documents: errors that look like answers, and a key that nobody may see."""

from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Response
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.numverify import Numverify
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

NUMVERIFY = Numverify()
CHECK = Query("r1", frozenset({Field.PHONE}), phone="+14158586273")


def body(**changes: Any) -> dict[str, Any]:
    return {
        "valid": True, "number": "14158586273", "local_format": "4158586273", "international_format": "+14158586273",
        "country_prefix": "+1", "country_code": "US", "country_name": "United States of America",
        "location": "Novato", "carrier": "AT&T Mobility LLC", "line_type": "mobile",
    } | changes  # fmt: skip


def problem(code: int, kind: str = "", info: str = "") -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "type": kind, "info": info}}


def read(respond: Respond, answer: Any, status: int = 200) -> Any:
    return NUMVERIFY.read("validate", [CHECK], respond(status, answer)).answers[0]


def test_the_key_travels_in_the_query_and_is_shown_nowhere(account: Open, key: str) -> None:
    request = NUMVERIFY.ask("validate", [CHECK], account("numverify"))
    assert (request.method, request.url) == ("GET", "https://apilayer.net/api/validate")
    assert request.params == {"access_key": key, "number": "14158586273"}
    assert key not in repr(request)
    assert key not in str(request)


def test_what_a_list_says_is_not_called_live(respond: Respond) -> None:
    answer = read(respond, body())
    (found,) = answer.findings
    assert (answer.outcome, answer.units, found.value, found.status) == (Outcome.HIT, 1000, "+14158586273", "mobile")
    assert found.detail == {
        "line": "unknown",
        "type": "mobile",
        "carrier": "AT&T Mobility LLC",
        "carrier_basis": "vendor_list",
    }


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("landline", "landline"), ("toll_free", "toll_free"), ("premium_rate", "premium"), ("paging", "pager"),
        ("special_services", None), ("satellite", None), (None, None), ("", None), ("new", None),
    ],
)  # fmt: skip
def test_kinds_of_lines_in_our_words(respond: Respond, said: Any, ours: Any) -> None:
    assert read(respond, body(line_type=said)).findings[0].detail.get("type") == ours


def test_a_number_in_no_range_is_disputed(respond: Respond) -> None:
    answer = read(respond, body(valid=False, carrier="", line_type=None, country_code=""))
    assert (answer.units, answer.findings[0].detail) == (1000, {"line": "unknown", "disputed": "range"})


@pytest.mark.parametrize(
    ("code", "kind", "error"),
    [
        (101, "invalid_access_key", StopVendor),
        (101, "missing_access_key", StopVendor),
        (102, "inactive_user", StopVendor),
        (103, "invalid_api_function", StopVendor),
        (104, "usage_limit_reached", StopVendor),
        (105, "https_access_restricted", StopVendor),
        (106, "rate_limit_reached", TryLater),
        (999, "something_new", BadRequest),
    ],
)
def test_errors_with_the_status_of_a_success(respond: Respond, key: str, code: Any, kind: Any, error: Any) -> None:
    with pytest.raises(error) as caught:
        read(respond, problem(code, kind, f"You sent {key} for 14158586273"))
    assert type(caught.value) is error
    assert key not in str(caught.value)
    assert "8586273" not in str(caught.value)


@pytest.mark.parametrize("code", [210, 211, 310])
def test_a_number_that_is_refused_costs_nothing(respond: Respond, code: Any) -> None:
    answer = read(respond, problem(code, "non_numeric_phone_number_provided"))
    assert (answer.outcome, answer.units) == (Outcome.REFUSED, 0)


def test_an_error_is_read_whatever_the_status(respond: Respond) -> None:
    with pytest.raises(StopVendor):
        read(respond, problem(101, "invalid_access_key"), status=401)
    with pytest.raises(TryLater):
        read(respond, problem(106, "rate_limit_reached"), status=429)


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, b"", OutcomeUnknown),
        (200, b"<html>", OutcomeUnknown),
        (200, {"success": True}, OutcomeUnknown),
        (200, {"valid": "yes"}, OutcomeUnknown),
        (200, {"valid": True, "number": "15005550000"}, OutcomeUnknown),
        (500, b"", OutcomeUnknown),
        (502, b"<html>", OutcomeUnknown),
        (429, b"", TryLater),
        (503, b"", TryLater),
        (403, b"", StopVendor),
    ],
)
def test_failures_by_what_can_be_done(respond: Respond, status: Any, answer: Any, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        read(respond, answer, status)
