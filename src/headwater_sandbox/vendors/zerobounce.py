"""ZeroBounce, API v2: one address, up to 100 at once, or a file.

Traps kept: an error is a 200, in three shapes; a wrong key has -1 credits; truth is written as text here and there; a
result file is CSV, or JSON with a 200 when there is none; too many requests are a bare 429 and then a block that
outlasts the window; the same address is charged again, an unknown result is not.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from headwater_sandbox.forms import column, written
from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor
from headwater_sandbox.limits import HOUR, MINUTE, Usage, Window
from headwater_sandbox.store import Charge
from headwater_sandbox.vendors.opinions import Opinion, begin, look, opinion

NAME = "zerobounce"
_MOST = 100
_REFUSED = "Invalid API key or your account ran out of credits"
_TEST_DOMAIN = "example.com"
_TEST = {  # documented test addresses, which cost nothing
    "valid": ("valid", ""), "invalid": ("invalid", "mailbox_not_found"), "catch_all": ("catch-all", ""),
    "spamtrap": ("spamtrap", ""), "abuse": ("abuse", ""), "unknown": ("unknown", "mail_server_temporary_error"),
    "donotmail": ("do_not_mail", "role_based"), "disposable": ("do_not_mail", "disposable"),
    "toxic": ("do_not_mail", "toxic"), "role_based": ("do_not_mail", "role_based"),
    "role_based_catch_all": ("do_not_mail", "role_based_catch_all"),
    "global_suppression": ("do_not_mail", "global_suppression"), "possible_trap": ("do_not_mail", "possible_trap"),
    "possible_typo": ("invalid", "possible_typo"), "greylisted": ("unknown", "greylisted"),
    "mailbox_quota_exceeded": ("invalid", "mailbox_quota_exceeded"), "gold": ("valid", "gold"),
    "aiagentmailbox": ("valid", "ai_agent_mailbox"), "leading_period_removed": ("valid", "leading_period_removed"),
}  # fmt: skip
_UNKNOWN = (
    "greylisted",
    "antispam_system",
    "mail_server_did_not_respond",
    "timeout_exceeded",
    "failed_smtp_connection",
)
_ACTIVE = ("30", "60", "90", "180", "365", "365+")
_COLUMNS = {"ZB Status": "status", "ZB Sub Status": "sub_status", "ZB Account": "account", "ZB Domain": "domain",
            "ZB First Name": "firstname", "ZB Last Name": "lastname", "ZB Gender": "gender",
            "ZB Free Email": "free_email", "ZB MX Found": "mx_found", "ZB MX Record": "mx_record",
            "ZB SMTP Provider": "smtp_provider", "ZB Did You Mean": "did_you_mean"}  # fmt: skip


def key_of(request: Request) -> str:
    """The key of the query; on the other endpoints it stands in the body."""
    return request.query_params.get("api_key", "")


def unauthorised(route: Route) -> Answer:
    """A wrong key, as each endpoint says it: always with a 200."""
    if route.endpoint == "getcredits":
        return Answer(200, {"Credits": "-1"})
    if route.endpoint == "validatebatch":
        return Answer(200, {"email_batch": [], "errors": [{"error": _REFUSED, "email_address": "all"}]})
    if route.endpoint in ("validate", "activity"):
        return Answer(200, {"error": _REFUSED})
    return Answer(200, {"success": "False", "message": ["api_key is invalid"]})


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too many: nothing but the status."""
    return Answer(429, "")


def _facts(desk: Desk, held: Opinion, *, active: bool) -> dict[str, Any]:
    status, sub_status = _status(desk, held)
    account, _, domain = held.email.partition("@")
    shown: dict[str, Any] = {
        "address": held.email, "status": status, "sub_status": sub_status, "account": account, "domain": domain,
        "did_you_mean": None, "domain_age_days": None, "free_email": held.free,
        "mx_found": "true" if held.mail_host else "false", "mx_record": held.mail_host or "", "smtp_provider": "",
        "catchall_domain": True if status == "catch-all" else None, "firstname": None, "lastname": None,
        "gender": None, "country": None, "region": None, "city": None, "zipcode": None,
        "processed_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.000"),
    }  # fmt: skip
    if active and status == "valid" and desk.dice.chance(desk.settings.number("zerobounce.active"), "act", held.email):
        shown["active_in_days"] = desk.dice.pick(_ACTIVE, "active", held.email)
    return shown


