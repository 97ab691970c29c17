"""Apollo.io: profiles at once, one or ten at a time; mobile numbers later, through the result of a web hook.

Sources: Apollo's own OpenAPI file (docs.apollo.io) for the wire format and the charges (1 credit for demographics or an
address, 8 more for a mobile number, nothing for nobody found). Price, coverage (55-65 %) and accuracy (85-91 %, an
independent re-check: 8.2 % of "verified" bounce) are third-party figures. Personal addresses are never asked for.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

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
from headwater.providers.reading import Garbled, Record
from headwater.records import Field, Finding

_CREDIT = 1000
_MOBILE = 8000
_PHONES_AFTER = 10.0  # the vendor's message: "Retry after ~10 seconds"
_PHONES_PATIENCE = 1800.0  # "it can take several minutes"
_LOCKED = re.compile(r"email_not_unlocked@.*|.*@domain\.com")
_NO_CREDITS = re.compile(r"(insufficient|not enough|out of|no) .{0,20}credit|credit.{0,30}(exhausted|exceeded)", re.I)
_WINDOWS = {"minute": 60, "hour": 3600, "day": 86400}
_LEFT = {"x-minute-requests-left": 60, "x-hourly-requests-left": 3600, "x-24-hour-requests-left": 86400}
_GONE = frozenset({"request_id_unknown", "request_id_expired", "invalid_request_id"})

_PERSON = (  # our input, Apollo's parameter (the same in the query string and in details[])
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("full_name", "name"),
    ("email", "email"),
    ("company", "organization_name"),
    ("domain", "domain"),
)


@dataclass(frozen=True, slots=True)
class _Held:
    """A matched person whose phone numbers are still to come."""

    position: int
    person: str
    units: int
    found: tuple[Finding, ...]


class Apollo:
    """Asks ``/people/match`` for one person and ``/people/bulk_match`` for several.

    Mobile numbers cost eight credits each and apply to a whole request: they are asked for only when every record of
    the batch wants one, and only with a web hook address in the account's options (``webhook_url``, https).
    """

    declaration = Declaration(
        name="apollo",
        title="Apollo",
        base_url="https://api.apollo.io/api/v1",
        credit_price=20_000,  # third-party figure: $0.012-0.05 a credit, by plan
        operations=(
            Operation(
                name="match",
                finds=frozenset(Field),
                needs=(
                    frozenset({"email"}),
                    frozenset({"linkedin"}),
                    *(
                        frozenset({*name, where})
                        for where in ("domain", "company")
                        for name in (("first_name", "last_name"), ("full_name",))
                    ),
                ),
                batch=10,
                charge=Charge(hit=_CREDIT, extra={Field.PHONE: _MOBILE}),  # vendor: "1-9 credits per person"
                hit_rate=0.60,  # third-party figures: 55-65 %
                submits=True,  # only where phone numbers are revealed
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
            (Field.TITLE, ""): 0.85,
            (Field.COMPANY, ""): 0.87,
            (Field.DOMAIN, ""): 0.87,
            (Field.LINKEDIN, ""): 0.90,
            (Field.COUNTRY, ""): 0.90,
        },
        shareable=False,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        people = [_described(query) for query in queries]
        reveal = _reveal(queries, account)
        if len(people) == 1:
            return _request("POST", "/people/match", "match", account, {**people[0], **reveal})
        return _request("POST", "/people/bulk_match", "bulk_match", account, reveal, {"details": people})

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        windows = _windows(response)
        if response.status != 200:
            return Reply({0: _refused(response, len(queries))}, windows=windows)
        body = reading.document(response)
        matched = _one(body) if len(queries) == 1 else _several(body, len(queries))
        return _profiles(body, matched, queries, windows)

    def poll(self, operation: str, ticket: Ticket, account: Account) -> Request:
        return _request("GET", f"/webhook_result/{ticket.state.get('request_id')}", "webhook_result", account, {})

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        held = _unpacked(ticket)
        if response.status == 200:
            try:
                return _phones(ticket, held, response)
            except Garbled as error:
                if reading.worn_out(ticket):
                    return Reply(_without_phones(held, str(error)))
                return reading.read_again(ticket, error)
        said = reading.complaint(response)
        code = reading.text(said.get("error_code"))
        if code == "result_pending":
            return _waiting(ticket, held, reading.number(said.get("retry_after_seconds")))
        if code in _GONE:
            return Reply(_without_phones(held, f"Apollo holds no phone result ({code})"))
        failed = _throttled(response) if response.status == 429 else reading.fetch_failure(response, "Apollo", code)
        if isinstance(failed, TryLater):
            raise failed
        # the profiles are known and paid for: they are not lost with the numbers; the next question stops the vendor
        return Reply(_without_phones(held, str(failed)))


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


def _wants_phones(queries: Sequence[Query]) -> bool:
    return all(Field.PHONE in query.want for query in queries)


def _reveal(queries: Sequence[Query], account: Account) -> dict[str, str]:
    hook = account.options.get("webhook_url", "")
    if not _wants_phones(queries) or not hook.startswith("https://"):
        return {}
    return {"reveal_phone_number": "true", "webhook_url": hook}


# --- reading profiles


def _one(body: Record) -> list[Json]:
    """The person of a single answer. Nobody found is a 200 whose ``person`` is empty or absent."""
    if "person" not in body and any(body.get(key) for key in ("error", "error_code", "error_message", "message")):
        raise Garbled("Apollo's answer holds an error in place of a person.")
    return [body.get("person")]


def _several(body: Record, asked: int) -> list[Json]:
    """The slots of a bulk answer, in the order asked; null for nobody found. Any other count can not be placed."""
    if "matches" not in body:
        raise Garbled("Apollo's answer has no matches.")
    slots = list(reading.rows(body["matches"], "matches"))
    if not slots and reading.whole(body.get("missing_records")) == asked:
        return [None] * asked
    if len(slots) != asked or body.get("total_requested_enrichments", asked) != asked:
        raise Garbled(f"Apollo answered {len(slots)} slots for {asked} people.")
    return slots


def _profiles(body: Record, slots: Sequence[Json], queries: Sequence[Query], windows: Mapping[int, int]) -> Reply:
    """Answers for everybody, except who still waits for phone numbers: those wait in the ticket with what is known."""
    units = _units(body.get("credits_consumed"), [bool(slot) for slot in slots])
    pending = _phone_request(body) if _wants_phones(queries) else None
    answers: dict[int, Answer] = {}
    held: list[_Held] = []
    for position, (slot, query) in enumerate(zip(slots, queries, strict=True)):
        try:
            person = reading.record(slot, "A person")
            known = _profile(person, query.want)
        except Garbled as error:
            if len(slots) == 1:
                raise
            answers[position] = Answer(Outcome.UNKNOWN, units=units[position], reason=str(error))
            continue
        ident = reading.text(person.get("id"))
        if pending and ident:
            held.append(_Held(position, ident, units[position], known))
        else:
            answers[position] = _answered(person, query, known, units[position])
    if not held or not pending:
        return Reply(answers, windows=windows)
    state: dict[str, Json] = {"request_id": pending, "held": [_packed(one) for one in held]}
    return Reply(answers, Ticket(state, _PHONES_AFTER), windows)


def _answered(person: Record, query: Query, known: tuple[Finding, ...], units: int) -> Answer:
    if not person:
        return Answer(Outcome.MISS, units=units, reason="not in the vendor's database")
    lacks = reading.missing_address(person.get("email")) if Field.EMAIL in query.want else "none of the wanted fields"
    return reading.answer(known, units, f"matched, but {lacks}")


def _units(consumed: Json, matched: Sequence[bool]) -> list[int]:
    """Thousandths per position: the vendor's counter over those matched, or one credit each where there is none."""
    if consumed is None:
        return [_CREDIT if one else 0 for one in matched]
    credits = reading.number(consumed)
    if credits is None or not 0 <= credits <= 1_000_000:
        raise Garbled("Apollo's credits_consumed is not a number of credits.")
    return _shared(round(credits * _CREDIT), matched)


