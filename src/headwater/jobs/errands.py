"""Errands: the few whole pieces of work that outlive a process, in Procrastinate behind this small port.

Deferred in the caller's own transaction, so that an errand exists exactly if what caused it was committed. The guards:
no locks, a heartbeat of 2 s, a periodic rescue of what a dead worker left, and errands that may run twice.
"""

import asyncio
from collections.abc import Awaitable, Callable

import procrastinate
from procrastinate.exceptions import ConnectorException
from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from headwater.db.session import Connection, connection_info
from headwater.kit.errors import Unavailable
from headwater.kit.log import log

_HEARTBEAT, _STALLED = 2.0, 10.0  # seconds
_RESCUE_EVERY = 5.0
_AGAIN = 2  # seconds

Finish = Callable[[int, int], Awaitable[None]]


class _Interruptions(procrastinate.BaseRetryStrategy):
    """A lost database or a stopped worker says nothing about the errand and is never one too many.

    What does say something about it is told on the job, once.
    """

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        passing = isinstance(exception, Unavailable | asyncio.CancelledError)
        return procrastinate.RetryDecision(retry_in={"seconds": _AGAIN}) if passing else None


class Errands:
    """Defers and runs errands. ``finish`` exports a job: (workspace, job)."""

    def __init__(self, dsn: str, finish: Finish) -> None:
        connector = procrastinate.PsycopgConnector(conninfo=errand_info(dsn), min_size=1, max_size=3)
        self._app = procrastinate.App(connector=connector)
        self._finish = self._app.task(name="finish", retry=_Interruptions())(self._run_finish)
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
            for stalled in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
                try:
                    await self._app.job_manager.retry_job(stalled)
                except ConnectorException as error:
                    # Another worker was faster, or this one can not be had. Either would end the errands that run here.
                    log.warning("an errand was not rescued", errand=stalled.id, reason=str(error.__cause__ or error))
            await asyncio.sleep(_RESCUE_EVERY)


def errand_info(dsn: str) -> str:
    """The library's connections: Headwater's settings and limits, the errands' own schema, the worker's role."""
    settings = conninfo_to_dict(connection_info(dsn))
    options = f"{settings['options']} -c search_path=procrastinate -c role=headwater_worker"
    return make_conninfo("", **settings | {"options": options})
