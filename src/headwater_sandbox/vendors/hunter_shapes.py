"""The bodies of Hunter's answers (https://hunter.io/api-documentation/v2), filled from the made-up world."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from headwater_sandbox.addresses import BRACES
from headwater_sandbox.directory import Mailbox
from headwater_sandbox.gate import Desk
from headwater_sandbox.knowledge import Belief
from headwater_sandbox.names import COUNTRY_NAMES
from headwater_sandbox.world import Company

_SCORES = {"sure": 90, "likely": 72, "guess": 35}
_DATE = "2026-09-14"


def _score(belief: Belief) -> int:
    spread = sum(map(ord, belief.email or "")) % 10
    return min(99, _SCORES[belief.grade] + spread) if belief.email else 0


def _status(belief: Belief) -> str:
    if belief.grade == "sure" and not belief.company.catch_all:
        return "valid"
    return "accept_all" if belief.company.catch_all else "unknown"


def _sources(belief: Belief) -> list[dict[str, Any]]:
    if belief.grade == "guess":
        return []
    uri = f"http://{belief.company.domain}/team"
    return [{"domain": belief.company.domain, "uri": uri, "extracted_on": "2024-03-02", "last_seen_on": _DATE,
             "still_on_page": True}]  # fmt: skip


def finder(belief: Belief | None, names: tuple[str, str], domain: str) -> dict[str, Any]:
    """`data` of the email finder; every key is there even when nothing was found."""
    if belief is None or belief.email is None:
        return {"first_name": names[0] or None, "last_name": names[1] or None, "email": None, "score": None,
                "domain": domain or None, "accept_all": None, "position": None, "twitter": None, "linkedin_url": None,
                "phone_number": None, "company": None, "sources": [],
                "verification": {"date": None, "status": None}}  # fmt: skip
    person = belief.person
    return {
        "first_name": person.first, "last_name": person.last, "email": belief.email, "score": _score(belief),
        "domain": belief.email.partition("@")[2], "accept_all": belief.company.catch_all, "position": person.title,
        "twitter": None, "linkedin_url": f"https://www.linkedin.com/in/{person.linkedin}",
        "phone_number": belief.phone, "company": belief.company.name, "sources": _sources(belief),
        "verification": {"date": _DATE, "status": _status(belief)},
    }  # fmt: skip


def finder_meta(query: Mapping[str, str]) -> dict[str, Any]:
    """`meta` of the email finder."""
    wanted = ("first_name", "last_name", "full_name", "domain", "company", "max_duration")
    return {"params": {name: query.get(name) for name in wanted}}


_VERIFIED = {
    "valid": ("deliverable", 96), "invalid": ("undeliverable", 4), "accept_all": ("risky", 70),
    "webmail": ("deliverable", 85), "disposable": ("risky", 30), "unknown": ("risky", 45),
}  # fmt: skip


def verifier(desk: Desk, box: Mailbox, email: str) -> dict[str, Any]:
    """`data` of the email verifier."""
    status = desk.knowledge.verdict("hunter", box)
    if box.disposable:
        status = "disposable"
    elif box.free and status == "valid":
        status = "webmail"
    result, score = _VERIFIED[status]
    reached = box.receives_mail and status != "unknown"
    return {
        "status": status, "result": result, "_deprecation_notice": "Using result is deprecated, use status instead",
        "score": score, "email": email, "regexp": True, "gibberish": False, "disposable": box.disposable,
        "webmail": box.free, "mx_records": box.receives_mail, "smtp_server": reached,
        "smtp_check": status in ("valid", "webmail", "accept_all"), "accept_all": box.catch_all, "block": False,
        "sources": [],
    }  # fmt: skip


def domain(company: Company, page: Sequence[Belief]) -> dict[str, Any]:
    """`data` of the domain search."""
    return {
        "domain": company.domain, "disposable": False, "webmail": False, "accept_all": company.catch_all,
        "pattern": BRACES[company.pattern] if page else None, "organization": company.name,
        "description": f"{company.name} works in {company.industry.lower()}.", "industry": company.industry,
        "twitter": None, "facebook": None, "linkedin": f"https://www.linkedin.com/company/{company.linkedin}",
        "instagram": None, "youtube": None, "technologies": [], "country": company.country, "state": company.state,
        "city": company.city, "postal_code": None, "street": None, "headcount": headcount(company.headcount),
        "company_type": "privately held", "emails": [_address(belief) for belief in page], "linked_domains": [],
    }  # fmt: skip


def headcount(number: int) -> str:
    """A headcount as Hunter's ranges."""
    for low, high in ((1, 10), (11, 50), (51, 200), (201, 500), (501, 1000), (1001, 5000)):
        if number <= high:
            return f"{low}-{high}"
    return "5001-10000"


