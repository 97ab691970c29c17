"""Dropcontact, by its documents: submit, wait, and records in which only what is known is present."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Answer, Outcome, Query, Reply, Response, Ticket
from headwater.providers.dropcontact import Dropcontact
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

DROP = Dropcontact()
EMAIL = frozenset({Field.EMAIL})
ALL = frozenset(Field)
PENDING = {"error": False, "success": False, "reason": "Request not ready yet, try again in 30 seconds"}


def query(number: int = 0, want: frozenset[Field] = EMAIL, **known: str) -> Query:
    return Query(f"r{number}", want, **(known or {"first_name": "Denis", "last_name": "Dupont", "company": "Acme"}))


def asked(count: int) -> list[Query]:
    return [query(number) for number in range(count)]


def record(number: int | None, *emails: tuple[str, str], **more: Any) -> dict[str, Any]:
    custom = {} if number is None else {"custom_fields": {"reference": f"r{number}"}}
    listed = [{"email": address, "qualification": kind} for address, kind in emails]
    return {"first_name": "Denis", **custom, **({"email": listed} if emails else {}), **more}


def ready(*records: Any) -> dict[str, Any]:
    return {"success": True, "error": False, "data": list(records), "credits_left": 41}


def ticket(respond: Respond, queries: list[Query]) -> Ticket:
    accepted = {"credits_left": 42, "request_id": "asdfghjkl", "error": False, "success": True}
    reply = DROP.read("enrich", queries, respond(200, accepted))
    assert reply.ticket is not None
    assert reply.ticket.after == 30.0
    return Ticket(json.loads(json.dumps(dict(reply.ticket.state))), 0.0)


def fetch(respond: Respond, queries: list[Query], body: Any) -> Reply:
    # as the engine does: a poll knows the references and what is wanted, not the inputs
    bare = [Query(each.reference, each.want) for each in queries]
    return DROP.read_poll("enrich", ticket(respond, queries), bare, respond(200, body))


def outcomes(reply: Reply, count: int) -> list[Outcome]:
    return [reply.answers[position].outcome for position in range(count)]


# --- asking


def test_what_is_sent(account: Open, key: str) -> None:
    full = query(1, linkedin="denis.dupont", full_name="Denis Dupont", domain="acme.fr", email="d@acme.fr")
    request = DROP.ask("enrich", [query(0), full], account("dropcontact"))
    assert (request.method, request.url) == ("POST", "https://api.dropcontact.com/v1/enrich/all")
    assert request.json == {
        "data": [
            {"first_name": "Denis", "last_name": "Dupont", "company": "Acme", "custom_fields": {"reference": "r0"}},
            {
                "full_name": "Denis Dupont",
                "website": "acme.fr",
                "linkedin": "https://www.linkedin.com/in/denis.dupont",
                "custom_fields": {"reference": "r1"},
            },
        ],
        "siren": False,
        "language": "en",
    }
    assert request.headers["X-Access-Token"] == key
    assert key not in repr(request)


def test_a_known_address_is_sent_only_if_nothing_else_says_who_is_meant(account: Open) -> None:
    known = query(0, email="d@acme.fr")
    assert DROP.ask("enrich", [known], account("dropcontact")).json["data"][0]["email"] == "d@acme.fr"  # type: ignore[index, call-overload]
    named = query(0, first_name="Denis", last_name="Dupont", company="Acme", email="d@acme.fr")
    assert "email" not in DROP.ask("enrich", [named], account("dropcontact")).json["data"][0]  # type: ignore[index, call-overload, operator]


@pytest.mark.parametrize("queries", [[], asked(251), [query(0, first_name="Denis")]])
def test_a_request_that_would_be_refused_is_not_built(account: Open, queries: Any) -> None:
    with pytest.raises(BadRequest):
        DROP.ask("enrich", queries, account("dropcontact"))


def test_a_record_that_is_too_large_is_refused_and_the_others_are_sent(account: Open, respond: Respond) -> None:
    big = query(1, first_name="Denis", last_name="D", company="é" * 7600)
    queries = [query(0), big, query(2)]
    request = DROP.ask("enrich", queries, account("dropcontact"))
    assert len(request.json["data"]) == 2  # type: ignore[index, arg-type, call-overload]
    accepted = {"request_id": "abc", "error": False, "success": True}
    first = DROP.read("enrich", queries, respond(200, accepted))
    assert {position: answer.outcome for position, answer in first.answers.items()} == {1: Outcome.REFUSED}
    reply = fetch(respond, queries, ready(record(None, ("a@b.co", "nominative@pro")), record(None)))
    assert {position: answer.outcome for position, answer in reply.answers.items()} == {0: Outcome.HIT, 2: Outcome.MISS}
    with pytest.raises(BadRequest):
        DROP.ask("enrich", [big], account("dropcontact"))


# --- submitting


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": True, "reason": "Invalid token", "success": False}, StopVendor),
        (403, {"error": True, "reason": "not enough credits", "success": False}, StopVendor),
        (429, {"error": True, "success": False, "reason": "slow"}, TryLater),
        (503, b"", TryLater),
        (500, {"detail": "Internal"}, OutcomeUnknown),
        (400, {"error": True, "reason": "Too many records, you can only submit up to 250 records"}, BadRequest),
        (404, {"detail": "Not found"}, BadRequest),
        (422, {"detail": "Unprocessable"}, BadRequest),
        (200, {"error": True, "reason": "Missing data in JSON", "success": False}, BadRequest),
        (200, {"error": True, "reason": "You have no credits left", "success": False}, StopVendor),
        (200, b"", OutcomeUnknown),
        (200, b'{"request_id": "abc', OutcomeUnknown),
        (200, {"success": True, "error": False}, OutcomeUnknown),
        (200, {"success": True, "error": False, "request_id": 7}, OutcomeUnknown),
        (200, {"success": True, "error": False, "request_id": "../x"}, OutcomeUnknown),
        (200, {}, OutcomeUnknown),
    ],
)
def test_submissions_that_are_not_accepted(respond: Respond, status: Any, body: Any, error: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        DROP.read("enrich", asked(2), respond(status, body))
    assert isinstance(caught.value, error)
    assert getattr(caught.value, "throttled", False) is (status == 429)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": True, "reason": "Data size is too big"}),
        (422, {"detail": "x"}),
        (200, {"error": True, "reason": "y"}),
    ],
)
def test_refused_input_is_the_answer_of_one(respond: Respond, status: Any, body: Any) -> None:
    assert outcomes(DROP.read("enrich", asked(1), respond(status, body)), 1) == [Outcome.REFUSED]


# --- fetching


def test_the_result_is_fetched_by_its_id(account: Open, respond: Respond) -> None:
    request = DROP.poll("enrich", ticket(respond, asked(1)), asked(1), account("dropcontact"))
    assert (request.method, request.url) == ("GET", "https://api.dropcontact.com/v1/enrich/all/asdfghjkl")


@pytest.mark.parametrize(
    ("reason", "after"), [(PENDING["reason"], 30.0), ("try again in 90 seconds", 90.0), ("soon", 30.0)]
)
def test_not_ready_waits_as_advised(respond: Respond, reason: Any, after: Any) -> None:
    reply = fetch(respond, asked(2), PENDING | {"reason": reason})
    assert reply.answers == {}
    assert reply.ticket is not None
    assert reply.ticket.after == after


def test_not_ready_for_hours_is_given_up(respond: Respond) -> None:
    known = ticket(respond, asked(1))
    for _ in range(719):
        waiting = DROP.read_poll("enrich", known, asked(1), respond(200, PENDING)).ticket
        assert waiting is not None
        known = waiting
    DROP.read_poll("enrich", known, asked(1), respond(200, PENDING))
    known = Ticket({**known.state, "waited": 21_600}, 30.0)
    with pytest.raises(OutcomeUnknown, match="360 minutes"):
        DROP.read_poll("enrich", known, asked(1), respond(200, PENDING))


def test_records_in_the_order_sent(respond: Respond) -> None:
    reply = fetch(respond, asked(2), ready(record(None), record(None, ("Denis@Acme.fr", "nominative@pro"))))
    assert outcomes(reply, 2) == [Outcome.MISS, Outcome.HIT]
    assert [reply.answers[position].units for position in range(2)] == [0, 1000]
    assert reply.answers[1].findings[0].value == "denis@acme.fr"
    assert reply.ticket is None


def test_our_reference_wins_over_the_order(respond: Respond) -> None:
    reply = fetch(respond, asked(3), ready(record(2, ("a@b.co", "nominative@pro")), record(0)))
    assert outcomes(reply, 3) == [Outcome.MISS, Outcome.UNKNOWN, Outcome.HIT]


def test_a_record_twice_null_and_of_somebody_else(respond: Respond) -> None:
    body = ready(record(0), record(0, ("x@y.co", "nominative@pro")), record(9, ("z@y.co", "nominative@pro")))
    assert outcomes(fetch(respond, asked(3), body), 3) == [Outcome.MISS, Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert outcomes(fetch(respond, asked(2), ready(None, "text")), 2) == [Outcome.UNKNOWN, Outcome.UNKNOWN]


def test_a_wrong_count_without_references_can_not_be_placed(respond: Respond) -> None:
    known = ticket(respond, asked(3))
    for _ in range(5):
        known = DROP.read_poll("enrich", known, asked(3), respond(200, ready(record(None), record(None)))).ticket  # type: ignore[assignment]
    with pytest.raises(OutcomeUnknown):
        DROP.read_poll("enrich", known, asked(3), respond(200, ready(record(None), record(None))))


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("nominative@pro", "nominative@pro"),
        ("nominatif@pro", "nominative@pro"),
        ("Catch-All@pro", "catch_all@pro"),
        ("catch-all@perso", "catch_all@perso"),
        ("générique@pro", "generic@pro"),
        ("generic@school", "generic@school"),
    ],
)
def test_qualifications_in_both_languages(respond: Respond, said: Any, status: Any) -> None:
    answer = fetch(respond, asked(1), ready(record(0, ("a@b.co", said)))).answers[0]
    assert (answer.findings[0].status, answer.units) == (status, 1000)


@pytest.mark.parametrize(
    "said",
    ["invalid@pro", "invalide@pro", "non_validé@pro", "non_validated@pro", "random@pro", "nominative@disposable",
     "nominatif@jetable", "nominative@invalid domain", "nominatif@domaine invalide"],
)  # fmt: skip
def test_addresses_that_can_not_be_used(respond: Respond, said: Any) -> None:
    answer = fetch(respond, asked(1), ready(record(0, ("a@b.co", said)))).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.MISS, 0)


@pytest.mark.parametrize("said", ["do_not_contact@pro", "Do_Not_Contact@pro", "Ne_Pas_Contacter@pro"])
def test_who_is_not_to_be_contacted_is_left_alone(respond: Respond, said: Any) -> None:
    body = ready(record(0, ("a@b.co", said), ("c@b.co", "nominative@pro")))
    answer = fetch(respond, asked(1), body).answers[0]
    assert (answer.outcome, answer.findings) == (Outcome.FORBIDDEN, ())


def test_the_best_address_is_chosen(respond: Respond) -> None:
    body = ready(record(0, ("info@b.co", "generic@pro"), ("d@b.co", "catch-all@pro"), ("denis@b.co", "nominative@pro")))
    assert fetch(respond, asked(1), body).answers[0].findings[0].value == "denis@b.co"


def test_a_record_sent_with_its_address_is_charged_in_any_case(respond: Respond) -> None:
    answer = fetch(respond, [query(0, ALL, email="d@acme.fr")], ready(record(0))).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.MISS, 1000)


def test_other_wanted_fields(respond: Respond) -> None:
    body = ready(
        record(0, ("denis@acme.fr", "nominative@pro"), job="Head", company="Acme", website="www.acme.fr",
               linkedin="https://fr.linkedin.com/in/denis.dupont", country="FR", phone="+33 1 88 81 39 76",
               mobile_phone="06 12 34 56 78")
    )  # fmt: skip
    answer = fetch(respond, [query(0, ALL)], body).answers[0]
    assert {each.field: (each.value, each.status) for each in answer.findings} == {
        Field.EMAIL: ("denis@acme.fr", "nominative@pro"),
        Field.PHONE: ("+33612345678", "mobile"),
        Field.TITLE: ("Head", None),
        Field.COMPANY: ("Acme", None),
        Field.DOMAIN: ("acme.fr", None),
        Field.LINKEDIN: ("denis.dupont", None),
        Field.COUNTRY: ("FR", None),
    }
    only: Answer = fetch(respond, [query(0, frozenset({Field.TITLE}))], body).answers[0]
    assert [each.field for each in only.findings] == [Field.TITLE]
    assert only.units == 1000  # the address was found and is charged, wanted or not


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, {"detail": "x"}, TryLater),
        (429, {"reason": "x"}, TryLater),
        (401, {}, StopVendor),
        (404, {"detail": "Not found"}, OutcomeUnknown),
        (200, {"error": True, "success": False, "reason": "Unknown request"}, OutcomeUnknown),
    ],
)
def test_fetches_that_fail(respond: Respond, status: Any, body: Any, error: Any) -> None:
    with pytest.raises(error) as caught:
        DROP.read_poll("enrich", ticket(respond, asked(1)), asked(1), respond(status, body))
    assert caught.value.charged is (error is not TryLater)


@pytest.mark.parametrize("body", [b"", b"{", [], {}, {"success": True}, {"success": True, "data": {}}])
def test_a_garbled_fetch_is_repeated(respond: Respond, body: Any) -> None:
    reply = DROP.read_poll("enrich", ticket(respond, asked(1)), asked(1), respond(200, body))
    assert reply.answers == {}
    assert reply.ticket is not None
