"""Killed with SIGKILL at any moment and started again with the same command, a job finishes: no row lost, no row twice,
the ledger equal to the vendors' own meter except for calls marked unknown, which are listed.

``HEADWATER_TEST_KILLS`` says how many kills (20); ``HEADWATER_TEST_SEED`` repeats a run's moments as far as a machine
can.
"""

import os
import random
import re
import secrets
import statistics
import sys
import time
import traceback
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import TupleRow
from tests.acceptance.crash_checks import Report, check
from tests.acceptance.crash_rig import Rig, Setup, recoveries, torment

from headwater.db.embedded import EmbeddedServer
from headwater.db.session import connection_info

KILLS = int(os.environ.get("HEADWATER_TEST_KILLS", "20"))
SEED = os.environ.get("HEADWATER_TEST_SEED") or secrets.token_hex(4)

# Ten seconds without a heartbeat, twenty more if it stood still inside a transaction, and the rest for slow machines.
FENCED_WITHIN = 60

QUIET = ("--fault", "none", "--limits", "off")
ALONE = ("application", "sandbox", "postgres", "everything")
TOGETHER = (*ALONE, "worker", "worker")

# name: what is run, who is killed, and which share of all kills falls on it
ROUNDS = {
    "one process, vendors that answer at once": (
        Setup("dropcontact,icypeas", 60, ("--latency", "0.5", *QUIET)), ALONE, 0.25,
    ),
    "two processes, vendors that fail as real ones do": (
        Setup("dropcontact,icypeas", 80, ("--latency", "0.5", "--limits", "off"), worker=True), TOGETHER, 0.4,
    ),
    "two processes, a vendor with tickets": (
        Setup("dropcontact", 60, ("--latency", "0.3", *QUIET), worker=True), TOGETHER, 0.25,
    ),
    "two processes, a vendor with slow tickets": (
        Setup("icypeas", 50, ("--latency", "0.3", *QUIET), worker=True), TOGETHER, 0.1,
    ),
}  # fmt: skip

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds and proves processes by /proc"),
    pytest.mark.timeout(300 + 20 * KILLS),
]


def test_killed_at_random_moments_a_job_finishes_with_its_books_in_order() -> None:
    with ThreadPoolExecutor(len(ROUNDS)) as pool:  # they mostly wait
        played = [pool.submit(play, name) for name in ROUNDS]
    failures = [(name, each.exception()) for name, each in zip(ROUNDS, played, strict=True)]
    assert not any(failure for _, failure in failures), "\n\n".join(
        f"HEADWATER_TEST_SEED={SEED} HEADWATER_TEST_KILLS={KILLS}, round {name!r}:\n{failure}"
        for name, failure in failures
        if failure
    )
    for line in [each.result() for each in played]:
        sys.stdout.write(f"{line}\n")


def play(name: str) -> str:
    """One round; its figures."""
    setup, victims, share = ROUNDS[name]
    kills = max(1, round(KILLS * share))
    began = time.monotonic()
    with Rig(setup) as rig:
        try:
            torment(rig, random.Random(f"{SEED}/{name}"), kills, victims)
            report = check(rig)
        except AssertionError as error:
            where = "".join(traceback.format_tb(error.__traceback__))
            raise AssertionError(f"{error}\n{where}\nkilled: {rig.kills}\nends: {rig.exits}\n{rig.said()}") from error
        assert set(rig.exits) <= {0, 2}, rig.said()  # 2: a part that is needed was away too long; tried again
        return _figures(name, rig, report, time.monotonic() - began)


def _figures(name: str, rig: Rig, report: Report, seconds: float) -> str:
    after = recoveries(rig)
    return (
        f"{name}: {len(rig.kills)} kills, {len(rig.done)} jobs, {sum(map(bool, rig.exits))} ends by itself, "
        f"{seconds:.0f} s; {report.calls} calls, {report.unknown_calls} unknown of which charged "
        f"{report.charged_unknown} credits; {report.twice_for_two_contacts} charged twice for two contacts; "
        f"asked again {statistics.median(after or [0]):.1f} s after a kill, at most {max(after, default=0):.1f} s"
    )


def test_a_worker_that_stood_still_is_fenced() -> None:
    """Stopped with requests out for longer than its grace, its calls are taken from it; woken, it applies nothing."""
    setup = Setup("dropcontact,icypeas", 80, ("--latency", "1", *QUIET), worker=True)
    with Rig(setup) as rig:
        rig.start()
        rig.live_until_asked(60)
        with EmbeddedServer(rig.home) as server, psycopg.connect(connection_info(server.conninfo())) as connection:
            connection.autocommit = True
            taken = _stopped_with_requests_out(rig, connection)
            end = time.monotonic() + FENCED_WITHIN
            while _of(connection, taken, "intent") and time.monotonic() < end:
                rig.live(0.2)
            assert {state for state, _ in _states(connection, taken)} == {"unknown"}
            rig.live(1.0)
            rig.resume(rig.worker)
            rig.live(2.0)
            assert {state for state, _ in _states(connection, taken)} == {"unknown"}
            rig.finish()
        report = check(rig)
        assert report.unknown_calls >= len(taken)
        assert rig.exits == [0]


def _stopped_with_requests_out(rig: Rig, connection: psycopg.Connection[TupleRow]) -> list[int]:
    """Stop the worker at a moment when it has sent something and not heard of it."""
    for _ in range(100):
        log = (rig.folder / "worker.log").read_text()
        if found := re.search(r"Worker (\d+) serves", log):
            rig.stop(rig.worker)
            rows = connection.execute(
                "select id from call where worker_id = %s and state = 'intent'", [int(found[1])]
            ).fetchall()
            if rows:
                return [row[0] for row in rows]
            rig.resume(rig.worker)
        rig.live(0.15)
    raise AssertionError(f"the worker never had a request out\n{rig.said()}")


def _states(connection: psycopg.Connection[TupleRow], calls: Iterable[int]) -> list[tuple[str, int]]:
    return connection.execute("select state, id from call where id = any(%s)", [list(calls)]).fetchall()


def _of(connection: psycopg.Connection[TupleRow], calls: Iterable[int], wanted: str) -> list[int]:
    return [call for state, call in _states(connection, calls) if state == wanted]
