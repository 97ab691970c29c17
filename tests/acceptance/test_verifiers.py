"""Each e-mail verifier in a whole run against the sandbox: its lists, its tickets, its money."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.names import VERIFIERS

from headwater.providers.catalogue import ADAPTERS
from headwater_sandbox.settings import Settings
from headwater_sandbox.world import World

NAMES = VERIFIERS.split(",")
# people with an address that a few verifiers see at once: more than any of them asks about one by one
MANY, FEW = 520, 5
LISTS = {
    "zerobounce": {"sendfile", "filestatus", "getfile"},
    "neverbounce": {"jobs/create", "jobs/status", "jobs/results"},
    "emaillistverify": {"verifApiFile", "getApiFileInfo", "downloadApiFile"},
    "briteverify": {"lists", "lists/state", "lists/export"},
}
SINGLE = {"zerobounce": "validate", "neverbounce": "single/check", "emaillistverify": "verifyEmail",
          "briteverify": "fullverify"}  # fmt: skip

Headwater = Any


def people(count: int, skip: int = 0) -> list[dict[str, str]]:
    """Employees of made-up companies; every fifth address is nobody's."""
    world, found, index = World(Settings(seed=1)), list[dict[str, str]](), 0
    while len(found) < skip + count:
        domain = world.domain_for(world.company_name(index)) or ""
        index += 1
        for person in world.colleagues(domain)[:8] if world.company(domain).receives_mail else []:
            if person.employed and person.email:
                local = "nobody." if len(found) % 5 == 4 else ""
                found.append({"First Name": person.first, "Last Name": person.last, "Company Domain": domain,
                              "Email": f"{local}{person.email}"})  # fmt: skip
    return found[skip : skip + count]


def verified(headwater: Headwater, vendor: str, rows: list[dict[str, str]], name: str, *options: str) -> dict[str, Any]:
    """Only this verifier is asked, for what stands in a file is not sure enough."""
    others = [each for each in NAMES if each != vendor]
    source: Path = headwater.write(f"{name}.csv", rows)
    found: dict[str, Any] = headwater.enrich(
        source, f"{name}-out.csv", "--want", "email", "--min-confidence", "0.97",
        "--exclude", ",".join(["hunter,apollo,icypeas,dropcontact,pattern", *others]),
        *(f"--sandbox-option={word}" for word in options),
    )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def runs(new_headwater: Callable[[], Headwater]) -> dict[str, tuple[Headwater, dict[str, Any], dict[str, Any]]]:
    """A large and then a small file for each, all at once: they mostly wait."""

    def run(vendor: str) -> tuple[Headwater, dict[str, Any], dict[str, Any]]:
        headwater = new_headwater()
        large = verified(headwater, vendor, people(MANY), "large")
        return headwater, large, verified(headwater, vendor, people(FEW, MANY), "small")

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(NAMES, pool.map(run, NAMES), strict=True))


@pytest.mark.parametrize("vendor", NAMES)
def test_many_go_as_a_list_and_few_in_the_smaller_form(runs: Any, vendor: str) -> None:
    headwater, large, small = runs[vendor]
    calls = headwater.meter()[vendor]["calls_by_endpoint"]
    assert LISTS[vendor] <= set(calls)
    assert (
        next(calls[endpoint] for endpoint in ("sendfile", "jobs/create", "verifApiFile", "lists") if endpoint in calls)
        < 6
    )
    assert calls.get(SINGLE[vendor], 0) + calls.get("validatebatch", 0) > 0
    assert set(large["vendors"]) == set(small["vendors"]) == {vendor}
    assert large["unknown_calls"] == small["unknown_calls"] == 0


@pytest.mark.parametrize("vendor", NAMES)
def test_what_was_spent_is_what_the_verifier_counted_and_nothing_twice(runs: Any, vendor: str) -> None:
    headwater, large, small = runs[vendor]
    meter = headwater.meter()[vendor]
    spent = sum(Decimal(summary["vendors"][vendor]["spent_usd"]) for summary in (large, small))
    price = Decimal(ADAPTERS[vendor].declaration.credit_price) / 1_000_000
    assert spent == Decimal(meter["credits"]) * price > 0
    assert meter["charged_again"] == meter["throttled"] == meter["refused"] == 0


@pytest.mark.parametrize("vendor", NAMES)
def test_verdicts_say_what_is_true(runs: Any, vendor: str) -> None:
    """Of what the verifier decided nine in ten are right; nothing is valid that it did not call so."""
    headwater, _, _ = runs[vendor]
    rows = headwater.read("large-out.csv")
    assert len(rows) == MANY
    told = Counter((row["hw_email_status"], row["Email"].startswith("nobody.")) for row in rows)
    for status, wrong in (("valid", True), ("invalid", False)):
        right = told[status, not wrong]
        assert right >= 9 * told[status, wrong], told
        assert right > MANY / 20


def test_a_check_whose_answer_was_lost_is_not_made_again(headwater: Headwater) -> None:
    """They charge again, so it is unknown, for this verifier, whoever runs the job again."""
    for place, vendor in enumerate(NAMES):
        rows = people(3, MANY + 10 * (place + 1))
        lost = verified(headwater, vendor, rows, vendor, "--fault", f"{vendor}.charged_then_lost=1")
        assert lost["unknown_calls"] > 0
        counted = headwater.meter()[vendor]
        assert Decimal(counted["credits"]) == 3 or vendor == "zerobounce"  # whose unknown results are free
        again = verified(headwater, vendor, rows, f"{vendor}-again")
        assert again["vendors"] == {}
        assert headwater.meter()[vendor]["calls"] == counted["calls"]
        assert headwater.meter()[vendor]["charged_again"] == 0
