"""Public records of real people, with their own headers, through the whole program.

Congress goes whole, and one vendor is asked for titles (Apollo, which takes ten people at once). The state officials go
whole too; all have a title, so that nobody needs to be asked.
"""

import csv
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.names import VERIFIERS

pytestmark = pytest.mark.usefixtures("waterfall")

Headwater = Any
Shared = Callable[[str], Path]
Run = tuple[dict[str, Any], list[dict[str, str]], list[dict[str, str]]]


def _run(headwater: Headwater, path: Path, output: str, *options: str) -> Run:
    summary = headwater.enrich(path, output, *options)
    with path.open(newline="", encoding="utf-8") as file:
        return summary, list(csv.DictReader(file)), headwater.read(output)


@pytest.fixture(scope="module")
def runs(headwater: Headwater, shared: Shared) -> tuple[Run, Run]:
    """Both files at the same time, in one installation."""
    folder = shared("data/contacts")
    wanted = (
        "--want",
        "email,title",
        "--map",
        "contact_form=email",
        "--exclude",
        f"hunter,icypeas,dropcontact,{VERIFIERS}",
    )
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_run, headwater, folder / "congress_legislators_current.csv", "congress.csv", *wanted)
        second = pool.submit(_run, headwater, folder / "openstates_sample.csv", "states.csv", "--want", "title")
        return first.result(), second.result()


@pytest.fixture
def congress(runs: tuple[Run, Run]) -> Run:
    return runs[0]


@pytest.fixture
def states(runs: tuple[Run, Run]) -> Run:
    return runs[1]


def _verbatim(before: list[dict[str, str]], after: list[dict[str, str]]) -> None:
    for own, row in zip(before, after, strict=True):
        assert {name: row[name].removeprefix("'") for name in own} == own


def test_no_member_of_congress_is_lost(congress: Run) -> None:
    summary, before, after = congress
    assert summary["rows"] == {"in": 537, "out": 537, "rejected": 0, "duplicates": 0}
    assert len({row["hw_contact_id"] for row in after}) == 537
    _verbatim(before, after)
    assert summary["vendors"]["apollo"]["records"] >= 500
    assert summary["found"]["title"] > 100


def test_names_of_congress_keep_accents_nicknames_and_endings(congress: Run, headwater: Headwater) -> None:
    _, before, after = congress
    accented = [row for row in before if not row["full_name"].isascii()]
    assert len(accented) >= 5
    ids = {row["bioguide"]: int(row["hw_contact_id"]) for row in after}
    with headwater.connect() as connection:
        names = connection.execute("select id, first_name, last_name, nickname from headwater.contact").fetchall()
    known = {identity: names for identity, *names in names}
    for row in before:
        first, last, nickname = known[ids[row["bioguide"]]]
        assert row["first_name"].startswith(first)
        assert last == row["last_name"]
        if row["nickname"]:
            assert nickname == row["nickname"]


def test_web_addresses_in_an_email_column_are_recognised(congress: Run) -> None:
    _, before, after = congress
    forms = [bool(row["contact_form"]) for row in before]
    assert sum(forms) == 89
    assert ["is a web address, not an e-mail address" in row["hw_notes"] for row in after] == forms
    address = re.compile(r"[^@\s/]+@[^@\s/]+")
    assert all(address.fullmatch(row["hw_email"]) for row in after if row["hw_email"])


def test_no_state_official_is_lost(states: Run) -> None:
    summary, before, after = states
    assert summary["rows"]["in"] == summary["rows"]["out"] == len(before) == len(after) == 3526
    assert summary["rows"]["rejected"] == 0
    assert summary["vendors"] == {}
    _verbatim(before, after)
    assert [row["hw_title"] for row in after if row["hw_row"] == "accepted"] == [
        own["title"] for own, row in zip(before, after, strict=True) if row["hw_row"] == "accepted"
    ]


def test_state_officials_are_only_joined_when_they_are_the_same(states: Run) -> None:
    """A handful sit in the file twice: same name, same office or address."""
    _, before, after = states
    by_contact: dict[str, set[str]] = {}
    for own, row in zip(before, after, strict=True):
        by_contact.setdefault(row["hw_contact_id"], set()).add(own["family_name"])
    assert [names for names in by_contact.values() if len(names) > 1] == []
    assert states[0]["rows"]["duplicates"] <= 10
