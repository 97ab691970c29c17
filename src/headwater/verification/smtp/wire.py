"""One connection to a mail server. Nothing reaches the socket but the seven commands that probing needs.

Whatever a caller hands over, a line that is not one of them is refused here: no VRFY, no EXPN, no DATA, no control
character, no second command behind a line break.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Sequence

from headwater.records import SmtpReply
from headwater.verification.smtp.replies import MOST_LINES, Line, read_line, to_reply

LONGEST_LINE = 2048  # bytes of a reply's line; RFC 5321 §4.5.3.1.5 allows 512
_PATH = r"<[^\s<>\x00-\x20\x7f-\x9f]{0,320}>"
_COMMAND = re.compile(
    r"(?:EHLO|HELO) [A-Za-z0-9.-]{1,253}|STARTTLS|RSET|QUIT|"
    rf"MAIL FROM:{_PATH}(?: BODY=8BITMIME SMTPUTF8)?|RCPT TO:{_PATH}"
)


class Broken(Exception):
    """The connection is of no more use; ``reply`` says in which phase and why, without a code."""

    def __init__(self, phase: str, text: str) -> None:
        super().__init__(text)
        self.reply = SmtpReply(phase, None, None, text)


class ForbiddenCommand(ValueError):
    """A line that must not be sent. Addresses are checked long before, so this is a bug of the caller."""


def encode(commands: Sequence[str]) -> bytes:
    """The bytes of commands, each on its line."""
    for command in commands:
        if not _COMMAND.fullmatch(command):
            raise ForbiddenCommand(f"{command[:80]!r} must not be sent to a mail server")
    return "".join(f"{command}\r\n" for command in commands).encode()


class Wire:
    """Commands out, replies in, both bounded in size and time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str, port: int, seconds: float) -> "Wire":
        try:
            async with asyncio.timeout(seconds):
                return cls(*await asyncio.open_connection(address, port, limit=LONGEST_LINE))
        except TimeoutError:
            raise Broken("connect", f"No connection within {seconds:g} seconds.") from None
        except OSError as error:
            raise Broken("connect", f"No connection ({error.strerror or type(error).__name__}).") from None

    def send(self, phase: str, *commands: str) -> None:
        data = encode(commands)
        if self._writer.is_closing():
            raise Broken(phase, "The server closed the connection.")
        self._writer.write(data)

    async def reply(self, phase: str, seconds: float) -> SmtpReply:
        return to_reply(phase, await self.lines(phase, seconds))

    async def lines(self, phase: str, seconds: float) -> list[Line]:
        """A whole reply. A server that drips lines has the same time for all of them together."""
        lines: list[Line] = []
        try:
            async with asyncio.timeout(seconds):
                while not lines or lines[-1].more:
                    if len(lines) == MOST_LINES:
                        raise Broken(phase, f"The server's reply has more than {MOST_LINES} lines.")
                    lines.append(read_line(await self._reader.readuntil(b"\n")))
        except TimeoutError:
            raise Broken(phase, f"The server did not answer within {seconds:g} seconds.") from None
        except asyncio.LimitOverrunError:
            raise Broken(phase, f"The server's reply has a line of more than {LONGEST_LINE} bytes.") from None
        except (asyncio.IncompleteReadError, OSError):
            raise Broken(phase, "The server closed the connection.") from None
        if lines[-1].code is None:
            raise Broken(phase, f"The server's reply is not SMTP: {lines[-1].text[:200]}")
        return lines

    async def start_tls(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._writer.start_tls(context, server_hostname=host)
        except (TimeoutError, OSError) as error:  # ssl.SSLError is an OSError
            raise Broken("starttls", f"No TLS with this server ({type(error).__name__}).") from None

    async def close(self, seconds: float) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(seconds):
                await self._writer.wait_closed()
