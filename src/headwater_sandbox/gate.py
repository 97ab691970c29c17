"""The door that all vendors share: key, limits, faults, latency, then the vendor's own answer, then the meter."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from headwater_sandbox import wire
from headwater_sandbox.dice import Dice
from headwater_sandbox.directory import Directory
from headwater_sandbox.faults import draw, error_page
from headwater_sandbox.forms import form, same_whenever_sent
from headwater_sandbox.knowledge import Knowledge
from headwater_sandbox.limits import Usage, Window, in_force, take
from headwater_sandbox.settings import Settings
from headwater_sandbox.store import Charge, Store

NO_CREDITS = "no-credits"
BAD_KEYS = frozenset(("", "bad-key"))


@dataclass
class Desk:
    """What a vendor's handlers work with."""

    settings: Settings
    store: Store
    directory: Directory
    knowledge: Knowledge

    @property
    def dice(self) -> Dice:
        """Chance of this world."""
        return self.directory.world.dice

    def balance(self, vendor: str, account: str) -> int:
        """Thousandths of credits which a key has left."""
        if account == NO_CREDITS:
            return 0
        return int(self.settings.number(f"{vendor}.credits") * 1000) - self.store.spent(vendor, account)

    def price(self, name: str) -> int:
        """A price in thousandths of a credit."""
        return round(float(self.settings.text(name)) * 1000)

    def delay(self, name: str, *key: object) -> float:
        """Seconds around the mean of a setting (half to one and a half), times the latency scale."""
        return self.settings.number(name) * self.settings.latency * self.dice.span(0.5, 1.5, "delay", name, *key)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a vendor's handler sees it."""

    endpoint: str
    account: str
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: Any
    identity: str
    attempt: int
    now: float
    usage: Sequence[Usage] = ()


@dataclass(slots=True)
class Answer:
    """What leaves, and what the meter notes of it."""

    status: int
    body: Any
    outcome: str = "answered"
    charges: list[Charge] = field(default_factory=list)
    records: int = 0
    hits: int = 0
    misses: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    subject: dict[str, str] = field(default_factory=dict)

    def content(self) -> tuple[bytes, str]:
        """The bytes and their type: text stays text, everything else is JSON."""
        if isinstance(self.body, str):
            html = self.body.startswith("<html>")
            return self.body.encode(), "text/html" if html else "text/plain; charset=utf-8"
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace"), "application/json; charset=utf-8"


def hit(body: Any, subject: dict[str, str], milli: int) -> Answer:
    """An answer with one record found and charged."""
    charges = [Charge(milli, subject)] if milli else []
    return Answer(200, body, "hit", charges, records=1, hits=1, subject=subject)


def miss(status: int, body: Any, subject: dict[str, str]) -> Answer:
    """An answer that found nothing and costs nothing."""
    return Answer(status, body, "miss", records=1, misses=1, subject=subject)


Handler = Callable[[Desk, Call], Answer]


@dataclass(frozen=True)
class Route:
    """One endpoint of a vendor."""

    method: str
    path: str
    endpoint: str
    handler: Handler
    windows: tuple[Window, ...] = ()
    free_windows: tuple[Window, ...] = ()
    block: str = ""  # the rate that says for how many seconds a full window shuts the account out


@dataclass(frozen=True)
class Vendor:
    """What differs between vendors at the door."""

    name: str
    prefix: str
    routes: tuple[Route, ...]
    key_of: Callable[[Request], str]
    unauthorised: Callable[[Route], Answer]
    throttled: Callable[[Desk, Route, Window, Sequence[Usage]], Answer]
    unreadable: Answer
    decorate: Callable[[Answer, Sequence[Usage]], None] = lambda answer, usage: None
    key_in: str = ""  # the field of a body that may hold the key


def _parsed(raw: bytes, kind: str) -> Any:
    """The body: a form's fields by name, or JSON.

    Halves of surrogate pairs, which no database takes, become question marks.
    """
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        return form(raw, kind)
    body = json.loads(raw) if raw.strip() else None
    if b"\\ud" in raw or b"\\uD" in raw:
        body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    return body


