"""What goes out: sure enough for the user, or the user's own; and whatever the planner calls sure."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from headwater.contacts import Judged, Knowledge, Known
from headwater.enrichment.planner import Case, Rules, missing
from headwater.jobs.delivery import candidates_of, deliver, unsure
from headwater.records import Contact, Field, Status

AT = datetime(2026, 1, 1, tzinfo=UTC)


def known(value: str, source: str = "hunter", confidence: float = 0.95, field: Field = Field.EMAIL) -> Known:
    return Known(field, value, source, confidence, AT)


def verdict(value: str, status: Status, source: str = "hunter.verify") -> Judged:
    return Judged(Field.EMAIL, value, source, status, "s", 50, "mx", AT)


def email(*observed: Known, verdicts: tuple[Judged, ...] = (), sure: float = 0.9) -> str | None:
    found = deliver(Knowledge(observed, verdicts), [Field.EMAIL], Rules(sure))
    return found[Field.EMAIL].value if found else None


def test_a_sure_value_goes_out_with_its_proof() -> None:
    knowledge = Knowledge((known("ada@acme.test"),), (verdict("ada@acme.test", Status.VALID),))
    found = deliver(knowledge, [Field.EMAIL, Field.PHONE], Rules())[Field.EMAIL]
    assert (found.value, found.source, found.status, found.sub_status) == ("ada@acme.test", "hunter", "valid", "s")
    assert found.confidence > 0.95
    assert found.known == known("ada@acme.test")
    assert unsure(knowledge, Field.EMAIL, Rules()) is None


def test_an_unsure_value_is_kept_back_for_a_person_to_look_at() -> None:
    knowledge = Knowledge((known("ada@acme.test", confidence=0.6),))
    assert deliver(knowledge, [Field.EMAIL], Rules()) == {}
    doubtful = unsure(knowledge, Field.EMAIL, Rules())
    assert doubtful is not None
    assert (doubtful.value, doubtful.status, doubtful.sub_status) == ("ada@acme.test", "unknown", "not_checked")
    assert email(known("ada@acme.test", confidence=0.6), sure=0.5) == "ada@acme.test"


def test_what_the_users_file_said_goes_out_whatever_its_confidence() -> None:
    assert email(known("ada@acme.test", "file", 0.1)) == "ada@acme.test"


def test_a_typed_value_that_is_dead_makes_way_for_a_sure_one() -> None:
    dead = verdict("old@acme.test", Status.INVALID)
    assert (
        email(known("old@acme.test", "file"), known("new@acme.test", confidence=0.97), verdicts=(dead,))
        == "new@acme.test"
    )


def test_nothing_known_is_nothing_delivered() -> None:
    assert candidates_of(Knowledge(), list(Field)) == {}
    assert unsure(Knowledge(), Field.EMAIL, Rules()) is None


values = st.sampled_from(["a@acme.test", "b@acme.test", "c@acme.test"])
observed = st.lists(
    st.builds(
        Known,
        st.sampled_from([Field.EMAIL, Field.PHONE, Field.TITLE]),
        values,
        st.sampled_from(["file", "hunter", "apollo", "cache:hunter", "pattern"]),
        st.floats(0, 1),
        st.integers(0, 3).map(lambda days: AT + timedelta(days=days)),
    ),
    max_size=7,
)
judged = st.lists(st.builds(verdict, values, st.sampled_from([Status.VALID, Status.RISKY, Status.UNKNOWN])), max_size=4)
levels = st.sampled_from([0.0, 0.5, 0.9, 0.99])


@given(observed, judged, levels)
def test_whatever_the_planner_calls_sure_goes_out(words: list[Known], verdicts: list[Judged], sure: float) -> None:
    """Else a job would say "found" and hand out an empty cell."""
    knowledge, rules = Knowledge(tuple(words), tuple(verdicts)), Rules(sure)
    want = frozenset({Field.EMAIL, Field.PHONE, Field.TITLE})
    found = want - missing(Case(Contact(), want, knowledge), rules)
    have = {word.field for word in words}
    assert set(deliver(knowledge, want, rules)) >= found & have


@given(observed, judged, levels)
def test_what_goes_out_is_sure_or_typed_and_was_observed(
    words: list[Known], verdicts: list[Judged], sure: float
) -> None:
    assume(words)
    knowledge, rules = Knowledge(tuple(words), tuple(verdicts)), Rules(sure)
    for field, found in deliver(knowledge, list(Field), rules).items():
        assert found.field is field
        assert found.known in words
        assert found.known.value == found.value
        assert 0 <= found.confidence <= 1
        assert found.source == "file" or field not in missing(Case(Contact(), frozenset({field}), knowledge), rules)


def test_a_dead_address_is_not_called_found_and_then_kept_back() -> None:
    words = (known("a@acme.test", "hunter", 0.99), known("a@acme.test", "apollo", 0.98), known("b@acme.test", "c", 0.1))
    knowledge = Knowledge(words, (verdict("a@acme.test", Status.INVALID),))
    assert missing(Case(Contact(), frozenset({Field.EMAIL}), knowledge), Rules()) == {Field.EMAIL}
