"""A mail server on loopback that does what a script says, and keeps what it heard.

The script is a function from (verb, argument, session) to a reply: text with a code, ``None`` for the polite default,
``HANG_UP`` to close without a word, ``SILENCE`` to say nothing more.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

HANG_UP = "hang up"
SILENCE = "silence"


@dataclass
class Heard:
    """One connection: what was said, in order, and how many RCPT there were."""

    lines: list[str] = field(default_factory=list)
    recipients: int = 0
    secure: bool = False

    @property
    def verbs(self) -> list[str]:
        return [line.split(" ")[0].upper() for line in self.lines]


Script = Callable[[str, str, Heard], str | bytes | None]


def polite(verb: str, argument: str, heard: Heard) -> None:
    """Everybody exists."""


def only(*names: str) -> Script:
    """A server where these local parts exist and nobody else."""

    def script(verb: str, argument: str, heard: Heard) -> str | None:
        local = argument.removeprefix("TO:<").partition("@")[0]
        return "550 5.1.1 User unknown" if verb == "RCPT" and local not in names else None

    return script


class SmtpServer:
    """Counts connections at the same time; more than ``most`` get 421."""

    def __init__(
        self,
        script: Script,
        *,
        most: int = 1000,
        features: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
        delay: float = 0.0,
        port: int = 0,
    ) -> None:
        self.script = script
        self.most = most
        self.features = (*features, "STARTTLS") if tls else tuple(features)
        self.tls = tls
        self.delay = delay
        self.sessions: list[Heard] = []
        self.open = self.most_open = self.refused = 0
        self.port = port
        self._writers: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    @property
    def lines(self) -> list[str]:
        return [line for heard in self.sessions for line in heard.lines]

    def count(self, verb: str) -> int:
        return sum(heard.verbs.count(verb) for heard in self.sessions)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._writers[writer] = task
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass  # the other side is done, or the test
        finally:
            self.open -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = Heard()
        self.sessions.append(heard)
        if self.open > self.most:
            self.refused += 1
            await self._say(writer, "421 4.7.0 Too many connections")
            return
        if not await self._say(writer, self.script("CONNECT", "", heard) or "220 mx ESMTP"):
            return
        while line := (await reader.readline()).decode("utf-8", "replace"):
            heard.lines.append(line.rstrip("\r\n"))
            verb, _, argument = line.strip().partition(" ")
            heard.recipients += verb.upper() == "RCPT"
            await asyncio.sleep(self.delay)
            reply = self.script(verb.upper(), argument, heard) or self._default(verb.upper(), heard)
            if not await self._say(writer, reply) or verb.upper() == "QUIT":
                return
            if verb.upper() == "STARTTLS" and self.tls:
                await writer.start_tls(self.tls)
                heard.secure = True

    def _default(self, verb: str, heard: Heard) -> str:
        if verb == "EHLO":
            features = [name for name in self.features if name != "STARTTLS" or not heard.secure]
            lines = ["mx", *features]
            return "\r\n".join(f"250{' ' if at == len(lines) - 1 else '-'}{line}" for at, line in enumerate(lines))
        return {"QUIT": "221 Bye", "STARTTLS": "220 Go"}.get(verb, "250 2.0.0 OK")

    async def _say(self, writer: asyncio.StreamWriter, reply: str | bytes) -> bool:
        if reply == HANG_UP:
            return False
        if reply == SILENCE:
            await asyncio.sleep(60)
        data = reply if isinstance(reply, bytes) else reply.encode()
        writer.write(data + b"\r\n")
        await writer.drain()
        return not data.startswith(b"421")

    async def close(self) -> None:
        for writer, task in self._writers.items():
            writer.close()
            task.cancel()
        await asyncio.gather(*self._writers.values(), return_exceptions=True)


@contextlib.asynccontextmanager
async def listening(server: SmtpServer, address: str = "127.0.0.1") -> AsyncIterator[SmtpServer]:
    listener = await asyncio.start_server(server.serve, address, server.port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.close()
        await listener.wait_closed()
