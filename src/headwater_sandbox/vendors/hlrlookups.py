"""HLR Lookups of VMG (https://www.hlr-lookups.com/en/api-docs), one number at a time.

Traps kept: a signature over path, time, method and body, which holds for a while only; a landline is INVALID_MSISDN,
as is a number that nobody has; a phone that is off is ABSENT; answers carry the SIM's number and its switch, which
nobody should keep; what a lookup cost is a decimal in a string.
"""

import hashlib
import hmac
from base64 import b64decode
from binascii import Error as Undecodable
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor, hit
from headwater_sandbox.limits import SECOND, Usage, Window
from headwater_sandbox.meter import credits
from headwater_sandbox.subscribers import Subscriber, look_up

NAME = "hlrlookups"
_PREFIX = "/hlrlookups/api/v2"
_SKEW = 300  # seconds a signature holds (UNVERIFIED)


def secret_of(key: str) -> str:
    """Every key of this sandbox has the secret that its name tells."""
    return f"{key}-secret"


def error(status: int, message: str) -> Answer:
    """An error body (its form is UNVERIFIED)."""
    return Answer(status, {"message": message, "status": status}, "refused")


def key_of(request: Request) -> str:
    """The key of the digest headers or of Basic credentials `key:secret`."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request.headers.get("x-digest-key", "")
    try:
        key, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (Undecodable, UnicodeDecodeError):
        return ""
    return key if hmac.compare_digest(secret.encode(), secret_of(key).encode()) else ""


def genuine(request: Request, raw: bytes, now: float) -> bool:
    """Whether the signature is this key's, over this request, and fresh; Basic credentials were looked at before."""
    if "authorization" in request.headers:
        return True
    moment = request.headers.get("x-digest-timestamp", "")
    if not moment.isdecimal() or abs(now - int(moment)) > _SKEW:
        return False
    path = request.url.path.removeprefix(_PREFIX)
    body = b"" if request.method == "GET" else raw
    covered = f"{path}{moment}{request.method}".encode() + body
    right = hmac.new(secret_of(key_of(request)).encode(), covered, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right.encode(), request.headers.get("x-digest-signature", "").encode())


def unauthorised(route: Route) -> Answer:
    """A missing or wrong key or signature."""
    return error(401, "Authentication failed")


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too fast (its status is UNVERIFIED)."""
    return error(429, "Too many requests")


def hlr_lookup(desk: Desk, call: Call) -> Answer:
    """The register's answer about one number."""
    text = call.body.get("msisdn") if isinstance(call.body, dict) else None
    if not isinstance(text, str) or not text.strip():
        return error(400, "The msisdn is missing")
    price = desk.price("hlrlookups.price")
    if desk.balance(NAME, call.account) < price:
        return error(402, "Insufficient balance")
    line = look_up(desk.settings, desk.dice, text)
    return hit(_body(desk, call, line, price), {"number": line.number}, price)


def _body(desk: Desk, call: Call, line: Subscriber, price: int) -> dict[str, Any]:
    state = _state(desk, line)
    known = state in ("CONNECTED", "ABSENT")
    hidden = desk.dice.token(15, "sim", line.number).translate(str.maketrans("abcdef", "123456"))
    origin = {"network_name": line.carrier, "country_name": line.country, "country_code": line.country,
              "country_prefix": f"+{line.calling_code}"}  # fmt: skip
    ported = origin | {"network_name": line.ported_to} if line.ported_to else dict.fromkeys(origin)
    return {
        "id": desk.dice.token(12, "hlr", line.number, call.attempt), "msisdn": line.number,
        "connectivity_status": state, "mccmnc": "90188" if known else None, "mcc": "901" if known else None,
        "mnc": "88" if known else None, "imsi": hidden if known else None, "msin": hidden[5:] if known else None,
        "msc": hidden[:11] if known else None, **{f"original_{name}": value for name, value in origin.items()},
        "is_ported": line.ported_to is not None if known else None,
        **{f"ported_{name}": value for name, value in ported.items()},
        "is_roaming": None, "roaming_network_name": None, "roaming_country_name": None, "roaming_country_code": None,
        "roaming_country_prefix": None, "cost": f"{float(credits(price)) / 100:.4f}",
        "timestamp": "2026-09-14 19:16:17.676+0300", "storage": "SYNC-API-2026-09", "route": "IP1",
        "processing_status": "COMPLETED", "error_code": None, "data_source": "LIVE_HLR",
    }  # fmt: skip


def _state(desk: Desk, line: Subscriber) -> str:
    if line.valid and desk.dice.chance(desk.settings.number("hlrlookups.undetermined"), "silent", line.number):
        return "UNDETERMINED"
    if not line.mobile or not line.active:
        return "INVALID_MSISDN"
    return "CONNECTED" if line.switched_on else "ABSENT"


VENDOR = Vendor(
    name=NAME, prefix=_PREFIX,
    routes=(Route("POST", "/hlr-lookup", "hlr-lookup", hlr_lookup, (Window(SECOND, 10),)),),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled, genuine=genuine,
    unreadable=error(400, "The request body could not be read"),
)  # fmt: skip
