"""A retry opens again what did not end well, and nothing else."""

from psycopg.types.json import Jsonb

from headwater.contacts import Contacts
from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL
from headwater.jobs.service import Jobs
from headwater.ledger import Ledger
from headwater.records import Contact

ENDS = {("done", "found"): False, ("done", "known"): False, ("done", "partial"): True, ("done", "none"): True,
        ("cancelled", None): True}  # fmt: skip


async def test_what_was_cancelled_is_asked_again_too(database: Database, workspace: Workspace) -> None:
    values = {
        "fingerprint": "f", "source": "s", "sha256": "x", "output": "o", "headers": ["a"],
        "options": Jsonb(Options().stored()), "rows": len(ENDS),
    }  # fmt: skip
    async with database.app(workspace.id) as connection:
        job = await (await connection.execute(SQL["create_job"], values)).fetchone()
        assert job is not None
        await Ledger(connection).authorise(job["id"], 1_000, round_=1)
        contacts = await Contacts(connection).add([Contact(last_name=str(number)) for number in range(len(ENDS))])
        lookups = {"job": job["id"], "want": ["email"], "contacts": contacts}
        rows = await (await connection.execute(SQL["add_lookups"], lookups)).fetchall()
        for row, (state, outcome) in zip(rows, ENDS, strict=True):
            end = (state, outcome, row["id"])
            await connection.execute("update lookup set state = %s, outcome = %s where id = %s", end)
        await connection.execute("update job set state = 'cancelled' where id = %s", [job["id"]])
    assert await Jobs(database, workspace.id).retry(job["id"]) == sum(ENDS.values())
    async with database.app(workspace.id) as connection:
        found = await (
            await connection.execute("select state from lookup where job_id = %s order by id", [job["id"]])
        ).fetchall()
    assert [row["state"] == "new" for row in found] == list(ENDS.values())
