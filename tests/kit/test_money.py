"""Money: exact, and refused with a sentence where it is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.kit.errors import BadInput
from headwater.kit.money import MICROS, dollars, parse_micros

MOST = 10**9 * MICROS  # a thousand million dollars


def parse(text: str) -> int:
    return parse_micros(text, where="--budget")


@given(st.integers(0, MOST))
def test_what_is_printed_is_read_back_exactly(micros: int) -> None:
    shown = dollars(micros)
    assert parse(shown.removeprefix("$").replace(",", "")) == micros


@given(st.integers(1, MOST))
def test_a_debt_is_shown_with_its_sign(micros: int) -> None:
    assert dollars(-micros) == f"-{dollars(micros)}"


@given(st.integers(0, MOST))
def test_at_least_two_and_at_most_six_decimals(micros: int) -> None:
    decimals = dollars(micros).partition(".")[2]
    assert 2 <= len(decimals) <= 6
    assert len(decimals) == 2 or not decimals.endswith("0")


@given(st.decimals(0, 10**9, places=6))
def test_six_decimals_are_exact(amount: Decimal) -> None:
    assert Decimal(parse(str(amount))) == amount * MICROS


@pytest.mark.parametrize(
    ("text", "micros"),
    [("0", 0), ("0.05", 50_000), (" 5 ", 5_000_000), ("1e-6", 1), ("-0", 0), ("0.0326666666667", 32_667)],
)
def test_prices_as_people_write_them(text: str, micros: int) -> None:
    assert parse(text) == micros


@pytest.mark.parametrize(
    "text",
    ["", "five", "$0.05", "0,05", "-1", "-0.000001", "nan", "-nan", "snan", "inf", "-Infinity", "1e400", "1e999999999",
     "10000000000", "9" * 5000, "1 2", "0x10"],
)  # fmt: skip
def test_what_is_no_price_is_refused_with_a_sentence_that_names_the_option(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    sentence = str(caught.value)
    assert sentence.startswith("--budget: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 250


def test_a_price_too_small_to_be_kept_is_not_taken_for_free() -> None:
    with pytest.raises(BadInput, match=r"0\.000001"):
        parse("0.0000001")


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(0, "$0.00"), (1_500, "$0.0015"), (1, "$0.000001"), (1_234_567_890_000, "$1,234,567.89"), (-20_000, "-$0.02")],
)
def test_as_people_read_it(micros: int, shown: str) -> None:
    assert dollars(micros) == shown
