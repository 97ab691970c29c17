"""The last errand of a job: what fails is told on the job, and what has ended is left alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from headwater.db.session import Database
from headwater.identity import Workspace
from headwater.jobs.finishing import finish
from headwater.jobs.options import Options
from headwater.jobs.reading import SQL


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.csv"


async def _job(database: Database, workspace: Workspace, output: Path, state: str, options: Any = None) -> int:
    """A job without rows, in a state."""
    values = {
        "fingerprint": str(output), "source": "s", "sha256": "x", "output": str(output), "headers": ["Name"],
        "options": Jsonb(options or Options().stored()), "rows": 0,
    }  # fmt: skip
    async with database.app(workspace.id) as connection:
        row = await (await connection.execute(SQL["create_job"], values)).fetchone()
        assert row is not None
        await connection.execute("update job set state = %s where id = %s", [state, row["id"]])
    return int(row["id"])


async def _stands(database: Database, workspace: Workspace, job: int) -> Sequence[Any]:
    async with database.app(workspace.id) as connection:
        row = await (await connection.execute("select state, reason from job where id = %s", [job])).fetchone()
    assert row is not None
    return row["state"], row["reason"]


async def test_a_job_is_exported_and_done(database: Database, workspace: Workspace, output: Path) -> None:
    job = await _job(database, workspace, output, "exporting")
    await finish(database, workspace.id, job)
    assert output.read_text().startswith("Name,")
    assert await _stands(database, workspace, job) == ("done", None)


@pytest.mark.parametrize("state", ["done", "failed", "cancelled", "running"])
async def test_an_errand_that_comes_again_leaves_a_file_alone(
    database: Database, workspace: Workspace, output: Path, state: str
) -> None:
    """Its worker died after the job had ended; the file may have been worked on since."""
    job = await _job(database, workspace, output, state)
    output.write_text("worked on")
    await finish(database, workspace.id, job)
    assert output.read_text() == "worked on"
    assert await _stands(database, workspace, job) == (state, None)


async def test_an_output_that_can_not_be_written_is_told_and_done_with(
    database: Database, workspace: Workspace, output: Path
) -> None:
    output.mkdir()
    job = await _job(database, workspace, output, "exporting")
    await finish(database, workspace.id, job)
    state, reason = await _stands(database, workspace, job)
    assert state == "failed"
    assert str(output) in reason


async def test_who_waits_hears_of_a_fault_of_ours_too(database: Database, workspace: Workspace, output: Path) -> None:
    job = await _job(database, workspace, output, "exporting", options={"want": 7})
    with pytest.raises(TypeError):
        await finish(database, workspace.id, job)
    state, reason = await _stands(database, workspace, job)
    assert state == "failed"
    assert reason
