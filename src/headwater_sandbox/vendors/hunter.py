"""Hunter.io, API v2 (https://hunter.io/api-documentation/v2).

Traps kept: 403 is the rate limit, 429 the exhausted plan, 451 a person who opted out; a search that found nothing is a
200 with a null address; the verifier may still be running (202) or meet an odd mail server (222).
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from headwater_sandbox.fold import clean_domain, nice, split_email, split_full
from headwater_sandbox.gate import Answer, Call, Desk, Route, Vendor, hit, miss
from headwater_sandbox.knowledge import Belief
from headwater_sandbox.limits import MINUTE, SECOND, Usage, Window
from headwater_sandbox.names import DISPOSABLE, FREE_MAIL
from headwater_sandbox.store import Ticket
from headwater_sandbox.vendors import hunter_shapes as shapes
from headwater_sandbox.world import Person

NAME = "hunter"
_COMMON = (Window(SECOND, 15), Window(MINUTE, 500))
_VERIFIER = (Window(SECOND, 10), Window(MINUTE, 300))


def error(status: int, code: str, details: str, outcome: str = "refused") -> Answer:
    """Hunter's error envelope."""
    return Answer(status, {"errors": [{"id": code, "code": status, "details": details}]}, outcome)


def key_of(request: Request) -> str:
    """The key by query, header or bearer."""
    bearer = request.headers.get("authorization", "")
    token = bearer[7:].strip() if bearer.lower().startswith("bearer ") else ""
    return request.query_params.get("api_key") or request.headers.get("x-api-key") or token


def unauthorised(route: Route) -> Answer:
    """A missing or wrong key."""
    return error(401, "authentication_failed", "No user found for the API key supplied")


def throttled(desk: Desk, route: Route, window: Window, usage: Sequence[Usage]) -> Answer:
    """Too fast: a 403, without any header."""
    return error(403, "too_many_requests", "You have reached the rate limit of this endpoint. Please slow down.")


def _exhausted(desk: Desk, call: Call, needed: int) -> Answer | None:
    if call.account != "test-api-key" and desk.balance(NAME, call.account) < needed:
        details = "You have exceeded the number of requests allowed in your current plan for this month."
        return error(429, "too_many_requests", details, "out_of_credits")
    return None


def _claimed(desk: Desk, person: Person | None) -> Answer | None:
    if person and person.exists and desk.dice.chance(desk.settings.number("hunter.claimed"), "claimed", *person.key):
        details = "The person behind this email address asked us not to process their personal data."
        return error(451, "claimed_email", details)
    return None


def _price(desk: Desk, call: Call, name: str) -> int:
    return 0 if call.account == "test-api-key" else desk.price(f"hunter.{name}")


def _bad(details: str, code: str = "wrong_params") -> Answer:
    return error(400, code, details)


def email_finder(desk: Desk, call: Call) -> Answer:
    """The most likely address of a person at a domain."""
    query = call.query
    first, last = query.get("first_name", "").strip(), query.get("last_name", "").strip()
    if not (first and last):
        first, last = split_full(query.get("full_name", ""))
    subject = {"first_name": first, "last_name": last, **_employer(query)}
    if handle := query.get("linkedin_handle", ""):
        person = desk.directory.by_profile(handle)
        return _found(desk, call, person, desk.knowledge.about(NAME, person) if person else None, {"linkedin": handle})
    if problem := _finder_problem(query, first, last):
        return problem
    domain = desk.directory.domain_of(query.get("domain", ""), query.get("company", ""))
    if not domain or domain in FREE_MAIL:
        return _found(desk, call, None, None, subject)
    person = desk.directory.ask(first, last, domain)
    return _found(desk, call, person, desk.knowledge.about(NAME, person), subject)


def _finder_problem(query: Any, first: str, last: str) -> Answer | None:
    if not (query.get("domain") or query.get("company")):
        return _bad("You are missing the domain or the company parameter")
    if query.get("domain") and not clean_domain(query["domain"]):
        return _bad("The domain name is invalid", "invalid_domain")
    if not first:
        return _bad("You are missing the first_name or the full_name parameter")
    if not last:
        return _bad("You are missing the last_name parameter")
    duration = query.get("max_duration", "10")
    if not duration.isdecimal() or not 3 <= int(duration) <= 20:
        return _bad("The max_duration must be between 3 and 20", "invalid_max_duration")
    return None


