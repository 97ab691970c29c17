"""Errands: the few whole pieces of work that outlive a process, in Procrastinate behind this small port.

Deferred in the caller's own transaction, so that an errand exists exactly if what caused it was committed. The guards:
no locks, a heartbeat of 2 s, a periodic rescue of what a dead worker left, and errands that may run twice.
"""

import asyncio
from collections.abc import Awaitable, Callable

import procrastinate
from procrastinate.exceptions import ConnectorException
from psycopg import OperationalError

from headwater.db.session import Connection, connection_info
from headwater.kit.log import log

_HEARTBEAT, _STALLED = 2.0, 10.0  # seconds
_RESCUE_EVERY = 5.0

Finish = Callable[[int, int], Awaitable[None]]


class Errands:
    """Defers and runs errands. ``finish`` exports a job: (workspace, job)."""

    def __init__(self, dsn: str, finish: Finish) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=connection_info(dsn), min_size=1, max_size=3, kwargs={"options": _options(dsn)}
        )
        self._app = procrastinate.App(connector=connector)
        self._finish = self._app.task(name="finish", retry=procrastinate.RetryStrategy(max_attempts=5, wait=2))(
            self._run_finish
        )
        self._finish_job = finish

    async def _run_finish(self, *, workspace: int, job: int) -> None:
        await self._finish_job(workspace, job)

    async def defer_finish(self, connection: Connection, workspace: int, job: int) -> None:
        """Have a job exported once the given transaction is committed."""
        await self._finish.configure(connection=connection).defer_async(workspace=workspace, job=job)

    async def run(self) -> None:
        """Run errands until cancelled; a lost database ends the library's worker, so it is started again."""
        while True:
            try:
                async with self._app.open_async():
                    await self._serve()
            except* (ConnectorException, OperationalError) as lost:  # one of either, or a group of them
                log.warning("errands wait for the database", reason=str(lost.exceptions[0]))
            await asyncio.sleep(1.0)

    async def _serve(self) -> None:
        worker = self._app.run_worker_async(
            concurrency=2,
            install_signal_handlers=False,
            fetch_job_polling_interval=0.5,
            update_heartbeat_interval=_HEARTBEAT,
            stalled_worker_timeout=_STALLED,
            delete_jobs="successful",
            shutdown_graceful_timeout=1.0,
        )
        async with asyncio.TaskGroup() as group:
            rescue = group.create_task(self._rescue())
            try:
                await worker
            finally:
                rescue.cancel()

    async def _rescue(self) -> None:
        """Errands whose worker died run again."""
        while True:
            await asyncio.sleep(_RESCUE_EVERY)
            for stalled in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
                await self._app.job_manager.retry_job(stalled)


def _options(dsn: str) -> str:
    """The errands' own schema and the worker's role, for every connection of the library."""
    return "-c search_path=procrastinate -c role=headwater_worker"
