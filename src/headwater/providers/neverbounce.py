"""NeverBounce (API v4.2): one address by GET, many as a job that is created, watched and read page by page.

Sources: the vendor's Python package and its OpenAPI description for the wire format; its help article on billing for
the price (one credit for each verification, $0.008 without a package). Limits by a third-party catalogue that quotes
the vendor's pages: 10 jobs at once, 50 a day, 10 an hour; single checks are not meant for walking lists.

Whatever goes wrong is a 200 whose ``status`` is not "success". Every check is billed, also the same one again: only
what was certainly not worked on is repeated, and "temp_unavail" (an internal error) is not that certain.
"""

from collections.abc import Callable, Mapping, Sequence

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
from headwater.providers.errors import BadRequest, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.mailbox import Word
from headwater.providers.reading import Garbled, Record
from headwater.providers.words import quoted
from headwater.records import Field

_NAME = "NeverBounce"
_CREDIT = 1000
_PAGE = 1000  # the vendor's most
_FIRST_LOOK = 10.0
_JOB_EVERY = 15.0
_PAGE_AFTER = 1.0
_PATIENCE = 21_600.0
_THROTTLED = 60.0  # nothing says how long to wait

_RESULTS = {
    "valid": Word.VALID,
    "invalid": Word.INVALID,
    "catchall": Word.ACCEPT_ALL,
    "disposable": Word.DISPOSABLE,
    "unknown": Word.UNKNOWN,
}


