"""Apollo.io, REST API v1 (https://docs.apollo.io, the vendor's OpenAPI description).

Traps kept: parameters of people/match stand in the query string; `status: success` says nothing about a match; misses
of a bulk are null slots; phones and waterfall results come later, under a signed 64-bit number which is a number in the
answer and a text in webhook_result; a bad key is answered in plain text. No webhook is ever sent: results are polled.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from headwater_sandbox.fold import clean_domain, split_full
from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor
from headwater_sandbox.knowledge import Belief
from headwater_sandbox.limits import DAY, HOUR, MINUTE, Usage, Window
from headwater_sandbox.names import FREE_MAIL
from headwater_sandbox.store import Charge, Ticket
from headwater_sandbox.vendors import apollo_shapes as shapes

NAME = "apollo"
_MAX = 10
_ASKED = (
    "first_name",
    "last_name",
    "name",
    "email",
    "hashed_email",
    "organization_name",
    "domain",
    "id",
    "linkedin_url",
)
_LATER = ("reveal_phone_number", "run_waterfall_email", "run_waterfall_phone")
_PAID = (Window(MINUTE, 1000), Window(HOUR, None), Window(DAY, None))
_FREE = (Window(MINUTE, 50), Window(HOUR, 200), Window(DAY, 600))
_FREE_BULK = (Window(MINUTE, 20), Window(HOUR, 200), Window(DAY, 600))
_DEFAULT = (Window(MINUTE, 200), Window(HOUR, 400), Window(DAY, 2000))
_WORDS = {MINUTE: ("minute", "minute"), HOUR: ("hourly", "hour"), DAY: ("24-hour", "day")}  # in headers, in messages


def unauthorised(route: Route) -> Answer:
    """A bad key: plain text."""
    return Answer(401, "Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate.")


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too many calls in a window: JSON, and how long to wait."""
    limit = f"{window.count} times per {_WORDS[window.seconds][1]}" if window.count else "exceeded"
    message = (
        f"The maximum number of api calls allowed for api/v1/{route.endpoint} is {limit}. "
        "Please upgrade your plan from https://app.apollo.io/#/settings/plans/upgrade."
    )
    wait = max([each.resets_in for each in usage if each.window == window] or [1])
    return Answer(429, {"message": message}, headers={"retry-after": str(wait)})


def decorate(answer: Answer, usage: Sequence[Usage]) -> None:
    """Apollo's usage headers; an unlimited window has an empty limit."""
    if answer.status in (401, 403):
        return
    for each in usage:
        word = _WORDS[each.window.seconds][0]
        count = each.window.count
        answer.headers[f"x-rate-limit-{word}"] = "" if count is None else str(count)
        answer.headers[f"x-{word}-usage"] = str(each.used)
        answer.headers[f"x-{word}-requests-left"] = "" if each.left is None else str(each.left)


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in ("true", "1")


def _subject(detail: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(detail[name]).strip() for name in _ASKED if detail.get(name)}


def _identify(desk: Desk, detail: Mapping[str, Any]) -> Belief | None:
    """Apollo's record for what was sent; more than a bare name is needed."""
    asked, directory = _subject(detail), desk.directory
    if email := asked.get("email"):
        person = directory.by_email(email)
        if person:
            return desk.knowledge.about(NAME, person)
    if profile := asked.get("linkedin_url"):
        person = directory.by_profile(profile)
        if person:
            return desk.knowledge.about(NAME, person)
    first, last = asked.get("first_name", ""), asked.get("last_name", "")
    if not (first and last):
        first, last = split_full(asked.get("name", f"{first} {last}"))
    domain = directory.domain_of(asked.get("domain", ""), asked.get("organization_name", ""))
    if not (first and last and domain) or domain in FREE_MAIL:
        return None
    return desk.knowledge.believe(NAME, first, last, domain)


def _webhook_problem(desk: Desk, query: Mapping[str, str]) -> Answer | None:
    later = [name for name in _LATER if _flag(query, name)]
    if not later or query.get("webhook_url", "").startswith("https://"):
        return None
    text = f"Please add a valid 'webhook_url' parameter when using '{later[0]}'"
    return Answer(int(desk.settings.number("apollo.webhook_missing_status")), {"error": text}, "refused")


def _no_credits(desk: Desk, call: Call, needed: int) -> Answer | None:
    if needed <= desk.balance(NAME, call.account):
        return None
    body = {"error": "You have insufficient credits to perform this action.", "error_code": "INSUFFICIENT_CREDITS"}
    return Answer(int(desk.settings.number("apollo.no_credits_status")), body, "out_of_credits")


