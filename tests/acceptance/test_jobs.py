"""Jobs while they run and after: looked at, paused, resumed, cancelled, retried, served by another process."""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.names import VERIFIERS

from headwater_sandbox import meter
from headwater_sandbox.store import Store

pytestmark = pytest.mark.usefixtures("waterfall")

ALONE = ("--json", "--exclude", f"apollo,icypeas,dropcontact,pattern,{VERIFIERS}")
KEY = "key-of-the-jobs"

Headwater = Any
Vendors = Any
Sample = Any


@dataclass(frozen=True)
class Account:
    """An account at Hunter that this module alone uses."""

    vendors: Vendors

    def settings(self, limits: str) -> dict[str, str]:
        found: dict[str, str] = self.vendors.settings(hunter=KEY) | {"HEADWATER_HUNTER_LIMITS": limits}
        return found

    def asked(self, since: float = 0.0) -> int:
        """Requests that reached the vendor, of all or since a moment."""
        store = Store(self.vendors.home)
        try:
            requests = meter.requests(store, "hunter")
        finally:
            store.close()
        return sum(request["account"] == KEY and request["at"] > since for request in requests)

    def charged(self) -> Decimal:
        return Decimal(self.vendors.meter()["hunter"]["credits_by_account"].get(KEY, 0))


@pytest.fixture(scope="module")
def account(vendors: Vendors) -> Account:
    return Account(vendors)


def _options(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"--sandbox-option={word}" for word in words)


@dataclass(frozen=True)
class Paused:
    """A job of thirty people that another process paused while it went slowly."""

    id: int
    while_running: dict[str, Any]
    paused: Any
    done: Any
    late: int  # requests that were sent after the pause was told
    asked: int
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def paused(headwater: Headwater, account: Account, crowd: Sample) -> Paused:
    source = headwater.write("thirty.csv", crowd.people(240, 270))
    command = ("enrich", source, "-o", "thirty-out.csv", "--yes", *ALONE)
    running = headwater.start(*command, **account.settings("1/s"))
    headwater.until(lambda: account.asked() >= 3, running)
    [job] = headwater.json("jobs", "list")
    told = headwater.run("jobs", "pause", job["id"])
    moment = time.time()
    done = running.wait(20)
    shown = headwater.json("jobs", "show", job["id"])
    return Paused(job["id"], job, told, done, account.asked(moment), account.asked(), shown)


@pytest.fixture(scope="module")
def resumed(paused: Paused, headwater: Headwater, account: Account) -> Any:
    return headwater.run("jobs", "resume", paused.id, "--json", **account.settings("published"))


def test_a_running_job_is_listed(paused: Paused) -> None:
    job = paused.while_running
    assert (job["state"], job["rows_read"], job["sandbox"]) == ("running", 30, False)
    assert job["source_path"].endswith("thirty.csv")
    assert 0 <= job["done"] < job["lookups"] == 30


def test_a_pause_takes_effect_within_a_batch(paused: Paused) -> None:
    assert paused.late <= 1  # Hunter's batch is one person
    assert paused.shown["state"] == "paused"


def test_the_program_that_ran_it_ends_and_says_how_to_go_on(paused: Paused) -> None:
    assert paused.done.code == 0
    assert paused.done.result["state"] == "paused"
    for said in (paused.done.stderr, paused.paused.stderr):
        assert f"headwater jobs resume {paused.id}" in said
    assert paused.paused.stdout == ""


def test_resume_finishes_it_and_pays_for_nobody_twice(
    paused: Paused, resumed: Any, headwater: Headwater, account: Account
) -> None:
    assert (resumed.result["state"], resumed.result["rows"]["out"]) == ("done", 30)
    assert len(headwater.read("thirty-out.csv")) == 30
    assert paused.asked < account.asked()  # so it was paused in the middle
    # A record paid for twice would have cost the vendor's price twice, and us only once.
    assert account.charged() == Decimal(resumed.result["vendors"]["hunter"]["credits"]) > 0
    assert account.vendors.meter()["hunter"]["charged_again"] == 0


