"""How sure a value is: raised by agreement, lowered by rivals, always a probability."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.enrichment.confidence import VERIFIER_ODDS, Evidence, combine

values = st.sampled_from(["a@acme.test", "b@acme.test", "c@acme.test"])
sources = st.sampled_from(["hunter", "apollo", "file", "pattern"])
chances = st.floats(0, 1)
words = st.lists(st.builds(Evidence, values, sources, chances), max_size=6)
classes = st.dictionaries(values, st.lists(st.sampled_from(["", "other", *VERIFIER_ODDS]), max_size=3))


def one(value: str, source: str, probability: float) -> Evidence:
    return Evidence(value, source, probability)


@given(words, classes)
def test_every_chance_is_one_and_together_they_leave_room_for_none(
    evidence: list[Evidence], verifiers: dict[str, list[str]]
) -> None:
    found = combine(evidence, verifiers)
    assert set(found) == {word.value for word in evidence}
    assert all(0 < chance <= 0.995 for chance in found.values())
    assert sum(found.values()) <= 1


@given(words, classes)
def test_order_and_repetition_do_not_matter(evidence: list[Evidence], verifiers: dict[str, list[str]]) -> None:
    expected = combine(evidence, verifiers)
    doubled = {value: [*said, *said][::-1] for value, said in verifiers.items()}
    found = combine([*evidence, *evidence][::-1], doubled)
    assert found == pytest.approx(expected)


@given(st.floats(0.001, 0.995))
def test_one_word_alone_is_believed_as_its_class(probability: float) -> None:
    assert combine([one("a", "hunter", probability)], {})["a"] == pytest.approx(probability)


@given(st.floats(0.01, 0.98), st.floats(0.51, 0.98))
def test_agreement_raises(first: float, second: float) -> None:
    alone = combine([one("a", "hunter", first)], {})["a"]
    assert combine([one("a", "hunter", first), one("a", "apollo", second)], {})["a"] > alone


def test_agreement_of_a_weak_source_does_not_lower() -> None:
    alone = combine([one("a", "hunter", 0.9)], {})["a"]
    assert combine([one("a", "hunter", 0.9), one("a", "apollo", 0.3)], {})["a"] >= alone


@given(st.floats(0.01, 0.98), st.floats(0.01, 0.98))
def test_disagreement_lowers(first: float, second: float) -> None:
    alone = combine([one("a", "hunter", first)], {})["a"]
    assert combine([one("a", "hunter", first), one("b", "apollo", second)], {})["a"] < alone


def test_a_source_that_repeats_itself_is_not_two() -> None:
    twice = combine([one("a", "hunter", 0.6), one("a", "hunter", 0.7)], {})
    assert twice["a"] == pytest.approx(0.7)


@given(st.floats(0.05, 0.95))
def test_a_verifiers_word_counts(probability: float) -> None:
    said = [one("a", "hunter", probability)]
    plain = combine(said, {})["a"]
    assert combine(said, {"a": ["deliverable"]})["a"] > plain
    assert combine(said, {"a": ["undeliverable"]})["a"] < plain
    assert combine(said, {"a": ["risky"]})["a"] < plain
    assert combine(said, {"a": ["accept_all"]})["a"] == pytest.approx(plain)
    assert combine(said, {"b": ["deliverable"]}) == {"a": pytest.approx(plain)}


def test_two_verifiers_who_contradict_each_other_leave_doubt() -> None:
    said = [one("a", "hunter", 0.9)]
    assert 0.1 < combine(said, {"a": ["deliverable", "undeliverable"]})["a"] < 0.9


def test_nothing_said_is_nothing_known() -> None:
    assert combine([], {"a": ["deliverable"]}) == {}
