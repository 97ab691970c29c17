"""Icypeas (https://api-doc.icypeas.com). Submit, then read; 5,000 rows to a bulk, 100 to a page.

Traps kept: the key stands bare in `Authorization`; invalid input is a 200 with `success: false`; nothing found and no
credits left are statuses of the item; pages are asked with `next: true` and the `sorts` of the last answer.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from headwater_sandbox.fold import nice
from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor
from headwater_sandbox.limits import MINUTE, SECOND, Usage, Window
from headwater_sandbox.store import Charge, Ticket
from headwater_sandbox.vendors.icypeas_search import TASKS, Result, search

NAME = "icypeas"
_MAX_ROWS, _MAX_PAGE = 5000, 100
_SINGLE = (Window(SECOND, 10),)
_USER = "sandboxuser"
_FIELDS = {"email-search": ("firstname", "lastname", "domainOrCompany"), "email-verification": ("email",),
           "domain-search": ("domainOrCompany",)}  # fmt: skip


def unauthorised(route: Route) -> Answer:
    """A bad key."""
    return Answer(401, {"success": False, "message": "Unauthorized access."})


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too fast; no header says how long to wait."""
    text = "You have exceeded the max number of requests per minute."
    return Answer(429, {"success": False, "message": text})


def key_of(request: Request) -> str:
    """The bare key; the older signed form `key:signature` is accepted by its key."""
    key = request.headers.get("authorization", "").strip()
    return "bad-key" if key.lower().startswith("bearer ") else key.partition(":")[0]


def _invalid(*problems: tuple[str, str]) -> Answer:
    errors = [{"field": field, "type": kind, "expected": "string"} for field, kind in problems]
    return Answer(200, {"success": False, "validationErrors": errors}, "refused")


def _failed(desk: Desk, name: str, message: str) -> Answer:
    body = {"success": False, "error": name, "message": message}
    return Answer(int(desk.settings.number("icypeas.error_status")), body, "refused")


def single(desk: Desk, call: Call) -> Answer:
    """One search, begun; its item is read later."""
    task, body = call.endpoint, call.body if isinstance(call.body, dict) else {}
    row = [str(body.get(field) or "").strip() for field in _FIELDS[task]]
    if problems := _row_problems(task, row):
        return _invalid(*problems)
    custom = body.get("custom") if isinstance(body.get("custom"), dict) else {}
    item_id = desk.dice.token(20, "icypeas item", call.identity, call.attempt)
    ready = call.now + desk.delay("icypeas.search_seconds", call.identity)
    result = _finish(desk, call, task, row, desk.balance(NAME, call.account), item_id)
    item = _item(desk, call, item_id, "", 0, task, row, result, custom or {})
    desk.store.add_items([(item_id, "", 0, call.account, call.now, ready, json.dumps(item))])
    charges = [Charge(result.milli, _subject(task, row), at=ready)] if result.milli else []
    answer = {"success": True, "item": {"_id": item_id, "status": "NONE"}}
    return Answer(200, answer, "hit" if result.found else "miss", charges, 1, int(result.found), int(not result.found),
                  subject=_subject(task, row))  # fmt: skip


def _row_problems(task: str, row: Sequence[str]) -> list[tuple[str, str]]:
    if task == "email-search":
        named = [("firstname", "required"), ("lastname", "required")] if not (row[0] or row[1]) else []
        return named + ([("domainOrCompany", "required")] if not row[2] else [])
    return [] if row[0] else [(_FIELDS[task][0], "required")]


def _subject(task: str, row: Sequence[str]) -> dict[str, str]:
    return dict(zip(_FIELDS[task], row, strict=False))


def _finish(desk: Desk, call: Call, task: str, row: Sequence[str], balance: int, item_id: str) -> Result:
    """How the item will end: known at once, shown when its time has come."""
    if desk.dice.chance(desk.settings.number("icypeas.aborted"), "aborted", call.identity, item_id):
        return Result("ABORTED")
    price = desk.price(TASKS[task])
    return Result("INSUFFICIENT_FUNDS") if balance < price else search(desk, task, row, price)