def _employer(query: Any) -> dict[str, str]:
    return {"domain": query.get("domain", ""), "company": query.get("company", "")}


def _found(desk: Desk, call: Call, person: Person | None, belief: Belief | None, subject: dict[str, str]) -> Answer:
    price = _price(desk, call, "price_email")
    if refusal := _claimed(desk, person) or _exhausted(desk, call, price):
        refusal.subject = subject
        return refusal
    names = (nice(subject.get("first_name", "")), nice(subject.get("last_name", "")))
    body = {"data": shapes.finder(belief, names, subject.get("domain", "")), "meta": shapes.finder_meta(call.query)}
    return hit(body, subject, price) if belief and belief.email else miss(200, body, subject)


def email_verifier(desk: Desk, call: Call) -> Answer:
    """Whether an address can be reached. A 202 is repeated until it ends; what could not be told costs nothing."""
    email = call.query.get("email", "").strip().lower()
    if not email:
        return _bad("You are missing the email parameter")
    box = desk.directory.mailbox(email)
    if box is None:
        return _bad("The email address is invalid", "invalid_email")
    price, subject = _price(desk, call, "price_verification"), {"email": email}
    if refusal := _claimed(desk, box.person) or _exhausted(desk, call, price):
        refusal.subject = subject
        return refusal
    meta = {"params": {"email": email}}
    if _still_running(desk, call, email):
        return Answer(202, {"data": {"status": "unknown", "email": email}, "meta": meta}, "pending", subject=subject)
    if desk.dice.chance(desk.settings.number("hunter.verifier_odd"), "odd", email, call.attempt):
        details = "The SMTP server of the domain returned an unexpected response. Please retry later."
        return Answer(222, error(222, "smtp_error", details).body, "pending", subject=subject)
    data = shapes.verifier(desk, box, email)
    return hit({"data": data, "meta": meta}, subject, 0 if data["status"] == "unknown" else price)


def _still_running(desk: Desk, call: Call, email: str) -> bool:
    if not desk.dice.chance(desk.settings.number("hunter.verifier_running"), "running", email):
        return False
    ticket = desk.store.ticket(NAME, email, call.account)
    if ticket is None:
        seconds = desk.settings.number("hunter.verifier_running_seconds") * desk.settings.latency
        desk.store.issue(NAME, Ticket(email, call.account, call.now, call.now + seconds, 1, None))
        return True
    if ticket.ready_at > call.now:
        return True
    desk.store.drop_ticket(NAME, email)
    return False


