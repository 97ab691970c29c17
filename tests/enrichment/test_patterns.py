"""Address patterns: what colleagues' addresses teach."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.enrichment.patterns import PATTERNS, guesses, pattern_of

names = st.text(string.ascii_lowercase, min_size=2, max_size=8)
seen = st.dictionaries(st.sampled_from([*PATTERNS, "unheard-of"]), st.integers(1, 50), max_size=6)


@pytest.mark.parametrize(
    ("address", "pattern"),
    [
        ("ada.lovelace@acme.test", "first.last"), ("alovelace@acme.test", "flast"), ("ada@acme.test", "first"),
        ("a.lovelace@acme.test", "f.last"), ("adalovelace@acme.test", "firstlast"),
        ("ada_lovelace@acme.test", "first_last"), ("ada-lovelace@acme.test", "first-last"),
        ("adal@acme.test", "firstl"), ("lovelace@acme.test", "last"), ("lovelace.ada@acme.test", "last.first"),
        ("lovelacea@acme.test", "lastf"), ("lada@acme.test", "lfirst"), ("info@acme.test", None),
        ("ada.lovelace2@acme.test", None), ("", None),
    ],
)  # fmt: skip
def test_the_pattern_of_an_address(address: str, pattern: str | None) -> None:
    assert pattern_of("Ada", "Lovelace", address) == pattern


@pytest.mark.parametrize(
    ("first", "last", "address"),
    [
        ("Renée", "O'Brien", "renee.obrien@acme.test"),
        ("Jean-Pierre", "de la Cruz", "jeanpierre.delacruz@acme.test"),
        ("Mary Ann", "Smith", "mary.smith@acme.test"),
        ("Łukasz", "Żak", "lukasz.zak@acme.test"),
    ],
)
def test_names_are_spelt_as_in_addresses(first: str, last: str, address: str) -> None:
    assert pattern_of(first, last, address) == "first.last"


@pytest.mark.parametrize(("first", "last"), [(None, "Lovelace"), ("Ada", None), ("", ""), ("...", "Lovelace")])
def test_without_both_names_nothing_is_learnt_or_guessed(first: str | None, last: str | None) -> None:
    assert pattern_of(first, last, "ada@acme.test") is None
    assert guesses(first, last, "acme.test", {"first": 3}) == []


def test_an_address_that_fits_two_patterns_teaches_none() -> None:
    assert pattern_of("A", "Lovelace", "a.lovelace@acme.test") is None


@given(names, names, st.sampled_from(sorted(PATTERNS)))
def test_a_guess_follows_the_pattern_it_names(first: str, last: str, pattern: str) -> None:
    (guess,) = guesses(first, last, "acme.test", {pattern: 1})
    found = pattern_of(first, last, guess.address)
    assert found in (pattern, None)  # None where the name makes two patterns alike


@given(names, names, seen)
def test_guesses_are_ranked_probabilities_of_known_patterns(first: str, last: str, counts: dict[str, int]) -> None:
    found = guesses(first, last, "acme.test", counts)
    assert {guess.pattern for guess in found} <= set(counts) & set(PATTERNS)
    assert sum(guess.probability for guess in found) < 1
    assert [guess.probability for guess in found] == sorted((guess.probability for guess in found), reverse=True)
    assert sum(guess.probability for guess in found) < 1
    assert found == guesses(first, last, "acme.test", dict(reversed(counts.items())))
    assert all(guess.address.endswith("@acme.test") and guess.address.isascii() for guess in found)


def test_one_colleague_is_no_certainty_and_many_are_nearly() -> None:
    (one,) = guesses("Ada", "Lovelace", "acme.test", {"first": 1})
    (many,) = guesses("Ada", "Lovelace", "acme.test", {"first": 100})
    assert one.probability == pytest.approx(0.4)
    assert many.probability > 0.98


def test_nobody_known_is_no_guess() -> None:
    assert guesses("Ada", "Lovelace", "acme.test", {}) == []


def test_no_address_is_guessed_twice() -> None:
    found = guesses("A", "Lovelace", "acme.test", {"first.last": 2, "f.last": 2})
    assert [guess.address for guess in found] == ["a.lovelace@acme.test"]
