"""Dropcontact, API v1 (https://developer.dropcontact.com). Batches of 250, submitted, then polled.

Traps kept: not ready, unknown request and passing trouble are one and the same 200; only populated attributes are
present; qualifications follow the language of the request; when credits do not suffice for all, all is refused (403);
credits are taken at submission and given back for records without a verified address, unless an address was sent.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor
from headwater_sandbox.limits import SECOND, Usage, Window
from headwater_sandbox.store import Charge, Ticket
from headwater_sandbox.vendors.dropcontact_record import complete, enrich, subject

NAME = "dropcontact"
_MAX_RECORDS, _MAX_BYTES = 250, 15_000
_LIMIT = (Window(SECOND, 60),)
_NOT_READY = {"error": False, "success": False, "reason": "Request not ready yet, try again in 30 seconds"}


def _failed(status: int, reason: str, outcome: str = "refused") -> Answer:
    return Answer(status, {"error": True, "reason": reason, "success": False}, outcome)


def unauthorised(route: Route) -> Answer:
    """A bad token; the account endpoints say it differently."""
    if route.endpoint == "account/credits":
        return Answer(401, {"detail": "Invalid token"})
    return _failed(401, "Invalid token")


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too fast; no header says how long to wait."""
    return _failed(429, "Too many requests")


def key_of(request: Request) -> str:
    """The token."""
    return request.headers.get("x-access-token", "").strip()


def submit(desk: Desk, call: Call) -> Answer:
    """Take a batch and its credits; answer with the id of the request."""
    body = call.body if isinstance(call.body, dict) else {}
    data = body.get("data")
    if problem := _problem(data):
        return problem
    assert isinstance(data, list)
    price = desk.price("dropcontact.price_record")
    billed = [record for record in data if complete(record)]
    if desk.balance(NAME, call.account) < price * len(billed):
        return _failed(403, "You don't have enough credits to enrich these records", "out_of_credits")
    request_id = desk.dice.token(22, "dropcontact request", call.identity, call.attempt)
    ready = call.now + desk.delay("dropcontact.batch_seconds", call.identity)
    charges, hits = _settle(desk, billed, str(body.get("language") or "en"), price, ready)
    work = {"data": data, "language": str(body.get("language") or "en"), "siren": bool(body.get("siren"))}
    desk.store.issue(NAME, Ticket(request_id, call.account, call.now, ready, 0, work))
    left = (desk.balance(NAME, call.account) - price * len(billed)) // 1000
    answer = {"credits_left": left, "request_id": request_id, "error": False, "success": True}
    return Answer(200, answer, "hit" if hits else "miss", charges, len(data), hits, len(data) - hits,
                  subject={"request_id": request_id})  # fmt: skip


def _problem(data: Any) -> Answer | None:
    if not isinstance(data, list) or not data or not all(isinstance(record, dict) for record in data):
        return _failed(400, "Missing data in JSON")
    if len(data) > _MAX_RECORDS:
        return _failed(400, f"Too many records, you can only submit up to {_MAX_RECORDS} records")
    if any(len(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")) > _MAX_BYTES for record in data):
        return _failed(400, "Data size is too big, you can only submit up to 15 kB of data in a single record")
    return None


def _settle(
    desk: Desk, billed: Sequence[Mapping[str, Any]], language: str, price: int, ready: float
) -> tuple[list[Charge], int]:
    """A charge for every record now, and what comes back when the batch is ready."""
    charges, hits = [], 0
    for record in billed:
        who, found = subject(record), enrich(desk, record, language, False)
        hits += found.verified
        charges.append(Charge(price, who))
        if not found.verified and not record.get("email"):
            charges.append(Charge(-price, who, "refund", ready))
    return charges, hits


def poll(desk: Desk, call: Call) -> Answer:
    """The enriched batch, or the one sentence for everything else."""
    who = {"request_id": call.path["request_id"]}
    ticket = desk.store.ticket(NAME, call.path["request_id"], call.account)
    if ticket is None:
        return Answer(200, dict(_NOT_READY), "pending", subject=who)
    held = ticket.polls <= desk.settings.number("dropcontact.pending_polls")
    share = 1.0 if call.now >= ticket.ready_at else (call.now - ticket.made_at) / (ticket.ready_at - ticket.made_at)
    forced = call.query.get("forceResults", "").lower() in ("true", "1")
    if held or (share < 1 and not forced):
        return Answer(200, dict(_NOT_READY), "pending", subject=who)
    data = _results(desk, ticket.body, share)
    body = {"success": True, "error": False, "data": data, "credits_left": desk.balance(NAME, call.account) // 1000}
    return Answer(200, body, "answered", subject=who)


def _results(desk: Desk, work: Mapping[str, Any], share: float) -> list[dict[str, Any]]:
    """Every record in its place; with forceResults those which are not ready come back as they were sent."""
    done = int(len(work["data"]) * share)
    return [
        enrich(desk, record, work["language"], work["siren"]).record if place < done or share >= 1 else dict(record)
        for place, record in enumerate(work["data"])
    ]


def credits_left(desk: Desk, call: Call) -> Answer:
    """The balance."""
    return Answer(200, {"credits": desk.balance(NAME, call.account) // 1000})


VENDOR = Vendor(
    name=NAME, prefix="/dropcontact",
    routes=(
        Route("POST", "/v1/enrich/all", "enrich/all", submit, _LIMIT),
        Route("GET", "/v1/enrich/all/{request_id}", "enrich/all/poll", poll, _LIMIT),
        Route("GET", "/v1/account/credits", "account/credits", credits_left, _LIMIT),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=Answer(422, {"detail": "JSON decode error"}, "refused"),
)  # fmt: skip