def _status(desk: Desk, held: Opinion) -> tuple[str, str]:
    local, _, domain = held.email.partition("@")
    if domain == _TEST_DOMAIN and local in _TEST:
        return _TEST[local]
    if held.word in ("malformed", "no_domain"):
        return "invalid", {"malformed": "failed_syntax_check", "no_domain": "no_dns_entries"}[held.word]
    if held.word in ("disposable", "role"):
        return "do_not_mail", {"disposable": "disposable", "role": "role_based"}[held.word]
    for name, found in (("abuse", ("abuse", "")), ("toxic", ("do_not_mail", "toxic")),
                        ("full", ("invalid", "mailbox_quota_exceeded"))):  # fmt: skip
        if desk.dice.chance(desk.settings.number(f"zerobounce.{name}"), name, held.email):
            return found
    if held.word == "unknown":
        return "unknown", desk.dice.pick(_UNKNOWN, "why unknown", held.email)
    return {"accept_all": ("catch-all", ""), "invalid": ("invalid", "mailbox_not_found")}.get(
        held.word, (held.word, "")
    )


def _milli(desk: Desk, facts: dict[str, Any]) -> int:
    free = facts["status"] == "unknown" or facts["address"].endswith(f"@{_TEST_DOMAIN}")
    return 0 if free else desk.price("zerobounce.price_verification")


def _charge(desk: Desk, facts: dict[str, Any], at: float | None = None) -> list[Charge]:
    milli = _milli(desk, facts)
    return [Charge(milli, {"email": facts["address"]}, at=at)] if milli else []


def _yes(value: object) -> bool:
    return str(value).lower() == "true"


def validate(desk: Desk, call: Call) -> Answer:
    """One address."""
    email = call.query.get("email", "")
    if not email:
        return Answer(400, "", "refused")
    if desk.balance(NAME, call.account) < desk.price("zerobounce.price_verification"):
        return Answer(200, {"error": _REFUSED}, "out_of_credits", subject={"email": email})
    facts = _facts(desk, opinion(desk, NAME, email), active=_yes(call.query.get("activity_data")))
    charges = _charge(desk, facts)
    return Answer(200, facts, "hit", charges, 1, 1, subject={"email": email})


def validate_batch(desk: Desk, call: Call) -> Answer:
    """Up to 100 addresses; what can not be read is among the errors, one by one."""
    body = call.body if isinstance(call.body, dict) else {}
    batch = body.get("email_batch")
    if not isinstance(batch, list) or not 0 < len(batch) <= _MOST:
        return Answer(400, "", "refused")
    balance, answers, errors, charges = desk.balance(NAME, call.account), [], [], []
    if balance < desk.price("zerobounce.price_verification") * len(batch):
        body = {"email_batch": [], "errors": [{"error": _REFUSED, "email_address": "all"}]}
        return Answer(200, body, "out_of_credits")
    for entry in batch:
        email = entry.get("email_address") if isinstance(entry, dict) else None
        if not isinstance(email, str) or not email.strip():
            errors.append({"error": "The email address is missing", "email_address": str(email or "")})
            continue
        facts = _facts(desk, opinion(desk, NAME, email), active=_yes(body.get("activity_data")))
        answers.append(facts)
        charges += _charge(desk, facts)
    # the answers come as the addresses were worked through, which need not be the order of the request
    answers.sort(key=lambda facts: desk.dice.number("order", facts["address"]))
    return Answer(200, {"email_batch": answers, "errors": errors}, "hit", charges, len(batch), len(answers))


