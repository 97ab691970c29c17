"""Twilio Lookup, by its documents: what kind of line, who carries it, does it live, and what is never known."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Response
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.twilio import Twilio
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

TWILIO = Twilio()
PHONE = frozenset({Field.PHONE})
MOBILE, US = "+447772000001", "+14159929960"


def check(number: str = MOBILE) -> Query:
    return Query("r1", PHONE, phone=number)


def body(number: str = MOBILE, **more: Any) -> dict[str, Any]:
    packages = {"line_type_intelligence": None, "line_status": None, "caller_name": None}
    answer = {"phone_number": number, "country_code": "GB", "valid": True, "validation_errors": None, **packages}
    return answer | more


def line_type(kind: str | None = "mobile", carrier: str | None = "O2", code: int | None = None) -> dict[str, Any]:
    return {"type": kind, "carrier_name": carrier, "error_code": code, "mobile_country_code": "234"}


def status(word: str | None, code: int | None = None) -> dict[str, Any]:
    return {"status": word, "error_code": code}


@pytest.mark.parametrize(
    ("operation", "fields"), [("line", "line_type_intelligence"), ("live", "line_type_intelligence,line_status")]
)
def test_one_number_is_asked_about_with_basic_credentials(account: Open, key: str, operation: Any, fields: Any) -> None:
    request = TWILIO.ask(operation, [check("+44 7772 000001")], account("twilio"))
    assert (request.method, request.url) == ("GET", "https://lookups.twilio.com/v2/PhoneNumbers/+447772000001")
    assert (request.params, request.family, request.json, request.body) == ({"Fields": fields}, "lookup", None, None)
    assert request.headers["Authorization"] == f"Basic {b64encode(key.encode()).decode()}"
    assert "7772000001" not in repr(request)


@pytest.mark.parametrize("queries", [[], [check(), check()], [Query("r", PHONE)], [check("call me")], [check("12")]])
def test_a_request_that_can_not_be_asked_is_not_built(account: Open, queries: Any) -> None:
    with pytest.raises(BadRequest):
        TWILIO.ask("line", queries, account("twilio"))


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("mobile", "mobile"), ("landline", "landline"), ("fixedVoip", "voip"), ("nonFixedVoip", "voip"),
        ("tollFree", "toll_free"), ("premium", "premium"), ("sharedCost", "shared_cost"), ("uan", "uan"),
        ("personal", "personal"), ("voicemail", "voicemail"), ("pager", "pager"), ("unknown", None), ("new", None),
    ],
)  # fmt: skip
def test_kinds_of_lines_in_our_words(respond: Respond, kind: Any, ours: Any) -> None:
    answer = TWILIO.read("line", [check()], respond(200, body(line_type_intelligence=line_type(kind)))).answers[0]
    (found,) = answer.findings
    assert (answer.outcome, answer.units) == (Outcome.HIT, 1000)
    assert (found.field, found.value, found.status, found.detail.get("type")) == (Field.PHONE, MOBILE, kind, ours)
    assert (found.detail["line"], found.detail["carrier"], found.detail["carrier_basis"]) == ("unknown", "O2", "live")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("active", "active"), ("Active", "active"), ("reachable", "active"), ("unreachable", "active"),
        ("inactive", "inactive"), ("unknown", "unknown"), (None, "unknown"), ("new word", "unknown"),
    ],
)  # fmt: skip
def test_states_of_lines_in_our_words(respond: Respond, word: Any, line: Any) -> None:
    answered = respond(200, body(line_type_intelligence=line_type(), line_status=status(word)))
    answer = TWILIO.read("live", [check()], answered).answers[0]
    assert (answer.findings[0].detail["line"], answer.units) == (line, 1875)


def test_a_register_of_mobiles_says_nothing_of_a_landline(respond: Respond) -> None:
    dead = body(line_type_intelligence=line_type("landline"), line_status=status("inactive"))
    assert TWILIO.read("live", [check()], respond(200, dead)).answers[0].findings[0].detail["line"] == "unknown"


def test_a_package_that_failed_says_nothing_and_the_other_still_does(respond: Respond) -> None:
    mixed = body(line_type_intelligence=line_type(None, None, 60601), line_status=status("active"))
    (found,) = TWILIO.read("live", [check()], respond(200, mixed)).answers[0].findings
    assert found.detail == {"line": "active"}
    mixed = body(line_type_intelligence=line_type(), line_status=status("active", 60600))
    (found,) = TWILIO.read("live", [check()], respond(200, mixed)).answers[0].findings
    assert found.detail == {"line": "unknown", "type": "mobile", "carrier": "O2", "carrier_basis": "live"}


def test_a_number_that_twilio_does_not_know_is_disputed_and_counted(respond: Respond) -> None:
    refused = body(valid=False, validation_errors=["TOO_SHORT"])
    answer = TWILIO.read("line", [check()], respond(200, refused)).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.HIT, 1000)
    assert answer.findings[0].detail == {"line": "unknown", "disputed": "range"}


@pytest.mark.parametrize("changes", [{"valid": None}, {"valid": "true"}, {"phone_number": "+15005550000"}])
def test_what_is_not_as_documented_may_have_been_charged(respond: Respond, changes: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        TWILIO.read("line", [check()], respond(200, body(**changes)))


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'{"valid": tru'])
def test_a_garbled_answer_may_have_been_charged(respond: Respond, raw: Any) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        TWILIO.read("line", [check()], respond(200, raw))
    assert caught.value.charged


def problem(code: int, status: int, message: str = "") -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


@pytest.mark.parametrize(
    ("http", "answer", "error"),
    [
        (401, problem(20003, 401, "Authenticate"), StopVendor),
        (401, problem(20005, 401, "Account not active"), StopVendor),
        (403, problem(20006, 403, "Access Denied"), StopVendor),
        (429, problem(20429, 429, "Too Many Requests"), TryLater),
        (429, b"", TryLater),
        (503, problem(20503, 503), TryLater),
        (500, problem(20500, 500), OutcomeUnknown),
        (502, b"<html>", OutcomeUnknown),
        (504, b"", OutcomeUnknown),
    ],
)
def test_failures_by_what_can_be_done(respond: Respond, http: Any, answer: Any, error: type[ProviderError]) -> None:
    with pytest.raises(error) as caught:
        TWILIO.read("line", [check()], respond(http, answer))
    assert type(caught.value) is error
    assert "7772" not in str(caught.value)


@pytest.mark.parametrize(("http", "code"), [(404, 20404), (400, 60617)])
def test_a_number_that_is_refused_is_nobodys_fault(respond: Respond, http: Any, code: Any) -> None:
    answer = TWILIO.read("line", [check()], respond(http, problem(code, http, f"No {MOBILE}"))).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.REFUSED, 0)
    assert "7772" not in str(answer.reason)
