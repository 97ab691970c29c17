"""Levels 1 to 3 over a whole zone with every class of answer, served by NSD and by a server of our own."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from benchmarks import mail_zone
from benchmarks.addresses import addresses
from dns.rcode import NXDOMAIN, SERVFAIL
from email_validator import EmailNotValidError, validate_email

from headwater.records import EmailVerdict, Status
from headwater.verification import Resolver, Route, check_emails, check_syntax

Serve = Callable[..., Any]

ZONE = mail_zone.domains(1_000)
KINDS = {domain.name: domain for domain in ZONE}
EXPECTED = {
    Route.MX: (Status.UNKNOWN, "mailbox_not_checked"),
    Route.IMPLICIT: (Status.UNKNOWN, "mailbox_not_checked"),
    Route.NULL_MX: (Status.INVALID, "null_mx"),
    Route.NO_DOMAIN: (Status.INVALID, "no_domain"),
    Route.UNKNOWN: (Status.UNKNOWN, "dns_unknown"),
}
PEOPLE = [f"{name}@{domain.name}" for name in ("anna.smith", "Ben") for domain in ZONE]


def wrong(verdicts: list[EmailVerdict]) -> list[EmailVerdict]:
    """Those that say something else than the zone does."""

    def right(verdict: EmailVerdict) -> bool:
        domain = KINDS[verdict.address.partition("@")[2]]
        return (verdict.status, verdict.sub_status, verdict.mx) == (*EXPECTED[domain.kind], domain.hosts)

    return [verdict for verdict in verdicts if not right(verdict)]


def answers(name: str, kind: str) -> Any:
    """The zone for our own server. Of the domains without an answer every second one is met with silence."""
    domain = KINDS.get(name)
    if domain is None or domain.kind is Route.NO_DOMAIN:
        return NXDOMAIN
    if domain.kind is Route.UNKNOWN:
        return SERVFAIL if int(name[1 : name.index(".")]) % 2 else "drop"
    return domain.records.get(kind, [])


@pytest.fixture(params=["our own server", "nsd"])
async def zone(request: pytest.FixtureRequest, dns_server: Serve, tmp_path: Path) -> AsyncIterator[tuple[str, Any]]:
    """The address of a server, and what counts its questions where it does."""
    if request.param != "nsd":
        async with dns_server(answers) as server:
            yield server.address, server
    elif mail_zone.NSD is None:
        pytest.skip("NSD is not installed (on Debian: apt-get install nsd)")
    else:
        with mail_zone.serving(ZONE, tmp_path) as address:
            yield address, None


async def test_every_address_is_judged_as_the_zone_says(zone: tuple[str, Any], at: datetime) -> None:
    address, server = zone
    async with Resolver(address, timeout=2, tries=2) as resolver:
        verdicts = await check_emails(PEOPLE, resolver=resolver, at=at)
    assert [verdict.address for verdict in verdicts] == PEOPLE
    assert wrong(verdicts) == []
    if server is not None:
        repeated = [name for (name, kind), count in server.asked.items() if count > 1 and answers(name, kind) != "drop"]
        assert repeated == []
        assert {name for name, kind in server.asked if kind == "MX"} == set(KINDS)


def test_the_fast_path_has_no_difference_on_a_made_up_list() -> None:
    def by_the_library(address: str) -> str | None:
        try:
            return validate_email(address, strict=True, check_deliverability=False).normalized
        except EmailNotValidError:
            return None

    found = [(each, check_syntax(each).normalized) for each in addresses(10_000, seed=7, odd=0.3)]
    assert [(each, ours) for each, ours in found if ours != by_the_library(each)] == []
    assert 0.7 < sum(ours is not None for _, ours in found) / len(found) < 0.9
