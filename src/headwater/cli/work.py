"""``headwater worker``: serve the lanes and errands of every job, until stopped."""

import asyncio
from typing import Annotated

import typer

from headwater.cli.shell import note, run, settings
from headwater.jobs.run import serve
from headwater.jobs.runtime import open_runtime


def worker(
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Serve the sandbox's jobs instead of the live ones.")
    ] = False,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when no job has work left.")] = False,
    sandbox_option: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve jobs in this process; start as many as there are machines, over one PostgreSQL."""
    configured = settings()

    async def work() -> None:
        async with open_runtime(
            configured, "sandbox" if sandbox else "live", note=note, sandbox_arguments=sandbox_option or ()
        ) as runtime:
            note(f"Worker {runtime.engine.worker} serves {len(runtime.vendors.lanes())} lanes.")
            await serve(runtime, runtime.engine.idle() if until_idle else asyncio.Event().wait())

    run(work, interrupted="Worker stopped.")
