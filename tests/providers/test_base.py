"""The contract's own small rules."""

from headwater.providers.base import Account, Charge, Operation, Request
from headwater.records import Field


def test_requests_and_accounts_do_not_show_what_they_carry() -> None:
    request = Request("POST", "https://x.example", "f", {"key": "s3cret"}, {"name": "Ada"}, {"name": "Ada"})
    assert "Ada" not in repr(request)
    assert "s3cret" not in repr(request)
    assert "x.example" in repr(request)
    account = Account("apollo", "https://x.example", "s3cret", {"webhook_url": "https://hooks.example/t0ken"})
    assert "s3cret" not in repr(account)
    assert "t0ken" not in repr(account)


def test_an_operation_is_offered_where_the_account_has_what_it_requires() -> None:
    def operation(*requires: str) -> Operation:
        return Operation("o", frozenset({Field.PHONE}), (), 1, Charge(1), 0.5, requires=requires)

    assert operation().offered({})
    assert operation("a", "b").offered({"a": "1", "b": "2", "c": "3"})
    assert not operation("a", "b").offered({"a": "1"})
    assert not operation("a").offered({"a": ""})
