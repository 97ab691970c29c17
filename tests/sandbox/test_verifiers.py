"""The four e-mail verifiers' encodings over real HTTP."""

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .conftest import Sandbox

Start = Callable[..., Sandbox]


def url(box: Sandbox, vendor: str, path: str) -> str:
    return f"{box.where[vendor]}/{path}"


def zerobounce(box: Sandbox, path: str, key: str = "k", **query: Any) -> httpx.Response:
    return box.http.get(url(box, "zerobounce", path), params={"api_key": key, **query})


def batch(box: Sandbox, emails: list[str], key: str = "k") -> dict[str, Any]:
    body = {"api_key": key, "email_batch": [{"email_address": each, "ip_address": None} for each in emails]}
    found: dict[str, Any] = box.http.post(url(box, "zerobounce", "validatebatch"), json=body).json()
    return found


def send(box: Sandbox, text: str, key: str = "k", **fields: str) -> httpx.Response:
    data = {"api_key": key, "email_address_column": "1", "has_header_row": "true", **fields}
    files = {"file": ("list.csv", text.encode(), "text/csv")}
    return box.http.post(url(box, "zerobounce", "sendfile"), data=data, files=files)


def neverbounce(box: Sandbox, path: str, body: Any = None, key: str = "k", **query: Any) -> dict[str, Any]:
    target = url(box, "neverbounce", path)
    answer = (
        box.http.get(target, params={"key": key, **query})
        if body is None
        else box.http.post(target, json={"key": key, **body})
    )
    assert answer.status_code == 200  # whatever went wrong
    found: dict[str, Any] = answer.json()
    return found


def job(box: Sandbox, emails: list[str], key: str = "k", **more: Any) -> dict[str, Any]:
    rows = [{"id": str(place), "email": email} for place, email in enumerate(emails)]
    settings = {"input_location": "supplied", "filename": "list", "auto_parse": True, "auto_start": True}
    return neverbounce(box, "jobs/create", {**settings, "input": rows, **more}, key)


def listverify(box: Sandbox, path: str, key: str = "k", **query: Any) -> httpx.Response:
    return box.http.get(url(box, "emaillistverify", path), params={"secret": key, **query})


def brite(box: Sandbox, method: str, path: str, body: Any = None, key: str = "k") -> httpx.Response:
    base = "briteverify" if path == "fullverify" else "briteverify_bulk"
    headers = {"Authorization": f"ApiKey: {key}"}
    return box.http.request(method, url(box, base, path), json=body, headers=headers)


@pytest.fixture(scope="module")
def certain(start: Start) -> Sandbox:
    """No address of a quirk of its own."""
    quirks = [f"{vendor}.spamtrap" for vendor in ("zerobounce", "neverbounce", "emaillistverify", "briteverify")]
    quirks += ["zerobounce.abuse", "zerobounce.toxic", "zerobounce.full"]
    return start(*(word for quirk in quirks for word in ("--rate", f"{quirk}=0")))


def mailboxes(box: Sandbox, count: int = 20) -> tuple[list[str], list[str]]:
    """Addresses of people who have one, and of nobody; none at a domain that accepts everything."""
    people = [one for one in box.people() if one["employed"] and one["email"] and not one["catch_all"]][:count]
    people = [one for one in people if one["receives_mail"]]
    return [one["email"] for one in people], [f"nobody{place}@{one['domain']}" for place, one in enumerate(people)]


def mostly(found: list[str], word: str) -> bool:
    return found.count(word) >= 0.8 * len(found)


# ZeroBounce -------------------------------------------------------------------------------------------


def test_zerobounce_one(certain: Sandbox) -> None:
    there, nobody = mailboxes(certain)
    assert mostly([zerobounce(certain, "validate", email=each).json()["status"] for each in there], "valid")
    shown = [zerobounce(certain, "validate", email=each).json() for each in nobody]
    assert mostly([f"{each['status']}/{each['sub_status']}" for each in shown], "invalid/mailbox_not_found")
    assert shown[0]["mx_found"] == "true"  # a truth value as text
    assert zerobounce(certain, "validate", email="info@yopmail.com").json()["status"] in ("do_not_mail", "unknown")
    assert zerobounce(certain, "validate", email="not an address").json()["sub_status"] == "failed_syntax_check"
    days = [
        zerobounce(certain, "validate", email=each, activity_data="true").json().get("active_in_days") for each in there
    ]
    assert any(isinstance(each, str) for each in days)


