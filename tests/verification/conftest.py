"""A real DNS server on loopback, and the labelled cases."""

import asyncio
import contextlib
import csv
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

LABELLED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "verify"
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
# What to answer to (name, type): record texts, a response code, "drop" for silence, "truncate" for "ask by TCP".
Answer = list[str] | dns.rcode.Rcode | str
Zone = Callable[[str, str], Answer]


class DnsServer(asyncio.DatagramProtocol):
    """Answers UDP and TCP on one port by a zone function; counts questions and how many wait at the same time."""

    def __init__(self, zone: Zone, delay: float = 0.0) -> None:
        self.zone = zone
        self.delay = delay
        self.asked: Counter[tuple[str, str]] = Counter()
        self.by_tcp = 0
        self.waiting = self.most_waiting = 0
        self.address = ""
        self.open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        reply = self._reply(data, tcp=False)
        if reply is None:
            return
        self.waiting += 1
        self.most_waiting = max(self.waiting, self.most_waiting)
        asyncio.get_running_loop().call_later(self.delay, self._send, reply, sender)

    def _send(self, reply: bytes, to: tuple[str, int]) -> None:
        self.waiting -= 1
        self.transport.sendto(reply, to)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.open[writer] = task
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                reply = self._reply(await reader.readexactly(length), tcp=True)
                if reply is None:
                    break
                self.by_tcp += 1
                writer.write(struct.pack("!H", len(reply)) + reply)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def _reply(self, data: bytes, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked[name, kind] += 1
        answer = self.zone(name, kind)
        response = dns.message.make_response(query)
        if answer == "drop":
            return None
        if isinstance(answer, dns.rcode.Rcode):
            response.set_rcode(answer)
        elif isinstance(answer, list) and len(answer) > 20 and not tcp:
            response.flags |= dns.flags.TC
        else:
            for text in answer:
                own = "CNAME" if text.startswith("CNAME ") else kind
                response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", own, text.removeprefix("CNAME ")))
        return response.to_wire(max_size=65535)


async def _bound(server: DnsServer) -> tuple[asyncio.Server, asyncio.DatagramTransport, int]:
    """One port for both; a port that is free for TCP may be taken for UDP, then the next is tried."""
    loop = asyncio.get_running_loop()
    while True:
        tcp = await asyncio.start_server(server.serve_tcp, "127.0.0.1", 0)
        port = tcp.sockets[0].getsockname()[1]
        try:
            udp, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", port))
        except OSError:
            tcp.close()
            continue
        return tcp, udp, port


@contextlib.asynccontextmanager
async def running(zone: Zone, delay: float = 0.0) -> AsyncIterator[DnsServer]:
    server = DnsServer(zone, delay)
    tcp, udp, port = await _bound(server)
    server.address = f"127.0.0.1:{port}"
    try:
        yield server
    finally:
        udp.close()
        tcp.close()
        await tcp.wait_closed()
        for writer in server.open:
            writer.close()
        await asyncio.gather(*server.open.values())


@pytest.fixture(scope="session")
def dns_server() -> Callable[..., contextlib.AbstractAsyncContextManager[DnsServer]]:
    return running


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def labelled() -> Callable[[str], list[dict[str, str]]]:
    """Read a file of labelled cases; they lie beside the repository and are not part of it."""

    def read(name: str) -> list[dict[str, str]]:
        path = LABELLED / name
        if not path.exists():
            pytest.skip(f"the labelled cases are not here: {path}")
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read
