"""One connection to a mail server. Nothing reaches the socket but the seven commands that probing needs.

Whatever a caller hands over, a line that is not one of them is refused here: no VRFY, no EXPN, no DATA, no control
character, no second command behind a line break.

Replies carry no name: the first belongs to the banner, the next to the first command, and so on. A server that says one
too many, or somebody between who adds some, moves every answer to another question. So replies that are owed are
counted, and nothing is sent while there is something that nobody asked for.
"""

import asyncio
import errno
import re
import ssl
from collections.abc import Sequence

from headwater.records import SmtpReply
from headwater.verification.smtp.pipe import Pipe, TooLong
from headwater.verification.smtp.replies import MOST_LINES, Line, differ, read_line, to_reply

LONGEST_LINE = 2048  # bytes of a reply's line; RFC 5321 §4.5.3.1.5 allows 512
_PATH = r"<[^\s<>\x00-\x20\x7f-\x9f]{0,320}>"
_COMMAND = re.compile(
    r"(?:EHLO|HELO) [A-Za-z0-9.-]{1,253}|STARTTLS|RSET|QUIT|"
    rf"MAIL FROM:{_PATH}(?: BODY=8BITMIME SMTPUTF8)?|RCPT TO:{_PATH}"
)
# What a closed way out looks like from here; a refused connection is an answer of the other machine.
_SHUT = frozenset((errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM))


class Broken(Exception):
    """The connection is of no more use; ``reply`` says in which phase and why, without a code."""

    def __init__(self, phase: str, text: str) -> None:
        super().__init__(text)
        self.reply = SmtpReply(phase, None, None, text)


class NoWay(Broken):
    """Nothing came back at all: either nobody is there, or our network lets nothing out."""


class Garbled(Broken):
    """What came is no reply of SMTP."""


class OutOfStep(Broken):
    """There are replies that nobody asked for, so that none can be matched to its command."""


class ForbiddenCommand(ValueError):
    """A line that must not be sent. Addresses are checked long before, so this is a bug of the caller."""


def encode(commands: Sequence[str]) -> bytes:
    """The bytes of commands, each on its line."""
    for command in commands:
        if not _COMMAND.fullmatch(command):
            raise ForbiddenCommand(f"{command[:80]!r} must not be sent to a mail server")
    return "".join(f"{command}\r\n" for command in commands).encode()


class Wire:
    """Commands out, replies in, both bounded in size and time. ``owed`` replies are still to come."""

    def __init__(self, pipe: Pipe) -> None:
        self.owed = 1  # the banner
        self._pipe = pipe

    @classmethod
    async def open(cls, address: str, port: int, seconds: float) -> "Wire":
        try:
            async with asyncio.timeout(seconds):
                return cls(await Pipe.open(address, port))
        except TimeoutError:
            raise NoWay("connect", f"No connection within {seconds:g} seconds.") from None
        except OSError as error:
            kind = NoWay if error.errno in _SHUT else Broken
            raise kind("connect", f"No connection ({error.strerror or type(error).__name__}).") from None

    @property
    def unasked(self) -> bool:
        """Whether something is there that no command asked for.

        A server that has enough may say 421 at any time (RFC 5321 §3.8): that is read as the answer to what comes next.
        """
        return self.owed <= 0 and bool(self._pipe.came) and not self._pipe.came.startswith(b"421")

    def send(self, phase: str, *commands: str) -> None:
        data = encode(commands)
        if self.unasked:
            raise OutOfStep(phase, "The server says more than it was asked.")
        if not self._pipe.writable:
            raise Broken(phase, "The server closed the connection.")
        self._pipe.write(data)
        self.owed += len(commands)

    def quit(self) -> None:
        """Say goodbye, however things stand."""
        if self._pipe.writable:
            self._pipe.write(encode(["QUIT"]))
            self.owed += 1

    async def reply(self, phase: str, seconds: float) -> SmtpReply:
        return to_reply(phase, await self.lines(phase, seconds))

    async def lines(self, phase: str, seconds: float) -> list[Line]:
        """A whole reply. A server that drips lines has the same time for all of them together."""
        lines: list[Line] = []
        try:
            async with asyncio.timeout(seconds):
                while not lines or lines[-1].more:
                    if len(lines) == MOST_LINES:
                        raise Garbled(phase, f"The server's reply has more than {MOST_LINES} lines.")
                    lines.append(read_line(await self._pipe.line(LONGEST_LINE)))
        except TimeoutError:
            raise Broken(phase, f"The server did not answer within {seconds:g} seconds.") from None
        except TooLong:
            raise Garbled(phase, f"The server's reply has a line of more than {LONGEST_LINE} bytes.") from None
        except EOFError:
            raise Broken(phase, "The server closed the connection.") from None
        if lines[-1].code is None:
            raise Garbled(phase, f"The server's reply is not SMTP: {lines[-1].text[:200]}")
        if differ(phase, lines):
            raise Garbled(phase, f"The lines of the server's reply have different codes: {to_reply(phase, lines).text}")
        self.owed -= 1
        return lines

    async def start_tls(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Encrypt. What came in the clear after the server's consent was put there by somebody else (CVE-2011-0411):
        it is thrown away, and the encrypted conversation serves for a goodbye only.
        """
        foreign = bool(self._pipe.came)
        try:
            async with asyncio.timeout(seconds):
                await self._pipe.start_tls(context, host, seconds)
        except (TimeoutError, OSError) as error:  # ssl.SSLError is an OSError
            raise Broken("starttls", f"No TLS with this server ({type(error).__name__}).") from None
        if foreign:
            raise OutOfStep("starttls", "Somebody added answers to the server's before the encryption began.")

    async def close(self, seconds: float) -> None:
        await self._pipe.close(seconds)
