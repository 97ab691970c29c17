"""How fast mailboxes are asked for on loopback: ``python -m benchmarks.smtp_engine``.

The server is a process of its own that answers every command at once, so the figure is what Headwater's engine costs.
On the Internet the time of the way rules: there the lever is the number of addresses per connection, given beside.
"""

import argparse
import asyncio
import json
import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from headwater.verification import Identity, MailboxState, MailRoute, Politeness, Prober, Route

METHOD = {
    "addresses": "half of them exist; every domain gets one more question, for a made-up name",
    "addresses per second": "addresses by the wall time of one call of Prober.probe, connections and goodbyes in it",
    "addresses per cpu second": "addresses by the user and system time of the process that asks, which says more "
    "on a machine that does other work",
    "connections per address": "connections that the server accepted, by the number of addresses",
    "goodbyes": "share of connections that ended with QUIT",
    "limits": "two connections to an address and ten addresses in a session, as shipped; the pace per minute is off",
}
_REPLIES = {b"EHLO": b"250-mx\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n", b"QUIT": b"221 2.0.0 Bye\r\n"}


class _Server(asyncio.Protocol):
    connections = goodbyes = 0

    def connection_made(self, transport: Any) -> None:
        type(self).connections += 1
        self.transport = transport
        self.rest = b""
        transport.write(b"220 mx ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        self.transport.write(b"".join(map(self._reply, lines)))

    def _reply(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            return b"250 2.1.5 OK\r\n" if line.startswith(b"RCPT TO:<live") else b"550 5.1.1 User unknown\r\n"
        type(self).goodbyes += verb == b"QUIT"
        return _REPLIES.get(verb, b"250 2.0.0 OK\r\n")


def _serve(channel: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0)
        channel.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(channel.recv)
        channel.send((_Server.connections, _Server.goodbyes))

    uvloop.run(run())


class _Loopback:
    async def host_addresses(self, host: str) -> tuple[str, ...]:
        return ("127.0.0.1",)


async def _probe(port: int, addresses: int, domains: int) -> tuple[float, float]:
    routes = {f"acme{number}.com": MailRoute(Route.MX, ("mx.acme.com",)) for number in range(domains)}
    names = [f"{'live' if at % 2 else 'gone'}{at}@acme{at % domains}.com" for at in range(addresses)]
    identity = Identity.of("probe.headwater.dev", "ask@headwater.dev")
    polite = Politeness(per_minute=1e12)
    async with Prober(identity, _Loopback(), port=port, politeness=polite, allow_private=True) as prober:
        started, used = time.perf_counter(), time.process_time()
        reports = await prober.probe(names, routes)
        used = time.process_time() - used
    taken = time.perf_counter() - started
    for name, report in reports.items():
        wanted = MailboxState.EXISTS if name.startswith("live") else MailboxState.NO_SUCH_USER
        assert report.state is wanted, (name, report)
    return taken, used


def measure(addresses: int, domains: int) -> dict[str, Any]:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    taken, used = uvloop.run(_probe(ours.recv(), addresses, domains))
    ours.send("stop")
    connections, goodbyes = ours.recv()
    server.join()
    return {
        "addresses": addresses,
        "domains": domains,
        "addresses per second": round(addresses / taken),
        "addresses per cpu second": round(addresses / used),
        "connections per address": round(connections / addresses, 3),
        "goodbyes": round(goodbyes / connections, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=20_000)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    found = [measure(given.addresses, domains) for domains in (1, 10, 200)]
    console = Console(highlight=False, soft_wrap=True)
    for line in found:
        console.print(", ".join(f"{name} {value}" for name, value in line.items()))
    if given.output:
        given.output.write_text(json.dumps({"method": METHOD, "runs": found}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
