"""The last stage of a job: its rows go out, its unspent money goes back. Running it twice gives the same file."""

import traceback
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from headwater.contacts import Contacts
from headwater.db.session import Connection, Database
from headwater.enrichment.planning import rules_of
from headwater.export import open_writer
from headwater.jobs.columns import Cell, OutRow, cells, chosen
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL
from headwater.kit.errors import HeadwaterError, Unavailable
from headwater.kit.log import log
from headwater.ledger import Ledger

_CHUNK = 1000


def rejects_path(output: Path) -> Path:
    """Where the rows that could not be used are written, with line, column and reason."""
    return output.with_name(f"{output.stem}.rejected.csv")


async def finish(database: Database, workspace: int, job: int) -> None:
    """Export a job, settle its account and mark it done; what fails is written to the job.

    A lost database is no failure of the job: the errand is run again. A job that has ended is left alone, and so is
    its file, which may have been worked on since.
    """
    async with database.app(workspace) as connection:
        row = await _job(connection, job)
    if row["state"] != "exporting":
        return
    try:
        await _export(database, workspace, row)
    except Unavailable:
        raise
    except (HeadwaterError, OSError) as error:
        await _fail(database, workspace, job, str(error))
    except Exception as error:  # a fault of ours, raised again; who waits for this job must hear that it ended
        log.error("an output could not be made", job=job, trace=traceback.format_exc())
        await _fail(database, workspace, job, f"The output could not be made ({type(error).__name__}: {error}).")
        raise
    else:
        await _conclude(database, workspace, job)


async def _conclude(database: Database, workspace: int, job: int) -> None:
    values = {"job": job, "state": "done", "reason": None, "from": ["exporting"]}
    async with database.app(workspace) as connection:
        ledger = Ledger(connection)
        await ledger.available(job)  # the job's lock, before its row
        row = await _job(connection, job)
        if await (await connection.execute(SQL["set_state"], values)).fetchone():
            await ledger.give_back(job, round_=row["round"])


async def _fail(database: Database, workspace: int, job: int, reason: str) -> None:
    values = {"job": job, "state": "failed", "reason": reason, "from": ["exporting"]}
    async with database.app(workspace) as connection:
        await connection.execute(SQL["set_state"], values)


async def _job(connection: Connection, job: int) -> dict[str, Any]:
    row = await (await connection.execute(SQL["job"], {"job": job})).fetchone()
    if row is None:
        raise HeadwaterError(f"There is no job {job} in this workspace.")
    return row


async def _export(database: Database, workspace: int, row: Mapping[str, Any]) -> None:
    job = row["id"]
    options = Options.restored(row["options"])
    output, headers = Path(row["output_path"]), row["headers"]
    columns = chosen(headers, options)
    with open_writer(output, columns, format=options.format) as writer:
        async for rows in _outgoing(database, workspace, job, headers, columns, options):
            writer.write_rows(rows)
    await _export_rejects(database, workspace, job, headers, rejects_path(output))


async def _outgoing(
    database: Database, workspace: int, job: int, headers: list[str], columns: list[str], options: Options
) -> AsyncIterator[list[list[Cell]]]:
    """The output's rows, a chunk at a time, each chunk in a transaction of its own."""
    rules, after = rules_of(options.stored()), -1
    while True:
        async with database.app(workspace) as connection:
            rows = await _page(connection, "accepted_rows", job, after)
            out = await _complete(connection, job, rows)
        if not rows:
            return
        after = rows[-1]["line"]
        yield [cells(each, headers, columns, options, rules) for each in out]


async def _page(connection: Connection, name: str, job: int, after: int) -> list[dict[str, Any]]:
    values = {"job": job, "after": after, "limit": _CHUNK}
    return await (await connection.execute(SQL[name], values)).fetchall()


async def _complete(connection: Connection, job: int, rows: list[dict[str, Any]]) -> list[OutRow]:
    ids = sorted({row["contact_id"] for row in rows})
    knowledge = await Contacts(connection).knowledge(ids)
    found = await (await connection.execute(SQL["lookups_of"], {"job": job, "contacts": ids})).fetchall()
    lookups = {row["contact_id"]: row for row in found}
    return [
        OutRow(row["cells"], row["state"], row["notes"] or (), row["contact_id"], knowledge[row["contact_id"]],
               lookups.get(row["contact_id"], {}))
        for row in rows
    ]  # fmt: skip


async def _export_rejects(database: Database, workspace: int, job: int, headers: list[str], path: Path) -> None:
    """The rejected rows beside the output; no file where nothing was rejected."""
    async with database.app(workspace) as connection:
        rows = await _page(connection, "rejected_rows", job, -1)
    if not rows:
        path.unlink(missing_ok=True)
        return
    with open_writer(path, ["line", "column", "reason", *headers], format="csv") as writer:
        while rows:
            writer.write_rows(
                [row["line"], row["column_name"], row["reason"], *row["cells"][: len(headers)],
                 *[""] * (len(headers) - len(row["cells"]))]
                for row in rows
            )  # fmt: skip
            async with database.app(workspace) as connection:
                rows = await _page(connection, "rejected_rows", job, rows[-1]["line"])
