"""An export that can not be written ends the job with its reason, and does not keep anybody waiting."""

import resource
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from headwater.contacts import Contacts
from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.jobs.finishing import finish
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL
from headwater.records import Contact


async def _exporting(database: Database, workspace: Workspace, output: Path) -> int:
    """A job of one row, a large one, that waits for nothing but its export."""
    values = {
        "fingerprint": str(output), "source": "s", "sha256": "x", "output": str(output), "headers": ["note"],
        "options": Jsonb(Options().stored()), "rows": 1,
    }  # fmt: skip
    async with database.app(workspace.id) as connection:
        job = await (await connection.execute(SQL["create_job"], values)).fetchone()
        assert job is not None
        [contact] = await Contacts(connection).add([Contact(last_name="Lovelace")])
        row = {"line": 2, "cells": ["n" * 500_000], "state": "accepted", "notes": None, "contact_id": contact}
        await connection.execute(SQL["add_rows"], {"job": job["id"], "rows": Jsonb([row])})
        await connection.execute("update job set state = 'exporting' where id = %s", [job["id"]])
    return int(job["id"])


async def _job(database: Database, workspace: Workspace, job: int) -> dict[str, Any]:
    async with database.app(workspace.id) as connection:
        row = await (await connection.execute(SQL["job"], {"job": job})).fetchone()
    assert row is not None
    return row


async def test_a_folder_that_is_gone_fails_the_job(database: Database, workspace: Workspace, tmp_path: Path) -> None:
    job = await _exporting(database, workspace, tmp_path / "gone" / "out.csv")
    await finish(database, workspace.id, job)
    row = await _job(database, workspace, job)
    assert row["state"] == "failed"
    assert "gone does not exist" in row["reason"]


async def test_a_full_disk_fails_the_job(database: Database, workspace: Workspace, tmp_path: Path) -> None:
    """A limit on the size of a file fails in the same calls as a full disk."""
    job = await _exporting(database, workspace, tmp_path / "out.csv")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        await finish(database, workspace.id, job)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    row = await _job(database, workspace, job)
    assert row["state"] == "failed"
    assert "out.csv stopped" in row["reason"]
    assert list(tmp_path.iterdir()) == []
