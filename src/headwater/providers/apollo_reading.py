"""What Apollo's answers mean: who was matched, what it cost, and phone numbers that come later."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headwater.providers import reading
from headwater.providers.base import Answer, Json, Outcome, Query, Reply, Response, Ticket
from headwater.providers.reading import Garbled, Record
from headwater.records import Field, Finding

CREDIT = 1000
MOBILE = 8000
_PHONES_AFTER = 10.0  # the vendor's message: "Retry after ~10 seconds"
_PHONES_PATIENCE = 1800.0  # "it can take several minutes"
_LOCKED = re.compile(r"email_not_unlocked@.*|.*@domain\.com")
_LEFT = {"x-minute-requests-left": 60, "x-hourly-requests-left": 3600, "x-24-hour-requests-left": 86400}
_NOBODY = "not in the vendor's database"


def windows_of(response: Response) -> dict[int, int]:
    """Calls left in each fixed window; an unlimited window has an empty header."""
    left = ((seconds, response.headers.get(name, "").strip()) for name, seconds in _LEFT.items())
    return {seconds: int(calls) for seconds, calls in left if re.fullmatch(r"\d{1,9}", calls, re.ASCII)}


# --- profiles


def one(body: Record) -> list[Json]:
    """The person of a single answer. Nobody found is a 200 whose ``person`` is empty or absent."""
    if "person" not in body and any(body.get(key) for key in ("error", "error_code", "error_message", "message")):
        raise Garbled("Apollo's answer holds an error in place of a person.")
    return [body.get("person")]


def several(body: Record, asked: int) -> list[Json]:
    """The slots of a bulk answer, in the order asked; null for nobody found. Any other count can not be placed."""
    if "matches" not in body:
        raise Garbled("Apollo's answer has no matches.")
    slots = list(reading.rows(body["matches"], "matches"))
    if not slots and reading.whole(body.get("missing_records")) == asked:
        return [None] * asked
    if len(slots) != asked or body.get("total_requested_enrichments", asked) != asked:
        raise Garbled(f"Apollo answered {len(slots)} slots for {asked} people.")
    return slots


def profiles(slots: Sequence[Json], units: Sequence[int], queries: Sequence[Query]) -> dict[int, Answer]:
    """An answer for each person asked about; one that is garbled among several does not spoil its neighbours."""
    answers: dict[int, Answer] = {}
    for position, (slot, query) in enumerate(zip(slots, queries, strict=True)):
        try:
            answers[position] = _answered(reading.record(slot, "A person"), query, units[position])
        except Garbled as error:
            if len(slots) == 1:
                raise
            answers[position] = Answer(Outcome.UNKNOWN, units=units[position], reason=str(error))
    return answers


def _answered(person: Record, query: Query, units: int) -> Answer:
    if not person:
        return Answer(Outcome.MISS, units=units, reason=_NOBODY)
    lacks = reading.missing_address(person.get("email")) if Field.EMAIL in query.want else "none of the wanted fields"
    return reading.answer(reading.findings(_FIELDS, person, query.want), units, f"matched, but {lacks}")


def units_of(consumed: Json, matched: Sequence[bool]) -> list[int]:
    """Thousandths per position: the vendor's counter over those matched, or one credit each where there is none."""
    if consumed is None:
        return [CREDIT if one else 0 for one in matched]
    return _shared(_counted(consumed), matched)


def _counted(consumed: Json) -> int:
    credits = reading.number(consumed)
    if credits is None or not 0 <= credits <= 1_000_000:
        raise Garbled("Apollo's credits_consumed is not a number of credits.")
    return round(credits * CREDIT)


def _shared(total: int, over: Sequence[bool]) -> list[int]:
    """Split without losing a thousandth; if nobody was matched, over all."""
    takers = [index for index, takes in enumerate(over) if takes] or list(range(len(over)))
    each, rest = divmod(total, len(takers) or 1)
    units = [0] * len(over)
    for rank, index in enumerate(takers):
        units[index] = each + (1 if rank < rest else 0)
    return units


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


# --- phone numbers


@dataclass(frozen=True, slots=True)
class Held:
    """A matched person whose phone numbers are still to come, and what the match cost."""

    position: int
    person: str
    units: int


