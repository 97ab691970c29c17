"""What the verifiers share: each address once, its price once, and answers whatever their order."""

import pytest

from headwater.providers import mailbox
from headwater.providers.base import Answer, Outcome, Query
from headwater.providers.errors import BadRequest
from headwater.providers.mailbox import Word
from headwater.records import Field

EMAIL = frozenset({Field.EMAIL})


def query(number: int, email: str | None) -> Query:
    return Query(f"r{number}", EMAIL, email=email)


MANY = [
    query(number, email)
    for number, email in enumerate(["Ada@x.org", "bob@x.org", "ada@x.org ", 'no"@x.org\nmallory@x.org', None])
]


def test_an_address_is_sent_once_and_what_is_none_is_not_sent() -> None:
    assert mailbox.places(MANY) == {"ada@x.org": [0, 2], "bob@x.org": [1]}
    assert mailbox.sendable(MANY, "V") == ["ada@x.org", "bob@x.org"]
    assert {place: each.outcome for place, each in mailbox.unsendable(MANY).items()} == {
        3: Outcome.REFUSED,
        4: Outcome.REFUSED,
    }
    with pytest.raises(BadRequest, match="no e-mail address"):
        mailbox.sendable(MANY[3:], "V")


def test_answers_find_their_records_and_the_first_bears_the_price() -> None:
    found = [(name, mailbox.verdict(name.lower(), Word.VALID, 1000)) for name in ("BOB@x.org", "Ada@X.org")]
    stray = [("eve@x.org", found[0][1]), (None, found[0][1]), ("bob@x.org", None)]
    answers, seen = mailbox.spread(MANY, [*stray, *found, ("bob@x.org", Answer(Outcome.UNKNOWN))])
    assert {place: each.units for place, each in answers.items()} == {0: 1000, 1: 1000, 2: 0}
    assert {each.outcome for each in answers.values()} == {Outcome.HIT}
    assert mailbox.unanswered(MANY, seen, mailbox.lost("V")) == {}
    again, _ = mailbox.spread(MANY, found, mailbox.bits(f"{seen:x}"))
    assert again == {}
    assert set(mailbox.unanswered(MANY, 0b10, mailbox.lost("V"))) == {0, 2}
    assert mailbox.bits("zz") == mailbox.bits(None) == 0


@pytest.mark.parametrize(
    ("said", "stops"),
    [
        ("Invalid API key or your account ran out of credits", True),
        ("error_credit", True),
        ("key_not_valid", True),
        ("api_key is invalid", True),
        ("Insufficient balance", True),
        ("Please add a default payment method", True),
        ("monkey business", False),
        ("The email is missing", False),
        (None, False),
        (["key"], False),
    ],
)
def test_what_is_about_the_account(said: object, stops: bool) -> None:
    error = mailbox.trouble_of_account("V", said)  # type: ignore[arg-type]
    assert (error is not None) is stops
