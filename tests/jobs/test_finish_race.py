"""The last two lookups of a job end at the same moment: the job still ends."""

from psycopg.types.json import Jsonb

from headwater.contacts import Contacts
from headwater.db.session import Connection, Database
from headwater.enrichment.planning import SQL as ENRICHMENT
from headwater.identity import Workspace
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL
from headwater.records import Contact


async def _job(connection: Connection, people: int) -> tuple[int, list[int]]:
    """A running job with so many lookups that are being asked."""
    values = {
        "fingerprint": "f", "source": "s", "sha256": "x", "output": "o", "headers": ["a"],
        "options": Jsonb(Options().stored()), "rows": people,
    }  # fmt: skip
    job = await (await connection.execute(SQL["create_job"], values)).fetchone()
    assert job is not None
    ids = await Contacts(connection).add([Contact(last_name=str(number)) for number in range(people)])
    await connection.execute("update job set state = 'running', rows_read = rows_expected where id = %s", [job["id"]])
    lookups = {"job": job["id"], "want": ["email"], "contacts": ids}
    rows = await (await connection.execute(SQL["add_lookups"], lookups)).fetchall()
    await connection.execute("update lookup set state = 'asking' where job_id = %s", [job["id"]])
    return job["id"], [row["id"] for row in rows]


async def _end(connection: Connection, job: int, lookup: int) -> bool:
    """As the engine ends a lookup: the note, then the question whether the job is done."""
    note = {"id": lookup, "spent": 0, "trail": [], "state": "done", "outcome": "found"}
    await connection.execute(ENRICHMENT["note_lookups"], {"rows": Jsonb([note])})
    return bool(await (await connection.execute(SQL["finish_if_done"], {"jobs": [job]})).fetchall())


async def test_a_job_ends_with_its_last_lookup_and_not_before(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        job, lookups = await _job(connection, 2)
    told = []
    for lookup in lookups:
        async with database.worker(workspace.id) as connection:
            told.append(await _end(connection, job, lookup))
    assert told == [False, True]


async def test_a_job_whose_last_two_lookups_end_at_once_ends_when_asked_again(
    database: Database, workspace: Workspace
) -> None:
    """Each sees the other still open, so neither tells; the engine's upkeep asks again every second."""
    async with database.app(workspace.id) as connection:
        job, lookups = await _job(connection, 2)
    async with database.worker(workspace.id) as one, database.worker(workspace.id) as other:
        told = [await _end(one, job, lookups[0]), await _end(other, job, lookups[1])]
    assert told == [False, False]
    asked = []
    for _ in range(2):
        async with database.worker(workspace.id) as connection:
            asked.append(bool(await (await connection.execute(SQL["finish_if_done"], {"jobs": [job]})).fetchall()))
    assert asked == [True, False]


async def test_a_job_whose_file_is_not_read_does_not_end(database: Database, workspace: Workspace) -> None:
    """Paused in the middle of its file and resumed, it runs: the rows to come would never go out."""
    async with database.app(workspace.id) as connection:
        job, lookups = await _job(connection, 1)
        await connection.execute("update job set rows_expected = 2 where id = %s", [job])
        assert not await _end(connection, job, lookups[0])
        await connection.execute("update job set rows_read = 2 where id = %s", [job])
        assert await (await connection.execute(SQL["finish_if_done"], {"jobs": [job]})).fetchall()
