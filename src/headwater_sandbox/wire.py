"""The last metre of an answer: whole, cut off, dripping, or not at all.

ASGI has no word for breaking a connection, so the HTTP protocol class below keeps the transports by peer address.
"""

import asyncio
from typing import Any, Protocol

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_transports: dict[Any, asyncio.Transport] = {}
HANG_SECONDS = 60.0
_DRIP_SECONDS = 4.0
_DRIP_BYTES = 200


class Sendable(Protocol):
    """What the line needs of an answer."""

    status: int
    headers: dict[str, str]

    def content(self) -> tuple[bytes, str]:
        """Bytes and content type."""


class BreakableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, findable by the address of its peer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport."""
        super().connection_made(transport)
        _transports[transport.get_extra_info("peername")] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        _transports.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)


class Line:
    """One request's way back."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._client, self._receive, self._send = tuple(scope.get("client") or ()), receive, send

    async def answer(self, answer: Sendable) -> None:
        """Send all of it."""
        body, kind = answer.content()
        await self._start(answer, len(body), kind)
        await self._send({"type": "http.response.body", "body": body})

    async def deliver(self, answer: Sendable, fault: str, latency: float) -> None:
        """Send it as the fault has it."""
        if fault == "charged_then_lost":
            await self._break()
        elif fault == "malformed":
            body, kind = answer.content()
            broken = body[: max(1, len(body) * 2 // 3)] + b"<!-- upstream -->"
            await self._start(answer, len(broken), kind)
            await self._send({"type": "http.response.body", "body": broken})
        elif fault == "truncated":
            await self._truncated(answer)
        elif fault == "slow_drip":
            await self._drip(answer, latency)
        else:
            await self.answer(answer)

    async def hang(self) -> None:
        """Say nothing until the other side gives up or a minute has passed."""
        try:
            async with asyncio.timeout(HANG_SECONDS):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            await self._break()

    async def _start(self, answer: Sendable, length: int | None, kind: str) -> None:
        headers = [(b"content-type", kind.encode())]
        headers += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _truncated(self, answer: Sendable) -> None:
        body, kind = answer.content()
        chunked = len(body) % 2 == 1  # both kinds occur: short of the announced length, and a chunked body cut off
        await self._start(answer, None if chunked else len(body), kind)
        await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.01)  # let the half leave before the line is cut
        await self._break()

    async def _drip(self, answer: Sendable, latency: float) -> None:
        body, kind = answer.content()
        await self._start(answer, len(body), kind)
        step = max(1, len(body) // _DRIP_BYTES)
        pause = _DRIP_SECONDS * max(latency, 0.05) * step / len(body)
        for start in range(0, len(body), step):
            more = start + step < len(body)
            await self._send({"type": "http.response.body", "body": body[start : start + step], "more_body": more})
            await asyncio.sleep(pause)

    async def _break(self) -> None:
        transport = _transports.get(self._client)
        if transport is not None:
            transport.abort()
        while (await self._receive())["type"] != "http.disconnect":
            pass
