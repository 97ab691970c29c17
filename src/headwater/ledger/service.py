"""Reserve, settle, release: the only places where money moves."""

from dataclasses import dataclass
from typing import Literal

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


class Ledger:
    """The ledger of the workspace that the given transaction has entered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def authorise(self, job: int, amount: int, *, round_: int) -> None:
        """Let a job spend up to ``amount`` micros; given once per round (a retried job is a new round)."""
        await self._post(f"job:{job}:round:{round_}:authorise", FUNDING, _job(job), amount, "authorise", job=job)

    async def available(self, job: int) -> int:
        """What the job may still spend, locked until the transaction ends so that nobody else reserves it."""
        cursor = await self._connection.execute(_SQL["lock_balance"], {"name": _job(job)})
        row = await cursor.fetchone()
        return int(row["balance"]) if row else 0

    async def reserve(self, reservation: Reservation) -> None:
        """Set aside what a call may cost. Raises CheckViolation if the job has not that much: ask ``available``."""
        job = reservation.job
        key = f"call:{reservation.call}:job:{job}:reserve"
        await self._post(key, _job(job), _held(job), reservation.amount, "reserve", job=job, call=reservation.call)

    async def settle(self, done: Settlement) -> None:
        """Pay what a delivered part cost and give back the rest, or keep all of it aside when the outcome is lost."""
        await self.available(done.job)  # every mover of a job's money takes this lock first: no two wait for each other
        key = f"call:{done.call}:job:{done.job}:part:{done.part}"
        kind: Kind = "lose" if done.lost else "settle"
        to = f"unknown:{done.vendor}" if done.lost else f"vendor:{done.vendor}"
        charged = done.reserved if done.lost else done.charged
        await self._post(f"{key}:{kind}", _held(done.job), to, charged, kind, job=done.job, call=done.call)
        rest = done.reserved - charged
        await self._post(
            f"{key}:release", _held(done.job), _job(done.job), rest, "release", job=done.job, call=done.call
        )

    async def charge_cache(self, job: int, contact: int, amount: int) -> None:
        """Charge the normal price of values recalled from the shared cache for one contact."""
        await self._post(f"job:{job}:contact:{contact}:cache", _job(job), CACHE, amount, "settle", job=job)

    async def give_back(self, job: int, *, round_: int) -> int:
        """Return what a finished job did not spend; the amount returned."""
        rest = await self.available(job)
        await self._post(f"job:{job}:round:{round_}:return", _job(job), FUNDING, rest, "return", job=job)
        return rest

    async def returned(self, job: int) -> int:
        """What the job gave back when it last finished, in micros."""
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

    async def _post(
        self, key: str, debit: str, credit: str, amount: int, kind: Kind, *, job: int, call: int | None = None
    ) -> None:
        if amount == 0:
            return
        legs = {"debit": await self._account(debit), "credit": await self._account(credit)}
        values = {"key": key, "amount": amount, "kind": kind, "job": job, "call": call} | legs
        await self._connection.execute(_SQL["post"], values)

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
