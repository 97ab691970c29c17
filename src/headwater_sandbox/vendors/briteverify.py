"""BriteVerify (Validity): one address by API v1, lists by API v3.

Traps kept: the scheme word of the key has a colon; v1 and v3 fail in different shapes; the number of pages is a text
now and then; dates are written the American way; a list that was only opened does not run.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request

from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor
from headwater_sandbox.limits import MINUTE, Usage, Window
from headwater_sandbox.vendors.opinions import Opinion, Work, begin, charges, look, opinion

NAME = "briteverify"
_MOST, _PAGE = 100_000, 1000
_STATUS = {"malformed": "invalid", "no_domain": "invalid", "role": "valid", "disposable": "accept_all",
           "spamtrap": "valid"}  # fmt: skip
_CODES = {"malformed": ("email_address_invalid", "Invalid email address"),
          "no_domain": ("email_domain_invalid", "Email domain invalid"),
          "invalid": ("email_account_invalid", "Email account invalid")}  # fmt: skip


def key_of(request: Request) -> str:
    """The key behind its scheme word, colon included."""
    given = request.headers.get("authorization", "")
    return given[8:].strip() if given.startswith("ApiKey: ") else "bad-key"


def v1(status: int, name: str, message: str, outcome: str = "refused") -> Answer:
    """What API v1 says when it fails."""
    return Answer(status, {"errors": {name: message}}, outcome)


def v3(status: int, name: str, message: str, outcome: str = "refused") -> Answer:
    """What API v3 says when it fails."""
    return Answer(status, {"status": name, "message": message}, outcome)


def unauthorised(route: Route) -> Answer:
    """A wrong key."""
    return v1(401, "user", "not authorized or over daily test limit for untrusted domains")


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """More than 500 a minute."""
    return v1(429, "user", "rate limit exceeded")


def _no_credits(desk: Desk) -> Answer:
    status = int(desk.settings.number("briteverify.no_credits_status"))
    return v1(status, "user", "insufficient credits", "out_of_credits")


def full_verify(desk: Desk, call: Call) -> Answer:
    """One address; invalid ones are answered with a 200 like all others."""
    body = call.body if isinstance(call.body, dict) else {}
    email = body.get("email")
    if not isinstance(email, str) or not email:
        return v1(400, "default", "invalid or missing query parameter")
    price = desk.price("briteverify.price_verification")
    if desk.balance(NAME, call.account) < price:
        return _no_credits(desk)
    held = opinion(desk, NAME, email)
    account, _, domain = held.email.partition("@")
    shown: dict[str, Any] = {
        "address": email, "account": account, "domain": domain, "status": _STATUS.get(held.word, held.word),
        "connected": None, "disposable": held.disposable, "role_address": held.role,
    }  # fmt: skip
    if held.word in _CODES:
        shown["error_code"], shown["error"] = _CODES[held.word]
    taken = charges([held.email], price)
    return Answer(200, {"email": shown, "duration": 0.08}, "hit", taken, 1, 1, subject={"email": email})


def create(desk: Desk, call: Call) -> Answer:
    """A list of addresses or contacts, which runs if told to start."""
    body = call.body if isinstance(call.body, dict) else {}
    emails = _emails(body)
    if isinstance(emails, Answer):
        return emails
    if body.get("directive") not in (None, "start", "terminate"):
        return v3(400, "invalid_state", "Directive must be one of `terminate` or `start`")
    price = desk.price("briteverify.price_verification")
    if desk.balance(NAME, call.account) < price * len(emails):
        return _no_credits(desk)
    started = body.get("directive") == "start"
    kept = {"emails": emails, "nested": "contacts" in body, "started": started}
    token = desk.dice.token(32, NAME, "list", call.identity, call.attempt)
    ident = f"{token[:8]}-{token[8:12]}-{token[12:16]}-{token[16:20]}-{token[20:]}"
    ready = begin(desk, NAME, call, ident, kept, len(emails))
    taken = charges([email.lower() for email in emails], price, ready) if started else []
    work = Work(ident, call.now, kept, 0.0)
    message = "list queued for processing" if started else "created new list"
    answer = {"status": "success", "message": message, "list": _list(work)}
    return Answer(200, answer, "answered", taken, len(emails), len(emails), subject={"list": ident})


def _emails(body: dict[str, Any]) -> list[str] | Answer:
    if "emails" in body and "contacts" in body:
        return v3(400, "duplicate_data", "Request has both emails and contacts params")
    given = body.get("contacts") or body.get("emails")
    if not isinstance(given, list) or not given:
        return v3(400, "missing_data", "Request has missing or invalid emails or contacts array.")
    if len(given) > _MOST:
        return v3(400, "exceeds_limit", "Request exceeds the limit of 100,000 entries in a single request")
    return [str((each.get("email") if isinstance(each, dict) else each) or "") for each in given]


def _list(work: Work) -> dict[str, Any]:
    total = len(work.body["emails"])
    state = "open"
    if work.body["started"]:
        state = "complete" if work.done else "verifying" if work.share > 0.2 else "pending"
    done = total if work.done else 0
    ends = _date(work.made_at, days=7) if work.done else None
    path = f"https://bulk-api.example.org/api/v3/lists/{work.id}/export/1" if work.done else None
    return {"id": work.id, "state": state, "total_verified": done, "total_verified_emails": done,
            "total_verified_phones": 0, "page_count": -(-total // _PAGE) if work.done else 0,
            "progress": int(work.share * 100), "created_at": _date(work.made_at), "expiration_date": ends,
            "results_path": path}  # fmt: skip


def _date(at: float, days: int = 0) -> str:
    return (datetime.fromtimestamp(at, UTC) + timedelta(days=days)).strftime("%m-%d-%Y %I:%M ") + "pm"


def _found(desk: Desk, call: Call) -> Work | Answer:
    work = look(desk, NAME, call.path["ident"], call)
    return work or v3(404, "not_found", "No matching list found.")


def state(desk: Desk, call: Call) -> Answer:
    """How far a list is."""
    work = _found(desk, call)
    if isinstance(work, Answer):
        return work
    return Answer(200, _list(work), "answered" if work.done else "pending", subject={"list": work.id})


def export(desk: Desk, call: Call) -> Answer:
    """One page of a finished list, in no order."""
    work = _found(desk, call)
    if isinstance(work, Answer):
        return work
    emails = sorted(work.body["emails"], key=lambda email: desk.dice.number("order", work.id, email))
    pages = -(-len(emails) // _PAGE)
    page = call.path["page"]
    if not (work.done and work.body["started"]):
        return v3(400, "invalid_state", "The provided list is in an invalid state.", "pending")
    if not page.isdecimal() or not 1 <= int(page) <= pages:
        return v3(404, "invalid_page_number", f"Page number {page} invalid.")
    shown = [_row(opinion(desk, NAME, email), email) for email in emails[(int(page) - 1) * _PAGE : int(page) * _PAGE]]
    rows = [{"email": each} for each in shown] if work.body["nested"] else shown
    number = str(pages) if desk.dice.chance(0.5, "pages as text", work.id) else pages
    answer = {"status": "success", "num_pages": number, "results": rows}
    return Answer(200, answer, "answered", subject={"list": work.id})


def _row(held: Opinion, email: str) -> dict[str, Any]:
    code = _CODES.get(held.word, (None, ""))[0]
    second = code or ("disposable" if held.disposable else "role_address" if held.role else None)
    return {"email": email, "status": _STATUS.get(held.word, held.word), "secondary_status": second}


def delete(desk: Desk, call: Call) -> Answer:
    """Forget a list."""
    work = _found(desk, call)
    if isinstance(work, Answer):
        return work
    desk.store.drop_ticket(NAME, work.id)
    return Answer(200, {"status": "success", "list": {**_list(work), "state": "deleted"}})


def credits_left(desk: Desk, call: Call) -> Answer:
    """The balance."""
    left = desk.balance(NAME, call.account) // 1000
    at = datetime.fromtimestamp(call.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return Answer(200, {"credits": left, "credits_in_reserve": 0, "recorded_on": at})


_REAL_TIME, _BULK = (Window(MINUTE, 500),), (Window(MINUTE, 60),)
VENDOR = Vendor(
    name=NAME, prefix="/briteverify/api",
    routes=(
        *(Route("POST", f"{path}/fullverify", "fullverify", full_verify, _REAL_TIME) for path in ("/public/v1", "/v1")),
        Route("GET", "/v1/accounts/credits", "accounts/credits", credits_left, _REAL_TIME),
        Route("POST", "/v3/lists", "lists", create, _BULK),
        Route("GET", "/v3/lists/{ident}", "lists/state", state, _BULK),
        Route("DELETE", "/v3/lists/{ident}", "lists/delete", delete, _BULK),
        Route("GET", "/v3/lists/{ident}/export/{page}", "lists/export", export, _BULK),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=v1(400, "default", "invalid or missing query parameter"),
)  # fmt: skip
