"""Ctrl-C while the database keeps everybody waiting: out at once, not when it answers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer

from headwater.cli.shell import run
from headwater.db.migrate import LOCK
from headwater.jobs.runtime import database_of
from headwater.kit.settings import load

SOON = 8.0  # seconds; less than any of the waits below
LONG = 30.0

Server = Any


@contextmanager
def _silent() -> Iterator[str]:
    """The address of what takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"postgresql://127.0.0.1:{listening.getsockname()[1]}/x"


@contextmanager
def _upgrading(dsn: str) -> Iterator[str]:
    """The address of a database that somebody else is upgrading."""
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", [LOCK])
        release = threading.Timer(LONG, other.execute, ["select pg_advisory_unlock_all()"])
        release.start()
        yield dsn
        release.cancel()


def _interrupted(address: str, home: Path) -> float:
    """Seconds from Ctrl-C to the end."""
    settings = load({"HEADWATER_DATABASE_URL": address, "HEADWATER_HOME": str(home)}, vendors=[], folder=home)
    began = 0.0

    def ctrl_c() -> None:
        nonlocal began
        began = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.5, ctrl_c)
        async with database_of(settings, lambda text: None):
            pytest.fail("the database answered")

    with pytest.raises(typer.Exit) as left:
        run(work)
    assert left.value.exit_code == 130
    return time.monotonic() - began


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with _silent() as address:
        assert _interrupted(address, tmp_path) < SOON


def test_somebody_elses_upgrade(server: Server, tmp_path: Path) -> None:
    with _upgrading(server.create()) as address:
        assert _interrupted(address, tmp_path) < SOON


FROZEN = """
import asyncio, os, signal
from headwater.cli.shell import run

async def work():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
    while True:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            pass  # as who waits for a connection that never comes

run(work, interrupted="Stopped; go on with: the same command.")
"""


def test_work_that_does_not_end_is_left_by_force() -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", FROZEN], capture_output=True, text=True, timeout=LONG, check=False)
    assert time.monotonic() - began < LONG
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped; go on with: the same command.\n")
