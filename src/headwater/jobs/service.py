"""What a user may do with a job besides running it: look, pause, resume, cancel, retry."""

from collections.abc import Sequence
from typing import Any

from headwater.db.session import Database
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL
from headwater.kit.errors import BadInput
from headwater.ledger import Ledger

_UNFINISHED = ["reading", "running", "paused", "exporting", "failed"]


class Jobs:
    """The jobs of one workspace."""

    def __init__(self, database: Database, workspace: int) -> None:
        self.database = database
        self.workspace = workspace

    async def recent(self, limit: int = 20) -> list[dict[str, Any]]:
        async with self.database.app(self.workspace) as connection:
            return await (await connection.execute(SQL["jobs"], {"limit": limit})).fetchall()

    async def get(self, job: int) -> dict[str, Any]:
        """The stored job. Raises BadInput if this workspace has none of that number."""
        async with self.database.app(self.workspace) as connection:
            row = await (await connection.execute(SQL["job"], {"job": job})).fetchone()
        if row is None:
            raise BadInput(f"There is no job {job} in this workspace; `headwater jobs list` shows those there are.")
        return row

    async def pause(self, job: int) -> None:
        """Nothing more is asked; what is out comes back. Takes effect within one batch."""
        await self._move(job, "paused", ["reading", "running"], "paused")
        await self._items(job, held=True)

    async def resume(self, job: int) -> None:
        await self._move(job, "running", ["paused"], "resumed")
        await self._items(job, held=False)

    async def cancel(self, job: int) -> None:
        """Stop for good. What was bought stays known; what is out is still paid and kept when it comes back."""
        current = await self.get(job)
        values = {"job": job, "state": "cancelled", "reason": None, "from": _UNFINISHED}
        async with self.database.app(self.workspace) as connection:
            ledger = Ledger(connection)
            await ledger.available(job)  # the job's lock, before its row: as everybody who moves its money does
            if not await (await connection.execute(SQL["set_state"], values)).fetchone():
                raise BadInput(f"Job {job} is {current['state']}, so it can not be cancelled.")
            await connection.execute(SQL["cancel_items"], {"job": job})
            await connection.execute(SQL["cancel_lookups"], {"job": job})
            await ledger.give_back(job, round_=current["round"])

    async def has(self, job: int) -> bool:
        async with self.database.app(self.workspace) as connection:
            return await (await connection.execute(SQL["job"], {"job": job})).fetchone() is not None

    async def retry(self, job: int, *, unknown: bool = False) -> int:
        """Open the lookups again that did not find all; returns how many.

        What failed is asked again. What is unknown may have been charged, so only if the user says so. The round may
        spend what the round before gave back.
        """
        outcomes = ["failed", "unknown"] if unknown else ["failed"]
        async with self.database.app(self.workspace) as connection:
            ledger = Ledger(connection)
            await ledger.available(job)
            values = {"job": job, "from": ["done", "failed", "cancelled"]}
            row = await (await connection.execute(SQL["next_round"], values)).fetchone()
            if row is None:
                raise BadInput(f"Job {job} is not finished, so there is nothing to retry; wait for it or cancel it.")
            await connection.execute(SQL["forget_failures"], {"job": job, "outcomes": outcomes})
            await connection.execute(SQL["unsettle"], {"job": job})
            opened = await (await connection.execute(SQL["reopen_lookups"], {"job": job})).fetchall()
            await ledger.authorise(job, await ledger.returned(job), round_=row["round"])
        return len(opened)

    async def unknown_calls(self, job: int | None = None) -> list[dict[str, Any]]:
        """Calls whose outcome nobody knows, with the people they were for."""
        async with self.database.app(self.workspace) as connection:
            return await (await connection.execute(SQL["unknown_calls"], {"job": job})).fetchall()

    async def options(self, job: int) -> Options:
        return Options.restored((await self.get(job))["options"])

    async def _move(self, job: int, state: str, sources: Sequence[str], word: str) -> None:
        current = await self.get(job)
        values = {"job": job, "state": state, "reason": None, "from": list(sources)}
        async with self.database.app(self.workspace) as connection:
            moved = await (await connection.execute(SQL["set_state"], values)).fetchone()
        if not moved:
            raise BadInput(f"Job {job} is {current['state']}, so it can not be {word}.")

    async def _items(self, job: int, *, held: bool) -> None:
        values = {"job": job, "from": 0 if held else 3, "to": 3 if held else 0}
        async with self.database.app(self.workspace) as connection:
            await connection.execute(SQL["pause_items"], values)
