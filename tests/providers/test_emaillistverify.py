"""EmailListVerify, by its documents: a word of text, or a file; out of credits is a verdict."""

from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Reply, Response, Ticket
from headwater.providers.emaillistverify import EmailListVerify
from headwater.providers.errors import BadRequest, GivenUp, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

ELV = EmailListVerify()
EMAIL = frozenset({Field.EMAIL})
BASE = "https://apps.emaillistverify.com/api"


def check(number: int) -> Query:
    return Query(f"r{number}", EMAIL, email=f"jane{number}@acme.com")


def asked(count: int) -> list[Query]:
    return [check(number) for number in range(count)]


def read(respond: Respond, body: Any, count: int = 1, status: int = 200) -> Reply:
    return ELV.read("verify", asked(count), respond(status, body))


def looked(respond: Respond, body: Any, count: int = 3, phase: str = "info", status: int = 200, **state: Any) -> Reply:
    ticket = Ticket({"phase": phase, "id": "10700", **state}, 0.0)
    return ELV.read_poll("verify", ticket, asked(count), respond(status, body))


def words(reply: Reply) -> dict[int, str | None]:
    return {place: each.findings[0].status if each.findings else None for place, each in reply.answers.items()}


def state(name: str) -> bytes:
    return f"10700|my_emails.txt|no|200|150|{name}|1445878121||".encode()


# --- asking


def test_one_address(account: Open, key: str) -> None:
    request = ELV.ask("verify", asked(1), account("emaillistverify"))
    assert (request.method, request.url, request.family) == ("GET", f"{BASE}/verifyEmail", "single")
    assert request.params == {"secret": key, "email": "jane0@acme.com"}
    assert not any(word in repr(request) for word in (key, "jane0"))


def test_many_are_a_file_each_address_once(account: Open, key: str) -> None:
    queries = [*asked(2), Query("r2", EMAIL, email="JANE0@acme.com")]
    request = ELV.ask("verify", queries, account("emaillistverify"))
    assert (request.method, request.url, request.family) == ("POST", f"{BASE}/verifApiFile", "files")
    assert request.params == {"secret": key, "filename": "headwater-r0.csv"}
    assert request.files["file_contents"].content == b"email\r\njane0@acme.com\r\njane1@acme.com\r\n"


def test_the_requests_that_follow_name_the_file_both_ways(account: Open, key: str) -> None:
    for phase, path in (("info", "/getApiFileInfo"), ("rows", "/downloadApiFile")):
        request = ELV.poll("verify", Ticket({"phase": phase, "id": "10700"}, 0.0), asked(2), account("emaillistverify"))
        assert request.url == BASE + path
        assert request.params == {"secret": key, "file_id": "10700", "id": "10700"}


def test_the_key_may_travel_in_a_header(account: Open, key: str) -> None:
    newer = account("emaillistverify", key_header="x-api-key")
    for request in (ELV.ask("verify", asked(1), newer), ELV.ask("verify", asked(2), newer)):
        assert request.headers["x-api-key"] == key
        assert "secret" not in request.params


# --- words


