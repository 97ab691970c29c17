"""All levels put together, and joined with what somebody else who asked the mailbox says.

Without asking the mailbox nobody can call an address valid: the best that levels 1 to 3 say is "unknown", sub-status
``mailbox_not_checked``. Bands, which status and score keep to: invalid 0-10, risky 11-79, unknown 35-55, valid 80-100.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from headwater.records import EmailVerdict, Flags, Reason, Status
from headwater.verification.lists import DomainFacts, Lists, packaged_lists
from headwater.verification.resolver import MailRoute, Resolver, Route
from headwater.verification.scoring import Rule, tally
from headwater.verification.smtp.operators import operator_of_route
from headwater.verification.smtp.prober import Prober
from headwater.verification.smtp.report import MailboxReport, MailboxState
from headwater.verification.syntax import Level, SyntaxResult, check_syntax
from headwater.verification.traps import trap_sign

RULES = {
    "syntax_error": Rule(0, "This is not an e-mail address.", ceiling=0),
    "reserved_domain": Rule(0, "The domain is reserved and never receives mail.", ceiling=0),
    "syntax_ok": Rule(50, "The address is well formed."),
    "mail_host": Rule(5, "The domain has a host that takes its mail."),
    "implicit_mail_host": Rule(5, "The domain has no MX record but an address, which then takes its mail."),
    "no_domain": Rule(0, "The domain does not exist.", ceiling=2),
    "null_mx": Rule(0, "The domain says that it takes no mail.", ceiling=2),
    "no_mail_host": Rule(0, "The domain has no host that could take mail.", ceiling=2),
    "dns_unknown": Rule(-5, "DNS gave no answer; this says nothing about the address."),
    "role": Rule(-20, "The mailbox belongs to a function, not to a person."),
    "typo_suspected": Rule(-10, "The domain is one letter away from a large provider's."),
    "disposable": Rule(0, "The domain hands out throw-away addresses.", ceiling=15),
    "disposable_suspected": Rule(0, "One list says that the domain hands out throw-away addresses.", ceiling=45),
    "free_mail": Rule(0, "The domain is a public mail provider."),
    "alias_service": Rule(0, "The domain forwards to a mailbox that it hides."),
    "mailbox_deliverable": Rule(45, "The mailbox accepts mail."),
    "mailbox_undeliverable": Rule(0, "The mailbox does not exist.", ceiling=3),
    "mailbox_accept_all": Rule(0, "The domain accepts every address, so that nobody can tell."),
    "mailbox_accepted": Rule(20, "The mailbox accepts mail; whether a made-up one would is not known."),
    "mailbox_full": Rule(-25, "The mailbox is full: it exists, and takes nothing now."),
    "mailbox_blocked": Rule(0, "The mail server refused us; this says nothing about the mailbox."),
    "mailbox_deferred": Rule(0, "The mail server wants to be asked again later."),
    "mailbox_unreachable": Rule(-10, "No mail server of the domain could be asked."),
    "mailbox_unverifiable": Rule(0, "The operator answers the same for every mailbox, by design."),
    "mailbox_undetermined": Rule(0, "The mail server gave no answer that is about the mailbox."),
    "mailbox_trap_risk": Rule(0, "A large provider's name, misspelt, takes mail: a trap's way.", ceiling=30),
    "trap_risk": Rule(0, "The address may be a trap for senders.", ceiling=30),
    "mailbox_trap": Rule(0, "The address is, or may be, a spam trap.", ceiling=12),
    "mailbox_disposable": Rule(0, "The domain hands out throw-away addresses.", ceiling=15),
    "mailbox_avoid": Rule(0, "Mail to this address does harm: it bounces, is reported, or is suppressed.", ceiling=25),
    "mailbox_role": Rule(0, "The mailbox belongs to a function, not to a person.", ceiling=35),
}
# Not evidence of its own: it says why bad evidence alone, however much, is not "invalid".
_FLOOR = "not_refused"
_ROUTES = {
    Route.MX: "mail_host",
    Route.IMPLICIT: "implicit_mail_host",
    Route.NULL_MX: "null_mx",
    Route.NO_DOMAIN: "no_domain",
    Route.NO_MAIL: "no_mail_host",
    Route.UNKNOWN: "dns_unknown",
}
# What a mail server's answer is in evidence. That it was accepted is told apart by what is known of the domain.
_REPORTED = {
    MailboxState.NO_SUCH_USER: "mailbox_undeliverable",
    MailboxState.FULL: "mailbox_full",
    MailboxState.ACCEPT_ALL: "mailbox_accept_all",
    MailboxState.BLOCKED: "mailbox_blocked",
    MailboxState.DEFERRED: "mailbox_deferred",
    MailboxState.UNREACHABLE: "mailbox_unreachable",
    MailboxState.UNVERIFIABLE: "mailbox_unverifiable",
    MailboxState.UNDETERMINED: "mailbox_undetermined",
}
# What decides, first match first, unless somebody vouched for the mailbox and nothing much speaks against it.
_DECIDING = (
    ("syntax_error", Status.INVALID),
    ("reserved_domain", Status.INVALID),
    ("no_domain", Status.INVALID),
    ("null_mx", Status.INVALID),
    ("no_mail_host", Status.INVALID),
    ("mailbox_undeliverable", Status.INVALID),
    ("mailbox_trap", Status.RISKY),
    ("disposable", Status.RISKY),
    ("mailbox_disposable", Status.RISKY),
    ("mailbox_avoid", Status.RISKY),
    ("mailbox_role", Status.RISKY),
    ("trap_risk", Status.RISKY),
    ("mailbox_trap_risk", Status.RISKY),
    ("mailbox_full", Status.RISKY),
    ("disposable_suspected", Status.RISKY),
    ("mailbox_accept_all", Status.RISKY),
    ("mailbox_accepted", Status.RISKY),
    ("role", Status.RISKY),
    ("dns_unknown", Status.UNKNOWN),
    ("mailbox_blocked", Status.UNKNOWN),
    ("mailbox_deferred", Status.UNKNOWN),
    ("mailbox_unreachable", Status.UNKNOWN),
    ("mailbox_unverifiable", Status.UNKNOWN),
    ("mailbox_undetermined", Status.UNKNOWN),
)
VALID_FROM, RISKY_FROM = 80, 11
# Addresses worked on before others get a turn: enough that slow domains wait together, few enough to breathe between.
_SLICE = 20_000
_NO_FLAGS = Flags()
# There are only so many combinations; a list of a million addresses shares them.
_flags = lru_cache(maxsize=1_000)(Flags)
_Evidence = tuple[tuple[str, str], ...]


class MailboxAnswer(StrEnum):
    """What an outside verifier says of a mailbox, in our words."""

    DELIVERABLE = "deliverable"  # accepts mail, and the domain does not accept everything
    UNDELIVERABLE = "undeliverable"
    ACCEPT_ALL = "accept_all"
    TRAP = "trap"
    DISPOSABLE = "disposable"
    AVOID = "avoid"  # takes mail perhaps, but who writes there is punished: complainers, suppressed and toxic addresses
    ROLE = "role"
    UNKNOWN = "unknown"


_SHOWN: Mapping[MailboxAnswer, Mapping[str, bool | None]] = {
    MailboxAnswer.DELIVERABLE: {"catch_all": False},
    MailboxAnswer.ACCEPT_ALL: {"catch_all": True},
    MailboxAnswer.TRAP: {"trap_risk": True},
    MailboxAnswer.DISPOSABLE: {"disposable": True},
    MailboxAnswer.ROLE: {"role": True},
}


@dataclass(frozen=True, slots=True)
class MailboxEvidence:
    """An answer and whose it is."""

    answer: MailboxAnswer
    source: str


async def check_emails(
    addresses: Sequence[str],
    *,
    resolver: Resolver | None,
    at: datetime,
    level: Level = Level.MX,
    prober: Prober | None = None,
    lists: Lists | None = None,
) -> list[EmailVerdict]:
    """Judge addresses in their order; equal addresses and equal domains are worked out once.

    Without a resolver the deepest level is ``domain``, without a prober it is ``mx``; without ``lists`` those of the
    installed packages count.
    """
    lists = lists or packaged_lists()
    judged: dict[str, EmailVerdict] = {}
    fresh = list(dict.fromkeys(addresses))
    for start in range(0, len(fresh), _SLICE):
        parsed = [check_syntax(address) for address in fresh[start : start + _SLICE]]
        routes: dict[str, MailRoute] = {}
        if resolver is not None and level in (Level.MX, Level.SMTP):
            routes = await resolver.mail_routes({found.domain for found in parsed if found.ok})
        verdicts = [_judge(found, routes.get(found.domain), level, at, lists) for found in parsed]
        if prober is not None and level is Level.SMTP:
            verdicts = await _with_mailboxes(verdicts, prober, routes)
        judged |= {verdict.address: verdict for verdict in verdicts}
        await asyncio.sleep(0)
    return [judged[address] for address in addresses]


async def _with_mailboxes(
    verdicts: Sequence[EmailVerdict], prober: Prober, routes: Mapping[str, MailRoute]
) -> list[EmailVerdict]:
    """Ask the servers for those that the first levels leave open; who has no mail host is not asked for."""
    asked = [each.normalized for each in verdicts if each.normalized and each.mx and each.status is not Status.INVALID]
    reports = await prober.probe(asked, routes)
    found = ((verdict, reports.get(verdict.normalized or "")) for verdict in verdicts)
    return [with_mailbox_report(verdict, report) if report else verdict for verdict, report in found]


def with_mailbox_evidence(verdict: EmailVerdict, evidence: MailboxEvidence) -> EmailVerdict:
    """Join a verdict with an outside answer; "unknown" changes nothing, a later answer replaces an earlier one, but
    what one warned of stays flagged.

    An address that the first levels refuse stays refused: a verifier that vouches for it is mistaken or out of date.
    """
    if evidence.answer is MailboxAnswer.UNKNOWN:
        return verdict
    code = f"mailbox_{evidence.answer}"
    found = [*_evidence(verdict), (code, f"{evidence.source}: {RULES[code].text}")]
    return _joined(verdict, found, {"catch_all": None, **_SHOWN.get(evidence.answer, {})})


def with_mailbox_report(verdict: EmailVerdict, report: MailboxReport) -> EmailVerdict:
    """Join a verdict with what came out of asking the mail server, in the place of any earlier answer.

    Where the first levels found no mail host nobody can have been asked, and the verdict stays.
    """
    if not verdict.mx:
        return verdict
    code = _REPORTED.get(report.state) or ("mailbox_accepted" if report.catch_all is None else "mailbox_deliverable")
    found = [*_evidence(verdict), (code, report.text)]
    accepts = report.state in (MailboxState.EXISTS, MailboxState.ACCEPT_ALL)
    if accepts and any(name == "typo_suspected" for name, _ in found):
        found.append(("mailbox_trap_risk", ""))
    joined = _joined(verdict, found, {"catch_all": report.catch_all})
    operator = report.operator or verdict.mx_operator
    return replace(joined, level=Level.SMTP.value, smtp=report.smtp, mx_operator=operator)


def _joined(verdict: EmailVerdict, found: Sequence[tuple[str, str]], shown: Mapping[str, bool | None]) -> EmailVerdict:
    status, sub_status, score, reasons = settle(tuple(found))
    flags = replace(verdict.flags, **{"trap_risk": _is_trap(found) or verdict.flags.trap_risk, **shown})
    return replace(verdict, status=status, sub_status=sub_status, score=score, reasons=reasons, flags=flags)


def _evidence(verdict: EmailVerdict) -> list[tuple[str, str]]:
    """What a verdict rests on besides answers about the mailbox."""
    return [
        (reason.code, reason.text)
        for reason in verdict.reasons
        if not reason.code.startswith("mailbox_") and reason.code != _FLOOR
    ]


def _judge(syntax: SyntaxResult, route: MailRoute | None, level: Level, at: datetime, lists: Lists) -> EmailVerdict:
    if not syntax.ok:
        return _verdict(syntax, ((syntax.code, syntax.text),), Level.SYNTAX, at)
    if level is Level.SYNTAX:
        return _verdict(syntax, (("syntax_ok", ""),), Level.SYNTAX, at)
    facts, role = lists.domain_facts(syntax.domain), lists.is_role(syntax.local)
    found = (("syntax_ok", ""), *_listed(facts, role))
    null_mx = None
    if route is not None:
        found += ((_ROUTES[route.kind], route.detail),)
        null_mx = None if route.kind is Route.UNKNOWN else route.kind is Route.NULL_MX
    hosts = route.hosts if route else ()
    if sign := trap_sign(syntax.local, hosts):
        found += (("trap_risk", sign),)
    flags = _flags(facts.disposable, role, facts.free, None, null_mx, facts.alias_service, _is_trap(found))
    reached = Level.DOMAIN if null_mx is None else Level.MX
    hint = f"{syntax.local}@{facts.suggestion}" if facts.suggestion else None
    return _verdict(syntax, found, reached, at, flags, hosts, hint)


@lru_cache(maxsize=10_000)
def _listed(facts: DomainFacts, role: bool) -> _Evidence:
    said = (
        ("free_mail", facts.free),
        ("alias_service", facts.alias_service),
        ("role", role),
        ("typo_suspected", facts.suggestion is not None),
    )
    return (*_disposable(facts), *((code, "") for code, true in said if true))


def _disposable(facts: DomainFacts) -> _Evidence:
    if facts.disposable is False:
        return ()
    count = "one list says" if len(facts.lists) == 1 else f"{len(facts.lists)} lists say"
    said = f"{count} so: {', '.join(facts.lists)}"
    if facts.disposable:
        return (("disposable", f"The domain hands out throw-away addresses ({said})."),)
    return (("disposable_suspected", f"The domain may hand out throw-away addresses ({said})."),)


def _verdict(
    syntax: SyntaxResult,
    found: _Evidence,
    level: Level,
    at: datetime,
    flags: Flags = _NO_FLAGS,
    mx: tuple[str, ...] = (),
    hint: str | None = None,
) -> EmailVerdict:
    status, sub_status, score, reasons = settle(found)
    operator = operator_of_route(mx)
    return EmailVerdict(
        syntax.address,
        syntax.normalized,
        status,
        sub_status,
        score,
        level.value,
        at,
        reasons,
        flags,
        mx,
        hint,
        operator.name if operator else None,
    )


def _is_trap(found: Iterable[tuple[str, str]]) -> bool:
    return any(code in ("trap_risk", "mailbox_trap_risk", "mailbox_trap") for code, _ in found)


@lru_cache(maxsize=10_000)
def settle(found: _Evidence) -> tuple[Status, str, int, tuple[Reason, ...]]:
    """Pure, and a list of a million addresses holds only so many kinds of evidence."""
    score, reasons = tally(found, RULES)
    status, sub_status = _decide({code for code, _ in found}, score)
    if status is Status.RISKY and score < RISKY_FROM:
        reasons += (Reason(_FLOOR, RISKY_FROM - score, "Nobody said that the address is invalid."),)
        score = RISKY_FROM
    return status, sub_status, score, reasons


def _decide(codes: Set[str], score: int) -> tuple[Status, str]:
    if "mailbox_deliverable" in codes and score >= VALID_FROM:
        return Status.VALID, "deliverable"
    for code, status in _DECIDING:
        if code in codes:
            return status, code.removeprefix("mailbox_")
    return Status.UNKNOWN, "mailbox_not_checked"
