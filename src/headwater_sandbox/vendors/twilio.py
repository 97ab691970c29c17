"""Twilio Lookup v2 (https://www.twilio.com/docs/lookup/v2-api), one number at a time.

Traps kept: an invalid number is a 200 with `valid: false`; every package has an error code of its own inside a 200;
Canadian numbers of an account without approval have no line type (60601); the line status is of mobiles only.
"""

from base64 import b64decode
from binascii import Error as Undecodable
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor, hit
from headwater_sandbox.limits import SECOND, Usage, Window
from headwater_sandbox.subscribers import Subscriber, look_up

NAME = "twilio"
_PACKAGES = (
    "caller_name", "sim_swap", "call_forwarding", "line_status", "line_type_intelligence", "identity_match",
    "reassigned_number", "sms_pumping_risk", "phone_number_quality_score", "pre_fill",
)  # fmt: skip
_UNCARRIED = frozenset({"personal", "tollFree", "premium", "sharedCost", "uan", "voicemail", "pager", "unknown"})
_NO_APPROVAL = 60601


def error(status: int, code: int, message: str) -> Answer:
    """Twilio's error body."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": info, "status": status}, "refused")


def key_of(request: Request) -> str:
    """The secret of Basic credentials `SID:secret`, which is what an account is known by here."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (Undecodable, UnicodeDecodeError):
        return ""
    return secret if scheme.lower() == "basic" and user and colon else ""


def unauthorised(route: Route) -> Answer:
    """Missing or wrong credentials."""
    return error(401, 20003, "Authenticate")


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too many at once; no Retry-After is promised."""
    return error(429, 20429, "Too Many Requests")


def phone_number(desk: Desk, call: Call) -> Answer:
    """One number, and the packages that were asked for."""
    wanted = [name for name in call.query.get("Fields", "").split(",") if name and name != "validation"]
    unknown = [name for name in wanted if name not in _PACKAGES]
    if unknown:
        return error(400, 60617, f"Invalid Fields: {unknown[0]}")
    region = call.query.get("CountryCode", "US").upper()
    line = look_up(desk.settings, desk.dice, call.path["number"], region)
    price = sum(desk.price(f"twilio.price_{name}") for name in wanted if f"twilio.price_{name}" in desk.settings.rates)
    if price and desk.balance(NAME, call.account) < price:
        return error(401, 20005, "Account not active")
    body = _basics(line) | dict.fromkeys(_PACKAGES) | {name: _package(desk, line, name) for name in wanted}
    body["url"] = f"https://lookups.twilio.com/v2/PhoneNumbers/{line.number}"
    return hit(body, {"number": line.number}, price)


def _basics(line: Subscriber) -> dict[str, Any]:
    return {
        "calling_country_code": line.calling_code or None, "country_code": line.country or None,
        "phone_number": line.number, "national_format": line.national or None, "valid": line.valid,
        "validation_errors": [line.problem] if line.problem else [],
    }  # fmt: skip


def _package(desk: Desk, line: Subscriber, name: str) -> dict[str, Any] | None:
    if name == "line_type_intelligence":
        return _line_type(desk, line)
    if name == "line_status":
        return {"status": _status(desk, line), "error_code": None}
    return {"error_code": 60600}  # a package that this sandbox does not play


def _line_type(desk: Desk, line: Subscriber) -> dict[str, Any]:
    codes: dict[str, Any] = {"error_code": None, "mobile_country_code": None, "mobile_network_code": None,
                             "carrier_name": None, "type": None}  # fmt: skip
    if line.country == "CA" and not desk.settings.number("twilio.npac_approval"):
        return codes | {"error_code": _NO_APPROVAL}
    kind = line.kind
    if kind == "voip":
        kind = desk.dice.pick(("fixedVoip", "nonFixedVoip"), "which voip", line.number)
    if kind in _UNCARRIED:
        return codes | {"type": kind}
    mobile = {"mobile_country_code": "901", "mobile_network_code": "88"} if line.mobile else {}
    return codes | mobile | {"type": kind, "carrier_name": line.ported_to or line.carrier}


def _status(desk: Desk, line: Subscriber) -> str:
    if not line.mobile or desk.dice.chance(desk.settings.number("twilio.no_status"), "no status", line.number):
        return "unknown"
    if not line.active:
        return "inactive"
    exact = desk.dice.chance(0.5, "exact", line.number)
    return "active" if not exact else "reachable" if line.switched_on else "unreachable"


VENDOR = Vendor(
    name=NAME, prefix="/twilio/v2",
    routes=(Route("GET", "/PhoneNumbers/{number}", "PhoneNumbers", phone_number, (Window(SECOND, 20),)),),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=error(400, 20001, "Bad Request"),
)  # fmt: skip
