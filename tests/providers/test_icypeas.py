"""Icypeas, by its documents: a search or a file, its progress, its pages, and the statuses of its items."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Reply, Response, Ticket
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.icypeas import Icypeas
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

ICY = Icypeas()
EMAIL = frozenset({Field.EMAIL})
FILE = "kbn5421aeteb0989"


def query(number: int = 0) -> Query:
    return Query(f"r{number}", EMAIL, first_name="Jane", last_name="Doe", company="Icypeas", domain="icypeas.com")


def check(number: int = 0) -> Query:
    return Query(f"r{number}", EMAIL, email=f"jane{number}@icypeas.com")


def asked(count: int) -> list[Query]:
    return [query(number) for number in range(count)]


def item(number: int | None, status: str = "DEBITED", *emails: tuple[str, str]) -> dict[str, Any]:
    listed = [
        {"email": address, "certainty": sure, "mxProvider": "google", "mxRecords": []} for address, sure in emails
    ]
    return {
        "_id": "x", "name": "s", "user": "u", "order": number, "status": status,
        "results": {"firstname": "Jane", "lastname": "Doe", "fullname": "Jane Doe", "emails": listed, "phones": []},
        "system": {"createdAt": "2026-01-01T12:00:00.000Z"},
        "userData": {} if number is None else {"externalId": f"r{number}", "webhookUrl": ""},
    }  # fmt: skip


def hit(number: int | None) -> dict[str, Any]:
    return item(number, "DEBITED", (f"jane{number}@icypeas.com", "ultra_sure"))


def stored(found: Ticket | None) -> Ticket:
    assert found is not None
    return Ticket(json.loads(json.dumps(dict(found.state))), 0.0)


def one(operation: str, respond: Respond, body: Any, asked_for: Query | None = None) -> Reply:
    known = Ticket({"phase": "item", "id": "x"}, 3.0)
    return ICY.read_poll(operation, known, [asked_for or query()], respond(200, body))


def rows(respond: Respond, count: int, *pages: Any, operation: str = "find") -> Reply:
    """Read pages one after the other; the answers of all."""
    known: Ticket | None = Ticket({"phase": "rows", "id": FILE}, 3.0)
    answers: dict[int, Any] = {}
    for page in pages:
        queries = asked(count) if operation == "find" else [check(number) for number in range(count)]
        reply = ICY.read_poll(operation, stored(known), queries, respond(200, page))
        assert not set(answers) & set(reply.answers)
        answers |= reply.answers
        known = reply.ticket
    return Reply(answers, known)


def page(*items: Any, **more: Any) -> dict[str, Any]:
    return {"success": True, "items": list(items), "sorts": [[1, "a"], [2, "b"]], **more}


# --- asking


@pytest.mark.parametrize(
    ("operation", "asked_for", "path", "body"),
    [
        ("find", query(), "/email-search",
         {"firstname": "Jane", "lastname": "Doe", "domainOrCompany": "icypeas.com", "custom": {"externalId": "r0"}}),
        ("verify", check(), "/email-verification", {"email": "jane0@icypeas.com", "custom": {"externalId": "r0"}}),
    ],
)  # fmt: skip
def test_one_search(account: Open, key: str, operation: Any, asked_for: Any, path: Any, body: Any) -> None:
    request = ICY.ask(operation, [asked_for], account("icypeas"))
    assert (request.method, request.url, request.family) == ("POST", f"https://app.icypeas.com/api{path}", "single")
    assert request.json == body
    assert request.headers["Authorization"] == key  # bare, no scheme word
    assert key not in repr(request)


@pytest.mark.parametrize(
    ("operation", "queries", "task", "data"),
    [
        ("find", asked(2), "email-search", [["Jane", "Doe", "icypeas.com"]] * 2),
        ("verify", [check(0), check(1)], "email-verification", [["jane0@icypeas.com"], ["jane1@icypeas.com"]]),
    ],
)
def test_a_file(account: Open, operation: Any, queries: Any, task: Any, data: Any) -> None:
    request = ICY.ask(operation, queries, account("icypeas"))
    assert (request.url, request.family) == ("https://app.icypeas.com/api/bulk-search", "bulk")
    assert request.json == {
        "task": task, "name": "headwater r0", "data": data, "custom": {"externalIds": ["r0", "r1"]},
    }  # fmt: skip


@pytest.mark.parametrize("queries", [[], asked(5001), [Query("r", EMAIL, first_name="Jane", domain="x.co")]])
def test_a_request_that_would_be_refused_is_not_built(account: Open, queries: Any) -> None:
    with pytest.raises(BadRequest):
        ICY.ask("find", queries, account("icypeas"))


# --- submitting


def test_a_search_and_a_file_are_followed_up(account: Open, respond: Respond) -> None:
    single = ICY.read("find", asked(1), respond(200, {"success": True, "item": {"_id": "kMnq", "status": "NONE"}}))
    request = ICY.poll("find", stored(single.ticket), asked(1), account("icypeas"))
    assert (request.url, request.family) == ("https://app.icypeas.com/api/bulk-single-searchs/read", "read")
    assert request.json == {"id": "kMnq"}
    assert single.ticket is not None
    assert single.ticket.after >= 3
    many = ICY.read("find", asked(2), respond(200, {"success": True, "file": FILE, "status": "in_progress"}))
    request = ICY.poll("find", stored(many.ticket), asked(2), account("icypeas"))
    assert (request.url, request.family) == ("https://app.icypeas.com/api/search-files/read", "files")
    assert request.json == {"file": FILE}


INVALID = {"success": False, "validationErrors": [{"field": "domainOrCompany", "type": "required"}]}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"Unauthorized access.", StopVendor),
        (429, b"You have exceeded the max number of requests per minute.", TryLater),
        (503, b"", TryLater),
        (500, b"", OutcomeUnknown),
        (404, b"", BadRequest),
        (200, INVALID, BadRequest),
        (200, {"success": False, "error": "UnpaidSubscriptionError"}, StopVendor),
        (200, {"success": False, "error": {"name": "UnpaidSubscriptionError"}}, StopVendor),
        (200, {"success": False}, BadRequest),
        (200, b"", OutcomeUnknown),
        (200, b"Unauthorized", OutcomeUnknown),
        (200, {"success": True}, OutcomeUnknown),
        (200, {"success": True, "file": ["a"]}, OutcomeUnknown),
        (200, {"success": True, "file": None, "item": {"_id": "x"}}, OutcomeUnknown),
    ],
)
def test_submissions_that_are_not_accepted(respond: Respond, status: Any, body: Any, error: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        ICY.read("find", asked(2), respond(status, body))
    assert isinstance(caught.value, error)
    assert getattr(caught.value, "throttled", False) is (status == 429)


def test_a_validation_error_is_the_answer_of_one(respond: Respond) -> None:
    answer = ICY.read("find", asked(1), respond(200, INVALID)).answers[0]
    assert answer.outcome is Outcome.REFUSED
    assert "domainOrCompany" in (answer.reason or "")


# --- one search


@pytest.mark.parametrize("shape", ["items", "item"])
def test_a_found_address(respond: Respond, shape: Any) -> None:
    found = item(0, "FOUND", ("x@y.co", "probable"), ("Jane@Icypeas.com", "ultra_sure"), ("z@y.co", "undeliverable"))
    body = {"success": True, "items": [found]} if shape == "items" else {"success": True, "item": found}
    answer = one("find", respond, body).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.HIT, 1000)
    assert [(each.value, each.status) for each in answer.findings] == [("jane@icypeas.com", "ultra_sure")]


@pytest.mark.parametrize(
    ("status", "outcome", "units"),
    [
        ("NOT_FOUND", Outcome.MISS, 0),
        ("DEBITED_NOT_FOUND", Outcome.MISS, 1000),
        ("BAD_INPUT", Outcome.REFUSED, 0),
        ("ABORTED", Outcome.UNKNOWN, 0),
        ("SOMETHING_NEW", Outcome.UNKNOWN, 0),
    ],
)
def test_ends_without_an_address(respond: Respond, status: Any, outcome: Any, units: Any) -> None:
    reply = one("find", respond, page(item(0, status)))
    assert (reply.answers[0].outcome, reply.answers[0].units, reply.ticket) == (outcome, units, None)


def test_another_search_is_no_answer(respond: Respond) -> None:
    other = item(0, "DEBITED", ("somebody@else.com", "ultra_sure")) | {"_id": "other"}
    reply = one("find", respond, page(other))
    assert reply.answers == {}
    assert reply.ticket is not None
    beside = one("find", respond, page(other, hit(0)))
    assert beside.answers[0].findings[0].value == "jane0@icypeas.com"


def test_no_credits_stops_the_vendor(respond: Respond) -> None:
    with pytest.raises(StopVendor) as caught:
        one("find", respond, page(item(0, "INSUFFICIENT_FUNDS")))
    assert not caught.value.charged


@pytest.mark.parametrize(
    "body", [page(item(0, "NONE")), page(item(0, "SCHEDULED")), page(item(0, "IN_PROGRESS")), page(), {"success": True}]
)
def test_a_running_search_waits_at_least_three_seconds(respond: Respond, body: Any) -> None:
    reply = one("find", respond, body)
    assert reply.answers == {}
    assert reply.ticket is not None
    assert reply.ticket.after >= 3


@pytest.mark.parametrize("emails", [[("nonsense", "ultra_sure")], [("a@b.co", "undeliverable")]])
def test_an_address_that_can_not_be_used_is_a_miss_that_was_charged(respond: Respond, emails: Any) -> None:
    answer = one("find", respond, page(item(0, "DEBITED", *emails))).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.MISS, 1000)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", [], page("x"), page({"status": 5}), page(item(0, "FOUND")), page({"status": "FOUND", "results": []}),
     page(item(0, "FOUND") | {"results": {"emails": [{"email": 5}]}})],
)  # fmt: skip
def test_a_garbled_answer_is_read_again_and_then_given_up(respond: Respond, body: Any) -> None:
    known: Ticket | None = Ticket({"phase": "item", "id": "abc"}, 3.0)
    for _ in range(5):
        known = ICY.read_poll("find", stored(known), asked(1), respond(200, body)).ticket
    with pytest.raises(OutcomeUnknown):
        ICY.read_poll("find", stored(known), asked(1), respond(200, body))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, b"", TryLater),
        (500, b"", TryLater),
        (401, b"", StopVendor),
        (404, b"", OutcomeUnknown),
        (200, {"success": False, "error": "SearchNotFoundError"}, OutcomeUnknown),
        (200, {"success": False, "error": "UnpaidSubscriptionError"}, StopVendor),
    ],
)
def test_polls_that_fail(respond: Respond, status: Any, body: Any, error: Any) -> None:
    with pytest.raises(error):
        ICY.read_poll("find", Ticket({"phase": "item", "id": "abc"}, 3.0), asked(1), respond(status, body))


# --- verification


@pytest.mark.parametrize(
    ("status", "certainty", "found", "result", "units"),
    [
        ("DEBITED", "ultra_sure", "ultra_sure", "deliverable", 100),
        ("FOUND", "very_sure", "very_sure", "deliverable", 100),
        ("DEBITED", "probable", "probable", "risky", 100),
        ("DEBITED", "undeliverable", "undeliverable", "undeliverable", 100),
        ("DEBITED_NOT_FOUND", "not_found", "not_found", "unknown", 100),
        ("NOT_FOUND", None, "not_found", "unknown", 0),
    ],
)
def test_certainties_of_a_verification(
    respond: Respond, status: Any, certainty: Any, found: Any, result: Any, units: Any
) -> None:
    emails = [("jane0@icypeas.com", certainty)] if certainty else []
    answer = one("verify", respond, page(item(0, status, *emails)), check()).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.HIT, units)
    (finding,) = answer.findings
    assert (finding.value, finding.status, finding.detail["result"]) == ("jane0@icypeas.com", found, result)


def test_a_verification_of_another_address_is_no_answer(respond: Respond) -> None:
    reply = rows(respond, 2, page(item(0, "FOUND", ("x@y.co", "ultra_sure")), hit(1)), operation="verify")
    assert [reply.answers[position].outcome for position in range(2)] == [Outcome.UNKNOWN, Outcome.HIT]


# --- a file


def progress(**changes: Any) -> dict[str, Any]:
    entry = {
        "file": FILE, "name": "n", "found": 0, "done": 0, "aborted": 0, "credits-missing": 0, "in-progress": 2,
        "bad-input": 0, "total": 2, "task": "email-search", "finished": False,
    }  # fmt: skip
    return {"success": True, "files": [entry | changes], "total": 1, "sorts": [[1]]}


@pytest.mark.parametrize(
    ("body", "phase"),
    [
        (progress(), "file"),
        (progress(finished=True, done=2), "rows"),
        ({"success": True, "files": [{"_id": FILE, "status": "in_progress"}]}, "file"),
        ({"success": True, "items": [{"_id": FILE, "status": "done"}]}, "rows"),
        ({"success": True, "file": FILE, "status": "done"}, "rows"),
        ({"success": True, "files": []}, "file"),
        ({"success": True, "files": [{"file": "else", "finished": True}, {"file": FILE, "finished": False}]}, "file"),
    ],
)
def test_progress(account: Open, respond: Respond, body: Any, phase: Any) -> None:
    reply = ICY.read_poll("find", Ticket({"phase": "file", "id": FILE}, 10.0), asked(2), respond(200, body))
    assert reply.answers == {}
    assert stored(reply.ticket).state["phase"] == phase
    assert reply.ticket is not None
    assert reply.ticket.after >= 3


def test_a_file_without_any_funds_stops_the_vendor(respond: Respond) -> None:
    body = progress(**{"finished": True, "credits-missing": 2})
    with pytest.raises(StopVendor):
        ICY.read_poll("find", Ticket({"phase": "file", "id": FILE}, 10.0), asked(2), respond(200, body))


def test_pages_are_followed_by_the_cursor(account: Open, respond: Respond) -> None:
    known = Ticket({"phase": "rows", "id": FILE}, 3.0)
    request = ICY.poll("find", known, asked(3), account("icypeas"))
    assert request.json == {"mode": "bulk", "file": FILE, "limit": 100}
    reply = ICY.read_poll("find", known, asked(3), respond(200, page(hit(0), hit(1), total=3)))
    assert set(reply.answers) == {0, 1}
    assert reply.ticket is not None
    assert reply.ticket.after >= 3
    request = ICY.poll("find", stored(reply.ticket), asked(3), account("icypeas"))
    assert request.json == {
        "mode": "bulk", "file": FILE, "limit": 100, "next": True, "sorts": [[1, "a"], [2, "b"]],
    }  # fmt: skip
    last = ICY.read_poll("find", stored(reply.ticket), asked(3), respond(200, page(hit(2), total=3)))
    assert (set(last.answers), last.ticket) == ({2}, None)


def outcomes(reply: Reply, count: int) -> list[Outcome]:
    return [reply.answers[position].outcome for position in range(count)]


def test_rows_are_placed_by_reference_else_by_order(respond: Respond) -> None:
    body = page(item(None, "NOT_FOUND"), hit(2), item(1, "BAD_INPUT"), total=3)
    assert outcomes(rows(respond, 3, body), 3) == [Outcome.MISS, Outcome.REFUSED, Outcome.HIT]


def test_rows_without_reference_are_not_placed_where_the_count_is_wrong(respond: Respond) -> None:
    body = page(item(None, "NOT_FOUND"), hit(1), total=7)
    assert outcomes(rows(respond, 2, body), 2) == [Outcome.UNKNOWN, Outcome.HIT]


@pytest.mark.parametrize("pages", [[page(hit(0)), page()], [page(hit(0), sorts=None)], [page(hit(0), None)]])
def test_a_missing_or_empty_row_is_unknown(respond: Respond, pages: Any) -> None:
    assert outcomes(rows(respond, 2, *pages), 2) == [Outcome.HIT, Outcome.UNKNOWN]


def test_the_same_row_twice_is_answered_once(respond: Respond) -> None:
    reply = rows(respond, 3, page(hit(0), item(0, "NOT_FOUND")), page(hit(0)))
    assert outcomes(reply, 3) == [Outcome.HIT, Outcome.UNKNOWN, Outcome.UNKNOWN]


def test_rows_still_running_are_read_in_another_pass(account: Open, respond: Respond) -> None:
    reply = rows(respond, 2, page(item(0, "IN_PROGRESS"), hit(1)))
    assert set(reply.answers) == {1}
    request = ICY.poll("find", stored(reply.ticket), asked(3), account("icypeas"))
    assert request.json == {"mode": "bulk", "file": FILE, "limit": 100}
    done = rows(respond, 2, page(item(0, "IN_PROGRESS"), hit(1)), page(hit(0), hit(1)))
    assert (outcomes(done, 2), done.ticket) == ([Outcome.HIT, Outcome.HIT], None)


def test_rows_that_never_finish_are_unknown(respond: Respond) -> None:
    known: Ticket | None = Ticket({"phase": "rows", "id": FILE}, 3.0)
    answers: dict[int, Any] = {}
    for _ in range(1000):
        if known:
            reply = ICY.read_poll("find", known, asked(2), respond(200, page(item(0, "NONE"), hit(1))))
            answers |= reply.answers
            known = reply.ticket
    assert known is None
    assert [answers[0].outcome, answers[1].outcome] == [Outcome.UNKNOWN, Outcome.HIT]


def test_rows_without_funds_fail_beside_others_that_were_paid(respond: Respond) -> None:
    """Not refused, which would last: that the account is empty says nothing of the person."""
    reply = rows(respond, 2, page(hit(0), item(1, "INSUFFICIENT_FUNDS")))
    assert outcomes(reply, 2) == [Outcome.HIT, Outcome.FAILED]
    assert "credits" in (reply.answers[1].reason or "")


def test_rows_that_are_all_without_funds_stop_the_vendor(respond: Respond) -> None:
    with pytest.raises(StopVendor):
        rows(respond, 2, page(item(0, "INSUFFICIENT_FUNDS"), item(1, "INSUFFICIENT_FUNDS")))


def test_a_garbled_row_does_not_spoil_its_neighbours(respond: Respond) -> None:
    body = page({"status": 9, "userData": {"externalId": "r0"}}, hit(1))
    assert outcomes(rows(respond, 2, body), 2) == [Outcome.UNKNOWN, Outcome.HIT]


def test_five_thousand_rows(respond: Respond) -> None:
    pages = [page(*(hit(number) for number in range(start, start + 100)), total=5000) for start in range(0, 5000, 100)]
    reply = rows(respond, 5000, *pages)
    assert len(reply.answers) == 5000
    assert reply.ticket is None
