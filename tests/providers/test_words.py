"""What a vendor says is shown only so far as it can hold neither a key nor a person."""

from typing import Any

import pytest

from headwater.providers.words import quoted, told


@pytest.mark.parametrize(
    "said",
    [
        "Too many records, you can only submit up to 250 records",
        "Data size is too big, you can only submit up to 15 kB of data in a single record",
        "Missing data in JSON",
        "Required parameter 'domain' missing",
        "RECORD_LIMIT_EXCEEDED",
        "cannot enrich more than 10 in a single request",
        "UnpaidSubscriptionError",
        "SearchNotFoundError",
        "wrong_params",
        "invalid_email",
        "domainOrCompany",
        "You are missing the domain parameter",
        "The maximum number of api calls allowed for api/v1/people/match is 600 times per hour.",
        "not accessible with this api_key",
        "not enough credits",
    ],
)
def test_what_the_documents_say_is_shown(said: Any) -> None:
    assert told(said) == said


@pytest.mark.parametrize(
    "secret",
    [
        "k3y-4711-not-to-be-seen", "sk_live_0123456789abcdef", "x" * 40, "deadbeef", "ada@example.com", "Ada", "ada",
        "LOVELACE", "Zoë", "O'Brien", "acme.com", "Acme", "ada-lovelace", "in/ada", "+1 650 253 0000", "0188 81 39 76",
        "(650) 253-0000", "650.253.0000", "6502530000", "10.1.2.3", "https://hooks.example.org/x", "\u202egnirts",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "sentence", ["Invalid value {}.", "{} not found", "no record for '{}' in data", "{}", "name={}", "invalid_{}"]
)
def test_nothing_else_is(secret: Any, sentence: Any) -> None:
    shown = told(sentence.format(secret), None)
    for part in secret.replace("+1 ", "").split():
        assert part.strip("()") not in shown
    assert shown.isprintable()


def test_words_are_joined_shortened_and_dropped_where_nothing_can_be_shown() -> None:
    assert told("invalid_email", None, 7, "not found") == "invalid_email, not found"
    assert told("invalid Ada Lovelace Acme record") == "invalid … record"
    assert told("Ada", "x") == ""
    assert len(told("record " * 1000)) <= 160
    assert quoted("not found") == " (not found)"
    assert quoted("Ada", None) == ""