def test_a_finished_job_can_not_be_paused(paused: Paused, resumed: Any, headwater: Headwater) -> None:
    done = headwater.run("jobs", "pause", paused.id, code=2)
    assert f"Job {paused.id} is done" in done.stderr


@pytest.mark.parametrize("words", [("jobs", "pause"), ("contacts", "show")])
def test_what_does_not_exist_is_said(headwater: Headwater, resumed: Any, words: tuple[str, str]) -> None:
    done = headwater.run(*words, 999_999, code=2)
    assert done.stderr.startswith("There is no ")
    assert "999999" in done.stderr


def test_tables_for_people(headwater: Headwater, paused: Paused, resumed: Any) -> None:
    listed = headwater.run("jobs", "list").stdout
    assert "thirty.csv" in listed
    assert "30/30" in listed
    shown = headwater.run("jobs", "show", paused.id).stdout
    assert f"Job {paused.id}: done" in shown
    assert "asked hunter" in shown


def test_contacts_show_where_every_value_comes_from(paused: Paused, resumed: Any, headwater: Headwater) -> None:
    row = next(row for row in headwater.read("thirty-out.csv") if row["hw_email_source"] == "hunter")
    shown = headwater.json("contacts", "show", row["hw_contact_id"])
    [value] = [value for value in shown["values"] if value["field"] == "email" and value["shown"] == "yes"]
    assert value["value"] == row["hw_email"]
    assert value["source"] == "hunter"
    assert Decimal(value["cost_usd"]) == Decimal("0.0149")
    assert all(value[name] for name in ("basis", "observed", "call"))
    assert value["job"] == paused.id
    assert value["combined"] == float(row["hw_email_confidence"])
    company = next(value for value in shown["values"] if value["field"] == "company" and value["source"] == "file")
    assert (company["cost_usd"], company["call"]) == ("0.000000", None)
    table = headwater.run("contacts", "show", row["hw_contact_id"]).stdout
    assert row["hw_email"] in table
    assert "0.014900" in table


def test_cancel_stops_for_good_and_keeps_what_was_bought(
    resumed: Any, headwater: Headwater, account: Account, crowd: Sample
) -> None:
    source = headwater.write("cancelled.csv", crowd.people(290, 310))
    command = ("enrich", source, "-o", "cancelled-out.csv", "--yes", *ALONE)
    before, charged = account.asked(), account.charged()
    running = headwater.start(*command, **account.settings("1/s"))
    headwater.until(lambda: account.charged() > charged, running)
    job = next(job["id"] for job in headwater.json("jobs", "list") if job["source_path"] == str(source))
    headwater.run("jobs", "cancel", job)
    done = running.wait(20).result
    assert done["state"] == "cancelled"
    assert not (headwater.folder / "cancelled-out.csv").exists()
    assert Decimal(done["vendors"]["hunter"]["credits"]) == account.charged() - charged
    asked = account.asked()
    assert before < asked
    resumed = headwater.run("jobs", "resume", job, "--json", **account.settings("published")).result
    assert (resumed["state"], account.asked()) == ("cancelled", asked)
    assert "Output:" not in headwater.run("jobs", "show", job).stdout
    again = headwater.run(*command, **account.settings("published")).result
    assert again["job"] != job
    assert again["lookups"].get("recalled", 0) > 0  # what was bought before the end is known
    assert account.asked() > asked  # so it was cancelled in the middle
    assert account.vendors.meter()["hunter"]["charged_again"] == 0


@dataclass(frozen=True)
class Lost:
    """A run in which the vendor charged and the answer never came, for about a third of the calls."""

    summary: dict[str, Any]
    listed: list[dict[str, Any]]


@pytest.fixture(scope="module")
def lost(resumed: Any, headwater: Headwater, crowd: Sample) -> Lost:
    summary = headwater.run(*_losing(headwater, crowd, 340, "lost")).result
    return Lost(summary, headwater.json("calls", "--unknown", "--job", summary["job"]))


def _asked(headwater: Headwater) -> int:
    """Requests that reached the installation's own sandbox."""
    return len(headwater.requests("hunter"))


