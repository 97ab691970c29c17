"""The lanes of one process: claim, ask, remember, apply. Any number of processes may serve the same lanes.

A round of a lane: claim what is ready, build one request, take a call from the vendor's budget, commit the intent and
what it may cost, send, store what came back, apply it. After a crash at any instant the database tells what to do: a
claim without intent goes back, an intent without answer is unknown, a ticket is polled, a stored answer is applied.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from headwater.db.session import Database
from headwater.enrichment import store
from headwater.enrichment.apply import Applier
from headwater.enrichment.asking import Asking, Batch
from headwater.enrichment.exchange import client
from headwater.enrichment.planning import SQL
from headwater.enrichment.vendors import Vendors
from headwater.kit.errors import Unavailable
from headwater.kit.log import log

_IDLE = 0.2  # seconds between two looks at an empty lane
_QUIET = 1.0  # seconds without a newcomer after which an unfilled batch goes
_LINGER = 10.0  # and how long it waits at most
_TICKETS = 4  # with so many submitted batches out, only a full one is added
_GIVE_UP = 90.0  # seconds a vendor may be unreachable before its lookups go on to others


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the engine tells the people who run it: sentences such as a vendor that had to be left out."""

    note: Callable[[str], None] = lambda _message: None


class Engine:
    """Serves every lane of the given vendors until cancelled."""

    def __init__(self, database: Database, vendors: Vendors, applier: Applier, *, hooks: Hooks | None = None) -> None:
        self.database = database
        self.vendors = vendors
        self.applier = applier
        self.hooks = hooks or Hooks()
        self.worker = 0
        self._draining = False
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Sign in, and make the lanes and budgets of the configured accounts known."""
        async with self.database.worker() as connection:
            self.worker = int((await store.one(connection, "new_worker"))["id"])
            for lane in self.vendors.lanes().values():
                await connection.execute(SQL["register_lane"], {"lane": lane})
            for budget in self.vendors.budgets():
                await connection.execute(SQL["register_budget"], budget)
            await connection.execute(SQL["open_lanes"], {"lanes": list(self.vendors.lanes().values())})

    async def run(self) -> None:
        """Serve until cancelled; a lost database is waited for."""
        async with client() as http:
            loops = [self._steadily(self._lane(lane, http)) for lane in self.vendors.lanes().values()]
            loops += [self._steadily(self._followup(http)), self._steadily(self._upkeep())]
            async with self._group as group:  # an error nobody expected ends the whole engine, loudly
                for loop in loops:
                    group.create_task(loop)

    async def idle(self) -> None:
        """Return once nothing waits in any lane."""
        lanes = list(self.vendors.lanes().values())
        while True:
            async with self.database.worker() as connection:
                if not (await store.one(connection, "work_left", lanes=lanes))["left"]:
                    return
            await asyncio.sleep(1.0)

    async def drain(self, seconds: float) -> None:
        """Claim nothing more, and give requests that are out a moment to come back."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def _steadily(self, round_: Callable[[], Awaitable[float]]) -> None:
        while not self._draining:
            try:
                pause = await round_()
            except Unavailable as error:
                log.warning("database away, waiting", reason=str(error))
                pause = 1.0
            await asyncio.sleep(pause)

    # one lane -------------------------------------------------------------------------------------

    def _lane(self, lane: str, http: httpx.AsyncClient) -> Callable[[], Awaitable[float]]:
        vendor, operation = self.vendors.find(lane)
        asking = Asking(self.database, self.vendors, lane, self.worker, http, self.applier)
        slots = asyncio.Semaphore(vendor.adapter.declaration.max_in_flight)
        lingering = _Linger(operation.batch, submits=operation.submits, list_from=operation.list_from)

        async def next_batch() -> Batch | float:
            """A claimed batch with a call of the budget taken for it, or the seconds until another look."""
            async with self.database.worker() as connection:
                state = (await store.lane_states(connection, [lane]))[lane]
                ready = await store.one(connection, "ready", lane=lane, batch=operation.batch)
            if state.stopped or state.failing_for > _GIVE_UP:
                return await self._move_on(lane, state.stopped or "the vendor can not be reached")
            if state.pause:
                return min(1.0, state.pause)
            if pause := lingering.pause(ready["ready"], ready["tickets"], upstream=ready["upstream"]):
                return pause
            batch = await asking.claim(operation.batch if ready["ready"] >= operation.list_from else 1)
            return batch if batch and await asking.budget(batch, lambda: self._draining) else _IDLE

        async def round_() -> float:
            await slots.acquire()  # before the look, so that what the last call learnt of the vendor counts
            found: Batch | float = _IDLE
            try:
                found = await next_batch()
            finally:
                if isinstance(found, float):
                    slots.release()
            if isinstance(found, float):
                return found
            self._spawn(asking, found, slots)
            return 0.0

        return round_

    def _spawn(self, asking: Asking, batch: Batch, slots: asyncio.Semaphore) -> None:
        async def serve() -> None:
            try:
                await self._quietly(asking.ask(batch))
            finally:
                slots.release()

        self._start(serve())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _move_on(self, lane: str, reason: str) -> float:
        """A lane that can not work gives its lookups back to the planner, which asks others."""
        moved = await self.applier.replan_waiting(lane, reason)
        if moved:
            self.hooks.note(f"{lane.split(':')[1]}: {reason}; {moved} lookups go on without it")
        return 1.0

    # tickets, crashes, heartbeat ------------------------------------------------------------------

    def _followup(self, http: httpx.AsyncClient) -> Callable[[], Awaitable[float]]:
        """Poll tickets that are due, and apply answers whose worker died before it could."""
        askings = {
            lane: Asking(self.database, self.vendors, lane, self.worker, http, self.applier)
            for lane in self.vendors.lanes().values()
        }

        async def round_() -> float:
            token = uuid4()
            async with self.database.worker() as connection:
                due = await store.due_calls(
                    connection, list(askings), token=token, worker=self.worker, lease=120.0, n=8
                )
            for call in due:
                self._start(self._quietly(askings[call.lane].follow(call, token)))
            return _IDLE

        return round_

    async def _quietly(self, work: Awaitable[None]) -> None:
        """A lost database: what was stored is applied later, a call without stored answer runs out and is unknown."""
        try:
            await work
        except Unavailable as error:
            log.warning("database away in the middle of a call", reason=str(error))

    def _upkeep(self) -> Callable[[], Awaitable[float]]:
        async def round_() -> float:
            async with self.database.worker() as connection:
                await connection.execute(SQL["heartbeat"], {"worker": self.worker})
                await store.rows(connection, "abandoned_items")
            await self.applier.mark_lost(self.worker)
            await self.applier.finish_jobs()
            return 1.0 + random.random() * 0.2

        return round_


class _Linger:
    """When an unfilled batch should wait: more is coming, or enough tickets are out already."""

    def __init__(self, batch: int, *, submits: bool, list_from: int = 1) -> None:
        self._batch = batch
        self._submits = submits
        self._list_from = list_from
        self._reset()

    def _reset(self) -> None:
        self._since = self._grown = 0.0
        self._seen = 0

    def pause(self, ready: int, tickets: int, *, upstream: bool) -> float:
        """Seconds to wait before looking again; 0 to go."""
        if not ready:
            self._reset()
            return _IDLE
        if ready >= self._batch or not self._should_wait(ready, tickets, upstream=upstream):
            if ready >= self._list_from:  # those that go one by one do not wait again for each
                self._reset()
            return 0.0
        return _IDLE

    def _should_wait(self, ready: int, tickets: int, *, upstream: bool) -> bool:
        if self._submits and tickets >= _TICKETS and ready >= self._list_from:
            return True
        if not upstream or self._batch == 1:
            return False
        now = time.monotonic()
        if ready > self._seen:
            self._grown, self._seen = now, ready
        self._since = self._since or now
        return now - self._grown < _QUIET and now - self._since < _LINGER
