"""No text that somebody put into a contact may run in the spreadsheet of whoever opens the export."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.export.cells import guarded

TRIGGER = "=+-@\t\r\n＝＋－＠"
BLANK = " \u00a0\u3000\t\u200b\ufeff\u2060\u202e\x00"


def runs(text: str) -> bool:
    """The question of the guard, asked in another way: after all blanks, does it start like a formula?"""
    bare = text.lstrip(BLANK + "\x0b\x0c")
    return text[:1] in ("\t", "\r", "\n") or bare[:1] in tuple(TRIGGER) if bare else text[:1] in ("\t", "\r", "\n")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd|x", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0@x", "\ufeff=1",
     "\u200b=1", "＝1", "＋1", "－1", "＠x", "+", "-", "=", "+1 202 555 0123", "-5abc", "+1-2", "- 5",
     "+12025550123=1"],
)  # fmt: skip
def test_formulas_are_made_text(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["+12025550123", "+442079460958", "-5", "-12.5", "", "a=b", "anna@acme.com", "Smith-Jones", "'=1", "1-2", " a"],
)
def test_what_can_not_run_is_left_alone(text: str) -> None:
    assert guarded(text) == text


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(TRIGGER + BLANK + "0123456789.ab'", max_size=12)))
def test_any_text_is_harmless_afterwards_and_never_lost(text: str) -> None:
    safe = guarded(text)
    assert safe in (text, f"'{text}")
    assert not runs(safe) or re.fullmatch(r"\+[0-9]{4,15}|-[0-9]+(\.[0-9]+)?", safe)


@settings(deadline=None)
@given(st.integers(4, 15).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_phone_numbers_keep_their_plus(digits: str) -> None:
    assert guarded(f"+{digits}") == f"+{digits}"
