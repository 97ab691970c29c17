"""Apollo.io: profiles at once, one or ten at a time; mobile numbers later, through the result of a web hook.

Sources: Apollo's own OpenAPI file (docs.apollo.io) for the wire format and the charges (1 credit for demographics or an
address, 8 more for a mobile number, nothing for nobody found). Price, coverage (55-65 %) and accuracy (85-90 %, 91 % of
those "verified") are third-party figures. Personal addresses are never asked for.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from headwater.providers import apollo_reading as answers
from headwater.providers import reading
from headwater.providers.base import (
    Account,
    Answer,
    Charge,
    Declaration,
    Json,
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
from headwater.providers.reading import Garbled
from headwater.providers.words import quoted
from headwater.records import Field

# no page publishes the accuracy of these: assumed, from 22.5 % of business data going stale in a year
_PROFILE = {
    Field.TITLE: 0.85,
    Field.COMPANY: 0.87,
    Field.DOMAIN: 0.87,
    Field.LINKEDIN: 0.90,
    Field.COUNTRY: 0.90,
}
_WHO = (
    frozenset({"email"}),
    frozenset({"linkedin"}),
    *(
        frozenset({*name, where})
        for where in ("domain", "company")
        for name in (("first_name", "last_name"), ("full_name",))
    ),
)
_NO_CREDITS = re.compile(r"(insufficient|not enough|out of|no) .{0,20}credit|credit.{0,30}(exhausted|exceeded)", re.I)
_WINDOWS = {"minute": 60, "hour": 3600, "day": 86400}
_GONE = frozenset({"request_id_unknown", "request_id_expired", "invalid_request_id"})

_PERSON = (  # our input, Apollo's parameter (the same in the query string and in details[])
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("full_name", "name"),
    ("email", "email"),
    ("company", "organization_name"),
    ("domain", "domain"),
)


class Apollo:
    """Asks ``/people/match`` for one person and ``/people/bulk_match`` for several.

    Whether mobile numbers are bought is said once for a whole request, so they are an operation of their own: each of
    its records wants a number. It needs the address of a web hook in the account's options (``webhook_url``, https),
    without which the vendor refuses; nothing has to listen there, for the result is fetched.
    """

    declaration = Declaration(
        name="apollo",
        title="Apollo",
        base_url="https://api.apollo.io/api/v1",
        credit_price=20_000,  # third-party figure: $0.012-0.05 a credit, by plan
        operations=(
            Operation(
                name="match",
                finds=frozenset({Field.EMAIL, *_PROFILE}),
                needs=_WHO,
                batch=10,
                charge=Charge(hit=answers.CREDIT),
                hit_rate=0.60,  # third-party figures: 55-65 %
                # an operator of 3,626 campaigns: 85-90 % (a competitor: 80-85 %)
                accuracy={Field.EMAIL: 0.87, **_PROFILE},
            ),
            Operation(
                name="mobile",
                finds=frozenset({Field.PHONE}),
                needs=_WHO,
                batch=10,
                # vendor: "1-9 credits per person"; a match without a number costs one, nobody found nothing
                charge=Charge(hit=answers.CREDIT + answers.MOBILE, miss=answers.CREDIT),
                hit_rate=0.30,  # third-party figures: one source finds the mobile of 29-33 %
                submits=True,
                requires=("webhook_url",),
                accuracy={Field.PHONE: 0.65},  # third-party figures: 65 %; from the low 60s to the low 90s
            ),
        ),
        limits={  # published, per endpoint: enrichment on a paid plan, and the default for everything else
            "match": (Limit(1000, 60),),
            "bulk_match": (Limit(1000, 60),),
            "webhook_result": (Limit(200, 60), Limit(400, 3600), Limit(2000, 86400)),
        },
        cautious=Limit(30, 60),
        reliability={  # third-party figures, see above
            (Field.EMAIL, "verified"): 0.91,
            (Field.EMAIL, "likely_to_engage"): 0.85,
            (Field.EMAIL, "unverified"): 0.70,
            (Field.EMAIL, "extrapolated"): 0.65,
            (Field.EMAIL, "guessed"): 0.65,
            (Field.EMAIL, "unavailable"): 0.0,
            (Field.EMAIL, ""): 0.70,
            (Field.PHONE, "valid_number"): 0.65,
            (Field.PHONE, "no_status"): 0.50,
            (Field.PHONE, ""): 0.50,
            **{(known, ""): chance for known, chance in _PROFILE.items()},
        },
        shareable=False,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        people = [_described(query) for query in queries]
        reveal = _reveal(account) if operation == "mobile" else {}
        if len(people) == 1:
            return _request("POST", "/people/match", "match", account, {**people[0], **reveal})
        return _request("POST", "/people/bulk_match", "bulk_match", account, reveal, {"details": people})

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        windows = answers.windows_of(response)
        if response.status != 200:
            return Reply({0: _refused(response, len(queries))}, windows=windows)
        body = reading.document(response)
        slots = answers.one(body) if len(queries) == 1 else answers.several(body, len(queries))
        units = answers.units_of(body.get("credits_consumed"), [bool(slot) for slot in slots])
        if operation == "mobile":
            return answers.submitted(body, slots, units, windows)
        return Reply(answers.profiles(slots, units, queries), windows=windows)

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        return _request("GET", f"/webhook_result/{ticket.state.get('request_id')}", "webhook_result", account, {})

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        held = answers.held_in(ticket)
        if response.status == 200:
            try:
                return answers.fetched(ticket, held, response)
            except Garbled as error:
                return reading.read_again(ticket, error)
        said = reading.complaint(response)
        code = reading.text(said.get("error_code"))
        if code == "result_pending":
            return answers.waiting(ticket, held, reading.number(said.get("retry_after_seconds")))
        if code in _GONE:
            return Reply(answers.lost(held, f"Apollo holds no phone result ({code})"))
        raise _throttled(response) if response.status == 429 else reading.fetch_failure(response, "Apollo", code)


# --- asking


def _request(
    method: Literal["GET", "POST"],
    path: str,
    family: str,
    account: Account,
    params: Mapping[str, str],
    body: Json = None,
) -> Request:
    headers = {"x-api-key": account.api_key, "accept": "application/json", "cache-control": "no-cache"}
    return Request(method, reading.url(account, path), family, headers, params, body)


def _described(query: Query) -> dict[str, str]:
    """Everything known of the person: the more is said, the likelier the match is the right one."""
    person = {theirs: str(value) for ours, theirs in _PERSON if (value := getattr(query, ours))}
    if "first_name" in person and "last_name" in person:
        person.pop("name", None)
    if query.linkedin:
        slug = reading.linkedin(query.linkedin)
        person["linkedin_url"] = f"http://www.linkedin.com/in/{slug}" if slug else query.linkedin
    return person


def _reveal(account: Account) -> dict[str, str]:
    hook = account.options.get("webhook_url", "")
    if not hook.startswith("https://"):
        raise BadRequest("Apollo's mobile numbers need an https address in the account's option webhook_url.")
    return {"reveal_phone_number": "true", "webhook_url": hook}


# --- refusals


def _refused(response: Response, asked: int) -> Answer:
    """The refusal of a single person is an answer; the refusal of a batch is not one for each of its people."""
    said = reading.complaint(response)
    words = [reading.text(said.get(key)) for key in ("error_code", "error", "error_message", "message")]
    error = _error(response, words)
    if isinstance(error, BadRequest) and asked == 1 and response.status in (400, 422):
        return Answer(Outcome.REFUSED, reason=f"Apollo refused the input{quoted(*words)}")
    raise error


def _error(response: Response, words: Sequence[str | None]) -> ProviderError:
    if response.status == 429:
        return _throttled(response)
    if response.status in (400, 422) and any(_NO_CREDITS.search(word or "") for word in words):
        # how Apollo says that the credits are gone is not documented: any of these words will do
        return StopVendor("Apollo says that the account has no credits left.")
    # A 5xx other than 503 may follow a match that was charged, and no page says that a repetition is free.
    return reading.failure(response, "Apollo", *words)


def _throttled(response: Response) -> TryLater:
    """A window is full: wait as the header says, else for the whole window that the message names."""
    message = reading.text(reading.complaint(response).get("message")) or ""
    named = re.search(r"times per (minute|hour|day)", message)
    after = reading.retry_after(response) or (float(_WINDOWS[named.group(1)]) if named else None)
    return TryLater("Apollo's rate limit is reached.", after=after, throttled=True)
