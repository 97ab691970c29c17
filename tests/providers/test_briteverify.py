"""BriteVerify, by its documents: v1 for one, v3 lists for many, each failing in its own shape."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Reply, Response, Ticket
from headwater.providers.briteverify import BriteVerify
from headwater.providers.errors import BadRequest, GivenUp, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

BV = BriteVerify()
EMAIL = frozenset({Field.EMAIL})
LIST = "44fdd8a1-c9dc-4049-bb67-b902185d0989"
BULK = "https://bulk-api.briteverify.com/api/v3"


def check(number: int) -> Query:
    return Query(f"r{number}", EMAIL, email=f"jane{number}@acme.com")


def asked(count: int) -> list[Query]:
    return [check(number) for number in range(count)]


def one(status: str = "valid", **more: Any) -> dict[str, Any]:
    email = {"address": "jane0@acme.com", "account": "jane0", "domain": "acme.com", "status": status,
             "connected": None, "disposable": False, "role_address": False, **more}  # fmt: skip
    return {"email": email, "duration": 0.035602396}


def row(number: int, status: str = "valid", second: str | None = None) -> dict[str, Any]:
    return {"email": {"email": f"jane{number}@acme.com", "status": status, "secondary_status": second}}


def page(*rows: Any, pages: Any = 1) -> dict[str, Any]:
    return {"status": "success", "num_pages": pages, "results": list(rows)}


def shown(state: str, **more: Any) -> dict[str, Any]:
    return {"id": LIST, "state": state, "total_verified": 0, "page_count": 0, "progress": 0,
            "created_at": "08-10-2021 03:58 pm", "expiration_date": None, "results_path": None, **more}  # fmt: skip


def read(respond: Respond, body: Any, count: int = 1, status: int = 200) -> Reply:
    return BV.read("verify", asked(count), respond(status, body))


def looked(respond: Respond, body: Any, count: int = 3, phase: str = "rows", status: int = 200, **state: Any) -> Reply:
    ticket = Ticket({"phase": phase, "id": LIST, **state}, 0.0)
    return BV.read_poll("verify", ticket, asked(count), respond(status, body))


def words(reply: Reply) -> dict[int, str | None]:
    return {place: each.findings[0].status if each.findings else None for place, each in reply.answers.items()}


# --- asking


def test_one_address(account: Open, key: str) -> None:
    request = BV.ask("verify", asked(1), account("briteverify"))
    assert (request.method, request.url) == ("POST", "https://bpi.briteverify.com/api/public/v1/fullverify")
    assert (request.family, request.json) == ("single", {"email": "jane0@acme.com"})
    assert request.headers["Authorization"] == f"ApiKey: {key}"  # the colon is part of it
    assert key not in repr(request)


def test_a_list_starts_at_once_and_has_each_address_once(account: Open) -> None:
    request = BV.ask("verify", [*asked(2), Query("r2", EMAIL, email="JANE0@acme.com")], account("briteverify"))
    assert (request.method, request.url, request.family) == ("POST", f"{BULK}/lists", "lists")
    contacts = [{"email": "jane0@acme.com"}, {"email": "jane1@acme.com"}]
    assert request.json == {"directive": "start", "contacts": contacts}


def test_the_requests_that_follow(account: Open, key: str) -> None:
    own = account("briteverify")
    state = BV.poll("verify", Ticket({"phase": "list", "id": LIST}, 0.0), asked(2), own)
    assert (state.method, state.url, state.family) == ("GET", f"{BULK}/lists/{LIST}", "read")
    rows = BV.poll("verify", Ticket({"phase": "rows", "id": LIST, "page": 2}, 0.0), asked(2), own)
    assert rows.url == f"{BULK}/lists/{LIST}/export/2"
    assert rows.headers["Authorization"] == f"ApiKey: {key}"


@pytest.mark.parametrize(
    ("base", "options", "bulk"),
    [
        ("https://bpi.briteverify.com/api/v1", {}, BULK),  # a key of the server-side kind
        ("https://proxy.example.org/bv", {}, "https://proxy.example.org/bv"),
        ("https://bpi.briteverify.com/api/v1", {"bulk_url": "https://b.example.org/"}, "https://b.example.org"),
    ],
)
def test_lists_do_not_go_where_the_account_does_not(base: str, options: dict[str, str], bulk: str) -> None:
    assert BV.ask("verify", asked(2), Account("briteverify", base, "k", options)).url == f"{bulk}/lists"


# --- results


@pytest.mark.parametrize(
    ("status", "more", "second", "word", "shared"),
    [
        ("valid", {}, None, "valid", "deliverable"),
        ("valid", {"role_address": True}, "role_address", "valid", "deliverable"),
        ("valid", {"disposable": True}, "disposable", "disposable", "risky"),
        ("accept_all", {}, None, "accept_all", "risky"),
        ("accept_all", {"role_address": "true"}, "role_address", "accept_all", "risky"),
        ("accept_all", {"disposable": True}, "disposable", "disposable", "risky"),
        ("unknown", {}, None, "unknown", "unknown"),
        ("unknown", {"disposable": True}, "disposable", "disposable", "risky"),
        ("invalid", {"error_code": "email_account_invalid"}, "email_account_invalid", "invalid", "undeliverable"),
        ("invalid", {"error_code": "email_domain_invalid"}, "email_domain_invalid", "invalid", "undeliverable"),
        ("invalid", {"disposable": True}, "disposable", "invalid", "undeliverable"),
        ("brand_new", {}, "never_heard", "unknown", "unknown"),
    ],
)
def test_every_status(
    respond: Respond, status: str, more: dict[str, Any], second: str | None, word: str, shared: str
) -> None:
    reply = read(respond, one(status, **more))
    finding = reply.answers[0].findings[0]
    assert (finding.value, finding.status, finding.detail["result"]) == ("jane0@acme.com", word, shared)
    assert finding.detail["status"] == status
    assert reply.answers[0].units == 1000
    if "role_address" in more:
        assert finding.detail["role_address"] == "true"
    assert words(looked(respond, page(row(1), row(0, status, second)), 2)) == {0: word, 1: "valid"}


def test_results_without_an_object_of_their_own(respond: Respond) -> None:
    flat = {"email": "jane0@acme.com", "secondary_status": "role_address", "status": "valid"}
    assert words(looked(respond, page(flat), 1)) == {0: "valid"}


# --- failures


@pytest.mark.parametrize(
    ("status", "body", "count", "kind"),
    [
        (401, {"errors": {"user": "not authorized or over daily test limit for untrusted domains"}}, 1, StopVendor),
        (402, {"errors": {"user": "insufficient credits"}}, 2, StopVendor),
        (429, {"errors": {"user": "slow down"}}, 1, TryLater),
        (400, {"status": "duplicate_data", "message": "Request has both emails and contacts params"}, 2, BadRequest),
        (400, {"status": "exceeds_limit", "message": "Request exceeds the limit"}, 2, BadRequest),
        (404, {"status": "not_found", "message": "No matching list found."}, 2, BadRequest),
        (500, b"", 1, OutcomeUnknown),
        (503, b"", 2, TryLater),
        (200, {"status": "invalid_state", "message": "Directive must be one of"}, 2, BadRequest),
        (200, {"status": "error", "message": "insufficient credits"}, 2, StopVendor),
        (200, {"status": "success", "list": {}}, 2, OutcomeUnknown),
        (200, {"status": "success", "list": {"id": "a/b"}}, 2, OutcomeUnknown),
        (200, {}, 2, OutcomeUnknown),
        (200, {}, 1, OutcomeUnknown),
        (200, {"email": []}, 1, OutcomeUnknown),
        (200, b"<html>", 1, OutcomeUnknown),
        (200, one(address="eve@acme.com"), 1, OutcomeUnknown),
    ],
)
def test_failures(respond: Respond, key: str, status: int, body: Any, count: int, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        read(respond, body, count, status)
    assert not any(word in str(caught.value) for word in (key, "jane", "eve@", "acme"))
    if status == 429:
        assert isinstance(caught.value, TryLater)
        assert caught.value.throttled


def test_a_bad_request_for_one_is_about_its_address(respond: Respond) -> None:
    reply = read(respond, {"errors": {"default": "invalid or missing query parameter"}}, 1, 400)
    assert reply.answers[0].outcome is Outcome.REFUSED
    assert reply.answers[0].units == 0


# --- lists


def test_a_list_from_ticket_to_rows(respond: Respond) -> None:
    queries = [*asked(3), Query("bad", EMAIL, email="no address")]
    created = {"status": "success", "message": "list queued for processing", "list": shown("pending")}
    reply = BV.read("verify", queries, respond(201, created))
    assert {place: each.outcome for place, each in reply.answers.items()} == {3: Outcome.REFUSED}
    ticket = reply.ticket
    assert ticket is not None
    assert ticket.state == {"phase": "list", "id": LIST}
    for state in ("open", "pending", "verifying", "prepped", "brand_new"):
        waiting = BV.read_poll("verify", ticket, queries, respond(200, shown(state))).ticket
        assert waiting is not None
        assert waiting.state["phase"] == "list"
    done = BV.read_poll("verify", ticket, queries, respond(200, {"list": shown("complete", progress=100)})).ticket
    assert done is not None
    first = BV.read_poll("verify", done, queries, respond(200, page(row(2), row(0, "invalid"), pages="2")))
    assert words(first) == {0: "invalid", 2: "valid"}
    assert first.ticket is not None
    stored = Ticket(json.loads(json.dumps(dict(first.ticket.state))), 0.0)
    assert stored.state["page"] == 2
    last = BV.read_poll("verify", stored, queries, respond(200, page(row(0), row(1, "unknown"), pages="2")))
    assert words(last) == {1: "unknown"}  # what was answered on the page before stays
    assert last.ticket is None


def test_rows_that_lack_or_can_not_be_read(respond: Respond) -> None:
    reply = looked(respond, page(row(9), None, 5, {"email": 7}, {"email": {"email": "jane1@acme.com"}}, row(0)))
    assert words(reply) == {0: "valid", 1: None, 2: None}
    assert {reply.answers[place].outcome for place in (1, 2)} == {Outcome.UNKNOWN}


@pytest.mark.parametrize(
    "body",
    [
        shown("terminated", errors=[{"code": "import_error", "message": "auto-terminated due to inactivity"}]),
        shown("complete", errors=[{"code": "expired", "message": "Expired. Download Unavailable."}]),
        shown("deleted"),
        shown("import_error"),
    ],
)
def test_lists_that_end_badly(respond: Respond, body: Any) -> None:
    with pytest.raises(OutcomeUnknown, match="ended the list"):
        looked(respond, body, phase="list")


def test_what_is_not_shown_is_looked_at_again_or_given_up(respond: Respond) -> None:
    for body, phase in ((b"?", "list"), ({}, "list"), ({"status": "success"}, "rows"), (b"", "rows")):
        ticket = looked(respond, body, phase=phase).ticket
        assert ticket is not None
        assert ticket.state["garbled"] == 1
    with pytest.raises(OutcomeUnknown):
        looked(respond, b"?", garbled=5)
    with pytest.raises(GivenUp):
        looked(respond, shown("verifying"), phase="list", waited=21_590)
    for status, kind in ((500, TryLater), (429, TryLater), (404, OutcomeUnknown)):
        with pytest.raises(kind):
            looked(respond, {"status": "not_found", "message": "No matching list found"}, status=status)
    with pytest.raises(StopVendor) as caught:
        looked(respond, {"errors": {"user": "not authorized"}}, status=401)
    assert caught.value.charged