class NeverBounce:
    """Rows of a job carry our reference; the names of the columns may come back as a row of their own."""

    declaration = Declaration(
        name="neverbounce",
        title=_NAME,
        base_url="https://api.neverbounce.com/v4.2",
        credit_price=8_000,  # help article: $1.20 for 150 verifications
        operations=(
            Operation(
                name="verify",
                finds=frozenset({Field.EMAIL}),
                needs=(frozenset({"email"}),),
                batch=5000,  # as much as one call of the largest finder; far below the 25 MB of a job
                list_from=100,  # jobs are rationed
                charge=Charge(hit=_CREDIT),  # every verification is billed, whatever it says and how often it is asked
                hit_rate=0.70,  # third-party figure: the best verifiers decide about 70 %
                submits=True,
                timeout=60.0,
                verifies=True,
            ),
        ),
        limits={
            "single": (Limit(60, 60),),  # nothing is published but that lists must not be walked this way
            "jobs": (Limit(10, 3600), Limit(50, 86_400)),
            "read": (Limit(60, 60),),  # nothing is published
        },
        cautious=Limit(30, 60),
        reliability={
            (Field.EMAIL, "valid"): 0.97,  # our estimate, as of the other verifiers
            (Field.EMAIL, "accept_all"): 0.70,
            (Field.EMAIL, "invalid"): 0.0,
            (Field.EMAIL, ""): 0.50,
        },
        shareable=False,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        addresses = mailbox.sendable(queries, _NAME)
        if len(addresses) == 1:
            params = {"key": account.api_key, "email": addresses[0]}
            return Request("GET", reading.url(account, "/single/check"), "single", params=params)
        references = _references(queries)
        rows: list[Json] = [{"id": reference, "email": address} for reference, address in references.items()]
        body: Json = {
            "key": account.api_key,
            "input_location": "supplied",
            "input": rows,
            "filename": f"headwater {queries[0].reference}",
            "auto_parse": True,
            "auto_start": True,
            "run_sample": False,
            "allow_manual_review": False,
        }
        return Request("POST", reading.url(account, "/jobs/create"), "jobs", json=body)

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            raise reading.failure(response, _NAME)
        body = reading.document(response)
        addresses = list(mailbox.places(queries))
        if body.get("status") != "success":
            refused = _refused(body, alone=len(addresses) == 1)
            return Reply({**mailbox.unsendable(queries), **mailbox.unanswered(queries, 0, refused)})
        if len(addresses) > 1:
            ticket = Ticket({"phase": "job", "id": _job(body.get("job_id"))}, _FIRST_LOOK)
            return Reply(mailbox.unsendable(queries), ticket)
        answers, _ = mailbox.spread(queries, [(addresses[0], _answer(body, addresses[0]))])
        return Reply({**mailbox.unsendable(queries), **answers})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        params = {"key": account.api_key, "job_id": str(ticket.state["id"])}
        if ticket.state["phase"] == "job":
            return Request("GET", reading.url(account, "/jobs/status"), "read", params=params)
        params |= {"page": str(_page(ticket)), "items_per_page": str(_PAGE)}
        return Request("GET", reading.url(account, "/jobs/results"), "read", params=params)

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            raise reading.fetch_failure(response, _NAME)
        try:
            body = reading.document(response)
            if body.get("status") != "success":
                raise _not_shown(body)
            return _progress(ticket, body) if ticket.state["phase"] == "job" else _results(ticket, queries, body)
        except Garbled as error:
            return reading.read_again(ticket, error)


# --- asking


def _references(queries: Sequence[Query]) -> Mapping[str, str]:
    """The address that goes under the reference of the first record which holds it."""
    return {queries[of[0]].reference: address for address, of in mailbox.places(queries).items()}


def _job(value: Json) -> str:
    """A job's number, which may come as text."""
    number = reading.whole(value)
    return str(number) if number > 0 else reading.identifier(value, f"{_NAME}'s job")


def _page(ticket: Ticket) -> int:
    return max(1, reading.whole(ticket.state.get("page")))


# --- refusals


def _refused(body: Record, *, alone: bool) -> Answer:
    """A request that failed. Only one that is wrong in itself has an answer, if it was about one address."""
    status, message = reading.text(body.get("status")), reading.text(body.get("message"))
    if error := _of_account_or_pace(status, message):
        raise error
    said = f"{_NAME} refused the request{quoted(message or '')}"
    if status != "general_failure":
        raise OutcomeUnknown(f"{_NAME} did not answer{quoted(status or '')}; it may have been charged.")
    if not alone:
        raise BadRequest(f"{said}.")
    return Answer(Outcome.REFUSED, reason=said)


def _not_shown(body: Record) -> ProviderError:
    status, message = reading.text(body.get("status")), reading.text(body.get("message"))
    if error := _of_account_or_pace(status, message, charged=True):
        return error
    if status == "temp_unavail":
        return TryLater(f"{_NAME} is not available at the moment.")
    if status == "general_failure":
        return OutcomeUnknown(f"{_NAME} does not show the job{quoted(message or '')}.")
    return Garbled(f"{_NAME}'s answer has no status that is known{quoted(status or '')}.")


def _of_account_or_pace(status: str | None, message: str | None, *, charged: bool = False) -> ProviderError | None:
    if status == "throttle_triggered":
        return TryLater(f"{_NAME}'s rate limit is reached.", after=_THROTTLED, throttled=True)
    if status in ("auth_failure", "bad_referrer"):
        return StopVendor(f"{_NAME} refuses the key ({status}).", charged=charged)
    return mailbox.trouble_of_account(_NAME, message, charged=charged) if status == "general_failure" else None


# --- reading


def _answer(verification: Record, address: str) -> Answer:
    result = (reading.text(verification.get("result")) or "").lower()
    if not result:
        raise Garbled(f"A {_NAME} verification has no result.")
    flags = [line for flag in reading.rows(verification.get("flags"), "flags") if (line := reading.text(flag))]
    word = _RESULTS.get(result, Word.UNKNOWN)
    if "spamtrap_network" in flags and word is not Word.INVALID:
        word = Word.SPAMTRAP
    hint = verification.get("suggested_correction")
    return mailbox.verdict(address, word, _CREDIT, status=result, flags=", ".join(flags), did_you_mean=hint)


def _progress(ticket: Ticket, body: Record) -> Reply:
    status = reading.text(body.get("job_status"))
    if status is None:
        raise Garbled(f"A {_NAME} job has no status.")
    if status == "failed":
        why = quoted(reading.text(body.get("failure_reason")) or "")
        raise OutcomeUnknown(f"{_NAME}'s job failed{why}; it may have been charged.")
    phase, after = ("rows", _PAGE_AFTER) if status == "complete" else ("job", _JOB_EVERY)
    return Reply(ticket=reading.again(ticket, after, _PATIENCE, _NAME, phase=phase))


def _results(ticket: Ticket, queries: Sequence[Query], body: Record) -> Reply:
    """One page of rows, matched by our reference; the ticket for the next, or the end."""
    if "results" not in body:
        raise Garbled(f"A page of {_NAME} has no results.")
    rows = reading.rows(body.get("results"), "results")
    references = _references(queries)
    answers, seen = mailbox.spread(queries, map(_reader(references), rows), mailbox.bits(ticket.state.get("seen")))
    page = _page(ticket)
    if rows and page < reading.whole(body.get("total_pages")):
        following = reading.again(ticket, _PAGE_AFTER, _PATIENCE, _NAME, page=page + 1, seen=f"{seen:x}")
        return Reply(answers, following)
    return Reply(answers | mailbox.unanswered(queries, seen, mailbox.lost(_NAME)))


def _reader(references: Mapping[str, str]) -> Callable[[Json], tuple[Json, Answer | None]]:
    def read(row: Json) -> tuple[Json, Answer | None]:
        data = row.get("data") if isinstance(row, Mapping) else None
        own = data if isinstance(data, Mapping) else {}
        reference, echoed = own.get("id"), own.get("email")
        address = references.get(reference) if isinstance(reference, str) else None
        address = address or (echoed.strip().lower() if isinstance(echoed, str) else "")
        return address, reading.slot(lambda each: _row(each, address, echoed), row)

    return read


def _row(row: Record, address: str, echoed: Json) -> Answer:
    mailbox.same_address(address, echoed, _NAME)
    return _answer(reading.record(row.get("verification"), "verification"), address)
