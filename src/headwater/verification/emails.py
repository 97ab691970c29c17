"""Levels 1 to 3 put together, and joined with what somebody who asked the mailbox says.

Without asking the mailbox nobody can call an address valid: the best that these levels say is "unknown", sub-status
``mailbox_not_checked``. Bands, which status and score keep to: invalid 0-10, risky 11-79, unknown 35-55, valid 80-100.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from headwater.records import EmailVerdict, Flags, Reason, Status
from headwater.verification.lists import DomainFacts, domain_facts, is_role
from headwater.verification.resolver import MailRoute, Resolver, Route
from headwater.verification.scoring import Rule, tally
from headwater.verification.syntax import Level, SyntaxResult, check_syntax

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
    "free_mail": Rule(0, "The domain is a public mail provider."),
    "alias_service": Rule(0, "The domain forwards to a mailbox that it hides."),
    "mailbox_deliverable": Rule(45, "The mailbox accepts mail."),
    "mailbox_undeliverable": Rule(0, "The mailbox does not exist.", ceiling=3),
    "seen_in_sources": Rule(0, "Independent sources gave this address."),
    "mailbox_accept_all": Rule(0, "The domain accepts every address, so that nobody can tell."),
}
_ROUTES = {
    Route.MX: "mail_host",
    Route.IMPLICIT: "implicit_mail_host",
    Route.NULL_MX: "null_mx",
    Route.NO_DOMAIN: "no_domain",
    Route.NO_MAIL: "no_mail_host",
    Route.UNKNOWN: "dns_unknown",
}
# What decides, first match first. The last two only speak for an address whose mailbox nobody vouched for.
_DECIDING = (
    ("syntax_error", Status.INVALID),
    ("reserved_domain", Status.INVALID),
    ("no_domain", Status.INVALID),
    ("null_mx", Status.INVALID),
    ("no_mail_host", Status.INVALID),
    ("mailbox_undeliverable", Status.INVALID),
    ("disposable", Status.RISKY),
    ("mailbox_accept_all", Status.RISKY),
    ("role", Status.RISKY),
    ("dns_unknown", Status.UNKNOWN),
)
VALID_FROM = 80
# Addresses worked on before others get a turn: enough that slow domains wait together, few enough to breathe between.
_SLICE = 20_000
_NO_FLAGS = Flags()
_Evidence = tuple[tuple[str, str], ...]


class MailboxAnswer(StrEnum):
    """What an outside verifier says of a mailbox, in our words."""

    DELIVERABLE = "deliverable"  # accepts mail, and the domain does not accept everything
    UNDELIVERABLE = "undeliverable"
    ACCEPT_ALL = "accept_all"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MailboxEvidence:
    """An answer and whose it is."""

    answer: MailboxAnswer
    source: str


async def check_emails(
    addresses: Sequence[str], *, resolver: Resolver | None, at: datetime, level: Level = Level.MX
) -> list[EmailVerdict]:
    """Judge addresses in their order; equal addresses and equal domains are worked out once.

    Without a resolver the deepest level is ``domain``.
    """
    judged: dict[str, EmailVerdict] = {}
    fresh = list(dict.fromkeys(addresses))
    for start in range(0, len(fresh), _SLICE):
        parsed = [check_syntax(address) for address in fresh[start : start + _SLICE]]
        routes: dict[str, MailRoute] = {}
        if resolver is not None and level is Level.MX:
            routes = await _routes({found.domain for found in parsed if found.ok}, resolver)
        judged |= {found.address: _judge(found, routes.get(found.domain), level, at) for found in parsed}
        await asyncio.sleep(0)
    return [judged[address] for address in addresses]


async def _routes(domains: Iterable[str], resolver: Resolver) -> dict[str, MailRoute]:
    names = list(domains)
    return dict(zip(names, await asyncio.gather(*map(resolver.mail_route, names)), strict=True))


def with_mailbox_evidence(verdict: EmailVerdict, evidence: MailboxEvidence) -> EmailVerdict:
    """Join a verdict with an outside answer; "unknown" changes nothing, a later answer replaces an earlier one.

    An address that the first levels refuse stays refused: a verifier that vouches for it is mistaken or out of date.
    """
    if evidence.answer is MailboxAnswer.UNKNOWN:
        return verdict
    code = f"mailbox_{evidence.answer}"
    found = [(r.code, r.text) for r in verdict.reasons if not r.code.startswith("mailbox_")]
    found.append((code, f"{evidence.source}: {RULES[code].text}"))
    catch_all = {MailboxAnswer.DELIVERABLE: False, MailboxAnswer.ACCEPT_ALL: True}.get(evidence.answer)
    status, sub_status, score, reasons = _settle(tuple(found))
    flags = replace(verdict.flags, catch_all=catch_all)
    return replace(verdict, status=status, sub_status=sub_status, score=score, reasons=reasons, flags=flags)


def _judge(syntax: SyntaxResult, route: MailRoute | None, level: Level, at: datetime) -> EmailVerdict:
    if not syntax.ok:
        return _verdict(syntax, ((syntax.code, syntax.text),), Level.SYNTAX, at)
    if level is Level.SYNTAX:
        return _verdict(syntax, (("syntax_ok", ""),), Level.SYNTAX, at)
    facts, role = domain_facts(syntax.domain), is_role(syntax.local)
    found = (("syntax_ok", ""), *_listed(facts, role))
    null_mx = None
    if route is not None:
        found += ((_ROUTES[route.kind], route.detail),)
        null_mx = None if route.kind is Route.UNKNOWN else route.kind is Route.NULL_MX
    flags = Flags(facts.disposable, role, facts.free, None, null_mx, facts.alias_service)
    reached = Level.DOMAIN if null_mx is None else Level.MX
    hint = f"{syntax.local}@{facts.suggestion}" if facts.suggestion else None
    return _verdict(syntax, found, reached, at, flags, route.hosts if route else (), hint)


def _listed(facts: DomainFacts, role: bool) -> _Evidence:
    said = (
        ("disposable", facts.disposable),
        ("free_mail", facts.free),
        ("alias_service", facts.alias_service),
        ("role", role),
        ("typo_suspected", facts.suggestion is not None),
    )
    return tuple((code, "") for code, true in said if true)


def _verdict(
    syntax: SyntaxResult,
    found: _Evidence,
    level: Level,
    at: datetime,
    flags: Flags = _NO_FLAGS,
    mx: tuple[str, ...] = (),
    hint: str | None = None,
) -> EmailVerdict:
    status, sub_status, score, reasons = _settle(found)
    return EmailVerdict(
        syntax.address, syntax.normalized, status, sub_status, score, level.value, at, reasons, flags, mx, hint
    )


@lru_cache(maxsize=10_000)
def _settle(found: _Evidence) -> tuple[Status, str, int, tuple[Reason, ...]]:
    """Pure, and a list of a million addresses holds only so many kinds of evidence."""
    score, reasons = tally(found, RULES)
    codes = {code for code, _ in found}
    if "mailbox_deliverable" in codes and score >= VALID_FROM:
        return Status.VALID, "deliverable", score, reasons
    for code, status in _DECIDING:
        if code in codes:
            return status, code.removeprefix("mailbox_"), score, reasons
    return Status.UNKNOWN, "mailbox_not_checked", score, reasons
