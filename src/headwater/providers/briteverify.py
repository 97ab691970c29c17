"""BriteVerify (Validity): one address by API v1, many as a list of the bulk API v3.

Sources: the vendor's Postman collection and documentation for the wire format, 500 verifications a minute and key, 25 a
minute and client address with a public key, 4,000 a minute in bulk; a support page for ten jobs at once and the warning
that many small jobs may close the account. Price: third-party figure; no page says which results are free.

The documented path holds ``/public``, which is for public keys. With a key of the server-side kind set the base URL to
``https://bpi.briteverify.com/api/v1``. Lists have a host of their own (``HEADWATER_BRITEVERIFY_BULK_URL``).
"""

from collections.abc import Mapping, Sequence

from headwater.providers import mailbox, reading
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
from headwater.providers.errors import BadRequest, OutcomeUnknown
from headwater.providers.mailbox import Word
from headwater.providers.reading import Garbled, Record
from headwater.providers.words import quoted
from headwater.records import Field

_NAME = "BriteVerify"
_CREDIT = 1000
_OWN_HOST, _BULK_HOST = "https://bpi.briteverify.com/", "https://bulk-api.briteverify.com/api/v3"
_FIRST_LOOK = 10.0
_LIST_EVERY = 15.0
_PAGE_AFTER = 1.0
_PATIENCE = 21_600.0

_STATUSES = {
    "valid": Word.VALID,
    "invalid": Word.INVALID,
    "accept_all": Word.ACCEPT_ALL,
    "unknown": Word.UNKNOWN,
}
_DONE = ("complete", "delivered")
_ENDED = ("terminated", "deleted", "import_error", "expired")


