"""HLR Lookups (hlr-lookups.com, VMG): the mobile networks themselves are asked whether a number is anybody's.

Sources: hlr-lookups.com/en/api-docs and /connectivity-stats for the wire format and the four states; the vendor's own
Node SDK (vmgltd/hlr-lookup-api-nodejs-sdk) for the signature: HMAC-SHA-256 of path, Unix time, method and body with the
secret, in hexadecimal, where the path is the endpoint's without the base. Its example costs 0.0100 euros, which is our
credit here; ``cost`` says what a lookup really cost. That Basic authentication works too and that a route can be chosen
is not confirmed: both are options of the account (``auth``, ``route``). No ceiling is published: ours.

Only the state and the network's name are kept, never the SIM's number, its switch, or where it roams.
"""

import hashlib
import hmac
import json
import math
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence

from headwater.providers import lines, reading
from headwater.providers.base import (
    Account,
    Answer,
    Charge,
    Declaration,
    Json,
    Limit,
    Operation,
    Query,
    Reply,
    Request,
    Response,
    Ticket,
)
from headwater.providers.errors import BadRequest
from headwater.providers.reading import Garbled, Record

_PATH = "/hlr-lookup"
_CREDIT = 0.01  # euros
# ABSENT is "switched off or out of network reach", with a valid number: whether it comes back nobody can tell
_STATES = {"CONNECTED": lines.ACTIVE, "ABSENT": lines.UNKNOWN, "INVALID_MSISDN": lines.INACTIVE}


class HlrLookups:
    """One POST for one mobile number. Landlines are not asked about: their register does not exist."""

    declaration = Declaration(
        name="hlrlookups",
        title="HLR Lookups",
        base_url="https://www.hlr-lookups.com/api/v2",
        credit_price=12_000,  # 0.01 euros, rounded up to dollars; set what it costs you
        operations=(
            Operation(
                name="hlr",
                finds=lines.FINDS,
                needs=lines.NEEDS,
                batch=1,
                charge=Charge(hit=1000, miss=1000),
                hit_rate=0.80,  # our estimate: networks that do not answer are UNDETERMINED, phones may be off
                verifies=True,
            ),
        ),
        limits={"lookup": (Limit(10, 1),)},  # none is published: ours
        cautious=Limit(60, 60),
        reliability={(field, ""): 0.5 for field in lines.FINDS},
        shareable=False,
        max_in_flight=5,  # documents of the older API: requests at once are limited by account
        options=("auth", "route"),
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        number = lines.number(queries[0], "HLR Lookups")
        if not lines.may_be_mobile(number):
            raise BadRequest("HLR Lookups knows mobile numbers only.")
        route = account.options.get("route")
        body = json.dumps({"msisdn": number} | ({"route": route} if route else {}), separators=(",", ":"))
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        url = reading.url(account, _PATH)
        if account.options.get("auth") == "basic":
            secret = b64encode(account.api_key.encode()).decode()
            return Request("POST", url, "lookup", {**headers, "Authorization": f"Basic {secret}"}, body=body)
        return Request("POST", url, "lookup", headers, body=body, stamp=_signature(account.api_key, body))

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            raise reading.failure(response, "HLR Lookups")
        return Reply({0: _answer(queries[0], reading.document(response))})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        raise BadRequest("HLR Lookups answers at once; there is nothing to fetch.")

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        raise BadRequest("HLR Lookups answers at once; there is nothing to fetch.")


def _signature(api_key: str, body: str) -> Callable[[int], Mapping[str, str]]:
    """The headers that sign this body at a moment. The account's key is "key:secret"."""
    key, _, secret = api_key.partition(":")

    def stamp(moment: int) -> Mapping[str, str]:
        covered = f"{_PATH}{moment}POST{body}"
        signed = hmac.new(secret.encode(), covered.encode(), hashlib.sha256).hexdigest()
        return {"X-Digest-Key": key, "X-Digest-Signature": signed, "X-Digest-Timestamp": str(moment)}

    return stamp


def _answer(query: Query, body: Record) -> Answer:
    number = lines.about(query, body.get("msisdn"), "HLR Lookups")
    state = reading.text(body.get("connectivity_status"))
    if state is None:
        raise Garbled("HLR Lookups' answer does not say whether the number is connected.")
    live = body.get("data_source") in (None, "LIVE_HLR")  # else a list of ported numbers, where all are CONNECTED
    line = _STATES.get(state, lines.UNKNOWN) if live else lines.UNKNOWN
    if line == lines.INACTIVE and not lines.is_mobile(number):
        line = lines.UNKNOWN  # where landlines share the ranges of mobiles, it may be one
    return lines.checked(
        number,
        state.lower(),
        _units(body.get("cost")),
        line=line,
        type="mobile" if line == lines.ACTIVE else None,
        carrier=_network(body),
        basis=lines.LIVE,
    )


def _network(body: Record) -> str | None:
    """Who serves the number today: the network it was ported to, else the one that it was given to first."""
    ported = reading.text(body.get("ported_network_name")) if body.get("is_ported") is True else None
    return ported or reading.text(body.get("original_network_name"))


def _units(cost: Json) -> int:
    """Thousandths of our credit; a cost that is missing or no price counts as a whole one."""
    try:
        euros = float(cost) if isinstance(cost, str | int | float) and not isinstance(cost, bool) else math.nan
    except (ValueError, OverflowError):
        euros = math.nan
    return round(euros / _CREDIT * 1000) if math.isfinite(euros) and 0 <= euros < 1000 else 1000