def _shared(total: int, over: Sequence[bool]) -> list[int]:
    """Split without losing a thousandth; if nobody was matched, over all."""
    takers = [index for index, takes in enumerate(over) if takes] or list(range(len(over)))
    each, rest = divmod(total, len(takers) or 1)
    units = [0] * len(over)
    for rank, index in enumerate(takers):
        units[index] = each + (1 if rank < rest else 0)
    return units


def _phone_request(body: Record) -> str | None:
    """The request to ask for phone numbers, kept as text: it is a signed 64-bit number, too wide for a float.

    ``phone_enrichment`` says whether numbers will come ("skipped": an earlier request brings them); its own request_id
    is not the one to poll with. Where it is absent, asking once is free and answers ``request_id_unknown``.
    """
    status = reading.record(body.get("phone_enrichment"), "phone_enrichment").get("status", "pending")
    given = body.get("request_id")
    plain = str(given) if isinstance(given, int | str) and not isinstance(given, bool) else ""
    return plain if status == "pending" and re.fullmatch(r"-?\d{1,20}", plain, re.ASCII) else None


def _profile(person: Record, want: frozenset[Field]) -> tuple[Finding, ...]:
    return reading.findings(_FIELDS, person, want)


def _email(person: Record) -> Finding | None:
    address = reading.email(person.get("email"))
    if address is None or _LOCKED.fullmatch(address):
        return None
    status = (reading.text(person.get("email_status")) or "").lower().replace(" ", "_") or None
    confidence = reading.number(person.get("extrapolated_email_confidence"))
    name = reading.text(person.get("name"))
    return Finding(
        Field.EMAIL,
        address,
        status,
        confidence if confidence is not None and 0 <= confidence <= 1 else None,
        {"name": name} if name else {},
    )


def _employer(reader: reading.FieldReader) -> reading.FieldReader:
    return lambda person: reader(reading.record(person.get("organization"), "organization"))


