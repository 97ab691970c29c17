"""Do sources agree on a value, and on whom they gave it for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.contacts import Knowledge, Known
from headwater.enrichment.agreement import Agreement, agreement, canonical, weighed
from headwater.enrichment.planner import believe
from headwater.records import Field

AT = datetime(2026, 1, 1, tzinfo=UTC)
EMAIL = "ada@acme.test"


def said(source: str, value: str = EMAIL, field: Field = Field.EMAIL, confidence: float = 0.7) -> Known:
    return Known(field, value, source, confidence, AT)


def employer(source: str, name: str) -> Known:
    return said(source, name, Field.COMPANY)


def title(source: str, name: str) -> Known:
    return said(source, name, Field.TITLE)


def sure(*known: Known, value: str = EMAIL, field: Field = Field.EMAIL) -> float:
    return believe(Knowledge(known)).chances[field][value]


def test_independent_sources_are_counted_once_each() -> None:
    known = Knowledge(
        (
            said("hunter"),
            said("hunter"),
            said("cache:hunter"),
            said("pattern"),
            said("file"),
            said("apollo", "b@x.test"),
        )
    )
    assert agreement(known, Field.EMAIL, EMAIL) == Agreement(("file", "hunter"))


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (Field.COMPANY, "Acme GmbH", "ACME"),
        (Field.COMPANY, "Müller & Sons Ltd.", "Muller and Sons"),
        (Field.TITLE, "VP, Sales", "vp sales"),
        (Field.DOMAIN, "www.acme.test", "acme.test"),
        (Field.LINKEDIN, "Ada-L", "ada-l"),
    ],
)
def test_who_writes_the_same_in_another_way_agrees(field: Field, one: str, other: str) -> None:
    assert canonical(field, one) == canonical(field, other)
    alone = sure(said("hunter", one, field), value=one, field=field)
    both = sure(said("hunter", one, field), said("apollo", other, field), value=one, field=field)
    assert both > alone


def test_an_address_is_what_it_is() -> None:
    assert canonical(Field.EMAIL, "Ada@Acme.test") == "Ada@Acme.test"
    assert canonical(Field.COMPANY, "GmbH") != ""


def test_company_and_title_agree_or_differ_or_nobody_can_tell() -> None:
    known = [said("hunter"), employer("hunter", "Acme GmbH"), title("hunter", "CTO")]
    assert agreement(Knowledge(tuple(known)), Field.EMAIL, EMAIL) == Agreement(("hunter",), None, None)
    known += [employer("file", "acme"), title("apollo", "CEO")]
    assert agreement(Knowledge(tuple(known)), Field.EMAIL, EMAIL) == Agreement(("hunter",), True, False)
    known += [said("apollo"), employer("apollo", "Globex")]
    assert agreement(Knowledge(tuple(known)), Field.EMAIL, EMAIL) == Agreement(("apollo", "hunter"), False, False)


def test_a_source_that_knows_the_employer_is_believed_more_and_one_that_names_another_less() -> None:
    plain = sure(said("hunter"))
    assert sure(said("hunter"), employer("hunter", "Acme"), employer("file", "Acme Inc.")) > plain
    assert sure(said("hunter"), employer("hunter", "Globex"), employer("file", "Acme Inc.")) < plain
    assert sure(said("hunter"), employer("hunter", "Acme")) == pytest.approx(plain)
    assert sure(said("hunter"), employer("file", "Acme")) == pytest.approx(plain)


def test_titles_weigh_less_than_employers() -> None:
    employers = sure(said("hunter"), employer("hunter", "Globex"), employer("file", "Acme"))
    titles = sure(said("hunter"), title("hunter", "CEO"), title("file", "CTO"))
    assert employers < titles < sure(said("hunter"))


def test_numbers_are_weighed_like_addresses() -> None:
    number = "+442071234567"
    differs = (employer("hunter", "Globex"), employer("file", "Acme"))
    phone = said("hunter", number, Field.PHONE)
    assert sure(phone, *differs, value=number, field=Field.PHONE) < sure(phone, value=number, field=Field.PHONE)


@given(st.floats(0.001, 0.995), st.sampled_from(["file", "user", "pattern"]))
def test_what_a_person_typed_and_what_we_guessed_is_not_weighed(probability: float, source: str) -> None:
    known = Knowledge((employer(source, "Acme"), employer("hunter", "Globex")))
    assert weighed(probability, source, known) == probability


@given(st.floats(0, 1), st.booleans(), st.booleans())
def test_a_weighed_chance_is_a_chance(probability: float, same: bool, titled: bool) -> None:
    known = [employer("hunter", "Acme"), employer("file", "Acme" if same else "Globex")]
    if titled:
        known += [title("hunter", "CTO"), title("file", "CEO")]
    assert 0 < weighed(probability, "hunter", Knowledge(tuple(known))) < 1
