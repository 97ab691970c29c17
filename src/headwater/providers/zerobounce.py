"""ZeroBounce (API v2): one address by GET, up to 100 at once, more as a file that is fetched later.

Sources: the vendor's Python package and Postman collection for the wire format; its pricing page for the charge (one
credit for an address, none for an unknown result) and the removal of duplicates; limits, blocks and status codes by a
third-party catalogue that quotes the vendor's pages. An older page says 200 addresses and 5 batches a minute.

Errors come with a 200, as ``error``, ``errors`` or ``success``, which may be the text "False"; 403 is no matter of the
key. Nothing is de-duplicated: what is sent twice is paid twice, so only what was certainly not worked on is repeated.

``HEADWATER_ZEROBOUNCE_ACTIVITY_DATA`` asks when a mailbox was last active. No page states what that adds to the price
when it is asked along with the validation, so it is off until it is switched on.
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
    Upload,
)
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.mailbox import Word
from headwater.providers.reading import Garbled, Record
from headwater.providers.words import quoted
from headwater.records import Field

_NAME = "ZeroBounce"
_AT_ONCE = 100
_CREDIT = 1000
_BULK_HOST = "https://bulkapi.zerobounce.net/v2"  # files have a host of their own, the same for all regions
_FIRST_LOOK = 10.0
_FILE_EVERY = 30.0
_FILE_PATIENCE = 21_600.0
# how long the vendor blocks who came too often, since no header says so; for files nothing is published
_BLOCKED = {"single": 60.0, "batch": 600.0, "files": 600.0}
_SHIELD = 60.0

_STATUSES = {
    "valid": Word.VALID,
    "invalid": Word.INVALID,
    "catch-all": Word.ACCEPT_ALL,
    "spamtrap": Word.SPAMTRAP,
    "abuse": Word.DO_NOT_MAIL,
    "do_not_mail": Word.DO_NOT_MAIL,
    "unknown": Word.UNKNOWN,
}
# where the sub-status says less, or something else, than its status
_SUB_STATUSES = {
    ("valid", "accept_all"): Word.ACCEPT_ALL,
    ("valid", "role_based_accept_all"): Word.ACCEPT_ALL,
    ("valid", "leading_period_removed"): Word.UNKNOWN,  # another address than ours is valid
    ("valid", "allowed"): Word.UNKNOWN,  # it stands on a list of the account, nobody was asked
    ("invalid", "blocked"): Word.DO_NOT_MAIL,
    ("invalid", "mailbox_quota_exceeded"): Word.DO_NOT_MAIL,  # there is a mailbox, and it is full
    ("invalid", "possible_typo"): Word.DO_NOT_MAIL,  # a guess about the spelling, and where typos lead to traps
    ("do_not_mail", "role_based"): Word.ROLE,
    ("do_not_mail", "role_based_catch_all"): Word.ACCEPT_ALL,
    ("do_not_mail", "disposable"): Word.DISPOSABLE,
    ("do_not_mail", "possible_trap"): Word.SPAMTRAP,
}
_TOLD = ("sub_status", "did_you_mean", "smtp_provider", "active_in_days", "active_first_seen", "domain_age_days")
_LOST = ("deleted", "error", "failed", "cancelled", "canceled")


class ZeroBounce:
    """Which of three endpoints is asked depends on how many addresses there are; the ticket is a file's."""

    declaration = Declaration(
        name="zerobounce",
        title=_NAME,
        base_url="https://api.zerobounce.net/v2",  # api-us and api-eu are the same in other regions
        credit_price=8_000,  # third-party figures: $0.004 in large packages, about twice that in small ones
        operations=(
            Operation(
                name="verify",
                finds=frozenset({Field.EMAIL}),
                needs=(frozenset({"email"}),),
                batch=5000,  # as much as one call of the largest finder; a file may hold more
                charge=Charge(hit=_CREDIT),  # pricing page; an unknown result is free, a repetition is not
                hit_rate=0.70,  # third-party figure: the best verifiers decide about 70 %
                submits=True,
                timeout=90.0,  # an older page: a batch takes up to 70 s
                verifies=True,
            ),
        ),
        limits={  # quoted by a third party: 80,000 in 10 s and 30 batches a minute
            "single": (Limit(80_000, 10),),
            "batch": (Limit(30, 60),),
            "files": (Limit(60, 60),),  # nothing is published
        },
        cautious=Limit(20, 60),
        reliability={
            (Field.EMAIL, "valid"): 0.98,  # vendor: less than 2 % bounce
            (Field.EMAIL, "accept_all"): 0.70,
            (Field.EMAIL, "invalid"): 0.0,
            (Field.EMAIL, ""): 0.50,
        },
        shareable=False,
        options=("activity_data", "bulk_url"),
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        addresses = mailbox.sendable(queries, _NAME)
        active: dict[str, Json] = {"activity_data": True} if mailbox.says_yes(account, "activity_data") else {}
        if len(addresses) == 1:
            params = {"api_key": account.api_key, "email": addresses[0], "ip_address": ""}
            params |= {"activity_data": "true"} if active else {}
            return Request("GET", reading.url(account, "/validate"), "single", params=params)
        if len(addresses) <= _AT_ONCE:
            batch: list[Json] = [{"email_address": address, "ip_address": None} for address in addresses]
            body: Json = {"api_key": account.api_key, "email_batch": batch, **active}
            return Request("POST", reading.url(account, "/validatebatch"), "batch", json=body)
        return _send_file(addresses, queries[0].reference, account)

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        addresses = list(mailbox.places(queries))
        family = "single" if len(addresses) == 1 else "batch" if len(addresses) <= _AT_ONCE else "files"
        if response.status == 400 and family == "single":
            refused = Answer(Outcome.REFUSED, reason=f"{_NAME} refused the input")
            return Reply({**mailbox.unsendable(queries), **mailbox.unanswered(queries, 0, refused)})
        if response.status != 200:
            raise _failure(response, family)
        body = reading.document(response)
        if family == "files":
            ident = reading.identifier(_accepted(body).get("file_id"), f"{_NAME}'s file")
            ticket = Ticket({"phase": "status", "id": ident}, _FIRST_LOOK)
            return Reply(mailbox.unsendable(queries), ticket)
        answers = _single(addresses[0], queries, body) if family == "single" else _batch(queries, body)
        return Reply({**mailbox.unsendable(queries), **answers})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        params = {"api_key": account.api_key, "file_id": str(ticket.state["id"])}
        path = "/filestatus" if ticket.state["phase"] == "status" else "/getfile"
        if path == "/getfile" and mailbox.says_yes(account, "activity_data"):
            params["activity_data"] = "true"
        return Request("GET", _bulk(account) + path, "files", params=params)

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        if response.status in (403, 429):
            raise _failure(response, "files")
        if response.status != 200:
            raise reading.fetch_failure(response, _NAME)
        try:
            if ticket.state["phase"] == "status":
                return _progress(ticket, reading.document(response))
            return Reply(_results(queries, response))
        except Garbled as error:
            return reading.read_again(ticket, error)


# --- asking


def _bulk(account: Account) -> str:
    """Where files are sent. Who goes to another address than the vendor's own is not led to the vendor by files."""
    own = account.base_url.removesuffix("/v2").endswith(".zerobounce.net")
    return (account.options.get("bulk_url") or (_BULK_HOST if own else account.base_url)).rstrip("/")


def _send_file(addresses: Sequence[str], reference: str, account: Account) -> Request:
    # the addresses are unlike each other already: the vendor need not remove any, and no line may be lost
    form = {
        "api_key": account.api_key,
        "email_address_column": "1",
        "has_header_row": "true",
        "remove_duplicate": "false",
    }
    content = "\r\n".join(["email", *addresses, ""]).encode()
    files = {"file": Upload(f"headwater-{reference}.csv", content)}
    return Request("POST", f"{_bulk(account)}/sendfile", "files", form=form, files=files)


# --- refusals


def _failure(response: Response, family: str) -> ProviderError:
    if response.status == 429:
        return TryLater(f"{_NAME} blocks who asks too often.", after=_BLOCKED[family], throttled=True)
    if response.status == 403:
        return TryLater(f"{_NAME}'s shield holds requests off (403), which passes by itself.", after=_SHIELD)
    return reading.failure(response, _NAME)


def _refused(*words: Json, charged: bool = False) -> ProviderError:
    """A 200 that is a failure: nothing was validated."""
    stopped = mailbox.trouble_of_account(_NAME, *words, charged=charged)
    return stopped or BadRequest(f"{_NAME} refused the request{quoted(*_lines(words))}.")


def _lines(words: Sequence[Json]) -> list[str]:
    return [line for word in words if (line := reading.text(word))]


def _message(body: Record) -> list[Json]:
    """``message`` is a text or a list of texts, beside or instead of ``error``."""
    said = body.get("message")
    listed = list(said) if isinstance(said, Sequence) and not isinstance(said, str) else [said]
    return [body.get("error"), *listed]


def _accepted(body: Record) -> Record:
    if reading.truth(body.get("success")) is True:
        return body
    if any(_lines(_message(body))):
        raise _refused(*_message(body))
    raise Garbled(f"{_NAME}'s answer neither accepts nor refuses the file.")


# --- reading


def _single(address: str, queries: Sequence[Query], body: Record) -> dict[int, Answer]:
    if body.get("error"):
        raise _refused(body["error"])
    mailbox.same_address(address, body.get("address"), _NAME)
    answers, _ = mailbox.spread(queries, [(address, _answer(body, address))])
    return answers


def _batch(queries: Sequence[Query], body: Record) -> dict[int, Answer]:
    """Answers and errors carry their address; an error for "all" is one of the request."""
    rows = reading.rows(body.get("email_batch"), "email_batch")
    errors = [reading.record(error, "An error") for error in reading.rows(body.get("errors"), "errors")]
    said = [body.get("error"), *(error.get("error") for error in errors)]
    stopped = mailbox.trouble_of_account(_NAME, *said)
    if not rows and (stopped or body.get("error") or any(error.get("email_address") == "all" for error in errors)):
        raise _refused(*said)
    if "email_batch" not in body:
        raise Garbled(f"{_NAME}'s answer has no email_batch.")
    answers, seen = mailbox.spread(queries, [*_rows(rows), *((_address(error), _error(error)) for error in errors)])
    unfunded = Answer(Outcome.FAILED, reason=f"the {_NAME} account has no credits left for this address")
    return answers | mailbox.unanswered(queries, seen, unfunded if stopped else mailbox.lost(_NAME))


def _rows(rows: Sequence[Json]) -> list[tuple[Json, Answer | None]]:
    return [(_address(row), reading.slot(lambda each: _answer(each, str(_address(each))), row)) for row in rows]


def _address(row: Json) -> Json:
    if not isinstance(row, Mapping):
        return None
    return next((row[key] for key in ("address", "email_address", "email") if row.get(key)), None)


def _error(error: Record) -> Answer:
    if mailbox.trouble_of_account(_NAME, error.get("error")):
        return Answer(Outcome.FAILED, reason=f"the {_NAME} account has no credits left for this address")
    return Answer(Outcome.REFUSED, reason=f"{_NAME} refused the address{quoted(*_lines([error.get('error')]))}")


def _answer(facts: Record, address: str) -> Answer:
    status = (reading.text(facts.get("status")) or "").lower()
    if not status:
        raise Garbled(f"A {_NAME} validation has no status.")
    sub_status = (reading.text(facts.get("sub_status")) or "").lower()
    word = _SUB_STATUSES.get((status, sub_status), _STATUSES.get(status, Word.UNKNOWN))
    if word is Word.VALID and reading.truth(facts.get("catchall_domain")):
        word = Word.ACCEPT_ALL
    told = {name: facts.get(name) for name in _TOLD}
    free = reading.truth(facts.get("free_email"))
    units = 0 if status == "unknown" else _CREDIT
    return mailbox.verdict(
        address.strip().lower(), word, units, status=status, free_email=str(free) if free else None, **told
    )


# --- files


def _progress(ticket: Ticket, body: Record) -> Reply:
    status = (reading.text(body.get("file_status")) or "").lower()
    if reading.truth(body.get("success")) is False or not status:
        raise _not_shown(_message(body))
    if status in _LOST:
        raise OutcomeUnknown(f"{_NAME} ended the file{quoted(status)}; it may have been charged.")
    phase = "file" if status == "complete" else "status"
    after = 1.0 if phase == "file" else _FILE_EVERY
    return Reply(ticket=reading.again(ticket, after, _FILE_PATIENCE, _NAME, phase=phase))


def _not_shown(words: Sequence[Json]) -> StopVendor | OutcomeUnknown:
    stopped = mailbox.trouble_of_account(_NAME, *words, charged=True)
    return stopped or Garbled(f"{_NAME} does not show the file{quoted(*_lines(words))}.")


def _results(queries: Sequence[Query], response: Response) -> dict[int, Answer]:
    """The rows of the file; what is no table is a JSON object that says why, whatever the headers call it."""
    if response.body.lstrip().startswith(b"{"):
        raise _not_shown(_message(reading.document(response)))
    rows = [{name.removeprefix("zb_"): cell for name, cell in row.items()} for row in reading.table(response)]
    if rows and "status" not in rows[0]:
        raise Garbled(f"{_NAME}'s file has no column of statuses.")
    answers, seen = mailbox.spread(queries, _rows(rows))
    return answers | mailbox.unanswered(queries, seen, mailbox.lost(_NAME))
