"""EmailListVerify: one word of plain text for an address, or a file.

Traps kept: out of credits is a verdict with a 200 (``error_credit``); the id of a file is bare text, its state a line
with bars; only a wrong key is JSON.
"""

from collections.abc import Sequence

from starlette.requests import Request

from headwater_sandbox.forms import column, written
from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor
from headwater_sandbox.limits import SECOND, Usage, Window
from headwater_sandbox.vendors.opinions import Opinion, begin, charges, look, opinion

NAME = "emaillistverify"
_WORDS = {"valid": ("ok",), "invalid": ("email_disabled",), "accept_all": ("ok_for_all",),
          "malformed": ("invalid_syntax",), "no_domain": ("invalid_mx", "dead_server"), "role": ("role", "ok"),
          "unknown": ("unknown", "antispam_system", "smtp_protocol")}  # fmt: skip


def key_of(request: Request) -> str:
    """The key of the query, or of the newer header."""
    return request.query_params.get("secret") or request.headers.get("x-api-key", "")


def unauthorised(route: Route) -> Answer:
    """A wrong key."""
    return Answer(401, {"statusCode": 401, "message": "Invalid api key", "error": "Unauthorized"})


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """More than ten a second."""
    return Answer(429, {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"})


def _word(desk: Desk, held: Opinion) -> str:
    return desk.dice.pick(_WORDS.get(held.word, (held.word,)), "word", held.email)


def verify(desk: Desk, call: Call) -> Answer:
    """One address, one word."""
    email = call.query.get("email", "")
    if not email:
        return Answer(400, {"statusCode": 400, "message": "email is required", "error": "Bad Request"}, "refused")
    price = desk.price("emaillistverify.price_verification")
    if desk.balance(NAME, call.account) < price:
        return Answer(200, "error_credit", "out_of_credits", subject={"email": email})
    taken = charges([email.lower()], price)
    return Answer(200, _word(desk, opinion(desk, NAME, email)), "hit", taken, 1, 1, subject={"email": email})


def send_file(desk: Desk, call: Call) -> Answer:
    """A file, begun; answered with its id as text."""
    body = call.body if isinstance(call.body, dict) else {}
    emails = column(str(body.get("file_contents") or ""), 1, header=False)
    if not emails or not call.query.get("filename"):
        return Answer(200, "cannot_upload_file", "refused")
    header = emails[0] if "@" not in emails[0] else ""
    emails = emails[1:] if header else emails
    price = desk.price("emaillistverify.price_verification")
    if desk.balance(NAME, call.account) < price * len(emails):
        return Answer(200, "no_credit", "out_of_credits")
    kept = {"emails": emails, "header": header or "email", "name": call.query["filename"]}
    ident = desk.dice.token(24, NAME, "list", call.identity, call.attempt)
    ready = begin(desk, NAME, call, ident, kept, len(emails))
    taken = charges([email.lower() for email in emails], price, ready)
    return Answer(200, ident, "answered", taken, len(emails), len(emails), subject={"file_id": ident})


def file_info(desk: Desk, call: Call) -> Answer:
    """How far a file is."""
    work = look(desk, NAME, call.query.get("file_id") or call.query.get("id", ""), call)
    if work is None:
        return Answer(200, "error_file_not_exists", "refused")
    total, outcome = len(work.body["emails"]), "answered" if work.done else "pending"
    done = total if work.done else int(total * work.share)
    if desk.settings.text("emaillistverify.info_shape") == "json":
        state = {"status": "completed" if work.done else "processing", "total": total, "processed": done}
        return Answer(200, state, outcome, subject={"file_id": work.id})
    word = "finished" if work.done else "progress" if work.share > 0.2 else "parsing" if work.share > 0.1 else "new"
    links = ["https://files.example.org/all.csv", "https://files.example.org/ok.csv"] if work.done else ["", ""]
    cells = [work.id, work.body["name"], "no", str(total), str(done), word, str(int(work.made_at)), *links]
    return Answer(200, "|".join(cells), outcome, subject={"file_id": work.id})


def download(desk: Desk, call: Call) -> Answer:
    """The rows of a finished file: what was sent, and a word for each."""
    work = look(desk, NAME, call.query.get("file_id") or call.query.get("id", ""), call)
    if work is None or not work.done:
        return Answer(200, "error_file_not_exists" if work is None else "file is not finished", "pending")
    rows = [[email, _word(desk, opinion(desk, NAME, email))] for email in work.body["emails"]]
    table = written([[work.body["header"], "ELV Result"], *rows])
    return Answer(200, table, "answered", subject={"file_id": work.id})


def credits_left(desk: Desk, call: Call) -> Answer:
    """The balance."""
    return Answer(200, {"onDemand": {"available": desk.balance(NAME, call.account) // 1000}})


_TEN = (Window(SECOND, 10),)
VENDOR = Vendor(
    name=NAME, prefix="/emaillistverify/api",
    routes=(
        Route("GET", "/verifyEmail", "verifyEmail", verify, _TEN),
        Route("POST", "/verifApiFile", "verifApiFile", send_file, _TEN),
        Route("GET", "/getApiFileInfo", "getApiFileInfo", file_info, _TEN),
        Route("GET", "/downloadApiFile", "downloadApiFile", download, _TEN),
        Route("GET", "/getCredits", "getCredits", credits_left, _TEN),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=Answer(400, {"statusCode": 400, "message": "Bad Request"}, "refused"), key_in="secret",
)  # fmt: skip
