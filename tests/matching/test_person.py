"""Who is the same person: a name and a second signal, and no contradiction. In doubt they are two."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.matching import judge, keys
from headwater.matching.names import canonical
from headwater.normalize import company_key, email, employer_domain, linkedin_slug, person_name
from headwater.records import Contact

JOHN = Contact(
    first_name="John", last_name="Smith", full_name="John Smith", company="Acme Inc.", company_key="acme",
    domain="acme.test",
)  # fmt: skip


def verdict(one: Contact, other: Contact) -> str:
    return judge(one, other).verdict


# the same ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        JOHN,
        replace(JOHN, first_name="JOHN", last_name="smith"),
        replace(JOHN, first_name="Jack"),
        replace(JOHN, middle_name="Adam"),
        replace(JOHN, domain="mail.acme.test"),
        replace(JOHN, domain=None),
        replace(JOHN, company_key=None),
        replace(JOHN, company_key="acme holding"),
        replace(JOHN, emails=("john.smith@acme.test",)),
        replace(JOHN, linkedin="john-smith", title="CEO", country="US", phones=("+12025550123",)),
    ],
)
def test_the_same_name_at_the_same_employer_is_the_same(other: Contact) -> None:
    assert verdict(JOHN, other) == "same"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Robert", "Bob"), ("Bill", "William"), ("Beth", "Liz"), ("Catherine", "Kate"), ("Kate", "Katherine"),
        ("Chris", "Christina"), ("Chris", "Christopher"), ("Renée", "Renee"), ("José", "Jose"), ("O'Brien", "OBrien"),
    ],
)  # fmt: skip
def test_names_that_are_used_for_one_another(one: str, other: str) -> None:
    assert verdict(replace(JOHN, first_name=one), replace(JOHN, first_name=other)) == "same"


def test_a_nickname_in_its_own_cell_counts() -> None:
    one = replace(JOHN, first_name="Wolfgang", nickname="Wolf")
    assert verdict(one, replace(JOHN, first_name="Wolf")) == "same"


@pytest.mark.parametrize("signal", [{"emails": ("js@mail.test",)}, {"linkedin": "john-smith-1"}])
def test_an_address_or_a_profile_does_without_the_employer(signal: dict[str, object]) -> None:
    one = Contact(first_name="John", last_name="Smith", **signal)  # type: ignore[arg-type]
    other = replace(one, company_key="other", domain="other.test")
    assert verdict(one, other) == "same"


def test_initials_of_a_middle_name_agree_with_it() -> None:
    assert verdict(replace(JOHN, middle_name="A."), replace(JOHN, middle_name="Adam")) == "same"


def test_two_rows_that_say_the_same_and_no_more_are_one() -> None:
    """Whoever they are, every vendor would be asked the same question twice."""
    mononym = Contact(first_name="Zendaya", full_name="Zendaya", company_key="acme", domain="acme.test")
    assert verdict(mononym, mononym) == "same"
    bare = Contact(emails=("info@acme.test",))
    assert verdict(bare, bare) == "same"


# not the same -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"suffix": "Jr."}, {"suffix": "Sr."}),
        ({"suffix": "II"}, {"suffix": "III"}),
        ({"middle_name": "Adam"}, {"middle_name": "Ben"}),
        ({"middle_name": "A."}, {"middle_name": "Ben"}),
        ({"linkedin": "john-smith-1"}, {"linkedin": "john-smith-2"}),
        ({"emails": ("john.smith@acme.test",)}, {"emails": ("john.smith2@acme.test",)}),
        ({"emails": ("jsmith@acme.test",)}, {"emails": ("john.smith@acme.test",)}),
        ({"first_name": "娜", "last_name": "李"}, {"first_name": "纳", "last_name": "李"}),
        ({"emails": ("shared@acme.test",), "linkedin": "a"}, {"emails": ("shared@acme.test",), "linkedin": "b"}),
    ],
)
def test_a_contradiction_vetoes_whatever_agrees(mine: dict[str, object], theirs: dict[str, object]) -> None:
    found = judge(replace(JOHN, **mine), replace(JOHN, **theirs))  # type: ignore[arg-type]
    assert found.verdict == "different"
    assert found.reasons


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"first_name": "Mary"}, {"first_name": "Marie"}),
        ({"first_name": "Francis"}, {"first_name": "Frances"}),
        ({"first_name": "Jon"}, {"first_name": "John"}),
        ({"last_name": "Smith"}, {"last_name": "Smyth"}),
        ({"first_name": None, "last_name": "Smith"}, {"first_name": None, "last_name": "Jones"}),
        ({"last_name": None, "first_name": "Ada"}, {"last_name": None, "first_name": "Bob"}),
    ],
)
@pytest.mark.parametrize("shared", [{}, {"emails": ("office@acme.test",)}, {"linkedin": "acme"}])
def test_other_names_are_other_people_even_at_a_shared_office_address(
    mine: dict[str, object], theirs: dict[str, object], shared: dict[str, object]
) -> None:
    one = replace(JOHN, full_name=None, **mine, **shared)  # type: ignore[arg-type]
    other = replace(JOHN, full_name=None, **theirs, **shared)  # type: ignore[arg-type]
    assert verdict(one, other) == "different"


def test_a_name_alone_is_never_enough() -> None:
    one = Contact(first_name="John", last_name="Smith")
    assert verdict(one, one) == "unsure"
    assert verdict(replace(one, company_key="acme"), replace(one, company_key="bolt")) == "unsure"


def test_two_employers_of_one_name_are_told_apart_by_their_domains() -> None:
    air = replace(JOHN, company_key="delta", domain="delta-air.test")
    taps = replace(JOHN, company_key="delta", domain="delta-taps.test")
    assert verdict(air, taps) == "unsure"
    assert verdict(air, replace(taps, domain=None)) == "same"


def test_shops_on_one_platform_are_two_employers() -> None:
    one = replace(JOHN, company_key=None, domain="bloom.myshopify.com")
    assert verdict(one, replace(one, domain="petal.myshopify.com")) == "unsure"


def test_a_junior_is_not_taken_for_one_who_may_be_the_senior() -> None:
    assert verdict(JOHN, replace(JOHN, suffix="Jr.")) == "unsure"
    known = replace(JOHN, emails=("john.smith@acme.test",))
    assert verdict(known, replace(known, suffix="Jr.")) == "same"


@pytest.mark.parametrize(
    "nobody",
    [
        Contact(company_key="acme", domain="acme.test"),
        Contact(last_name="Smith", company_key="acme", domain="acme.test"),
        Contact(full_name="Smith", company_key="acme", domain="acme.test"),
    ],
)
def test_an_employer_alone_is_nobody(nobody: Contact) -> None:
    assert verdict(nobody, nobody) == "unsure"
    assert verdict(nobody, JOHN) == "unsure"


def test_other_names_in_one_cell_are_other_people() -> None:
    one = Contact(full_name="Cher", emails=("office@acme.test",))
    assert verdict(one, replace(one, full_name="Madonna")) != "same"


def test_who_gives_less_of_a_name_is_not_told_apart_but_not_joined_either() -> None:
    assert verdict(JOHN, replace(JOHN, last_name=None)) == "unsure"
    assert verdict(JOHN, replace(JOHN, first_name=None)) == "unsure"


# whatever they are --------------------------------------------------------------------------------------

some = st.none()
contacts = st.builds(
    Contact,
    first_name=st.sampled_from([None, "John", "Jack", "JOHN", "Mary", "娜", "纳", "Chris", "Christina"]),
    middle_name=st.sampled_from([None, "A.", "Adam", "Ben"]),
    last_name=st.sampled_from([None, "Smith", "smith", "Jones", "李"]),
    suffix=st.sampled_from([None, "Jr.", "Sr."]),
    nickname=st.sampled_from([None, "Jack", "Mimi"]),
    full_name=st.sampled_from([None, "Cher", "John Smith"]),
    company_key=st.sampled_from([None, "acme", "delta"]),
    domain=st.sampled_from([None, "acme.test", "mail.acme.test", "delta.test"]),
    linkedin=st.sampled_from([None, "john", "jack"]),
    emails=st.sampled_from([(), ("john@acme.test",), ("jack@acme.test",), ("john@acme.test", "j@mail.test")]),
)


@given(contacts, contacts)
def test_the_judgement_is_the_same_from_both_sides(one: Contact, other: Contact) -> None:
    assert judge(one, other) == judge(other, one)


@given(contacts, contacts)
def test_the_same_always_has_a_signal_and_never_another_name(one: Contact, other: Contact) -> None:
    found = judge(one, other)
    assert found.reasons
    if found.verdict == "same":
        assert set(found.reasons) <= {"same_profile", "same_address", "same_employer"}
        if one.last_name and other.last_name:
            assert one.last_name.lower() == other.last_name.lower()


@given(contacts)
def test_nobody_is_different_from_himself(one: Contact) -> None:
    assert verdict(one, one) != "different"


@given(contacts, contacts)
def test_the_same_people_share_a_key(one: Contact, other: Contact) -> None:
    """Or the index would never propose them to each other."""
    if verdict(one, other) == "same":
        assert set(keys(one)) & set(keys(other))


# keys ---------------------------------------------------------------------------------------------------


@given(contacts)
def test_keys_fit_the_databases_integers_and_do_not_repeat(one: Contact) -> None:
    found = keys(one)
    assert len(found) == len(set(found))
    assert all(-(2**63) <= key < 2**63 for key in found)


def test_keys_stay_the_same_from_version_to_version_and_in_their_order() -> None:
    """They are stored: with others, everybody would be a stranger after an update."""
    full = replace(JOHN, emails=("js@acme.test", "john@mail.test"), linkedin="john-smith", nickname="Chris")
    assert keys(full) == [
        8711053070646437518,
        2474316604885753785,
        7806489633678121740,
        7957658129380605339,
        7990982080542328738,
        -8446164539899316683,
        4286442206169468988,
        -2003077963836021431,
        1798750386131421860,
        -517705682076462804,
        -565108625401710192,
    ]


def test_keys_do_not_depend_on_the_process() -> None:
    code = (
        "from headwater.matching import keys; from headwater.records import Contact;"
        "print(keys(Contact(first_name='Chris', last_name='Smith', company_key='acme', domain='acme.test')))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_a_contact_without_anything_has_no_key() -> None:
    assert keys(Contact()) == []
    assert keys(Contact(first_name="John", last_name="Smith")) == []
    assert keys(Contact(company_key="acme", domain="acme.test")) == []


def test_canonical_names() -> None:
    assert canonical("bob") == {"robert"}
    assert canonical("kate") == {"catherine", "katherine"}
    assert canonical("zaphod") == {"zaphod"}


# labelled pairs -----------------------------------------------------------------------------------------


def _contact(row: dict[str, str], side: str) -> Contact:
    name = person_name(first=row[f"{side}_first"], last=row[f"{side}_last"])
    address = email(row[f"{side}_email"])
    return Contact(
        first_name=name.first, middle_name=name.middle, last_name=name.last, suffix=name.suffix,
        nickname=name.nickname, full_name=name.full, company=row[f"{side}_company"] or None,
        company_key=company_key(row[f"{side}_company"]), domain=employer_domain(row[f"{side}_domain"]),
        emails=(address,) if address else (), linkedin=linkedin_slug(row[f"{side}_linkedin"]),
    )  # fmt: skip


def test_labelled_pairs(shared: Callable[[str], Path]) -> None:
    """178 written pairs. The first form joins exact names only: it misses many and may join nobody wrongly."""
    with shared("data/match/contact_pairs_dev.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["debatable"] == "0"]
    joined = [row for row in rows if verdict(_contact(row, "a"), _contact(row, "b")) == "same"]
    wrong = [row["pair_id"] for row in joined if row["same_person"] != "1"]
    assert wrong == []
    assert len(joined) >= 37, "fewer found than before"
