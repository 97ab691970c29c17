"""The spine: the only file that knows the order of the stages.

    open and map -> job -> read, check, match, recall, plan (per chunk) -> lanes -> export

Every arrow is committed before the next begins, so the same command after a crash goes on where it was.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from headwater.enrichment.planning import SQL as ENRICHMENT
from headwater.export import check_writable
from headwater.intake import Accepted, ColumnMap, Reject, Source, guess_columns, open_source, read
from headwater.jobs.columns import chosen
from headwater.jobs.finishing import rejects_path
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL, Checked, ChunkReader
from headwater.jobs.runtime import Runtime, now
from headwater.jobs.summary import summarise
from headwater.kit.errors import BadInput, HeadwaterError, Unavailable
from headwater.ledger import Ledger
from headwater.records import Column
from headwater.verification import check_phones

_CHUNK = 500
_LOOK = 0.25  # seconds between two looks at a job's progress
_PATIENCE = 60.0  # seconds that a lost database is waited for


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that can be worked on: looked through, mapped, its output checked."""

    source: Source
    columns: ColumnMap
    output: Path
    options: Options


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands; ``spent`` in micros."""

    state: str
    rows_read: int
    rows_expected: int | None
    lookups: int
    done: int
    spent: int
    reason: str | None = None


def open_job(path: Path, output: Path, options: Options) -> Opened:
    """Everything that can be refused is refused here, before anything is written or spent. Raises BadInput."""
    check_writable(output, format=options.format)
    check_writable(rejects_path(output))
    _spare_the_input(path, output)
    source, columns = look_at(path, options)
    chosen(source.headers, options)
    for named in (path, output):
        _check_name(named.absolute())
    return Opened(source, columns, output.absolute(), options)


def look_at(path: Path, options: Options) -> tuple[Source, ColumnMap]:
    """The file, looked through and mapped. Raises BadInput."""
    source = open_source(path)
    overrides = {header: Column(meaning) if meaning else None for header, meaning in options.mapping.items()}
    return source, guess_columns(source, overrides)


def _spare_the_input(path: Path, output: Path) -> None:
    """The input is read again when a stopped job is carried on, so nothing may take its place."""
    for written in (output, rejects_path(output)):
        # A path that can not be looked at is nobody's; opening it says why.
        with suppress(OSError):
            if written.samefile(path):
                raise BadInput(f"{written} would replace the input; write the output under another name.")


def _check_name(path: Path) -> None:
    """The job remembers its files by name, and text in the database is UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise BadInput(f"{str(path)!r}: the name is not UTF-8; rename the file or its folder.") from None


async def run(runtime: Runtime, opened: Opened, budget: int, watch: Callable[[Progress], None]) -> dict[str, Any]:
    """Do the whole job, or carry on with the one that the same command began; the summary."""
    started = time.monotonic()
    job = await begin(runtime, opened, budget)
    await serve(runtime, _read_and_wait(runtime, job, opened, watch))
    seconds = time.monotonic() - started
    return await summarise(runtime.database, runtime.workspace.id, job, seconds=seconds)


async def carry_on(runtime: Runtime, stored: Mapping[str, Any], watch: Callable[[Progress], None]) -> dict[str, Any]:
    """Carry a stored job on. Its file is needed only while it is not read to its end."""
    started = time.monotonic()
    job = int(stored["id"])
    async with runtime.database.app(runtime.workspace.id) as connection:
        await _wake(connection, job)
    unread = stored["rows_expected"] is None or stored["rows_read"] < stored["rows_expected"]
    await serve(runtime, _reread(runtime, job, stored, watch) if unread else _revive_and_wait(runtime, job, watch))
    seconds = time.monotonic() - started
    return await summarise(runtime.database, runtime.workspace.id, job, seconds=seconds)


async def _reread(runtime: Runtime, job: int, stored: Mapping[str, Any], watch: Callable[[Progress], None]) -> None:
    opened = open_job(Path(stored["source_path"]), Path(stored["output_path"]), Options.restored(stored["options"]))
    if opened.source.sha256 != stored["source_sha256"]:
        raise BadInput(f"{stored['source_path']} is no longer the file that job {job} began with; enrich it anew.")
    await _read_and_wait(runtime, job, opened, watch)


async def _revive_and_wait(runtime: Runtime, job: int, watch: Callable[[Progress], None]) -> None:
    await _start_running(runtime, job)
    await wait_for(runtime, job, watch)


async def serve(runtime: Runtime, work: Any) -> None:
    """Run lanes and errands in this process for as long as ``work`` takes."""
    background = [asyncio.create_task(runtime.engine.run()), asyncio.create_task(runtime.errands.run())]
    if runtime.rechecks:
        background.append(asyncio.create_task(runtime.rechecks.run()))
    main = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait([main, *background], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await runtime.engine.drain(1.0)
        for task in (main, *background):
            task.cancel()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(main, *background, return_exceptions=True), 1.0)