def _item(
    desk: Desk, call: Call, item_id: str, file: str, order: int, task: str, row: Sequence[str], result: Result,
    custom: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    first, last = (nice(row[0]), nice(row[1])) if task == "email-search" else ("", "")
    results = {"firstname": first, "lastname": last, "fullname": f"{first} {last}".strip(), "gender": "",
               "emails": result.emails, "phones": []}  # fmt: skip
    stamp = round(call.now * 1000)
    return {
        "_id": item_id, "name": " ".join(row), "user": _USER, "file": file, "order": order, "status": result.status,
        "results": results, "system": {"createdAt": stamp, "modifiedAt": stamp},
        "userData": {"externalId": custom.get("externalId", ""), "webhookUrl": custom.get("webhookUrl", "")},
    }  # fmt: skip


def bulk_search(desk: Desk, call: Call) -> Answer:
    """Up to 5,000 rows, begun; acknowledged with the id of the file."""
    body = call.body if isinstance(call.body, dict) else {}
    task, rows = body.get("task"), body.get("data")
    custom = body.get("custom") if isinstance(body.get("custom"), dict) else {}
    externals = (custom or {}).get("externalIds") or []
    if problems := _bulk_problems(task, body.get("name"), rows, externals):
        return _invalid(*problems)
    assert isinstance(rows, list)
    assert isinstance(task, str)
    file = desk.dice.token(20, "icypeas file", call.identity, call.attempt)
    hits, charges, items = _work_rows(desk, call, task, rows, file, externals)
    desk.store.add_items(items)
    head = {"name": body.get("name"), "task": task, "total": len(rows)}
    desk.store.issue(NAME, Ticket(file, call.account, call.now, items[-1][5], 0, head))
    answer = {"success": True, "status": "NONE", "file": file}
    outcome = "hit" if hits else "miss"
    return Answer(200, answer, outcome, charges, len(rows), hits, len(rows) - hits, subject={"file": file})


def _bulk_problems(task: Any, name: Any, rows: Any, externals: Any) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    problems += [] if isinstance(task, str) and task in TASKS else [("task", "enumValue")]
    problems += [] if isinstance(name, str) and name else [("name", "required")]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        return [*problems, ("data", "array")]
    if len(rows) > _MAX_ROWS:
        problems.append(("data", "arrayMax"))
    if externals and (not isinstance(externals, list) or len(externals) != len(rows)):
        problems.append(("custom.externalIds", "arrayLength"))
    return problems


def _work_rows(
    desk: Desk, call: Call, task: str, rows: list[list[Any]], file: str, externals: Sequence[Any]
) -> tuple[int, list[Charge], list[tuple[str, str, int, str, float, float, str]]]:
    balance, hits, charges, items = desk.balance(NAME, call.account), 0, [], []
    start = desk.delay("icypeas.search_seconds", call.identity)
    pace = desk.settings.latency / max(0.001, desk.settings.number("icypeas.bulk_rows_a_second"))
    for order, raw in enumerate(rows):
        row = [str(cell or "").strip() for cell in raw][: len(_FIELDS[task])]
        row += [""] * (len(_FIELDS[task]) - len(row))
        item_id = desk.dice.token(20, "icypeas item", file, order)
        bad = bool(_row_problems(task, row))
        result = Result("BAD_INPUT") if bad else _finish(desk, call, task, row, balance, item_id)
        ready = call.now + start + pace * order
        if result.milli:
            charges.append(Charge(result.milli, _subject(task, row), at=ready))
        balance, hits = balance - result.milli, hits + result.found
        custom = {"externalId": externals[order]} if externals else {}
        item = _item(desk, call, item_id, file, order, task, row, result, custom)
        items.append((item_id, file, order, call.account, call.now, ready, json.dumps(item)))
    return hits, charges, items


def _shown(desk: Desk, stored: tuple[Any, ...], now: float) -> dict[str, Any]:
    """The item as it stands now: its end only when its time has come."""
    item: dict[str, Any] = json.loads(stored[6])
    made, ready = stored[4], stored[5]
    if now >= ready:
        item["system"]["modifiedAt"] = round(ready * 1000)
        return item
    share = (now - made) / max(0.001, ready - made)
    status = "NONE" if share < 0.1 else "SCHEDULED" if share < 0.3 else "IN_PROGRESS"
    return {**item, "status": status, "results": {**item["results"], "emails": []}}


def read_items(desk: Desk, call: Call) -> Answer:
    """One item by its id, or a page of a bulk."""
    body = call.body if isinstance(call.body, dict) else {}
    if body.get("mode") == "bulk" or (body.get("file") and not body.get("id")):
        return _read_page(desk, call, body)
    if not isinstance(body.get("id"), str) or not body["id"]:
        return _invalid(("id", "required"))
    stored = desk.store.item(body["id"], call.account)
    if stored is None:
        return _failed(desk, "SearchNotFoundError", "The search was not found.")
    item = _held_back(desk, _shown(desk, stored, call.now), f"poll {body['id']}", call.account)
    answer = {"success": True, "items": [item], "sorts": [[round(stored[4] * 1000), stored[0]]], "total": 1}
    return Answer(200, answer, "pending" if _running(item) else "answered", subject={"id": body["id"]})


def _running(item: Mapping[str, Any]) -> bool:
    return item["status"] in ("NONE", "SCHEDULED", "IN_PROGRESS")


def _held_back(desk: Desk, item: dict[str, Any], name: str, account: str) -> dict[str, Any]:
    """`icypeas.pending_polls`: the first polls say running, however late they come."""
    held = desk.settings.number("icypeas.pending_polls")
    if held and not _running(item) and desk.store.attempt(f"{NAME}/{account}/{name}") <= held:
        return {**item, "status": "IN_PROGRESS", "results": {**item["results"], "emails": []}}
    return item


def _read_page(desk: Desk, call: Call, body: Mapping[str, Any]) -> Answer:
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= _MAX_PAGE:
        return _invalid(("limit", "numberMax"))
    ticket = desk.store.ticket(NAME, str(body.get("file") or ""), call.account)
    if ticket is None:
        return _failed(desk, "SearchNotFoundError", "The file was not found.")
    after = _cursor(body)
    if after is None:
        return _invalid(("sorts", "array"))
    stored = desk.store.items(ticket.id, call.account, after, limit)
    held = ticket.polls <= desk.settings.number("icypeas.pending_polls")
    items = [_shown(desk, each, each[4] - 1 if held else call.now) for each in stored]
    last = stored[-1][2] if stored else after
    sorts = [round(ticket.made_at * 1000), last]
    answer = {"success": True, "items": items, "sorts": sorts, "total": ticket.body["total"]}
    return Answer(200, answer, "pending" if any(map(_running, items)) else "answered", subject={"file": ticket.id})


def _cursor(body: Mapping[str, Any]) -> int | None:
    """The position behind which to go on; -1 for the first page, None when `sorts` is not what was handed out."""
    if not body.get("next"):
        return -1
    sorts = body.get("sorts")
    good = isinstance(sorts, list) and len(sorts) == 2 and all(type(each) is int for each in sorts)
    return int(sorts[1]) if good and isinstance(sorts, list) else None


def read_files(desk: Desk, call: Call) -> Answer:
    """How far a bulk is."""
    body = call.body if isinstance(call.body, dict) else {}
    ticket = desk.store.ticket(NAME, str(body.get("file") or ""), call.account)
    if ticket is None:
        return _failed(desk, "SearchNotFoundError", "The file was not found.")
    total, done = desk.store.count_items(ticket.id, call.now)
    if ticket.polls <= desk.settings.number("icypeas.pending_polls"):
        done = 0
    status = "done" if done == total else "in_progress"
    file = {"_id": ticket.id, "name": ticket.body["name"], "user": _USER, "task": ticket.body["task"], "status": status,
            "total": total, "finished": done, "progress": done * 100 // max(1, total),
            "system": {"createdAt": round(ticket.made_at * 1000)}}  # fmt: skip
    answer = {"success": True, "files": [file], "total": 1}
    return Answer(200, answer, "answered" if done == total else "pending", subject={"file": ticket.id})


VENDOR = Vendor(
    name=NAME, prefix="/icypeas/api",
    routes=(
        *(Route("POST", f"/{task}", task, single, _SINGLE) for task in TASKS),
        Route("POST", "/bulk-search", "bulk-search", bulk_search, (Window(SECOND, 1),)),
        Route("POST", "/bulk-single-searchs/read", "bulk-single-searchs/read", read_items, (Window(MINUTE, 30),)),
        Route("POST", "/search-files/read", "search-files/read", read_files, (Window(MINUTE, 15),)),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=Answer(400, {"success": False, "message": "The body is not valid JSON."}, "refused"),
)  # fmt: skip
