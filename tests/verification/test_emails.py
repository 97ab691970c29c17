"""All levels together, joined with outside evidence: verdicts, scores, and that they never contradict."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from dns.rcode import NXDOMAIN, SERVFAIL
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.verification.smtp_server import SmtpServer, listening, only

from headwater.records import EmailVerdict, Status
from headwater.verification import (
    Identity,
    Level,
    MailboxAnswer,
    MailboxEvidence,
    MailboxReport,
    MailboxState,
    Prober,
    Resolver,
    Route,
    check_emails,
    with_mailbox_evidence,
    with_mailbox_report,
)
from headwater.verification.emails import RULES, settle
from headwater.verification.list_sources import ListKind, ListSource
from headwater.verification.lists import Lists
from headwater.verification.scoring import tally
from headwater.verification.smtp import operator_of_route

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
        ("anna@acme.com", "trap", "risky", "trap", 12),
        ("anna@acme.com", "avoid", "risky", "avoid", 25),
        ("anna@acme.com", "disposable", "risky", "disposable", 15),
        ("anna@acme.com", "role", "risky", "role", 35),
        ("info@mailinator.com", "trap", "risky", "trap", 12),
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


async def test_what_a_verifier_warns_of_is_flagged(judge: Judge) -> None:
    (verdict,) = await judge(Route.MX, ["anna@acme.com"])
    for answer, flag in (
        ("trap", "trap_risk"),
        ("disposable", "disposable"),
        ("role", "role"),
        ("accept_all", "catch_all"),
    ):
        flags = with_mailbox_evidence(verdict, evidence(answer)).flags
        assert getattr(flags, flag) is True
        assert not getattr(verdict.flags, flag)
    assert with_mailbox_evidence(verdict, evidence("avoid")).flags == verdict.flags


async def test_a_domain_that_does_not_exist_stays_invalid_whatever_a_verifier_says(judge: Judge) -> None:
    (verdict,) = await judge(Route.NO_DOMAIN, ["anna@acme.com"])
    assert with_mailbox_evidence(verdict, evidence("deliverable")).status == "invalid"


async def test_an_unknown_answer_changes_nothing_and_a_later_one_replaces_an_earlier(judge: Judge) -> None:
    (verdict,) = await judge(Route.MX, ["anna@acme.com"])
    assert with_mailbox_evidence(verdict, evidence("unknown")) == verdict
    for first, second in itertools.permutations(["deliverable", "undeliverable", "accept_all"], 2):
        both = with_mailbox_evidence(with_mailbox_evidence(verdict, evidence(first)), evidence(second))
        assert both == with_mailbox_evidence(verdict, evidence(second))


GOOD = {"syntax_ok", "mail_host", "implicit_mail_host", "mailbox_deliverable", "mailbox_accepted"}


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


# the mailbox asked ------------------------------------------------------------------------------------

CATCH_ALL: dict[MailboxState, tuple[bool | None, ...]] = {
    MailboxState.EXISTS: (None, False),
    MailboxState.ACCEPT_ALL: (True,),
}
REPORTS = [
    MailboxReport(state, catch_all)
    for state in MailboxState
    for catch_all in {MailboxState.EXISTS: (None, False), MailboxState.ACCEPT_ALL: (True,)}.get(
        state, (None, True, False)
    )
]


@pytest.fixture
def reported(judge: Judge) -> Callable[..., Awaitable[EmailVerdict]]:
    """What level mx says of an address, joined with a report."""

    async def run(address: str, report: MailboxReport, route: Route = Route.MX) -> EmailVerdict:
        (verdict,) = await judge(route, [address])
        return with_mailbox_report(verdict, report)

    return run


@pytest.mark.parametrize(
    ("address", "state", "catch_all", "status", "sub_status", "score"),
    [
        ("anna@acme.com", "exists", False, "valid", "deliverable", 100),
        ("anna@acme.com", "exists", None, "risky", "accepted", 75),
        ("anna@acme.com", "accept_all", True, "risky", "accept_all", 55),
        ("anna@acme.com", "no_such_user", None, "invalid", "undeliverable", 3),
        ("anna@acme.com", "full", None, "risky", "full", 30),
        ("anna@acme.com", "blocked", None, "unknown", "blocked", 55),
        ("anna@acme.com", "deferred", None, "unknown", "deferred", 55),
        ("anna@acme.com", "unreachable", None, "unknown", "unreachable", 45),
        ("anna@acme.com", "unverifiable", None, "unknown", "unverifiable", 55),
        ("anna@acme.com", "undetermined", None, "unknown", "undetermined", 55),
        ("info@acme.com", "exists", False, "valid", "deliverable", 80),
        ("info@acme.com", "exists", None, "risky", "accepted", 55),
        ("info@acme.com", "blocked", None, "risky", "role", 35),
        ("info@acme.com", "full", None, "risky", "full", 11),
        ("anna@mailinator.com", "exists", False, "risky", "disposable", 15),
        ("anna@gmajl.com", "exists", False, "risky", "trap_risk", 30),
        ("anna@gmajl.com", "no_such_user", None, "invalid", "undeliverable", 3),
        ("anna@gmajl.com", "unreachable", None, "unknown", "unreachable", 35),
        ("spamtrap@acme.com", "exists", False, "risky", "trap_risk", 30),
    ],
)
async def test_what_a_mail_server_said(
    reported: Any, address: str, state: str, catch_all: bool | None, status: str, sub_status: str, score: int
) -> None:
    verdict = await reported(address, MailboxReport(MailboxState(state), catch_all))
    assert (verdict.status, verdict.sub_status, verdict.score) == (status, sub_status, score)
    assert (verdict.level, verdict.flags.catch_all) == ("smtp", catch_all)
    assert verdict.flags.trap_risk is (sub_status == "trap_risk" or address.startswith("spamtrap"))


@pytest.mark.parametrize("route", list(Route))
async def test_what_a_server_said_and_the_score_never_contradict(judge: Judge, route: Route) -> None:
    for verdict, report in itertools.product(await judge(route, [*ADDRESSES, "spam@gmaill.com"]), REPORTS):
        joined = with_mailbox_report(verdict, report)
        low, high = BANDS[joined.status]
        assert low <= joined.score <= high, joined
        assert sum(reason.points for reason in joined.reasons) == joined.score
        assert all(reason.code and reason.text for reason in joined.reasons)
        assert joined.sub_status
        assert (joined.level == "smtp") == bool(verdict.mx), "who has no mail host was not asked"
        if joined.status is Status.VALID:
            assert joined.flags.catch_all is False
        if joined.status is Status.INVALID and verdict.status is not Status.INVALID:
            assert report.state is MailboxState.NO_SUCH_USER
        if verdict.mx:
            assert with_mailbox_report(with_mailbox_evidence(joined, evidence("undeliverable")), report) == joined


ORDER = ["no_such_user", "full", "unreachable", "deferred", "accept_all", "accepted", "exists"]
WEIGHTS = {"accepted": MailboxReport(MailboxState.EXISTS), "exists": MailboxReport(MailboxState.EXISTS, False)}


async def test_a_better_answer_never_lowers_the_score(judge: Judge) -> None:
    for verdict in await judge(Route.MX, [address for address in ADDRESSES if "gmajl" not in address]):
        if verdict.status is Status.INVALID:
            continue
        reports = [WEIGHTS.get(name) or MailboxReport(MailboxState(name)) for name in ORDER]
        scores = [with_mailbox_report(verdict, report).score for report in reports]
        assert scores == sorted(scores), verdict.address


def _can_be(mixture: tuple[str, set[str], str]) -> bool:
    """Where DNS gave no answer no server was asked, only a vendor may have said something."""
    return mixture[0] != "dns_unknown" or mixture[2].removeprefix("mailbox_") in set(MailboxAnswer)


REALISTIC = st.tuples(
    st.sampled_from(["mail_host", "implicit_mail_host", "dns_unknown"]),
    st.sets(st.sampled_from(["role", "typo_suspected", "disposable", "trap_risk", "free_mail"])),
    st.sampled_from([code for code in sorted(RULES) if code.startswith("mailbox_")]),
).filter(_can_be)


@given(REALISTIC)
def test_every_mixture_of_evidence_keeps_to_its_band(mixture: tuple[str, set[str], str]) -> None:
    route, listed, mailbox = mixture
    codes = ["syntax_ok", route, *sorted(listed), mailbox]
    status, sub_status, score, reasons = settle(tuple((code, "") for code in codes))
    low, high = BANDS[status]
    assert low <= score <= high
    assert sum(reason.points for reason in reasons) == score
    assert {reason.code for reason in reasons} >= set(codes)
    assert sub_status
    assert (status is Status.INVALID) == (mailbox == "mailbox_undeliverable")


@given(REALISTIC, st.sampled_from(["role", "typo_suspected", "disposable", "trap_risk"]))
def test_more_bad_evidence_never_raises_the_final_score(mixture: tuple[str, set[str], str], more: str) -> None:
    route, listed, mailbox = mixture
    scores = [
        settle(tuple((code, "") for code in ["syntax_ok", route, *sorted(codes), mailbox]))[2]
        for codes in (listed - {more}, listed | {more})
    ]
    assert scores[1] <= scores[0]


class Hosts:
    """Every mail host is the loopback address."""

    async def host_addresses(self, host: str) -> tuple[str, ...]:
        return ("127.0.0.1",)


async def test_all_levels_in_one_go(dns_server: Serve, at: datetime) -> None:
    def zone(name: str, kind: str) -> Any:
        if name == "nodomain.com":
            return NXDOMAIN
        return ["10 mx.acme.com."] if kind == "MX" else []

    server = SmtpServer(only("anna", "info"))
    identity = Identity.of("probe.headwater.dev", "ask@headwater.dev")
    addresses = ["Info@Acme.com", "anna@acme.com", "bob@acme.com", "anna@nodomain.com", "anna@", "anna@acme.com"]
    async with (
        dns_server(zone) as names,
        listening(server),
        Resolver(names.address) as resolver,
        Prober(identity, Hosts(), port=server.port, allow_private=True) as prober,
    ):
        verdicts = await check_emails(addresses, resolver=resolver, at=at, level=Level.SMTP, prober=prober)
        without = await check_emails(addresses, resolver=resolver, at=at, level=Level.SMTP)
        shallow = await check_emails(addresses, resolver=resolver, at=at, level=Level.MX, prober=prober)
    assert [(each.address, each.status, each.level) for each in verdicts] == [
        ("Info@Acme.com", "valid", "smtp"), ("anna@acme.com", "valid", "smtp"), ("bob@acme.com", "invalid", "smtp"),
        ("anna@nodomain.com", "invalid", "mx"), ("anna@", "invalid", "syntax"), ("anna@acme.com", "valid", "smtp"),
    ]  # fmt: skip
    assert verdicts[1].smtp is not None
    assert (verdicts[1].smtp.phase, verdicts[1].smtp.code) == ("rcpt", 250)
    assert without == shallow
    assert [each.level for each in without] == ["mx", "mx", "mx", "mx", "syntax", "mx"]
    assert server.count("RCPT") == 4, "equal addresses once, a made-up one, and nothing for a domain that is not there"


async def test_the_operator_is_known_without_asking(dns_server: Serve, at: datetime) -> None:
    def zone(name: str, kind: str) -> Any:
        host = {"goog.com": "aspmx.l.google.com", "own.com": "mx.own.com"}[name]
        return [f"10 {host}."] if kind == "MX" else []

    async with dns_server(zone) as names, Resolver(names.address) as resolver:
        found = await check_emails(["a@goog.com", "a@own.com"], resolver=resolver, at=at)
    assert [verdict.mx_operator for verdict in found] == ["google", None]


@pytest.mark.parametrize(
    ("host", "operator", "hides"),
    [
        ("aspmx.l.google.com", "google", False), ("alt1.aspmx.l.googlemail.com.", "google", False),
        ("acme-com.mail.protection.outlook.com", "microsoft365", False), ("MTA5.am0.YahooDNS.net", "yahoo", True),
        ("eur.olc.protection.outlook.com", "outlook.com", False), ("mx01.mail.icloud.com", "icloud", False),
        ("mxa-0001.gslb.pphosted.com", "proofpoint", False), ("eu-smtp-inbound-1.mimecast.com", "mimecast", False),
        ("mx-aol.mail.gm0.yahoodns.net", "yahoo", True), ("notgoogle.com", None, False), ("com", None, False),
    ],
)  # fmt: skip
def test_operators_by_the_names_of_their_hosts(host: str, operator: str | None, hides: bool) -> None:
    found = operator_of_route([host])
    assert (found.name if found else None, found.hides if found else False) == (operator, hides)
