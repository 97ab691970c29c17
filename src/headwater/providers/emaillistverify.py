"""EmailListVerify: one word of text for an address, or a file that is uploaded, watched and fetched.

Sources: the vendor's Python package, its OpenAPI description (opening) and documentation for the words, the limit of
10 requests a second and the single credit; an older official example for the state of a file as a line with bars. Both
ways of naming and showing a file are spoken, since the documents differ. Price: third-party figure.

The key travels in the query (``secret``), as the vendor's package sends it. Newer documents name a header instead:
``HEADWATER_EMAILLISTVERIFY_KEY_HEADER`` (for example ``x-api-key``) sends it there, with the newer address as base URL.
"""

from collections.abc import Mapping, Sequence

from headwater.providers import mailbox, reading
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
    Upload,
)
from headwater.providers.errors import BadRequest, OutcomeUnknown, StopVendor
from headwater.providers.mailbox import Word
from headwater.providers.reading import Garbled
from headwater.providers.words import quoted
from headwater.records import Field

_NAME = "EmailListVerify"
_CREDIT = 1000
_FIRST_LOOK = 10.0
_FILE_EVERY = 30.0
_FILE_PATIENCE = 21_600.0
_NO_CREDIT = "error_credit"

_WORDS = {
    "ok": Word.VALID,
    "invalid": Word.INVALID,
    "invalid_mx": Word.INVALID,
    "invalid_syntax": Word.INVALID,
    "email_disabled": Word.INVALID,
    "ok_for_all": Word.ACCEPT_ALL,
    "accept_all": Word.ACCEPT_ALL,
    "disposable": Word.DISPOSABLE,
    "role": Word.ROLE,
    "spamtrap": Word.SPAMTRAP,
    "dead_server": Word.UNKNOWN,  # the server did not answer, which says nothing of the mailbox
    "antispam_system": Word.UNKNOWN,
    "smtp_protocol": Word.UNKNOWN,
    "unknown": Word.UNKNOWN,
}
_DONE = ("finished", "completed", "complete")
_ENDED = ("incorrect", "suspended", "canceled", "cancelled", "failed")
_STATE = 5  # where the state stands between the bars