def test_zerobounce_charges_again_but_not_for_unknown_or_test_addresses(start: Start) -> None:
    box = start()
    for name in ("valid", "unknown", "spamtrap", "greylisted"):
        zerobounce(box, "validate", email=f"{name}@example.com")
    assert box.control("meter")["zerobounce"]["credits"] == "0"
    (email, *_), _ = mailboxes(box)
    status, *_ = [zerobounce(box, "validate", email=email).json()["status"] for _ in range(3)]
    meter = box.control("meter")["zerobounce"]
    assert meter["credits"] == ("0" if status == "unknown" else "3")
    assert meter["charged_again"] == (0 if status == "unknown" else 2)


def test_zerobounce_says_all_wrongs_with_a_200(sandbox: Sandbox) -> None:
    for key in ("bad-key", "no-credits"):
        assert "Invalid API key" in zerobounce(sandbox, "validate", key, email="a@b.co").json()["error"]
        refused = batch(sandbox, ["a@b.co"], key)
        assert refused["email_batch"] == []
        assert refused["errors"][0]["email_address"] == "all"
        refused_file = send(sandbox, "email\na@b.co\n", key)
        assert (refused_file.status_code, refused_file.json()["success"]) == (200, "False")
    assert zerobounce(sandbox, "getcredits", "bad-key").json() == {"Credits": "-1"}
    assert zerobounce(sandbox, "getcredits").json()["Credits"].isdecimal()


def test_zerobounce_batch(certain: Sandbox) -> None:
    there, nobody = mailboxes(certain)
    found = batch(certain, [*there, *nobody, ""])
    by_address = {each["address"]: each["status"] for each in found["email_batch"]}
    assert set(by_address) == {*there, *nobody}
    assert mostly([by_address[each] for each in there], "valid")
    assert list(by_address) != [*there, *nobody]  # not in the order of the request
    assert len(found["errors"]) == 1
    too_many = {"api_key": "k", "email_batch": [{"email_address": "a@b.co"}] * 101}
    assert certain.http.post(url(certain, "zerobounce", "validatebatch"), json=too_many).status_code == 400


def test_zerobounce_file(certain: Sandbox) -> None:
    there, nobody = mailboxes(certain)
    emails = [*there, *nobody]
    accepted = send(certain, "email\r\n" + "\r\n".join(emails)).json()
    assert accepted["success"] is True
    file = accepted["file_id"]
    state = zerobounce(certain, "filestatus", file_id=file).json()
    assert (state["file_status"], state["complete_percentage"]) == ("Complete", "100%")
    table = list(csv.DictReader(io.StringIO(zerobounce(certain, "getfile", file_id=file).text)))
    assert [row["Email Address"] for row in table] == emails
    assert mostly([row["ZB Status"] for row in table[len(there) :]], "invalid")
    assert {row["ZB MX Found"] for row in table} == {"true"}
    missing = zerobounce(certain, "getfile", file_id="nope")
    assert (missing.status_code, missing.json()["success"]) == (200, False)
    doubled = send(certain, "email\n" + "a@b.co\n" * 3, remove_duplicate="true")
    assert doubled.status_code == 400
    assert send(certain, "email\n" + "a@b.co\n" * 3, remove_duplicate="false").json()["success"] is True


def test_zerobounce_takes_its_time_over_a_file(start: Start) -> None:
    box = start("--rate", "zerobounce.pending_polls=2")
    file = send(box, "email\na@b.co\n").json()["file_id"]
    assert zerobounce(box, "getfile", file_id=file).json()["success"] == "False"
    states = [zerobounce(box, "filestatus", file_id=file).json()["file_status"] for _ in range(2)]
    assert states == ["Processing", "Complete"]


def test_zerobounce_blocks_for_longer_than_its_window(start: Start) -> None:
    box = start("--limits", "zerobounce=x0.04")  # one batch a minute
    body = {"api_key": "k", "email_batch": [{"email_address": "valid@example.com"}]}
    answers = [box.http.post(url(box, "zerobounce", "validatebatch"), json=body) for _ in range(3)]
    assert [each.status_code for each in answers] in ([200, 429, 429], [200, 200, 429])
    assert "retry-after" not in answers[-1].headers
    box.change(limits={"zerobounce": "off"})
    assert box.http.post(url(box, "zerobounce", "validatebatch"), json=body).status_code == 429


