"""Icypeas' encodings over real HTTP."""

import time
from collections.abc import Callable
from typing import Any

from .conftest import Sandbox

RUNNING = {"NONE", "SCHEDULED", "IN_PROGRESS"}


def _rows(people: list[dict[str, Any]]) -> list[list[str]]:
    return [[one["first"], one["last"], one["domain"]] for one in people]


def _bulk(box: Sandbox, rows: list[list[str]], key: str = "k", **more: Any) -> str:
    body = {"task": "email-search", "name": "leads", "data": rows, **more}
    answer = box.icypeas("bulk-search", body, key).json()
    assert answer["success"], answer
    return str(answer["file"])


def _read(box: Sandbox, file: str, key: str = "k", **more: Any) -> dict[str, Any]:
    page: dict[str, Any] = box.icypeas("bulk-single-searchs/read", {"mode": "bulk", "file": file, **more}, key).json()
    return page


def test_single_search_is_acknowledged_then_read(start: Callable[..., Sandbox]) -> None:
    box = start("--rate", "icypeas.pending_polls=1", "--rate", "icypeas.coverage=1")
    person = next(one for one in box.people() if one["employed"] and one["email"] and not one["catch_all"])
    body = {"firstname": person["first"], "lastname": person["last"], "domainOrCompany": person["domain"],
            "custom": {"externalId": "row-1"}}  # fmt: skip
    ack = box.icypeas("email-search", body).json()
    assert ack["item"]["status"] == "NONE"
    reads = [box.icypeas("bulk-single-searchs/read", {"id": ack["item"]["_id"]}).json()["items"][0] for _ in range(2)]
    assert reads[0]["status"] in RUNNING
    assert reads[1]["status"] in ("FOUND", "DEBITED")
    assert reads[1]["results"]["emails"][0]["certainty"] in ("ultra_sure", "very_sure", "probable")
    assert reads[1]["userData"]["externalId"] == "row-1"
    assert box.control("meter")["icypeas"]["credits"] == "1"


def test_bulk_pages_in_input_order_with_the_cursor(sandbox: Sandbox) -> None:
    rows = _rows(sandbox.people(130))
    file = _bulk(sandbox, rows, custom={"externalIds": [str(place) for place in range(130)]})
    page, seen = _read(sandbox, file, limit=100), list[str]()
    while page["items"]:
        seen += [item["userData"]["externalId"] for item in page["items"]]
        page = _read(sandbox, file, limit=100, next=True, sorts=page["sorts"])
    assert seen == [str(place) for place in range(130)]
    assert page["total"] == 130
    assert _read(sandbox, file, limit=101)["validationErrors"][0]["field"] == "limit"
    assert _read(sandbox, file, next=True)["validationErrors"][0]["field"] == "sorts"
    progress = sandbox.icypeas("search-files/read", {"file": file}).json()["files"][0]
    assert (progress["status"], progress["finished"]) == ("done", 130)


def test_statuses_of_a_bulk(start: Callable[..., Sandbox]) -> None:
    box = start("--rate", "icypeas.credits=3", "--rate", "icypeas.coverage=1")
    people = [one for one in box.people() if one["employed"] and one["email"]][:6]
    items = _read(box, _bulk(box, [*_rows(people), ["", "", ""]]), limit=100)["items"]
    statuses = [item["status"] for item in items]
    assert statuses.count("INSUFFICIENT_FUNDS") == 3
    assert statuses[-1] == "BAD_INPUT"
    assert sum(status in ("FOUND", "DEBITED") for status in statuses) == 3
    assert box.control("meter")["icypeas"]["credits"] == "3"
    missing = _read(box, _bulk(box, [["Ann", "Smith", "gmail.com"]], "k2"), "k2")["items"]
    assert missing[0]["status"] == "NOT_FOUND"
    box.change(rates={"icypeas.aborted": 1})
    assert _read(box, _bulk(box, _rows(people), "k3"), "k3")["items"][0]["status"] == "ABORTED"


def test_work_in_progress_then_done(start: Callable[..., Sandbox]) -> None:
    box = start("--latency", "0.03", "--rate", "icypeas.bulk_rows_a_second=20")
    file = _bulk(box, _rows(box.people(20)))
    first = {item["status"] for item in _read(box, file, limit=100)["items"]}
    assert first & RUNNING
    until = time.monotonic() + 10
    while {item["status"] for item in _read(box, file, limit=100)["items"]} & RUNNING and time.monotonic() < until:
        time.sleep(0.05)
    assert not {item["status"] for item in _read(box, file, limit=100)["items"]} & RUNNING


def test_invalid_input_is_200_and_not_success(sandbox: Sandbox) -> None:
    for path, body in (
        ("email-search", {"firstname": "", "lastname": "", "domainOrCompany": "a.com"}), ("email-verification", {}),
        ("bulk-search", {"task": "x", "name": "n", "data": [["a"]]}),
        ("bulk-search", {"task": "email-verification", "name": "n", "data": [["a@b.co"]] * 5001}),
    ):  # fmt: skip
        answer = sandbox.icypeas(path, body)
        assert answer.status_code == 200
        assert answer.json()["success"] is False
        assert answer.json()["validationErrors"]
    assert sandbox.icypeas("bulk-single-searchs/read", {"id": "nope"}).json()["error"] == "SearchNotFoundError"


def test_key_and_limits(start: Callable[..., Sandbox]) -> None:
    box = start("--limits", "icypeas=published")
    for key in ("bad-key", "Bearer k"):
        answer = box.icypeas("email-verification", {"email": "a@b.co"}, key)
        assert answer.status_code == 401
        assert "Unauthorized access." in answer.text
    polls = [box.icypeas("search-files/read", {"file": "x"}).status_code for _ in range(31)]
    assert 429 in polls
    refused = box.icypeas("bulk-search", {}).status_code, box.icypeas("bulk-search", {}).status_code
    assert refused in ((200, 429), (200, 200))
    box.icypeas("email-verification", {"email": "a@b.co"}, "no-credits")


def test_verification_words(sandbox: Sandbox) -> None:
    person = next(one for one in sandbox.people() if one["email"] and not one["catch_all"])
    rows = [[f"nobody{n}@{person['domain']}"] for n in range(20)] + [[person["email"]]]
    file = str(sandbox.icypeas("bulk-search", {"task": "email-verification", "name": "v", "data": rows}).json()["file"])
    items = _read(sandbox, file, limit=100)["items"]
    words = [item["results"]["emails"][0]["certainty"] for item in items]
    assert words[:20].count("undeliverable") >= 15
    assert set(words) <= {"ultra_sure", "very_sure", "probable", "undeliverable", "not_found"}
