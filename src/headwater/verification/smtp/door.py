"""From a domain's mail hosts to an open conversation: which address, whether we may, whether it is our turn."""

import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

from headwater.records import SmtpReply
from headwater.verification.smtp.identity import Identity
from headwater.verification.smtp.operators import operator_of
from headwater.verification.smtp.politeness import Gate, Gates
from headwater.verification.smtp.session import Refused, Session, Timeouts
from headwater.verification.smtp.way_out import WayOut
from headwater.verification.smtp.wire import Broken, NoWay, OutOfStep, Wire

_MOST_HOSTS = 3  # RFC 5321 §5.1 wants at least two tried; more is a burden for a question
_PER_HOST = 2
_CROWDED_TRIES = 3
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class HostAddresses(Protocol):
    """The part of a resolver that is needed here."""

    async def host_addresses(self, host: str) -> tuple[str, ...]: ...


class Target(NamedTuple):
    """One address of one of a domain's mail hosts."""

    host: str
    address: str
    hosts: tuple[str, ...]


class Visit(NamedTuple):
    """An open session, with whom, and through which gate."""

    session: Session
    host: str
    gate: Gate


class Closed(Exception):
    """No mail host let us in; ``reply`` is what one of them said, or why none was reached."""

    def __init__(self, reply: SmtpReply, host: str | None) -> None:
        super().__init__(reply.text)
        self.reply = reply
        self.host = host


class Door:
    """Opens sessions for everybody in a process, within the limits of politeness."""

    def __init__(
        self,
        identity: Identity,
        resolver: HostAddresses,
        gates: Gates,
        timeouts: Timeouts,
        tls: ssl.SSLContext,
        way_out: WayOut,
        *,
        port: int,
        allow_private: bool,
    ) -> None:
        self._identity = identity
        self._resolver = resolver
        self._gates = gates
        self._timeouts = timeouts
        self._tls = tls
        self._way_out = way_out
        self._port = port
        self._allow_private = allow_private

    @asynccontextmanager
    async def visit(self, hosts: Sequence[str]) -> AsyncIterator[Visit]:
        """A session with the first host that lets us in. Raises Closed. Its ``step`` is known afterwards."""
        visit = await self._first_open(hosts)
        try:
            yield visit
        finally:  # a server counts a connection until it is closed, so the place is given back after that
            try:
                await visit.session.end()
            finally:
                self._gates.leave(visit.gate)

    async def _first_open(self, hosts: Sequence[str]) -> Visit:
        failures: list[Closed] = []
        trial = self._way_out.shut
        if not self._way_out.admits():
            raise self._shut(hosts)
        for target in await self._targets(hosts):
            if self._way_out.shut and not trial:
                failures.append(self._shut(hosts))
                break
            try:
                return await self._open(target)
            except Closed as closed:
                failures.append(closed)
                if _is_final(closed.reply):
                    break
        # What a server said tells more than that another one was silent.
        raise min(failures, key=lambda each: each.reply.code is None)

    def _shut(self, hosts: Sequence[str]) -> Closed:
        return Closed(SmtpReply("connect", None, None, self._way_out.text), next(iter(hosts), None))

    async def _targets(self, hosts: Sequence[str]) -> list[Target]:
        found: list[Target] = []
        private = False
        for host in hosts[:_MOST_HOSTS]:
            addresses = await self._resolver.host_addresses(host)
            allowed = [address for address in addresses if self._allow_private or is_public(address)]
            private = private or len(allowed) < len(addresses)
            found += [Target(host, address, tuple(hosts)) for address in allowed[:_PER_HOST]]
        if found:
            return found
        text = "Its mail hosts have only private addresses." if private else "Its mail hosts have no address."
        raise Closed(SmtpReply("connect", None, None, text), next(iter(hosts), None))

    async def _open(self, target: Target) -> Visit:
        """Try again when we were too many: with the others out of the way there may be room."""
        for tries in range(1, _CROWDED_TRIES + 1):
            gate = await self._gates.enter(target.address, _operator(target))
            others = gate.open > 1
            try:
                return Visit(await self._greeted(target), target.host, gate)
            except Closed as closed:
                crowded = closed.reply.code == 421
                self._gates.leave(gate)
                if crowded:
                    gate.complained()
                if not (crowded and others) or tries == _CROWDED_TRIES:
                    raise
            except BaseException:  # whatever ends this, the place of the connection is given back
                self._gates.leave(gate)
                raise
        raise AssertionError("the last try returns or raises")

    async def _greeted(self, target: Target) -> Session:
        try:
            return await self._greet(target, self._tls)
        except Broken as broken:
            if broken.reply.phase != "starttls" or isinstance(broken, OutOfStep):
                raise Closed(broken.reply, target.host) from None
        except Refused as refused:
            raise Closed(refused.reply, target.host) from None
        # Its TLS does not work with ours; the next best is what most mail goes through when that happens.
        try:
            return await self._greet(target, None)
        except (Broken, Refused) as failure:
            raise Closed(failure.reply, target.host) from None

    async def _greet(self, target: Target, tls: ssl.SSLContext | None) -> Session:
        try:
            wire = await Wire.open(target.address, self._port, self._timeouts.connect)
        except NoWay:
            self._way_out.silent(target.address, target.hosts)
            raise
        self._way_out.opened()
        session = Session(wire, self._identity, self._timeouts)
        try:
            await session.greet(target.host, tls)
        except BaseException:  # whatever ends this, the connection is not left open
            await session.end()
            raise
        return session


def _operator(target: Target) -> str:
    """Whose pace counts: the operator's where its name is known, else the machine's."""
    found = operator_of(target.host)
    return found.name if found else target.address


def is_public(text: str) -> bool:
    """Whether an address is one of the open Internet, looking into those that carry an IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


def _is_final(reply: SmtpReply) -> bool:
    """A refusal for good: the next host is the same people's."""
    return reply.code is not None and reply.code >= 500
