"""``headwater jobs`` and ``headwater calls``."""

import json
from collections.abc import Awaitable, Callable, Sequence
from operator import itemgetter
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from headwater.cli.enrich import AsJson, report
from headwater.cli.shell import note, run, settings, stdout
from headwater.cli.tables import Bars
from headwater.identity import enter_workspace
from headwater.identity.workspaces import Realm
from headwater.jobs.run import carry_on
from headwater.jobs.runtime import Runtime, database_of, open_runtime
from headwater.jobs.service import Jobs
from headwater.jobs.summary import summarise, usd
from headwater.kit.errors import BadInput
from headwater.kit.group import grouped
from headwater.kit.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Jobs: list, show, pause, resume, cancel, retry.")

Job = Annotated[int, typer.Argument(help="The job's number.")]
Result = TypeVar("Result")
_REALMS: tuple[Realm, ...] = ("live", "sandbox")


@app.command("list")
def list_jobs(as_json: AsJson = False) -> None:
    """The newest jobs."""

    async def work(jobs: Jobs) -> list[dict[str, Any]]:
        return await jobs.recent()

    rows = [row | {"sandbox": realm == "sandbox"} for realm, found in _everywhere(work) for row in found]
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table("job", "state", "realm", "rows", "people done", "file", "output", "begun")
    for row in sorted(rows, key=lambda row: -row["id"]):
        done = f"{row['done']}/{row['lookups']}"
        begun = f"{row['created_at']:%Y-%m-%d %H:%M}"
        table.add_row(
            str(row["id"]), row["state"], "sandbox" if row["sandbox"] else "live", str(row["rows_read"]), done,
            row["source_path"], row["output_path"], begun,
        )  # fmt: skip
    stdout.print(table)


@app.command("show")
def show(job: Job, as_json: AsJson = False) -> None:
    """What a job did so far."""
    report(_on(job, lambda jobs: summarise(jobs.database, jobs.workspace, job)), as_json=as_json)


@app.command("pause")
def pause(job: Job) -> None:
    """Ask nothing more for this job; within one batch."""
    _on(job, lambda jobs: jobs.pause(job))
    note(f"Job {job} is paused; go on with: headwater jobs resume {job}")


@app.command("cancel")
def cancel(job: Job) -> None:
    """Stop a job for good; what was bought stays known."""
    _on(job, lambda jobs: jobs.cancel(job))
    note(f"Job {job} is cancelled.")


@app.command("resume")
def resume(job: Job, as_json: AsJson = False) -> None:
    """Carry a paused or interrupted job on, in this process."""
    _carry_on(job, as_json=as_json)


@app.command("retry")
def retry(
    job: Job,
    unknown: Annotated[bool, typer.Option("--unknown", help="Also ask again what may have been charged.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask again where vendors failed."""
    opened = _on(job, lambda jobs: jobs.retry(job, unknown=unknown))
    note(f"{opened} lookups of job {job} are open again.")
    _carry_on(job, as_json=as_json)


def calls(
    unknown: Annotated[bool, typer.Option("--unknown", help="Calls whose outcome nobody knows.")] = False,
    job: Annotated[int | None, typer.Option(help="Only of this job.")] = None,
    as_json: AsJson = False,
) -> None:
    """List calls whose outcome is unknown: they may have been charged and are never sent again."""
    if not unknown:
        raise BadInput("calls lists unknown outcomes only; a job's other calls are in: headwater jobs show JOB")
    if job is None:
        found = [row for _, rows in _everywhere(lambda jobs: jobs.unknown_calls()) for row in rows]
    else:
        found = _on(job, lambda jobs: jobs.unknown_calls(job))
    if as_json:
        typer.echo(json.dumps(found, default=str))
        return
    table = Table("call", "vendor", "job", "people", "may have cost", "why")
    for call, rows in grouped(found, itemgetter("id")).items():
        asked = f"{rows[0]['vendor']}.{rows[0]['operation']}"
        cost = f"${usd(sum(row['reserved'] for row in rows))}"
        table.add_row(str(call), asked, str(rows[0]["job_id"]), _people(rows), cost, rows[0]["reason"])
    stdout.print(table)


def _people(rows: Sequence[dict[str, Any]]) -> str:
    """The first few by name; all of them are in ``--json``."""
    names = [row["subject"] or row["full_name"] or f"contact {row['contact_id']}" for row in rows]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _everywhere(work: Callable[[Jobs], Awaitable[Result]]) -> list[tuple[Realm, Result]]:
    """Do something in the live workspace and in its sandbox."""
    configured = settings()

    async def both() -> list[tuple[Realm, Result]]:
        async with database_of(configured, note) as database:
            spaces = [(realm, await enter_workspace(database, configured.workspace, realm)) for realm in _REALMS]
            return [(realm, await work(Jobs(database, space.id))) for realm, space in spaces]

    return run(both)


def _on(job: int, work: Callable[[Jobs], Awaitable[Result]]) -> Result:
    """Do something where the job is."""
    configured = settings()

    async def there() -> Result:
        async with database_of(configured, note) as database:
            for realm in _REALMS:
                space = await enter_workspace(database, configured.workspace, realm)
                jobs = Jobs(database, space.id)
                if await jobs.has(job):
                    return await work(jobs)
        raise BadInput(f"There is no job {job} in this workspace; `headwater jobs list` shows those there are.")

    return run(there)


def _carry_on(job: int, *, as_json: bool) -> None:
    configured = settings()
    stored = _on(job, lambda jobs: jobs.get(job))
    result = run(
        lambda: _serve(configured, stored, quiet=as_json),
        interrupted=f"Stopped; go on with: headwater jobs resume {job}",
    )
    report(result, as_json=as_json)


async def _serve(configured: Settings, stored: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    realm: Realm = "sandbox" if stored["options"]["realm"] == "sandbox" else "live"
    async with open_runtime(configured, realm, note=note) as runtime:
        return await _watch(runtime, stored, quiet=quiet)


async def _watch(runtime: Runtime, stored: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    with Bars(quiet=quiet) as bars:
        return await carry_on(runtime, stored, bars.show)