def send_file(desk: Desk, call: Call) -> Answer:
    """A file, begun."""
    body = call.body if isinstance(call.body, dict) else {}
    number = str(body.get("email_address_column") or "")
    if not number.isdecimal() or int(number) < 1 or not body.get("file"):
        return Answer(400, {"success": False, "message": "The file or its email_address_column is missing."}, "refused")
    emails = column(str(body["file"]), int(number), _yes(body.get("has_header_row")))
    once = list(dict.fromkeys(email.lower() for email in emails))
    if str(body.get("remove_duplicate", "true")).lower() != "false":
        if len(once) * 2 < len(emails):
            message = "More than 50% of the file would be removed as duplicates."
            return Answer(400, {"success": False, "message": message}, "refused")
        emails = once
    if desk.balance(NAME, call.account) < desk.price("zerobounce.price_verification") * len(emails):
        return Answer(200, {"success": "False", "message": [_REFUSED]}, "out_of_credits")
    ident = desk.dice.token(24, NAME, "list", call.identity, call.attempt)
    ready = begin(desk, NAME, call, ident, emails, len(emails))
    charges = [
        charge
        for email in emails
        for charge in _charge(desk, _facts(desk, opinion(desk, NAME, email), active=False), ready)
    ]
    answer = {"success": True, "message": "File Accepted", "file_name": "list.csv", "file_id": ident}
    return Answer(200, answer, "answered", charges, len(emails), len(emails), subject={"file_id": ident})


_NO_FILE = {"success": False, "message": "File cannot be found."}


def file_status(desk: Desk, call: Call) -> Answer:
    """How far a file is."""
    work = look(desk, NAME, call.query.get("file_id", ""), call)
    if work is None:
        return Answer(200, dict(_NO_FILE), "refused")
    status = "Complete" if work.done else "Processing" if work.share > 0.1 else "Queued"
    made = datetime.fromtimestamp(work.made_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"success": True, "file_id": work.id, "file_name": "list.csv", "upload_date": made, "file_status": status,
            "complete_percentage": f"{int(work.share * 100)}%", "file_phase_2_status": "N/A",
            "return_url": None}  # fmt: skip
    return Answer(200, body, "answered" if work.done else "pending", subject={"file_id": work.id})


def get_file(desk: Desk, call: Call) -> Answer:
    """The results of a file as CSV, or a 200 that says that there are none."""
    work = look(desk, NAME, call.query.get("file_id", ""), call)
    if work is None or not work.done:
        body = dict(_NO_FILE) if work is None else {"success": "False", "message": ["The file is not complete."]}
        return Answer(200, body, "pending")
    active = _yes(call.query.get("activity_data"))
    facts = [_facts(desk, opinion(desk, NAME, email), active=active) for email in work.body]
    columns = {**_COLUMNS, **({"ZB Active In Days": "active_in_days"} if active else {})}
    rows = [[each["address"], *(_cell(each.get(name)) for name in columns.values())] for each in facts]
    return Answer(200, written([["Email Address", *columns], *rows]), "answered", subject={"file_id": work.id})


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def delete_file(desk: Desk, call: Call) -> Answer:
    """Forget a file."""
    work = look(desk, NAME, call.query.get("file_id", ""), call)
    if work is None:
        return Answer(200, dict(_NO_FILE), "refused")
    desk.store.drop_ticket(NAME, work.id)
    return Answer(200, {"success": True, "message": "File Deleted", "file_name": "list.csv", "file_id": work.id})


def credits_left(desk: Desk, call: Call) -> Answer:
    """The balance, as text."""
    return Answer(200, {"Credits": str(desk.balance(NAME, call.account) // 1000)})


def activity(desk: Desk, call: Call) -> Answer:
    """When an address was last seen alive."""
    facts = _facts(desk, opinion(desk, NAME, call.query.get("email", "")), active=True)
    days = facts.get("active_in_days")
    return Answer(200, {"found": days is not None, "active_in_days": days})


_FILES = (Window(HOUR, 80_000),)
VENDOR = Vendor(
    name=NAME, prefix="/zerobounce/v2",
    routes=(
        Route("GET", "/validate", "validate", validate, (Window(10, 80_000),), block="zerobounce.block_validate"),
        Route("POST", "/validatebatch", "validatebatch", validate_batch, (Window(MINUTE, 30),),
              block="zerobounce.block_batch"),
        Route("POST", "/sendfile", "sendfile", send_file, _FILES),
        Route("GET", "/filestatus", "filestatus", file_status, _FILES),
        Route("GET", "/getfile", "getfile", get_file, _FILES),
        Route("GET", "/deletefile", "deletefile", delete_file, _FILES),
        Route("GET", "/getcredits", "getcredits", credits_left, (Window(HOUR, 80_000),)),
        Route("GET", "/activity", "activity", activity, (Window(HOUR, 80_000),)),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled, unreadable=Answer(400, "", "refused"),
    key_in="api_key",
)  # fmt: skip
