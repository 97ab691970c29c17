"""Vendors answer for namesakes and former jobs: what an address says against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.enrichment.patterns import PATTERNS
from headwater.enrichment.plausibility import believed, doubts
from headwater.records import Contact

ANGELA = Contact(first_name="Angela", last_name="Ward", domain="mail.ambermoor.com")


def codes(contact: Contact, address: str) -> list[str]:
    return [doubt.code for doubt in doubts(contact, address)]


@pytest.mark.parametrize(
    "local", ["angela.ward", "award", "a.ward", "angela", "ward", "angie.ward", "wardangela", "a-ward2", "info"]
)
def test_addresses_that_fit(local: str) -> None:
    contact = Contact(first_name="Angela", nickname="Angie", last_name="Ward", domain="ambermoor.com")
    assert codes(contact, f"{local}@ambermoor.com") == []


@pytest.mark.parametrize(
    ("contact", "address", "code"),
    [
        (ANGELA, "sandra.blackwood@ambermoor.com", "spells_another_name"),
        (ANGELA, "maria.ward@ambermoor.com", "spells_another_given_name"),
        (ANGELA, "ward.maria@ambermoor.com", "spells_another_given_name"),
        (ANGELA, "angela.ward@kestreldale.com", "at_another_employer"),
    ],
)
def test_addresses_that_do_not(contact: Contact, address: str, code: str) -> None:
    assert codes(contact, address) == [code]


def test_free_mail_is_nobodys_employer() -> None:
    assert codes(ANGELA, "angela.ward@gmail.com") == []


def test_names_with_accents_particles_and_hyphens() -> None:
    contact = Contact(first_name="José María", last_name="de la Cruz-Peña", domain="x-hw.com")
    for local in ("jose.delacruz", "jm.cruz", "jose-maria.delacruzpena", "josemaria.cruzpena", "pena.jose"):
        assert codes(contact, f"{local}@x-hw.com") == [], local


name = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=10)


@given(first=name, last=name, pattern=st.sampled_from(sorted(PATTERNS)))
def test_every_pattern_fits_its_owner(first: str, last: str, pattern: str) -> None:
    contact = Contact(first_name=first.title(), last_name=last.title(), domain="x-hw.com")
    assert codes(contact, f"{PATTERNS[pattern](first, last)}@x-hw.com") == []


@given(trust=st.floats(0, 1))
def test_a_doubt_never_raises(trust: float) -> None:
    assert believed(trust, doubts(ANGELA, "sandra.blackwood@ambermoor.com")) <= trust


def test_an_address_known_as_another_persons() -> None:
    jane = Contact(first_name="Jane", last_name="Ward")
    found = [doubt.code for doubt in doubts(ANGELA, "award@ambermoor.com", [jane])]
    assert found == ["known_as_anothers"]
    assert doubts(ANGELA, "award@ambermoor.com", [Contact(first_name="Angela", last_name="Ward")]) == []
    assert doubts(ANGELA, "award@ambermoor.com", []) == []
