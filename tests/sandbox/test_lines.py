"""The vendors who check telephone lines, over real HTTP: their encodings, their errors, what they charge."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .conftest import Sandbox

MOBILE, LANDLINE, CANADIAN = "+447400123456", "+442083661177", "+14168675309"
BOTH = "line_type_intelligence,line_status"


def twilio(box: Sandbox, number: str, secret: str = "k", **query: str) -> httpx.Response:
    return box.http.get(f"{box.where['twilio']}/PhoneNumbers/{number}", params=query, auth=("SK1", secret))


def numverify(box: Sandbox, key: str = "k", **query: str) -> Any:
    answer = box.http.get(f"{box.where['numverify']}/validate", params={**query, "access_key": key})
    assert answer.status_code == 200  # whatever it says
    return answer.json()


def hlr(box: Sandbox, number: str, key: str = "k", *, moment: int | None = None, **changed: str) -> httpx.Response:
    body = f'{{"msisdn":"{number}"}}'
    at = str(int(time.time()) if moment is None else moment)
    signed = hmac.new(f"{key}-secret".encode(), f"/hlr-lookup{at}POST{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-Digest-Key": key, "X-Digest-Timestamp": at, "X-Digest-Signature": signed, **changed}
    return box.http.post(f"{box.where['hlrlookups']}/hlr-lookup", content=body, headers=headers)


def numbers(count: int = 200) -> list[str]:
    return [f"+4474001{23456 + place}" for place in range(count)]


# Twilio ---------------------------------------------------------------------------------------------


def test_twilio_gives_the_packages_that_were_asked_for(sandbox: Sandbox) -> None:
    plain = twilio(sandbox, MOBILE).json()
    assert (plain["valid"], plain["validation_errors"], plain["country_code"]) == (True, [], "GB")
    assert plain["line_type_intelligence"] is plain["line_status"] is None
    both = twilio(sandbox, MOBILE, Fields=BOTH).json()
    assert set(both["line_type_intelligence"]) == {
        "error_code", "mobile_country_code", "mobile_network_code", "carrier_name", "type"
    }  # fmt: skip
    assert both["line_status"]["status"] in ("active", "reachable", "unreachable", "inactive", "unknown")
    assert both == twilio(sandbox, MOBILE, Fields=BOTH).json()


def test_twilio_reads_national_numbers_and_says_why_others_are_none(sandbox: Sandbox) -> None:
    assert twilio(sandbox, "07400123456", CountryCode="GB").json()["phone_number"] == MOBILE
    for number, problem in (
        ("+4474", "TOO_SHORT"),
        (f"{MOBILE}99999", "TOO_LONG"),
        ("+999123", "INVALID_COUNTRY_CODE"),
    ):
        answer = twilio(sandbox, number, Fields=BOTH)
        assert (answer.status_code, answer.json()["valid"]) == (200, False)
        assert answer.json()["validation_errors"] == [problem]


def test_twilio_errors(sandbox: Sandbox) -> None:
    for secret in ("bad-key", ""):
        answer = twilio(sandbox, MOBILE, secret, Fields=BOTH)
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert twilio(sandbox, MOBILE, Fields="line_type").json()["code"] == 60617
    broke = twilio(sandbox, MOBILE, "no-credits", Fields=BOTH)
    assert (broke.status_code, broke.json()["code"]) == (401, 20005)
    assert twilio(sandbox, MOBILE, "no-credits").status_code == 200  # formatting is free


def test_twilio_tells_nothing_of_canada_without_approval(start: Callable[..., Sandbox]) -> None:
    box = start()
    said = twilio(box, CANADIAN, Fields=BOTH).json()["line_type_intelligence"]
    assert (said["error_code"], said["type"]) == (60601, None)
    box.change(rates={"twilio.npac_approval": 1})
    assert twilio(box, CANADIAN, Fields=BOTH).json()["line_type_intelligence"]["type"]


def test_twilio_charges_by_the_package(start: Callable[..., Sandbox]) -> None:
    box = start()
    twilio(box, MOBILE)
    twilio(box, MOBILE, Fields="line_type_intelligence")
    twilio(box, MOBILE, Fields=BOTH)
    assert box.control("meter")["twilio"]["credits"] == "2.875"


def test_most_lines_live_and_some_mobiles_are_something_else(sandbox: Sandbox) -> None:
    answers = [twilio(sandbox, number, Fields=BOTH).json() for number in numbers()]
    states = [each["line_status"]["status"] for each in answers]
    kinds = [each["line_type_intelligence"]["type"] for each in answers]
    assert 0.05 < states.count("inactive") / len(states) < 0.3
    assert 0.02 < sum("Voip" in kind for kind in kinds) / len(kinds) < 0.2
    assert kinds.count("mobile") > 150
    assert all(
        state == "unknown" for state, kind in zip(states, kinds, strict=True) if kind != "mobile"
    )  # its register knows mobiles only


# Numverify ------------------------------------------------------------------------------------------


def test_numverify_answers_without_a_success(sandbox: Sandbox) -> None:
    answer = numverify(sandbox, number=MOBILE.lstrip("+"))
    assert "success" not in answer
    assert (answer["valid"], answer["number"], answer["line_type"]) == (True, "447400123456", "mobile")
    assert numverify(sandbox, number="02083661177", country_code="GB")["line_type"] == "landline"
    assert numverify(sandbox, number="123")["valid"] is False


@pytest.mark.parametrize(
    ("key", "query", "code"),
    [
        ("bad-key", {"number": "447400123456"}, 101),
        ("no-credits", {"number": "447400123456"}, 104),
        ("k", {}, 210),
        ("k", {"number": "four"}, 211),
        ("k", {"number": "123", "country_code": "XX"}, 310),
    ],
)
def test_numverifys_errors_have_the_status_of_a_success(
    sandbox: Sandbox, key: str, query: dict[str, str], code: int
) -> None:
    answer = numverify(sandbox, key, **query)
    assert (answer["success"], answer["error"]["code"]) == (False, code)


def test_numverify_is_throttled_with_a_200(start: Callable[..., Sandbox]) -> None:
    box = start("--limits", "numverify=published")
    while time.time() % 1 > 0.2:
        time.sleep(0.02)
    answers = [numverify(box, number="447400123456") for _ in range(12)]
    assert {each.get("error", {}).get("code") for each in answers} == {None, 106}


# HLR Lookups ----------------------------------------------------------------------------------------


def test_the_register_answers_a_signed_request(sandbox: Sandbox) -> None:
    answers = [hlr(sandbox, number).json() for number in numbers()]
    states = {each["connectivity_status"] for each in answers}
    assert states == {"CONNECTED", "ABSENT", "INVALID_MSISDN", "UNDETERMINED"}
    connected = next(each for each in answers if each["connectivity_status"] == "CONNECTED")
    assert (connected["cost"], connected["data_source"]) == ("0.0100", "LIVE_HLR")
    assert connected["imsi"].isdecimal()
    ported = [each for each in answers if each["is_ported"]]
    assert 0.1 < len(ported) / len(answers) < 0.5
    assert all(each["ported_network_name"] for each in ported)


def test_the_register_has_no_landlines(sandbox: Sandbox) -> None:
    assert hlr(sandbox, LANDLINE).json()["connectivity_status"] in ("INVALID_MSISDN", "UNDETERMINED")


@pytest.mark.parametrize(
    "changed",
    [{"X-Digest-Signature": "0" * 64}, {"X-Digest-Key": "another"}, {"X-Digest-Timestamp": "1700000000"}],
    ids=["signature", "key", "time"],
)
def test_a_request_that_was_not_signed_so_is_refused(sandbox: Sandbox, changed: dict[str, str]) -> None:
    assert hlr(sandbox, MOBILE, **changed).status_code == 401


def test_an_old_signature_is_refused_and_so_is_a_bad_key(sandbox: Sandbox) -> None:
    assert hlr(sandbox, MOBILE, moment=int(time.time()) - 4000).status_code == 401
    assert hlr(sandbox, MOBILE, "bad-key").status_code == 401
    assert hlr(sandbox, MOBILE, "no-credits").status_code == 402


def test_basic_credentials_do_as_well(sandbox: Sandbox) -> None:
    url, body = f"{sandbox.where['hlrlookups']}/hlr-lookup", {"msisdn": MOBILE}
    assert sandbox.http.post(url, json=body, auth=("k", "k-secret")).status_code == 200
    assert sandbox.http.post(url, json=body, auth=("k", "wrong")).status_code == 401


def test_two_vendors_know_one_truth(sandbox: Sandbox) -> None:
    """Where both can tell, a line that one calls dead the other does not call living."""
    for number in numbers(100):
        status = twilio(sandbox, number, Fields=BOTH).json()["line_status"]["status"]
        state = hlr(sandbox, number).json()["connectivity_status"]
        if status != "unknown" and state != "UNDETERMINED":
            assert (status == "inactive") is (state == "INVALID_MSISDN"), number