class Endpoint:
    """One route as an ASGI application."""

    def __init__(self, desk: Desk, vendor: Vendor, route: Route) -> None:
        self.desk, self.vendor, self.route = desk, vendor, route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request from the key to the meter."""
        now, request = time.time(), Request(scope, receive)
        try:
            raw = await request.body()
        except ClientDisconnect:
            return
        kind = request.headers.get("content-type", "")
        call = self._call(request, raw, kind, now)
        refusal, fault = self._admit(call, raw, kind)
        line = wire.Line(scope, receive, send)
        if refusal:
            await line.answer(refusal)
            return
        call, fault = fault
        await self._pause(call)
        if fault == "timeout":
            self._note(call, Answer(0, "", "lost"), fault)
            await line.hang()
            return
        answer = self._work(call, fault)
        if answer is not None:
            await line.deliver(answer, fault, self.desk.settings.latency)

    def _call(self, request: Request, raw: bytes, kind: str, now: float) -> Call:
        query: dict[str, str] = {}
        for name, value in request.query_params.multi_items():  # domains[]=a&domains[]=b reads as a,b
            query[name] = f"{query[name]},{value}" if name in query else value
        query.pop("api_key", None)
        query.pop(self.vendor.key_in, None)
        text = f"{request.method} {request.url.path} {sorted(query.items())} ".encode() + same_whenever_sent(raw, kind)
        return Call(
            endpoint=self.route.endpoint, account=self._account(request, raw, kind), query=query,
            path=request.path_params,
            body=None, identity=blake2b(text, digest_size=12).hexdigest(), attempt=0, now=now,
        )  # fmt: skip

    def _account(self, request: Request, raw: bytes, kind: str) -> str:
        key = self.vendor.key_of(request)
        if key or not self.vendor.key_in:
            return key
        try:
            body = _parsed(raw, kind)
        except ValueError:
            return ""
        return str(body.get(self.vendor.key_in) or "") if isinstance(body, dict) else ""

    def _admit(self, call: Call, raw: bytes, kind: str) -> tuple[Answer | None, Any]:
        """Key, limits and faults; either a refusal or the call to be worked on and its fault."""
        vendor, store = self.vendor, self.desk.store
        if call.account in BAD_KEYS:
            return self._refuse(call, vendor.unauthorised(self.route), "unauthorised"), None
        with store.transaction():
            call = replace(call, attempt=store.attempt(f"{vendor.name}/{call.account}/{call.identity}"))
            windows = in_force(self.desk.settings, vendor.name, self.route.windows, self.route.free_windows)
            usage, refused = self._take(f"{vendor.name}/{call.account}/{call.endpoint}", windows, call.now)
            call = replace(call, usage=usage)
            fault = draw(self.desk.settings, self.desk.dice, vendor.name, call.identity, call.attempt)
            if refused or (fault == "throttle" and windows):
                answer = vendor.throttled(self.desk, self.route, refused or windows[0], usage)
                return self._refuse(call, answer, "throttled", "" if refused else fault), None
            if fault == "server_error":
                answer = Answer(*error_page(self.desk.dice, call.identity, call.attempt))
                return self._refuse(call, answer, "failed", fault), None
        try:
            return None, (replace(call, body=_parsed(raw, kind)), fault)
        except ValueError:
            return self._refuse(call, replace(vendor.unreadable, headers={}), "refused"), None

    def _take(self, key: str, windows: tuple[Window, ...], now: float) -> tuple[Sequence[Usage], Window | None]:
        """Count the request; where the vendor blocks who came too often, nothing is counted until that is over."""
        store, until = self.desk.store, f"blocked {key}"
        if self.route.block and now < (store.get(until) or 0):
            return [], windows[0]
        usage, refused = take(store, key, windows, now)
        if refused and self.route.block:
            store.put(until, now + self.desk.settings.number(self.route.block))
        return usage, refused

    def _refuse(self, call: Call, answer: Answer, outcome: str, fault: str = "") -> Answer:
        answer.outcome = outcome
        self.vendor.decorate(answer, call.usage)
        self._note(call, answer, fault)
        return answer

    async def _pause(self, call: Call) -> None:
        seconds = self.desk.delay(f"{self.vendor.name}.answer_seconds", call.identity, call.attempt)
        if seconds > 0:
            await asyncio.sleep(seconds)

    def _work(self, call: Call, fault: str) -> Answer:
        with self.desk.store.transaction():
            answer = self.route.handler(self.desk, call)
            self.vendor.decorate(answer, call.usage)
            self.desk.store.charge(self.vendor.name, call.endpoint, call.account, answer.charges, time.time())
            self._note(call, answer, fault)
        return answer

    def _note(self, call: Call, answer: Answer, fault: str) -> None:
        self.desk.store.log(
            (call.now, self.vendor.name, call.endpoint, call.account, call.identity, call.attempt, answer.status,
             answer.outcome, fault, answer.records, answer.hits, answer.misses,
             json.dumps(answer.subject, ensure_ascii=False)))  # fmt: skip