def people_match(desk: Desk, call: Call) -> Answer:
    """One person; parameters in the query string."""
    asked = _subject(call.query)
    if not asked:
        return Answer(422, {"error": "Required parameter 'name', 'email', 'id' or 'linkedin_url' missing"}, "refused")
    if problem := _webhook_problem(desk, call.query):
        return problem
    belief = _identify(desk, call.query)
    price = desk.price("apollo.price_record")
    if belief and (refusal := _no_credits(desk, call, price)):
        return refusal
    body: dict[str, Any] = {}
    if belief is None:
        shape = desk.settings.text("apollo.miss_shape")
        body = {} if shape == "absent" else {"person": {} if shape == "empty" else None}
        return Answer(200, body, "miss", records=1, misses=1, subject=asked)
    body["person"] = shapes.person(desk, belief, with_email=not _flag(call.query, "run_waterfall_email"))
    charges = [Charge(price, asked)]
    if later := _start_later_work(desk, call, [(belief, asked)]):
        body["request_id"], extra = later
        body |= extra
    return Answer(200, body, "hit", charges, records=1, hits=1, subject=asked)


def bulk_match(desk: Desk, call: Call) -> Answer:
    """Up to ten people; the slots of misses are null."""
    details = call.body.get("details") if isinstance(call.body, dict) else None
    if refusal := _details_problem(details, "cannot enrich more than 10 in a single request", "details"):
        return refusal
    if problem := _webhook_problem(desk, call.query):
        return problem
    found = [(_identify(desk, detail), _subject(detail)) for detail in details or []]
    unique = {belief.person.key: (belief, asked) for belief, asked in found if belief}
    price = desk.price("apollo.price_record")
    if refusal := _no_credits(desk, call, price * len(unique)):
        return refusal
    later = _start_later_work(desk, call, list(unique.values()))
    body = _bulk_body(desk, call, [belief for belief, _ in found], len(unique), later)
    hits = sum(belief is not None for belief, _ in found)
    charges = [Charge(price, asked) for _, asked in unique.values()]
    outcome = "hit" if hits else "miss"
    return Answer(200, body, outcome, charges, records=len(found), hits=hits, misses=len(found) - hits)


def _details_problem(details: Any, too_many: str, name: str) -> Answer | None:
    def failed(status: int, code: str, message: str) -> Answer:
        body = {"status": "failed", "error_code": code, "error_message": message}
        return Answer(status, body, "refused")

    if details is None or details == []:
        return failed(400, "INVALID_REQUEST", f"invalid request, missing {name}")
    if not isinstance(details, list) or not all(isinstance(detail, dict) for detail in details):
        return failed(422, "UNKNOWN_ERROR", "no implicit conversion of Symbol into Integer")
    return failed(400, "RECORD_LIMIT_EXCEEDED", too_many) if len(details) > _MAX else None


def _bulk_body(desk: Desk, call: Call, found: list[Belief | None], unique: int, later: Any) -> dict[str, Any]:
    waterfall = _flag(call.query, "run_waterfall_email") or _flag(call.query, "run_waterfall_phone")
    matches = [belief and shapes.person(desk, belief, with_email=not waterfall) for belief in found]
    body: dict[str, Any] = {"status": "success", "error_code": None, "error_message": None,
                            "total_requested_enrichments": len(found)}  # fmt: skip
    if not waterfall:  # Apollo leaves the counters out of waterfall answers
        credits = desk.price("apollo.price_record") * unique / 1000
        body |= {"unique_enriched_records": unique, "missing_records": sum(belief is None for belief in found),
                 "credits_consumed": int(credits) if credits == int(credits) else credits}  # fmt: skip
    body["matches"] = matches
    if later:
        body |= {"request_id": later[0], **later[1]}
    return body


def _start_later_work(desk: Desk, call: Call, people: Sequence[tuple[Belief, dict[str, str]]]) -> Any:
    """Begin phones or a waterfall; (request_id, what the answer says about it), or None."""
    phones = _flag(call.query, "reveal_phone_number") or _flag(call.query, "run_waterfall_phone")
    waterfall = _flag(call.query, "run_waterfall_email") or _flag(call.query, "run_waterfall_phone")
    if not people or not (phones or waterfall):
        return None
    number = desk.dice.number("request", call.identity, call.attempt) - (1 << 63)  # often negative, as Apollo's are
    ready = call.now + desk.delay("apollo.phone_seconds", call.identity)
    milli = sum(desk.price("apollo.price_mobile") for belief, _ in people if phones and belief.mobile)
    result = shapes.later_result(desk, [belief for belief, _ in people], str(number), phones, waterfall, milli)
    body = {"type": "waterfall" if waterfall else "phone", "result": result}
    desk.store.issue(NAME, Ticket(str(number), call.account, call.now, ready, 0, body))
    owed = [Charge(desk.price("apollo.price_mobile"), asked, "mobile", ready) for belief, asked in people
            if phones and belief.mobile]  # fmt: skip
    desk.store.charge(NAME, call.endpoint, call.account, owed, call.now)
    return number, shapes.accepted(desk, number, waterfall, single=call.endpoint == "people/match")


