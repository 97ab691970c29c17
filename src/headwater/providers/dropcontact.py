"""Dropcontact: submit up to 250 records, fetch after 30 seconds and again; charged for an address found.

Sources: developer.dropcontact.com for the wire format (``custom_fields`` come back as sent), support article 225 for
the qualifications ("nominative@pro" 98 % valid, "catch-all@pro" 80-90 %). The credit: 1 for a verified address found,
taken at submission and given back if there is none; 1 for every record sent *with* an address, never given back. Price
and coverage (45-55 %) are third-party figures.
"""

import json
import re
from collections.abc import Mapping, Sequence

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
from headwater.providers.errors import BadRequest, OutcomeUnknown, StopVendor
from headwater.providers.reading import Garbled, Record
from headwater.providers.words import quoted
from headwater.records import Field, Finding

# no page publishes the accuracy of these: assumed, from 22.5 % of business data going stale in a year
_PROFILE = {
    Field.TITLE: 0.85,
    Field.COMPANY: 0.90,
    Field.DOMAIN: 0.90,
    Field.LINKEDIN: 0.90,
    Field.COUNTRY: 0.90,
}
_PATH = "/v1/enrich/all"
_RECORD_BYTES = 15_000  # "up to 15 kB of data in a single record"
_FETCH_EVERY = 30.0
_PATIENCE = 21_600.0  # 6 hours: "not ready" is also what an unknown request and vendor trouble look like
_CREDIT = 1000
_NAMED = (("first_name", "last_name", "company"), ("first_name", "last_name", "domain"))
_FULLY_NAMED = (("full_name", "company"), ("full_name", "domain"))
_IDENTITIES = (*_NAMED, *_FULLY_NAMED, ("linkedin",))
_SENT = (
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("full_name", "full_name"),
    ("company", "company"),
    ("domain", "website"),
)

# qualification = local part @ domain; the request asks for English, an account's default may still be French
_LOCAL = {
    "nominatif": "nominative",
    "catch_all": "catch_all",
    "générique": "generic",
    "generique": "generic",
    "ne_pas_contacter": "do_not_contact",
    "non_validé": "non_validated",
    "non_valide": "non_validated",
    "no_validated": "non_validated",
    "aléatoire": "random",
    "aleatoire": "random",
    "invalide": "invalid",
}
_DOMAIN = {"jetable": "disposable", "domaine_invalide": "invalid_domain", "invalide": "invalid_domain"}
_RANK = {"nominative": 0, "catch_all": 1, "generic": 3}  # anything unheard of stands before a role address
_UNUSABLE = frozenset({"invalid", "non_validated", "random", "do_not_contact"})
_UNUSABLE_DOMAIN = frozenset({"disposable", "invalid_domain", "invalid"})


