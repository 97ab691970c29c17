"""Level 4 against every behaviour of a mail server that we know of.

No verdict may be false: a mailbox that lives is never invalid, and valid is only said of one that lives. Of the
behaviours 95 in 100 must be judged as well as the evidence allows; the others may be judged more carefully. All of them
run at once, since most of the time is theirs: they are slow, or silent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from tests.verification.smtp_behaviours import BEHAVIOURS, Behaviour, Network, Place, Probe, Truth, network

from headwater.records import EmailVerdict, Status
from headwater.verification import Identity, Level, Prober, Resolver, Timeouts, check_emails

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8", "::1"])

HELO, MAIL_FROM = "probe.verify-hw.com", "ask@verify-hw.com"
EXACT = 0.95
BANDS = {Status.INVALID: (0, 10), Status.RISKY: (11, 79), Status.UNKNOWN: (35, 55), Status.VALID: (80, 100)}
# What must never reach a socket, whatever becomes of it.
HOSTILE = (
    "anna@{0}\r\nDATA", "anna\r\nRSET\r\n@{0}", "anna@{0}>\r\nVRFY anna", "anna\x00@{0}", "anna\n@{0}", "anna@{0}\t",
    "<anna@{0}>", "anna> SIZE=1 <@{0}", '"anna\\"@{0}', "anna@{0}\u2028QUIT", "anna\u202e@{0}",
    "a" * 1_000_000 + "@{0}", "anna@[127.0.0.1]", "anna@[IPv6:::1]", "anna @{0}", "@{0}", "anna@", "", "\udcff@{0}",
    "anna@{0}@{0}",
)  # fmt: skip


@dataclass
class Seen:
    """What was said of one behaviour's addresses, at the first look and at the second."""

    place: Place
    first: list[tuple[Probe, EmailVerdict]]
    again: list[tuple[Probe, EmailVerdict]]

    @property
    def pairs(self) -> list[tuple[Probe, EmailVerdict]]:
        return [*self.first, *self.again]

    def lies(self) -> list[str]:
        found = ((probe, verdict, probe.truth.lie(verdict.status)) for probe, verdict in self.pairs)
        return [f"{lie}: {told(probe, verdict)}" for probe, verdict, lie in found if lie]

    def inexact(self) -> list[str]:
        return [told(probe, verdict) for probe, verdict in self.pairs if verdict.status not in probe.right]


def told(probe: Probe, verdict: EmailVerdict) -> str:
    right = " or ".join(sorted(probe.right))
    return f"{probe.local} is {verdict.status} ({verdict.sub_status}, {verdict.smtp}), right is {right}"


def prober(resolver: Resolver, port: int, *, allow_private: bool = True) -> Prober:
    """As a user has it, but less patient, and let in where no mail server ever is."""
    timeouts = Timeouts(connect=4, banner=5, command=5, rcpt=5, tls=4, quit=1)
    identity = Identity(HELO, MAIL_FROM)
    return Prober(identity, resolver, port=port, timeouts=timeouts, allow_private=allow_private)


@dataclass
class Asker:
    """Who asks, through one resolver, as is intended; but a prober for each look, so that none waits for another's."""

    net: Network
    resolver: Resolver
    at: datetime

    async def look(self, place: Place, probes: Sequence[Probe]) -> list[tuple[Probe, EmailVerdict]]:
        """Ask about the addresses, in as many batches at once as the behaviour has workers."""
        workers = place.behaviour.workers
        batches = [probes[first::workers] for first in range(workers)]
        async with prober(self.resolver, self.net.port) as asked:
            answers = await asyncio.gather(*(self._ask(place.behaviour, batch, asked) for batch in batches))
        return [pair for batch, found in zip(batches, answers, strict=True) for pair in zip(batch, found, strict=True)]

    async def _ask(self, behaviour: Behaviour, probes: Sequence[Probe], asked: Prober) -> list[EmailVerdict]:
        addresses = [behaviour.address(each) for each in probes]
        return await check_emails(addresses, resolver=self.resolver, at=self.at, level=Level.SMTP, prober=asked)

    async def visit(self, place: Place) -> Seen:
        behaviour = place.behaviour
        first = await self.look(place, behaviour.probes)
        if not behaviour.again:
            return Seen(place, first, [])
        await asyncio.sleep(behaviour.pause)
        return Seen(place, first, await self.look(place, behaviour.again))


async def visit_all(behaviours: Sequence[Behaviour], folder: Path, at: datetime) -> dict[str, Seen]:
    async with network(behaviours, HELO, MAIL_FROM, folder) as net, Resolver(net.dns, timeout=30) as resolver:
        asker = Asker(net, resolver, at)
        seen = await asyncio.gather(*map(asker.visit, net.places.values()))
    return dict(zip(net.places, seen, strict=True))


@pytest.fixture(scope="module")
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, at: datetime) -> dict[str, Seen]:
    """All that is wanted, at once; a single behaviour can be run alone with ``-k``."""
    items = [each for each in request.session.items if each.path == request.path and hasattr(each, "callspec")]
    named = {each.callspec.params.get("name") for each in items}
    whole = any(each.name == test_enough_is_exact.__name__ for each in request.session.items)
    wanted = [each for each in BEHAVIOURS if whole or each.name in named]
    return asyncio.run(visit_all(wanted, tmp_path_factory.mktemp("smtp"), at))


every = pytest.mark.parametrize("name", [each.name for each in BEHAVIOURS])


@every
def test_no_verdict_is_false(seen: dict[str, Seen], name: str) -> None:
    assert not seen[name].lies()


@every
def test_the_caller_has_manners(seen: dict[str, Seen], name: str) -> None:
    """QUIT always; no VRFY, EXPN or DATA; its own name and address; one whole line at a time; only what it is asked."""
    assert not seen[name].place.breaches


