"""The engine's statements as functions: lanes, items, calls. Every time is the database's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from headwater.db.session import Connection
from headwater.enrichment.planning import SQL


@dataclass(frozen=True, slots=True)
class Item:
    """A claimed item."""

    id: int
    workspace: int
    job: int
    lookup: int
    want: tuple[str, ...]
    subject: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call that this worker holds."""

    id: int
    lane: str
    vendor: str
    operation: str
    state: str
    ticket: Mapping[str, Any] | None
    polls: int
    age: float


@dataclass(frozen=True, slots=True)
class LaneState:
    """Whether a lane may be served, and how long it has been failing, in seconds."""

    stopped: str | None
    pause: float
    failing_for: float


async def rows(connection: Connection, name: str, **values: Any) -> list[dict[str, Any]]:
    return await (await connection.execute(SQL[name], values)).fetchall()


async def one(connection: Connection, name: str, **values: Any) -> dict[str, Any]:
    found = await rows(connection, name, **values)
    return found[0]


async def claim(connection: Connection, lane: str, n: int, *, token: UUID, worker: int, lease: float) -> list[Item]:
    """Up to n items, from several workspaces in turn if one has not enough."""
    claimed: list[Item] = []
    while len(claimed) < n:
        turn = await rows(
            connection, "claim_items", lane=lane, n=n - len(claimed), token=token, worker=worker, lease=lease
        )
        if not turn:
            break
        claimed += [_item(row) for row in turn]
    return claimed


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        row["id"], row["workspace_id"], row["job_id"], row["lookup_id"], tuple(row["want"]), row["subject"],
        row["attempt"],
    )  # fmt: skip


async def lane_states(connection: Connection, lanes: Iterable[str]) -> dict[str, LaneState]:
    found = await rows(connection, "lane_states", lanes=list(lanes))
    return {row["name"]: LaneState(row["stop_reason"], row["pause"] or 0.0, row["failing_for"]) for row in found}


async def open_call(connection: Connection, positions: Sequence[Mapping[str, Any]], **values: Any) -> int:
    """Commit to an intent: the call and for whom it asks."""
    call = int((await one(connection, "open_call", records=len(positions), **values))["id"])
    await connection.execute(SQL["add_call_items"], {"call": call, "rows": Jsonb(list(positions))})
    return call


async def due_calls(
    connection: Connection, lanes: Sequence[str], *, token: UUID, worker: int, lease: float, n: int
) -> list[Call]:
    found = await rows(connection, "due_calls", lanes=list(lanes), token=token, worker=worker, lease=lease, n=n)
    return [Call(**row) for row in found]
