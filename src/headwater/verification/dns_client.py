"""A DNS client that asks many questions over one socket per server and matches the answers by id and question.

It knows no cache and no meaning: what is asked is sent, repeated when no answer comes, asked again by TCP when the
answer does not fit, and given up when the time is over. What arrives and answers no open question is dropped.
"""

import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

from headwater.verification.dns_wire import (
    FORMERR,
    NOTIMP,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    Kind,
    Malformed,
    Reply,
    query,
    question,
    read_reply,
)
from headwater.verification.name_servers import NameServer, system_servers

T = TypeVar("T")

# A local resolver's socket holds 256 questions with Linux's default buffer, but only 193 while it is being read,
# because the kernel gives room back late (measured). What comes beyond that is dropped, and a drop costs a time-out.
IN_FLIGHT = 160
_CODES = {
    FORMERR: "the server did not understand the question",
    SERVFAIL: "the server failed (SERVFAIL)",
    NOTIMP: "the server does not answer such questions (NOTIMP)",
    REFUSED: "the server refuses to answer (REFUSED)",
}
_TIME = "time ran out"
_LARGEST = 65535
_ROOM = 1 << 20
# Packets taken from a socket before others get a turn.
_GULP = 64
_BREATH = 0.01


class NoAnswer(Exception):
    """No answer that says anything: SERVFAIL, REFUSED, a timeout, a server out of reach."""


class NoSuchName(Exception):
    """NXDOMAIN."""


class _Question:
    """One question on its way; ``server`` is the place in the list of the one asked last, ``due`` when to repeat."""

    __slots__ = ("answer", "asked", "due", "edns", "ends", "ident", "kind", "left", "packet", "server", "stream", "why")

    def __init__(self, asked: bytes, kind: Kind[Any], answer: "asyncio.Future[Reply[Any]]") -> None:
        self.asked, self.kind, self.answer = asked, kind, answer
        self.ident = -1  # until it is sent
        self.packet = b""
        self.edns = True
        self.left = self.server = 0
        self.due = self.ends = 0.0
        self.stream: asyncio.Task[None] | None = None
        self.why = _TIME