async def begin(runtime: Runtime, opened: Opened, budget: int) -> int:
    """Find the unfinished job of the same file, options and output, or begin one with its money set aside."""
    fingerprint = opened.options.fingerprint(opened.source.sha256, opened.output)
    async with runtime.database.app(runtime.workspace.id) as connection:
        found = await (await connection.execute(SQL["resumable"], {"fingerprint": fingerprint})).fetchone()
        if found:
            await _wake(connection, found["id"])
            return int(found["id"])
        values = {
            "fingerprint": fingerprint,
            "source": str(opened.source.path.absolute()),
            "sha256": opened.source.sha256,
            "output": str(opened.output),
            "headers": list(opened.source.headers),
            "options": Jsonb(opened.options.stored()),
            "rows": opened.source.rows_expected,
        }
        row = await (await connection.execute(SQL["create_job"], values)).fetchone()
        if row is None:
            raise HeadwaterError("The job could not be stored.")
        await Ledger(connection).authorise(row["id"], budget, round_=1)
        return int(row["id"])


async def _wake(connection: Any, job: int) -> None:
    """The same command again: a paused job goes on; an export that failed, or that nobody tries any more, is tried
    again (two that run at once give the same file)."""
    values = {"job": job, "state": "running", "reason": None, "from": ["paused", "failed", "exporting"]}
    await connection.execute(SQL["set_state"], values)
    await connection.execute(SQL["pause_items"], {"job": job, "from": 3, "to": 0})


async def _read_and_wait(runtime: Runtime, job: int, opened: Opened, watch: Callable[[Progress], None]) -> None:
    await read_file(runtime, job, opened, watch)
    await wait_for(runtime, job, watch)


async def read_file(runtime: Runtime, job: int, opened: Opened, watch: Callable[[Progress], None]) -> None:
    """Store the rows that are not stored yet, chunk by chunk; then the job runs."""
    progress = await progress_of(runtime, job)
    reader = ChunkReader(job, runtime.workspace.id, opened.options, runtime.applier, runtime.cache)
    rows = islice(read(opened.source, opened.columns), progress.rows_read, None)
    stored = progress.rows_read
    while chunk := list(islice(rows, _CHUNK)):
        checked = await _check(runtime, chunk)
        stored += len(chunk)
        async with runtime.database.worker(runtime.workspace.id) as connection:
            await reader.store(connection, chunk, checked, now(), stored)
        watch(await progress_of(runtime, job))
    async with runtime.database.app(runtime.workspace.id) as connection:
        await connection.execute(SQL["read_to_end"], {"job": job})
    await _start_running(runtime, job)


async def _start_running(runtime: Runtime, job: int) -> None:
    async with runtime.database.app(runtime.workspace.id) as connection:
        values = {"job": job, "state": "running", "reason": None, "from": ["reading"]}
        await connection.execute(SQL["set_state"], values)
    await revive(runtime, job)


async def _check(runtime: Runtime, chunk: Sequence[Accepted | Reject]) -> Checked:
    contacts = [row.contact for row in chunk if isinstance(row, Accepted)]
    addresses = sorted({address for contact in contacts for address in contact.emails})
    numbers = sorted({(number, contact.country) for contact in contacts for number in contact.phones}, key=str)
    emails = dict(zip(addresses, await runtime.check_emails(addresses), strict=True))
    phones = dict(zip((number for number, _ in numbers), check_phones(numbers, at=now()), strict=True))
    return Checked(emails, phones)


async def revive(runtime: Runtime, job: int) -> None:
    """Plan lookups that wait for nothing (a crash between two steps), and finish a job with nothing left to do."""
    space = runtime.workspace.id
    while True:
        async with runtime.database.worker(space) as connection:
            await Ledger(connection).available(job)  # whoever ends a lookup meanwhile is waited for, and seen
            rows = await (await connection.execute(ENRICHMENT["stranded_lookups"], {"job": job})).fetchall()
            await runtime.applier.plan(connection, space, [row["id"] for row in rows], {})
            if not rows:
                await runtime.applier.collaborators.finished(connection, space, [job])
                return


async def wait_for(runtime: Runtime, job: int, watch: Callable[[Progress], None]) -> None:
    """Until the job is done, paused or cancelled. Raises when it failed, with its reason."""
    seen = time.monotonic()
    while True:
        try:
            progress = await progress_of(runtime, job)
        except Unavailable:
            if time.monotonic() - seen > _PATIENCE:
                raise
            await asyncio.sleep(_LOOK)
            continue
        seen = time.monotonic()
        watch(progress)
        if progress.state == "failed":
            raise HeadwaterError(f"Job {job} failed: {progress.reason}")
        if progress.state in ("done", "paused", "cancelled"):
            return
        await asyncio.sleep(_LOOK)


async def progress_of(runtime: Runtime, job: int) -> Progress:
    async with runtime.database.app(runtime.workspace.id) as connection:
        row: Mapping[str, Any] | None = await (await connection.execute(SQL["progress"], {"job": job})).fetchone()
    if row is None:
        raise HeadwaterError(f"There is no job {job} in workspace {runtime.workspace.name!r}.")
    return Progress(**row)


def sample(source: Source, columns: ColumnMap) -> Iterator[Accepted | Reject]:
    """The file's rows, for a quote."""
    return read(source, columns)
