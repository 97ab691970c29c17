"""NeverBounce, API v4.2: one address, or a job that is created, watched and read page by page.

Traps kept: every failure is a 200 whose ``status`` is not "success"; the names of the columns come back as a row of
their own; rows come in no order; every check is billed, every time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor
from headwater_sandbox.limits import DAY, HOUR, SECOND, Usage, Window
from headwater_sandbox.vendors.opinions import Opinion, Work, begin, charges, look, opinion

NAME = "neverbounce"
_MOST_BYTES = 25 * 1024 * 1024
_RESULTS = {"malformed": "invalid", "no_domain": "invalid", "accept_all": "catchall", "role": "valid",
            "spamtrap": "valid"}  # fmt: skip


def key_of(request: Request) -> str:
    """The key of the query; in a POST it may stand in the body."""
    return request.query_params.get("key", "")


def failure(status: str, message: str, outcome: str = "refused") -> Answer:
    """NeverBounce's envelope of whatever went wrong."""
    return Answer(200, {"status": status, "message": message, "execution_time": 5}, outcome)


def unauthorised(route: Route) -> Answer:
    """A wrong key."""
    return failure("auth_failure", "We were unable to authenticate your request")


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too fast: nothing says how long to wait."""
    return failure("throttle_triggered", "Too many requests in a short amount of time")


def _verification(held: Opinion) -> dict[str, Any]:
    flags = ["has_dns", "has_dns_mx", "smtp_connectable"] if held.mail_host else []
    marks = {"role_account": held.role, "free_email_host": held.free, "disposable_email": held.disposable,
             "accepts_all": held.word == "accept_all", "spamtrap_network": held.word == "spamtrap",
             "bad_syntax": held.word == "malformed", "bad_dns": held.word == "no_domain"}  # fmt: skip
    flags += [name for name, there in marks.items() if there]
    return {"result": _RESULTS.get(held.word, held.word), "flags": flags, "suggested_correction": ""}


def _address(email: str) -> dict[str, str]:
    local, _, host = email.partition("@")
    name, _, tld = host.rpartition(".")
    return {"original_email": email, "normalized_email": email, "addr": local, "alias": "", "host": host,
            "fqdn": host, "domain": name, "subdomain": "", "tld": tld}  # fmt: skip


def _given(call: Call) -> dict[str, Any]:
    """GET and POST are interchangeable."""
    return {**call.query, **(call.body if isinstance(call.body, dict) else {})}


def single(desk: Desk, call: Call) -> Answer:
    """One address."""
    given = _given(call)
    email = given.get("email")
    if not isinstance(email, str) or not email:
        return failure("general_failure", "Missing required parameter 'email'")
    if desk.balance(NAME, call.account) < desk.price("neverbounce.price_verification"):
        return failure("general_failure", "Insufficient credit balance", "out_of_credits")
    body = {"status": "success", **_verification(opinion(desk, NAME, email)), "execution_time": 250}
    if str(given.get("address_info")) == "1":
        body["address_info"] = _address(email)
    taken = charges([email.lower()], desk.price("neverbounce.price_verification"))
    return Answer(200, body, "hit", taken, 1, 1, subject={"email": email})


def create(desk: Desk, call: Call) -> Answer:
    """A job of supplied addresses; it runs at once only if told to."""
    body = call.body if isinstance(call.body, dict) else {}
    rows = body.get("input")
    if body.get("input_location") != "supplied" or not isinstance(rows, list) or not rows:
        return failure("general_failure", "Missing required parameter 'input'")
    running = desk.store.get(f"{NAME} jobs {call.account}") or []
    running = [ready for ready in running if ready > call.now]
    if len(running) >= desk.settings.number("neverbounce.jobs_at_once"):
        return failure("throttle_triggered", "Too many jobs are running", "throttled")
    price = desk.price("neverbounce.price_verification")
    if desk.balance(NAME, call.account) < price * len(rows):
        return failure("general_failure", "Insufficient credit balance", "out_of_credits")
    data = [_columns(row) for row in rows]
    number = desk.dice.between(100_000, 2_000_000_000, NAME, "job", call.identity, call.attempt)
    started = bool(body.get("auto_parse")) and bool(body.get("auto_start"))
    kept = {"rows": data, "started": started, "filename": body.get("filename")}
    ready = begin(desk, NAME, call, str(number), kept, len(data))
    desk.store.put(f"{NAME} jobs {call.account}", [*running, ready])
    taken = charges([row["email"].lower() for row in data], price, ready) if started else []
    answer = {"status": "success", "job_id": number, "execution_time": 712}
    return Answer(200, answer, "answered", taken, len(data), len(data), subject={"job_id": str(number)})


def _columns(row: Any) -> dict[str, str]:
    if isinstance(row, dict):
        return {str(name): str(value) for name, value in row.items()} | {"email": str(row.get("email") or "")}
    cells = [str(cell) for cell in row] if isinstance(row, list) else [str(row)]
    return {"email": cells[0] if cells else "", **{str(place): cell for place, cell in enumerate(cells[1:], 1)}}


def _job(desk: Desk, call: Call) -> Work | Answer:
    work = look(desk, NAME, str(_given(call).get("job_id") or ""), call)
    return work or failure("general_failure", "Invalid job ID")


def status(desk: Desk, call: Call) -> Answer:
    """How far a job is."""
    work = _job(desk, call)
    if isinstance(work, Answer):
        return work
    total = len(work.body["rows"])
    word = "complete" if work.done else "running" if work.share > 0.3 else "parsing" if work.share > 0.1 else "queued"
    word = word if work.body["started"] else "waiting"
    results = [_verification(opinion(desk, NAME, row["email"]))["result"] for row in work.body["rows"]]
    counts = {name: results.count(name) if work.done else 0 for name in ("valid", "invalid", "catchall", "disposable",
                                                                         "unknown")}  # fmt: skip
    made = datetime.fromtimestamp(work.made_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    body = {
        "status": "success", "id": int(work.id), "job_status": word, "filename": work.body["filename"],
        "created_at": made, "started_at": made, "finished_at": made if work.done else None, "failure_reason": None,
        "total": {"records": total, "billable": total, "processed": int(total * work.share), **counts,
                  "duplicates": 0, "bad_syntax": 0},
        "bounce_estimate": 0, "percent_complete": int(work.share * 100), "execution_time": 322,
    }  # fmt: skip
    return Answer(200, body, "answered" if work.done else "pending", subject={"job_id": work.id})


def results(desk: Desk, call: Call) -> Answer:
    """One page of a job's rows."""
    work = _job(desk, call)
    if isinstance(work, Answer):
        return work
    given = _given(call)
    page, size = str(given.get("page", "1")), str(given.get("items_per_page", "10"))
    if not page.isdecimal() or not size.isdecimal() or not 1 <= int(size) <= 1000:
        return failure("general_failure", "items_per_page must be between 1 and 1000")
    if not (work.done and work.body["started"]):
        return failure("general_failure", "Results are not currently available for this job", "pending")
    rows = sorted(work.body["rows"], key=lambda row: desk.dice.number("order", work.id, str(sorted(row.items()))))
    if desk.settings.number("neverbounce.header_row"):
        rows = [{name: name for name in rows[0]}, *rows]
    first = (max(1, int(page)) - 1) * int(size)
    shown = [{"data": row, "verification": _verification(opinion(desk, NAME, row["email"]))}
             for row in rows[first : first + int(size)]]  # fmt: skip
    body = {"status": "success", "total_results": len(rows), "total_pages": -(-len(rows) // int(size)),
            "query": {"job_id": int(work.id), "page": int(page), "items_per_page": int(size)}, "results": shown,
            "execution_time": 55}  # fmt: skip
    return Answer(200, body, "answered", subject={"job_id": work.id})


def account_info(desk: Desk, call: Call) -> Answer:
    """The balance."""
    left = desk.balance(NAME, call.account) // 1000
    credits = {"paid_credits_used": 0, "free_credits_used": 0, "paid_credits_remaining": left,
               "free_credits_remaining": 0}  # fmt: skip
    return Answer(200, {"status": "success", "credits_info": credits, "execution_time": 12})


_SINGLE = (Window(SECOND, 50),)
VENDOR = Vendor(
    name=NAME, prefix="/neverbounce/v4.2",
    routes=(
        *(Route(method, "/single/check", "single/check", single, _SINGLE) for method in ("GET", "POST")),
        Route("POST", "/jobs/create", "jobs/create", create, (Window(HOUR, 10), Window(DAY, 50))),
        *(Route(method, "/jobs/status", "jobs/status", status, _SINGLE) for method in ("GET", "POST")),
        *(Route(method, "/jobs/results", "jobs/results", results, _SINGLE) for method in ("GET", "POST")),
        *(Route(method, "/account/info", "account/info", account_info, _SINGLE) for method in ("GET", "POST")),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=failure("general_failure", "The request could not be read"), key_in="key",
)  # fmt: skip
