"""Apollo, by its OpenAPI file and its documents: one and many people, credits, phone numbers that come later."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.apollo import Apollo
from headwater.providers.base import Account, Outcome, Query, Reply, Response, Ticket
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

APOLLO = Apollo()
EMAIL = frozenset({Field.EMAIL})
PHONE = frozenset({Field.PHONE})
PROFILE = frozenset({Field.EMAIL, Field.TITLE, Field.COMPANY, Field.DOMAIN, Field.LINKEDIN, Field.COUNTRY})
HOOK = {"webhook_url": "https://hooks.example.org/apollo"}


def query(number: int = 0, want: frozenset[Field] = EMAIL, **known: str) -> Query:
    return Query(f"r{number}", want, **(known or {"first_name": "Tim", "last_name": "Zheng", "domain": "apollo.io"}))


def person(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"64a7ff0cc4dfae00013df1a{number}", "first_name": "Tim", "last_name": "Zheng", "name": "Tim Zheng",
        "linkedin_url": "http://www.linkedin.com/in/tim-zheng-677ba010", "title": "Founder & CEO",
        "email_status": "verified", "extrapolated_email_confidence": None, "email": "Tim@Apollo.io",
        "country": "United States", "organization": {"name": "Apollo.io", "primary_domain": "apollo.io"},
    } | changes  # fmt: skip


def bulk(*matches: Any, **changes: Any) -> dict[str, Any]:
    found = [match for match in matches if match]
    return {
        "status": "success", "error_code": None, "error_message": None,
        "total_requested_enrichments": len(matches), "unique_enriched_records": len(found),
        "missing_records": len(matches) - len(found), "credits_consumed": len(found),
        "matches": list(matches), "request_id": -1039995589705121900,
    } | changes  # fmt: skip


def phones(*people: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "request_id": "-1039995589705121900", "webhook_status": "success", "request_type": "phone",
        "last_dispatched_at": "2026-05-26T10:42:11Z", "failure_reason": None,
        "webhook_result": {"status": "success", "credits_consumed": 8, "people": list(people)},
    } | changes  # fmt: skip


def number(value: str, kind: str = "mobile", status: str = "valid_number") -> dict[str, Any]:
    return {
        "raw_number": value,
        "sanitized_number": value,
        "status_cd": status,
        "type_cd": kind,
        "confidence_cd": "high",
    }


# --- asking


def test_one_person_is_asked_in_the_query_string(account: Open, key: str) -> None:
    known = Query(
        "r", EMAIL, first_name="Tim", last_name="Zheng", full_name="Tim Zheng", company="Apollo", domain="apollo.io",
        linkedin="tim-zheng", email="t@apollo.io",
    )  # fmt: skip
    request = APOLLO.ask("match", [known], account("apollo", **HOOK))
    assert (request.method, request.url) == ("POST", "https://api.apollo.io/api/v1/people/match")
    assert request.params == {
        "first_name": "Tim", "last_name": "Zheng", "email": "t@apollo.io", "organization_name": "Apollo",
        "domain": "apollo.io", "linkedin_url": "http://www.linkedin.com/in/tim-zheng",
    }  # fmt: skip
    assert request.json is None
    assert request.family == "match"
    assert request.headers["x-api-key"] == key
    assert key not in repr(request)


def test_several_people_are_asked_in_the_body(account: Open) -> None:
    queries = [query(0), query(1, full_name="Ada L", company="Acme"), query(2, email="x@y.co")]
    request = APOLLO.ask("match", queries, account("apollo"))
    assert (request.url, request.family) == ("https://api.apollo.io/api/v1/people/bulk_match", "bulk_match")
    assert request.params == {}
    assert request.json == {
        "details": [
            {"first_name": "Tim", "last_name": "Zheng", "domain": "apollo.io"},
            {"name": "Ada L", "organization_name": "Acme"},
            {"email": "x@y.co"},
        ]
    }


@pytest.mark.parametrize("count", [1, 3])
def test_mobile_numbers_are_asked_for_by_an_operation_of_their_own(account: Open, count: Any) -> None:
    queries = [query(index, PHONE) for index in range(count)]
    params = APOLLO.ask("mobile", queries, account("apollo", **HOOK)).params
    assert params["reveal_phone_number"] == "true"
    assert params["webhook_url"] == HOOK["webhook_url"]
    assert "reveal_personal_emails" not in params


def test_a_match_never_buys_a_number(account: Open, respond: Respond) -> None:
    wide = [query(index, PROFILE | PHONE) for index in range(2)]
    assert APOLLO.ask("match", wide, account("apollo", **HOOK)).params == {}
    body = bulk(person(0, phone_numbers=[number("+15555550164")]), None, phone_enrichment={"status": "pending"})
    reply = APOLLO.read("match", wide, respond(200, body))
    assert reply.ticket is None
    assert Field.PHONE not in {each.field for each in reply.answers[0].findings}
    assert Field.PHONE not in APOLLO.declaration.operation("match").finds


@pytest.mark.parametrize("options", [{}, {"webhook_url": ""}, {"webhook_url": "http://plain.example.org"}])
def test_no_number_is_asked_for_where_it_could_not_come(account: Open, options: Any) -> None:
    with pytest.raises(BadRequest, match="webhook_url"):
        APOLLO.ask("mobile", [query(0, PHONE)], account("apollo", **options))


def test_no_number_is_bought_for_somebody_who_needs_none(account: Open) -> None:
    with pytest.raises(BadRequest):
        APOLLO.ask("mobile", [query(0, PHONE), query(1, EMAIL)], account("apollo", **HOOK))


@pytest.mark.parametrize(
    ("options", "offered"), [({}, False), ({"webhook_url": ""}, False), (HOOK, True), (HOOK | {"language": "en"}, True)]
)
def test_numbers_are_offered_only_with_a_web_hook(options: Any, offered: Any) -> None:
    assert APOLLO.declaration.operation("mobile").offered(options) is offered
    assert APOLLO.declaration.operation("match").offered(options)


def test_the_most_that_a_record_can_cost() -> None:
    assert APOLLO.declaration.operation("match").charge.most(frozenset(Field)) == 1000
    assert APOLLO.declaration.operation("mobile").charge.most(PHONE) == 9000


@pytest.mark.parametrize("queries", [[], [query(n) for n in range(11)], [Query("r", EMAIL, first_name="Tim")]])
def test_a_request_that_apollo_would_refuse_is_not_built(account: Open, queries: Any) -> None:
    with pytest.raises(BadRequest):
        APOLLO.ask("match", queries, account("apollo"))


# --- one person


def test_a_match(respond: Respond) -> None:
    reply = APOLLO.read("match", [query(want=PROFILE)], respond(200, {"person": person(), "request_id": 5}))
    answer = reply.answers[0]
    assert (answer.outcome, answer.units) == (Outcome.HIT, 1000)
    assert {each.field: each.value for each in answer.findings} == {
        Field.EMAIL: "tim@apollo.io",
        Field.TITLE: "Founder & CEO",
        Field.COMPANY: "Apollo.io",
        Field.DOMAIN: "apollo.io",
        Field.LINKEDIN: "tim-zheng-677ba010",
        Field.COUNTRY: "United States",
    }
    assert reply.ticket is None


@pytest.mark.parametrize(
    ("said", "status"),
    [("verified", "verified"), ("Likely to engage", "likely_to_engage"), ("unverified", "unverified"), (None, None)],
)
def test_classes(respond: Respond, said: Any, status: Any) -> None:
    answer = APOLLO.read("match", [query()], respond(200, {"person": person(email_status=said)})).answers[0]
    assert [(each.field, each.status) for each in answer.findings] == [(Field.EMAIL, status)]


@pytest.mark.parametrize(
    "body",
    [{"person": None}, {"person": {}}, {"status": "success", "request_id": 1}, {"person": None, "status": "success"}],
)
def test_nobody_found_costs_nothing(respond: Respond, body: Any) -> None:
    answer = APOLLO.read("match", [query()], respond(200, body)).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.MISS, 0)


@pytest.mark.parametrize("email", [None, "email_not_unlocked@domain.com", "", "nonsense", "jane@domain.com"])
def test_a_match_without_a_usable_address_is_a_miss_that_was_charged(respond: Respond, email: Any) -> None:
    answer = APOLLO.read("match", [query()], respond(200, {"person": person(email=email)})).answers[0]
    assert (answer.outcome, answer.units, answer.findings) == (Outcome.MISS, 1000, ())
    assert "matched" in (answer.reason or "")


def test_headers_tell_what_is_left_of_each_window(respond: Respond) -> None:
    headers = {
        "x-minute-requests-left": "49", "x-hourly-requests-left": "", "x-24-hour-requests-left": "598",
        "x-rate-limit-minute": "50",
    }  # fmt: skip
    reply = APOLLO.read("match", [query()], respond(200, {"person": None}, headers))
    assert reply.windows == {60: 49, 86400: 598}


PER = "The maximum number of api calls allowed for api/v1/people/match is 600 times per {}. Please upgrade your plan"


@pytest.mark.parametrize(
    ("headers", "message", "after"),
    [
        ({"retry-after": "17"}, PER.format("hour"), 17.0),
        ({}, PER.format("minute"), 60.0),
        ({}, PER.format("hour"), 3600.0),
        ({}, PER.format("day"), 86400.0),
        ({}, "slow down", None),
    ],
)
def test_throttling(respond: Respond, headers: Any, message: Any, after: Any) -> None:
    with pytest.raises(TryLater) as caught:
        APOLLO.read("match", [query()], respond(429, {"message": message}, headers))
    assert (caught.value.after, caught.value.throttled) == (after, True)


INVALID_KEY = b"Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate."


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, INVALID_KEY, StopVendor),
        (403, {"error": "not accessible with this api_key", "error_code": "API_INACCESSIBLE"}, StopVendor),
        (402, b"", StopVendor),
        (422, {"error": "You have insufficient credits to do this."}, StopVendor),
        (404, b"", BadRequest),
        (503, b"", TryLater),
        (500, b"", OutcomeUnknown),
        (504, b"<html>", OutcomeUnknown),
        (200, b"", OutcomeUnknown),
        (200, b'{"person": {"email": "tim@ap', OutcomeUnknown),
        (200, [], OutcomeUnknown),
        (200, {"person": "Tim"}, OutcomeUnknown),
        (200, {"person": person(email=["a@b.co"])}, OutcomeUnknown),
        (200, {"person": person(organization="Apollo")}, OutcomeUnknown),
        (200, {"error": "something"}, OutcomeUnknown),
    ],
)
def test_answers_that_are_none(respond: Respond, status: Any, body: Any, error: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        APOLLO.read("match", [query(want=PROFILE)], respond(status, body))
    assert isinstance(caught.value, error)


def test_refused_input_is_the_answer_of_one_but_not_of_many(respond: Respond) -> None:
    refusal = respond(422, {"error": "Required parameter 'domain' missing"})
    assert APOLLO.read("match", [query()], refusal).answers[0].outcome is Outcome.REFUSED
    with pytest.raises(BadRequest):
        APOLLO.read("match", [query(0), query(1)], refusal)
    with pytest.raises(BadRequest, match="RECORD_LIMIT_EXCEEDED"):
        APOLLO.read("match", [query(0), query(1)], respond(400, {"error_code": "RECORD_LIMIT_EXCEEDED"}))


# --- many people


def test_slots_are_in_the_order_asked_and_null_is_nobody(respond: Respond) -> None:
    reply = APOLLO.read("match", [query(0), query(1), query(2)], respond(200, bulk(person(0), None, person(2))))
    assert [reply.answers[position].outcome for position in range(3)] == [Outcome.HIT, Outcome.MISS, Outcome.HIT]
    assert [reply.answers[position].units for position in range(3)] == [1000, 0, 1000]


@pytest.mark.parametrize(
    ("consumed", "units"),
    [(2, [1000, 0, 1000]), (1.5, [750, 0, 750]), (0, [0, 0, 0]), (0.001, [1, 0, 0]), (None, [1000, 0, 1000])],
)
def test_the_vendors_counter_is_shared_by_the_matched(respond: Respond, consumed: Any, units: Any) -> None:
    body = bulk(person(0), None, person(2), credits_consumed=consumed)
    reply = APOLLO.read("match", [query(0), query(1), query(2)], respond(200, body))
    assert [reply.answers[position].units for position in range(3)] == units


@pytest.mark.parametrize(
    "body",
    [
        bulk(person(0)),
        bulk(person(0), None, None),
        bulk(person(0), None, total_requested_enrichments=3),
        bulk(person(0), None, credits_consumed="two"),
        bulk(person(0), None, credits_consumed=-1),
        bulk(matches={"0": None}),
        bulk(missing_records=1, matches=[]),
        {"status": "success"},
    ],
)
def test_slots_that_can_not_be_placed(respond: Respond, body: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        APOLLO.read("match", [query(0), query(1)], respond(200, body))


def test_an_empty_list_with_everybody_missing(respond: Respond) -> None:
    body = bulk(matches=[], missing_records=2, total_requested_enrichments=2, credits_consumed=0)
    reply = APOLLO.read("match", [query(0), query(1)], respond(200, body))
    assert [reply.answers[position].outcome for position in range(2)] == [Outcome.MISS, Outcome.MISS]


def test_one_garbled_slot_does_not_spoil_its_neighbours(respond: Respond) -> None:
    reply = APOLLO.read("match", [query(0), query(1)], respond(200, bulk(person(0), "Tim")))
    assert [reply.answers[position].outcome for position in range(2)] == [Outcome.HIT, Outcome.UNKNOWN]


# --- phone numbers

ASKED = [query(0, PHONE), query(1, PHONE), query(2, PHONE)]


def submitted(respond: Respond, **changes: Any) -> Reply:
    return APOLLO.read("mobile", ASKED, respond(200, bulk(person(0), None, person(2), **changes)))


def stored(reply: Reply) -> Ticket:
    """The ticket as it comes back from the database."""
    assert reply.ticket is not None
    return Ticket(json.loads(json.dumps(dict(reply.ticket.state))), 0.0)


def fetched(respond: Respond, body: Any, status: int = 200) -> Reply:
    return APOLLO.read_poll("mobile", stored(submitted(respond)), ASKED, respond(status, body))


def told(reply: Reply) -> list[tuple[Outcome, int]]:
    return [(reply.answers[position].outcome, reply.answers[position].units) for position in sorted(reply.answers)]


def owner(number_: int, *numbers: Any) -> dict[str, Any]:
    return {"id": person(number_)["id"], "status": "success", "phone_numbers": list(numbers)}


def test_who_waits_for_a_number_is_not_answered_yet(account: Open, respond: Respond) -> None:
    reply = submitted(respond)
    assert {position: answer.outcome for position, answer in reply.answers.items()} == {1: Outcome.MISS}
    assert reply.answers[1].units == 0
    request = APOLLO.poll("mobile", stored(reply), [], account("apollo"))
    assert request.method == "GET"
    assert request.url == "https://api.apollo.io/api/v1/webhook_result/-1039995589705121900"
    assert request.family == "webhook_result"


def test_a_number_costs_nine_credits_and_a_match_without_one_costs_one(respond: Respond) -> None:
    found = owner(
        0, number("+14155550117", "other"), number("+15555550164"), number("+15555550165", status="invalid_number")
    )
    reply = fetched(respond, phones(found))
    assert reply.ticket is None
    assert told(reply) == [(Outcome.HIT, 9000), (Outcome.MISS, 1000)]
    (finding,) = reply.answers[0].findings
    assert (finding.field, finding.value, finding.status) == (Field.PHONE, "+15555550164", "valid_number")
    assert finding.detail["type"] == "mobile"
    assert "no" in (reply.answers[2].reason or "")


def test_one_person_is_asked_for_a_number(respond: Respond) -> None:
    one = [query(0, PHONE)]
    reply = APOLLO.read("mobile", one, respond(200, {"person": person(), "request_id": 7}))
    assert reply.answers == {}
    done = APOLLO.read_poll("mobile", stored(reply), one, respond(200, phones(owner(0, number("+15555550164")))))
    assert told(done) == [(Outcome.HIT, 9000)]
    nobody = APOLLO.read("mobile", one, respond(200, {"person": None, "request_id": 7}))
    assert (told(nobody), nobody.ticket) == ([(Outcome.MISS, 0)], None)


@pytest.mark.parametrize("body", [phones(), phones({"id": "else", "phone_numbers": [number("+15555550164")]})])
def test_no_number_is_a_miss_that_was_charged_as_a_match(respond: Respond, body: Any) -> None:
    body["webhook_result"].pop("credits_consumed")
    assert told(fetched(respond, body)) == [(Outcome.MISS, 1000), (Outcome.MISS, 1000)]


@pytest.mark.parametrize(
    ("consumed", "kind", "units"),
    [
        (None, "mobile", 9000),  # no counter: what the documents say
        (None, "other", 1000),
        (8, "mobile", 9000),  # the counter of the numbers alone
        (10, "mobile", 9000),  # the counter of the whole request, with the two matches
        (2, "other", 1000),
        (0, "mobile", 1000),
        (0.5, "mobile", 1500),
        (0.5, "other", 1500),
    ],
)
def test_the_result_has_a_counter_of_its_own(respond: Respond, consumed: Any, kind: Any, units: Any) -> None:
    result = {"people": [owner(0, number("+15555550164", kind))], "credits_consumed": consumed}
    assert told(fetched(respond, phones(webhook_result=result))) == [(Outcome.HIT, units), (Outcome.MISS, 1000)]


def test_a_counter_is_shared_by_who_has_a_mobile_number(respond: Respond) -> None:
    people = [owner(0, number("+15555550164")), owner(2, number("+14155550117", "other"))]
    body = phones(webhook_result={"people": people, "credits_consumed": 8})
    assert told(fetched(respond, body)) == [(Outcome.HIT, 9000), (Outcome.HIT, 1000)]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"error_code": "request_id_unknown"}),
        (410, {"error_code": "request_id_expired"}),
        (400, {"error_code": "invalid_request_id"}),
        (200, phones(webhook_result=None, webhook_status="failed", failure_reason="No data for Tim Zheng")),
    ],
)
def test_a_result_that_is_gone_is_unknown_and_not_a_miss(respond: Respond, status: Any, body: Any) -> None:
    reply = fetched(respond, body, status)
    assert reply.ticket is None
    assert told(reply) == [(Outcome.UNKNOWN, 1000), (Outcome.UNKNOWN, 1000)]
    assert "Zheng" not in (reply.answers[0].reason or "")


def test_pending_waits_as_advised_and_not_for_ever(respond: Respond) -> None:
    ticket = stored(submitted(respond))
    pending = respond(404, {"error_code": "result_pending", "retry_after_seconds": 25})
    reply = APOLLO.read_poll("mobile", ticket, ASKED, pending)
    assert reply.ticket is not None
    assert reply.ticket.after == 25.0
    for _ in range(100):
        if reply.ticket:
            reply = APOLLO.read_poll("mobile", reply.ticket, ASKED, pending)
    assert told(reply) == [(Outcome.UNKNOWN, 1000), (Outcome.UNKNOWN, 1000)]
    running = respond(200, phones(webhook_status="in_progress", webhook_result=None))
    assert APOLLO.read_poll("mobile", ticket, ASKED, running).ticket is not None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {"message": "x"}, TryLater),
        (500, b"", TryLater),
        (503, b"", TryLater),
        (401, INVALID_KEY, StopVendor),  # a key that may not fetch numbers must not go on paying for them
        (403, {"error": "not accessible with this api_key", "error_code": "API_INACCESSIBLE"}, StopVendor),
        (404, b"", OutcomeUnknown),
        (418, b"teapot", OutcomeUnknown),
    ],
)
def test_a_poll_that_fails(respond: Respond, status: Any, body: Any, error: Any) -> None:
    with pytest.raises(error):
        fetched(respond, body, status)


@pytest.mark.parametrize("body", [b"", [], phones(webhook_result="x"), phones({"id": 1, "phone_numbers": "none"})])
def test_a_garbled_result_is_read_again_and_then_given_up(respond: Respond, body: Any) -> None:
    ticket = stored(submitted(respond))
    for _ in range(5):
        reply = APOLLO.read_poll("mobile", ticket, ASKED, respond(200, body))
        assert reply.answers == {}
        ticket = stored(reply)
    with pytest.raises(OutcomeUnknown):
        APOLLO.read_poll("mobile", ticket, ASKED, respond(200, body))


@pytest.mark.parametrize(
    "changes", [{"request_id": None}, {"request_id": 1.5e18}, {"phone_enrichment": {"status": "skipped"}}]
)
def test_no_ticket_where_no_numbers_will_come(respond: Respond, changes: Any) -> None:
    reply = submitted(respond, **changes)
    assert reply.ticket is None
    assert told(reply) == [(Outcome.UNKNOWN, 1000), (Outcome.MISS, 0), (Outcome.UNKNOWN, 1000)]


def test_the_top_level_request_id_is_the_one_to_poll(respond: Respond) -> None:
    reply = submitted(respond, phone_enrichment={"status": "pending", "request_id": "64a7ff0cc4dfae00013df1a5"})
    assert stored(reply).state["request_id"] == "-1039995589705121900"


def test_a_matched_person_without_an_id_can_not_be_told_from_others(respond: Respond) -> None:
    reply = APOLLO.read("mobile", ASKED, respond(200, bulk(person(0, id=None), None, "Tim", request_id=7)))
    assert [reply.answers[position].outcome for position in range(3)] == [
        Outcome.UNKNOWN,
        Outcome.MISS,
        Outcome.UNKNOWN,
    ]
