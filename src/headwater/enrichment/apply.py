"""What is done with an answer: observations, verdicts, money and the next step, fenced, one workspace at a time.

Applying is idempotent: a position of a call is applied once, by whoever holds the call's token at that moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID, uuid4

from headwater.contacts import Contacts
from headwater.db.session import Connection, Database, enter
from headwater.enrichment import store
from headwater.enrichment.harvest import Collaborators, Harvest, Line, check_values
from headwater.enrichment.planner import Offer
from headwater.enrichment.planning import SQL, Note, plan
from headwater.enrichment.store import Item
from headwater.enrichment.vendors import Vendor, Vendors
from headwater.kit.group import grouped
from headwater.ledger import Ledger, Settlement
from headwater.providers.base import Operation, Outcome
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater

_ATTEMPTS = 5
_BACKOFF = 2.0  # seconds, doubled by each attempt
_WORKSPACE, _JOB = attrgetter("workspace"), attrgetter("job")


class Failure(StrEnum):
    """What became of a request that brought no answer."""

    RETRY = "retry"  # certainly not charged; asked again later
    WAIT = "wait"  # the same, and not this record's fault: does not count as an attempt
    UNKNOWN = "unknown"  # perhaps charged; never asked again, shown and reconciled
    FAILED = "failed"  # refused; others are asked
    STOPPED = "stopped"  # the account can not be used; others are asked

    @classmethod
    def of(cls, error: ProviderError) -> "Failure":
        if isinstance(error, TryLater):
            return cls.WAIT if error.throttled else cls.RETRY
        kinds = {OutcomeUnknown: cls.UNKNOWN, StopVendor: cls.STOPPED, BadRequest: cls.FAILED}
        return next((kind for known, kind in kinds.items() if isinstance(error, known)), cls.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Call:
    """The call whose answers are applied, and the right to do so."""

    id: int
    token: UUID
    vendor: Vendor
    operation: Operation


class Applier:
    """Applies answers and failures for every lane of a realm."""

    def __init__(self, database: Database, vendors: Vendors, collaborators: Collaborators) -> None:
        self.database = database
        self.vendors = vendors
        self.collaborators = collaborators

    async def apply(self, call: int, vendor: Vendor, operation: Operation, token: UUID) -> None:
        """Apply every stored answer of a call that is not applied yet, and close the call when none is left."""
        held = _Call(call, token, vendor, operation)
        async with self.database.worker() as connection:
            found = await store.rows(connection, "call_items", call=call)
        lines = [Line.of(row) for row in found if row["outcome"] and not row["applied"]]
        checked = await check_values(lines, operation, self.collaborators)
        for workspace, group in grouped(lines, _WORKSPACE).items():
            await self._apply_in(workspace, held, group, checked)
        await self._close(held, [Line.of(row) for row in found if not row["outcome"] and not row["applied"]])

    async def _apply_in(self, workspace: int, held: _Call, lines: Sequence[Line], checked: Mapping[str, Any]) -> None:
        async with self.database.worker(workspace) as connection:
            fresh = await self._fence(connection, held, lines)
            if not fresh:
                return
            harvest = Harvest(connection, held.vendor, held.operation, held.id, checked, self.collaborators)
            notes = await harvest.gather(fresh)
            await self._go_on(connection, workspace, fresh, notes)
            await self._settle(connection, held, fresh)  # last, for it locks the job's account until the end

    async def _fence(
        self, connection: Connection, held: _Call, lines: Sequence[Line], *, lost: bool = False
    ) -> list[Line]:
        """The lines that are ours to deal with, and are so by this: once."""
        mine = await store.rows(connection, "fence_call", call=held.id, token=held.token)
        if not mine:
            return []
        positions = [line.position for line in lines]
        outcome = Outcome.UNKNOWN if lost else None
        rows = await store.rows(connection, "applied", call=held.id, positions=positions, outcome=outcome)
        opened = {row["position"] for row in rows}
        return [line for line in lines if line.position in opened]

    async def _settle(self, connection: Connection, held: _Call, lines: Sequence[Line]) -> None:
        parts = grouped(lines, lambda line: (line.job, line.outcome is Outcome.UNKNOWN))
        await Ledger(connection).settle(
            *(
                Settlement(
                    job=job,
                    call=held.id,
                    part=part[0].position,
                    vendor=held.vendor.name,
                    reserved=sum(line.reserved for line in part),
                    charged=sum(line.charged(held.vendor.credit_price) for line in part),
                    lost=lost,
                )
                for (job, lost), part in parts.items()
            )
        )

    async def _go_on(
        self, connection: Connection, workspace: int, lines: Sequence[Line], notes: Mapping[int, Note]
    ) -> None:
        """The lane is done with these; the planner says what is next, and finished jobs are told."""
        await connection.execute(SQL["finish_items"], {"ids": [line.item for line in lines]})
        await self.plan(connection, workspace, [line.lookup for line in lines], notes)

    async def plan(
        self, connection: Connection, workspace: int, lookups: Sequence[int], notes: Mapping[int, Note]
    ) -> None:
        """Plan lookups anew.

        Their jobs' accounts are locked before any lookup or lane is touched: so the last two lookups of a job see each
        other end, and nobody who waits for an account holds what its holder will want.
        """
        jobs = await store.rows(connection, "jobs_of", lookups=list(lookups))
        for row in jobs:
            await Ledger(connection).available(row["job_id"])
        closed = {row["name"] for row in await store.rows(connection, "closed_lanes")}
        offers: list[Offer] = self.vendors.offers(closed)
        done = await plan(connection, lookups, offers, self.vendors.lanes(), workspace=workspace, notes=notes)
        if done.stopped:
            await self.collaborators.finished(connection, workspace, sorted(set(done.stopped)))

    async def _close(self, held: _Call, silent: Sequence[Line]) -> None:
        """Close a call; slots that never came back although all was answered are unknown, not misses."""
        async with self.database.worker() as connection:
            mine = await store.rows(connection, "fence_call", call=held.id, token=held.token)
            waiting = bool(mine) and mine[0]["state"] == "submitted"
            await connection.execute(SQL["release_call"], {"call": held.id, "token": held.token})
        if waiting:
            return
        if silent:
            await self._give_up(held, silent, Failure.UNKNOWN, "the answer had no slot for this record")
        await self._mark(held, "applied", None)

    async def _mark(self, held: _Call, state: str, reason: str | None) -> None:
        values = {"call": held.id, "token": held.token, "state": state, "reason": reason}
        async with self.database.worker() as connection:
            await connection.execute(SQL["close_call"], values)

    # failures -------------------------------------------------------------------------------------

    async def fail(
        self, call: int, vendor: Vendor, operation: Operation, token: UUID, kind: Failure, reason: str
    ) -> None:
        """A call brought no (further) answer: apply what did come, then deal with the rest by kind."""
        held = _Call(call, token, vendor, operation)
        if kind is Failure.UNKNOWN and not operation.charge.most(operation.finds):
            kind = Failure.RETRY  # nothing can have been charged, so it may be asked again
        async with self.database.worker() as connection:
            found = await store.rows(connection, "call_items", call=call)
        lines = [Line.of(row) for row in found if not row["applied"]]
        answered = [line for line in lines if line.outcome is not None]
        if answered:
            checked = await check_values(answered, operation, self.collaborators)
            for workspace, group in grouped(answered, _WORKSPACE).items():
                await self._apply_in(workspace, held, group, checked)
        rest = [line for line in lines if line.outcome is None]
        await self._give_up(held, rest, kind, reason)
        await self._mark(held, "failed", reason if rest else None)

    async def _give_up(self, held: _Call, lines: Sequence[Line], kind: Failure, reason: str) -> None:
        for workspace, group in grouped(lines, _WORKSPACE).items():
            async with self.database.worker(workspace) as connection:
                fresh = await self._fence(connection, held, group, lost=kind is Failure.UNKNOWN)
                if fresh:
                    await self._give_up_in(connection, workspace, held, fresh, kind, reason)

    async def _give_up_in(
        self, connection: Connection, workspace: int, held: _Call, lines: Sequence[Line], kind: Failure, reason: str
    ) -> None:
        again, over = await self._again(connection, held, lines, kind)
        if again:
            await self._requeue(connection, held, again, kind)
        if over:
            await self._note_failed(connection, held, over, kind, reason)
            notes = {line.lookup: Note(0, (_failed(held, kind, reason),)) for line in over}
            await self._go_on(connection, workspace, over, notes)
        await Ledger(connection).settle(
            *(
                Settlement(
                    job=job,
                    call=held.id,
                    part=group[0].position,
                    vendor=held.vendor.name,
                    reserved=sum(line.reserved for line in group),
                    charged=0,
                    lost=kind is Failure.UNKNOWN,
                )
                for job, group in grouped(lines, _JOB).items()
            )
        )

    async def _again(
        self, connection: Connection, held: _Call, lines: Sequence[Line], kind: Failure
    ) -> tuple[list[Line], list[Line]]:
        """Which records are asked once more, and for which this vendor has had its chances."""
        if kind not in (Failure.RETRY, Failure.WAIT):
            return [], list(lines)
        found = await store.rows(connection, "attempts", ids=[line.item for line in lines])
        attempts = {row["id"]: row["attempt"] for row in found}
        over = [line for line in lines if kind is Failure.RETRY and attempts.get(line.item, 0) >= _ATTEMPTS]
        return [line for line in lines if line not in over], over

    async def _requeue(self, connection: Connection, held: _Call, lines: Sequence[Line], kind: Failure) -> None:
        found = await store.rows(connection, "attempts", ids=[line.item for line in lines])
        most = max((row["attempt"] for row in found), default=1)
        after = 0.5 if kind is Failure.WAIT else self.collaborators.jitter(_BACKOFF * 2 ** (most - 1))
        ids = [line.item for line in lines]
        unspent = int(kind is Failure.WAIT)
        values = {"ids": ids, "token": held.token, "call": held.id, "after": after, "unspent": unspent}
        await connection.execute(SQL["release_items"], values)

    async def _note_failed(
        self, connection: Connection, held: _Call, lines: Sequence[Line], kind: Failure, reason: str
    ) -> None:
        """Remember who was asked in vain, so that the planner does not ask the same again."""
        if kind is Failure.STOPPED:
            return
        outcome = "unknown" if kind is Failure.UNKNOWN else "failed"
        operation = f"{held.vendor.name}.{held.operation.name}"
        now = self.collaborators.now()
        await Contacts(connection).remember_asked(
            line.asked(operation, held.id, now, outcome=outcome) for line in lines
        )

    # the edges ------------------------------------------------------------------------------------

    async def replan_waiting(self, lane: str, reason: str) -> int:
        """Take the waiting items of a lane that can not work, and plan their lookups without it."""
        async with self.database.worker() as connection:
            taken = await store.rows(connection, "waiting_in", lanes=[lane])
            for workspace, group in sorted(grouped(taken, itemgetter("workspace_id")).items()):
                await enter(connection, workspace)
                trail = ({"skipped": lane.split(":")[1], "why": reason},)
                notes = {row["lookup_id"]: Note(0, trail) for row in group}
                await self.plan(connection, workspace, list(notes), notes)
        return len(taken)

    async def finish_jobs(self) -> None:
        """Look for jobs with nothing left to do: two last lookups that end at once each see the other still open."""
        async with self.database.worker() as connection:
            for row in await store.rows(connection, "running_jobs"):
                await enter(connection, row["workspace_id"])
                await self.collaborators.finished(connection, row["workspace_id"], sorted(row["jobs"]))

    async def mark_lost(self, worker: int) -> int:
        """Requests that may have left before their worker died: unknown, listed, never sent again."""
        token = uuid4()
        lanes = list(self.vendors.lanes().values())
        async with self.database.worker() as connection:
            lost = await store.rows(connection, "lost_calls", token=token, worker=worker, lease=120.0, lanes=lanes)
        for row in lost:
            vendor, operation = self.vendors.find(row["lane"])
            reason = "the worker died between asking and hearing"
            await self.fail(row["id"], vendor, operation, token, Failure.UNKNOWN, reason)
        return len(lost)

    async def forget(self, items: Sequence[Item], token: UUID) -> None:
        """Items whose job was cancelled while they were claimed."""
        for workspace, group in grouped(items, _WORKSPACE).items():
            async with self.database.worker(workspace) as connection:
                ours = await store.rows(connection, "forget_items", ids=[item.id for item in group], token=token)
                await self.plan(connection, workspace, [row["lookup_id"] for row in ours], {})

    async def refuse(self, posed: Sequence[tuple[Item, int]], operation: str, reason: str) -> None:
        """Records that this operation can not be asked about: nothing was sent, others are asked."""
        for workspace, group in grouped(posed, lambda pair: pair[0].workspace).items():
            async with self.database.worker(workspace) as connection:
                await Contacts(connection).remember_asked(
                    {
                        "contact_id": contact,
                        "operation": operation,
                        "subject": item.subject,
                        "fields": list(item.want),
                        "outcome": "refused",
                        "call_id": None,
                        "at": self.collaborators.now().isoformat(),
                    }
                    for item, contact in group
                )
                await connection.execute(SQL["finish_items"], {"ids": [item.id for item, _ in group]})
                trail = ({"skipped": operation, "why": reason},)
                notes = {item.lookup: Note(0, trail) for item, _ in group}
                await self.plan(connection, workspace, list(notes), notes)

    async def out_of_money(self, connection: Connection, items: Sequence[Item], token: UUID) -> None:
        """The job may not spend what the next call could cost: what is known so far is delivered."""
        for workspace, group in grouped(items, _WORKSPACE).items():
            await enter(connection, workspace)
            ours = await store.rows(connection, "forget_items", ids=[item.id for item in group], token=token)
            await connection.execute(SQL["out_of_money"], {"ids": [row["lookup_id"] for row in ours]})
            await self.collaborators.finished(connection, workspace, sorted({row["job_id"] for row in ours}))


def _failed(held: _Call, kind: Failure, reason: str) -> Mapping[str, Any]:
    return {"failed": f"{held.vendor.name}.{held.operation.name}", "kind": str(kind), "why": reason, "call": held.id}