class EmailListVerify:
    """Out of credits is a verdict (``error_credit``); only a wrong key has a status and a JSON body."""

    declaration = Declaration(
        name="emaillistverify",
        title=_NAME,
        base_url="https://apps.emaillistverify.com/api",
        credit_price=2_700,  # third-party figure: $27 for 10,000
        operations=(
            Operation(
                name="verify",
                finds=frozenset({Field.EMAIL}),
                needs=(frozenset({"email"}),),
                batch=5000,  # as much as one call of the largest finder; a file may hold a million
                list_from=100,  # fewer are faster one by one, at 10 a second
                charge=Charge(hit=_CREDIT),  # documentation: one credit; no page says that an unknown result is free
                hit_rate=0.70,  # third-party figure: the best verifiers decide about 70 %
                submits=True,
                timeout=60.0,
                verifies=True,
            ),
        ),
        limits={"single": (Limit(10, 1),), "files": (Limit(10, 1),)},  # published
        cautious=Limit(60, 60),
        reliability={
            (Field.EMAIL, "valid"): 0.97,  # our estimate, as of the other verifiers
            (Field.EMAIL, "accept_all"): 0.70,
            (Field.EMAIL, "invalid"): 0.0,
            (Field.EMAIL, ""): 0.50,
        },
        shareable=False,
        options=("key_header",),
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        addresses = mailbox.sendable(queries, _NAME)
        if len(addresses) == 1:
            return _get("/verifyEmail", "single", account, {"email": addresses[0]})
        name = f"headwater-{queries[0].reference}.csv"
        headers, key = _key(account)
        content = "\r\n".join(["email", *addresses, ""]).encode()
        return Request(
            "POST", reading.url(account, "/verifApiFile"), "files", headers, {**key, "filename": name},
            files={"file_contents": Upload(name, content)},
        )  # fmt: skip

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        alone = len(mailbox.places(queries)) == 1
        if response.status == 400 and alone:
            refused = Answer(Outcome.REFUSED, reason=f"{_NAME} refused the input")
            return Reply({**mailbox.unsendable(queries), **mailbox.unanswered(queries, 0, refused)})
        if response.status != 200:
            raise reading.failure(response, _NAME, reading.complaint(response).get("message"))
        if not alone:
            return Reply(mailbox.unsendable(queries), Ticket({"phase": "info", "id": _file(response)}, _FIRST_LOOK))
        (address,) = mailbox.places(queries)
        answers, _ = mailbox.spread(queries, [(address, _answer(_single(response), address))])
        return Reply({**mailbox.unsendable(queries), **answers})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        path = "/getApiFileInfo" if ticket.state["phase"] == "info" else "/downloadApiFile"
        ident = str(ticket.state["id"])
        return _get(path, "files", account, {"file_id": ident, "id": ident})  # by its newer and its older name

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        if response.status != 200:
            raise reading.fetch_failure(response, _NAME, reading.complaint(response).get("message"))
        try:
            if ticket.state["phase"] == "info":
                return _progress(ticket, response)
            return Reply(_results(queries, response))
        except Garbled as error:
            return reading.read_again(ticket, error)


# --- asking


def _key(account: Account) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The key as a header or as a parameter."""
    header = account.options.get("key_header", "").strip()
    return ({header: account.api_key}, {}) if header else ({}, {"secret": account.api_key})


def _get(path: str, family: str, account: Account, params: Mapping[str, str]) -> Request:
    headers, key = _key(account)
    return Request("GET", reading.url(account, path), family, headers, {**key, **params})


# --- one address


def _single(response: Response) -> str:
    word = reading.line(response).lower()
    if stopped := mailbox.trouble_of_account(_NAME, word):
        raise stopped
    return word


def _answer(word: str, address: str) -> Answer:
    """A new word tells nothing; what is no word at all is no answer."""
    if not word.isascii() or not word.replace("_", "").isalpha():
        raise Garbled(f"{_NAME} answered something that is no verdict.")
    return mailbox.verdict(address, _WORDS.get(word, Word.UNKNOWN), _CREDIT, status=word)


# --- files


def _file(response: Response) -> str:
    """The id of an uploaded file: bare text with a digit in it, or in an object; a word is a refusal."""
    body = reading.complaint(response)
    if body.get("file_id") is not None:
        ident = body["file_id"]
        return reading.identifier(str(ident) if reading.whole(ident) else ident, f"{_NAME}'s file")
    said = reading.line(response)
    if any(sign.isdigit() for sign in said):
        return reading.identifier(said.strip('"'), f"{_NAME}'s file")
    if stopped := mailbox.trouble_of_account(_NAME, said):
        raise stopped
    if said.lower() in ("cannot_upload_file", "missing parameters", "missing_parameters"):
        raise BadRequest(f"{_NAME} refused the file{quoted(said)}.")
    raise Garbled(f"{_NAME} answered neither the id of a file nor why there is none.")


def _progress(ticket: Ticket, response: Response) -> Reply:
    state = _state(response)
    if state in _ENDED:
        raise OutcomeUnknown(f"{_NAME} ended the file{quoted(state)}; it may have been charged.")
    phase, after = ("rows", 1.0) if state in _DONE else ("info", _FILE_EVERY)
    return Reply(ticket=reading.again(ticket, after, _FILE_PATIENCE, _NAME, phase=phase))


def _state(response: Response) -> str:
    """The state of a file, from an object or from between bars."""
    said = reading.text(reading.complaint(response).get("status"))
    if said:
        return said.lower()
    cells = reading.line(response).split("|")
    if len(cells) > _STATE:
        return cells[_STATE].strip().lower()
    raise _not_shown(cells[0])


def _not_shown(said: str) -> StopVendor | OutcomeUnknown:
    if stopped := mailbox.trouble_of_account(_NAME, said, charged=True):
        return stopped
    if said.strip().lower() == "error_file_not_exists":
        return OutcomeUnknown(f"{_NAME} does not show the file{quoted(said)}.")
    return Garbled(f"{_NAME} does not say how far the file is.")


def _results(queries: Sequence[Query], response: Response) -> dict[int, Answer]:
    rows = reading.table(response)
    names = list(rows[0]) if rows else []
    verdicts = next((name for name in names if name.endswith(("result", "status"))), None)
    addresses = next((name for name in names if "email" in name and name != verdicts), None)
    if verdicts is None or addresses is None:
        raise Garbled(f"{_NAME}'s file has no columns of addresses and verdicts.")
    told = [(row[addresses], _row(row[verdicts].strip().lower(), row[addresses].strip().lower())) for row in rows]
    answers, seen = mailbox.spread(queries, told)
    if answers and all(answer.outcome is Outcome.FAILED for answer in answers.values()):
        raise StopVendor(f"The {_NAME} account has no credits left: none of the addresses was verified.")
    return answers | mailbox.unanswered(queries, seen, mailbox.lost(_NAME))


def _row(word: str, address: str) -> Answer | None:
    if word == _NO_CREDIT:
        return Answer(Outcome.FAILED, reason=f"the {_NAME} account has no credits left for this address")
    return reading.slot(lambda _: _answer(word, address), {})
