"""Levels 1 to 3 together, joined with outside evidence: verdicts, scores, and that they never contradict."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from dns.rcode import NXDOMAIN, SERVFAIL
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.records import EmailVerdict, Status
from headwater.verification import (
    Level,
    MailboxAnswer,
    MailboxEvidence,
    Resolver,
    Route,
    check_emails,
    with_mailbox_evidence,
)
from headwater.verification.emails import RULES
from headwater.verification.list_sources import ListKind, ListSource
from headwater.verification.lists import Lists
from headwater.verification.scoring import tally

Serve = Callable[..., Any]
Judge = Callable[..., Awaitable[list[EmailVerdict]]]

ZONES: dict[Route, Any] = {
    Route.MX: lambda name, kind: ["10 mx.acme.com."] if kind == "MX" else [],
    Route.IMPLICIT: lambda name, kind: ["192.0.2.1"] if kind == "A" else [],
    Route.NULL_MX: lambda name, kind: ["0 ."] if kind == "MX" else [],
    Route.NO_DOMAIN: lambda name, kind: NXDOMAIN,
    Route.NO_MAIL: lambda name, kind: [],
    Route.UNKNOWN: lambda name, kind: SERVFAIL,
}
BANDS = {Status.INVALID: (0, 10), Status.RISKY: (11, 79), Status.UNKNOWN: (35, 55), Status.VALID: (80, 100)}
DOMAINS = ["acme.com", "gmail.com", "gmajl.com", "mailinator.com", "duck.com"]
ADDRESSES = [f"{local}@{domain}" for local in ("anna.smith", "info") for domain in DOMAINS] + ["no address", "a@b.test"]


def evidence(answer: str) -> MailboxEvidence:
    return MailboxEvidence(MailboxAnswer(answer), "Acme Verifier")


@pytest.fixture
async def judge(dns_server: Serve, at: datetime) -> Judge:
    """Judge addresses against a DNS server that answers in one way."""

    async def run(route: Route, addresses: list[str], level: Level = Level.MX) -> list[EmailVerdict]:
        async with dns_server(ZONES[route]) as server, Resolver(server.address, timeout=2) as resolver:
            return await check_emails(addresses, resolver=resolver, at=at, level=level)

    return run


@pytest.mark.parametrize(
    ("address", "route", "status", "sub_status", "score"),
    [
        ("anna@acme.com", Route.MX, "unknown", "mailbox_not_checked", 55),
        ("anna@acme.com", Route.IMPLICIT, "unknown", "mailbox_not_checked", 55),
        ("anna@acme.com", Route.UNKNOWN, "unknown", "dns_unknown", 45),
        ("anna@acme.com", Route.NULL_MX, "invalid", "null_mx", 2),
        ("anna@acme.com", Route.NO_DOMAIN, "invalid", "no_domain", 2),
        ("anna@acme.com", Route.NO_MAIL, "invalid", "no_mail_host", 2),
        ("info@acme.com", Route.MX, "risky", "role", 35),
        ("info@acme.com", Route.NO_DOMAIN, "invalid", "no_domain", 2),
        ("anna@mailinator.com", Route.MX, "risky", "disposable", 15),
        ("anna@gmajl.com", Route.MX, "unknown", "mailbox_not_checked", 45),
        ("anna@gmail.com", Route.MX, "unknown", "mailbox_not_checked", 55),
        ("anna@", Route.MX, "invalid", "syntax_error", 0),
        ("anna@acme.test", Route.MX, "invalid", "reserved_domain", 0),
    ],
)
async def test_verdicts_of_the_first_three_levels(
    judge: Judge, address: str, route: Route, status: str, sub_status: str, score: int
) -> None:
    (verdict,) = await judge(route, [address])
    assert (verdict.status, verdict.sub_status, verdict.score) == (status, sub_status, score)


async def test_everything_that_was_learnt_is_in_the_verdict(judge: Judge, at: datetime) -> None:
    (verdict,) = await judge(Route.MX, ["Anna@GMAJL.com"])
    assert (verdict.address, verdict.normalized, verdict.level) == ("Anna@GMAJL.com", "Anna@gmajl.com", "mx")
    assert (verdict.mx, verdict.did_you_mean, verdict.checked_at) == (("mx.acme.com",), "Anna@gmail.com", at)
    assert verdict.flags.null_mx is verdict.flags.disposable is verdict.flags.role is False
    assert verdict.flags.catch_all is None


async def test_a_domain_in_other_letters_is_asked_for_in_ascii(dns_server: Serve, at: datetime) -> None:
    async with dns_server(ZONES[Route.MX]) as server, Resolver(server.address) as resolver:
        (verdict,) = await check_emails(["anna@bücher.de"], resolver=resolver, at=at)
        assert server.asked["xn--bcher-kva.de", "MX"] == 1
    assert verdict.normalized == "anna@bücher.de"


async def test_a_suspicion_weighs_less_than_evidence(at: datetime) -> None:
    lists = Lists(
        [
            ListSource("a", ListKind.DISPOSABLE, frozenset({"weak.com", "strong.com"}), "made for a test"),
            ListSource("b", ListKind.DISPOSABLE, frozenset({"strong.com"}), "made for a test"),
        ]
    )
    weak, strong = await check_emails(["anna@weak.com", "anna@strong.com"], resolver=None, at=at, lists=lists)
    assert (weak.status, weak.sub_status, weak.score, weak.flags.disposable) == (
        "risky",
        "disposable_suspected",
        45,
        None,
    )
    assert (strong.status, strong.sub_status, strong.score, strong.flags.disposable) == (
        "risky",
        "disposable",
        15,
        True,
    )
    assert "(one list says so: a)" in weak.reasons[-1].text
    assert "(2 lists say so: a, b)" in strong.reasons[-1].text
    vouched = with_mailbox_evidence(weak, evidence("deliverable"))
    assert (vouched.status, vouched.score) == ("risky", 45)


async def test_order_is_kept_and_equal_domains_are_asked_once(dns_server: Serve, at: datetime) -> None:
    addresses = [f"{name}@{domain}" for name in ("b", "a", "b") for domain in ("x.com", "Y.com", "y.com")]
    async with dns_server(ZONES[Route.MX]) as server, Resolver(server.address) as resolver:
        verdicts = await check_emails(addresses, resolver=resolver, at=at)
        assert sum(server.asked.values()) == 2
    assert [verdict.address for verdict in verdicts] == addresses


@pytest.mark.parametrize(("level", "deepest"), [(Level.SYNTAX, "syntax"), (Level.DOMAIN, "domain"), (Level.MX, "mx")])
async def test_no_deeper_than_asked(dns_server: Serve, at: datetime, level: Level, deepest: str) -> None:
    async with dns_server(ZONES[Route.MX]) as server, Resolver(server.address) as resolver:
        (verdict,) = await check_emails(["anna@acme.com"], resolver=resolver, at=at, level=level)
        assert bool(server.asked) == (level is Level.MX)
    assert verdict.level == deepest
    assert (verdict.flags.disposable is None) == (level is Level.SYNTAX)


async def test_without_a_resolver_dns_is_not_judged(at: datetime) -> None:
    (verdict,) = await check_emails(["anna@acme.com"], resolver=None, at=at)
    assert (verdict.level, verdict.status, verdict.score) == ("domain", "unknown", 50)


async def test_dns_that_fails_gives_no_level(judge: Judge) -> None:
    (verdict,) = await judge(Route.UNKNOWN, ["anna@acme.com"])
    assert (verdict.level, verdict.flags.null_mx) == ("domain", None)


@pytest.mark.parametrize("route", list(Route))
async def test_status_and_score_never_contradict_and_reasons_add_up(judge: Judge, route: Route) -> None:
    for level in Level:
        for verdict in await judge(route, ADDRESSES, level):
            for answer in MailboxAnswer:
                joined = with_mailbox_evidence(verdict, evidence(answer))
                low, high = BANDS[joined.status]
                assert low <= joined.score <= high, joined
                assert sum(reason.points for reason in joined.reasons) == joined.score
                assert joined.sub_status


async def test_a_vouched_for_mailbox_is_valid(judge: Judge) -> None:
    (verdict,) = await judge(Route.MX, ["anna@acme.com"])
    joined = with_mailbox_evidence(verdict, evidence("deliverable"))
    assert (joined.status, joined.sub_status, joined.score) == ("valid", "deliverable", 100)
    assert joined.flags.catch_all is False
    assert "Acme Verifier" in joined.reasons[-1].text


@pytest.mark.parametrize(
    ("address", "answer", "status", "sub_status", "score"),
    [
        ("anna@acme.com", "undeliverable", "invalid", "undeliverable", 3),
        ("anna@acme.com", "accept_all", "risky", "accept_all", 55),
        ("info@acme.com", "deliverable", "valid", "deliverable", 80),
        ("info@gmajl.com", "deliverable", "risky", "role", 70),
        ("anna@mailinator.com", "deliverable", "risky", "disposable", 15),
        ("no address", "deliverable", "invalid", "syntax_error", 0),
    ],
)
async def test_outside_answers(
    judge: Judge, address: str, answer: str, status: str, sub_status: str, score: int
) -> None:
    (verdict,) = await judge(Route.MX, [address])
    joined = with_mailbox_evidence(verdict, evidence(answer))
    assert (joined.status, joined.sub_status, joined.score) == (status, sub_status, score)


async def test_a_domain_that_does_not_exist_stays_invalid_whatever_a_verifier_says(judge: Judge) -> None:
    (verdict,) = await judge(Route.NO_DOMAIN, ["anna@acme.com"])
    assert with_mailbox_evidence(verdict, evidence("deliverable")).status == "invalid"


async def test_an_unknown_answer_changes_nothing_and_a_later_one_replaces_an_earlier(judge: Judge) -> None:
    (verdict,) = await judge(Route.MX, ["anna@acme.com"])
    assert with_mailbox_evidence(verdict, evidence("unknown")) == verdict
    for first, second in itertools.permutations(["deliverable", "undeliverable", "accept_all"], 2):
        both = with_mailbox_evidence(with_mailbox_evidence(verdict, evidence(first)), evidence(second))
        assert both == with_mailbox_evidence(verdict, evidence(second))


GOOD = {"syntax_ok", "mail_host", "implicit_mail_host", "mailbox_deliverable"}


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(RULES))), st.sampled_from(sorted(RULES)))
def test_good_evidence_never_lowers_a_score_and_bad_never_raises_it(codes: Any, more: str) -> None:
    before, _ = tally([(code, "") for code in sorted(codes - {more})], RULES)
    after, _ = tally([(code, "") for code in sorted(codes | {more})], RULES)
    assert after >= before if more in GOOD else after <= before


@settings(deadline=None)
@given(st.permutations(sorted(RULES)), st.integers(0, len(RULES)))
def test_the_order_of_evidence_does_not_matter(codes: Any, count: int) -> None:
    chosen = [(code, "") for code in codes[:count]]
    assert tally(chosen, RULES)[0] == tally(sorted(chosen), RULES)[0]
