"""Numverify (apilayer): is a number in a range, what kind of line is it, and who was given it. No network is asked.

Sources: numverify.com/documentation and docs.apilayer.com/numverify for the wire format ("cross-checked with the latest
international numbering plan databases", so the carrier is a list's and not the network's); apilayer's documents for the
error codes. Price and plans: $14.99 a month for 5,000 requests, from memory, so set ``_CREDIT_PRICE``. No ceiling is
published: ours.

Errors are 200 with ``success: false``; an answer has no ``success`` at all. The key travels in the query, where the
vendor wants it: no address is shown or logged anywhere. Free plans may have no HTTPS, and a key is not sent without.
"""

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
from headwater.providers.errors import BadRequest, ProviderError, StopVendor, TryLater
from headwater.providers.reading import Garbled, Record
from headwater.providers.words import quoted

_TYPES = {
    "mobile": "mobile",
    "landline": "landline",
    "toll_free": "toll_free",
    "premium_rate": "premium",
    "paging": "pager",
}
_REFUSED = frozenset({210, 211, 310})  # no number, not a number, no such country
_THROTTLED = frozenset({106})
_STOPPED = {
    101: "the key is missing or wrong",
    102: "the account is not active",
    103: "the account's plan does not have this request",
    104: "the month's requests are used up",
    105: "the account's plan has no HTTPS, and the key is not sent without it",
}


class Numverify:
    """One GET for one number; nothing is submitted."""

    declaration = Declaration(
        name="numverify",
        title="Numverify",
        base_url="https://apilayer.net/api",
        credit_price=3_000,  # $14.99 for 5,000 requests
        operations=(
            Operation(
                name="validate",
                finds=lines.FINDS,
                needs=lines.NEEDS,
                batch=1,
                charge=Charge(hit=1000, miss=1000),  # plans count requests
                hit_rate=0.15,  # our estimate: it reads the lists that we read, and seldom settles more
                verifies=True,
            ),
        ),
        limits={"validate": (Limit(5, 1),)},  # none is published: ours
        cautious=Limit(60, 60),
        reliability={(field, ""): 0.5 for field in lines.FINDS},
        shareable=False,
        max_in_flight=5,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        number = lines.number(queries[0], "Numverify")
        params = {"access_key": account.api_key, "number": number.lstrip("+")}
        return Request("GET", reading.url(account, "/validate"), "validate", {"Accept": "application/json"}, params)

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        body = reading.document(response) if response.status == 200 else reading.complaint(response)
        if body.get("success") is False:
            return Reply({0: _refusal(reading.record(body.get("error"), "Numverify's error"))})
        if response.status != 200:
            raise reading.failure(response, "Numverify")
        return Reply({0: _answer(queries[0], body)})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        raise BadRequest("Numverify answers at once; there is nothing to fetch.")

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        raise BadRequest("Numverify answers at once; there is nothing to fetch.")


def _answer(query: Query, body: Record) -> Answer:
    if not isinstance(body.get("valid"), bool):
        raise Garbled("Numverify's answer does not say whether the number is valid.")
    number = lines.about(query, body.get("number"), "Numverify")
    if body["valid"] is False:
        return lines.checked(number, "invalid", 1000, disputed=True)
    kind = reading.text(body.get("line_type"))
    carrier = reading.text(body.get("carrier"))
    return lines.checked(
        number, kind or "valid", 1000, type=_TYPES.get(kind or ""), carrier=carrier, basis=lines.LISTED
    )


def _refusal(error: Record) -> Answer:
    """What an error says: about the number, about this moment, or about the account. None of them is counted."""
    code, kind = reading.whole(error.get("code")), reading.text(error.get("type"))
    if code in _REFUSED:
        return Answer(Outcome.REFUSED, reason=f"Numverify refused the number{quoted(kind)}")
    raise _problem(code, kind)


def _problem(code: int, kind: str | None) -> ProviderError:
    if code in _THROTTLED or kind == "rate_limit_reached":
        return TryLater("Numverify's rate limit is reached.", throttled=True)
    if code in _STOPPED:
        return StopVendor(f"Numverify answered error {code}: {_STOPPED[code]}.")
    return BadRequest(f"Numverify refused the request with error {code}{quoted(kind)}.")
