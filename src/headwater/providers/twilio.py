"""Twilio Lookup v2: what kind of line a number is, who carries it and, where the account has it, whether it lives.

Sources: the vendor's OpenAPI file (twilio/twilio-oai, twilio_lookups_v2) for the wire format; its pages on Line Type
Intelligence and Line Status for the words ($0.007 for a line status), its page on error 20429 for throttling ("requests
that receive 429 responses aren't processed and are safe to retry"). $0.008 for a line type: price list. No page says
whether a number in no range is charged, so it is counted as charged. No ceiling is published for Lookup: ours.

Invalid numbers are 200 with ``valid: false``; each package has an error code of its own inside a 200.
"""

from base64 import b64encode
from collections.abc import Sequence

from headwater.providers import lines, reading
from headwater.providers.base import (
    Account,
    Answer,
    Charge,
    Declaration,
    Limit,
    Operation,
    Outcome,
    Query,
    Reply,
    Request,
    Response,
    Ticket,
)
from headwater.providers.errors import BadRequest, StopVendor, TryLater
from headwater.providers.reading import Garbled, Record
from headwater.providers.words import quoted

_FIELDS = {"line": "line_type_intelligence", "live": "line_type_intelligence,line_status"}
_PRICES = {"line_type_intelligence": 1000, "line_status": 875}  # $0.008 is the credit, $0.007 the second package
_TYPES = {
    "mobile": "mobile",
    "landline": "landline",
    "fixedVoip": "voip",
    "nonFixedVoip": "voip",
    "personal": "personal",
    "tollFree": "toll_free",
    "premium": "premium",
    "sharedCost": "shared_cost",
    "uan": "uan",
    "voicemail": "voicemail",
    "pager": "pager",
}
# the documented states; "unreachable" is switched off or out of reach, and the line exists
_STATES = {
    "active": lines.ACTIVE,
    "reachable": lines.ACTIVE,
    "unreachable": lines.ACTIVE,
    "inactive": lines.INACTIVE,
}


class Twilio:
    """One GET for one number; nothing is submitted."""

    declaration = Declaration(
        name="twilio",
        title="Twilio Lookup",
        base_url="https://lookups.twilio.com/v2",
        credit_price=8_000,  # price list: $0.008 for a line type
        operations=(
            Operation(
                name="line",
                finds=lines.FINDS,
                needs=lines.NEEDS,
                batch=1,
                charge=Charge(hit=1000, miss=1000),  # no page says that anything is free, or a repetition
                # our estimate of how often the kind of line settles something: it says nothing about its life
                hit_rate=0.50,
                verifies=True,
                unless=("line_status",),
            ),
            Operation(
                name="live",
                finds=lines.FINDS,
                needs=lines.NEEDS,
                batch=1,
                charge=Charge(hit=1875, miss=1875),
                hit_rate=0.80,  # our estimate: "may not return data from every network"
                verifies=True,
                requires=("line_status",),
            ),
        ),
        limits={"lookup": (Limit(20, 1),)},  # none is published: ours
        cautious=Limit(120, 60),
        reliability={(field, ""): 0.5 for field in lines.FINDS},
        shareable=False,
        max_in_flight=10,  # error 20429 is about requests at once
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        number = lines.number(queries[0], "Twilio")
        # an API key is "SID:secret", which is what Basic authentication wants
        secret = b64encode(account.api_key.encode()).decode()
        headers = {"Authorization": f"Basic {secret}", "Accept": "application/json"}
        url = reading.url(account, f"/PhoneNumbers/{number}")
        return Request("GET", url, "lookup", headers, {"Fields": _FIELDS[operation]})

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            return Reply({0: _refusal(response)})
        return Reply({0: _answer(operation, queries[0], reading.document(response))})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        raise BadRequest("Twilio answers at once; there is nothing to fetch.")

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        raise BadRequest("Twilio answers at once; there is nothing to fetch.")


def _answer(operation: str, query: Query, body: Record) -> Answer:
    number = lines.about(query, body.get("phone_number"), "Twilio")
    if not isinstance(body.get("valid"), bool):
        raise Garbled("Twilio's answer does not say whether the number is valid.")
    units = sum(_PRICES[package] for package in _FIELDS[operation].split(","))
    if body["valid"] is False:
        # its ranges are of another day than ours; who is right nobody can tell
        return lines.checked(number, "invalid", units, disputed=True)
    kind, carrier = _line_type(body)
    mobile = kind == "mobile" or (kind == "unknown" and lines.may_be_mobile(number))
    return lines.checked(
        number,
        kind,
        units,
        line=_state(body, mobile=mobile),
        type=_TYPES.get(kind),
        carrier=carrier,
        basis=lines.LIVE,
    )


def _line_type(body: Record) -> tuple[str, str | None]:
    """The vendor's own kind of line and its carrier; a package with an error code (60601: no approval) has neither."""
    package = reading.record(body.get("line_type_intelligence"), "line_type_intelligence")
    kind = reading.text(package.get("type"))
    if package.get("error_code") is not None or kind is None:
        return "unknown", None
    return kind, reading.text(package.get("carrier_name"))


def _state(body: Record, *, mobile: bool) -> str:
    """Whether the line lives. The registers of mobile networks know mobiles only: of others nothing is held."""
    package = reading.record(body.get("line_status"), "line_status")
    if package.get("error_code") is not None:
        return lines.UNKNOWN
    state = _STATES.get((reading.text(package.get("status")) or "").lower(), lines.UNKNOWN)
    return state if mobile or state == lines.ACTIVE else lines.UNKNOWN


def _refusal(response: Response) -> Answer:
    """Errors are JSON with a code of Twilio's own beside the status."""
    body = reading.complaint(response)
    code, status = reading.whole(body.get("code")), response.status
    if status == 429 or code == 20429:
        raise TryLater("Twilio's limit of requests at once is reached.", throttled=True)
    if status == 401 or code in (20003, 20005):
        raise StopVendor("Twilio refuses the key; write it as SID:secret, and look whether the account is active.")
    if status == 404:
        return Answer(Outcome.REFUSED, reason="Twilio has no such number")
    if status == 400:
        return Answer(Outcome.REFUSED, reason=f"Twilio refused the number{quoted(reading.text(body.get('message')))}")
    raise reading.failure(response, "Twilio", reading.text(body.get("message")))
