"""The DNS client against servers that are silent, slow, forging, broken or gone, on both event loops."""

import asyncio
import contextlib
import itertools
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import uvloop

from headwater.verification.dns_client import IN_FLIGHT, DnsClient, NoAnswer, NoSuchName
from headwater.verification.dns_wire import MX, A
from headwater.verification.name_servers import NameServer, name_server, system_servers

# What to send back for a question: any number of packets.
Script = Callable[[dns.message.Message], list[bytes]]
FOUND = [(10, "mx.acme.com")]


def answer(query: dns.message.Message, rcode: int = dns.rcode.NOERROR, flags: int = 0) -> bytes:
    response = dns.message.make_response(query)
    response.set_rcode(dns.rcode.Rcode(rcode))
    response.flags |= flags
    if not rcode and not flags:
        response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "MX", "10 mx.acme.com."))
    return response.to_wire()


def right(query: dns.message.Message) -> list[bytes]:
    return [answer(query)]


def silent(query: dns.message.Message) -> list[bytes]:
    return []


def failing(query: dns.message.Message) -> list[bytes]:
    return [answer(query, dns.rcode.SERVFAIL)]


class Scripted(asyncio.DatagramProtocol):
    """A server that does as its script says, and keeps what it was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[dns.message.Message] = []
        self.most = self.open = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server = NameServer(*transport.get_extra_info("sockname")[:2])

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        self.asked.append(query)
        for packet in self.script(query):
            self.transport.sendto(packet, addr)


@contextlib.asynccontextmanager
async def serving(*scripts: Script, host: str = "127.0.0.1") -> AsyncIterator[list[Scripted]]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_datagram_endpoint(lambda s=each: Scripted(s), local_addr=(host, 0)) for each in scripts]  # type: ignore[misc]
    try:
        yield [protocol for _, protocol in made]
    finally:
        for transport, _ in made:
            transport.close()


@contextlib.asynccontextmanager
async def client(
    *servers: Any, timeout: float = 0.6, tries: int = 3, in_flight: int = IN_FLIGHT
) -> AsyncIterator[DnsClient]:
    places = [each if isinstance(each, NameServer) else each.server for each in servers]
    made = DnsClient(places, timeout=timeout, tries=tries, in_flight=in_flight)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def on_loop(request: pytest.FixtureRequest) -> Iterator[Callable[[Callable[[], Awaitable[Any]]], Any]]:
    """Run a coroutine function on the loop that the product uses, and on the standard one."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def run(work: Callable[[], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            return await work()

        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(whole())

    return run


def test_forged_and_broken_packets_are_passed_over(on_loop: Any) -> None:
    def forging(query: dns.message.Message) -> list[bytes]:
        true = answer(query)
        other = dns.message.make_query("www.evil.com", "MX", id=query.id)
        other_kind = dns.message.make_query(query.question[0].name, "A", id=query.id)
        wrong_id = bytes([true[0] ^ 1]) + true[1:]
        loop = true[:-4] + b"\xc0\x0c\xc0\x0c"
        return [
            b"",
            b"x",
            true[:11],
            wrong_id,
            answer(other),
            answer(other_kind),
            true[:-3],
            loop,
            query.to_wire(),
            true,
        ]

    async def work() -> None:
        async with serving(forging) as (server,), client(server) as asking:
            assert await asking.ask("acme.com", MX) == FOUND
            assert len(server.asked) == 1

    on_loop(work)


def test_who_sends_only_rubbish_is_given_up_in_time(on_loop: Any) -> None:
    async def work() -> None:
        async with serving(lambda query: [b"\xff" * 600] * 3) as (server,), client(server, timeout=0.3) as asking:
            began = time.monotonic()
            with pytest.raises(NoAnswer, match="time ran out"):
                await asking.ask("acme.com", MX)
            assert 0.25 < time.monotonic() - began < 0.6
            assert len(server.asked) == 3

    on_loop(work)


def test_a_lost_question_is_repeated(on_loop: Any) -> None:
    async def work() -> None:
        lost = [True, True]
        async with serving(lambda query: [] if lost and lost.pop() else [answer(query)]) as (server,):
            async with client(server) as asking:
                assert await asking.ask("acme.com", MX) == FOUND
            assert len(server.asked) == 3
            assert len({query.id for query in server.asked}) == 1

    on_loop(work)


