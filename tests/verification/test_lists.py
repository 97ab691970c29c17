"""Level 2: what lists say, by which evidence, and that they do not contradict one another."""

import random
from collections.abc import Callable

import pytest
from disposable_email_domains import blocklist

from headwater.verification.known_names import ALIAS_SERVICES, FREE
from headwater.verification.list_sources import ListKind, ListSource
from headwater.verification.lists import Lists, packaged_lists, suggest

Labelled = Callable[[str], list[dict[str, str]]]

LISTS = packaged_lists()
domain_facts, is_role = LISTS.domain_facts, LISTS.is_role


def source(name: str, kind: ListKind, entries: str) -> ListSource:
    return ListSource(name, kind, frozenset(entries.split()), "made for a test")


def test_no_legitimate_domain_is_called_disposable_or_suspected(labelled: Labelled) -> None:
    rows = labelled("not_disposable.csv")
    assert len(rows) == 80
    assert [row["domain"] for row in rows if domain_facts(row["domain"]).disposable is not False] == []


def test_every_checked_disposable_domain_is_found() -> None:
    assert len(blocklist) > 8_000
    assert [domain for domain in blocklist if domain_facts(domain).disposable is not True] == []


def test_a_domain_is_one_thing_at_most() -> None:
    everything = FREE | ALIAS_SERVICES | {name for each in LISTS.sources for name in each.entries}
    assert len(everything) > 70_000
    for domain in everything:
        facts = domain_facts(domain)
        assert (facts.disposable is not False) + facts.free + facts.alias_service <= 1, domain
        assert bool(facts.lists) == (facts.disposable is not False)
    assert not FREE & ALIAS_SERVICES


def test_evidence_counts() -> None:
    lists = Lists(
        [
            source("checked", ListKind.VERIFIED, "known.com one.com"),
            source("a", ListKind.DISPOSABLE, "known.com two.com weak.com gmail.com mail.com"),
            source("b", ListKind.DISPOSABLE, "two.com duck.com gmail.com"),
            source("free", ListKind.FREE, "weak.com free.com known.com"),
        ]
    )
    said = {name: lists.domain_facts(name) for name in ("known.com", "one.com", "two.com", "weak.com", "free.com")}
    assert [(name, facts.disposable, facts.lists, facts.free) for name, facts in said.items()] == [
        ("known.com", True, ("checked", "a"), False),
        ("one.com", True, ("checked",), False),
        ("two.com", True, ("a", "b"), False),
        ("weak.com", None, ("a",), False),
        ("free.com", False, (), True),
    ]
    assert (lists.domain_facts("gmail.com").disposable, lists.domain_facts("gmail.com").free) == (False, True)
    assert (lists.domain_facts("duck.com").disposable, lists.domain_facts("duck.com").alias_service) == (False, True)


def test_the_operators_lists_come_first_and_replace_packaged_ones_of_their_name() -> None:
    ours = [
        source("ours", ListKind.FREE, "known.com"),
        source("a", ListKind.DISPOSABLE, "fresh.com"),
        source("b", ListKind.DISPOSABLE, "fresh.com"),
        source("hidden", ListKind.ALIAS, "hidden.com"),
        source("names", ListKind.ROLE, "hausmeister"),
    ]
    theirs = [source("checked", ListKind.VERIFIED, "known.com"), source("a", ListKind.DISPOSABLE, "old.com")]
    lists = Lists(theirs, ours)
    assert [lists.domain_facts(name).disposable for name in ("known.com", "old.com", "fresh.com")] == [
        False,
        False,
        True,
    ]
    assert lists.domain_facts("known.com").free
    assert lists.domain_facts("me.hidden.com").alias_service
    assert lists.is_role("Hausmeister")
    assert not is_role("hausmeister")


def test_what_stands_below_a_listed_domain() -> None:
    assert domain_facts("a.b.mailinator.com").disposable
    assert not domain_facts("mailinator.com.acme.com").disposable
    assert domain_facts("anna.simplelogin.com").alias_service
    below = domain_facts("hosts.gmail.com")
    assert (below.disposable, below.free, below.suggestion) == (False, False, None)


def test_a_name_under_which_strangers_register_theirs_condemns_nobody() -> None:
    lists = Lists([source("checked", ListKind.VERIFIED, "ddns.net co.uk acme.com")])
    names = ["ddns.net", "anna.ddns.net", "acme.co.uk", "mail.acme.com"]
    assert [lists.domain_facts(name).disposable for name in names] == [True, False, False, True]


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


# Shares of addresses in real lists of contacts, roughly: half at employers, the rest at providers.
_WORDS = """
acme north river stone blue green bright data cloud soft tech metal iron wood paper food farm health care clinic dental
law legal tax audit capital invest bank trade ship cargo air auto motor build home hotel travel media print design
studio group global inter euro nordic alpine pacific atlantic union star sun moon ocean hill lake park gate bridge tower
gm hot out mail yah ice pro com proton comcast google
""".split()  # noqa: SIM905 - easier to read than a list
_TOPS = "com com com com de co.uk fr nl it es pl io co net org eu ch at se dk com.br com.au ca us in jp".split()  # noqa: SIM905


def good_domains(seed: int, count: int) -> list[str]:
    """Domains of made-up employers and of real providers, with the shortest and the likeliest names among them."""
    chance = random.Random(seed)
    providers = sorted(FREE | ALIAS_SERVICES)
    found = []
    for _ in range(count):
        if chance.random() < 0.4:
            found.append(chance.choice(providers))
        else:
            words = "".join(chance.choices(_WORDS, k=chance.choice((1, 2, 2, 3)))) + chance.choice(
                ("", "", "", "-it", "s")
            )
            found.append(f"{words}.{chance.choice(_TOPS)}")
    return found


def test_at_most_one_good_address_in_a_thousand_gets_a_suggestion() -> None:
    domains = good_domains(seed=5, count=40_000)
    suggested = [domain for domain in domains if domain_facts(domain).suggestion]
    assert len(set(domains)) > 15_000
    assert len(suggested) <= len(domains) * 0.001, suggested[:20]