class DnsClient:
    """Asks ``servers`` (None: the system's), one after another when one is silent or fails.

    ``timeout`` bounds one question with all its ``tries`` from when it is sent; at most ``in_flight`` are out at once,
    the others wait their turn. For one event loop, which opens the sockets at the first question.
    """

    def __init__(
        self, servers: Sequence[NameServer] | None = None, *, timeout: float, tries: int, in_flight: int = IN_FLIGHT
    ) -> None:
        self._given = servers
        self._servers: Sequence[NameServer] = servers or ()
        self._patience = timeout
        self._given_tries = max(tries, 1)
        self._tries, self._each = self._given_tries, timeout / self._given_tries
        self._free = in_flight
        self._links: list[socket.socket] = []
        self._loop: asyncio.AbstractEventLoop  # whose sockets these are; known from the first question on
        self._idents = _unguessable()
        self._out: dict[int, _Question] = {}
        self._turn: deque[_Question] = deque()
        self._clock: asyncio.TimerHandle | None = None
        self._wakes = 0.0
        self._first = 0  # the server that answered last

    async def ask(self, name: str, kind: Kind[T]) -> list[T]:
        """The records of one kind, empty if the name has none. Raises NoSuchName, NoAnswer, ValueError for no name."""
        asked = question(name, kind)
        if not self._links:
            self._open()
        waiting = _Question(asked, kind, self._loop.create_future())
        if self._free:
            self._begin(waiting)
        else:
            self._turn.append(waiting)
        try:
            reply = cast("Reply[T]", await waiting.answer)
        finally:
            self._end(waiting)
        if reply.code == NXDOMAIN:
            raise NoSuchName
        return reply.records

    async def close(self) -> None:
        """Cancel what waits and give the sockets back; a later question opens them again."""
        waiting = [*self._out.values(), *self._turn]
        streams = [each.stream for each in waiting if each.stream is not None]
        for each in waiting:
            each.answer.cancel()
        for stream in streams:
            stream.cancel()
        self._turn.clear()
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        links, self._links = self._links, []
        for link in links:
            self._loop.remove_reader(link)
            link.close()
        await asyncio.gather(*streams, return_exceptions=True)

    # sockets ----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """One socket per server, connected, so that the kernel drops what others send.

        They are read by hand: of the loop's own datagram transports, asyncio's fetches one packet per turn, which a
        measurement found five times slower, and uvloop's gains nothing.
        """
        servers, links, why = [], [], ""
        for server in self._given or system_servers():
            try:
                links.append(_connected(server))
                servers.append(server)
            except OSError as error:  # an IPv6 server on a machine without IPv6; the others will do
                why = f"{server} can not be reached ({error.strerror or error})"
        if not links:
            raise NoAnswer(why)
        self._servers, self._links, self._first = servers, links, 0
        # Every server gets a try, or the last of three would never be asked.
        self._tries = max(self._given_tries, len(servers))
        self._each = self._patience / self._tries
        self._loop = loop = asyncio.get_running_loop()
        for place, link in enumerate(links):
            loop.add_reader(link, self._read, place, link)

    def _read(self, place: int, link: socket.socket) -> None:
        for _ in range(_GULP):
            try:
                message = link.recv(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._refused(place, error)
                return
            self._receive(message)

    def _refused(self, place: int, error: OSError) -> None:
        """The network says that a server takes no questions: whoever asked it goes to the next one without waiting."""
        for waiting in [each for each in self._out.values() if each.server == place and each.stream is None]:
            waiting.why = f"{self._servers[place]} can not be reached ({error.strerror or error})"
            if len(self._servers) > 1:
                self._again(waiting)

    # one question -----------------------------------------------------------------------------------------

    def _begin(self, waiting: _Question) -> None:
        self._free -= 1
        waiting.ident = next(self._idents)
        while waiting.ident in self._out:
            waiting.ident = next(self._idents)
        waiting.packet = query(waiting.ident, waiting.asked)
        waiting.server = self._first
        waiting.left = self._tries
        waiting.ends = self._loop.time() + self._patience
        self._out[waiting.ident] = waiting
        self._send(waiting)

    def _end(self, waiting: _Question) -> None:
        """Whatever became of it: its place is free, and the next in turn that is still wanted takes it."""
        if waiting.ident < 0:
            return
        if waiting.stream is not None:
            waiting.stream.cancel()
        del self._out[waiting.ident]
        self._free += 1
        while self._turn and self._free:
            following = self._turn.popleft()
            if not following.answer.done():
                self._begin(following)

    def _send(self, waiting: _Question) -> None:
        loop = self._loop
        waiting.left -= 1
        waiting.due = min(waiting.ends, loop.time() + self._each)
        try:
            self._links[waiting.server].send(waiting.packet)
        except (BlockingIOError, InterruptedError):
            # The machine can not send as fast as this; it was no try, and a moment later there is room.
            waiting.left += 1
            waiting.due = min(waiting.ends, loop.time() + _BREATH)
        except OSError as error:
            loop.call_soon(self._refused, waiting.server, error)
        if self._clock is None or waiting.due < self._wakes:
            if self._clock is not None:
                self._clock.cancel()
            self._wake_at(waiting.due)

    def _sweep(self) -> None:
        """Repeat or give up what is due. One timer serves all questions, since most are answered long before."""
        self._clock = None
        loop = self._loop
        now = loop.time()
        for waiting in [each for each in self._out.values() if each.due <= now]:
            self._again(waiting)
        open_ = [each.due for each in self._out.values() if not each.answer.done()]
        if open_ and self._clock is None:
            self._wake_at(min(open_))

    def _wake_at(self, moment: float) -> None:
        # Kept beside the timer: uvloop's forgets its moment once it has fired.
        self._wakes = moment
        self._clock = self._loop.call_at(moment, self._sweep)

    def _again(self, waiting: _Question) -> None:
        if waiting.answer.done():
            return
        if waiting.left and waiting.ends > self._loop.time():
            waiting.server = (waiting.server + 1) % len(self._servers)
            self._send(waiting)
        else:
            self._fail(waiting, waiting.why)

    def _fail(self, waiting: _Question, why: str) -> None:
        if not waiting.answer.done():
            waiting.answer.set_exception(NoAnswer(why))

    # answers ----------------------------------------------------------------------------------------------

    def _receive(self, message: bytes) -> None:
        waiting = self._out.get(int.from_bytes(message[:2]))
        if waiting is None or waiting.stream is not None or waiting.answer.done():
            return
        try:
            reply = read_reply(message, waiting.asked, waiting.kind)
        except Malformed:
            return  # forged or broken; the true answer may still come, else the time runs out
        if reply.truncated:
            waiting.stream = self._loop.create_task(self._stream(waiting))
            waiting.due = waiting.ends
        elif not self._settled(waiting, reply):
            self._disappointed(waiting, reply)

    def _settled(self, waiting: _Question, reply: Reply[Any]) -> bool:
        if (reply.code and reply.code != NXDOMAIN) or reply.referral or reply.truncated:
            waiting.why = _unusable(reply)
            return False
        self._first = waiting.server
        waiting.answer.set_result(reply)
        return True

    def _disappointed(self, waiting: _Question, reply: Reply[Any]) -> None:
        """An answer that says nothing: ask in the old way, ask the next server, or give up."""
        if reply.code in (FORMERR, NOTIMP) and waiting.edns:
            # RFC 6891 §7: a server that knows no EDNS0. The same one is asked again, which is no new try.
            waiting.edns = False
            waiting.packet = query(waiting.ident, waiting.asked, edns=False)
            waiting.left += 1
            self._send(waiting)
        elif len(self._servers) > 1:
            self._again(waiting)
        else:
            self._fail(waiting, waiting.why)

    async def _stream(self, waiting: _Question) -> None:
        """Ask by TCP: the answer does not fit into a datagram. The question keeps its place among those in flight."""
        server = self._servers[waiting.server]
        try:
            message = await _by_tcp(server, waiting.packet)
            if message[:2] != waiting.packet[:2]:
                raise Malformed("it has another id")
            reply = read_reply(message, waiting.asked, waiting.kind)
        except (OSError, EOFError):
            self._fail(waiting, f"the answer is long, and {server} does not give it by TCP")
        except Malformed as error:
            self._fail(waiting, f"the answer by TCP can not be read: {error}")
        else:
            if not waiting.answer.done() and not self._settled(waiting, reply):
                self._fail(waiting, waiting.why)


def _unusable(reply: Reply[Any]) -> str:
    """Why an answer says nothing about the name."""
    if reply.truncated:
        return "the answer is cut short"
    if reply.referral:
        return "the server knows nothing itself and points to others"
    return _CODES.get(reply.code, f"the server says code {reply.code}")


def _connected(server: NameServer) -> socket.socket:
    link = socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.setblocking(False)
        # Room for all answers in flight while the loop is busy elsewhere; the system gives what it allows.
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        link.connect(server)
    except OSError:
        link.close()
        raise
    return link


async def _by_tcp(server: NameServer, packet: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        writer.write(struct.pack("!H", len(packet)) + packet)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        return await reader.readexactly(length)
    finally:
        writer.close()


def _unguessable() -> Iterator[int]:
    """Message ids from the system's random source, fetched many at a time."""
    while True:
        yield from struct.unpack("!256H", os.urandom(512))
