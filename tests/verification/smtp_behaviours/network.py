"""All behaviours at once: every mail server on a loopback address of its own and one common port, and their DNS."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import idna
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.verification.smtp_behaviours.names import Names
from tests.verification.smtp_behaviours.server import Habit
from tests.verification.smtp_behaviours.truth import Behaviour, Probe

# Linux answers on the whole of 127.0.0.0/8 without any set-up.
_FIRST = ipaddress.IPv4Address("127.77.0.1")
_LINE_LIMIT = 1 << 20


@dataclass
class Place:
    """A behaviour as it runs: its servers, and what they saw."""

    behaviour: Behaviour
    servers: tuple[Habit, ...]

    @property
    def connections(self) -> int:
        return sum(len(each.sessions) for each in self.servers)

    @property
    def breaches(self) -> list[str]:
        return [breach for each in self.servers for breach in each.manners.breaches]

    def said(self, probe: Probe) -> list[int | None]:
        """The codes that were said to one recipient, on whichever server."""
        address = in_ascii(self.behaviour.address(probe))
        return [code for each in self.servers for code in each.said.get(address, [])]


@dataclass
class Network:
    port: int
    dns: str
    places: dict[str, Place]


def in_ascii(address: str) -> str:
    """With the form of the domain that goes over the wire."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{idna.encode(domain).decode()}"


@contextlib.asynccontextmanager
async def network(behaviours: Sequence[Behaviour], helo: str, mail_from: str, folder: Path) -> AsyncIterator[Network]:
    """Start everything; ``helo`` and ``mail_from`` are all that a caller may say of itself."""
    places = {each.name: Place(each, each.servers()) for each in behaviours}
    context = _certified(folder)
    hosts: list[tuple[str, Habit]] = []
    records: dict[str, tuple[str, ...]] = {}
    for place in places.values():
        addresses = [str(_FIRST + len(hosts) + each) for each in range(len(place.servers))]
        hosts += zip(addresses, place.servers, strict=True)
        records |= _records(place.behaviour, addresses)
        for address, habit in zip(addresses, place.servers, strict=True):
            habit.address, habit.tls_context = address, context
            habit.manners.helo, habit.manners.mail_from = helo, mail_from
            asked = (*place.behaviour.probes, *place.behaviour.again)
            habit.manners.expected = {in_ascii(place.behaviour.address(each)) for each in asked}
    async with _listening(hosts) as port, _answering(records) as dns:
        broken: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: broken.append(repr(what)))
        yield Network(port, dns, places)
        await _left([habit for _, habit in hosts])
        asyncio.get_running_loop().set_exception_handler(None)
        assert not broken, broken  # a server that fails says nothing about who asked it


async def _left(servers: Sequence[Habit]) -> None:
    """Wait until the servers have seen that nobody is there any more."""
    for _ in range(100):
        if not any(each.open for each in servers):
            return
        await asyncio.sleep(0.05)
    for each in servers:
        each.manners.check(not each.open, f"{each.open} connections were never closed")


def _records(behaviour: Behaviour, addresses: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    domain = in_ascii(behaviour.domain)
    written = {"": ("MX 10 mx.{}.",), "mx.{}": ("A {0}",)} if behaviour.records is None else behaviour.records
    for name, texts in written.items():
        full = [each.replace("{}", domain) for each in texts]
        for number, address in enumerate(addresses):
            full = [each.replace(f"{{{number}}}", address) for each in full]
        yield name.replace("{}", domain) or domain, tuple(full)


@contextlib.asynccontextmanager
async def _listening(hosts: Sequence[tuple[str, Habit]]) -> AsyncIterator[int]:
    async with contextlib.AsyncExitStack() as stack:
        port = 0
        for _ in range(20):
            try:
                port = await _bind(hosts, stack)
                break
            except OSError:  # one of the addresses has the port in use
                await stack.aclose()
        assert port, "no port is free on all addresses"
        yield port


async def _bind(hosts: Sequence[tuple[str, Habit]], stack: contextlib.AsyncExitStack) -> int:
    port = 0
    for address, habit in hosts:
        if habit.listens:
            server = await asyncio.start_server(habit.serve, address, port, limit=_LINE_LIMIT)
            stack.callback(server.close)
            port = port or server.sockets[0].getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def _answering(records: dict[str, tuple[str, ...]]) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Names(records), local_addr=("127.0.0.1", 0))
    try:
        yield "{}:{}".format(*transport.get_extra_info("sockname"))
    finally:
        transport.close()


def _certified(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody signed, as many mail servers have."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.behaviours-hw.com")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    certificate = builder.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
