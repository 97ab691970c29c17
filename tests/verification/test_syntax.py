"""Level 1: as right as the best library, behind a fast path that never differs from it."""

from collections.abc import Callable

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headwater.verification import check_syntax

Labelled = Callable[[str], list[dict[str, str]]]


def by_the_library(address: str) -> str | None:
    try:
        return validate_email(address, strict=True, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def test_every_labelled_address_is_judged_as_labelled(labelled: Labelled) -> None:
    rows = labelled("email_syntax.csv")
    wrong = [row["address"] for row in rows if check_syntax(row["address"]).ok != (row["practical"] == "1")]
    assert len(rows) == 716
    assert wrong == []


LOCAL = st.text("abcXYZ09._-+'!#%&/ \"(),:;<>@[]\\é\u202e≮", max_size=70)
LABEL = st.one_of(
    st.text("abcZ09-", min_size=1, max_size=65),
    st.sampled_from(["xn--bcher-kva", "bücher", "ab--cd", "xn--0", "１", "test", "local", "GMAIL"]),
)
TOP = st.sampled_from(["com", "COM", "de", "co.uk", "c0m1", "1", "test", "onion", "arpa", "xn--p1ai", "рф", "c-m", ""])


@settings(deadline=None)
@given(LOCAL, st.lists(LABEL, max_size=5), TOP)
@example("Info", ["acme"], "com")
@example("postmaster", ["ACME"], "COM")
@example("a" * 64, ["b" * 63, "c" * 63, "d" * 57], "com")
@example("a" * 64, ["b" * 63, "c" * 63, "d" * 58], "com")
@example("a" * 65, ["b"], "com")
@example("a", ["b-"], "com")
def test_the_fast_path_is_the_library(local: str, labels: list[str], top: str) -> None:
    address = f"{local}@{'.'.join([*labels, top])}"
    assert check_syntax(address).normalized == by_the_library(address)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    found = check_syntax(text)
    assert found.ok == (by_the_library(text) is not None)
    assert found.ok == (found.code == "") == (found.text == "")


@pytest.mark.parametrize("address", ["a@acme.example", "a@localhost.localdomain", "a@acme.test", "a@printer.local"])
def test_names_that_never_receive_mail_are_refused(address: str) -> None:
    found = check_syntax(address)
    assert (found.ok, found.code) == (False, "reserved_domain")


def test_parts_are_ready_for_the_next_levels() -> None:
    found = check_syntax("Anna@Bücher.DE")
    assert (found.normalized, found.local, found.domain) == ("Anna@bücher.de", "Anna", "xn--bcher-kva.de")


def test_a_very_long_text_is_refused_at_once() -> None:
    assert check_syntax("a" * 1_000_000 + "@acme.com").code == "syntax_error"


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("ada@127.0.0.9", False),
        ("ada@[192.0.2.1]", False),
        ("ada@acme.7", False),
        ('"ada l"@acme.com', False),
        ("ada@ab--c.com", False),
        ("\u0301ada@acme.com", False),
        ("ada@acme.notalist", True),
        ("\U0001f4a1@acme.com", True),
        ("ada\u2550@acme.com", True),
        ("ada@\uff41cme.com", True),
    ],
)
def test_contested_addresses_are_judged_as_the_decision_says(address: str, taken: bool) -> None:
    """``docs/decisions/0026-contested-addresses.md``: one of each kind."""
    assert check_syntax(address).ok is taken
