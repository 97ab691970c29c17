"""Hunter.io (API v2): synchronous, one record a call, and statuses that mean something else than elsewhere.

Sources: hunter.io/api-documentation/v2 for the wire format; Hunter's help article "How do credits work" for the charges
(1 credit per address found, 0.5 per verification, nothing when nothing is found or verified, and repeated requests of
finder and verifier in one billing period are free). Coverage 40-60 % and accuracy 88-92 % are third-party figures.
"""

from collections.abc import Mapping, Sequence

from headwater.providers import reading
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
from headwater.providers.errors import StopVendor, TryLater
from headwater.providers.reading import Garbled, Record
from headwater.providers.words import quoted
from headwater.records import Field, Finding

_PATHS = {"find": "/email-finder", "verify": "/email-verifier", "person": "/people/find"}
_FAMILIES = {"find": "search", "verify": "verifier", "person": "search"}

# the verifier's six classes, in words that all verifiers here share
_RESULTS = {
    "valid": "deliverable",
    "invalid": "undeliverable",
    "accept_all": "risky",
    "webmail": "risky",
    "disposable": "risky",
    "unknown": "unknown",
}
# no page publishes the accuracy of these: assumed, from 22.5 % of business data going stale in a year
_PROFILE = {
    Field.TITLE: 0.80,
    Field.COMPANY: 0.85,
    Field.DOMAIN: 0.85,
    Field.LINKEDIN: 0.90,
    Field.COUNTRY: 0.90,
    Field.PHONE: 0.50,
}
_FREE = frozenset(_PROFILE) - {Field.COUNTRY}  # what the finder's answer holds besides the address
_VERIFY_EVERY = 5.0  # the vendor: "as often as you want, it will only count as a single request"
_VERIFY_PATIENCE = 600.0


