"""Numverify of apilayer (https://numverify.com/documentation).

Traps kept: every error is a 200 with `success: false`, and an answer has no `success` at all; the key is in the query;
the number comes back without its plus; the carrier is who was given the range, ported or not.
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor, hit
from headwater_sandbox.limits import SECOND, Usage, Window
from headwater_sandbox.names import COUNTRY_NAMES
from headwater_sandbox.subscribers import Subscriber, look_up

NAME = "numverify"
_LINE_TYPES = {
    "mobile": "mobile", "landline": "landline", "tollFree": "toll_free", "premium": "premium_rate", "pager": "paging",
    "sharedCost": "special_services", "uan": "special_services", "personal": "special_services",
}  # fmt: skip


def error(code: int, kind: str, info: str) -> Answer:
    """apilayer's error body, with the status of a success."""
    return Answer(200, {"success": False, "error": {"code": code, "type": kind, "info": info}}, "refused")


def key_of(request: Request) -> str:
    """The key, which has no other place than the query."""
    return request.query_params.get("access_key", "")


def unauthorised(route: Route) -> Answer:
    """A missing or wrong key."""
    info = "You have not supplied a valid API Access Key. [Technical Support: support@apilayer.com]"
    return error(101, "invalid_access_key", info)


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too fast."""
    return error(106, "rate_limit_reached", "You have exceeded the maximum rate limitation of your plan.")


def validate(desk: Desk, call: Call) -> Answer:
    """One number."""
    text = call.query.get("number", "").strip()
    if not text:
        return error(210, "no_phone_number_provided", "Please specify a phone number. [Example: 14158586273]")
    if not text.lstrip("+").replace(" ", "").replace("-", "").isdecimal():
        return error(211, "non_numeric_phone_number_provided", "Please specify a numeric phone number.")
    region = call.query.get("country_code", "").upper()
    if region and region not in COUNTRY_NAMES:
        return error(310, "invalid_country_code", "You have specified an invalid country code.")
    price = desk.price("numverify.price")
    if desk.balance(NAME, call.account) < price:
        return error(104, "usage_limit_reached", "Your monthly usage limit has been reached.")
    line = look_up(desk.settings, desk.dice, text if region else f"+{text.lstrip('+')}", region or None)
    return hit(_body(line), {"number": line.number}, price)


def _body(line: Subscriber) -> dict[str, Any]:
    if not line.valid:
        return {
            "valid": False, "number": line.number.lstrip("+"), "local_format": "", "international_format": "",
            "country_prefix": "", "country_code": "", "country_name": "", "location": "", "carrier": "",
            "line_type": None,
        }  # fmt: skip
    return {
        "valid": True, "number": line.number.lstrip("+"), "local_format": line.national.replace(" ", ""),
        "international_format": line.number, "country_prefix": f"+{line.calling_code}", "country_code": line.country,
        "country_name": COUNTRY_NAMES.get(line.country, line.country), "location": "",
        # a list knows the range and nothing of the line: neither porting nor internet telephony
        "carrier": line.carrier or "", "line_type": _LINE_TYPES.get(line.ranged),
    }  # fmt: skip


VENDOR = Vendor(
    name=NAME, prefix="/numverify/api",
    routes=(Route("GET", "/validate", "validate", validate, (Window(SECOND, 5),)),),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=error(210, "no_phone_number_provided", "Please specify a phone number."),
)  # fmt: skip
