"""The bytes of one connection, kept until they are wanted.

What is there before anybody asked is what decides whether a conversation is in step, and asyncio's streams do not tell.
"""

import asyncio
import ssl
from typing import cast

_MOST = 65_536  # bytes kept; more waits in the network until these are taken


class TooLong(Exception):
    """A line without an end in sight."""


class Pipe(asyncio.Protocol):
    """One connection. ``came`` is what is there and was not taken; ``ended`` when nothing more will come."""

    def __init__(self) -> None:
        self.came = bytearray()
        self.ended = False
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._news: asyncio.Future[None] | None = None
        self._paused = False
        self._transport: asyncio.Transport

    @classmethod
    async def open(cls, address: str, port: int) -> "Pipe":
        _, pipe = await asyncio.get_running_loop().create_connection(cls, address, port)
        return pipe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's, so the type is stated instead of checked
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.came += data
        if len(self.came) > _MOST and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        self.ended = True
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self._tell()
        if not self._gone.done():
            self._gone.set_result(None)

    @property
    def writable(self) -> bool:
        return not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    async def line(self, longest: int) -> bytes:
        """Take the next line with its end. Raises TooLong, and EOFError when the other side has left."""
        while (at := self.came.find(b"\n")) < 0:
            if len(self.came) > longest:
                raise TooLong
            if self.ended:
                raise EOFError
            self._news = self._loop.create_future()
            try:
                await self._news
            finally:
                self._news = None
        if at > longest:
            raise TooLong
        found = bytes(self.came[: at + 1])
        del self.came[: at + 1]
        if self._paused and len(self.came) <= _MOST and self.writable:
            self._paused = False
            self._transport.resume_reading()
        return found

    async def start_tls(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Whatever came in the clear is thrown away. After a failure the connection is closed."""
        self.came.clear()
        if not self.writable:
            raise ConnectionResetError
        try:
            secured = await self._loop.start_tls(
                self._transport, self, context, server_hostname=host, ssl_shutdown_timeout=seconds
            )
        except BaseException:  # a connection half way to TLS tells nobody when it is gone
            self._transport.abort()
            self.connection_lost(None)
            raise
        if secured is None:  # it went away in the last moment
            self.connection_lost(None)
            raise ConnectionResetError
        self._transport = secured

    async def close(self, seconds: float) -> None:
        """Hang up, and wait until that is done; not for ever, since encryption wants the other side's consent."""
        self._transport.close()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._gone)
        except TimeoutError:
            pass
        finally:
            if not self._gone.done():
                self._transport.abort()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
