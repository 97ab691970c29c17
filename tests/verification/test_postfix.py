"""Level 4 against a real Postfix and postgrey: accept, reject, greylist, catch-all, and a client that is not wanted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from tests.verification.postfix_peer import ADDRESS, DOMAINS, GREY_SECONDS, LIVES, NotHere, postfix

from headwater.records import EmailVerdict
from headwater.verification import Identity, Level, Prober, Resolver, Timeouts, check_emails

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8", "::1"])

Ask = Callable[..., Awaitable[list[EmailVerdict]]]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(postfix())
        except NotHere as reason:
            pytest.skip(f"no Postfix to test with: {reason}")
        yield found


def zone(name: str, kind: str) -> list[str]:
    if kind == "MX" and name in DOMAINS.values():
        return ["10 mx.postfix-hw.com."]
    return [ADDRESS] if kind == "A" and name == "mx.postfix-hw.com" else []


@pytest.fixture
async def ask(port: int, dns_server: Callable[..., object], at: datetime) -> AsyncIterator[Ask]:
    """Ask Postfix about mailboxes of one of its domains."""
    async with dns_server(zone) as dns, Resolver(dns.address, timeout=30) as resolver:  # type: ignore[attr-defined]

        async def run(domain: str, *names: str) -> list[EmailVerdict]:
            identity = Identity("probe.verify-hw.com", "ask@verify-hw.com")
            async with Prober(identity, resolver, port=port, timeouts=Timeouts(), allow_private=True) as prober:
                addresses = [f"{name}@{DOMAINS[domain]}" for name in names]
                return await check_emails(addresses, resolver=resolver, at=at, level=Level.SMTP, prober=prober)

        yield run


@pytest.mark.parametrize("domain", ["local", "virtual"])
async def test_postfix_accepts_and_rejects(ask: Ask, domain: str) -> None:
    lives, gone = await ask(domain, LIVES, "gone.away")
    assert lives.status == "valid"
    assert lives.flags.catch_all is False
    assert gone.status == "invalid"
    assert gone.smtp is not None
    assert (gone.smtp.phase, gone.smtp.code, gone.smtp.enhanced) == ("rcpt", 550, "5.1.1")


async def test_postfix_takes_every_name_of_a_domain(ask: Ask) -> None:
    for verdict in await ask("all", LIVES, "gone.away"):
        assert verdict.status == "risky"
        assert verdict.flags.catch_all is True


async def test_postgrey_defers_and_lets_in_later(ask: Ask) -> None:
    for verdict in await ask("grey", LIVES, "gone.away"):
        assert verdict.status == "unknown"
        assert verdict.smtp is not None
        assert (verdict.smtp.phase, verdict.smtp.code) == ("rcpt", 450)
    await asyncio.sleep(GREY_SECONDS + 1)
    lives, gone = await ask("grey", LIVES, "gone.away")
    assert lives.status in ("valid", "risky", "unknown")  # a stranger's name is deferred in its turn
    assert lives.smtp is not None
    assert lives.smtp.code == 250
    assert gone.status == "invalid"


async def test_postfix_that_does_not_want_us_says_nothing_of_a_mailbox(ask: Ask) -> None:
    for verdict in await ask("blocked", LIVES, "gone.away"):
        assert verdict.status == "unknown"
        assert verdict.smtp is not None
        assert (verdict.smtp.phase, verdict.smtp.code, verdict.smtp.enhanced) == ("rcpt", 554, "5.7.1")


async def test_forty_mailboxes_take_few_connections(ask: Ask) -> None:
    verdicts = await ask("virtual", LIVES, *(f"gone.{number}" for number in range(39)))
    assert [each.status for each in verdicts] == ["valid"] + ["invalid"] * 39
