"""Hosts, mailboxes, numbers, profiles and countries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.normalize import (
    country,
    country_of_state,
    domain,
    email,
    emails,
    employer_domain,
    is_canadian_province_code,
    is_free_mail,
    is_us_state_code,
    linkedin_slug,
    looks_like_web_address,
    phone,
    phones,
    registrable,
)

_ANY = st.text(max_size=30) | st.text(st.sampled_from("abc.@:/- www,;<>+0123456789ü_%"), max_size=30)


@pytest.mark.parametrize(
    ("text", "host", "bought"),
    [
        ("https://www.cantwell.senate.gov/", "cantwell.senate.gov", "senate.gov"),
        ("WWW.Acme.CO.UK", "acme.co.uk", "acme.co.uk"),
        ("http://user:pw@acme.com:8080/x?y#z", "acme.com", "acme.com"),
        ("//acme.com", "acme.com", "acme.com"),
        ("ada@mail.acme.com", "mail.acme.com", "acme.com"),
        ("mailto:ada@acme.com?subject=x", "acme.com", "acme.com"),
        ("acme.com.", "acme.com", "acme.com"),
        ("<acme.com>", "acme.com", "acme.com"),
        ("www.münchen.de", "xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("straße.de", "xn--strae-oqa.de", "xn--strae-oqa.de"),
        ("shop.myshopify.com", "shop.myshopify.com", "shop.myshopify.com"),
        ("a.b.github.io", "a.b.github.io", "b.github.io"),
        ("github.io", "github.io", "github.io"),
        ("www.com", "www.com", "www.com"),
        ("crm.acme.test", "crm.acme.test", "acme.test"),
    ],
)
def test_domains(text: str, host: str, bought: str) -> None:
    assert domain(text) == host
    assert registrable(host) == bought


@pytest.mark.parametrize(
    "text",
    ["", "acme", "localhost", "1.2.3.4", "http://[::1]/", "co.uk", "Acme Inc.", "a b.com", "acme.c", "-a.com", "http://",
     "acme..com", "file.csv", "@", "https://[bad"],
)  # fmt: skip
def test_no_domains(text: str) -> None:
    assert domain(text) is None


def test_employer_domains() -> None:
    assert employer_domain("ada@gmail.com") is None
    assert employer_domain("https://yahoo.co.uk") is None
    assert employer_domain("https://www.linkedin.com/company/acme") is None
    assert employer_domain("linkedin.com") == "linkedin.com"
    assert employer_domain("https://acme.com/about") == "acme.com"


@pytest.mark.parametrize(
    "host", ["gmail.com", "yahoo.fr", "hotmail.co.uk", "outlook.com.br", "gmx.net", "proton.me", "qq.com"]
)
def test_free_mail(host: str) -> None:
    assert is_free_mail(host)


@pytest.mark.parametrize("host", ["live-nation.com", "acme.com", "outlook.acme.com", "mygmail.com", "yahoo-inc.com"])
def test_not_free_mail(host: str) -> None:
    assert not is_free_mail(host)


@pytest.mark.parametrize(
    ("text", "addresses", "websites", "rest"),
    [
        ("Ada.L@Engine.CO.UK", ("ada.l@engine.co.uk",), (), ()),
        ("mailto:A@B.com?subject=x", ("a@b.com",), (), ()),
        ("Lovelace, Ada <ada@b.com>", ("ada@b.com",), (), ()),
        ("<ada@b.com>, 'Bob' <bob@b.com>", ("ada@b.com", "bob@b.com"), (), ()),
        ("a@b.com; c@d.com", ("a@b.com", "c@d.com"), (), ()),
        ("a@b.com c@d.com", ("a@b.com", "c@d.com"), (), ()),
        ("a@b.com/c@d.com", ("a@b.com", "c@d.com"), (), ()),
        ("a@b.com\nA@b.com", ("a@b.com",), (), ()),
        ("a@b.com.,", ("a@b.com",), (), ()),
        ("Email: a@b.com (work)", ("a@b.com",), (), ()),
        ("a [at] b [dot] com", ("a@b.com",), (), ()),
        ("o'neil+tag@b.com", ("o'neil+tag@b.com",), (), ()),
        ("ada@müller.de", ("ada@xn--mller-kva.de",), (), ()),
        ("https://x.gov/contact", (), ("https://x.gov/contact",), ()),
        ("https://x.gov/?mail=a@b.com", (), ("https://x.gov/?mail=a@b.com",), ()),
        ("https://medium.com/@ada", (), ("https://medium.com/@ada",), ()),
        ("www.x.gov", (), ("www.x.gov",), ()),
        ("alaska.gov", (), ("alaska.gov",), ()),
        ("a@b.com, https://b.com", ("a@b.com",), ("https://b.com",), ()),
        ("lori garciasander@c.gov", (), (), ("lori garciasander@c.gov",)),
        ("call me", (), (), ("call me",)),
        ("a@b", (), (), ("a@b",)),
        ("a@@b.com", (), (), ("a@@b.com",)),
        ("n/a", (), (), ()),
    ],
)
def test_email_cells(text: str, addresses: tuple[str, ...], websites: tuple[str, ...], rest: tuple[str, ...]) -> None:
    assert emails(text) == (addresses, websites, rest)


@given(_ANY)
def test_addresses_are_stable_and_no_cell_breaks_anything(text: str) -> None:
    for found in (*emails(text).addresses, email(text)):
        assert found is None or email(found) == found
    host = domain(text)
    assert host is None or domain(host) == host
    looks_like_web_address(text)
    employer_domain(text)


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("202-224-3441", None, "+12022243441"),
        ("(202) 224-3441", "US", "+12022243441"),
        ("+1 (202) 224 3441", None, "+12022243441"),
        ("12025550143", None, "+12025550143"),
        ("'+44 20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", None, "+442079460958"),
        ("011 44 20 7946 0958", None, "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+49 (0)30 123456", None, "+4930123456"),
        ("030/123456", "DE", "+4930123456"),
        ("03-331 6005", "NZ", "+6433316005"),
        ("tel:+44-20-7946-0958", None, "+442079460958"),
        ("Mobile: +44 20 7946 0958", None, "+442079460958"),
        ("020 7946 0958", None, None),
        ("123", "US", None),
        ("000-000-0000", "US", None),
        ("hello", None, None),
        ("", "US", None),
    ],
)
def test_numbers(text: str, region: str | None, number: str | None) -> None:
    assert phone(text, region) == number


def test_number_cells() -> None:
    assert phones("202-224-3441; 907-465-3500").numbers == ("+12022243441", "+19074653500")
    assert phones("+44 20 7946 0958 / +44 20 7946 0959").numbers == ("+442079460958", "+442079460959")
    assert phones("949-635-1800 ext. 6310", "US") == (("+19496351800",), ("6310",), ())
    assert phones("202.224.3441 x12").extensions == ("12",)
    assert phones("call me, 5") == ((), (), ("call me, 5",))
    assert phones("n/a") == ((), (), ())


@given(_ANY, st.sampled_from([None, "US", "DE", "GB", "JP"]))
def test_numbers_are_stable(text: str, region: str | None) -> None:
    for found in phones(text, region).numbers:
        assert found.startswith("+")
        assert phone(found, region) == found


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("https://www.linkedin.com/in/Ada-L-123/", "ada-l-123"),
        ("http://de.linkedin.com/in/j%C3%BCrgen-x/de?trk=a", "jürgen-x"),
        ("linkedin.com/in/ada", "ada"),
        ("in/ada", "ada"),
        ("see https://linkedin.com/in/ada, please", "ada"),
        ("https://www.linkedin.com/company/engine", None),
        ("https://www.linkedin.com/sales/lead/ACwAAA,NAME", None),
        ("https://www.linkedin.com/in/ACwAAABCDEFGHIJKLMNOPQRSTUVWX", None),
        ("https://notlinkedin.com/in/ada", None),
        ("https://www.linkedin.com/in/", None),
        ("https://www.linkedin.com/in/%FF", None),
        ("ada", None),
    ],
)
def test_profiles(text: str, slug: str | None) -> None:
    assert linkedin_slug(text) == slug


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Germany", "DE"), ("deu", "DE"), ("de", "DE"), ("Deutschland", "DE"), ("UK", "GB"), ("United  Kingdom", "GB"),
        ("U.S.A.", "US"), ("UNITED STATES OF AMERICA", "US"), ("the Netherlands", "NL"), ("日本", "JP"),
        ("Türkiye", "TR"),
        ("Côte d’Ivoire", "CI"), ("Korea, Republic of", "KR"), ("Österreich", "AT"), ("España", "ES"), ("Россия", "RU"),
        ("Atlantis", None), ("", None), ("?", None), ("xx", None),
    ],
)  # fmt: skip
def test_countries(text: str, code: str | None) -> None:
    assert country(text) == code


def test_every_country_has_a_code_of_its_own() -> None:
    import phonenumbers

    assert all(country(region) == region for region in phonenumbers.SUPPORTED_REGIONS - {"AC", "TA"})


def test_states() -> None:
    assert country_of_state("North Dakota") == "US"
    assert country_of_state("Ontario") == "CA"
    assert country_of_state("Georgia") is None
    assert country_of_state("PA") is None
    assert is_us_state_code(" ak ")
    assert is_canadian_province_code("QC")
    assert not is_us_state_code("ZZ")


@given(st.text(max_size=20))
def test_anything_may_stand_in_a_country_or_profile_cell(text: str) -> None:
    assert country(text) is None or len(country(text) or "") == 2
    linkedin_slug(text)
    linkedin_slug(f"linkedin.com/in/{text}")
