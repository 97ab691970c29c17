"""Hunter, by its documents: hits, misses, and statuses that mean something else than elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Response, Ticket
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.hunter import Hunter
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

HUNTER = Hunter()
EMAIL = frozenset({Field.EMAIL})
ALL = frozenset(Field)
ALEXIS = Query("r1", EMAIL, first_name="Alexis", last_name="Ohanian", domain="reddit.com")
CHECK = Query("r1", EMAIL, email="Patrick@Stripe.com")


def finder(**changes: Any) -> dict[str, Any]:
    data = {
        "first_name": "Alexis", "last_name": "Ohanian", "email": "Alexis@Reddit.com", "score": 97,
        "domain": "reddit.com", "accept_all": False, "position": "Cofounder", "twitter": None,
        "linkedin_url": "https://www.linkedin.com/in/alexisohanian", "phone_number": "+1 650 253 0000",
        "company": "Reddit", "sources": [], "verification": {"date": "2026-06-14", "status": "valid"},
    }  # fmt: skip
    return {"data": data | changes, "meta": {"params": {}}}


def problem(ident: str, code: int, details: str = "") -> dict[str, Any]:
    return {"errors": [{"id": ident, "code": code, "details": details}]}


@pytest.mark.parametrize(
    ("query", "params"),
    [
        (ALEXIS, {"domain": "reddit.com", "first_name": "Alexis", "last_name": "Ohanian"}),
        (
            Query("r", EMAIL, full_name="A Ohanian", company="Reddit", email="known@reddit.com"),
            {"company": "Reddit", "full_name": "A Ohanian"},
        ),
        (
            Query("r", EMAIL, full_name="A Ohanian", linkedin="alexisohanian"),
            {"linkedin_handle": "alexisohanian", "full_name": "A Ohanian"},
        ),
    ],
)
def test_the_finder_is_asked_by_the_surest_employer_known(account: Open, key: str, query: Any, params: Any) -> None:
    request = HUNTER.ask("find", [query], account("hunter"))
    assert (request.method, request.url) == ("GET", "https://api.hunter.io/v2/email-finder")
    assert request.params == params
    assert request.json is None
    assert request.family == "search"
    assert request.headers["X-API-KEY"] == key
    assert key not in repr(request)


def test_verifier_and_person_have_their_own_paths(account: Open) -> None:
    check = HUNTER.ask("verify", [CHECK], account("hunter"))
    assert (check.url, check.family) == ("https://api.hunter.io/v2/email-verifier", "verifier")
    assert check.params == {"email": "Patrick@Stripe.com"}
    person = HUNTER.ask("person", [Query("r", ALL, linkedin="https://linkedin.com/in/PatrickC/")], account("hunter"))
    assert (person.url, person.params) == ("https://api.hunter.io/v2/people/find", {"linkedin_handle": "patrickc"})


@pytest.mark.parametrize("queries", [[], [ALEXIS, ALEXIS], [Query("r", EMAIL, first_name="Al")]])
def test_a_request_that_hunter_would_refuse_is_not_built(account: Open, queries: Any) -> None:
    with pytest.raises(BadRequest):
        HUNTER.ask("find", queries, account("hunter"))


def test_a_found_address_costs_a_credit_and_brings_only_what_was_wanted(respond: Respond) -> None:
    answer = HUNTER.read("find", [ALEXIS], respond(200, finder())).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.HIT, 1000)
    (found,) = answer.findings
    assert (found.field, found.value, found.status) == (Field.EMAIL, "alexis@reddit.com", "valid")
    assert (found.reported, found.detail) == (0.97, {"name": "Alexis Ohanian"})


def test_other_wanted_fields_come_along(respond: Respond) -> None:
    wide = Query("r1", ALL, full_name="Alexis Ohanian", domain="reddit.com")
    found = {each.field: each.value for each in HUNTER.read("find", [wide], respond(200, finder())).answers[0].findings}
    assert found == {
        Field.EMAIL: "alexis@reddit.com",
        Field.TITLE: "Cofounder",
        Field.COMPANY: "Reddit",
        Field.DOMAIN: "reddit.com",
        Field.LINKEDIN: "alexisohanian",
        Field.PHONE: "+16502530000",
    }


@pytest.mark.parametrize("extra", sorted(HUNTER.declaration.operation("find").extras))
def test_what_comes_for_free_comes_only_if_wanted(respond: Respond, extra: Any) -> None:
    query = Query("r1", EMAIL | {extra}, full_name="Alexis Ohanian", domain="reddit.com")
    answer = HUNTER.read("find", [query], respond(200, finder())).answers[0]
    assert [each.field for each in answer.findings] == [Field.EMAIL, extra]
    assert answer.units == 1000


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"verification": {"date": None, "status": None}, "accept_all": True}, "accept_all"),
        ({"verification": {"status": "accept_all"}}, "accept_all"),
        ({"verification": None}, "unknown"),
    ],
)
def test_the_class_of_a_found_address(respond: Respond, changes: Any, status: Any) -> None:
    assert HUNTER.read("find", [ALEXIS], respond(200, finder(**changes))).answers[0].findings[0].status == status


@pytest.mark.parametrize("email", [None, "", "  ", "not an address", "a@b@c.com"])
def test_no_address_is_a_miss_that_cost_nothing(respond: Respond, email: Any) -> None:
    answer = HUNTER.read("find", [ALEXIS], respond(200, finder(email=email))).answers[0]
    assert (answer.outcome, answer.units, answer.findings) == (Outcome.MISS, 0, ())
    assert answer.reason


@pytest.mark.parametrize(
    ("operation", "status", "body", "outcome"),
    [
        ("find", 451, problem("claimed_email", 451), Outcome.FORBIDDEN),
        ("verify", 451, problem("claimed_email", 451), Outcome.FORBIDDEN),
        ("person", 451, problem("claimed_email", 451), Outcome.FORBIDDEN),
        ("person", 404, problem("not_found", 404), Outcome.MISS),
        ("find", 400, problem("wrong_params", 400, "You are missing the domain parameter"), Outcome.REFUSED),
        ("verify", 400, problem("invalid_email", 400), Outcome.REFUSED),
        ("find", 400, b"<html>", Outcome.REFUSED),
    ],
)
def test_refusals_that_are_answers(respond: Respond, operation: Any, status: Any, body: Any, outcome: Any) -> None:
    query = ALEXIS if operation == "find" else CHECK
    answer = HUNTER.read(operation, [query], respond(status, body)).answers[0]
    assert (answer.outcome, answer.units) == (outcome, 0)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, problem("authentication_failed", 401), StopVendor),
        (403, problem("too_many_requests", 403), TryLater),  # 403 is the rate limit here
        (429, problem("usage_limit_reached", 429), StopVendor),  # and 429 the end of the credits
        (222, b"", TryLater),
        (500, b"oops", TryLater),
        (502, b"", TryLater),
        (404, problem("not_found", 404), BadRequest),
        (422, problem("invalid", 422), BadRequest),
        (302, b"", BadRequest),
        (204, b"", OutcomeUnknown),
        (200, b"", OutcomeUnknown),
        (200, b"<html>login</html>", OutcomeUnknown),
        (200, b'{"data": {"email": "a@b.co', OutcomeUnknown),
        (200, [1, 2], OutcomeUnknown),
        (200, {"meta": {}}, OutcomeUnknown),
        (200, {"data": "text"}, OutcomeUnknown),
        (200, {"data": {"email": 7}}, OutcomeUnknown),
        (200, b'{"data": NaN}', OutcomeUnknown),
        (200, b"[" * 100_000, OutcomeUnknown),
    ],
)
def test_answers_that_are_none(respond: Respond, status: Any, body: Any, error: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        HUNTER.read("find", [ALEXIS], respond(status, body))
    assert type(caught.value) is error or (error is OutcomeUnknown and isinstance(caught.value, error))
    assert getattr(caught.value, "throttled", False) is (status == 403)


@pytest.mark.parametrize(
    ("status", "result", "units"),
    [
        ("valid", "deliverable", 500),
        ("invalid", "undeliverable", 500),
        ("accept_all", "risky", 500),
        ("webmail", "risky", 500),
        ("disposable", "risky", 500),
        ("unknown", "unknown", 0),
        ("brand_new", "unknown", 500),
    ],
)
def test_every_class_of_the_verifier_is_a_finding(respond: Respond, status: Any, result: Any, units: Any) -> None:
    body = {"data": {"status": status, "score": 91, "email": "patrick@stripe.com"}, "meta": {}}
    answer = HUNTER.read("verify", [CHECK], respond(200, body)).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.HIT, units)
    (found,) = answer.findings
    assert (found.value, found.status, found.detail["result"]) == ("patrick@stripe.com", status, result)


@pytest.mark.parametrize("data", [{"score": 1}, {"status": "valid", "email": "other@stripe.com"}, {"status": 3}])
def test_a_verification_of_something_else_is_no_answer(respond: Respond, data: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        HUNTER.read("verify", [CHECK], respond(200, {"data": data}))


def test_a_running_verification_is_the_same_request_again(account: Open, respond: Respond) -> None:
    reply = HUNTER.read("verify", [CHECK], respond(202, {"data": {}}))
    assert reply.answers == {}
    assert reply.ticket is not None
    assert HUNTER.poll("verify", reply.ticket, [CHECK], account("hunter")) == HUNTER.ask(
        "verify", [CHECK], account("hunter")
    )
    reply = HUNTER.read_poll("verify", reply.ticket, [CHECK], respond(202, b""))
    assert reply.ticket is not None
    done = HUNTER.read_poll("verify", reply.ticket, [CHECK], respond(200, {"data": {"status": "valid"}}))
    assert done.answers[0].findings[0].status == "valid"
    assert done.ticket is None


def test_no_address_stands_in_a_ticket(respond: Respond) -> None:
    """Tickets are stored where no workspace's rows are."""
    reply = HUNTER.read("verify", [CHECK], respond(202, {"data": {"email": CHECK.email, "status": "unknown"}}))
    assert reply.ticket is not None
    assert str(CHECK.email) not in str(reply.ticket.state)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_enrichment_that_broke_off_is_not_repeated(respond: Respond, status: int) -> None:
    """Only of finder and verifier does the vendor say that a repetition is free."""
    with pytest.raises(OutcomeUnknown):
        HUNTER.read("person", [CHECK], respond(status, b""))


