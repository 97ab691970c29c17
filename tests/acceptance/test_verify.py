"""Level 4 from the command line, against the truth of the made-up world: no dead mailbox valid, no live one invalid."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent
Headwater = Any

# What may be said of an address; only the first is expected where no server is moody.
_FITS = {
    "alive": ("valid", "risky", "unknown"),
    "catch_all": ("risky", "unknown"),
    "dead": ("invalid", "unknown"),
}


@pytest.fixture(scope="module")
def world() -> dict[str, str]:
    """Addresses of the made-up world, people's own and others at the same employers, with what is true of them."""
    command = [str(BIN / "headwater-sandbox"), "truth", "--all", "400", "--json"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    people = [json.loads(line) for line in lines]
    found: dict[str, str] = {}
    for person in people:
        alive = "catch_all" if person["catch_all"] else "alive"
        truth = alive if person["receives_mail"] else "dead"
        last = "".join(filter(str.isalpha, person["last"].encode("ascii", "ignore").decode()))
        found[f"nobody.{last}@{person['domain']}"] = "catch_all" if truth == "catch_all" else "dead"
        if person["work_email"]:
            found[person["work_email"]] = truth
    return found


def test_no_mailbox_is_called_what_it_is_not(headwater: Headwater, world: dict[str, str]) -> None:
    source = headwater.write("mail.csv", [{"Address": address} for address in world])
    done = headwater.run("verify", "email", "--sandbox", "--file", source, "--column", "address", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["email"] for each in found] == list(world)
    wrong = [each for each in found if each["status"] not in _FITS[world[each["email"]]]]
    assert wrong == []
    sure = [each for each in found if each["status"] == _FITS[world[each["email"]]][0]]
    assert len(sure) >= 0.7 * len(world)  # whole employers greylist, or refuse whoever asks
    asked = [each for each in found if each["level"] == "smtp"]
    assert all(each["smtp"]["code"] and each["smtp"]["phase"] and each["mx"] for each in asked)
    assert {each["status"] for each in found} == {"valid", "invalid", "risky", "unknown"}
    assert "made up" in done.stderr


def test_mail_servers_are_not_asked_without_an_identity(headwater: Headwater) -> None:
    refused = headwater.run("verify", "email", "ada@example.org", "--level", "smtp", code=2)
    assert "HEADWATER_SMTP_HELO" in refused.stderr
    assert refused.stdout == ""


def test_a_job_asks_mail_servers_before_it_pays_a_verifier(headwater: Headwater) -> None:
    """Under an identity their lane joins the waterfall: free, kept in the history, and put off where a server wants."""
    command = [str(BIN / "headwater-sandbox"), "sample", "--rows", "60", "--seed", "1", "-o", "leads.csv"]
    subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=headwater.folder)
    identity = {
        "HEADWATER_SMTP_HELO": "probe.headwater-tests.com", "HEADWATER_SMTP_MAIL_FROM": "probe@headwater-tests.com",
    }  # fmt: skip
    summary = headwater.enrich(headwater.folder / "leads.csv", "out.csv", "--exclude", "dropcontact,apollo", **identity)
    asked = summary["vendors"]["mailbox"]
    assert asked["records"] > 10
    assert float(asked["spent_usd"]) == 0
    rows = headwater.read("out.csv")
    valid = [row for row in rows if row["hw_email_status"] == "valid"]
    assert valid
    history = headwater.json("contacts", "validations", valid[0]["hw_contact_id"])
    assert {"mailbox.verify"} <= {each["by"] for each in history}
    with headwater.connect() as connection:
        put_off = connection.execute(
            "select count(*) from headwater.verdict where source = 'mailbox.verify' and sub_status = 'deferred'"
        ).fetchone()
        waiting = connection.execute("select count(*) from headwater.mailbox_recheck").fetchone()
    assert put_off is not None
    assert waiting is not None
    assert (waiting[0] > 0) is (put_off[0] > 0)
