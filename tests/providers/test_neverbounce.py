"""NeverBounce, by its documents: a single check, or a job, its state and its pages; failures with a 200."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Reply, Response, Ticket
from headwater.providers.errors import BadRequest, GivenUp, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.neverbounce import NeverBounce
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

NB = NeverBounce()
EMAIL = frozenset({Field.EMAIL})


def check(number: int) -> Query:
    return Query(f"r{number}", EMAIL, email=f"jane{number}@acme.com")


def asked(count: int) -> list[Query]:
    return [check(number) for number in range(count)]


def single(result: str = "valid", *flags: str, **more: Any) -> dict[str, Any]:
    return {"status": "success", "result": result, "flags": list(flags), "suggested_correction": "",
            "execution_time": 499, **more}  # fmt: skip


def row(number: int, result: str = "valid", *flags: str, reference: str | None = None) -> dict[str, Any]:
    return {
        "data": {"email": f"jane{number}@acme.com", "id": f"r{number}" if reference is None else reference},
        "verification": {"result": result, "flags": list(flags), "suggested_correction": "",
                         "address_info": {"original_email": f"jane{number}@acme.com"}},
    }  # fmt: skip


HEADER = {"data": {"email": "email", "id": "id"}, "verification": {"result": "invalid", "flags": []}}


def page(*rows: Any, pages: int = 1) -> dict[str, Any]:
    return {"status": "success", "total_results": len(rows), "total_pages": pages, "query": {"page": 1},
            "results": list(rows), "execution_time": 55}  # fmt: skip


def failed(status: str, message: str = "Something went wrong") -> dict[str, Any]:
    return {"status": status, "message": message, "execution_time": 5}


def read(respond: Respond, body: Any, count: int = 1, status: int = 200) -> Reply:
    return NB.read("verify", asked(count), respond(status, body))


def looked(respond: Respond, body: Any, count: int = 3, phase: str = "rows", status: int = 200, **state: Any) -> Reply:
    ticket = Ticket({"phase": phase, "id": "150970", **state}, 0.0)
    return NB.read_poll("verify", ticket, asked(count), respond(status, body))


def words(reply: Reply) -> dict[int, str | None]:
    return {place: each.findings[0].status if each.findings else None for place, each in reply.answers.items()}


# --- asking


def test_one_address(account: Open, key: str) -> None:
    request = NB.ask("verify", asked(1), account("neverbounce"))
    assert (request.method, request.url) == ("GET", "https://api.neverbounce.com/v4.2/single/check")
    assert request.params == {"key": key, "email": "jane0@acme.com"}
    assert request.family == "single"
    assert not any(word in repr(request) for word in (key, "jane0"))


def test_a_job_runs_at_once_and_carries_our_references(account: Open, key: str) -> None:
    request = NB.ask("verify", [*asked(2), Query("r2", EMAIL, email="JANE1@acme.com")], account("neverbounce"))
    assert (request.method, request.url) == ("POST", "https://api.neverbounce.com/v4.2/jobs/create")
    assert request.family == "jobs"
    assert request.json == {
        "key": key, "input_location": "supplied", "filename": "headwater r0", "auto_parse": True, "auto_start": True,
        "run_sample": False, "allow_manual_review": False,
        "input": [{"id": "r0", "email": "jane0@acme.com"}, {"id": "r1", "email": "jane1@acme.com"}],
    }  # fmt: skip


def test_the_requests_that_follow(account: Open, key: str) -> None:
    own = account("neverbounce")
    status = NB.poll("verify", Ticket({"phase": "job", "id": "7"}, 0.0), asked(2), own)
    assert (status.url, status.params) == (
        "https://api.neverbounce.com/v4.2/jobs/status",
        {"key": key, "job_id": "7"},
    )
    results = NB.poll("verify", Ticket({"phase": "rows", "id": "7", "page": 3}, 0.0), asked(2), own)
    assert results.url.endswith("/jobs/results")
    assert results.params == {"key": key, "job_id": "7", "page": "3", "items_per_page": "1000"}


# --- results


@pytest.mark.parametrize(
    ("result", "flags", "word", "shared"),
    [
        ("valid", ("has_dns", "has_dns_mx"), "valid", "deliverable"),
        ("valid", ("role_account",), "valid", "deliverable"),  # whose it is, our own lists judge
        ("valid", ("spamtrap_network",), "spamtrap", "risky"),
        ("invalid", ("spamtrap_network",), "invalid", "undeliverable"),
        ("invalid", ("bad_dns",), "invalid", "undeliverable"),
        ("disposable", (), "disposable", "risky"),
        ("catchall", ("accepts_all",), "accept_all", "risky"),
        ("unknown", ("connect_fails",), "unknown", "unknown"),
        ("brand_new", (), "unknown", "unknown"),
    ],
)
def test_every_result_is_billed(respond: Respond, result: str, flags: tuple[str, ...], word: str, shared: str) -> None:
    reply = read(respond, single(result, *flags, suggested_correction="jane@acme.org"))
    finding = reply.answers[0].findings[0]
    assert (finding.value, finding.status, finding.detail["result"]) == ("jane0@acme.com", word, shared)
    assert reply.answers[0].units == 1000
    assert finding.detail.get("flags", "") == ", ".join(flags)
    assert finding.detail["did_you_mean"] == "jane@acme.org"
    in_a_job = looked(respond, page(row(0, result, *flags)), 1)
    assert words(in_a_job) == {0: word}
    assert in_a_job.answers[0].units == 1000


# --- failures


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (failed("auth_failure"), StopVendor),
        (failed("bad_referrer"), StopVendor),
        (failed("general_failure", "Insufficient credit balance"), StopVendor),
        (failed("general_failure", "Missing required parameter 'key'"), StopVendor),
        (failed("throttle_triggered"), TryLater),
        (failed("temp_unavail"), OutcomeUnknown),  # an internal error: perhaps billed
        (failed("new_failure"), OutcomeUnknown),
        ({"status": None, "result": "valid"}, OutcomeUnknown),
        ({"result": "valid"}, OutcomeUnknown),
        ({"status": "success"}, OutcomeUnknown),
        ([], OutcomeUnknown),
        (b"\x00", OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_200_that_is_none(respond: Respond, key: str, count: int, body: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        read(respond, body, count)
    assert not any(word in str(caught.value) for word in (key, "jane", "acme"))
    if isinstance(caught.value, TryLater):
        assert (caught.value.throttled, caught.value.after) == (True, 60.0)


def test_a_request_that_is_wrong_in_itself(respond: Respond) -> None:
    body = failed("general_failure", "Missing required parameter 'email'")
    assert read(respond, body).answers[0].outcome is Outcome.REFUSED
    with pytest.raises(BadRequest):
        read(respond, body, 2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(413, BadRequest), (400, BadRequest), (401, StopVendor), (503, TryLater), (500, OutcomeUnknown), (429, TryLater)],
)
def test_statuses(respond: Respond, status: int, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        read(respond, {}, 2, status)


# --- jobs


def test_a_job_from_ticket_to_rows(respond: Respond) -> None:
    queries = [*asked(2), Query("bad", EMAIL, email="no address")]
    created = NB.read("verify", queries, respond(200, {"status": "success", "job_id": 150970, "execution_time": 7}))
    assert {place: each.outcome for place, each in created.answers.items()} == {2: Outcome.REFUSED}
    ticket = created.ticket
    assert ticket is not None
    assert ticket.state == {"phase": "job", "id": "150970"}
    for status in ("queued", "parsing", "running", "waiting_analyzed", "under_review", "brand_new"):
        waiting = NB.read_poll("verify", ticket, queries, respond(200, {"status": "success", "job_status": status}))
        assert waiting.ticket is not None
        assert waiting.ticket.state["phase"] == "job"
    done = NB.read_poll("verify", ticket, queries, respond(200, {"status": "success", "job_status": "complete"}))
    assert done.ticket is not None
    stored = Ticket(json.loads(json.dumps(dict(done.ticket.state))), 0.0)
    rows = NB.read_poll("verify", stored, queries, respond(200, page(HEADER, row(1, "invalid"), row(0))))
    assert words(rows) == {0: "valid", 1: "invalid"}
    assert rows.ticket is None


def test_pages_in_no_order_with_doubles_and_the_names_of_columns(respond: Respond) -> None:
    first = looked(respond, page(HEADER, row(2), row(0), row(2, "invalid"), pages=2))
    assert words(first) == {0: "valid", 2: "valid"}
    assert first.ticket is not None
    assert (first.ticket.state["page"], first.ticket.state["seen"]) == (2, "5")
    stored = json.loads(json.dumps(dict(first.ticket.state)))
    second = NB.read_poll("verify", Ticket(stored, 0.0), asked(3), respond(200, page(row(0, "invalid"), pages=2)))
    assert words(second) == {1: None}
    assert second.answers[1].outcome is Outcome.UNKNOWN
    assert second.ticket is None


def test_a_page_that_is_empty_is_the_last(respond: Respond) -> None:
    assert looked(respond, page(pages=9)).ticket is None


def test_rows_without_reference_are_known_by_their_address_and_never_by_place(respond: Respond) -> None:
    rows = [row(1, reference=""), row(7, reference="r0"), None, 5, {"data": [], "verification": 1}, row(2, "")]
    reply = looked(respond, page(*rows))
    assert words(reply) == {0: None, 1: "valid", 2: None}
    assert {reply.answers[place].outcome for place in (0, 2)} == {Outcome.UNKNOWN}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"status": "success", "job_status": "failed", "failure_reason": "bad_file"}, OutcomeUnknown),
        (failed("general_failure", "Invalid job ID"), OutcomeUnknown),
        (failed("temp_unavail"), TryLater),
        (failed("throttle_triggered"), TryLater),
    ],
)
def test_jobs_that_are_not_shown(respond: Respond, body: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        looked(respond, body, phase="job")


def test_a_key_that_is_refused_while_fetching_was_billed_perhaps(respond: Respond) -> None:
    with pytest.raises(StopVendor) as caught:
        looked(respond, failed("auth_failure"))
    assert caught.value.charged


def test_garbled_looks_are_repeated_and_endless_ones_given_up(respond: Respond) -> None:
    for body in (b"?", {"status": "success"}, {"status": "strange"}):
        again = looked(respond, body)
        assert again.ticket is not None
        assert again.ticket.state["garbled"] == 1
    with pytest.raises(OutcomeUnknown):
        looked(respond, b"?", garbled=5)
    with pytest.raises(GivenUp):
        looked(respond, {"status": "success", "job_status": "running"}, phase="job", waited=21_590)
    with pytest.raises(TryLater):
        looked(respond, b"", status=500)


@pytest.mark.parametrize("number", ["150970", 150970])
def test_the_number_of_a_job_may_be_text(respond: Respond, number: Any) -> None:
    ticket = read(respond, {"status": "success", "job_id": number}, 2).ticket
    assert ticket is not None
    assert ticket.state["id"] == "150970"


@pytest.mark.parametrize("number", [0, -1, None, "a/b", True, 1.5])
def test_a_job_without_a_number_may_have_been_billed(respond: Respond, number: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        read(respond, {"status": "success", "job_id": number}, 2)