class Hunter:
    """One GET per question. 403 is throttling, 429 the end of the month's credits, 451 an objection (GDPR)."""

    declaration = Declaration(
        name="hunter",
        title="Hunter",
        base_url="https://api.hunter.io/v2",
        credit_price=14_900,  # published plan: $149 for 10,000 credits
        operations=(
            Operation(
                name="find",
                finds=frozenset({Field.EMAIL}),
                needs=tuple(
                    frozenset({*name, where})
                    for where in ("domain", "company", "linkedin")
                    for name in (("first_name", "last_name"), ("full_name",))
                ),
                batch=1,
                charge=Charge(hit=1000, repeat=0),  # help article: duplicates in a billing period are free
                hit_rate=0.50,  # third-party figures: 40-60 %
                extras=_FREE,
                # an operator of 3,626 campaigns: 88-92 % (a competitor: 75-80 %)
                accuracy={Field.EMAIL: 0.90, **{free: _PROFILE[free] for free in _FREE}},
            ),
            Operation(
                name="verify",
                finds=frozenset({Field.EMAIL}),
                needs=(frozenset({"email"}),),
                batch=1,
                charge=Charge(hit=500, repeat=0),  # help article: 0.5 credit, nothing if it can not tell
                hit_rate=0.70,  # third-party figure: the best verifiers decide about 70 %
                submits=True,  # 202 means "still running"
                verifies=True,
            ),
            Operation(
                name="person",
                finds=frozenset(_PROFILE),
                needs=(frozenset({"email"}), frozenset({"linkedin"})),
                batch=1,
                charge=Charge(hit=1000),  # no page states the price of an enrichment: the dearest reading is reserved
                hit_rate=0.45,  # third-party figure for the comparable Clearbit lookup: 40-50 %
                accuracy=_PROFILE,
            ),
        ),
        limits={  # published: 15/s and 500/min for finder and enrichment, 10/s and 300/min for the verifier
            "search": (Limit(15, 1), Limit(500, 60)),
            "verifier": (Limit(10, 1), Limit(300, 60)),
        },
        cautious=Limit(20, 60),
        reliability={  # third-party figures: 88-92 % over all, less on catch-all domains
            (Field.EMAIL, "valid"): 0.93,
            (Field.EMAIL, "webmail"): 0.80,
            (Field.EMAIL, "accept_all"): 0.80,
            (Field.EMAIL, "unknown"): 0.60,
            (Field.EMAIL, "disposable"): 0.0,
            (Field.EMAIL, "invalid"): 0.0,
            (Field.EMAIL, ""): 0.60,
            **{(known, ""): chance for known, chance in _PROFILE.items()},
        },
        shareable=False,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        return _get(operation, _params(operation, queries[0]), account)

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        if response.status == 202 and operation == "verify":
            return Reply(ticket=Ticket({}, _VERIFY_EVERY))
        return Reply({0: _answer(operation, queries[0], response)})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        return self.ask(operation, queries, account)  # the same again is what the vendor asks for

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        if response.status == 202:
            return Reply(ticket=reading.again(ticket, _VERIFY_EVERY, _VERIFY_PATIENCE, "Hunter"))
        try:
            return Reply({0: _answer(operation, queries[0], response)})
        except Garbled as error:  # the vendor counts repetitions of one verification once
            return reading.read_again(ticket, error)


def _get(operation: str, params: Mapping[str, str], account: Account) -> Request:
    # the key travels in a header: the documented ``api_key`` parameter would end up in logs
    headers = {"X-API-KEY": account.api_key, "Accept": "application/json"}
    return Request("GET", reading.url(account, _PATHS[operation]), _FAMILIES[operation], headers, params)


def _params(operation: str, query: Query) -> Mapping[str, str]:
    if operation == "find":
        return {**_where(query), **_name(query)}
    if query.email:
        return {"email": query.email}
    return _handle(query)


def _handle(query: Query) -> Mapping[str, str]:
    return {"linkedin_handle": reading.linkedin(query.linkedin) or query.linkedin or ""}


def _where(query: Query) -> Mapping[str, str]:
    """The surest employer known; with several, the vendor would look at the domain only."""
    if query.domain:
        return {"domain": query.domain}
    if query.company:
        return {"company": query.company}
    return _handle(query)


def _name(query: Query) -> Mapping[str, str]:
    if query.first_name and query.last_name:
        return {"first_name": query.first_name, "last_name": query.last_name}
    return {"full_name": query.full_name or ""}


def _answer(operation: str, query: Query, response: Response) -> Answer:
    if response.status == 200:
        return _READERS[operation](reading.record(_data(response), "Hunter's data"), query)
    return _refusal(operation, response)


def _data(response: Response) -> Record | None:
    body = reading.document(response)
    if "data" not in body:
        raise Garbled("Hunter's answer has no data.")
    return reading.record(body["data"], "Hunter's data")


def _refusal(operation: str, response: Response) -> Answer:
    """What each status means at Hunter, whose 403 and 429 are the other way round."""
    status, words = response.status, _words(response)
    if status == 451:
        return Answer(Outcome.FORBIDDEN, reason="claimed_email: the person asked Hunter not to be processed")
    if status == 404 and operation == "person":
        return Answer(Outcome.MISS, reason="not in the vendor's database")
    if status == 400:
        return Answer(Outcome.REFUSED, reason=f"Hunter refused the input{quoted(*words)}")
    if status == 403:
        raise TryLater("Hunter's rate limit is reached.", after=reading.retry_after(response), throttled=True)
    if status == 429:
        raise StopVendor("Hunter's usage limit for this period is reached; raise the plan or wait for its renewal.")
    if status == 222:
        raise TryLater("Hunter's verification met an unexpected answer of the mail server.")
    if status >= 500 and operation != "person":
        # safe to repeat: what gives no result costs nothing, and finder and verifier count a repetition once
        raise TryLater(f"Hunter answered {status}.", after=reading.retry_after(response))
    raise reading.failure(response, "Hunter", *words)


def _words(response: Response) -> tuple[str | None, ...]:
    errors = reading.complaint(response).get("errors")
    first = errors[0] if isinstance(errors, Sequence) and errors else None
    return (reading.text(first.get("id")), reading.text(first.get("details"))) if isinstance(first, Mapping) else ()


def _found(data: Record, query: Query) -> Answer:
    """The finder's answer. Nothing but an address is charged, so an answer without one is a miss that cost nothing."""
    if reading.email(data.get("email")) is None:
        return Answer(Outcome.MISS, reason=reading.missing_address(data.get("email")))
    return reading.answer(reading.findings(_FINDER_FIELDS, data, query.want), 1000)


def _finder_email(data: Record) -> Finding | None:
    address = reading.email(data.get("email"))
    if address is None:
        return None
    status = reading.text(reading.record(data.get("verification"), "verification").get("status"))
    catch_all = "accept_all" if data.get("accept_all") is True else "unknown"
    return Finding(Field.EMAIL, address, status or catch_all, _score(data), _named(data))


def _score(data: Record) -> float | None:
    score = reading.number(data.get("score"))
    return score / 100 if score is not None and 0 <= score <= 100 else None


def _named(data: Record) -> Mapping[str, str]:
    name = reading.text(" ".join(reading.text(data.get(key)) or "" for key in ("first_name", "last_name")))
    return {"name": name} if name else {}


def _verified(data: Record, query: Query) -> Answer:
    status = reading.text(data.get("status"))
    if status is None or not query.email:
        raise Garbled("Hunter's verification has no status.")
    if reading.email(data.get("email")) not in (None, query.email.strip().lower()):
        raise Garbled("Hunter verified another address than was asked.")
    detail = {"result": _RESULTS.get(status, "unknown")}
    found = Finding(Field.EMAIL, query.email.strip().lower(), status, _score(data), detail)
    return Answer(Outcome.HIT, (found,), 0 if status == "unknown" else 500)


def _person(data: Record, query: Query) -> Answer:
    if not data:
        return Answer(Outcome.MISS, reason="not in the vendor's database")
    return reading.answer(reading.findings(_PERSON_FIELDS, data, query.want), 1000)


def _within(key: str, reader: reading.FieldReader) -> reading.FieldReader:
    """The reader of a field that stands in an object of its own."""
    return lambda data: reader(reading.record(data.get(key), key))


_READERS = {"find": _found, "verify": _verified, "person": _person}
_FINDER_FIELDS: Mapping[Field, reading.FieldReader] = {
    Field.EMAIL: _finder_email,
    Field.TITLE: reading.plain(Field.TITLE, "position"),
    Field.COMPANY: reading.plain(Field.COMPANY, "company"),
    Field.DOMAIN: reading.plain(Field.DOMAIN, "domain", reading.domain),
    Field.LINKEDIN: reading.plain(Field.LINKEDIN, "linkedin_url", reading.linkedin),
    Field.PHONE: reading.plain(Field.PHONE, "phone_number", reading.phone),
}
_PERSON_FIELDS: Mapping[Field, reading.FieldReader] = {
    Field.TITLE: _within("employment", reading.plain(Field.TITLE, "title")),
    Field.COMPANY: _within("employment", reading.plain(Field.COMPANY, "name")),
    Field.DOMAIN: _within("employment", reading.plain(Field.DOMAIN, "domain", reading.domain)),
    Field.LINKEDIN: _within("linkedin", reading.plain(Field.LINKEDIN, "handle", reading.linkedin)),
    Field.COUNTRY: _within("geo", reading.plain(Field.COUNTRY, "countryCode")),
    Field.PHONE: reading.plain(Field.PHONE, "phone", reading.phone),
}
