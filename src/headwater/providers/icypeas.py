"""Icypeas: submit one search or a file of up to 5,000, then fetch; every look is a request of its own.

Sources: api-doc.icypeas.com for the wire format, the limits and the certainties. Price and coverage are third-party
figures, a verification costs a tenth. No accuracy over all classes is published, and of "probable" the vendor has two
versions (< 38 % and < 5 % bounces): those two figures are our estimates, between and below what the vendor says.

Every step of a search is in the ticket: phase ("item": a single search; "file": progress of a bulk; "rows": its pages),
id, the cursor ("sorts"), how many rows were read in this pass and which positions are answered (bits of "seen").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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

_PAGE = 100  # the vendor's most
_READ_EVERY = 3.0  # the vendor recommends at least 3 s between reads
_FILE_EVERY = 10.0
_ROWS_EVERY = 30.0  # between two passes over the rows of a file
_ITEM_PATIENCE = 1800.0
_FILE_PATIENCE = 21_600.0

_TASKS = {"find": "email-search", "verify": "email-verification"}
_PRICES = {"find": 1000, "verify": 100}
_RUNNING = frozenset({"NONE", "SCHEDULED", "IN_PROGRESS"})
_FOUND = frozenset({"FOUND", "DEBITED"})
_NOT_FOUND = {"NOT_FOUND": False, "DEBITED_NOT_FOUND": True}  # whether it was charged
_UNFUNDED = "INSUFFICIENT_FUNDS"
_NO_ANSWER = {  # the other ends of a search, none of which is charged
    "BAD_INPUT": (Outcome.REFUSED, "Icypeas can not search with this input (BAD_INPUT)"),
    _UNFUNDED: (Outcome.FAILED, "the Icypeas account has no credits left for this record (INSUFFICIENT_FUNDS)"),
    "ABORTED": (Outcome.UNKNOWN, "Icypeas stopped the search (ABORTED)"),
}
_RANK = {"ultra_sure": 0, "very_sure": 1, "sure": 2, "probable": 3}
_UNUSABLE = frozenset({"undeliverable", "not_found"})

# the verifier's certainties, in words that all verifiers here share
_RESULTS = {
    "ultra_sure": "deliverable",
    "very_sure": "deliverable",
    "sure": "deliverable",
    "probable": "risky",
    "undeliverable": "undeliverable",
    "not_found": "unknown",  # the vendor: for verification, "can not tell"
}


@dataclass(frozen=True, slots=True)
class _Progress:
    """What a page of rows brought."""

    answers: Mapping[int, Answer]
    seen: int
    running: bool
    unfunded: int


class Icypeas:
    """Out of credits is the status of an item here: see ``_page`` for what becomes of the others."""

    declaration = Declaration(
        name="icypeas",
        title="Icypeas",
        base_url="https://app.icypeas.com/api",
        credit_price=9_000,  # third-party figure (Apify example rate)
        operations=(
            Operation(
                name="find",
                finds=frozenset({Field.EMAIL}),
                # the vendor takes a first or last name alone; a lone name is too weak to pay for
                needs=(
                    frozenset({"first_name", "last_name", "domain"}),
                    frozenset({"first_name", "last_name", "company"}),
                ),
                batch=5000,
                charge=Charge(hit=1000),  # on success
                hit_rate=0.47,  # third-party figures: single finders 40-55 %
                submits=True,
                accuracy={
                    Field.EMAIL: 0.91
                },  # our estimate: two thirds of the answers as "sure", the others "probable"
            ),
            Operation(
                name="verify",
                finds=frozenset({Field.EMAIL}),
                needs=(frozenset({"email"}),),
                batch=5000,
                charge=Charge(hit=100),  # third-party figure: 0.1 credit
                hit_rate=0.70,  # third-party figure: the best verifiers decide about 70 %
                submits=True,
                verifies=True,
            ),
        ),
        limits={  # published
            "single": (Limit(10, 1),),
            "bulk": (Limit(1, 1),),
            "read": (Limit(30, 60),),
            "files": (Limit(15, 60),),
        },
        cautious=Limit(60, 60),
        reliability={
            (Field.EMAIL, "ultra_sure"): 0.99,  # vendor: < 1 % bounces
            (Field.EMAIL, "very_sure"): 0.97,  # vendor: 99 %
            (Field.EMAIL, "sure"): 0.95,
            (Field.EMAIL, "probable"): 0.74,  # vendor: at least 62 %, in another version 95 %
            (Field.EMAIL, "not_found"): 0.50,
            (Field.EMAIL, "undeliverable"): 0.0,
            (Field.EMAIL, ""): 0.70,
        },
        shareable=False,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        task = _TASKS[operation]
        if len(queries) > 1:
            return _post("/bulk-search", "bulk", account, _bulk(task, queries))
        custom: dict[str, Json] = {"custom": {"externalId": queries[0].reference}}
        return _post(f"/{task}", "single", account, {**_single(task, queries[0]), **custom})

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            # a 5xx other than 503 may follow the acceptance of the search: submitting again would pay twice
            raise reading.failure(response, "Icypeas", *_words(reading.complaint(response)))
        body = reading.document(response)
        if body.get("success") is False:
            return Reply({0: _refused(body, len(queries))})
        if len(queries) > 1:
            ident = reading.identifier(body.get("file"), "Icypeas' file")
            return Reply(ticket=Ticket({"phase": "file", "id": ident}, _FILE_EVERY))
        ident = reading.identifier(reading.record(body.get("item"), "item").get("_id"), "Icypeas' search")
        return Reply(ticket=Ticket({"phase": "item", "id": ident}, _READ_EVERY))

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        state = ticket.state
        if state["phase"] == "item":
            return _post("/bulk-single-searchs/read", "read", account, {"id": state["id"]})
        if state["phase"] == "file":
            return _post("/search-files/read", "files", account, {"file": state["id"]})
        page: dict[str, Json] = {"mode": "bulk", "file": state["id"], "limit": _PAGE}
        further: dict[str, Json] = {"next": True, "sorts": state["sorts"]} if state.get("sorts") else {}
        return _post("/bulk-single-searchs/read", "read", account, {**page, **further})

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            raise reading.fetch_failure(response, "Icypeas", *_words(reading.complaint(response)))
        try:
            return self._looked(operation, ticket, queries, reading.document(response))
        except Garbled as error:
            return reading.read_again(ticket, error)

    def _looked(self, operation: str, ticket: Ticket, queries: Sequence[Query], body: Record) -> Reply:
        if body.get("success") is False:
            raise _lost(body)
        phase = ticket.state["phase"]
        if phase == "item":
            return _item(operation, ticket, queries, body)
        return _file(ticket, body) if phase == "file" else _page(operation, ticket, queries, body)


# --- asking


def _post(path: str, family: str, account: Account, body: Json) -> Request:
    # the bare key, without a scheme word: what the current documents teach
    headers = {"Authorization": account.api_key, "Content-Type": "application/json"}
    return Request("POST", reading.url(account, path), family, headers, json=body)


def _single(task: str, query: Query) -> dict[str, Json]:
    if task == "email-verification":
        return {"email": query.email}
    first, last, where = _row(task, query)
    return {"firstname": first, "lastname": last, "domainOrCompany": where}


def _bulk(task: str, queries: Sequence[Query]) -> Json:
    return {
        "task": task,
        "name": f"headwater {queries[0].reference}",
        "data": [_row(task, query) for query in queries],
        "custom": {"externalIds": [query.reference for query in queries]},
    }


def _row(task: str, query: Query) -> list[str]:
    if task == "email-verification":
        return [query.email or ""]
    return [query.first_name or "", query.last_name or "", query.domain or query.company or ""]


# --- fetching


def _item(operation: str, ticket: Ticket, queries: Sequence[Query], body: Record) -> Reply:
    """The one item of a single search, under ``items`` or ``item``; not there yet means still running."""
    listed = reading.rows(body.get("items"), "items") or [body.get("item")]
    items = [reading.record(entry, "item") for entry in listed]
    item = next((entry for entry in items if entry.get("_id") in (ticket.state["id"], None)), None)
    if item is None:
        raise Garbled("Icypeas shows another search than was asked for.")
    status = item.get("status", "NONE")
    if status == _UNFUNDED:
        raise StopVendor("The Icypeas account has no credits left (INSUFFICIENT_FUNDS).")
    answer = _answer(operation, item, queries[0]) if status not in _RUNNING else None
    if answer is None:
        return Reply(ticket=reading.again(ticket, _READ_EVERY, _ITEM_PATIENCE, "Icypeas"))
    return Reply({0: answer})


def _file(ticket: Ticket, body: Record) -> Reply:
    """Progress of a bulk search; once it is finished, or says nothing that can be understood, its rows are read."""
    ident = ticket.state["id"]
    listed = reading.rows(body.get("files"), "files") or reading.rows(body.get("items"), "items")
    files = [reading.record(entry, "A file") for entry in listed]
    own = next((entry for entry in files if ident in (entry.get("file"), entry.get("_id"))), None)
    entry = own or (files[0] if len(files) == 1 else {key: body[key] for key in ("finished", "status") if key in body})
    total, unfunded = reading.whole(entry.get("total")), reading.whole(entry.get("credits-missing"))
    running = entry.get("finished") is False or entry.get("status") in ("in_progress", *_RUNNING)
    if running or not entry:
        return Reply(ticket=reading.again(ticket, _FILE_EVERY, _FILE_PATIENCE, "Icypeas"))
    if 0 < total <= unfunded:
        raise StopVendor("The Icypeas account has no credits left: none of the submitted rows was searched.")
    return Reply(ticket=reading.again(ticket, _READ_EVERY, _FILE_PATIENCE, "Icypeas", phase="rows"))


def _page(operation: str, ticket: Ticket, queries: Sequence[Query], body: Record) -> Reply:
    """One page of rows and the ticket for the next.

    Rows without funds fail one by one (a retry asks again, once there are credits), because stopping the vendor here
    would throw away what was found and paid in the same file; the next submission stops it. Only if no row at all was
    searched is the vendor stopped.
    """
    items = reading.rows(body.get("items"), "items")
    if "items" not in body:
        raise Garbled("A page without items.")
    state = ticket.state
    start = reading.whole(state.get("rows"))
    progress = _read_page(operation, ticket, queries, body, items)
    if progress.unfunded == len(queries):
        raise StopVendor("The Icypeas account has no credits left: none of the submitted rows was searched.")
    running = progress.running or state.get("running") is True
    read = start + len(items)
    sorts = reading.keepable(body.get("sorts"), "sorts")
    if items and read < len(queries) and sorts:
        following = Ticket({**state, "sorts": sorts, "rows": read, "running": running}, _READ_EVERY)
    elif running and reading.whole(state.get("waited")) + _ROWS_EVERY <= _FILE_PATIENCE:
        following = Ticket({**state, "sorts": None, "rows": 0, "running": False}, _ROWS_EVERY)
    else:
        return Reply({**progress.answers, **_absent(progress.seen, len(queries))})
    seen = f"{progress.seen:x}"
    return Reply(progress.answers, reading.again(following, following.after, _FILE_PATIENCE, "Icypeas", seen=seen))


def _read_page(
    operation: str, ticket: Ticket, queries: Sequence[Query], body: Record, items: Sequence[Json]
) -> _Progress:
    """Answer the rows of a page that were not answered before; rows come in input order and echo our reference."""
    ordered = body.get("total", len(queries)) == len(queries)
    references = [query.reference for query in queries]
    echoed = [_reference(item) for item in items]
    positions = reading.placed(references, echoed, reading.whole(ticket.state.get("rows")), ordered)
    seen = int(str(ticket.state.get("seen") or "0"), 16)
    answers: dict[int, Answer] = {}
    running, unfunded = False, 0
    for item, position in zip(items, positions, strict=True):
        if position is None or seen >> position & 1:
            continue
        answer = _slot(operation, item, queries[position])
        running = running or answer is None
        if answer is not None:
            answers[position] = answer
            seen |= 1 << position
            unfunded += answer.reason == _NO_ANSWER[_UNFUNDED][1]
    return _Progress(answers, seen, running, unfunded)


def _reference(item: Json) -> Json:
    own = item.get("userData") if isinstance(item, Mapping) else None
    return own.get("externalId") if isinstance(own, Mapping) else None


def _absent(seen: int, asked: int) -> dict[int, Answer]:
    missing = Answer(Outcome.UNKNOWN, reason="Icypeas returned no row for this record")
    return {position: missing for position in range(asked) if not seen >> position & 1}


# --- reading an item


def _slot(operation: str, item: Json, query: Query) -> Answer | None:
    if item is None:
        return Answer(Outcome.UNKNOWN, reason="Icypeas returned an empty row for this record")
    return reading.slot(lambda row: _answer(operation, row, query), item)


def _answer(operation: str, item: Record, query: Query) -> Answer | None:
    """One item by its status: finished is whatever is not in the three running ones; None while it runs."""
    status = reading.text(item.get("status"))
    if status is None:
        raise Garbled("An Icypeas search has no status.")
    if status in _RUNNING:
        return None
    if status in _FOUND or status in _NOT_FOUND:
        units = _PRICES[operation] if _NOT_FOUND.get(status, True) else 0
        emails = _emails(item, expected=status in _FOUND)
        return _verified(emails, query, units) if operation == "verify" else _found(emails, query, units, item)
    outcome, reason = _NO_ANSWER.get(
        status, (Outcome.UNKNOWN, f"Icypeas ended the search in a new way{quoted(status)}")
    )
    return Answer(outcome, reason=reason)


def _emails(item: Record, *, expected: bool) -> list[Record]:
    results = reading.record(item.get("results"), "results")
    listed = [reading.record(entry, "An address") for entry in reading.rows(results.get("emails"), "emails")]
    if expected and not listed:
        raise Garbled("An Icypeas search found something but shows no address.")
    return listed


def _found(emails: Sequence[Record], query: Query, units: int, item: Record) -> Answer:
    """The surest address of a search."""
    usable = [entry for entry in emails if reading.email(entry.get("email")) and _certainty(entry) not in _UNUSABLE]
    best = min(usable, key=lambda entry: _RANK.get(_certainty(entry) or "", len(_RANK)), default=None)
    if best is None:
        lacks = reading.missing_address(emails[0].get("email")) if emails else "no e-mail address"
        return Answer(Outcome.MISS, units=units, reason=lacks)
    name = reading.text(reading.record(item.get("results"), "results").get("fullname"))
    address = reading.email(best.get("email")) or ""
    finding = Finding(Field.EMAIL, address, _certainty(best), detail={"name": name} if name else {})
    return reading.answer((finding,) if Field.EMAIL in query.want else (), units)


def _verified(emails: Sequence[Record], query: Query, units: int) -> Answer:
    """What the verifier says of the address asked; no certainty means that it can not tell."""
    asked = (query.email or "").strip().lower()
    told = [entry for entry in emails if reading.email(entry.get("email")) in (asked, None)]
    if emails and not told:
        raise Garbled("Icypeas verified another address than was asked.")
    certainty = (_certainty(told[0]) if told else None) or "not_found"
    detail = {"result": _RESULTS.get(certainty, "unknown")}
    return Answer(Outcome.HIT, (Finding(Field.EMAIL, asked, certainty, detail=detail),), units)


def _certainty(entry: Record) -> str | None:
    return (reading.text(entry.get("certainty")) or "").lower() or None


# --- refusals


def _refused(body: Record, asked: int) -> Answer:
    """A 200 that is a failure. The refusal of a single search is an answer; that of a file is not one for each row."""
    words = _words(body)
    if "UnpaidSubscriptionError" in words:
        raise StopVendor("Icypeas says that the subscription is unpaid.")
    said = f"Icypeas refused the request{quoted(*words)}."
    if asked > 1 or not body.get("validationErrors"):
        raise BadRequest(said)
    return Answer(Outcome.REFUSED, reason=said)


def _lost(body: Record) -> StopVendor | OutcomeUnknown:
    words = _words(body)
    if "UnpaidSubscriptionError" in words:
        return StopVendor("Icypeas says that the subscription is unpaid.")
    return OutcomeUnknown(f"Icypeas does not show what was submitted{quoted(*words)}.")


def _words(body: Record) -> list[str]:
    """The names and fields of the errors in a body, wherever this vendor's versions put them."""
    listed = body.get("validationErrors")
    errors = [error for error in listed if isinstance(error, Mapping)] if isinstance(listed, Sequence) else []
    nested = body.get("error")
    sources = [body, *([nested] if isinstance(nested, Mapping) else []), *errors]
    keys = ("error", "name", "message", "field", "type")
    found = (reading.text(source.get(key)) for source in sources for key in keys)
    return [word for word in found if word]