def submitted(body: Record, slots: Sequence[Json], units: Sequence[int], windows: Mapping[int, int]) -> Reply:
    """Who was matched waits in the ticket for phone numbers; everybody else is answered."""
    pending = _phone_request(body)
    answers: dict[int, Answer] = {}
    held: list[Held] = []
    for position, slot in enumerate(slots):
        ident = reading.text(slot.get("id")) if isinstance(slot, Mapping) else None
        if not slot:
            answers[position] = Answer(Outcome.MISS, units=units[position], reason=_NOBODY)
        elif pending and ident:
            held.append(Held(position, ident, units[position]))
        else:
            reason = "matched, but Apollo does not say how to fetch the number" if ident else "a person without an id"
            answers[position] = Answer(Outcome.UNKNOWN, units=units[position], reason=reason)
    if not held:
        return Reply(answers, windows=windows)
    state: dict[str, Json] = {"request_id": pending, "held": [[one.position, one.person, one.units] for one in held]}
    return Reply(answers, Ticket(state, _PHONES_AFTER), windows)


def _phone_request(body: Record) -> str | None:
    """The request to ask for phone numbers, kept as text: it is a signed 64-bit number, too wide for a float.

    ``phone_enrichment`` says whether numbers will come ("skipped": an earlier request brings them); its own request_id
    is not the one to poll with. Where it is absent, asking once is free and answers ``request_id_unknown``.
    """
    status = reading.record(body.get("phone_enrichment"), "phone_enrichment").get("status", "pending")
    given = body.get("request_id")
    plain = str(given) if isinstance(given, int | str) and not isinstance(given, bool) else ""
    return plain if status == "pending" and re.fullmatch(r"-?\d{1,20}", plain, re.ASCII) else None


def fetched(ticket: Ticket, held: Sequence[Held], response: Response) -> Reply:
    """The result of a request for numbers, which may still be running, or have failed at the vendor."""
    body = reading.document(response)
    result = body.get("webhook_result")
    if result is None and body.get("webhook_status") == "in_progress":
        return waiting(ticket, held, None)
    if result is None:
        return Reply(lost(held, "Apollo's phone result failed"), windows=windows_of(response))
    return Reply(_with_phones(held, reading.record(result, "webhook_result")), windows=windows_of(response))


def _with_phones(held: Sequence[Held], result: Record) -> dict[int, Answer]:
    people = [reading.record(one, "A person") for one in reading.rows(result.get("people"), "people")]
    numbers = {reading.text(person.get("id")): _number(person) for person in people}
    phones = [numbers.get(one.person) for one in held]
    extra = _phone_units(result.get("credits_consumed"), sum(one.units for one in held), phones)
    return {
        one.position: reading.answer((phone,) if phone else (), one.units + units, "matched, but no phone number")
        for one, phone, units in zip(held, phones, extra, strict=True)
    }


def _phone_units(consumed: Json, matching: int, phones: Sequence[Finding | None]) -> list[int]:
    """What the numbers cost on top of the matches: 8 credits for each mobile, unless the result's counter differs.

    Not documented is what this counter counts: where it reaches the documented price of the whole request it is that,
    else it is what the numbers cost alone.
    """
    mobile = [phone is not None and phone.detail.get("type") == "mobile" for phone in phones]
    if consumed is None:
        return [MOBILE if one else 0 for one in mobile]
    counted = _counted(consumed)
    alone = counted - matching if counted >= matching + MOBILE * sum(mobile) else counted
    return _shared(alone, mobile if any(mobile) else [phone is not None for phone in phones])


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


def waiting(ticket: Ticket, held: Sequence[Held], advised: float | None) -> Reply:
    """Look again as the vendor advises, but not for ever."""
    after = min(max(advised or _PHONES_AFTER, 1.0), 3600.0)
    if reading.whole(ticket.state.get("waited")) + after > _PHONES_PATIENCE:
        return Reply(lost(held, "Apollo's phone numbers did not come in time"))
    return Reply(ticket=reading.again(ticket, after, _PHONES_PATIENCE, "Apollo"))


def lost(held: Sequence[Held], reason: str) -> dict[int, Answer]:
    """Whether there is a number stays unknown. The vendor charges one when it returns it, so only the match counts."""
    return {one.position: Answer(Outcome.UNKNOWN, units=one.units, reason=reason) for one in held}


def held_in(ticket: Ticket) -> list[Held]:
    """The people that a ticket of ``submitted`` waits for."""
    held = []
    for stored in reading.rows(ticket.state.get("held"), "held"):
        position, person, units = reading.rows(stored, "A held person")
        held.append(Held(reading.whole(position), str(person), reading.whole(units)))
    return held
