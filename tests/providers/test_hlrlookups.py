"""HLR Lookups, by its documents and its own SDK: signed requests, four states, and what is never kept."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.providers.base import Account, Query, Response
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.hlrlookups import HlrLookups
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

HLR = HlrLookups()
PHONE = frozenset({Field.PHONE})
MOBILE, LANDLINE, EITHER = "+905536939460", "+4989702626", "+14156226819"


def check(number: str = MOBILE) -> Query:
    return Query("r1", PHONE, phone=number)


def body(number: str = MOBILE, **changes: Any) -> dict[str, Any]:
    return {
        "id": "f94ef092cb53", "msisdn": number, "connectivity_status": "CONNECTED", "mccmnc": "28601", "mcc": "286",
        "mnc": "01", "imsi": "286011234567890", "msin": "1234567890", "msc": "905320000001",
        "original_network_name": "Turkcell", "original_country_code": "TR", "is_ported": False,
        "ported_network_name": None, "is_roaming": True, "roaming_network_name": "Vodafone DE", "cost": "0.0100",
        "timestamp": "2026-08-07 19:16:17.676+0300", "processing_status": "COMPLETED", "error_code": None,
        "data_source": "LIVE_HLR",
    } | changes  # fmt: skip


def read(respond: Respond, answer: Any, status: int = 200, number: str = MOBILE) -> Any:
    return HLR.read("hlr", [check(number)], respond(status, answer)).answers[0]


def test_the_signature_covers_path_time_method_and_the_very_body() -> None:
    account = Account("hlrlookups", "https://www.hlr-lookups.com/api/v2", "the-key:the:secret")
    request = HLR.ask("hlr", [check()], account)
    assert (request.method, request.url) == ("POST", "https://www.hlr-lookups.com/api/v2/hlr-lookup")
    assert request.body == '{"msisdn":"+905536939460"}'
    assert request.stamp is not None
    covered = b'/hlr-lookup1700000000POST{"msisdn":"+905536939460"}'
    assert request.stamp(1_700_000_000) == {
        "X-Digest-Key": "the-key",
        "X-Digest-Timestamp": "1700000000",
        "X-Digest-Signature": hmac.new(b"the:secret", covered, hashlib.sha256).hexdigest(),
    }
    assert request.stamp(1_700_000_000) != request.stamp(1_700_000_001)
    assert "secret" not in json.dumps([dict(request.headers), dict(request.stamp(1)), request.body])


def test_what_is_not_confirmed_is_an_option() -> None:
    options = {"auth": "basic", "route": "IP1"}
    request = HLR.ask("hlr", [check()], Account("hlrlookups", "https://x.test", "key:secret", options))
    assert request.body == '{"msisdn":"+905536939460","route":"IP1"}'
    assert request.headers["Authorization"] == "Basic a2V5OnNlY3JldA=="
    assert request.stamp is None


@pytest.mark.parametrize("number", [LANDLINE, "+448001234567"])
def test_networks_are_not_asked_about_lines_that_are_no_mobiles(account: Open, number: Any) -> None:
    with pytest.raises(BadRequest):
        HLR.ask("hlr", [check(number)], account("hlrlookups"))
    assert HLR.ask("hlr", [check(EITHER)], account("hlrlookups"))


@pytest.mark.parametrize(
    ("state", "number", "line"),
    [
        ("CONNECTED", MOBILE, "active"),
        ("ABSENT", MOBILE, "unknown"),
        ("INVALID_MSISDN", MOBILE, "inactive"),
        ("INVALID_MSISDN", EITHER, "unknown"),
        ("UNDETERMINED", MOBILE, "unknown"),
        ("SOMETHING_NEW", MOBILE, "unknown"),
    ],
)
def test_states_in_our_words(respond: Respond, state: Any, number: Any, line: Any) -> None:
    answer = read(respond, body(number, connectivity_status=state), number=number)
    assert (answer.findings[0].detail["line"], answer.findings[0].status) == (line, state.lower())


def test_a_list_of_ported_numbers_calls_everything_connected(respond: Respond) -> None:
    assert read(respond, body(data_source="MNP_DB")).findings[0].detail["line"] == "unknown"


def test_only_state_and_network_are_kept(respond: Respond) -> None:
    (found,) = read(respond, body()).findings
    assert found.detail == {"line": "active", "type": "mobile", "carrier": "Turkcell", "carrier_basis": "live"}
    (found,) = read(respond, body(is_ported=True, ported_network_name="Türk Telekom")).findings
    assert found.detail["carrier"] == "Türk Telekom"
    told = json.dumps([found.value, found.status, dict(found.detail)])
    assert not any(secret in told for secret in ("286011234567890", "1234567890", "905320000001", "Vodafone"))


@pytest.mark.parametrize(
    ("cost", "units"),
    [
        ("0.0100", 1000), ("0.0050", 500), ("0.02", 2000), (0.01, 1000), ("0", 0), (None, 1000), ("free", 1000),
        ("-1", 1000), ("nan", 1000), ("1e9", 1000), (True, 1000), ([], 1000),
    ],
)  # fmt: skip
def test_what_a_lookup_cost_is_what_the_vendor_says(respond: Respond, cost: Any, units: Any) -> None:
    assert read(respond, body(cost=cost)).units == units


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, b"", OutcomeUnknown),
        (200, {}, OutcomeUnknown),
        (200, {"connectivity_status": 7}, OutcomeUnknown),
        (200, body("+15005550000"), OutcomeUnknown),
        (500, b"", OutcomeUnknown),
        (502, b"", OutcomeUnknown),
        (504, b"", OutcomeUnknown),
        (401, b"", StopVendor),
        (402, b"", StopVendor),
        (429, b"", TryLater),
        (503, b"", TryLater),
        (400, b"", BadRequest),
    ],
)
def test_failures_by_what_can_be_done(respond: Respond, status: Any, answer: Any, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        read(respond, answer, status)
