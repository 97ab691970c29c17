"""A mail server on loopback that does as its habits say and notes every breach of manners by whoever calls.

``Habit`` alone is a decent server with a few mailboxes. Behaviours fill in other words, or override what a command
does. Nothing here knows how a prober works; what is demanded of it is RFC 5321 and the list in ``Manners``.
"""

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

_PATH = re.compile(r"(FROM|TO):<([^<>\s]*)>((?: [A-Z0-9-]+(?:=\S+)?)*)")
_RANDOM = re.compile(r"[a-z0-9]{16,64}")
# Who only asks has no business with these: they take mail, log in, or harvest addresses.
_NEVER = frozenset(("VRFY", "EXPN", "DATA", "BDAT", "AUTH", "TURN", "ETRN", "ATRN", "SEND", "SOML", "SAML"))
_LINE_MAX = 512  # RFC 5321 §4.5.3.1.4, with the line's end
_LIVES = ("anna.smith", "bert.jones")


@dataclass(frozen=True)
class Reply:
    """What is said: text (lines parted by a line feed), or bytes that go out as they are.

    None says nothing, now or later. ``wait`` seconds pass first, and with ``close`` the server hangs up afterwards.
    """

    said: str | bytes | None
    wait: float = 0.0
    close: bool = False

    def wire(self) -> bytes:
        if isinstance(self.said, bytes):
            return self.said
        code, lines = (self.said or "")[:3], (self.said or "")[4:].split("\n")
        marks = ["-"] * (len(lines) - 1) + [" "]
        return "".join(f"{code}{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True)).encode()

    @property
    def code(self) -> int | None:
        head = self.wire()[:3] if self.said else b""
        return int(head) if head.isdigit() else None


Says = str | bytes | Reply
SILENCE = Reply(None)
HANG_UP = Reply(b"", close=True)


def bye(said: str | bytes) -> Reply:
    """Say it and hang up."""
    return Reply(said, close=True)


def slow(said: str | bytes, wait: float) -> Reply:
    return Reply(said, wait)


@dataclass
class Manners:
    """What a caller must keep to, and how it did not."""

    helo: str
    mail_from: str
    expected: set[str] = field(default_factory=set)  # addresses that somebody wants to know about
    breaches: list[str] = field(default_factory=list)

    def check(self, ok: bool, breach: str) -> None:
        if not ok and breach not in self.breaches:
            self.breaches.append(breach)

    def line(self, line: bytes) -> None:
        """Whole, short, of printable characters: what a line with something smuggled in is not."""
        self.check(line.endswith(b"\r\n"), f"a line ends without CRLF: {line[:80]!r}")
        self.check(len(line) <= _LINE_MAX, f"a line of {len(line)} bytes")
        self.check(not re.search(rb"[\x00-\x1f\x7f]", line[:-2]), f"control characters: {line[:80]!r}")

    def recipient(self, address: str) -> None:
        local, _, domain = address.rpartition("@")
        known = {each.rpartition("@")[2] for each in self.expected}
        random = _RANDOM.fullmatch(local) and domain in known
        self.check(address in self.expected or bool(random), f"asked about {address!r}, which nobody wants to know")


class Session:
    """One connection, with all that was said on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, manners: Manners) -> None:
        self.reader, self.writer, self.manners = reader, writer, manners
        self.peer: str = writer.get_extra_info("peername")[0]
        self.verbs: list[str] = []
        self.helo = ""
        self.sender: str | None = None
        self.recipients = 0  # in the whole session
        self.utf8 = self.tls = self.greeted = self.closed = False
        self._input = bytearray()
        self._came = asyncio.Event()
        self._ended = False
        self._pump = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """Take what comes at once: a QUIT must not be lost in the reset that may follow it."""
        with contextlib.suppress(OSError):
            while data := await self.reader.read(65536):
                self._input += data
                self._came.set()
        self._ended = True
        self._came.set()

    async def line(self) -> bytes:
        """The next line with its end; empty when the caller is gone."""
        while b"\n" not in self._input:
            if self._ended or len(self._input) > 1_000_000:
                return b""
            self._came.clear()
            await self._came.wait()
        end = self._input.index(b"\n") + 1
        found = bytes(self._input[:end])
        del self._input[:end]
        return found

    async def gone(self) -> None:
        """Take what is still on its way from a caller who left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.shield(self._pump)

    @property
    def unread(self) -> bytes:
        return bytes(self._input)

    def forget(self) -> None:
        """Throw away what was said but not yet read."""
        self._input.clear()

    @property
    def owes_quit(self) -> bool:
        """Whoever was greeted says goodbye, unless we hung up."""
        return self.greeted and not self.closed

    async def say(self, reply: Says) -> None:
        reply = reply if isinstance(reply, Reply) else Reply(reply)
        await self.pause(reply.wait)
        if reply.said:
            self.writer.write(reply.wire())
            await self.writer.drain()
        self.closed = self.closed or reply.close

    async def pause(self, seconds: float) -> None:
        """Think, but not for somebody who is gone."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds or None):
                await (asyncio.shield(self._pump) if seconds else asyncio.sleep(0))

    async def start_tls(self, context: ssl.SSLContext, said: bytes) -> None:
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]
        self.writer.write(said)
        await self.writer.start_tls(context)
        self.tls, self.helo, self.sender = True, "", None

    async def end(self) -> None:
        self.writer.close()
        self._pump.cancel()
        with contextlib.suppress(OSError, asyncio.CancelledError, TimeoutError):
            async with asyncio.timeout(1):
                await self.writer.wait_closed()
        await asyncio.gather(self._pump, return_exceptions=True)


@dataclass
class Habit:
    """A decent server. The words are what it says at each step: ``boxes`` to each recipient, ``unknown`` to others."""

    banner: Says = "220 mx.behaviours-hw.com ESMTP"
    hello: Says | None = None
    mail: Says = "250 2.1.0 Ok"
    boxes: Mapping[str, Says] = field(default_factory=lambda: dict.fromkeys(_LIVES, "250 2.1.5 Ok"))
    unknown: Says = "550 5.1.1 <{to}>: Recipient address rejected: User unknown in local recipient table"
    extensions: tuple[str, ...] = ("SIZE 10240000", "8BITMIME", "ENHANCEDSTATUSCODES")
    starts_tls: bool = False
    greets: bool = True  # what it says first counts as a greeting, so that a QUIT is owed

    listens: ClassVar[bool] = True
    in_step: ClassVar[bool] = True  # its answers and their questions; else nobody can be blamed for talking too early

    def __post_init__(self) -> None:
        self.sessions: list[Session] = []
        self.open = self.most_open = self.refused = 0
        self.said: dict[str, list[int | None]] = {}  # to each recipient: the codes it heard
        self.address = ""
        self.tls_context: ssl.SSLContext | None = None
        self.manners = Manners("", "")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer, self.manners)
        self.sessions.append(session)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await self.converse(session)
        except OSError:  # the caller is gone; what it said before may still be on its way
            await session.gone()
        finally:
            quit_ = "QUIT" in session.verbs or b"QUIT" in session.unread
            self.manners.check(quit_ or not session.owes_quit, f"left without QUIT after {session.verbs}")
            await session.end()
            self.open -= 1

    async def converse(self, session: Session) -> None:
        await session.say(await self.greet(session))
        session.greeted = self.greets
        while not session.closed:
            line = await session.line()
            if not line:
                return
            await self.obey(session, line)

    async def obey(self, session: Session, line: bytes) -> None:
        self.manners.line(line)
        may_go_on = "PIPELINING" in self.extensions or not self.in_step
        self.manners.check(may_go_on or not session.unread, f"talks out of turn after {line[:80]!r}")
        self.manners.check(session.utf8 or line.isascii(), f"bytes beyond ASCII without SMTPUTF8: {line[:80]!r}")
        verb, _, rest = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
        verb = verb.upper()
        session.verbs.append(verb)
        self.manners.check(verb not in _NEVER, f"said {verb}")
        await session.say(await self.command(session, verb, rest))
        session.closed = session.closed or verb == "QUIT"

    async def command(self, session: Session, verb: str, rest: str) -> Says:
        """The reply to one line."""
        match verb:
            case "EHLO" | "HELO":
                self.manners.check(rest == self.manners.helo, f"{verb} {rest}")
                session.helo, session.sender = rest, None
                return await self.welcome(session, verb)
            case "STARTTLS" if self.starts_tls and not session.tls:
                return await self.secure(session)
            case "MAIL" | "RCPT":
                return await self._path(session, verb, rest)
            case "RSET":
                return await self.reset(session)
            case "NOOP":
                return "250 2.0.0 Ok"
            case "QUIT":
                return await self.leave(session)
        return "500 5.5.2 Error: command not recognized"

    async def _path(self, session: Session, verb: str, rest: str) -> Says:
        found = _PATH.fullmatch(rest)
        self.manners.check(found is not None, f"{verb} {rest[:80]!r}")
        if found is None:
            return "501 5.5.4 Syntax error"
        _, address, params = found.groups()
        if verb == "MAIL":
            self.manners.check(address == self.manners.mail_from, f"MAIL FROM:<{address}>")
            self.manners.check(session.sender is None, "MAIL inside a transaction")
            return await self.begin(session, address, params)
        self.manners.recipient(address)
        reply = await self.recipient(session, address)
        self.said.setdefault(address, []).append((reply if isinstance(reply, Reply) else Reply(reply)).code)
        return reply

    # what behaviours override ---------------------------------------------------------------------------

    async def greet(self, session: Session) -> Says:
        return self.banner

    async def welcome(self, session: Session, verb: str) -> Says:
        if self.hello is not None:
            return self.hello
        if verb == "HELO":
            return "250 mx.behaviours-hw.com"
        offered = (*self.extensions, "STARTTLS") if self.starts_tls and not session.tls else self.extensions
        return "250 " + "\n".join(("mx.behaviours-hw.com", *offered))

    async def secure(self, session: Session) -> Says:
        assert self.tls_context is not None
        await session.start_tls(self.tls_context, b"220 2.0.0 Ready to start TLS\r\n")
        return b""

    async def begin(self, session: Session, sender: str, params: str) -> Says:
        if not session.helo:
            return "503 5.5.1 Error: send HELO/EHLO first"
        if session.sender is not None:
            return "503 5.5.1 Error: nested MAIL command"
        words = params.split()
        known = {"BODY" if each == "8BITMIME" else each.split()[0] for each in self.extensions}
        if not {each.partition("=")[0] for each in words} <= known:
            return "555 5.5.4 Unsupported option"
        session.utf8 = "SMTPUTF8" in words
        reply = self.mail if isinstance(self.mail, Reply) else Reply(self.mail)
        if reply.code == 250:
            session.sender = sender
        return reply

    async def recipient(self, session: Session, address: str) -> Says:
        if session.sender is None:
            return "503 5.5.1 Error: need MAIL command"
        session.recipients += 1
        return filled(await self.judge(session, address), address)

    async def judge(self, session: Session, address: str) -> Says:
        return self.boxes.get(address.rpartition("@")[0], self.unknown)

    async def reset(self, session: Session) -> Says:
        session.sender, session.utf8 = None, False
        return "250 2.0.0 Ok"

    async def leave(self, session: Session) -> Says:
        return "221 2.0.0 Bye"


def filled(says: Says, address: str) -> Says:
    """Put the recipient where the words want it."""
    if isinstance(says, Reply) and isinstance(says.said, str):
        return Reply(says.said.replace("{to}", address), says.wait, says.close)
    return says.replace("{to}", address) if isinstance(says, str) else says


def now() -> float:
    return time.monotonic()