def domain_search(desk: Desk, call: Call) -> Answer:
    """Addresses known at a domain."""
    query = call.query
    domain = desk.directory.domain_of(query.get("domain", ""), query.get("company", ""))
    if not domain:
        return _bad("You are missing the domain or the company parameter")
    limit, offset = query.get("limit", "10"), query.get("offset", "0")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100 or not offset.isdecimal():
        return _bad("The limit must be between 1 and 100 and the offset positive", "pagination_error")
    known = _known_colleagues(desk, domain, query)
    page = known[int(offset) : int(offset) + int(limit)]
    price = _price(desk, call, "price_search") * -(-len(page) // 10)
    if refusal := _exhausted(desk, call, price):
        return refusal
    company = desk.directory.world.company(domain)
    body = {"data": shapes.domain(company, page), "meta": shapes.search_meta(query, len(known))}
    subject = {**_employer(query), "offset": offset}
    return hit(body, subject, price) if page else miss(200, body, subject)


def _known_colleagues(desk: Desk, domain: str, query: Any) -> list[Belief]:
    if domain in FREE_MAIL or domain in DISPOSABLE or query.get("type") == "generic":
        return []
    beliefs = [desk.knowledge.about(NAME, person) for person in desk.directory.world.colleagues(domain)]
    wanted = (query.get("seniority", ""), query.get("department", ""))
    return [
        belief for belief in beliefs
        if belief and belief.email and belief.email.endswith("@" + domain)
        and (not wanted[0] or belief.person.seniority in wanted[0].split(","))
        and (not wanted[1] or belief.person.department in wanted[1].split(","))
    ]  # fmt: skip


def people_find(desk: Desk, call: Call) -> Answer:
    """A person by address or profile; 404 when there is no match."""
    answer, _ = _person_of(desk, call)
    return answer


def _person_of(desk: Desk, call: Call) -> tuple[Answer, Any]:
    email, handle = call.query.get("email", "").strip().lower(), call.query.get("linkedin_handle", "").strip()
    if not email and not handle:
        return _bad("You are missing the email or the linkedin_handle parameter"), None
    if email and not split_email(email):
        return _bad("The email address is invalid", "invalid_email"), None
    person = desk.directory.by_email(email) if email else desk.directory.by_profile(handle)
    belief = desk.knowledge.about(NAME, person) if person else None
    price, subject = _price(desk, call, "price_enrichment"), {"email": email, "linkedin": handle}
    if refusal := _claimed(desk, person) or _exhausted(desk, call, price):
        return refusal, None
    if belief is None:
        return miss(404, error(404, "not_found", "No person was found for these parameters").body, subject), None
    data = shapes.person(desk, belief, email or belief.email)
    return hit({"data": data, "meta": {"params": dict(call.query)}}, subject, price), data


def _company_of(desk: Desk, domain: str) -> Any:
    company = desk.directory.world.company(domain)
    known = company.dns != "nxdomain" and desk.dice.chance(0.8, "hunter company", domain)
    return shapes.company(desk, company) if known and domain not in FREE_MAIL else None


def companies_find(desk: Desk, call: Call) -> Answer:
    """A company by domain; 404 when there is no match."""
    domain = clean_domain(call.query.get("domain", ""))
    if not domain:
        return _bad("You are missing the domain parameter")
    price, subject, data = _price(desk, call, "price_enrichment"), {"domain": domain}, _company_of(desk, domain)
    if refusal := _exhausted(desk, call, price):
        return refusal
    if data is None:
        return miss(404, error(404, "not_found", "No company was found for this domain").body, subject)
    return hit({"data": data, "meta": {"params": dict(call.query)}}, subject, price)


def combined_find(desk: Desk, call: Call) -> Answer:
    """Person and company by address; 404 when neither is known."""
    answer, person = _person_of(desk, call)
    if answer.outcome not in ("hit", "miss"):
        return answer
    parts = split_email(call.query.get("email", ""))
    company = _company_of(desk, parts[1]) if parts else None
    if person is None and company is None:
        return answer
    body = {"data": {"person": person, "company": company}, "meta": {"params": dict(call.query)}}
    return hit(body, answer.subject, _price(desk, call, "price_enrichment"))


def email_count(desk: Desk, call: Call) -> Answer:
    """How many addresses are known at a domain; free."""
    domain = desk.directory.domain_of(call.query.get("domain", ""), call.query.get("company", ""))
    if not domain:
        return _bad("You are missing the domain or the company parameter")
    known = _known_colleagues(desk, domain, {})
    return Answer(200, {"data": shapes.counts(known), "meta": {"params": {**_employer(call.query), "type": None}}})


def account(desk: Desk, call: Call) -> Answer:
    """The plan and what is left of it; free."""
    total = int(desk.settings.number("hunter.credits")) if call.account != "no-credits" else 50
    return Answer(200, {"data": shapes.account(total, total - desk.balance(NAME, call.account) / 1000)})


VENDOR = Vendor(
    name=NAME, prefix="/hunter/v2",
    routes=(
        Route("GET", "/email-finder", "email-finder", email_finder, _COMMON),
        Route("GET", "/email-verifier", "email-verifier", email_verifier, _VERIFIER),
        Route("GET", "/domain-search", "domain-search", domain_search, _COMMON),
        Route("GET", "/people/find", "people/find", people_find, _COMMON),
        Route("GET", "/companies/find", "companies/find", companies_find, _COMMON),
        Route("GET", "/combined/find", "combined/find", combined_find, _COMMON),
        Route("GET", "/email-count", "email-count", email_count, (Window(SECOND, 15),)),
        Route("GET", "/account", "account", account),
    ),
    key_of=key_of, unauthorised=unauthorised, throttled=throttled,
    unreadable=error(400, "wrong_params", "The request body could not be read"),
)  # fmt: skip
