"""What a user asked of a job: stored and restored without loss, and the same job by the same words."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.jobs.options import WANTED, Options
from headwater.records import Field

texts = st.text(max_size=8)
options = st.builds(
    Options,
    want=st.lists(st.sampled_from(WANTED), min_size=1, unique=True).map(tuple),
    min_confidence=st.floats(0, 1),
    max_price=st.none() | st.integers(0, 10**15),
    budget=st.none() | st.integers(0, 10**15),
    order=st.lists(texts).map(tuple),
    exclude=st.lists(texts).map(tuple),
    columns=st.none() | st.lists(texts).map(tuple),
    mapping=st.dictionaries(texts, st.none() | texts),
    format=st.none() | texts,
    realm=st.sampled_from(["live", "sandbox"]),
)


@given(options)
def test_stored_options_are_restored_as_they_were(given_options: Options) -> None:
    assert Options.restored(given_options.stored()) == given_options


@given(options)
def test_the_same_words_are_the_same_job(given_options: Options) -> None:
    again = Options.restored(given_options.stored())
    reordered = replace(again, mapping=dict(reversed(again.mapping.items())))
    out = Path("out.csv")
    assert given_options.fingerprint("a" * 64, out) == reordered.fingerprint("a" * 64, out)


@pytest.mark.parametrize(
    "other",
    [
        Options(want=(Field.PHONE,)), Options(min_confidence=0.8), Options(max_price=1), Options(budget=1),
        Options(order=("hunter",)), Options(exclude=("hunter",)), Options(columns=("Name",)),
        Options(mapping={"Name": "full_name"}), Options(mapping={"Name": None}), Options(format="csv"),
        Options(realm="sandbox"),
    ],
)  # fmt: skip
def test_other_words_are_another_job(other: Options) -> None:
    out = Path("out.csv")
    assert other.fingerprint("a" * 64, out) != Options().fingerprint("a" * 64, out)


def test_every_choice_is_tried_above() -> None:
    """A new option that did not count would let another job's rows go out."""
    assert len(fields(Options)) == 10


def test_another_file_or_another_output_is_another_job() -> None:
    found = {Options().fingerprint(sha, Path(out)) for sha in ("a" * 64, "b" * 64) for out in ("one.csv", "two.csv")}
    assert len(found) == 4


def test_a_job_of_an_older_version_takes_the_defaults_of_what_is_new() -> None:
    stored = Options(want=(Field.PHONE,)).stored()
    del stored["format"], stored["realm"]
    assert Options.restored(stored) == Options(want=(Field.PHONE,))
