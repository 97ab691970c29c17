"""Every command waits for its imports; what few of them need is not among these."""

import subprocess
import sys

import pytest

LATER = ("alembic", "sqlalchemy", "polars", "openpyxl", "headwater_sandbox", "dns")


@pytest.fixture(scope="module")
def imported() -> set[str]:
    command = [sys.executable, "-c", "import sys, headwater.cli.main; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("name", LATER)
def test_a_command_starts_without(imported: set[str], name: str) -> None:
    assert "headwater.cli.enrich" in imported
    assert name not in imported