# NeverBounce ------------------------------------------------------------------------------------------


def test_neverbounce_one(certain: Sandbox) -> None:
    there, nobody = mailboxes(certain)
    assert mostly([neverbounce(certain, "single/check", email=each)["result"] for each in there], "valid")
    shown = neverbounce(certain, "single/check", email=nobody[0], address_info="1")
    assert shown["status"] == "success"
    assert shown["address_info"]["original_email"] == nobody[0]
    assert neverbounce(certain, "single/check", {"email": there[0]})["status"] == "success"  # POST is the same


def test_neverbounce_says_all_wrongs_with_a_200(start: Start) -> None:
    box = start("--limits", "neverbounce=published")
    assert neverbounce(box, "single/check", key="bad-key", email="a@b.co")["status"] == "auth_failure"
    assert neverbounce(box, "single/check")["status"] == "general_failure"
    assert "credit" in neverbounce(box, "single/check", key="no-credits", email="a@b.co")["message"]
    assert neverbounce(box, "jobs/status", job_id="7")["status"] == "general_failure"
    created = [job(box, ["a@b.co"])["status"] for _ in range(11)]
    assert created == ["success"] * 10 + ["throttle_triggered"]


def test_neverbounce_job(certain: Sandbox) -> None:
    there, nobody = mailboxes(certain)
    emails = [*there, *nobody]
    created = job(certain, emails)
    assert isinstance(created["job_id"], int)
    state = neverbounce(certain, "jobs/status", job_id=created["job_id"])
    assert (state["job_status"], state["total"]["billable"]) == ("complete", len(emails))
    pages = [
        neverbounce(certain, "jobs/results", job_id=created["job_id"], page=page, items_per_page=15)["results"]
        for page in (1, 2, 3, 4)
    ]
    rows = [row for page in pages for row in page]
    assert rows[0]["data"] == {"id": "id", "email": "email"}  # the names of the columns, as a row
    found = {row["data"]["email"]: row["verification"]["result"] for row in rows[1:]}
    assert set(found) == set(emails)
    assert [row["data"]["email"] for row in rows[1:]] != emails
    assert mostly([found[each] for each in nobody], "invalid")
    bad = neverbounce(certain, "jobs/results", job_id=created["job_id"], items_per_page=1001)
    assert bad["status"] == "general_failure"


def test_neverbounce_bills_every_check_and_waits_to_be_started(start: Start) -> None:
    box = start()
    for _ in range(3):
        neverbounce(box, "single/check", email="a@b.co")
    waiting = job(box, ["a@b.co", "c@d.co"], auto_start=False)
    assert neverbounce(box, "jobs/status", job_id=waiting["job_id"])["job_status"] == "waiting"
    assert box.control("meter")["neverbounce"]["credits"] == "3"
    job(box, ["a@b.co", "c@d.co"])
    assert box.control("meter")["neverbounce"]["credits"] == "5"


# EmailListVerify --------------------------------------------------------------------------------------


def test_emaillistverify_one(certain: Sandbox) -> None:
    there, nobody = mailboxes(certain)
    answers = [listverify(certain, "verifyEmail", email=each) for each in there]
    assert mostly([each.text for each in answers], "ok")
    assert answers[0].headers["content-type"].startswith("text/plain")
    assert mostly([listverify(certain, "verifyEmail", email=each).text for each in nobody], "email_disabled")
    newer = certain.http.get(
        url(certain, "emaillistverify", "verifyEmail"), params={"email": there[0]}, headers={"x-api-key": "k"}
    )
    assert newer.text == answers[0].text


def test_emaillistverify_wrongs(start: Start) -> None:
    box = start("--limits", "emaillistverify=published")
    wrong = listverify(box, "verifyEmail", "bad-key", email="a@b.co")
    assert wrong.status_code == 401
    assert wrong.json() == {"statusCode": 401, "message": "Invalid api key", "error": "Unauthorized"}
    broke = listverify(box, "verifyEmail", "no-credits", email="a@b.co")
    assert (broke.status_code, broke.text) == (200, "error_credit")
    assert 429 in [listverify(box, "verifyEmail", email="a@b.co").status_code for _ in range(25)]


