"""Grouping keeps the order of things."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.kit.group import grouped


@given(st.lists(st.integers(-20, 20)))
def test_everything_is_kept_once_in_order(things: list[int]) -> None:
    groups = grouped(things, lambda thing: thing % 3)
    assert list(groups) == list(dict.fromkeys(thing % 3 for thing in things))
    for key, members in groups.items():
        assert members == [thing for thing in things if thing % 3 == key]


def test_an_unknown_key_is_an_error() -> None:
    assert 1 not in grouped([2], lambda thing: thing)
