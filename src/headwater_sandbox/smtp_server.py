"""An SMTP server which answers RCPT truthfully for the made-up world and never takes a message.

Habits played: unknown mailbox (550 5.1.1), catch-all, greylisting, a recipient deferred for ever, a full mailbox, and a
domain that refuses by policy whoever is named. Source of the replies' form: RFC 5321 and RFC 3463.
"""

import asyncio
import re
import time

from headwater_sandbox.directory import Directory, Mailbox

_PATH = re.compile(r"^(?:FROM|TO):\s*<([^>]*)>(?:\s.*)?$", re.I)
_VERBS = frozenset(("HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT"))
_FIXED = {
    "NOOP": "250 2.0.0 OK",
    "VRFY": "252 2.5.2 Cannot VRFY user, but will accept message and attempt delivery",
    "EXPN": "502 5.5.1 EXPN not supported",
    "STARTTLS": "502 5.5.1 STARTTLS not offered",
}
_LINE_MAX = 2048
_RECIPIENTS_MAX = 100
_IDLE_SECONDS = 120


class SmtpServer:
    """One listener on loopback for all domains."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.greylist: dict[tuple[str, str, str], float] = {}
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_LINE_MAX)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, (writer.get_extra_info("peername") or ("?",))[0])
        try:
            writer.write(b"220 mx.sandbox-hw.com ESMTP sandbox\r\n")
            while not session.over:
                async with asyncio.timeout(_IDLE_SECONDS):
                    line = await reader.readuntil(b"\n")
                writer.write(session.command(line.decode("utf-8", "replace").strip()).encode() + b"\r\n")
                await writer.drain()
        except asyncio.LimitOverrunError:
            writer.write(b"500 5.5.2 Line too long\r\n")
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the other side is done
        finally:
            writer.close()


class Session:
    """One conversation: the state of RFC 5321 as far as probing needs it."""

    def __init__(self, server: SmtpServer, peer: str) -> None:
        self.server, self.peer = server, peer
        self.helo: str | None = None
        self.sender: str | None = None
        self.accepted = 0
        self.over = False

    def command(self, line: str) -> str:
        """The reply to one line."""
        verb, _, rest = line.partition(" ")
        handler = getattr(self, f"_{verb.lower()}", None) if verb.upper() in _VERBS else None
        return str(handler(rest.strip())) if handler else _FIXED.get(verb.upper(), "500 5.5.2 Command not recognised")

    def _helo(self, name: str) -> str:
        if not name:
            return "501 5.5.4 Name required"
        self.helo, self.sender, self.accepted = name, None, 0
        return "250 mx.sandbox-hw.com"

    def _ehlo(self, name: str) -> str:
        first = self._helo(name)
        if first.startswith("501"):
            return first
        extensions = ("SIZE 10485760", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES")
        lines = ("mx.sandbox-hw.com", *extensions)
        return "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)

    def _mail(self, rest: str) -> str:
        if self.helo is None:
            return "503 5.5.1 Say HELO first"
        path = _PATH.match(rest)
        if not path or not rest.upper().startswith("FROM"):
            return "501 5.5.4 Syntax: MAIL FROM:<address>"
        self.sender, self.accepted = path.group(1), 0
        return "250 2.1.0 Sender OK"

    def _rcpt(self, rest: str) -> str:
        if self.sender is None:
            return "503 5.5.1 MAIL first"
        path = _PATH.match(rest)
        if not path or not rest.upper().startswith("TO"):
            return "501 5.5.4 Syntax: RCPT TO:<address>"
        if self.accepted >= _RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        reply = self._judge(path.group(1))
        self.accepted += reply.startswith("250")
        return reply

    def _judge(self, address: str) -> str:
        box = self.server.directory.mailbox(address)
        if box is None:
            return "501 5.1.3 Bad recipient address syntax"
        dice, rate = self.server.directory.world.dice, self.server.directory.world.settings.number
        if not box.receives_mail:
            return f"550 5.7.1 Relaying denied for <{address}>"
        if dice.chance(rate("smtp.blocked"), "smtp blocked", box.domain):
            return "550 5.7.1 Service refused by policy; see https://postmaster.sandbox-hw.com/blocked"
        if dice.chance(rate("smtp.greylist"), "smtp greylist", box.domain) and self._too_early(box):
            return "451 4.7.1 Greylisted, please try again later"
        if dice.chance(rate("smtp.tempfail"), "smtp tempfail", box.email):
            return "451 4.3.0 Temporary lookup failure"
        if box.exists and dice.chance(rate("smtp.full"), "smtp full", box.email):
            return "452 4.2.2 The recipient's mailbox is over quota"
        if box.exists or box.catch_all:
            return f"250 2.1.5 <{address}> Recipient OK"
        return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"

    def _too_early(self, box: Mailbox) -> bool:
        """Greylisting by (peer, sender, recipient): the first attempt starts the clock."""
        triplet = (self.peer, self.sender or "", box.email)
        first = self.server.greylist.setdefault(triplet, time.monotonic())
        return time.monotonic() - first < self.server.directory.world.settings.number("smtp.greylist_seconds")

    def _data(self, rest: str) -> str:
        if not self.accepted:
            return "503 5.5.1 RCPT first"
        return "554 5.7.0 This is a sandbox: it answers questions about recipients and never takes a message"

    def _rset(self, rest: str) -> str:
        self.sender, self.accepted = None, 0
        return "250 2.0.0 OK"

    def _quit(self, rest: str) -> str:
        self.over = True
        return "221 2.0.0 Bye"
