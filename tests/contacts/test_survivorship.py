"""Which value a contact shows: what a person typed unless it is proven wrong, and the same choice in any order."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.contacts import TYPED, Judged, Knowledge, Known, pick
from headwater.records import Field, Status

START = datetime(2026, 1, 1, tzinfo=UTC)
VALUES = ("a@acme.test", "b@acme.test", "c@acme.test")
SOURCES = ("file", "user", "hunter", "apollo", "pattern", "cache:hunter")

moments = st.integers(0, 5).map(lambda days: START + timedelta(days=days))
observed = st.lists(
    st.builds(
        Known,
        field=st.just(Field.EMAIL),
        value=st.sampled_from(VALUES),
        source=st.sampled_from(SOURCES),
        confidence=st.sampled_from([0.1, 0.5, 0.5, 0.95]),
        observed_at=moments,
        id=st.integers(1, 9),
        price=st.integers(0, 2),
    ),
    max_size=6,
    unique_by=lambda known: known.id,
)
judged = st.lists(
    st.builds(
        Judged,
        field=st.just(Field.EMAIL),
        value=st.sampled_from(VALUES),
        source=st.sampled_from(["headwater", "hunter.verify", "apollo.verify"]),
        status=st.sampled_from(list(Status)),
        sub_status=st.just("s"),
        score=st.integers(0, 1),
        level=st.just("mx"),
        checked_at=moments,
    ),
    max_size=5,
)


def known(value: str, source: str = "hunter", confidence: float = 0.5, days: int = 0) -> Known:
    return Known(Field.EMAIL, value, source, confidence, START + timedelta(days=days))


def verdict(value: str, status: Status, source: str = "headwater", days: int = 0) -> Judged:
    return Judged(Field.EMAIL, value, source, status, "s", 0, "mx", START + timedelta(days=days))


def choice(*observations: Known, verdicts: tuple[Judged, ...] = ()) -> str | None:
    found = pick(Field.EMAIL, Knowledge(observations, verdicts))
    return found.value if found else None


@given(observed, judged, st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_does_not_matter(
    observations: list[Known], verdicts: list[Judged], shuffled: Random
) -> None:
    one = Knowledge(tuple(observations), tuple(verdicts))
    shuffled.shuffle(observations)
    shuffled.shuffle(verdicts)
    other = Knowledge(tuple(observations), tuple(verdicts))
    assert pick(Field.EMAIL, one) == pick(Field.EMAIL, other)
    for value in VALUES:
        assert one.verdict(Field.EMAIL, value) == other.verdict(Field.EMAIL, value)


@given(observed, judged)
def test_what_was_typed_wins_unless_it_is_proven_wrong(observations: list[Known], verdicts: list[Judged]) -> None:
    knowledge = Knowledge(tuple(observations), tuple(verdicts))
    found = pick(Field.EMAIL, knowledge)
    if found is None:
        assert observations == []
        return
    dead = {value for value in VALUES if (said := knowledge.verdict(Field.EMAIL, value)) and said.status == "invalid"}
    typed = {each.value for each in observations if each.source in TYPED} - dead
    living = {each.value for each in observations} - dead
    if typed:
        assert found.value in typed
        assert found.source in TYPED
    elif living:
        assert found.value in living


@given(observed, judged, st.dictionaries(st.sampled_from(VALUES), st.floats(0, 1)))
def test_what_is_shown_was_observed(
    observations: list[Known], verdicts: list[Judged], chances: dict[str, float]
) -> None:
    found = pick(Field.EMAIL, Knowledge(tuple(observations), tuple(verdicts)), chances)
    assert (found in observations) if observations else (found is None)


def test_nothing_known_shows_nothing() -> None:
    assert pick(Field.EMAIL, Knowledge()) is None


def test_other_fields_do_not_meddle() -> None:
    phone = Known(Field.PHONE, "+12025550123", "file", 1.0, START)
    assert pick(Field.EMAIL, Knowledge((phone,))) is None
    wrong = Judged(Field.PHONE, "a@acme.test", "headwater", Status.INVALID, "s", 0, "mx", START)
    assert (
        choice(known("a@acme.test", "file"), known("b@acme.test", confidence=0.9), verdicts=(wrong,)) == "a@acme.test"
    )


@pytest.mark.parametrize("source", sorted(TYPED))
def test_a_typed_value_beats_a_surer_and_newer_one(source: str) -> None:
    assert choice(known("a@acme.test", source, 0.1), known("b@acme.test", confidence=0.99, days=9)) == "a@acme.test"


def test_a_typed_value_that_is_proven_wrong_makes_way() -> None:
    found = choice(
        known("a@acme.test", "file", 0.95), known("b@acme.test", confidence=0.3),
        verdicts=(verdict("a@acme.test", Status.INVALID),),
    )  # fmt: skip
    assert found == "b@acme.test"


def test_a_proven_wrong_value_is_shown_only_where_there_is_no_other() -> None:
    assert choice(known("a@acme.test", "file"), verdicts=(verdict("a@acme.test", Status.INVALID),)) == "a@acme.test"


def test_of_equals_the_newest_is_shown() -> None:
    assert choice(known("a@acme.test", days=1), known("b@acme.test", days=2)) == "b@acme.test"


def test_a_verified_value_beats_one_that_nobody_could_tell() -> None:
    found = choice(
        known("a@acme.test", confidence=0.6), known("b@acme.test", confidence=0.5),
        verdicts=(verdict("b@acme.test", Status.VALID, "hunter.verify"),),
    )  # fmt: skip
    assert found == "b@acme.test"


def test_the_combined_chances_count_before_the_verdict_that_is_part_of_them() -> None:
    """The planner stops at the likeliest value: what is shown must not be another one."""
    knowledge = Knowledge(
        (known("a@acme.test"), known("b@acme.test")), (verdict("b@acme.test", Status.VALID, "hunter.verify"),)
    )
    found = pick(Field.EMAIL, knowledge, {"a@acme.test": 0.96, "b@acme.test": 0.03})
    assert found is not None
    assert found.value == "a@acme.test"


class TestTheVerdictThatCounts:
    def of(self, *verdicts: Judged) -> Judged | None:
        return Knowledge(verdicts=verdicts).verdict(Field.EMAIL, "a@acme.test")

    def test_none_without_any(self) -> None:
        assert self.of(verdict("b@acme.test", Status.VALID)) is None

    def test_the_newest_of_those_that_reached_the_mailbox(self) -> None:
        old = verdict("a@acme.test", Status.VALID, "hunter.verify", 1)
        new = verdict("a@acme.test", Status.INVALID, "apollo.verify", 2)
        assert self.of(old, new) == new

    def test_unknown_tells_nothing_however_new(self) -> None:
        old = verdict("a@acme.test", Status.INVALID, "hunter.verify", 1)
        assert self.of(old, verdict("a@acme.test", Status.UNKNOWN, "headwater", 2)) == old

    def test_what_reached_the_mailbox_outweighs_what_did_not(self) -> None:
        """A later look at the domain alone (a file imported again) does not undo what a verifier found."""
        old = verdict("a@acme.test", Status.VALID, "hunter.verify", 1)
        assert self.of(old, verdict("a@acme.test", Status.RISKY, "headwater", 2)) == old

    def test_a_domain_that_has_died_since_is_proof(self) -> None:
        new = verdict("a@acme.test", Status.INVALID, "headwater", 2)
        assert self.of(verdict("a@acme.test", Status.VALID, "hunter.verify", 1), new) == new

    def test_a_mailbox_that_answers_again_is_newer_proof(self) -> None:
        new = verdict("a@acme.test", Status.VALID, "hunter.verify", 2)
        assert self.of(verdict("a@acme.test", Status.INVALID, "headwater", 1), new) == new