@pytest.mark.parametrize("first", [silent, failing])
def test_the_next_server_is_asked_and_remembered(on_loop: Any, first: Script) -> None:
    async def work() -> None:
        async with serving(first, right) as servers, client(*servers, tries=1) as asking:
            assert await asking.ask("acme.com", MX) == FOUND
            assert await asking.ask("acme.org", MX) == FOUND
            assert [len(server.asked) for server in servers] == [1, 2]

    on_loop(work)


def unused() -> NameServer:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return NameServer(*free.getsockname())


def test_a_server_that_is_not_there_costs_no_time_when_there_is_another(on_loop: Any) -> None:
    async def work() -> None:
        async with serving(right) as (server,), client(unused(), server, timeout=20) as asking:
            async with asyncio.timeout(2):
                found = await asyncio.gather(*(asking.ask(f"a{n}.com", MX) for n in range(300)))
            assert found == [FOUND] * 300

    on_loop(work)


def test_all_servers_gone_is_no_answer_in_time(on_loop: Any) -> None:
    async def work() -> None:
        for servers in ([unused()], [unused(), unused()]):
            async with client(*servers, timeout=0.3) as asking:
                found = await asyncio.gather(*(asking.ask("a.com", MX) for _ in range(250)), return_exceptions=True)
                assert {type(each) for each in found} == {NoAnswer}
                assert all("can not be reached" in str(each) for each in found)

    on_loop(work)


def test_a_server_without_edns_is_asked_in_the_old_way() -> None:
    def old(query: dns.message.Message) -> list[bytes]:
        header_only = struct.pack("!6H", query.id, 0x8181, 0, 0, 0, 0)
        return [header_only] if query.edns >= 0 else [answer(query)]

    async def work() -> None:
        async with serving(old) as (server,), client(server, tries=1) as asking:
            assert await asking.ask("acme.com", MX) == FOUND
            assert [query.edns for query in server.asked] == [0, -1]

    asyncio.run(work())


@pytest.mark.parametrize("code", [dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.REFUSED, dns.rcode.YXDOMAIN])
async def test_a_code_that_says_nothing_of_the_name_is_no_answer(code: int) -> None:
    async with serving(lambda query: [answer(query, code)]) as (server,), client(server, timeout=20) as asking:
        with pytest.raises(NoAnswer, match="server"):
            await asking.ask("acme.com", MX)
        assert len(server.asked) <= 2


async def test_a_name_that_is_not_there_and_one_without_records() -> None:
    def script(query: dns.message.Message) -> list[bytes]:
        gone = "gone" in str(query.question[0].name)
        return [answer(query, dns.rcode.NXDOMAIN if gone else 0, dns.flags.AA)]

    async with serving(script) as (server,), client(server) as asking:
        assert await asking.ask("acme.com", A) == []
        with pytest.raises(NoSuchName):
            await asking.ask("gone.com", A)


def cut(query: dns.message.Message) -> list[bytes]:
    return [answer(query, flags=dns.flags.TC)]


Stream = Callable[[bytes, asyncio.StreamWriter], None]


def framed(change: Callable[[bytes], bytes]) -> Stream:
    def write(packet: bytes, writer: asyncio.StreamWriter) -> None:
        message = change(answer(dns.message.from_wire(packet)))
        writer.write(struct.pack("!H", len(message)) + message)

    return write


STREAMS: dict[str, tuple[Stream, str]] = {
    "right": (framed(lambda message: message), ""),
    "another id": (framed(lambda message: bytes([message[0] ^ 1]) + message[1:]), "can not be read"),
    "broken": (framed(lambda message: message[:-20]), "can not be read"),
    "still cut": (framed(lambda message: message[:2] + b"\x83" + message[3:]), "cut short"),
    "ends early": (lambda packet, writer: writer.write(b"\0\xff\0"), "by TCP"),
    "hangs": (lambda packet, writer: None, "time ran out"),
}


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_what_does_not_fit_comes_by_tcp_or_not_at_all(on_loop: Any, stream: str) -> None:
    write, why = STREAMS[stream]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        write(await reader.readexactly(length), writer)
        if stream == "hangs":
            await reader.read()
        writer.close()

    async def work() -> None:
        async with serving(cut) as (server,), client(server, timeout=0.4) as asking:
            listening = await asyncio.start_server(serve, *server.server)
            if not why:
                assert await asking.ask("acme.com", MX) == FOUND
            else:
                with pytest.raises(NoAnswer, match=why):
                    await asking.ask("acme.com", MX)
            listening.close()
            await asyncio.sleep(0.05)

    on_loop(work)


