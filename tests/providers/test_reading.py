"""The small readers that all adapters share."""

from typing import Any

import pytest

from headwater.providers import reading
from headwater.providers.base import Query, Response, Ticket
from headwater.providers.errors import BadRequest, OutcomeUnknown
from headwater.providers.hunter import Hunter
from headwater.records import Field

HUNTER = Hunter()


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ("http://www.linkedin.com/in/Tim-Zheng-677ba010", "tim-zheng-677ba010"),
        ("https://fr.linkedin.com/in/denis.dupont/?x=1", "denis.dupont"),
        ("linkedin.com/in/ada/en", "ada"),
        ("in/ada", "ada"),
        ("ada-l", "ada-l"),
        ("https://www.linkedin.com/company/acme", None),
        ("https://example.com/ada", None),
        ("", None),
        (7, None),
    ],
)
def test_linkedin(given: Any, slug: Any) -> None:
    assert reading.linkedin(given) == slug


@pytest.mark.parametrize(
    ("given", "region", "number"),
    [
        ("+33 1 88 81 39 76", None, "+33188813976"),
        ("0188813976", "FR", "+33188813976"),
        ("0188813976", None, None),
        ("+1 555-555-0164", None, "+15555550164"),
        ("+123", None, None),
        ("call me", "FR", None),
        (None, None, None),
    ],
)
def test_phone(given: Any, region: Any, number: Any) -> None:
    assert reading.phone(given, region) == number


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("http://www.apollo.io/pricing", "apollo.io"),
        ("www.dropcontact.fr", "dropcontact.fr"),
        ("localhost", None),
        ("a b.com", None),
        (None, None),
    ],
)
def test_domain(given: Any, host: Any) -> None:
    assert reading.domain(given) == host


def test_text_is_one_printable_line() -> None:
    assert reading.text(" Head\x00 of\n Sales\u200b ") == "Head of Sales"
    assert reading.text("\ud800") is None
    assert len(reading.text("x" * 10_000) or "") == 500


def test_only_what_is_wanted_is_asked_for() -> None:
    operation = HUNTER.declaration.operation("find")
    known = {"full_name": "Ada Lovelace", "domain": "acme.com"}
    reading.require(operation, [Query("r", frozenset({Field.EMAIL, Field.TITLE}), **known)])
    for want in (frozenset[Field](), frozenset({Field.TITLE})):  # what comes for free is no reason to ask
        with pytest.raises(BadRequest):
            reading.require(operation, [Query("r", want, **known)])


@pytest.mark.parametrize(("given", "seconds"), [("17", 17.0), ("", None), ("-1", None), ("Wed, 21 Oct 2026", None)])
def test_retry_after(given: Any, seconds: Any) -> None:
    assert reading.retry_after(Response(429, {"retry-after": given}, b"")) == seconds


def test_patience_ends() -> None:
    ticket = Ticket({"id": "1"}, 30.0)
    for _ in range(4):
        ticket = reading.again(ticket, 30.0, 120.0, "Somebody")
    with pytest.raises(OutcomeUnknown):
        reading.again(ticket, 30.0, 120.0, "Somebody")


@pytest.mark.parametrize("value", [None, "", "a b", "a/b", "../x", 5, "x" * 300, "id?x=1"])
def test_an_identifier_can_stand_in_an_address(value: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        reading.identifier(value, "An id")


@pytest.mark.parametrize(
    ("given", "told"),
    [(True, True), (False, False), ("True", True), (" false ", False), ("yes", None), (None, None), ({}, None)],
)
def test_truth_values_that_are_written_as_text(given: Any, told: Any) -> None:
    assert reading.truth(given) is told


def test_one_line_of_text() -> None:
    assert reading.line(Response(200, {}, b"\xef\xbb\xbf ok_for_all\r\n")) == "ok_for_all"
    for body in (b"", b"  ", b"two\nlines", b"\xff", b"x" * 501, b"nul\x00"):
        with pytest.raises(reading.Garbled):
            reading.line(Response(200, {}, body))


def test_a_table_under_its_header() -> None:
    body = '\ufeff"Email Address","ZB Sub-Status"\r\n"a,b@x.org","said ""no"""\r\nragged\r\n\r\n'.encode()
    assert reading.table(Response(200, {}, body)) == [{"email_address": "a,b@x.org", "zb_sub_status": 'said "no"'}]
    assert reading.table(Response(200, {}, b"email;result\na@x.org;ok")) == [{"email": "a@x.org", "result": "ok"}]
    for broken in (b"", b"one column\n1", b"a,a\n1,2", b"\xff,b", b'a,b\n"1,2', b'{"success":false}'):
        with pytest.raises(reading.Garbled):
            reading.table(Response(200, {}, broken))