class Dropcontact:
    """A request is refused as a whole with 403 if the credits do not cover all its records."""

    declaration = Declaration(
        name="dropcontact",
        title="Dropcontact",
        base_url="https://api.dropcontact.com",
        credit_price=50_000,  # third-party figure: $0.05-0.077 on small plans
        operations=(
            Operation(
                name="enrich",
                finds=frozenset(Field),
                needs=(*(frozenset(names) for names in _IDENTITIES), frozenset({"email"})),
                batch=250,
                charge=Charge(hit=_CREDIT),  # vendor's rule, see above; most() covers the record sent with an address
                hit_rate=0.50,  # third-party figures: 45-55 %
                submits=True,
                # e-mail: an operator of 3,626 campaigns says 90-95 % (a competitor: 80-85 %);
                # phone: our estimate, between a mobile and the company's own number
                accuracy={Field.EMAIL: 0.92, Field.PHONE: 0.40, **_PROFILE},
            ),
        ),
        limits={"enrich": (Limit(60, 1),)},  # published
        cautious=Limit(10, 60),
        reliability={
            (Field.EMAIL, "nominative@pro"): 0.98,  # vendor: 98 %
            (Field.EMAIL, "catch_all@pro"): 0.85,  # vendor: 80-90 %
            (Field.EMAIL, "nominative@perso"): 0.90,
            (Field.EMAIL, "nominative@school"): 0.90,
            (Field.EMAIL, "generic@pro"): 0.0,  # a mailbox of the company, not of the person
            (Field.EMAIL, ""): 0.70,
            (Field.PHONE, "mobile"): 0.65,
            (Field.PHONE, "company"): 0.30,  # vendor: the phone number of the company
            **{(known, ""): chance for known, chance in _PROFILE.items()},
        },
        shareable=False,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        data = [_record(queries[position]) for position in _sent(queries)]
        if not data:
            raise BadRequest(f"Dropcontact takes records of up to {_RECORD_BYTES} bytes; all are larger.")
        body: Json = {"data": data, "siren": False, "language": "en"}
        return Request("POST", reading.url(account, _PATH), "enrich", _headers(account), json=body)

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        sent = _sent(queries) or [0]
        if response.status != 200:
            return Reply({**_oversized(queries), sent[0]: _refused(response, len(sent))})
        body = reading.document(response)
        if body.get("success") is not True:
            return Reply({**_oversized(queries), sent[0]: _declined(body, len(sent))})
        ident = reading.identifier(body.get("request_id"), "Dropcontact's request")
        # what was sent decides the charge, and only the references of the queries are sure to be known when polling
        addressed = [position for position in sent if _sends_email(queries[position])]
        state: dict[str, Json] = {"id": ident, "sent": list(sent), "addressed": addressed}
        return Reply(_oversized(queries), Ticket(state, _FETCH_EVERY))

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        path = f"{_PATH}/{ticket.state['id']}"
        return Request("GET", reading.url(account, path), "enrich", _headers(account))

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            raise reading.fetch_failure(response, "Dropcontact", *_words(reading.complaint(response)))
        try:
            return _fetched(ticket, queries, reading.document(response))
        except Garbled as error:
            return reading.read_again(ticket, error)


# --- asking


def _headers(account: Account) -> Mapping[str, str]:
    return {"X-Access-Token": account.api_key, "Content-Type": "application/json"}


def _record(query: Query) -> dict[str, Json]:
    """What is known. An address that is known already is only sent if nothing else says who is meant: it costs."""
    known = {theirs: value for ours, theirs in _SENT if (value := getattr(query, ours))}
    if query.linkedin:
        slug = reading.linkedin(query.linkedin)
        known["linkedin"] = f"https://www.linkedin.com/in/{slug}" if slug else query.linkedin
    address = {"email": query.email} if _sends_email(query) else {}
    return {**known, **address, "custom_fields": {"reference": query.reference}}


def _sends_email(query: Query) -> bool:
    return not any(all(getattr(query, name) for name in names) for names in _IDENTITIES)


def _sent(queries: Sequence[Query]) -> list[int]:
    """The positions of the records that are small enough to be sent."""
    return [position for position, query in enumerate(queries) if _size(query) <= _RECORD_BYTES]


def _size(query: Query) -> int:
    return len(json.dumps(_record(query), ensure_ascii=False).encode("utf-8", "replace"))


def _oversized(queries: Sequence[Query]) -> dict[int, Answer]:
    reason = f"the record is larger than the {_RECORD_BYTES} bytes that Dropcontact takes"
    refused = set(range(len(queries))) - set(_sent(queries))
    return {position: Answer(Outcome.REFUSED, reason=reason) for position in sorted(refused)}


# --- refusals


def _words(body: Record) -> tuple[Json, ...]:
    return body.get("reason"), body.get("detail")


def _refused(response: Response, asked: int) -> Answer:
    said = reading.complaint(response)
    if response.status == 403:
        raise StopVendor("Dropcontact refused the whole request: the credits of the account do not cover it.")
    if response.status in (400, 422) and asked == 1:
        return _input_refused(said)
    # credits are taken at submission: a 5xx other than 503 may follow the charge
    raise reading.failure(response, "Dropcontact", *_words(said))


def _declined(body: Record, asked: int) -> Answer:
    """A 200 without success: refused with a reason, and not charged. Anything else is no answer."""
    if body.get("error") is not True and not reading.text(body.get("reason")):
        raise Garbled("Dropcontact's answer neither accepts nor refuses the request.")
    if "credit" in (reading.text(body.get("reason")) or "").lower():
        raise StopVendor("Dropcontact refused the whole request: the credits of the account do not cover it.")
    if asked == 1:
        return _input_refused(body)
    raise BadRequest(f"Dropcontact refused the request{quoted(*_words(body))}.")


def _input_refused(said: Record) -> Answer:
    return Answer(Outcome.REFUSED, reason=f"Dropcontact refused the input{quoted(*_words(said))}")


# --- fetching


def _fetched(ticket: Ticket, queries: Sequence[Query], body: Record) -> Reply:
    if body.get("success") is True and "data" in body:
        sent = _positions(ticket, "sent", len(queries))
        addressed = frozenset(_positions(ticket, "addressed", len(queries)))
        return Reply(_answers(sent, addressed, queries, reading.rows(body["data"], "data")))
    if body.get("error") is True:
        raise OutcomeUnknown(f"Dropcontact does not show what was submitted{quoted(*_words(body))}.")
    if body.get("success") is not False:
        raise Garbled("Dropcontact's answer neither has data nor says that there is none yet.")
    return Reply(ticket=reading.again(ticket, _advice(body), _PATIENCE, "Dropcontact"))


def _positions(ticket: Ticket, name: str, asked: int) -> list[int]:
    stored = [reading.whole(position) for position in reading.rows(ticket.state.get(name), name)]
    return [position for position in stored if 0 <= position < asked]


def _advice(body: Record) -> float:
    named = re.search(r"in (\d{1,5}) seconds", reading.text(body.get("reason")) or "", re.ASCII)
    return min(max(float(named.group(1)), 1.0), 3600.0) if named else _FETCH_EVERY


def _answers(
    sent: Sequence[int], addressed: frozenset[int], queries: Sequence[Query], items: Sequence[Json]
) -> dict[int, Answer]:
    """Records come in the order sent and carry our reference; without it, a wrong count can not be placed."""
    echoed = [_reference(item) for item in items]
    if len(items) != len(sent) and any(echo is None for echo in echoed):
        raise Garbled(f"Dropcontact returned {len(items)} records for {len(sent)}.")
    references = [queries[position].reference for position in sent]
    places = reading.placed(references, echoed, 0, ordered=True)
    answers = {position: Answer(Outcome.UNKNOWN, reason="Dropcontact returned no record for it") for position in sent}
    taken: set[int] = set()
    for item, place in zip(items, places, strict=True):
        if place is None or place in taken or item is None:
            continue
        taken.add(place)
        position = sent[place]
        answers[position] = reading.slot(_reader(queries[position], position in addressed), item) or answers[position]
    return answers


def _reference(item: Json) -> Json:
    own = item.get("custom_fields") if isinstance(item, Mapping) else None
    return own.get("reference") if isinstance(own, Mapping) else None


def _reader(query: Query, addressed: bool) -> reading.AnswerReader:
    return lambda record: _answer(record, query, addressed)


def _answer(record: Record, query: Query, addressed: bool) -> Answer:
    """One enriched record: only what is populated is present, so nothing there is a miss."""
    emails = [reading.record(entry, "An address") for entry in reading.rows(record.get("email"), "email")]
    kinds = [_qualification(entry) for entry in emails]
    usable = [entry for entry, kind in zip(emails, kinds, strict=True) if _usable(entry, kind)]
    units = _CREDIT if usable or addressed else 0
    if any(local == "do_not_contact" for local, _ in kinds):
        # no page explains this class; read as the objection of a person, because the other reading can break the law
        return Answer(Outcome.FORBIDDEN, units=units, reason="Dropcontact says that the person is not to be contacted")
    lacks = "no verified e-mail address" if Field.EMAIL in query.want else "none of the wanted fields"
    return reading.answer(reading.findings(_fields(usable), record, query.want), units, lacks)


def _usable(entry: Record, kind: tuple[str, str]) -> bool:
    local, domain = kind
    return reading.email(entry.get("email")) is not None and local not in _UNUSABLE and domain not in _UNUSABLE_DOMAIN


def _qualification(entry: Record) -> tuple[str, str]:
    """Local part and domain of a qualification, in English and in one spelling."""
    said = re.sub(r"[\s-]+", "_", (reading.text(entry.get("qualification")) or "").lower())
    local, _, domain = said.partition("@")
    return _LOCAL.get(local, local), _DOMAIN.get(domain, domain)


def _fields(emails: Sequence[Record]) -> Mapping[Field, reading.FieldReader]:
    return {Field.EMAIL: lambda _: _email(emails), **_FIELDS}


def _email(usable: Sequence[Record]) -> Finding | None:
    """The best qualified address: the person's own before a catch-all, a role address last."""
    best = min(usable, key=lambda entry: _RANK.get(_qualification(entry)[0], 2), default=None)
    if best is None:
        return None
    local, domain = _qualification(best)
    status = f"{local}@{domain}" if domain else local
    return Finding(Field.EMAIL, reading.email(best.get("email")) or "", status or None)


def _phone(record: Record) -> Finding | None:
    """The person's own number, else the company's; a national number is read by the record's country."""
    for key, status in (("mobile_phone", "mobile"), ("phone", "company")):
        value = reading.phone(record.get(key), record.get("country"))
        if value is not None:
            return Finding(Field.PHONE, value, status)
    return None


_FIELDS: Mapping[Field, reading.FieldReader] = {
    Field.PHONE: _phone,
    Field.TITLE: reading.plain(Field.TITLE, "job"),
    Field.COMPANY: reading.plain(Field.COMPANY, "company"),
    Field.DOMAIN: reading.plain(Field.DOMAIN, "website", reading.domain),
    Field.LINKEDIN: reading.plain(Field.LINKEDIN, "linkedin", reading.linkedin),
    Field.COUNTRY: reading.plain(Field.COUNTRY, "country"),
}