async def test_a_server_without_tcp() -> None:
    async with serving(cut) as (server,), client(server) as asking:
        with pytest.raises(NoAnswer, match="by TCP"):
            await asking.ask("acme.com", MX)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_a_server_with_an_ipv6_address(on_loop: Any) -> None:
    async def work() -> None:
        try:
            serving_ = serving(right, host="::1")
            async with serving_ as (server,), client(server) as asking:
                assert await asking.ask("acme.com", MX) == FOUND
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")

    on_loop(work)


async def test_ids_are_random() -> None:
    async with serving(right) as (server,), client(server) as asking:
        await asyncio.gather(*(asking.ask(f"a{n}.com", MX) for n in range(150)))
    idents = [query.id for query in server.asked]
    assert len(set(idents)) > 140
    assert max(idents) - min(idents) > 30_000
    assert len({later - earlier for earlier, later in itertools.pairwise(idents)}) > 100


def test_five_hundred_at_once_and_more_lose_no_answer(on_loop: Any) -> None:
    """They come in bursts of the size of the cap, and the client's process is kept from reading meanwhile."""

    async def work() -> None:
        async with serving(right) as (server,), client(server, timeout=60, tries=1) as asking:
            async with asyncio.timeout(20):
                found = await asyncio.gather(*(asking.ask(f"a{n}.com", MX) for n in range(3000)))
            assert found == [FOUND] * 3000
            assert len(server.asked) == 3000

    on_loop(work)


async def test_those_who_give_up_leave_their_place_to_others() -> None:
    def slow(query: dns.message.Message) -> list[bytes]:
        return [] if "slow" in str(query.question[0].name) else [answer(query)]

    async with serving(slow) as (server,), client(server, timeout=60, in_flight=5) as asking:
        waiting = [asyncio.create_task(asking.ask(f"slow{n}.com", MX)) for n in range(20)]
        quick = asyncio.create_task(asking.ask("quick.com", MX))
        await asyncio.sleep(0.05)
        assert (len(server.asked), quick.done()) == (5, False)
        for task in waiting:
            task.cancel()
        assert await asyncio.wait_for(quick, 2) == FOUND
        assert len(server.asked) == 6


async def test_closing_cancels_and_a_later_question_opens_again() -> None:
    async with serving(silent) as (server,), client(server, timeout=60, in_flight=2) as asking:
        waiting = [asyncio.create_task(asking.ask("acme.com", MX)) for _ in range(5)]
        await asyncio.sleep(0.05)
        await asking.close()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(each) for each in found} == {asyncio.CancelledError}
        server.script = right
        assert await asking.ask("acme.com", MX) == FOUND
        assert await asyncio.gather(*(asking.ask("acme.com", MX) for _ in range(5))) == [FOUND] * 5


def test_servers_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    assert system_servers(path) == (NameServer("127.0.0.1", 53),)
    path.write_bytes(
        b"# nameserver 192.0.2.9\n; nameserver 192.0.2.8\nsearch acme.com\nnameserver\nnameserver dns.acme.com\n"
        b"nameserver\t192.0.2.1 # ours\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n\xff\xfe\n"
        b"nameserver 2001:DB8::1\nnameserver 192.0.2.4\noptions timeout:1"
    )
    assert [str(server) for server in system_servers(path)] == ["192.0.2.1:53", "[fe80::1%eth0]:53", "[2001:db8::1]:53"]
    path.write_text("options rotate\n")
    assert [server.host for server in system_servers(path)] == ["127.0.0.1"]


@pytest.mark.parametrize("text", ["[::1]:53", "::1:53"])
def test_an_ipv6_server_as_it_is_set(text: str) -> None:
    assert str(name_server("[2001:DB8::1]:5353")) == "[2001:db8::1]:5353"
    assert name_server(text) == NameServer("::1", 53)