@every
def test_a_verdict_shows_what_it_rests_on(seen: dict[str, Seen], name: str) -> None:
    for probe, verdict in seen[name].pairs:
        low, high = BANDS[verdict.status]
        assert low <= verdict.score <= high
        assert verdict.sub_status
        assert verdict.reasons
        assert sum(each.points for each in verdict.reasons) == verdict.score
        reply, said = verdict.smtp, seen[name].place.said(probe)
        if verdict.status == "valid" or (verdict.status == "invalid" and seen[name].place.connections):
            assert verdict.level == "smtp"
            assert reply is not None
            assert reply.phase == "rcpt"
            assert reply.code in said
            assert reply.code is not None
            assert reply.code // 100 == (2 if verdict.status == "valid" else 5)
        phase = seen[name].place.behaviour.phase
        if phase and reply is not None and probe.truth is Truth.HIDDEN:
            assert reply.phase == phase


@every
def test_catch_all_is_said_only_where_it_is_seen(seen: dict[str, Seen], name: str) -> None:
    truths = {probe.truth for probe, _ in seen[name].pairs}
    for probe, verdict in seen[name].pairs:
        said = verdict.flags.catch_all
        assert not (said is False and Truth.CATCH_ALL in truths)
        assert not (said is True and truths & {Truth.LIVE, Truth.DEAD} and Truth.CATCH_ALL not in truths)
        if verdict.status == "valid":
            assert said is False
        if probe.truth is Truth.CATCH_ALL and not probe.weaker:
            assert said is True


@pytest.mark.parametrize("name", [each.name for each in BEHAVIOURS if each.most_connections is not None])
def test_a_batch_shares_connections(seen: dict[str, Seen], name: str) -> None:
    place = seen[name].place
    assert place.behaviour.most_connections is not None
    assert place.connections <= place.behaviour.most_connections


@pytest.mark.parametrize("name", [each.name for each in BEHAVIOURS if each.most_refused is not None])
def test_a_crowded_server_is_left_in_peace(seen: dict[str, Seen], name: str) -> None:
    place = seen[name].place
    assert place.behaviour.most_refused is not None
    assert sum(each.refused for each in place.servers) <= place.behaviour.most_refused
    assert not seen[name].inexact()


@every
def test_nobody_is_called_again_and_again(seen: dict[str, Seen], name: str) -> None:
    place = seen[name].place
    assert place.connections <= 2 * len(place.servers) * len(seen[name].pairs)


def test_enough_is_exact(seen: dict[str, Seen]) -> None:
    """A behaviour counts when all its addresses are judged as well as can be."""
    wrong = {name: each.inexact() for name, each in seen.items() if each.inexact()}
    lines = "\n".join(f"{name}: {'; '.join(texts)}" for name, texts in wrong.items())
    assert len(wrong) <= (1 - EXACT) * len(seen), f"{len(wrong)} of {len(seen)} are not exact:\n{lines}"


def test_there_are_enough_behaviours() -> None:
    assert len({each.name for each in BEHAVIOURS}) == len(BEHAVIOURS) >= 45
    assert len({each.domain for each in BEHAVIOURS}) == len(BEHAVIOURS)


async def test_the_servers_notice_bad_manners(tmp_path: Path) -> None:
    """Without this, no breach would prove nothing."""
    (decent,) = (each for each in BEHAVIOURS if each.name == "decent")
    rude = b"R\x00SET\r\nEHLO gmail.com\r\nVRFY anna\r\nMAIL FROM:<>\r\nRCPT TO:<root@elsewhere-hw.com>\r\nDATA\n"
    async with network([decent], HELO, MAIL_FROM, tmp_path) as net:
        host = net.places["decent"].servers[0].address
        reader, writer = await asyncio.open_connection(host, net.port)
        await reader.readline()
        writer.write(rude)
        for _ in range(6):
            await reader.readline()
        writer.close()
        await writer.wait_closed()
    breaches = "\n".join(net.places["decent"].breaches)
    for each in ("EHLO gmail.com", "said VRFY", "MAIL FROM:<>", "asked about 'root@elsewhere-hw.com'", "said DATA",
                 "without CRLF", "control characters", "out of turn", "left without QUIT"):  # fmt: skip
        assert each in breaches


async def test_what_is_no_address_never_reaches_a_socket(tmp_path: Path, at: datetime) -> None:
    (decent,) = (each for each in BEHAVIOURS if each.name == "decent")
    hostile = [each.format(decent.domain) for each in HOSTILE]
    async with network([decent], HELO, MAIL_FROM, tmp_path) as net:
        async with Resolver(net.dns, timeout=30) as resolver, prober(resolver, net.port) as asked:
            verdicts = await check_emails(hostile, resolver=resolver, at=at, level=Level.SMTP, prober=asked)
        assert net.places["decent"].connections == 0
    for verdict in verdicts:
        assert verdict.status == "invalid"
        assert verdict.reasons


async def test_no_private_network_is_contacted_on_the_word_of_a_domain(tmp_path: Path, at: datetime) -> None:
    """Anybody may let an MX record point into our network; only the tests are allowed there."""
    (decent,) = (each for each in BEHAVIOURS if each.name == "decent")
    address = f"anna.smith@{decent.domain}"
    async with network([decent], HELO, MAIL_FROM, tmp_path) as net:
        async with Resolver(net.dns, timeout=30) as resolver, prober(resolver, net.port, allow_private=False) as asked:
            (verdict,) = await check_emails([address], resolver=resolver, at=at, level=Level.SMTP, prober=asked)
        assert net.places["decent"].connections == 0
    assert verdict.status == "unknown"