def _address(belief: Belief) -> dict[str, Any]:
    person = belief.person
    return {
        "value": belief.email, "type": "personal", "confidence": _score(belief), "sources": _sources(belief),
        "first_name": person.first, "last_name": person.last, "position": person.title, "position_raw": person.title,
        "seniority": {"c_suite": "executive", "vp": "executive", "entry": "junior"}.get(person.seniority, "senior"),
        "department": person.department, "linkedin": f"https://www.linkedin.com/in/{person.linkedin}",
        "twitter": None, "phone_number": belief.phone, "verification": {"date": _DATE, "status": _status(belief)},
    }  # fmt: skip


def search_meta(query: Mapping[str, str], results: int) -> dict[str, Any]:
    """`meta` of the domain search."""
    wanted = ("domain", "company", "type", "seniority", "department")
    return {"results": results, "limit": int(query.get("limit", 10)), "offset": int(query.get("offset", 0)),
            "params": {name: query.get(name) for name in wanted}}  # fmt: skip


def _geo(place: Any) -> dict[str, Any]:
    return {"city": place.city, "state": place.state, "stateCode": None, "country": COUNTRY_NAMES[place.country],
            "countryCode": place.country, "lat": None, "lng": None}  # fmt: skip


def person(desk: Desk, belief: Belief, email: str | None) -> dict[str, Any]:
    """`data` of the person enrichment."""
    who = belief.person
    none = {"handle": None}
    return {
        "id": desk.dice.token(32, "hunter person", *who.key), "email": email,
        "name": {"fullName": f"{who.first} {who.last}", "givenName": who.first, "familyName": who.last},
        "location": f"{who.city}, {who.state}, {COUNTRY_NAMES[who.country]}", "timeZone": None, "utcOffset": None,
        "geo": _geo(who), "bio": None, "site": None, "avatar": None,
        "employment": {"domain": belief.company.domain, "name": belief.company.name, "title": who.title,
                       "role": who.department, "subRole": None, "seniority": who.seniority},
        "facebook": none, "github": {**none, "id": None}, "twitter": {**none, "id": None},
        "linkedin": {"handle": who.linkedin}, "googleplus": none, "gravatar": {**none, "urls": []}, "fuzzy": False,
        "emailProvider": belief.company.mail_host, "indexedAt": _DATE, "phone": belief.phone, "activeAt": None,
        "inactiveAt": None,
    }  # fmt: skip


def company(desk: Desk, it: Company) -> dict[str, Any]:
    """`data` of the company enrichment."""
    return {
        "id": desk.dice.token(32, "hunter company", it.domain), "name": it.name, "legalName": it.legal_name,
        "domain": it.domain, "domainAliases": [],
        "site": {"phoneNumbers": [it.phone] if it.phone else [], "emailAddresses": [f"info@{it.domain}"]},
        "category": {"sector": it.industry, "industryGroup": it.industry, "industry": it.industry,
                     "subIndustry": None, "sicCode": None, "naicsCode": None},
        "tags": [it.industry], "description": f"{it.name} works in {it.industry.lower()}.",
        "foundedYear": it.founded, "location": f"{it.city}, {COUNTRY_NAMES[it.country]}", "timeZone": None,
        "utcOffset": None, "geo": _geo(it), "logo": None, "facebook": {"handle": None, "likes": None},
        "linkedin": {"handle": f"company/{it.linkedin}"}, "twitter": {"handle": None}, "crunchbase": {"handle": None},
        "emailProvider": it.mail_host, "type": "private", "company_type": "privately held", "ticker": None,
        "identifiers": {"usEIN": None}, "phone": it.phone,
        "metrics": {"employees": it.headcount, "employeesRange": headcount(it.headcount), "annualRevenue": None},
        "tech": [], "techCategories": [], "parent": {"domain": None}, "ultimateParent": {"domain": None},
        "indexedAt": _DATE,
    }  # fmt: skip


def counts(known: Sequence[Belief]) -> dict[str, Any]:
    """`data` of the email count."""
    return {"total": len(known), "personal_emails": len(known), "generic_emails": 0,
            "department": dict(Counter(belief.person.department for belief in known)),
            "seniority": dict(Counter(belief.person.seniority for belief in known))}  # fmt: skip


def account(total: int, used: float) -> dict[str, Any]:
    """`data` of the account page."""
    left = {"used": used, "available": total}
    return {"first_name": "Sandy", "last_name": "Box", "email": "sandy@sandbox.invalid", "plan_name": "Growth",
            "plan_level": 2, "reset_date": "2026-12-01", "team_id": 1,
            "requests": {"credits": left, "searches": left, "verifications": left}}  # fmt: skip
