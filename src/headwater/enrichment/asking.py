"""One lane's conversation with its vendor: from claimed items to a stored answer."""

import asyncio
import dataclasses
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from psycopg import Rollback
from psycopg.types.json import Jsonb

from headwater.contacts import Asked, Contacts
from headwater.db.session import Connection, Database, enter
from headwater.enrichment import store
from headwater.enrichment.apply import Applier, Failure
from headwater.enrichment.exchange import Unreachable, send
from headwater.enrichment.planner import Offer, query_of
from headwater.enrichment.planning import SQL, load
from headwater.enrichment.store import Call, Item
from headwater.enrichment.vendors import Vendors
from headwater.kit.errors import Unavailable
from headwater.kit.group import grouped
from headwater.kit.log import log
from headwater.ledger import Ledger, Reservation
from headwater.providers.base import Answer, Outcome, Query, Reply, Request, Ticket
from headwater.providers.errors import BadRequest, GivenUp, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.records import Field

_MARGIN = 60.0  # seconds a lease outlives the vendor's time-out
_BUDGET_PATIENCE = 20.0  # seconds to wait for a budget before the claim goes back
_CLAIM = 40.0  # seconds a claim lasts without a call: should the database be lost in between, nobody gives it back
_FOR_MONEY = 1.0  # seconds between two looks whether a job's money came back
_FOR_OTHERS = 3.0  # and whether what another job asked was answered
_AGAIN = 0.5  # seconds between two tries to write to a lost database

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Batch:
    """Claimed items with the one request that asks for all of them."""

    token: UUID
    items: tuple[Item, ...]
    contacts: tuple[int, ...]
    queries: tuple[Query, ...]
    request: Request


@dataclass(frozen=True, slots=True)
class Posed:
    """A claimed item with its contact and what to tell the vendor."""

    item: Item
    contact: int
    query: Query


