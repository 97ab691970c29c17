"""Reserve, settle, release: the only places where money moves."""

from dataclasses import asdict, dataclass
from typing import Literal

from psycopg.types.json import Jsonb

from headwater.db.session import Connection
from headwater.db.sql import Queries

_SQL = Queries(__package__)

FUNDING = "funding"  # where authorised money comes from: the one account that may be below zero
CACHE = "cache"  # what recall from the shared cache was charged

Kind = Literal["authorise", "reserve", "settle", "release", "lose", "reconcile", "return"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call may cost one job, in micros."""

    job: int
    call: int
    amount: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a part of a reservation: ``charged`` goes to the vendor, the rest of ``reserved`` comes back.

    ``part`` tells the parts of one call apart (its first position); ``lost`` says that nobody knows whether the vendor
    charged, so the whole stays on the vendor's unknown account.
    """

    job: int
    call: int
    part: int
    vendor: str
    reserved: int
    charged: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class _Move:
    """One transfer between two accounts, by name."""

    key: str
    debit: str
    credit: str
    amount: int
    kind: Kind
    job: int
    call: int | None = None


class Ledger:
    """The ledger of the workspace that the given transaction has entered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def authorise(self, job: int, amount: int, *, round_: int) -> None:
        """Let a job spend up to ``amount`` micros; given once per round (a retried job is a new round)."""
        await self._account(_job(job))  # there even without money: its lock guards the job
        key = f"job:{job}:round:{round_}:authorise"
        await self._post(_Move(key, FUNDING, _job(job), amount, "authorise", job))

    async def available(self, job: int) -> int:
        """What the job may still spend, locked until the transaction ends so that nobody else reserves it."""
        cursor = await self._connection.execute(_SQL["lock_balance"], {"name": _job(job)})
        row = await cursor.fetchone()
        return int(row["balance"]) if row else 0

    async def held(self, job: int) -> int:
        """What is set aside for the job's calls that are out; some of it may come back. Ask ``available`` first."""
        cursor = await self._connection.execute(_SQL["balance"], {"name": _held(job)})
        row = await cursor.fetchone()
        return int(row["balance"]) if row else 0

    async def reserve(self, reservation: Reservation) -> None:
        """Set aside what a call may cost. Raises CheckViolation if the job has not that much: ask ``available``."""
        job = reservation.job
        key = f"call:{reservation.call}:job:{job}:reserve"
        await self._post(_Move(key, _job(job), _held(job), reservation.amount, "reserve", job, reservation.call))

    async def settle(self, *done: Settlement) -> None:
        """Pay what delivered parts cost and give back the rest, or keep all of it aside when the outcome is lost.

        All that one transaction settles belongs in one call: jobs share the vendor's account, so that two transactions
        which settle one job after the other would wait for each other.
        """
        await self._post(*(move for each in done for move in _settling(each)))

    async def charge_cache(self, job: int, contact: int, amount: int) -> None:
        """Charge the normal price of values recalled from the shared cache for one contact."""
        await self._post(_Move(f"job:{job}:contact:{contact}:cache", _job(job), CACHE, amount, "settle", job))

    async def give_back(self, job: int, *, round_: int) -> int:
        """Return what a finished job did not spend; the amount returned."""
        rest = await self.available(job)
        await self._post(_Move(f"job:{job}:round:{round_}:return", _job(job), FUNDING, rest, "return", job))
        return rest

    async def returned(self, job: int) -> int:
        """What the job gave back when its last round ended, in micros; nothing if it spent all."""
        cursor = await self._connection.execute(_SQL["last_return"], {"job": job})
        row = await cursor.fetchone()
        return int(row["amount"]) if row else 0

    async def spent(self, job: int) -> dict[str, int]:
        """Micros a job paid, by account: ``vendor:hunter``, ``unknown:hunter``, ``cache``."""
        cursor = await self._connection.execute(_SQL["spend_of_job"], {"job": job})
        return {row["name"]: int(row["amount"]) for row in await cursor.fetchall()}

    async def balances(self) -> dict[str, int]:
        """Every account of the workspace, in micros."""
        cursor = await self._connection.execute(_SQL["balances"])
        return {row["name"]: int(row["balance"]) for row in await cursor.fetchall()}

    async def _post(self, *moves: _Move) -> None:
        """Post all moves at once. Whoever moves a job's money takes its lock first: no two wait for each other."""
        for job in sorted({move.job for move in moves}):
            await self.available(job)
        real = [move for move in moves if move.amount]
        names = sorted({name for move in real for name in (move.debit, move.credit)})
        accounts = {name: await self._account(name) for name in names}
        rows = [asdict(move) | {"debit": accounts[move.debit], "credit": accounts[move.credit]} for move in real]
        if rows:
            await self._connection.execute(_SQL["post"], {"rows": Jsonb(rows)})

    async def _account(self, name: str) -> int:
        for _ in range(2):
            cursor = await self._connection.execute(_SQL["account_id"], {"name": name})
            if row := await cursor.fetchone():
                return int(row["id"])
            await self._connection.execute(_SQL["open_account"], {"name": name, "overdraft": name == FUNDING})
        raise LookupError(f"account {name!r} could not be opened")


def _job(job: int) -> str:
    return f"job:{job}"


def _held(job: int) -> str:
    return f"held:{job}"


def _settling(done: Settlement) -> tuple[_Move, _Move]:
    kind: Kind = "lose" if done.lost else "settle"
    to = f"unknown:{done.vendor}" if done.lost else f"vendor:{done.vendor}"
    charged = done.reserved if done.lost else done.charged
    key, held = f"call:{done.call}:job:{done.job}:part:{done.part}", _held(done.job)
    return (
        _Move(f"{key}:{kind}", held, to, charged, kind, done.job, done.call),
        _Move(f"{key}:release", held, _job(done.job), done.reserved - charged, "release", done.job, done.call),
    )