def test_a_verification_that_never_ends_is_given_up(respond: Respond) -> None:
    ticket = Ticket({"email": "a@b.co", "waited": 600}, 5.0)
    with pytest.raises(OutcomeUnknown, match="10 minutes"):
        HUNTER.read_poll("verify", ticket, [CHECK], respond(202, b""))


def test_a_garbled_poll_is_read_again_and_then_given_up(respond: Respond) -> None:
    ticket = Ticket({"email": "a@b.co"}, 5.0)
    for _ in range(5):
        following = HUNTER.read_poll("verify", ticket, [CHECK], respond(200, b"{")).ticket
        assert following is not None
        ticket = following
    with pytest.raises(OutcomeUnknown):
        HUNTER.read_poll("verify", ticket, [CHECK], respond(200, b"{"))


def test_a_person(respond: Respond) -> None:
    body = {
        "data": {
            "id": "1", "name": {"fullName": "Matt Tharp", "givenName": "Matt", "familyName": "Tharp"},
            "email": "matt@hunter.io", "location": "Marietta, US", "geo": {"country": "United States",
            "countryCode": "US"}, "employment": {"domain": "hunter.io", "name": "Hunter", "title": "CEO"},
            "linkedin": {"handle": "matttharp"}, "phone": None,
        },
        "meta": {"email": "matt@hunter.io"},
    }  # fmt: skip
    answer = HUNTER.read("person", [Query("r", ALL, email="matt@hunter.io")], respond(200, body)).answers[0]
    assert {each.field: each.value for each in answer.findings} == {
        Field.TITLE: "CEO",
        Field.COMPANY: "Hunter",
        Field.DOMAIN: "hunter.io",
        Field.LINKEDIN: "matttharp",
        Field.COUNTRY: "US",
    }
    assert answer.units == 1000


def test_nobody_is_a_miss_that_cost_nothing(respond: Respond) -> None:
    answer = HUNTER.read("person", [Query("r", ALL, email="x@y.co")], respond(200, {"data": None})).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.MISS, 0)


def test_a_person_of_whom_nothing_wanted_is_known_was_charged_all_the_same(respond: Respond) -> None:
    body = {"data": {"name": {"fullName": "X"}, "employment": None}}
    answer = HUNTER.read("person", [Query("r", ALL, email="x@y.co")], respond(200, body)).answers[0]
    assert (answer.outcome, answer.units) == (Outcome.MISS, 1000)