_FIELDS: Mapping[Field, reading.FieldReader] = {
    Field.EMAIL: _email,
    Field.TITLE: reading.plain(Field.TITLE, "title"),
    Field.COMPANY: _employer(reading.plain(Field.COMPANY, "name")),
    Field.DOMAIN: _employer(reading.plain(Field.DOMAIN, "primary_domain", reading.domain)),
    Field.LINKEDIN: reading.plain(Field.LINKEDIN, "linkedin_url", reading.linkedin),
    Field.COUNTRY: reading.plain(Field.COUNTRY, "country"),
}


# --- reading phone numbers


def _phones(ticket: Ticket, held: Sequence[_Held], response: Response) -> Reply:
    body = reading.document(response)
    result = body.get("webhook_result")
    if result is None and body.get("webhook_status") == "in_progress":
        return _waiting(ticket, held, None)
    if result is None:
        return Reply(_without_phones(held, "Apollo's phone result failed"), windows=_windows(response))
    return Reply(_with_phones(held, reading.record(result, "webhook_result")), windows=_windows(response))


def _with_phones(held: Sequence[_Held], result: Record) -> dict[int, Answer]:
    people = [reading.record(one, "A person") for one in reading.rows(result.get("people"), "people")]
    numbers = {reading.text(person.get("id")): _number(person) for person in people}
    phones = [numbers.get(one.person) for one in held]
    consumed = result.get("credits_consumed")
    units = (
        [_MOBILE if phone and phone.detail.get("type") == "mobile" else 0 for phone in phones]
        if consumed is None
        else _units(consumed, [phone is not None for phone in phones])
    )
    return {
        one.position: reading.answer(
            one.found + ((phone,) if phone else ()), one.units + extra, "matched, but none of the wanted fields"
        )
        for one, phone, extra in zip(held, phones, units, strict=True)
    }


def _number(person: Record) -> Finding | None:
    """The best number of a person: a mobile before others, then the vendor's own order."""
    listed = [reading.record(one, "A number") for one in reading.rows(person.get("phone_numbers"), "phone_numbers")]
    found = [finding for finding in map(_phone, listed) if finding is not None]
    return min(found, key=lambda finding: finding.detail.get("type") != "mobile", default=None)


def _phone(entry: Record) -> Finding | None:
    value = reading.phone(entry.get("sanitized_number")) or reading.phone(entry.get("raw_number"))
    status = reading.text(entry.get("status_cd"))
    if value is None or status == "invalid_number":
        return None
    said = {"type": entry.get("type_cd"), "dnc": entry.get("dnc_status_cd"), "confidence": entry.get("confidence_cd")}
    detail = {key: word for key, value_ in said.items() if (word := reading.text(value_))}
    return Finding(Field.PHONE, value, status, None, detail)


def _waiting(ticket: Ticket, held: Sequence[_Held], advised: float | None) -> Reply:
    """Wait on, but not for ever: a profile that is known is not lost because its phone numbers never come."""
    after = min(max(advised or _PHONES_AFTER, 1.0), 3600.0)
    if reading.whole(ticket.state.get("waited")) + after > _PHONES_PATIENCE:
        return Reply(_without_phones(held, "Apollo's phone numbers did not come in time"))
    return Reply(ticket=reading.again(ticket, after, _PHONES_PATIENCE, "Apollo"))


def _without_phones(held: Sequence[_Held], reason: str) -> dict[int, Answer]:
    """The profiles alone. The vendor charges a number when it returns it, so one that never came is not counted."""
    return {
        one.position: Answer(Outcome.HIT if one.found else Outcome.UNKNOWN, one.found, one.units, reason)
        for one in held
    }


def _packed(one: _Held) -> Json:
    return [one.position, one.person, one.units, [reading.packed(finding) for finding in one.found]]


def _unpacked(ticket: Ticket) -> list[_Held]:
    held = []
    for stored in reading.rows(ticket.state.get("held"), "held"):
        position, person, units, found = reading.rows(stored, "A held person")
        profile = tuple(reading.unpacked(one) for one in reading.rows(found, "findings"))
        held.append(_Held(reading.whole(position), str(person), reading.whole(units), profile))
    return held


# --- refusals


def _windows(response: Response) -> dict[int, int]:
    """Calls left in each fixed window; an unlimited window has an empty header."""
    left = ((seconds, response.headers.get(name, "").strip()) for name, seconds in _LEFT.items())
    return {seconds: int(calls) for seconds, calls in left if re.fullmatch(r"\d{1,9}", calls, re.ASCII)}


def _refused(response: Response, asked: int) -> Answer:
    """The refusal of a single person is an answer; the refusal of a batch is not one for each of its people."""
    said = reading.complaint(response)
    words = [reading.text(said.get(key)) for key in ("error_code", "error", "error_message", "message")]
    error = _error(response, words)
    if isinstance(error, BadRequest) and asked == 1 and response.status in (400, 422):
        return Answer(Outcome.REFUSED, reason=f"Apollo refused the input ({reading.told(*words)})")
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
