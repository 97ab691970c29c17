"""A small authoritative DNS server for every name there is: the world's companies by class, anything else by hash.

Every mail exchanger resolves to loopback, where the SMTP server of this package listens (on its own port).
"""

import asyncio
import struct
from functools import lru_cache
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from headwater_sandbox.names import FREE_MAIL
from headwater_sandbox.world import Company, World

_TTL = 300
_UDP_WITHOUT_EDNS = 512
_UDP_MAX = 1232
_PROVIDERS = {"google": "aspmx.l.google-hw.com", "microsoft": "mail.protection.outlook-hw.com"}
_TWO_LEVEL = frozenset(
    ("co.uk", "org.uk", "ac.uk", "com.au", "net.au", "co.nz", "co.jp", "co.in", "com.br", "com.mx", "co.za", "com.sg")
)


def registered(name: str) -> str:
    """The domain under which a host name stands."""
    labels = name.lower().rstrip(".").split(".")
    keep = 3 if len(labels) > 2 and ".".join(labels[-2:]) in _TWO_LEVEL else 2
    return ".".join(labels[-keep:])


class Zone:
    """Answers questions from the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.records = lru_cache(maxsize=16384)(self._records)

    def _records(self, name: str, kind: str) -> tuple[int, tuple[str, ...]]:
        """(rcode, record texts) for a name and type."""
        domain = registered(name)
        if "." not in domain:
            return dns.rcode.NXDOMAIN, ()
        if domain in ("google-hw.com", "outlook-hw.com"):
            return dns.rcode.NOERROR, self._host(name, kind)
        company = self.world.company(domain)
        if company.dns in ("nxdomain", "servfail"):
            return (dns.rcode.NXDOMAIN if company.dns == "nxdomain" else dns.rcode.SERVFAIL), ()
        if name == domain:
            return dns.rcode.NOERROR, self._apex(company, kind)
        if name in (f"mx1.{domain}", f"mx2.{domain}", f"www.{domain}", f"ns1.{domain}", f"ns2.{domain}"):
            return dns.rcode.NOERROR, self._host(name, kind)
        if name == f"_dmarc.{domain}":
            return dns.rcode.NOERROR, ('"v=DMARC1; p=none"',) if kind == "TXT" else ()
        return dns.rcode.NXDOMAIN, ()

    def _host(self, name: str, kind: str) -> tuple[str, ...]:
        return {"A": ("127.0.0.1",), "AAAA": ("::1",) if name.startswith("mx2.") else ()}.get(kind, ())

    def _apex(self, company: Company, kind: str) -> tuple[str, ...]:
        domain = company.domain
        table = {
            "A": ("127.0.0.1",), "AAAA": (), "NS": (f"ns1.{domain}.", f"ns2.{domain}."),
            "SOA": (f"ns1.{domain}. hostmaster.{domain}. 1 7200 3600 1209600 300",),
            "TXT": ('"v=spf1 mx -all"',), "MX": self._mx(company),
        }  # fmt: skip
        return table.get(kind, ())

    def _mx(self, company: Company) -> tuple[str, ...]:
        domain = company.domain
        if company.dns == "null_mx":
            return ("0 .",)
        if company.dns == "a_only":
            return ()
        if domain not in FREE_MAIL and company.mail_host in _PROVIDERS:
            label = domain.replace(".", "-")
            host = _PROVIDERS[company.mail_host]
            return (f"1 {host}.",) if company.mail_host == "google" else (f"0 {label}.{host}.",)
        return (f"10 mx1.{domain}.", f"20 mx2.{domain}.")

    def answer(self, wire: bytes, udp: bool) -> bytes | None:
        """The answer to one packet; None when it is not worth one."""
        try:
            query = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError, struct.error):
            return wire[:2] + b"\x81\x01" + b"\0" * 8 if len(wire) >= 12 else None  # FORMERR
        if query.flags & dns.flags.QR:
            return None
        reply = dns.message.make_response(query, our_payload=_UDP_MAX)
        if len(query.question) != 1 or query.opcode() != 0:
            reply.set_rcode(dns.rcode.FORMERR if query.opcode() == 0 else dns.rcode.NOTIMP)
        else:
            self._fill(reply, query)
        return self._pack(reply, query, udp)

    def _fill(self, reply: dns.message.Message, query: dns.message.Message) -> None:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        code, texts = self.records(name, dns.rdatatype.to_text(question.rdtype))
        reply.flags |= dns.flags.AA | (dns.flags.RA if query.flags & dns.flags.RD else 0)
        reply.set_rcode(dns.rcode.Rcode(code))
        if texts:
            reply.answer.append(dns.rrset.from_text(question.name, _TTL, dns.rdataclass.IN, question.rdtype, *texts))
        elif code != dns.rcode.SERVFAIL and "." in name:
            domain = registered(name)
            soa = f"ns1.{domain}. hostmaster.{domain}. 1 7200 3600 1209600 300"
            reply.authority.append(dns.rrset.from_text(f"{domain}.", _TTL, dns.rdataclass.IN, dns.rdatatype.SOA, soa))

    def _pack(self, reply: dns.message.Message, query: dns.message.Message, udp: bool) -> bytes:
        if not udp:
            return reply.to_wire(max_size=65535)
        room = max(_UDP_WITHOUT_EDNS, min(query.payload, _UDP_MAX)) if query.edns >= 0 else _UDP_WITHOUT_EDNS
        try:
            return reply.to_wire(max_size=room)
        except dns.exception.TooBig:
            short = dns.message.make_response(query, our_payload=_UDP_MAX)
            short.flags |= dns.flags.TC | dns.flags.AA
            return short.to_wire(max_size=room)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's, so the type is stated instead of checked
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._zone.answer(data, udp=True)
        if reply is not None:
            self._transport.sendto(reply, addr)


class DnsServer:
    """UDP and TCP on one port of loopback."""

    def __init__(self, world: World) -> None:
        self.zone = Zone(world)
        self.port = 0
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None

    async def start(self, port: int) -> int:
        """Listen; with port 0 a port is found that is free for both."""
        for _ in range(20):
            self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", port)
            self.port = self._tcp.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagrams(self.zone), local_addr=("127.0.0.1", self.port)
                )
                return self.port
            except OSError:
                self._tcp.close()
                if port:
                    raise
        raise OSError("no port is free for both UDP and TCP")

    def close(self) -> None:
        """Stop listening."""
        if self._udp:
            self._udp.close()
        if self._tcp:
            self._tcp.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(30):
                    (length,) = struct.unpack("!H", await reader.readexactly(2))
                    reply = self.zone.answer(await reader.readexactly(length), udp=False)
                if reply is None:
                    break
                writer.write(struct.pack("!H", len(reply)) + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the other side is done
        finally:
            writer.close()
