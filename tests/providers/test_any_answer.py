"""Whatever a vendor sends: an answer for each record at most once, or an error of ours. Never anything else."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.providers.base import Account, Answer, Query, Reply, Request, Response, Ticket
from headwater.providers.catalogue import ADAPTERS
from headwater.providers.errors import ProviderError
from headwater.records import Field

KEY = "k3y-4711-not-to-be-seen-0815"
OPERATIONS = [(name, each.name) for name, one in ADAPTERS.items() for each in one.declaration.operations]
STATUSES = st.sampled_from(
    [200, 200, 200, 200, 202, 222, 204, 302, 400, 401, 403, 404, 410, 422, 429, 451, 500, 503, 599]
)

# words that the vendors use, so that a random body is often nearly right
WORDS = [
    "success", "error", "reason", "data", "person", "matches", "people", "items", "item", "file", "files", "status",
    "results", "emails", "email", "certainty", "qualification", "verification", "request_id", "credits_consumed",
    "webhook_result", "webhook_status", "phone_numbers", "sanitized_number", "organization", "userData", "externalId",
    "custom_fields", "reference", "finished", "sorts", "total", "_id", "id", "error_code", "retry_after_seconds",
    "employment", "validationErrors", "phone_enrichment", "missing_records", "email_batch", "errors", "address",
    "sub_status", "file_status", "file_id", "message", "result", "flags", "job_id", "job_status", "total_pages",
    "verification", "list", "state", "num_pages", "secondary_status", "error_code", "email_address", "did_you_mean",
]  # fmt: skip
VALUES = [
    "FOUND", "DEBITED", "NONE", "NOT_FOUND", "BAD_INPUT", "INSUFFICIENT_FUNDS", "ultra_sure", "nominative@pro", "valid",
    "r0", "r1", "r2", "a@b.co", "not an address", "+15555550164", "pending", "result_pending", "in_progress", "success",
    KEY, f"Invalid API key {KEY}", "done", "7", "\x00", "\ud800", "x" * 3000,
    "ada0@acme.com", "ada1@acme.com", "invalid", "catch-all", "do_not_mail", "complete", "Complete", "verifying",
    "general_failure", "throttle_triggered", "auth_failure", "temp_unavail", "File Accepted", "False", "all",
    "No Ada Lovelace (ada0@acme.com, +1 650 253 0000) at acme.com", "ada lovelace",
]  # fmt: skip

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from([0, 1, 2, 3, 1e308, 10**30]),
    st.sampled_from(VALUES), st.text(max_size=20),
)  # fmt: skip
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)), inner, max_size=6),
    ),
    max_leaves=25,
)
TEXTS = st.sampled_from(
    [
        b"ok", b"error_credit", b"key_not_valid", b"10700", b"10700|l.csv|no|3|3|finished|1445878121||", b"unheard_of",
        b"email,ELV Result\r\nada0@acme.com,ok\r\nada1@acme.com,spamtrap\r\nada0@acme.com,ok\r\n",
        b'"Email Address","ZB Status","ZB Sub Status"\n"ADA0@acme.com","valid",""\n"ada2@acme.com","abuse","toxic"',
        b"email,status\n,\n", b"\xff\xfe", b"<html><title>502 Bad Gateway</title></html>",
    ]
)  # fmt: skip
RAW = st.one_of(
    st.binary(max_size=200), TEXTS, BODIES.map(lambda body: json.dumps(body).encode("utf-8", "surrogatepass"))
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-minute-requests-left", "x-24-hour-requests-left"]), st.text(max_size=8)
)
RESPONSES = st.builds(Response, STATUSES, HEADERS, RAW)


# these know no other place for the key than the query or the body
KEYLESS = ("zerobounce.net", "neverbounce.com", "emaillistverify.com")


def queries(count: int, want: frozenset[Field] = frozenset(Field)) -> list[Query]:
    return [
        Query(f"r{number}", want, "Ada", "Lovelace", "Ada Lovelace", "Acme", "acme.com", "ada", f"ada{number}@acme.com")
        for number in range(count)
    ]


def account(vendor: str) -> Account:
    return Account(vendor, ADAPTERS[vendor].declaration.base_url, KEY, {"webhook_url": "https://hooks.example.org/x"})


def conversation(vendor: str, operation: str, count: int, responses: list[Response]) -> dict[int, Answer]:
    """Ask, read and poll as the engine would; every answer, each position once."""
    adapter = ADAPTERS[vendor]
    asked = queries(min(count, adapter.declaration.operation(operation).batch))
    sound(adapter.ask(operation, asked, account(vendor)))
    reply: Reply | None = None
    answers: dict[int, Answer] = {}
    for response in responses:
        try:
            reply = (
                adapter.read(operation, asked, response)
                if reply is None
                else adapter.read_poll(operation, stored(reply), asked, response)
            )
        except ProviderError as error:
            discreet(str(error))
            return answers
        assert not set(answers) & set(reply.answers)
        answers |= reply.answers
        if reply.ticket is None:
            break
        json.dumps(dict(reply.ticket.state), ensure_ascii=False, allow_nan=False).encode()  # as a database takes it
        assert "\\u0000" not in json.dumps(dict(reply.ticket.state))
        sound(adapter.poll(operation, stored(reply), asked, account(vendor)))
    assert set(answers) <= set(range(len(asked)))
    return answers


def discreet(said: str) -> None:
    """Neither the key nor the person, whatever the vendor repeats."""
    assert KEY not in said
    assert not any(own in said.lower() for own in ("lovelace", "acme", "253 0000", "ada0"))


def stored(reply: Reply) -> Ticket:
    """The ticket as it comes back from a JSON column of the database."""
    assert reply.ticket is not None
    assert reply.ticket.after > 0
    return Ticket(json.loads(json.dumps(dict(reply.ticket.state), allow_nan=False)), 0.0)


def sound(request: Request) -> None:
    discreet(repr(request))
    assert KEY not in request.url
    body = json.dumps([dict(request.params), request.json, dict(request.form)])
    in_header = any(KEY in value for value in request.headers.values())
    assert in_header is (KEY not in body)  # in one place
    assert in_header or any(vendor in request.url for vendor in KEYLESS)


def clean(answer: Answer) -> None:
    assert answer.units >= 0
    discreet(answer.reason or "")
    for finding in answer.findings:
        words: list[Any] = [finding.value, finding.status or "", *finding.detail.values()]
        assert finding.value
        assert all(isinstance(word, str) and word.isprintable() for word in words)
        assert finding.reported is None or 0 <= finding.reported <= 1


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(OPERATIONS), st.integers(1, 3), st.lists(RESPONSES, min_size=1, max_size=4))
def test_any_answer(which: tuple[str, str], count: int, responses: list[Response]) -> None:
    for answer in conversation(*which, count, responses).values():
        clean(answer)


ACCEPTED = {
    "icypeas": {"success": True, "item": {"_id": "abc"}, "file": "abc"},
    "dropcontact": {"success": True, "error": False, "request_id": "abc"},
    "apollo": {"request_id": 7, "person": {"id": "r0", "email": "a@b.co"}},
    "hunter": None,
    "zerobounce": {"success": True, "file_id": "abc"},
    "neverbounce": {"status": "success", "job_id": 7, "result": "valid"},
    "emaillistverify": {"file_id": "abc"},
    "briteverify": {"status": "success", "list": {"id": "abc"}, "email": {"status": "valid"}},
}
AT_LEAST = {"zerobounce": 101, "neverbounce": 2, "emaillistverify": 2, "briteverify": 2}  # addresses for a ticket


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(OPERATIONS), st.integers(1, 3), st.lists(RESPONSES, min_size=1, max_size=4))
def test_any_answer_to_a_poll(which: tuple[str, str], count: int, responses: list[Response]) -> None:
    vendor, operation = which
    many = 1 if vendor == "apollo" else count
    many = max(many, AT_LEAST.get(vendor, 1))
    first = Response(
        202 if (vendor, operation) == ("hunter", "verify") else 200, {}, json.dumps(ACCEPTED[vendor]).encode()
    )
    for answer in conversation(vendor, operation, many, [first, *responses]).values():
        clean(answer)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.none(), BODIES), max_size=4), st.integers(2, 3), st.booleans())
def test_any_rows(items: list[Any], count: int, last: bool) -> None:
    body = json.dumps({"success": True, "items": items, "sorts": [1] if not last else None}, allow_nan=True)
    accepted = Response(200, {}, json.dumps(ACCEPTED["icypeas"]).encode())
    finished_file = Response(200, {}, b'{"success": true, "files": [{"file": "abc", "finished": true}]}')
    pages = [Response(200, {}, body.encode())] * 5
    answers = conversation("icypeas", "find", count, [accepted, finished_file, *pages])
    for answer in answers.values():
        clean(answer)