@pytest.mark.parametrize(
    ("verdict", "word", "shared"),
    [
        ("ok", "valid", "deliverable"),
        ("email_disabled", "invalid", "undeliverable"),
        ("invalid", "invalid", "undeliverable"),
        ("invalid_mx", "invalid", "undeliverable"),
        ("invalid_syntax", "invalid", "undeliverable"),
        ("ok_for_all", "accept_all", "risky"),
        ("accept_all", "accept_all", "risky"),
        ("disposable", "disposable", "risky"),
        ("role", "role", "risky"),
        ("spamtrap", "spamtrap", "risky"),
        ("dead_server", "unknown", "unknown"),
        ("antispam_system", "unknown", "unknown"),
        ("smtp_protocol", "unknown", "unknown"),
        ("unknown", "unknown", "unknown"),
        ("never_heard_of", "unknown", "unknown"),
    ],
)
def test_every_word(respond: Respond, verdict: str, word: str, shared: str) -> None:
    reply = read(respond, f" {verdict.upper()}\n".encode())
    finding = reply.answers[0].findings[0]
    assert (finding.value, finding.status, finding.detail["result"]) == ("jane0@acme.com", word, shared)
    assert finding.detail["status"] == verdict
    assert reply.answers[0].units == 1000
    rows = f"email,ELV Result\njane1@acme.com,ok\nJane0@acme.com,{verdict}\n".encode()
    assert words(looked(respond, rows, 2, "rows")) == {0: word, 1: "valid"}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"error_credit", StopVendor),
        (200, b"key_not_valid", StopVendor),
        (401, {"statusCode": 401, "message": "Invalid api key", "error": "Unauthorized"}, StopVendor),
        (429, {"statusCode": 429, "message": "Too Many Requests"}, TryLater),
        (503, b"", TryLater),
        (500, b"", OutcomeUnknown),
        (404, b"", BadRequest),
        (200, b"", OutcomeUnknown),
        (200, b"<html>\n</html>", OutcomeUnknown),
        (200, b'{"status":"ok"}', OutcomeUnknown),
        (200, b"two words", OutcomeUnknown),
        (200, b"\xff\xfe", OutcomeUnknown),
        (200, "größer".encode(), OutcomeUnknown),
    ],
)
def test_what_is_no_verdict(respond: Respond, key: str, status: int, body: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        read(respond, body, status=status)
    assert not any(word in str(caught.value) for word in (key, "jane", "acme"))


def test_a_bad_request_for_one_is_about_its_address(respond: Respond) -> None:
    assert read(respond, {"statusCode": 400, "message": "x"}, status=400).answers[0].outcome is Outcome.REFUSED


# --- files


@pytest.mark.parametrize(
    ("body", "ident"),
    [(b"10700", "10700"), (b'"63f1a2-9c"', "63f1a2-9c"), ({"file_id": 10700}, "10700"), ({"file_id": "a1"}, "a1")],
)
def test_the_id_of_a_file_as_text_or_in_an_object(respond: Respond, body: Any, ident: str) -> None:
    ticket = read(respond, body, 2).ticket
    assert ticket is not None
    assert ticket.state == {"phase": "info", "id": ident}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"no_credit", StopVendor),
        (b"key_not_valid", StopVendor),
        (b"cannot_upload_file", BadRequest),
        (b"missing parameters", BadRequest),
        (b"some_new_word", OutcomeUnknown),
        (b"1/../2", OutcomeUnknown),
        ({"file_id": None}, OutcomeUnknown),
        (b"", OutcomeUnknown),
    ],
)
def test_a_file_that_has_no_id(respond: Respond, body: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        read(respond, body, 2)


@pytest.mark.parametrize(
    ("body", "phase"),
    [
        *((state(name), "info") for name in ("new", "parsing", "waiting", "progress", "unheard_of")),
        (state("finished"), "rows"),
        ({"status": "processing"}, "info"),
        ({"status": "Completed", "file_id": 7}, "rows"),
    ],
)
def test_the_state_of_a_file_in_both_forms(respond: Respond, body: Any, phase: str) -> None:
    ticket = looked(respond, body).ticket
    assert ticket is not None
    assert ticket.state["phase"] == phase


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        *((state(name), OutcomeUnknown) for name in ("incorrect", "suspended", "canceled")),
        ({"status": "failed"}, OutcomeUnknown),
        (b"error_file_not_exists", OutcomeUnknown),
        (b"key_not_valid", StopVendor),
    ],
)
def test_files_that_are_not_shown(respond: Respond, body: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        looked(respond, body)
    if not isinstance(caught.value, StopVendor):
        return
    assert caught.value.charged


def test_rows_are_matched_by_address(respond: Respond) -> None:
    body = b'"email";"ELV Result"\r\n"jane2@acme.com";"role"\r\n"jane0@acme.com";"ok"\r\n"jane0@acme.com";"unknown"\r\n'
    reply = looked(respond, body, phase="rows")
    assert words(reply) == {0: "valid", 1: None, 2: "role"}
    assert reply.answers[1].outcome is Outcome.UNKNOWN
    assert reply.ticket is None


def test_credits_that_end_within_a_file(respond: Respond) -> None:
    some = b"email,result\njane0@acme.com,ok\njane1@acme.com,error_credit\njane2@acme.com,error_credit\n"
    outcomes = {place: each.outcome for place, each in looked(respond, some, phase="rows").answers.items()}
    assert outcomes == {0: Outcome.HIT, 1: Outcome.FAILED, 2: Outcome.FAILED}
    none = b"email,result\njane0@acme.com,error_credit\njane1@acme.com,error_credit\n"
    with pytest.raises(StopVendor):
        looked(respond, none, phase="rows")


def test_what_can_not_be_read_is_fetched_again(respond: Respond) -> None:
    for body, phase in ((b"?", "info"), (b"file is not finished", "rows"), (b"a,b\n1,2\n", "rows"), (b"", "rows")):
        ticket = looked(respond, body, phase=phase).ticket
        assert ticket is not None
        assert (ticket.state["garbled"], ticket.state["phase"]) == (1, phase)
    with pytest.raises(OutcomeUnknown):
        looked(respond, b"?", phase="rows", garbled=5)
    with pytest.raises(GivenUp):
        looked(respond, state("progress"), waited=21_590)
    with pytest.raises(TryLater):
        looked(respond, b"", status=502)
