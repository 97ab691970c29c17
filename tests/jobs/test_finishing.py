"""The last errand of a job: what fails is told on the job and keeps nobody waiting; what has ended is left alone."""

import resource
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from headwater.contacts import Contacts
from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.jobs.finishing import finish
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL
from headwater.records import Contact


async def _exporting(
    database: Database, workspace: Workspace, output: Path, *, state: str = "exporting", options: Any = None
) -> int:
    """A job of one row, a large one, that waits for nothing but its export."""
    values = {
        "fingerprint": str(output), "source": "s", "sha256": "x", "output": str(output), "headers": ["note"],
        "options": Jsonb(options or Options().stored()), "rows": 1,
    }  # fmt: skip
    async with database.app(workspace.id) as connection:
        job = await (await connection.execute(SQL["create_job"], values)).fetchone()
        assert job is not None
        [contact] = await Contacts(connection).add([Contact(last_name="Lovelace")])
        row = {"line": 2, "cells": ["n" * 500_000], "state": "accepted", "notes": None, "contact_id": contact}
        await connection.execute(SQL["add_rows"], {"job": job["id"], "rows": Jsonb([row])})
        await connection.execute("update job set state = %s where id = %s", [state, job["id"]])
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


@pytest.mark.parametrize("state", ["done", "failed", "cancelled", "running"])
async def test_an_errand_that_comes_again_leaves_a_file_alone(
    database: Database, workspace: Workspace, tmp_path: Path, state: str
) -> None:
    """Its worker died after the job had ended; the file may have been worked on since."""
    output = tmp_path / "out.csv"
    job = await _exporting(database, workspace, output, state=state)
    output.write_text("worked on")
    await finish(database, workspace.id, job)
    assert output.read_text() == "worked on"
    assert (await _job(database, workspace, job))["state"] == state


async def test_who_waits_hears_of_a_fault_of_ours_too(database: Database, workspace: Workspace, tmp_path: Path) -> None:
    job = await _exporting(database, workspace, tmp_path / "out.csv", options={"want": 7})
    with pytest.raises(TypeError):
        await finish(database, workspace.id, job)
    row = await _job(database, workspace, job)
    assert row["state"] == "failed"
    assert "TypeError" in row["reason"]
