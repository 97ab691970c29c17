"""Level 2: what lists say, and that they do not contradict one another."""

from collections.abc import Callable

import pytest
from disposable_email_domains import blocklist

from headwater.verification.lists import ALIAS_SERVICES, FREE, domain_facts, is_role, suggest

Labelled = Callable[[str], list[dict[str, str]]]


def test_no_legitimate_domain_is_called_disposable(labelled: Labelled) -> None:
    rows = labelled("not_disposable.csv")
    assert len(rows) == 80
    assert [row["domain"] for row in rows if domain_facts(row["domain"]).disposable] == []


def test_every_disposable_domain_is_found_and_none_is_free() -> None:
    facts = {domain: domain_facts(domain) for domain in blocklist}
    assert all(found.disposable and not found.free and not found.alias_service for found in facts.values())


def test_the_lists_are_disjoint() -> None:
    assert not FREE & ALIAS_SERVICES
    assert not (FREE | ALIAS_SERVICES) & blocklist
    assert not any(domain_facts(domain).disposable for domain in FREE | ALIAS_SERVICES)


def test_a_subdomain_of_a_disposable_domain_is_disposable() -> None:
    assert domain_facts("a.b.mailinator.com").disposable
    assert not domain_facts("mailinator.com.acme.com").disposable


@pytest.mark.parametrize(
    "local", ["info", "INFO", "sales+spring", "no-reply", "no_reply", "customer.service", "kontakt"]
)
def test_mailboxes_of_a_function(local: str) -> None:
    assert is_role(local)


@pytest.mark.parametrize("local", ["anna", "j.obs", "informatica", "mark.eting", "salesh.kumar", "it.smith"])
def test_mailboxes_of_people(local: str) -> None:
    assert not is_role(local)


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yaho.com", "yahoo.com"),
        ("iclod.com", "icloud.com"),
    ],
)
def test_near_misses_are_suggested(domain: str, meant: str) -> None:
    assert suggest(domain) == meant


def test_real_domains_get_no_suggestion(labelled: Labelled) -> None:
    neighbours = ["cloud.com", "email.com", "mail.com", "ymail.com", "gmx.com", "live.com", "acme.com", "gm.com"]
    domains = [*neighbours, *FREE, *ALIAS_SERVICES, *(row["domain"] for row in labelled("not_disposable.csv"))]
    assert {domain: hint for domain in domains if (hint := domain_facts(domain).suggestion)} == {}