class Asking:
    """Claims, asks and polls for one lane."""

    def __init__(
        self, database: Database, vendors: Vendors, lane: str, worker: int, http: httpx.AsyncClient, applier: Applier
    ) -> None:
        self.database = database
        self.vendors = vendors
        self.lane = lane
        self.worker = worker
        self.applier = applier
        self.vendor, self.operation = vendors.find(lane)
        self.adapter = self.vendor.adapter
        self._exchange = self.vendor.exchange or partial(send, http)
        declaration = self.adapter.declaration
        self.offer = Offer(declaration.name, self.operation, self.vendor.credit_price, declaration.reliability)
        self.lease = self.operation.timeout + _MARGIN

    # claiming -------------------------------------------------------------------------------------

    async def claim(self, most: int | None = None) -> Batch | None:
        """Claim up to one vendor batch, or ``most`` records, and build its request."""
        token = uuid4()
        async with self.database.worker() as connection:
            items = await store.claim(
                connection, self.lane, most or self.operation.batch, token=token, worker=self.worker, lease=_CLAIM
            )
            found = await self._queries(connection, items)
            posed = [Posed(item, *found[item.id]) for item in items if item.id in found]
            out = await self._out_already(connection, [(each.item, each.contact) for each in posed])
            await self._put_back(connection, out, token, _FOR_OTHERS)
        gone = [item for item in items if item.id not in found]
        if gone:
            await self.applier.forget(gone, token)
        kept = [each for each in posed if each.item.id not in out]
        lacking = [each for each in kept if not self.operation.accepts(each.query)]
        if lacking:
            await self._refuse(lacking, "too little is known to ask")
        return await self._batch(token, [each for each in kept if each not in lacking])

    async def _batch(self, token: UUID, posed: Sequence["Posed"]) -> Batch | None:
        """One request for these, or None where there is nothing to ask."""
        if not posed:
            return None
        queries = tuple(each.query for each in posed)
        try:
            request = self.adapter.ask(self.operation.name, queries, self.vendor.account)
        except BadRequest as error:
            await self._refuse(posed, str(error))
            return None
        items, contacts = tuple(each.item for each in posed), tuple(each.contact for each in posed)
        return Batch(token, items, contacts, queries, request)

    async def _refuse(self, posed: Sequence["Posed"], reason: str) -> None:
        name = f"{self.vendor.name}.{self.operation.name}"
        await self.applier.refuse([(each.item, each.contact) for each in posed], name, reason)

    async def _queries(self, connection: Connection, items: Sequence[Item]) -> dict[int, tuple[int, Query]]:
        """What to tell the vendor, by item. Absent: items of cancelled jobs, and what another job asked meanwhile."""
        found: dict[int, tuple[int, Query]] = {}
        for workspace, group in grouped(items, attrgetter("workspace")).items():
            await enter(connection, workspace)
            opens = {each.id: each for each in await load(connection, [item.lookup for item in group])}
            for item in group:
                each = opens.get(item.lookup)
                if each and not _was_asked(each.case.knowledge.asked, self.offer.name, item.subject):
                    want = frozenset(Field(wanted) for wanted in item.want)
                    query = query_of(each.case, want, item.subject)
                    found[item.id] = (each.contact_id, dataclasses.replace(query, reference=str(item.id)))
        return found

    async def _out_already(self, connection: Connection, asked: Sequence[tuple[Item, int]]) -> set[int]:
        """Items whose question (with their contact) is out for another job, was just answered, or stands here twice."""
        found: set[int] = set()
        for workspace, group in grouped(asked, lambda pair: pair[0].workspace).items():
            await enter(connection, workspace)
            rows = [{"item": item.id, "contact_id": contact, "subject": item.subject} for item, contact in group]
            out = await store.rows(connection, "out_already", operation=self.offer.name, rows=Jsonb(rows))
            heard = await Contacts(connection).asked(contact for _, contact in group)  # after what is out
            found |= {row["item"] for row in out}
            found |= {each.id for each, contact in group if _was_asked(heard[contact], self.offer.name, each.subject)}
        return found

    async def _put_back(self, connection: Connection, ids: Iterable[int], token: UUID, after: float) -> None:
        """Claimed items that have to wait go back to the lane."""
        values = {"ids": list(ids), "token": token, "call": None, "after": after, "unspent": 1}
        await connection.execute(SQL["release_items"], values)

    async def budget(self, batch: Batch, hurry: Callable[[], bool]) -> bool:
        """Take one call from every window of the request's family; False gives the claim back."""
        family = self.vendors.family(self.vendor, batch.request.family)
        deadline = asyncio.get_running_loop().time() + _BUDGET_PATIENCE
        while not hurry():
            wait = await self._patiently(lambda: self._take(family))
            if wait <= 0:
                return True
            if asyncio.get_running_loop().time() + wait > deadline:
                break
            await asyncio.sleep(min(wait, 1.0))
        await self._patiently(lambda: self._take_back(batch))
        return False

    async def _take_back(self, batch: Batch) -> None:
        """Nothing was sent for this claim: it goes back, as does a call that was committed for it all the same."""
        values = {
            "ids": [item.id for item in batch.items],
            "token": batch.token,
            "call": None,
            "after": 0.5,
            "unspent": 1,
        }
        async with self.database.worker() as connection:
            calls = await store.rows(connection, "calls_of_claim", token=batch.token)
            if not calls:
                await connection.execute(SQL["release_items"], values)
        for row in calls:
            reason = "the database was lost before the request left"
            await self.applier.fail(row["id"], self.vendor, self.operation, batch.token, Failure.WAIT, reason)

    async def _patiently(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """What is known must not be lost with the database: written again and again while the lease lasts."""
        end = asyncio.get_running_loop().time() + self.lease
        while True:
            try:
                return await work()
            except Unavailable as error:
                if asyncio.get_running_loop().time() > end:
                    raise
                log.warning("database away, trying again", reason=str(error))
            await asyncio.sleep(_AGAIN)

    async def _take(self, family: str) -> float:
        async with self.database.worker() as connection:
            return float((await store.one(connection, "take_budget", family=family))["wait"])

    # asking ---------------------------------------------------------------------------------------

    async def ask(self, batch: Batch) -> None:
        """Commit the intent, send, store the answer, apply it."""
        try:
            intent = await self._intend(batch)
        except Unavailable:
            await self._patiently(lambda: self._take_back(batch))
            return
        if intent is None:
            return
        call, batch = intent
        try:
            reply = await self._converse(batch.request, lambda answer: self._read(batch, answer))
        except ProviderError as error:
            await self._failed(call, batch.token, error, batch.request.family, Failure.of(error))
            return
        await self._heard(call, batch.token, reply)

    async def _heard(self, call: int, token: UUID, reply: Reply, *, polled: int = 0) -> None:
        """Store an answer, then apply it."""
        await self._patiently(lambda: self._keep(call, token, reply, polled=polled))
        await self._patiently(self._works)
        await self._patiently(lambda: self.applier.apply(call, self.vendor, self.operation, token))

    def _read(self, batch: Batch, response: Any) -> Reply:
        return self.adapter.read(self.operation.name, batch.queries, response)

    async def _converse(self, request: Request, read: Callable[[Any], Reply]) -> Reply:
        return read(await self._exchange(request, self.operation.timeout))

    async def _intend(self, batch: Batch) -> tuple[int, Batch] | None:
        """Reserve the worst price and commit the call; lookups whose job can not pay for it are left out."""
        async with self.database.worker() as connection:
            await connection.execute(SQL["one_intent_at_a_time"], {"lane": self.lane})
            affordable, waiting = await self._within_means(connection, batch)
            if len(affordable) < len(batch.items):
                batch = await self._smaller(connection, batch, affordable, waiting)
            if not batch.items:
                return None
            positions = [self._position(batch, position) for position in range(len(batch.items))]
            call = await store.open_call(
                connection, positions, lane=self.lane, vendor=self.vendor.name, operation=self.operation.name,
                worker=self.worker, token=batch.token, lease=self.lease,
            )  # fmt: skip
            for (workspace, job), amount in _reserved(positions).items():
                await enter(connection, workspace)
                await Ledger(connection).reserve(Reservation(job, call, amount))
            values = {"call": call, "ids": [item.id for item in batch.items], "token": batch.token, "lease": self.lease}
            bound = await connection.execute(SQL["bind_items"], values)
            if bound.rowcount != len(batch.items):
                raise Rollback  # the claim ran out while we waited: nothing was sent, nothing is owed
            return call, batch
        return None

    def _price(self, batch: Batch, position: int) -> int:
        return self.offer.price(batch.queries[position].want)

    async def _within_means(self, connection: Connection, batch: Batch) -> tuple[list[int], list[int]]:
        """The positions that their jobs can pay for, and those that have to wait.

        They wait for money that calls which are out may give back, or for what another job asked meanwhile.
        """
        left: dict[tuple[int, int], int] = {}
        out: dict[tuple[int, int], int] = {}
        for workspace, job in sorted({(item.workspace, item.job) for item in batch.items}):
            await enter(connection, workspace)
            left[workspace, job] = await Ledger(connection).available(job)
            out[workspace, job] = await Ledger(connection).held(job)
        kept, waiting = [], []
        busy = await self._out_already(connection, list(zip(batch.items, batch.contacts, strict=True)))
        for position, item in enumerate(batch.items):
            price, job_ = self._price(batch, position), (item.workspace, item.job)
            if item.id in busy:
                waiting.append(position)
            elif price <= left[job_]:
                left[job_] -= price
                out[job_] += price
                kept.append(position)
            elif price <= left[job_] + out[job_]:
                waiting.append(position)
        return kept, waiting

    async def _smaller(
        self, connection: Connection, batch: Batch, kept: Sequence[int], waiting: Sequence[int]
    ) -> Batch:
        dropped = [item for position, item in enumerate(batch.items) if position not in {*kept, *waiting}]
        await self.applier.out_of_money(connection, dropped, batch.token)
        await self._put_back(connection, [batch.items[position].id for position in waiting], batch.token, _FOR_MONEY)
        queries = tuple(batch.queries[position] for position in kept)
        items = tuple(batch.items[position] for position in kept)
        contacts = tuple(batch.contacts[position] for position in kept)
        try:
            request = self.adapter.ask(self.operation.name, queries, self.vendor.account) if queries else batch.request
        except BadRequest:  # only those are left that can not be asked: claimed anew, they are refused by themselves
            await self._put_back(connection, [item.id for item in items], batch.token, _FOR_MONEY)
            return Batch(batch.token, (), (), (), batch.request)
        return Batch(batch.token, items, contacts, queries, request)

    def _position(self, batch: Batch, position: int) -> dict[str, Any]:
        item = batch.items[position]
        return {
            "position": position,
            "item_id": item.id,
            "workspace_id": item.workspace,
            "job_id": item.job,
            "lookup_id": item.lookup,
            "contact_id": batch.contacts[position],
            "want": list(item.want),
            "subject": item.subject,
            "reserved": self._price(batch, position),
        }

    async def _keep(self, call: int, token: UUID, reply: Reply, *, polled: int = 0) -> bool:
        """Store what came back before anything is done with it. False: somebody else holds the call by now."""
        state = "submitted" if reply.ticket else "answered"
        values = {
            "call": call,
            "token": token,
            "state": state,
            "ticket": Jsonb(dict(reply.ticket.state)) if reply.ticket else None,
            "after": reply.ticket.after if reply.ticket else 0.0,
            "lease": self.lease,
            "polled": polled,
            "answers": Jsonb([_answer_row(position, answer) for position, answer in reply.answers.items()]),
        }
        async with self.database.worker() as connection:
            held = await (await connection.execute(SQL["store_answers"], values)).fetchone()
            if held and reply.ticket:
                await connection.execute(SQL["submitted_items"], {"call": call})
        return held is not None

    # failing --------------------------------------------------------------------------------------

    async def _failed(self, call: int, token: UUID, error: ProviderError, family: str, kind: Failure) -> None:
        reason = str(error)
        await self._patiently(lambda: self._tell_lane(error, family))
        await self._patiently(lambda: self.applier.fail(call, self.vendor, self.operation, token, kind, reason))

    async def _tell_lane(self, error: ProviderError, family: str) -> None:
        """What one answer means for everybody who uses this account."""
        async with self.database.worker() as connection:
            if isinstance(error, StopVendor):
                lanes = [self.vendors.lane(self.vendor.name, each.name) for each in self.vendor.operations()]
                await connection.execute(SQL["stop_lane"], {"lanes": lanes, "reason": str(error)})
            elif isinstance(error, TryLater) and error.throttled and not isinstance(error, Unreachable):
                values = {"family": self.vendors.family(self.vendor, family), "after": error.after or 2.0}
                await connection.execute(SQL["push_budget"], values)
            elif isinstance(error, TryLater | OutcomeUnknown):
                patience = 0 if isinstance(error, Unreachable) else 3
                values = {"lane": self.lane, "jitter": 0.5 + random.random(), "patience": patience}
                await connection.execute(SQL["lane_failed"], values)

    async def _works(self) -> None:
        await self._write("lane_works", {"lane": self.lane})

    # following up ---------------------------------------------------------------------------------

    async def follow(self, call: Call, token: UUID) -> None:
        """Poll a ticket, or apply an answer that a worker stored but did not live to apply."""
        if call.state == "submitted":
            await self._poll(call, token)
        else:
            await self.applier.apply(call.id, self.vendor, self.operation, token)

    async def _poll(self, call: Call, token: UUID) -> None:
        ticket = Ticket(call.ticket or {}, 0.0)
        queries = await self._patiently(lambda: self._asked(call.id))
        request = self.adapter.poll(self.operation.name, ticket, queries, self.vendor.account)
        wait = await self._patiently(lambda: self._take(self.vendors.family(self.vendor, request.family)))
        if wait > 0:
            await self._again(call, token, ticket, wait, polled=0)
            return
        try:
            reply = await self._converse(
                request, lambda answer: self.adapter.read_poll(self.operation.name, ticket, queries, answer)
            )
        except (BadRequest, StopVendor, GivenUp) as error:
            kind = Failure.of(error) if isinstance(error, StopVendor) and not error.charged else Failure.UNKNOWN
            await self._failed(call.id, token, error, request.family, kind)
        except ProviderError as error:
            await self._poll_failed(call, token, ticket, error, request.family)
        else:
            await self._heard(call.id, token, reply, polled=1)

    async def _poll_failed(self, call: Call, token: UUID, ticket: Ticket, error: ProviderError, family: str) -> None:
        """What was submitted is paid for: it is polled for a day, whatever the vendor's troubles, never resubmitted."""
        if call.age > _MOST_PATIENCE:
            await self._failed(call.id, token, error, family, Failure.UNKNOWN)
            return
        await self._patiently(lambda: self._tell_lane(error, family))
        # the older the ticket, the rarer the look: 5 seconds at first, 5 minutes in the end
        advised = error.after if isinstance(error, TryLater) else None
        after = advised or min(300.0, max(5.0, call.age / 4))
        await self._again(call, token, ticket, after)

    async def _again(self, call: Call, token: UUID, ticket: Ticket, after: float, *, polled: int = 1) -> None:
        state = Jsonb(dict(ticket.state))
        values = {"call": call.id, "token": token, "ticket": state, "after": after, "polled": polled}
        await self._patiently(lambda: self._write("next_poll", values))

    async def _write(self, name: str, values: Mapping[str, Any]) -> None:
        async with self.database.worker() as connection:
            await connection.execute(SQL[name], values)

    async def _asked(self, call: int) -> list[Query]:
        """The queries of a stored call, in the order of its request."""
        async with self.database.worker() as connection:
            found = await store.rows(connection, "call_items", call=call)
        return [
            Query(str(row["item_id"]), frozenset(Field(each) for each in row["want"]), email=row["subject"] or None)
            for row in found
        ]


_MOST_PATIENCE = 24 * 3600.0


def _was_asked(asked: Iterable[Asked], operation: str, subject: str) -> bool:
    return any((each.operation, each.subject) == (operation, subject) for each in asked)


def _reserved(positions: Sequence[Mapping[str, Any]]) -> Mapping[tuple[int, int], int]:
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for each in positions:
        sums[each["workspace_id"], each["job_id"]] += each["reserved"]
    return sums


def _answer_row(position: int, answer: Answer) -> dict[str, Any]:
    findings = [
        {"field": each.field, "value": each.value, "status": each.status, "reported": each.reported,
         "detail": dict(each.detail)}
        for each in answer.findings
    ]  # fmt: skip
    stored = {"findings": findings, "reason": answer.reason}
    return {"position": position, "outcome": Outcome(answer.outcome), "units": answer.units, "answer": stored}
