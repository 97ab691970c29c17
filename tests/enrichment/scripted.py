"""A vendor whose every answer a test decides: a real HTTP server on loopback, and the adapter that speaks to it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from headwater.enrichment.vendors import Vendor
from headwater.providers.base import (
    Account,
    Answer,
    Charge,
    Declaration,
    Limit,
    Operation,
    Outcome,
    Query,
    Reply,
    Request,
    Response,
    Ticket,
)
from headwater.providers.errors import BadRequest, OutcomeUnknown, StopVendor, TryLater
from headwater.records import Field, Finding

CREDIT = 1000  # thousandths
PRICE = 10_000  # micros of a credit
WIDE = Limit(10_000, 1)


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it. ``names`` are the people asked about; none in a poll."""

    at: float
    path: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Says:
    """What the server answers: per person a title, None for nobody known; or a ticket; or a status."""

    titles: Sequence[str | None] = ()
    ticket: str | None = None
    status: int = 200
    after: float | None = None

    def body(self) -> bytes:
        return json.dumps({"titles": list(self.titles), "ticket": self.ticket}).encode()


Script = Callable[[Asked], Awaitable[Says]]


async def knows_everybody(asked: Asked) -> Says:
    return Says([f"Head of {name}" for name in asked.names])


async def knows_nobody(asked: Asked) -> Says:
    return Says([None for _ in asked.names])


class Server:
    """Answers by its script; an async context manager. ``seen`` is everything it was asked."""

    def __init__(self, script: Script = knows_everybody) -> None:
        self.script = script
        self.seen: list[Asked] = []
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.close()
            await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def names(self) -> list[str]:
        """Everybody asked about, as often as they were."""
        return [name for asked in self.seen for name in asked.names]

    def paths(self, start: str) -> int:
        return sum(asked.path.startswith(start) for asked in self.seen)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while head := await reader.readline():
                headers: dict[str, str] = {}
                while (line := (await reader.readline()).strip()) and b":" in line:
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                people = json.loads(body)["people"] if body else []
                asked = Asked(time.time(), head.decode().split()[1], tuple(people))
                self.seen.append(asked)
                says = await self.script(asked)
                content = says.body()
                extra = f"retry-after: {says.after}\r\n" if says.after is not None else ""
                writer.write(
                    f"HTTP/1.1 {says.status} -\r\ncontent-length: {len(content)}\r\n{extra}\r\n".encode() + content
                )
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side went away, as some tests want it to
        finally:
            self._open.discard(writer)
            writer.close()


@dataclass
class Scripted:
    """The adapter: names go out, titles come back, or a ticket to fetch them with."""

    declaration: Declaration
    poll_after: float = 0.0
    _names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        people = [query.full_name or "" for query in queries]
        return Request("POST", f"{account.base_url}/ask", family="all", json={"people": people})

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        _raise_for(response)
        try:
            body: Mapping[str, Any] = json.loads(response.body)
        except ValueError as error:
            raise OutcomeUnknown("no JSON") from error
        if body["ticket"] and not body["titles"]:
            return Reply(ticket=Ticket({"id": body["ticket"]}, self.poll_after))
        return Reply({place: _answer(title) for place, title in enumerate(body["titles"])})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        return Request("GET", f"{account.base_url}/fetch/{ticket.state['id']}", family="all")

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        return self.read(operation, queries, response)


def _answer(title: str | None) -> Answer:
    if title is None:
        return Answer(Outcome.MISS)
    return Answer(Outcome.HIT, (Finding(Field.TITLE, title),), CREDIT)


def _raise_for(response: Response) -> None:
    after = float(response.headers["retry-after"]) if "retry-after" in response.headers else None
    if response.status == 429:
        raise TryLater("too fast", after=after, throttled=True)
    if response.status >= 500:
        raise TryLater(f"error {response.status}")
    if response.status in (401, 402):
        raise StopVendor("the key is refused")
    if response.status != 200:
        raise BadRequest("refused")


def vendor(
    name: str,
    url: str,
    *,
    batch: int = 1,
    submits: bool = False,
    limit: Limit = WIDE,
    price: int = PRICE,
    units: int = CREDIT,
    in_flight: int = 40,
    timeout: float = 10.0,
    list_from: int = 1,
) -> Vendor:
    """An account at a scripted server. The cheaper of two is asked first."""
    operation = Operation(
        name="titles",
        finds=frozenset({Field.TITLE}),
        needs=(frozenset({"full_name"}),),
        batch=batch,
        charge=Charge(hit=units),
        hit_rate=0.5,
        submits=submits,
        timeout=timeout,
        list_from=list_from,
        accuracy={Field.TITLE: 0.9},
    )
    declaration = Declaration(
        name=name,
        title=name,
        base_url=url,
        credit_price=price,
        operations=(operation,),
        limits={"all": (limit,)},
        cautious=limit,
        reliability={(Field.TITLE, ""): 0.9},
        shareable=False,
        max_in_flight=in_flight,
    )
    return Vendor(Scripted(declaration), Account(name, url, "a-key"), {"all": (limit,)}, price)
