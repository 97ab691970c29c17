"""What the vendors share: durability, determinism, faults, the command line."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Sandbox


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headwater_sandbox", *words], capture_output=True, text=True, check=False
    )


def _finder(box: Sandbox, people: list[dict[str, Any]]) -> list[Any]:
    found = []
    for one in people:
        query = {"first_name": one["first"], "last_name": one["last"], "domain": one["domain"]}
        found.append(box.hunter("email-finder", **query).json())
    return found


def test_meter_and_tickets_survive_sigkill(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    box = start(home=tmp_path)
    found = sum(bool(answer["data"]["email"]) for answer in _finder(box, box.people(60)))
    ack = box.dropcontact([{"email": "info@gmail.com"}]).json()
    box.stop(signal.SIGKILL)
    again = start(home=tmp_path)
    meter = again.control("meter")
    assert (meter["hunter"]["credits"], meter["dropcontact"]["credits"]) == (str(found), "1")
    assert again.dropcontact_get(f"enrich/all/{ack['request_id']}").json()["success"] is True
    shown = json.loads(_run("meter", "--home", str(tmp_path), "--json").stdout)
    assert shown["hunter"]["credits"] == str(found)
    charges = [
        json.loads(line) for line in _run("meter", "--home", str(tmp_path), "--calls", "--json").stdout.splitlines()
    ]
    assert len([charge for charge in charges if charge["vendor"] == "hunter"]) == found
    assert {"first_name", "last_name", "domain"} <= set(charges[0]["subject"])


def test_no_answer_ever_leaves_before_its_charge(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    box = start(home=tmp_path)
    emails = [one["email"] for one in box.people(400) if one["email"]]
    answered: list[str] = []

    def verify(email: str) -> None:
        try:
            answer = box.hunter("email-verifier", email=email)
            if answer.status_code == 200 and answer.json()["data"]["status"] != "unknown":  # which would be free
                answered.append(email)
        except httpx.TransportError:
            return
        if len(answered) == 60:
            box.process.kill()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(verify, emails))
    charged = {charge["subject"]["email"] for charge in start(home=tmp_path).control("charges", vendor="hunter")}
    assert 60 <= len(answered) < len(emails)
    assert set(answered) <= charged


def test_two_processes_on_one_home_keep_one_account(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    one, two = start(home=tmp_path), start(home=tmp_path)
    people = one.people(40)
    found = _finder(one, people[:20]) + _finder(two, people[20:])
    assert one.control("meter")["hunter"]["credits"] == str(sum(bool(answer["data"]["email"]) for answer in found))


def test_same_seed_same_answers_other_seed_others(start: Callable[..., Sandbox]) -> None:
    one, two, other = start(), start(), start("--seed", "2")
    people = one.people(40)
    assert _finder(one, people) == _finder(two, people)
    assert [person["email"] for person in other.people(40)] != [person["email"] for person in people]


def test_a_charge_is_metered_although_its_answer_is_lost(start: Callable[..., Sandbox]) -> None:
    box = start("--fault", "hunter.charged_then_lost=1")
    email = next(one["email"] for one in box.people() if one["email"])
    with pytest.raises(httpx.TransportError):
        box.hunter("email-verifier", email=email)
    box.change(faults={"none": 0})
    assert box.hunter("email-verifier", email=email).status_code == 200
    meter = box.control("meter")["hunter"]
    assert (meter["credits"], meter["charged_again"], meter["failures"]) == ("1", 1, 1)


def test_faults_on_the_wire(start: Callable[..., Sandbox]) -> None:
    box = start()
    box.change(faults={"server_error": 1})
    answer = box.hunter("account")
    assert answer.status_code in (500, 502, 503)
    assert answer.headers["content-type"].startswith("text/html")
    box.change(faults={"none": 0, "throttle": 0})
    box.change(faults={"malformed": 1})
    with pytest.raises(ValueError, match=r"Extra data|Expecting|Unterminated|delimiter"):
        box.hunter("account").json()
    box.change(faults={"malformed": 0, "truncated": 1})
    for path in ("account", "email-count"):
        with pytest.raises(httpx.TransportError):
            box.hunter(path, domain="acme.com")
    box.change(faults={"truncated": 0, "slow_drip": 1})
    began = time.monotonic()
    assert box.hunter("account").json()["data"]["team_id"] == 1
    assert time.monotonic() - began > 0.1
    box.change(faults={"slow_drip": 0, "timeout": 1})
    with pytest.raises(httpx.ReadTimeout):
        box.http.get(f"{box.where['hunter']}/account?api_key=k", timeout=0.3)
    box.change(faults={"timeout": 0})
    assert box.control("meter")["hunter"]["failures"] == 6


def test_a_retry_may_succeed_and_draws_repeat(start: Callable[..., Sandbox]) -> None:
    statuses = []
    for _ in range(2):
        box = start("--fault", "hunter.server_error=0.5")
        statuses.append([box.hunter("account").status_code for _ in range(12)])
    assert statuses[0] == statuses[1]
    assert len({status < 500 for status in statuses[0]}) == 2


def test_requests_are_logged_with_arrival_times(start: Callable[..., Sandbox]) -> None:
    box = start()
    box.hunter("email-verifier", email="a@b.co")
    log = box.control("requests", vendor="hunter")
    assert abs(log[-1]["at"] - time.time()) < 5
    assert log[-1]["subject"] == {"email": "a@b.co"}


def test_stops_cleanly_on_sigterm_and_with_its_parent(start: Callable[..., Sandbox]) -> None:
    assert start().stop(signal.SIGTERM) == 0
    box = start()
    assert box.process.stdin is not None
    box.process.stdin.close()
    assert box.process.wait(10) == 0


@pytest.mark.parametrize("words", [
    ("serve", "--rate", "nonsense=1"), ("serve", "--fault", "fire=1"), ("serve", "--limits", "zoom"),
    ("meter", "--home", "/nonexistent-home"), ("truth",), ("serve", "--latency", "fast"),
    ("serve", "--fault", "throttle=2"),
])  # fmt: skip
def test_bad_words_are_one_sentence_and_code_2(words: tuple[str, ...]) -> None:
    ended = _run(*words)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert ended.stderr.strip()


def test_settings_refuse_what_does_not_exist(sandbox: Sandbox) -> None:
    assert sandbox.change(faults={"fire": 1}).status_code == 422
    assert sandbox.change(rates={"hunter.coverage": "much"}).status_code == 422


@pytest.mark.parametrize("junk", [
    [], {}, "x", 7, None, {"data": 1}, {"data": [1]}, {"data": [{"email": 1}], "language": []},
    {"task": [], "data": [[None]], "custom": {"externalIds": 3}}, {"details": {}}, {"details": [{"name": ["x"]}]},
    {"firstname": "\ud800", "lastname": {"a": 1}, "domainOrCompany": "a.com"}, {"id": {}}, {"file": []}, {"limit": "9"},
])  # fmt: skip
def test_no_body_breaks_a_vendor(sandbox: Sandbox, junk: Any) -> None:
    raw = json.dumps(junk).encode()
    headers = {"authorization": "k", "x-api-key": "k", "x-access-token": "k", "content-type": "application/json"}
    for path in (
        "icypeas/email-search", "icypeas/bulk-search", "icypeas/bulk-single-searchs/read", "icypeas/search-files/read",
        "apollo/people/bulk_match", "apollo/organizations/bulk_enrich", "dropcontact/v1/enrich/all",
    ):  # fmt: skip
        vendor, _, rest = path.partition("/")
        for body in (raw, b"{broken"):
            answer = sandbox.http.post(f"{sandbox.where[vendor]}/{rest}", content=body, headers=headers)
            assert answer.status_code < 500
            answer.json()
