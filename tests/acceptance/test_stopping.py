"""Ctrl-C and a polite kill in the middle: out at once, nothing lost, nothing bought twice; the same command goes on."""

import signal
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from tests.acceptance.names import VERIFIERS

pytestmark = pytest.mark.usefixtures("waterfall")

# What the program promises is two seconds; a machine that does other things beside may take longer over it.
PROMISE, PATIENCE = 2.0, 20.0  # seconds; a hang is a fault, slowness of a busy machine is not
ROWS = 36

Headwater = Any
Sample = Any


@dataclass(frozen=True)
class Stopped:
    """A run that was stopped in the middle, what the vendors had counted then, and the same command once more."""

    headwater: Headwater
    first: Any
    files: set[str]
    calls: int
    again: Any

    @property
    def hunter(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.headwater.meter()["hunter"]
        return found


def _options(latency: str) -> tuple[str, ...]:
    words = ("--latency", latency, "--fault", "none", "--rate", "hunter.verifier_running=0")
    return tuple(f"--sandbox-option={word}" for word in words)


# SIGINT while answers take a moment; SIGTERM while they take so long that some are given up.
SIGNALS = {"Ctrl-C": (signal.SIGINT, "1"), "SIGTERM": (signal.SIGTERM, "6")}


@pytest.fixture(scope="module")
def both(new_headwater: Callable[[], Headwater], crowd: Sample) -> dict[str, Stopped]:
    """Two installations side by side."""
    places = {name: (new_headwater(), crowd) for name in SIGNALS}
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda name: _stop(*places[name], *SIGNALS[name]), SIGNALS)
        return dict(zip(SIGNALS, found, strict=True))


@pytest.fixture(params=SIGNALS)
def stopped(request: pytest.FixtureRequest, both: dict[str, Stopped]) -> Stopped:
    return both[request.param]


def _stop(headwater: Headwater, crowd: Sample, number: int, latency: str) -> Stopped:
    source = headwater.write("leads.csv", crowd.people(120, 120 + ROWS))
    job = (
        "enrich",
        source,
        "-o",
        "out.csv",
        "--sandbox",
        "--json",
        "--exclude",
        f"apollo,icypeas,dropcontact,pattern,{VERIFIERS}",
    )
    running = headwater.start(*job, *_options(latency))
    headwater.until(lambda: len(headwater.requests("hunter")) >= 8, running)
    first = running.signal(number)
    files = {path.name for path in headwater.folder.iterdir()}
    calls = len(headwater.requests("hunter"))
    return Stopped(headwater, first, files, calls, headwater.run(*job, *_options("0")))


def test_it_stops_at_once(stopped: Stopped) -> None:
    print(f"stopped in {stopped.first.seconds:.2f} s (promised: {PROMISE} s)")  # noqa: T201  (shown by pytest -s)
    assert stopped.first.seconds < PATIENCE


def test_it_says_how_to_go_on_and_leaves_no_half_of_a_file(stopped: Stopped) -> None:
    assert stopped.first.code == 130
    assert stopped.first.stdout == ""
    assert "the same command" in stopped.first.stderr
    assert "Traceback" not in stopped.first.stderr
    assert stopped.files == {"home", "leads.csv"}


def test_it_was_in_the_middle(stopped: Stopped) -> None:
    assert 8 <= stopped.calls < len(stopped.headwater.requests("hunter"))


def test_the_same_command_finishes_the_job(stopped: Stopped) -> None:
    summary = stopped.again.result
    assert (summary["job"], summary["state"]) == (1, "done")
    assert summary["rows"]["out"] == summary["rows"]["in"] == ROWS == len(stopped.headwater.read("out.csv"))


def test_nothing_is_charged_twice(stopped: Stopped) -> None:
    assert stopped.hunter["charged_again"] == 0


def test_nobody_is_asked_the_same_twice(stopped: Stopped) -> None:
    """Not even what was on its way when the program was stopped: that may have been charged."""
    asked = Counter(request["identity"] for request in stopped.headwater.requests("hunter"))
    assert set(asked.values()) == {1}


def test_the_ledger_is_the_meter_but_for_unknown_calls(stopped: Stopped) -> None:
    summary = stopped.again.result
    ours, theirs = summary["vendors"]["hunter"], Decimal(stopped.hunter["credits"])
    sure, perhaps = Decimal(ours["spent_usd"]), Decimal(ours["perhaps_spent_usd"])
    assert sure <= theirs * Decimal("0.0149") <= sure + perhaps
    listed = stopped.headwater.json("calls", "--unknown")
    assert len({call["id"] for call in listed}) == summary["unknown_calls"] == ours["unknown"]
    if not listed:
        assert sure == theirs * Decimal("0.0149")
