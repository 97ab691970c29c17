"""ZeroBounce, by its documents: one, up to a hundred, a file; errors with a 200; every status and sub-status."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Reply, Response, Ticket
from headwater.providers.errors import BadRequest, GivenUp, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.zerobounce import ZeroBounce
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

ZB = ZeroBounce()
EMAIL = frozenset({Field.EMAIL})
FILE = "5e87c21f-45b2-4803-8daf-307f29fa7340"
REFUSED = "Invalid API key or your account ran out of credits"
HEADER = (
    '"Email Address","ZB Status","ZB Sub Status","ZB Account","ZB Domain","ZB Free Email","ZB MX Found",'
    '"ZB Did You Mean"'
)


def check(number: int) -> Query:
    return Query(f"r{number}", EMAIL, email=f"jane{number}@acme.com")


def asked(count: int) -> list[Query]:
    return [check(number) for number in range(count)]


def facts(number: int, status: str = "valid", sub_status: str = "", **more: Any) -> dict[str, Any]:
    """As documented, truth as text included."""
    return {
        "address": f"jane{number}@acme.com", "status": status, "sub_status": sub_status, "account": f"jane{number}",
        "domain": "acme.com", "did_you_mean": None, "domain_age_days": "8426", "free_email": False, "mx_found": "true",
        "mx_record": "mx.acme.com", "smtp_provider": "", "catchall_domain": None, "firstname": "jane",
        "lastname": None, "gender": "female", "country": None, "region": None, "city": None, "zipcode": None,
        "processed_at": "2026-01-02 12:30:18.990", **more,
    }  # fmt: skip


def line(number: int, status: str = "valid", sub_status: str = "") -> str:
    return f'"jane{number}@acme.com","{status}","{sub_status}","","","False","true",""'


def table(*lines: str) -> bytes:
    return "\r\n".join([HEADER, *lines, ""]).encode()


def read(respond: Respond, body: Any, count: int = 1, status: int = 200) -> Reply:
    return ZB.read("verify", asked(count), respond(status, body))


def fetched(respond: Respond, body: Any, count: int = 101, phase: str = "file", status: int = 200) -> Reply:
    ticket = Ticket({"phase": phase, "id": FILE}, 0.0)
    return ZB.read_poll("verify", ticket, asked(count), respond(status, body))


def said(reply: Reply, place: int = 0) -> tuple[Any, ...]:
    answer = reply.answers[place]
    finding = answer.findings[0]
    return answer.outcome, finding.status, finding.detail["result"], answer.units


# --- asking


def test_one_address_is_a_query(account: Open, key: str) -> None:
    request = ZB.ask("verify", asked(1), account("zerobounce"))
    assert (request.method, request.url) == ("GET", "https://api.zerobounce.net/v2/validate")
    assert request.family == "single"
    assert request.params == {"api_key": key, "email": "jane0@acme.com", "ip_address": ""}
    assert not any(word in repr(request) for word in (key, "jane0"))


def test_up_to_a_hundred_are_a_batch(account: Open, key: str) -> None:
    request = ZB.ask("verify", asked(100), account("zerobounce"))
    assert (request.method, request.url) == ("POST", "https://api.zerobounce.net/v2/validatebatch")
    assert request.family == "batch"
    body: Any = request.json
    assert body["api_key"] == key
    assert body["email_batch"][99] == {"email_address": "jane99@acme.com", "ip_address": None}
    assert set(body) == {"api_key", "email_batch"}


def test_more_are_a_file_on_a_host_of_its_own(account: Open, key: str) -> None:
    request = ZB.ask("verify", asked(101), account("zerobounce"))
    assert (request.method, request.url) == ("POST", "https://bulkapi.zerobounce.net/v2/sendfile")
    assert request.form == {
        "api_key": key, "email_address_column": "1", "has_header_row": "true", "remove_duplicate": "false",
    }  # fmt: skip
    lines = request.files["file"].content.decode().split("\r\n")
    assert lines == ["email", *(f"jane{number}@acme.com" for number in range(101)), ""]
    assert not any(word in repr(request) for word in (key, "jane0"))


@pytest.mark.parametrize(
    ("base", "options", "bulk"),
    [
        ("https://api-eu.zerobounce.net/v2", {}, "https://bulkapi.zerobounce.net/v2"),
        ("https://proxy.example.org/zb", {}, "https://proxy.example.org/zb"),
        ("https://api.zerobounce.net/v2", {"bulk_url": "https://b.example.org/"}, "https://b.example.org"),
    ],
)
def test_files_do_not_go_where_the_account_does_not(base: str, options: dict[str, str], bulk: str) -> None:
    request = ZB.ask("verify", asked(101), Account("zerobounce", base, "k", options))
    assert request.url == f"{bulk}/sendfile"
    poll = ZB.poll("verify", Ticket({"phase": "status", "id": FILE}, 0.0), asked(101), Account("z", base, "k", options))
    assert poll.url == f"{bulk}/filestatus"


def test_equal_addresses_are_sent_once_since_each_is_charged(account: Open, respond: Respond) -> None:
    twice = [check(0), check(1), Query("r2", EMAIL, email="Jane0@Acme.com")]
    body: Any = ZB.ask("verify", twice, account("zerobounce")).json
    assert [each["email_address"] for each in body["email_batch"]] == ["jane0@acme.com", "jane1@acme.com"]
    reply = ZB.read("verify", twice, respond(200, {"email_batch": [facts(1), facts(0)], "errors": []}))
    assert {place: answer.units for place, answer in reply.answers.items()} == {0: 1000, 1: 1000, 2: 0}
    alone = [check(0), Query("r1", EMAIL, email="JANE0@acme.com"), Query("r2", EMAIL, email="x\n@y")]
    assert ZB.ask("verify", alone, account("zerobounce")).method == "GET"
    reply = ZB.read("verify", alone, respond(200, facts(0)))
    assert [reply.answers[place].units for place in range(3)] == [1000, 0, 0]
    assert reply.answers[2].outcome is Outcome.REFUSED


def test_activity_is_asked_only_if_the_account_says_so(account: Open) -> None:
    active = account("zerobounce", activity_data="true")
    assert ZB.ask("verify", asked(1), active).params["activity_data"] == "true"
    body: Any = ZB.ask("verify", asked(2), active).json
    assert body["activity_data"] is True
    poll = ZB.poll("verify", Ticket({"phase": "file", "id": FILE}, 0.0), asked(101), active)
    assert (poll.url, poll.params["activity_data"]) == ("https://bulkapi.zerobounce.net/v2/getfile", "true")


# --- what it says of a mailbox

STATUSES = [
    ("valid", "", "valid", "deliverable"),
    ("valid", "alias_address", "valid", "deliverable"),
    ("valid", "alternate", "valid", "deliverable"),
    ("valid", "gold", "valid", "deliverable"),
    ("valid", "ai_agent_mailbox", "valid", "deliverable"),
    ("valid", "mx_forward", "valid", "deliverable"),
    ("valid", "accept_all", "accept_all", "risky"),
    ("valid", "role_based_accept_all", "accept_all", "risky"),
    ("valid", "leading_period_removed", "unknown", "unknown"),
    ("valid", "allowed", "unknown", "unknown"),
    ("invalid", "", "invalid", "undeliverable"),
    ("invalid", "mailbox_not_found", "invalid", "undeliverable"),
    ("invalid", "does_not_accept_mail", "invalid", "undeliverable"),
    ("invalid", "failed_syntax_check", "invalid", "undeliverable"),
    ("invalid", "no_dns_entries", "invalid", "undeliverable"),
    ("invalid", "unroutable_ip_address", "invalid", "undeliverable"),
    ("invalid", "mailbox_quota_exceeded", "do_not_mail", "risky"),
    ("invalid", "possible_typo", "do_not_mail", "risky"),
    ("invalid", "blocked", "do_not_mail", "risky"),
    ("catch-all", "", "accept_all", "risky"),
    ("catch-all", "ai_agent_mailbox", "accept_all", "risky"),
    ("spamtrap", "", "spamtrap", "risky"),
    ("abuse", "", "do_not_mail", "risky"),
    ("do_not_mail", "global_suppression", "do_not_mail", "risky"),
    ("do_not_mail", "toxic", "do_not_mail", "risky"),
    ("do_not_mail", "mx_forward", "do_not_mail", "risky"),
    ("do_not_mail", "possible_trap", "spamtrap", "risky"),
    ("do_not_mail", "disposable", "disposable", "risky"),
    ("do_not_mail", "role_based", "role", "risky"),
    ("do_not_mail", "role_based_catch_all", "accept_all", "risky"),
    ("do_not_mail", "something_new", "do_not_mail", "risky"),
    *(
        ("unknown", why, "unknown", "unknown")
        for why in (
            "antispam_system", "exception_occurred", "failed_smtp_connection", "forcible_disconnect", "greylisted",
            "mail_server_did_not_respond", "mail_server_temporary_error", "timeout_exceeded",
        )
    ),
    ("brand-new", "never_heard", "unknown", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "sub_status", "word", "result"), STATUSES)
def test_every_status(respond: Respond, status: str, sub_status: str, word: str, result: str) -> None:
    units = 0 if status == "unknown" else 1000  # an unknown result is free
    single = read(respond, facts(0, status, sub_status))
    assert said(single) == (Outcome.HIT, word, result, units)
    finding = single.answers[0].findings[0]
    assert (finding.value, finding.detail["status"]) == ("jane0@acme.com", status)
    assert finding.detail.get("sub_status", "") == sub_status
    batch = read(respond, {"email_batch": [facts(1), facts(0, status, sub_status)], "errors": []}, 2)
    assert said(batch) == said(single)
    in_a_file = fetched(respond, table(line(0, status, sub_status)))
    assert said(in_a_file) == said(single)


def test_a_catch_all_domain_is_not_vouched_for(respond: Respond) -> None:
    for said_so in (True, "true", "True"):
        assert said(read(respond, facts(0, catchall_domain=said_so)))[1] == "accept_all"
    assert said(read(respond, facts(0, catchall_domain="false")))[1] == "valid"


def test_activity_and_hints_are_kept(respond: Respond) -> None:
    more = {"active_in_days": "365+", "did_you_mean": "jane@acme.org", "free_email": "True", "new_field": [1]}
    detail = read(respond, facts(0, **more)).answers[0].findings[0].detail
    assert (detail["active_in_days"], detail["did_you_mean"], detail["free_email"]) == ("365+", "jane@acme.org", "True")
    head = table().decode().strip() + ',"ZB Active In Days"\r\n'
    reply = fetched(respond, (head + line(0) + ',"180"\r\n').encode())
    assert reply.answers[0].findings[0].detail["active_in_days"] == "180"


# --- batches


def test_answers_of_a_batch_are_matched_by_address(respond: Respond) -> None:
    rows = [facts(2, "invalid"), facts(0), {**facts(1), "address": "JANE1@acme.com"}]
    reply = read(respond, {"email_batch": rows, "errors": []}, 3)
    assert [said(reply, place)[1] for place in range(3)] == ["valid", "valid", "invalid"]


def test_what_is_missing_twice_or_foreign_in_a_batch(respond: Respond) -> None:
    rows = [facts(0), facts(0, "invalid"), facts(7), None, 5, {"address": "jane2@acme.com"}]
    reply = read(respond, {"email_batch": rows, "errors": []}, 3)
    assert set(reply.answers) == {0, 1, 2}
    assert said(reply)[1] == "valid"  # the first counts
    assert [reply.answers[place].outcome for place in (1, 2)] == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert [reply.answers[place].units for place in (1, 2)] == [0, 0]


def test_an_error_for_one_address_does_not_spoil_the_others(respond: Respond) -> None:
    errors = [{"error": "Invalid email address", "email_address": "jane1@acme.com"}]
    reply = read(respond, {"email_batch": [facts(0)], "errors": errors}, 2)
    assert said(reply)[0] is Outcome.HIT
    assert reply.answers[1].outcome is Outcome.REFUSED
    assert "jane1" not in (reply.answers[1].reason or "")


def test_credits_that_end_within_a_batch(respond: Respond) -> None:
    errors = [{"error": REFUSED, "email_address": "all"}]
    reply = read(respond, {"email_batch": [facts(0)], "errors": errors}, 3)
    assert [reply.answers[place].outcome for place in range(3)] == [Outcome.HIT, Outcome.FAILED, Outcome.FAILED]


# --- refusals


@pytest.mark.parametrize(
    ("count", "body", "kind"),
    [
        (1, {"error": REFUSED}, StopVendor),
        (2, {"email_batch": [], "errors": [{"error": REFUSED, "email_address": "all"}]}, StopVendor),
        (2, {"error": REFUSED}, StopVendor),
        (101, {"success": False, "message": "api_key is invalid"}, StopVendor),
        (101, {"success": "False", "message": ["api_key is invalid"]}, StopVendor),
        (1, {"error": "Some other thing went wrong"}, BadRequest),
        (2, {"email_batch": [], "errors": [{"error": "Bad input", "email_address": "all"}]}, BadRequest),
        (101, {"success": "false", "message": ["The file is empty"]}, BadRequest),
        (1, {}, OutcomeUnknown),
        (1, [], OutcomeUnknown),
        (1, b"<html>", OutcomeUnknown),
        (2, {"email_batch": "x"}, OutcomeUnknown),
        (2, {}, OutcomeUnknown),
        (101, {"success": True}, OutcomeUnknown),
        (101, {"success": True, "file_id": "../x"}, OutcomeUnknown),
        (101, {}, OutcomeUnknown),
        (1, facts(3), OutcomeUnknown),  # another address than was asked
    ],
)
def test_a_200_that_is_none(respond: Respond, key: str, count: int, body: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        read(respond, body, count)
    assert not any(word in str(caught.value) for word in (key, "jane", "acme"))
    assert caught.value.charged is issubclass(kind, OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "count", "kind"),
    [
        (429, 1, TryLater), (429, 2, TryLater), (429, 101, TryLater), (403, 1, TryLater), (403, 101, TryLater),
        (401, 1, StopVendor), (402, 2, StopVendor), (400, 2, BadRequest), (404, 1, BadRequest), (503, 1, TryLater),
        (500, 1, OutcomeUnknown), (502, 2, OutcomeUnknown), (520, 1, OutcomeUnknown), (524, 101, OutcomeUnknown),
    ],
)  # fmt: skip
def test_statuses_without_a_contract(respond: Respond, status: int, count: int, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        read(respond, b"", count, status)


def test_blocks_last_as_long_as_published(respond: Respond) -> None:
    for count, seconds in ((1, 60.0), (2, 600.0)):
        with pytest.raises(TryLater) as caught:
            read(respond, b"", count, 429)
        assert (caught.value.after, caught.value.throttled) == (seconds, True)
    with pytest.raises(TryLater, match="shield") as caught:
        read(respond, b"", 1, 403)
    assert caught.value.throttled is False  # after some tries the others are asked


def test_a_single_bad_request_is_about_the_input(respond: Respond) -> None:
    assert read(respond, b"", 1, 400).answers[0].outcome is Outcome.REFUSED


# --- files


def test_a_file_from_ticket_to_rows(account: Open, respond: Respond) -> None:
    queries = [*asked(102), Query("bad", EMAIL, email="no address")]
    accepted = {"success": "True", "message": "File Accepted", "file_name": "l.csv", "file_id": FILE}
    reply = ZB.read("verify", queries, respond(200, accepted))
    assert {place: each.outcome for place, each in reply.answers.items()} == {102: Outcome.REFUSED}
    ticket = reply.ticket
    assert ticket is not None
    assert "acme" not in json.dumps(dict(ticket.state))
    state = {"success": True, "file_id": FILE, "file_status": "Processing", "complete_percentage": "8%"}
    waiting = ZB.read_poll("verify", ticket, queries, respond(200, state)).ticket
    assert waiting is not None
    assert (waiting.state["phase"], waiting.after) == ("status", 30.0)
    done = ZB.read_poll("verify", waiting, queries, respond(200, {**state, "file_status": "Complete"})).ticket
    assert done is not None
    assert ZB.poll("verify", done, queries, account("zerobounce")).url.endswith("/getfile")
    rows = [line(number) for number in range(101, -1, -1)]  # in whatever order
    finished = ZB.read_poll("verify", done, queries, respond(200, table(*rows), {"content-type": "application/json"}))
    assert finished.ticket is None
    assert set(finished.answers) == set(range(102))
    assert sum(answer.units for answer in finished.answers.values()) == 102_000


def test_rows_that_lack_or_are_doubled(respond: Respond) -> None:
    reply = fetched(respond, table(line(0), line(0, "invalid"), '"ragged"', line(500), line(1, "")))
    assert said(reply)[1] == "valid"
    assert reply.answers[1].outcome is Outcome.UNKNOWN
    assert {reply.answers[place].outcome for place in range(2, 101)} == {Outcome.UNKNOWN}


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "message": "File cannot be found."},
        {"success": "False", "message": ["The file is not complete."]},
        b"garbled", b"", b"one,two\n1,2", b"\xff\xfe",
    ],
)  # fmt: skip
def test_a_file_that_is_not_shown_is_looked_at_again_before_it_is_given_up(respond: Respond, body: Any) -> None:
    ticket: Ticket | None = Ticket({"phase": "file", "id": FILE}, 1.0)
    for _ in range(5):
        assert ticket is not None
        reply = ZB.read_poll("verify", ticket, asked(101), respond(200, body))
        assert not reply.answers
        ticket = reply.ticket
    assert ticket is not None
    with pytest.raises(OutcomeUnknown):
        ZB.read_poll("verify", ticket, asked(101), respond(200, body))


def test_a_key_that_is_refused_while_fetching_was_charged_perhaps(respond: Respond) -> None:
    for phase in ("status", "file"):
        with pytest.raises(StopVendor) as caught:
            fetched(respond, {"success": "False", "message": ["api_key is invalid"]}, phase=phase)
        assert caught.value.charged


def test_files_that_end_badly_or_never(respond: Respond) -> None:
    with pytest.raises(OutcomeUnknown, match="ended the file"):
        fetched(respond, {"success": True, "file_status": "Deleted"}, phase="status")
    old = Ticket({"phase": "status", "id": FILE, "waited": 21_590}, 0.0)
    with pytest.raises(GivenUp):
        ZB.read_poll("verify", old, asked(101), respond(200, {"success": True, "file_status": "Queued"}))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, TryLater), (403, TryLater), (500, TryLater), (524, TryLater), (404, OutcomeUnknown), (401, StopVendor)],
)
def test_fetching_is_free_and_so_repeated(respond: Respond, status: int, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        fetched(respond, b"", status=status)
