"""Dropcontact's encodings over real HTTP."""

from collections.abc import Callable
from typing import Any

from .conftest import Sandbox

NOT_READY = {"error": False, "success": False, "reason": "Request not ready yet, try again in 30 seconds"}


def _records(people: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"first_name": one["first"], "last_name": one["last"], "company": one["company"], "website": one["domain"]}
            for one in people]  # fmt: skip


def test_credits_are_taken_then_given_back_for_misses(start: Callable[..., Sandbox]) -> None:
    box = start("--rate", "dropcontact.credits=100", "--rate", "dropcontact.pending_polls=1")
    ack = box.dropcontact(_records(box.people(40))).json()
    assert ack["credits_left"] == 60
    path = f"enrich/all/{ack['request_id']}"
    assert box.dropcontact_get(path).json() == NOT_READY
    done = box.dropcontact_get(path).json()
    verified = [
        one for one in done["data"] if not one.get("email", [{}])[0].get("qualification", "non_v").startswith("non_v")
    ]
    assert done["credits_left"] == 100 - len(verified)
    assert box.dropcontact_get("account/credits").json() == {"credits": done["credits_left"]}
    meter = box.control("meter")["dropcontact"]
    assert (meter["credits_charged"], meter["credits"]) == ("40", str(len(verified)))


def test_only_populated_attributes_in_place(sandbox: Sandbox) -> None:
    records = _records(sandbox.people(40))
    request = sandbox.dropcontact([{**one, "custom_fields": {"n": str(n)}} for n, one in enumerate(records)]).json()
    data = sandbox.dropcontact_get(f"enrich/all/{request['request_id']}").json()["data"]
    assert [one["custom_fields"]["n"] for one in data] == [str(n) for n in range(40)]
    assert all(value not in (None, "", []) for one in data for value in one.values())
    assert all(one["website"].startswith("www.") for one in data)
    assert 0 < sum("email" in one for one in data) < 40


def test_qualifications_follow_the_language(sandbox: Sandbox) -> None:
    words = set[str]()
    for language in ("en", "fr"):
        request = sandbox.dropcontact(_records(sandbox.people(60)), language=language).json()
        data = sandbox.dropcontact_get(f"enrich/all/{request['request_id']}").json()["data"]
        words |= {one["email"][0]["qualification"] for one in data if "email" in one}
    assert {"nominative@pro", "nominatif@pro"} <= words


def test_an_address_sent_is_charged_and_judged(start: Callable[..., Sandbox]) -> None:
    box = start()
    request = box.dropcontact(
        [{"email": "nobody@nowhere-at-all.com"}, {"email": "info@gmail.com"}, {"company": "x"}]
    ).json()
    data = box.dropcontact_get(f"enrich/all/{request['request_id']}").json()["data"]
    assert isinstance(data[0]["email"], list)
    assert "email" not in data[2]
    assert box.control("meter")["dropcontact"]["credits"] == "2"


def test_refusals(sandbox: Sandbox) -> None:
    one = {"email": "a@b.co"}
    assert sandbox.dropcontact([one] * 251).json()["reason"].startswith("Too many records")
    assert sandbox.dropcontact([{**one, "x": "y" * 15_001}]).json()["reason"].startswith("Data size is too big")
    assert sandbox.dropcontact(None).json()["reason"] == "Missing data in JSON"
    assert sandbox.dropcontact([one], key="no-credits").status_code == 403
    assert sandbox.dropcontact([one], key="bad-key").status_code == 401
    assert sandbox.dropcontact_get("account/credits", key="bad-key").json() == {"detail": "Invalid token"}
    assert sandbox.dropcontact_get("enrich/all/unknown").json() == NOT_READY


def test_force_results_gives_what_is_ready(start: Callable[..., Sandbox]) -> None:
    box = start("--latency", "1")
    request = box.dropcontact(_records(box.people(10))).json()["request_id"]
    assert box.dropcontact_get(f"enrich/all/{request}").json() == NOT_READY
    forced = box.dropcontact_get(f"enrich/all/{request}", forceResults="true").json()
    assert forced["success"] is True
    assert len(forced["data"]) == 10


def test_sixty_a_second(start: Callable[..., Sandbox]) -> None:
    box = start("--limits", "dropcontact=x0.1")
    assert 429 in {box.dropcontact_get("account/credits").status_code for _ in range(15)}