def _losing(headwater: Headwater, crowd: Sample, first: int, name: str) -> tuple[object, ...]:
    words = ("--latency", "0", "--fault", "none", "--fault", "hunter.charged_then_lost=0.3",
             "--rate", "hunter.verifier_running=0")  # fmt: skip
    source = headwater.write(f"{name}.csv", crowd.people(first, first + 12))
    return ("enrich", source, "-o", f"{name}-out.csv", "--sandbox", *ALONE, *_options(words))


def test_calls_that_may_have_been_charged_are_listed(lost: Lost, headwater: Headwater) -> None:
    assert lost.summary["state"] == "done"
    assert len({call["id"] for call in lost.listed}) == lost.summary["unknown_calls"] > 0
    assert lost.summary["vendors"]["hunter"]["unknown"] == lost.summary["unknown_calls"]
    assert all(call["vendor"] == "hunter" and call["full_name"] and call["reason"] for call in lost.listed)
    table = headwater.run("calls", "--unknown").stdout
    assert all((call["subject"] or call["full_name"]) in table for call in lost.listed)


def test_what_may_have_been_charged_is_set_aside(lost: Lost) -> None:
    hunter = lost.summary["vendors"]["hunter"]
    assert Decimal(hunter["perhaps_spent_usd"]) == Decimal(sum(call["reserved"] for call in lost.listed)) / 1_000_000


def test_the_unknown_is_never_asked_again_unless_the_user_says_so(lost: Lost, headwater: Headwater) -> None:
    before = _asked(headwater)
    retried = headwater.run("jobs", "retry", lost.summary["job"], "--json")
    assert "open again" in retried.stderr
    assert _asked(headwater) == before
    headwater.run("jobs", "retry", lost.summary["job"], "--unknown", "--json")
    assert before < _asked(headwater) <= before + 3 * len(lost.listed)


def test_the_unknown_can_be_retried_after_the_same_command_ran_again(headwater: Headwater, crowd: Sample) -> None:
    command = _losing(headwater, crowd, 352, "again")
    first = headwater.run(*command).result
    assert first["unknown_calls"] > 0
    before = _asked(headwater)
    assert headwater.run(*command).result["vendors"] == {}
    assert _asked(headwater) == before
    headwater.run("jobs", "retry", first["job"], "--unknown", "--json")
    assert _asked(headwater) > before


@pytest.fixture(scope="module")
def worker(resumed: Any, headwater: Headwater, account: Account) -> Iterator[Any]:
    running = headwater.start("worker", **account.settings("4/s"))
    yield running
    running.end()


def test_a_worker_serves_the_same_database_and_finishes_alone(
    worker: Any, headwater: Headwater, account: Account, crowd: Sample
) -> None:
    source = headwater.write("shared.csv", crowd.people(365, 390))
    output = headwater.folder / "shared-out.csv"
    running = headwater.start("enrich", source, "-o", output, "--yes", *ALONE, **account.settings("4/s"))
    headwater.until(lambda: len(_servants(headwater, source)) == 2, running)
    assert running.signal(signal.SIGINT).code == 130
    assert not output.exists()
    headwater.until(output.exists, worker)
    job = next(job for job in headwater.json("jobs", "list") if job["source_path"] == str(source))
    assert (job["state"], job["done"]) == ("done", 25)
    assert len(headwater.read(output.name)) == 25


def _servants(headwater: Headwater, source: Path) -> set[int]:
    """The workers that have asked for the job of a file."""
    with headwater.connect() as connection:
        rows = connection.execute(
            "select distinct c.worker_id from headwater.call c join headwater.call_item i on i.call_id = c.id "
            "join headwater.job j on j.id = i.job_id where j.source_path = %s",
            (str(source),),
        ).fetchall()
    return {row[0] for row in rows}


def test_a_worker_stops_at_once(worker: Any, headwater: Headwater) -> None:
    time.sleep(0.5)
    stopped = worker.signal(signal.SIGTERM)
    assert stopped.code == 130
    assert stopped.stderr.splitlines()[-1] == "Worker stopped."
    assert stopped.seconds < 4