def webhook_result(desk: Desk, call: Call) -> Answer:
    """The result of phones or a waterfall; 404 while it is pending."""
    text = call.path["request_id"]
    if not _int64(text):
        return Answer(400, {"error_code": "invalid_request_id"}, "refused")
    ticket = desk.store.ticket(NAME, str(int(text)), call.account)
    subject = {"request_id": text}
    if ticket is None:
        return Answer(404, {"error_code": "request_id_unknown"}, "refused", subject=subject)
    if call.now - ticket.made_at > desk.settings.number("apollo.request_known_seconds"):
        return Answer(410, {"error_code": "request_id_expired"}, "refused", subject=subject)
    if call.now < ticket.ready_at or ticket.polls <= desk.settings.number("apollo.pending_polls"):
        wait = max(1, min(10, round(ticket.ready_at - time.time())))
        return Answer(404, {"error_code": "result_pending", "retry_after_seconds": wait}, "pending", subject=subject)
    sent = datetime.fromtimestamp(ticket.ready_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"request_id": ticket.id, "webhook_status": "success", "request_type": ticket.body["type"],
            "last_dispatched_at": sent, "failure_reason": None, "webhook_result": ticket.body["result"]}  # fmt: skip
    return Answer(200, body, "answered", subject=subject)


def _int64(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 20 and -(1 << 63) <= int(text) < 1 << 63


def _organisation(desk: Desk, detail: Mapping[str, Any], form: str) -> Any:
    name, profile = str(detail.get("name") or ""), str(detail.get("linkedin_url") or "")
    if profile and not name:
        name = profile.rstrip("/").rpartition("/")[2].replace("-", " ")
    domain = desk.directory.domain_of(str(detail.get("domain") or detail.get("website") or ""), name)
    if not domain or domain in FREE_MAIL:
        return None
    company = desk.directory.world.company(domain)
    known = company.dns != "nxdomain" and desk.dice.chance(0.85, "apollo company", domain)
    return shapes.organisation(desk, company, form) if known else None


def organizations_enrich(desk: Desk, call: Call) -> Answer:
    """One company."""
    asked = {name: call.query[name] for name in ("domain", "name", "linkedin_url", "website") if call.query.get(name)}
    if not asked:
        return Answer(422, {"error": "Required parameter 'domain' missing"}, "refused")
    price = desk.price("apollo.price_record")
    if refusal := _no_credits(desk, call, price):
        return refusal
    found = _organisation(desk, asked, "full")
    if found is None:
        return Answer(200, {"organization": None}, "miss", records=1, misses=1, subject=asked)
    return Answer(200, {"organization": found}, "hit", [Charge(price, asked)], records=1, hits=1, subject=asked)


def organizations_bulk_enrich(desk: Desk, call: Call) -> Answer:
    """Up to ten companies; `details` of the body win over `domains[]` of the query."""
    details = call.body.get("details") if isinstance(call.body, dict) else None
    by_domain = details is None
    if details is None:
        domains = call.query.get("domains[]", "")
        details = [{"domain": domain} for domain in domains.split(",") if domain]
    if refusal := _details_problem(details, "domain count cannot be more than 10", "domains"):
        return refusal
    found = [_organisation(desk, detail, "bulk") for detail in details]
    unique = {each["id"]: (each, asked) for each, asked in zip(found, details, strict=True) if each}
    price = desk.price("apollo.price_record")
    if refusal := _no_credits(desk, call, price * len(unique)):
        return refusal
    total = len(details)
    distinct = len({clean_domain(str(each.get("domain") or "")) or str(each) for each in details})
    body = {
        "status": "success", "error_code": None, "error_message": None,
        "total_requested_records": None if by_domain else total,
        "total_requested_domains": total if by_domain else None,
        "unique_domains": distinct if by_domain else None, "unique_records": None if by_domain else distinct,
        "unique_enriched_records": len(unique), "missing_records": sum(each is None for each in found),
        "organizations": [each for each, _ in unique.values()],
    }  # fmt: skip
    charges = [Charge(price, {name: str(each) for name, each in asked.items()}) for _, asked in unique.values()]
    hits = sum(each is not None for each in found)
    return Answer(200, body, "hit" if hits else "miss", charges, records=total, hits=hits, misses=total - hits)


def key_of(request: Request) -> str:
    """The key by header, or an OAuth bearer."""
    bearer = request.headers.get("authorization", "")
    return request.headers.get("x-api-key") or (bearer[7:].strip() if bearer.lower().startswith("bearer ") else "")


VENDOR = Vendor(
    name=NAME, prefix="/apollo/api/v1",
    routes=(
        Route("POST", "/people/match", "people/match", people_match, _PAID, _FREE),
        Route("POST", "/people/bulk_match", "people/bulk_match", bulk_match, _PAID, _FREE_BULK),
        Route("GET", "/organizations/enrich", "organizations/enrich", organizations_enrich, _PAID, _FREE),
        Route("POST", "/organizations/bulk_enrich", "organizations/bulk_enrich", organizations_bulk_enrich, _PAID,
              _FREE_BULK),
        Route("GET", "/webhook_result/{request_id}", "webhook_result", webhook_result, _DEFAULT),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled, decorate=decorate,
    unreadable=Answer(400, {"error": "There was an error parsing the JSON body"}, "refused"),
)  # fmt: skip