class BriteVerify:
    """An invalid address is a 200; v1 and v3 fail in different shapes."""

    declaration = Declaration(
        name="briteverify",
        title=_NAME,
        base_url=f"{_OWN_HOST}api/public/v1",
        credit_price=10_000,  # third-party figure: about $0.01
        operations=(
            Operation(
                name="verify",
                finds=frozenset({Field.EMAIL}),
                needs=(frozenset({"email"}),),
                batch=5000,  # as much as one call of the largest finder; a list may hold 100,000 a page
                list_from=500,  # small jobs may close the account, and 500 go one by one in a minute
                charge=Charge(hit=_CREDIT),
                hit_rate=0.70,  # third-party figure: the best verifiers decide about 70 %
                submits=True,
                verifies=True,
            ),
        ),
        limits={
            "single": (Limit(500, 60),),  # published
            # ten jobs at once: at 4,000 addresses a minute ten of 5,000 are done in a quarter of an hour
            "lists": (Limit(10, 900),),
            "read": (Limit(60, 60),),  # nothing is published
        },
        cautious=Limit(25, 60),  # published for public keys, by client address
        reliability={
            (Field.EMAIL, "valid"): 0.97,  # our estimate, as of the other verifiers
            (Field.EMAIL, "accept_all"): 0.70,
            (Field.EMAIL, "invalid"): 0.0,
            (Field.EMAIL, ""): 0.50,
        },
        shareable=False,
        options=("bulk_url",),
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        addresses = mailbox.sendable(queries, _NAME)
        if len(addresses) == 1:
            url = reading.url(account, "/fullverify")
            return Request("POST", url, "single", _headers(account), json={"email": addresses[0]})
        contacts: list[Json] = [{"email": address} for address in addresses]
        body: Json = {"directive": "start", "contacts": contacts}
        return Request("POST", f"{_bulk(account)}/lists", "lists", _headers(account), json=body)

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        alone = len(mailbox.places(queries)) == 1
        if response.status == 400 and alone:
            refused = Answer(Outcome.REFUSED, reason=f"{_NAME} refused the input{quoted(*_words(response))}")
            return Reply({**mailbox.unsendable(queries), **mailbox.unanswered(queries, 0, refused)})
        if not 200 <= response.status < 300:
            raise reading.failure(response, _NAME, *_words(response))
        body = reading.document(response)
        if not alone:
            return Reply(mailbox.unsendable(queries), Ticket({"phase": "list", "id": _list(body)}, _FIRST_LOOK))
        (address,) = mailbox.places(queries)
        found = reading.record(body.get("email"), "email")
        mailbox.same_address(address, found.get("address"), _NAME)
        answers, _ = mailbox.spread(queries, [(address, _answer(found, address))])
        return Reply({**mailbox.unsendable(queries), **answers})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        path = f"{_bulk(account)}/lists/{ticket.state['id']}"
        if ticket.state["phase"] == "rows":
            path = f"{path}/export/{_page(ticket)}"
        return Request("GET", path, "read", _headers(account))

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            raise reading.fetch_failure(response, _NAME, *_words(response))
        try:
            body = reading.document(response)
            return _progress(ticket, body) if ticket.state["phase"] == "list" else _results(ticket, queries, body)
        except Garbled as error:
            return reading.read_again(ticket, error)


# --- asking


def _headers(account: Account) -> Mapping[str, str]:
    return {"Authorization": f"ApiKey: {account.api_key}", "Content-Type": "application/json"}  # colon included


def _bulk(account: Account) -> str:
    """Where lists are sent. Who goes to another address than the vendor's own is not led to the vendor by lists."""
    own = account.base_url.startswith(_OWN_HOST)
    return (account.options.get("bulk_url") or (_BULK_HOST if own else account.base_url)).rstrip("/")


def _page(ticket: Ticket) -> int:
    return max(1, reading.whole(ticket.state.get("page")))


# --- refusals


def _words(response: Response) -> list[Json]:
    """What v1 (``errors`` by name) and v3 (``status`` and ``message``) say of a failure."""
    body = reading.complaint(response)
    errors = body.get("errors")
    named = list(errors.values()) if isinstance(errors, Mapping) else []
    return [body.get("status"), body.get("message"), *named]


# --- reading


def _answer(found: Record, address: str) -> Answer:
    status = (reading.text(found.get("status")) or "").lower()
    if not status:
        raise Garbled(f"A {_NAME} verification has no status.")
    second = (reading.text(found.get("secondary_status")) or reading.text(found.get("error_code")) or "").lower()
    word = _STATUSES.get(status, Word.UNKNOWN)
    if word is not Word.INVALID and (reading.truth(found.get("disposable")) or second == "disposable"):
        word = Word.DISPOSABLE
    role = reading.truth(found.get("role_address")) or second == "role_address"
    told = {"status": status, "sub_status": second, "role_address": "true" if role else None}
    return mailbox.verdict(address, word, _CREDIT, **told)


def _list(body: Record) -> str:
    """The id of a list that was accepted and started."""
    if body.get("status") != "success":
        said = [reading.text(body.get("status")) or "", reading.text(body.get("message")) or ""]
        if not any(said):
            raise Garbled(f"{_NAME}'s answer neither accepts nor refuses the list.")
        raise mailbox.trouble_of_account(_NAME, *said) or BadRequest(f"{_NAME} refused the list{quoted(*said)}.")
    return reading.identifier(reading.record(body.get("list"), "list").get("id"), f"{_NAME}'s list")


def _progress(ticket: Ticket, body: Record) -> Reply:
    shown = reading.record(body.get("list"), "list") or body
    state = (reading.text(shown.get("state")) or "").lower()
    if not state:
        raise Garbled(f"A {_NAME} list has no state.")
    errors = [reading.record(error, "An error") for error in reading.rows(shown.get("errors"), "errors")]
    codes = [reading.text(error.get("code")) or "" for error in errors]
    if state in _ENDED or "expired" in codes:
        raise OutcomeUnknown(f"{_NAME} ended the list{quoted(state, *codes)}; it may have been charged.")
    phase, after = ("rows", _PAGE_AFTER) if state in _DONE else ("list", _LIST_EVERY)
    return Reply(ticket=reading.again(ticket, after, _PATIENCE, _NAME, phase=phase))


def _results(ticket: Ticket, queries: Sequence[Query], body: Record) -> Reply:
    """One page of results, which carry their addresses; the ticket for the next, or the end."""
    if "results" not in body:
        raise Garbled(f"A page of {_NAME} has no results.")
    rows = reading.rows(body.get("results"), "results")
    answers, seen = mailbox.spread(queries, map(_row, rows), mailbox.bits(ticket.state.get("seen")))
    page, pages = _page(ticket), body.get("num_pages")
    last = int(pages) if isinstance(pages, str) and pages.isascii() and pages.isdecimal() else reading.whole(pages)
    if rows and page < last:
        following = reading.again(ticket, _PAGE_AFTER, _PATIENCE, _NAME, page=page + 1, seen=f"{seen:x}")
        return Reply(answers, following)
    return Reply(answers | mailbox.unanswered(queries, seen, mailbox.lost(_NAME)))


def _row(row: Json) -> tuple[Json, Answer | None]:
    """A result is an object of its own (``contacts`` were sent) or the row itself (``emails`` were)."""
    nested = row.get("email") if isinstance(row, Mapping) else None
    found = nested if isinstance(nested, Mapping) else row
    address = found.get("email") if isinstance(found, Mapping) else None
    sent = address.strip().lower() if isinstance(address, str) else ""
    return address, reading.slot(lambda each: _answer(each, sent), found)