@pytest.mark.parametrize("shape", ["text", "json"])
def test_emaillistverify_file(start: Start, shape: str) -> None:
    box = start("--rate", f"emaillistverify.info_shape={shape}", "--rate", "emaillistverify.pending_polls=1")
    there, nobody = mailboxes(box)
    emails = [*there, *nobody]
    target = url(box, "emaillistverify", "verifApiFile")
    files = {"file_contents": ("list.csv", "\n".join(["email", *emails]), "text/csv")}
    file = box.http.post(target, params={"secret": "k", "filename": "list.csv"}, files=files).text
    states = [listverify(box, "getApiFileInfo", file_id=file) for _ in range(2)]
    if shape == "text":
        assert [each.text.split("|")[5] for each in states] == ["progress", "finished"]
        assert states[1].text.split("|")[3:5] == [str(len(emails))] * 2
    else:
        assert [each.json()["status"] for each in states] == ["processing", "completed"]
    table = list(csv.DictReader(io.StringIO(listverify(box, "downloadApiFile", file_id=file).text)))
    assert [row["email"] for row in table] == emails
    assert mostly([row["ELV Result"] for row in table[: len(there)]], "ok")
    assert listverify(box, "getApiFileInfo", file_id="nope").text == "error_file_not_exists"
    assert box.control("meter")["emaillistverify"]["credits"] == str(len(emails))


# BriteVerify ------------------------------------------------------------------------------------------


def test_briteverify_one(certain: Sandbox) -> None:
    there, nobody = mailboxes(certain)
    found = [brite(certain, "POST", "fullverify", {"email": each}).json()["email"] for each in there]
    assert mostly([each["status"] for each in found], "valid")
    dead = [brite(certain, "POST", "fullverify", {"email": each}).json()["email"] for each in nobody]
    assert mostly([each.get("error_code", "") for each in dead], "email_account_invalid")
    assert brite(certain, "POST", "fullverify", {}).json() == {
        "errors": {"default": "invalid or missing query parameter"}
    }
    wrong = certain.http.post(
        url(certain, "briteverify", "fullverify"), json={"email": "a@b.co"}, headers={"Authorization": "ApiKey k"}
    )
    assert (wrong.status_code, list(wrong.json()["errors"])) == (401, ["user"])
    assert brite(certain, "POST", "fullverify", {"email": "a@b.co"}, "no-credits").status_code == 402


def test_briteverify_list(start: Start) -> None:
    box = start("--rate", "briteverify.pending_polls=1")
    there, nobody = mailboxes(box)
    emails = [*there, *nobody]
    body = {"directive": "start", "contacts": [{"email": each} for each in emails]}
    created = brite(box, "POST", "lists", body).json()
    assert (created["status"], created["list"]["state"]) == ("success", "pending")
    ident = created["list"]["id"]
    assert brite(box, "GET", f"lists/{ident}").json()["state"] == "verifying"
    done = brite(box, "GET", f"lists/{ident}").json()
    assert (done["state"], done["progress"]) == ("complete", 100)
    page = brite(box, "GET", f"lists/{ident}/export/1").json()
    assert int(page["num_pages"]) == 1
    found = {row["email"]["email"]: row["email"]["status"] for row in page["results"]}
    assert set(found) == set(emails)
    assert mostly([found[each] for each in nobody], "invalid")
    assert brite(box, "GET", f"lists/{ident}/export/2").json()["status"] == "invalid_page_number"
    assert brite(box, "GET", "lists/nope").status_code == 404
    assert box.control("meter")["briteverify"]["credits"] == str(len(emails))


def test_briteverify_lists_that_are_refused_or_only_opened(sandbox: Sandbox) -> None:
    refused = [
        ({"emails": ["a@b.co"], "contacts": [{"email": "a@b.co"}]}, "duplicate_data"),
        ({"contacts": []}, "missing_data"),
        ({"directive": "begin", "emails": ["a@b.co"]}, "invalid_state"),
        ({"emails": ["a@b.co"] * 100_001}, "exceeds_limit"),
    ]
    for body, status in refused:
        answer = brite(sandbox, "POST", "lists", body)
        assert (answer.status_code, answer.json()["status"]) == (400, status)
    opened = brite(sandbox, "POST", "lists", {"emails": ["a@b.co"]}).json()["list"]
    assert opened["state"] == "open"
    time.sleep(0.05)
    assert brite(sandbox, "GET", f"lists/{opened['id']}").json()["state"] == "open"
    assert brite(sandbox, "GET", f"lists/{opened['id']}/export/1").status_code == 400
