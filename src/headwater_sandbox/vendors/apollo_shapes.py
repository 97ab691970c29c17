"""The bodies of Apollo's answers (https://docs.apollo.io), filled from the made-up world."""

from collections.abc import Sequence
from typing import Any

from headwater_sandbox.gate import Desk
from headwater_sandbox.knowledge import Belief
from headwater_sandbox.names import COUNTRY_NAMES
from headwater_sandbox.world import Company

_STATUS = {"sure": "verified", "likely": "unverified", "guess": "extrapolated"}


def _status(belief: Belief) -> str:
    if not belief.email:
        return "unavailable"
    if belief.grade == "guess":
        return "extrapolated"
    return "unverified" if belief.company.catch_all and belief.grade == "likely" else _STATUS[belief.grade]


def person(desk: Desk, belief: Belief, with_email: bool) -> dict[str, Any]:
    """A person; waterfall answers come without the address and its status."""
    who, org = belief.person, belief.company
    guess = belief.grade == "guess" and belief.email
    body = {
        "id": person_id(desk, belief), "first_name": who.first, "last_name": who.last,
        "name": f"{who.first} {who.last}", "linkedin_url": f"http://www.linkedin.com/in/{who.linkedin}",
        "title": who.title, "email_status": _status(belief), "photo_url": None, "twitter_url": None,
        "github_url": None, "facebook_url": None, "extrapolated_email_confidence": 0.42 if guess else None,
        "headline": f"{who.title} at {org.name}", "email": belief.email, "organization_id": organisation_id(desk, org),
        "employment_history": _history(desk, belief), "state": who.state, "city": who.city,
        "country": COUNTRY_NAMES[who.country], "organization": organisation(desk, org),
        "is_likely_to_engage": desk.dice.chance(0.3, "engages", *who.key), "revealed_for_current_team": True,
        "departments": [who.department], "subdepartments": [], "functions": [who.department],
        "seniority": who.seniority, "show_intent": False,
    }  # fmt: skip
    hidden = () if with_email else ("email", "email_status")
    return {name: value for name, value in body.items() if name not in hidden}


def person_id(desk: Desk, belief: Belief) -> str:
    """Apollo's identifier of the person."""
    return desk.dice.token(24, "apollo person", *belief.person.key)


def organisation_id(desk: Desk, company: Company) -> str:
    """Apollo's identifier of the organisation."""
    return desk.dice.token(24, "apollo organisation", company.domain)


def _history(desk: Desk, belief: Belief) -> list[dict[str, Any]]:
    who = belief.person
    jobs = [(belief.company, who.title, True, f"{desk.dice.between(2015, 2024, 'since', *who.key)}-03-01", None)]
    if belief.company.domain != who.domain:
        former = desk.directory.world.company(who.domain)
        jobs.append((former, who.title, False, "2014-01-01", "2015-01-01"))  # type: ignore[arg-type]
    return [_job(desk, *job) for job in jobs]


def _job(desk: Desk, company: Company, title: str, current: bool, start: str, end: str | None) -> dict[str, Any]:
    token = desk.dice.token(24, "apollo job", company.domain, title, start)
    return {
        "_id": token, "created_at": None, "current": current, "degree": None, "description": None, "emails": None,
        "end_date": end, "grade_level": None, "kind": None, "major": None,
        "organization_id": organisation_id(desk, company), "organization_name": company.name, "raw_address": None,
        "start_date": start, "title": title, "updated_at": None, "id": token, "key": token,
    }  # fmt: skip


def organisation(desk: Desk, company: Company, form: str = "short") -> dict[str, Any]:
    """An organisation: short (inside a person), bulk, or full (enriched by itself)."""
    country = COUNTRY_NAMES[company.country]
    industry = company.industry.lower()
    tag = desk.dice.token(24, "apollo industry", industry)
    phone = {"number": company.phone, "source": "Scraped", "sanitized_number": company.phone} if company.phone else {}
    body = {
        "id": organisation_id(desk, company), "name": company.name, "website_url": f"http://www.{company.domain}",
        "blog_url": None, "angellist_url": None,
        "linkedin_url": f"http://www.linkedin.com/company/{company.linkedin}", "twitter_url": None,
        "facebook_url": None, "primary_phone": phone, "languages": [], "alexa_ranking": None, "phone": company.phone,
        "linkedin_uid": str(desk.dice.between(10_000, 99_999_999, "uid", company.domain)),
        "founded_year": company.founded, "publicly_traded_symbol": None, "publicly_traded_exchange": None,
        "logo_url": None, "crunchbase_url": None, "primary_domain": company.domain, "industry": industry,
        "keywords": [industry], "estimated_num_employees": company.headcount, "industries": [industry],
        "secondary_industries": [], "snippets_loaded": True, "industry_tag_id": tag,
        "industry_tag_hash": {industry: tag}, "retail_location_count": 0,
        "raw_address": f"{company.city}, {company.state}, {country}", "street_address": None, "city": company.city,
        "state": company.state, "postal_code": None, "country": country,
    }  # fmt: skip
    return body | {"short": {}, "bulk": _some_more(company), "full": _some_more(company) | _more(company)}[form]


def _some_more(company: Company) -> dict[str, Any]:
    return {
        "num_languages": 0, "num_retail_locations": 0, "owned_by_organization_id": None, "seo_description": None,
        "short_description": f"{company.name} works in {company.industry.lower()}.", "num_suborganizations": 0,
        "departmental_head_count": {},
    }  # fmt: skip


def _more(company: Company) -> dict[str, Any]:
    revenue = company.headcount * 140_000
    return {
        "suborganizations": [], "annual_revenue_printed": f"{revenue / 1_000_000:.1f}M", "annual_revenue": revenue,
        "total_funding": None, "total_funding_printed": None, "latest_funding_round_date": None,
        "latest_funding_stage": None, "funding_events": [], "technology_names": [], "current_technologies": [],
    }  # fmt: skip


def accepted(desk: Desk, number: int, waterfall: bool, single: bool) -> dict[str, Any]:
    """What the first answer says about work that goes on."""
    if waterfall:
        text = "Waterfall enrichment request accepted. Results will be sent to the provided webhook URL."
        return {"waterfall": {"status": "accepted", "message": text}}
    if single:
        return {}
    text = (
        "Phone enrichment is processing asynchronously. Retrieve the result by polling GET "
        "/api/v1/webhook_result/{request_id} with the top-level `request_id` field from this response. "
        "Retry after ~10 seconds."
    )
    job = desk.dice.token(24, "phone job", number)
    return {"phone_enrichment": {"request_id": job, "status": "pending", "message": text}}


def later_result(
    desk: Desk, people: Sequence[Belief], number: str, phones: bool, waterfall: bool, milli: int
) -> dict[str, Any]:
    """`webhook_result` of the poll."""
    entries = [_later_person(desk, belief, phones, waterfall) for belief in people]
    found = sum(bool(entry["phone_numbers"]) for entry in entries)
    credits = milli // 1000 if milli % 1000 == 0 else milli / 1000
    body: dict[str, Any] = {"status": "success", "total_requested_enrichments": len(people),
                            "credits_consumed": credits, "people": entries}  # fmt: skip
    if not waterfall:
        return body | {"unique_enriched_records": found, "missing_records": len(people) - found}
    emails = sum(bool(entry.get("emails")) for entry in entries)
    fields = ["emails"] + (["phone_numbers"] if phones else [])
    return body | {
        "request_id": number, "target_fields": fields, "records_enriched": sum(map(_any, entries)),
        "email_records_enriched": emails, "mobile_records_enriched": found,
        "enrichment_not_found": len(entries) - sum(map(_any, entries)),
        "email_records_not_found": len(entries) - emails, "mobile_records_not_found": len(entries) - found,
    }  # fmt: skip


def _any(entry: dict[str, Any]) -> bool:
    return bool(entry["phone_numbers"] or entry.get("emails"))


def _later_person(desk: Desk, belief: Belief, phones: bool, waterfall: bool) -> dict[str, Any]:
    numbers = [(belief.mobile, "mobile"), (belief.phone, "work_direct")] if phones else []
    entry: dict[str, Any] = {
        "id": person_id(desk, belief), "status": "success",
        "phone_numbers": [_phone(desk, number, kind, place) for place, (number, kind) in
                          enumerate((number, kind) for number, kind in numbers if number)],
    }  # fmt: skip
    if waterfall:
        entry["emails"] = [
            {"email": belief.email, "email_source_cd": None, "position": 0,
             "email_status_cd": "Verified" if belief.grade == "sure" else "Unverified",
             "extrapolated_email_confidence": None, "third_party_data_provider_id": "sandbox_email_search",
             "vendor_validation_statuses": []}
        ] if belief.email else []  # fmt: skip
    return entry


def _phone(desk: Desk, number: str, kind: str, position: int) -> dict[str, Any]:
    token = desk.dice.token(24, "apollo phone", number)
    return {"_id": token, "confidence_cd": "high", "created_at": None, "direct_dial_source_cd": "contact_trusted",
            "dnc_other_info": None, "dnc_status_cd": "not_found", "dnc_status_updated_at": None, "position": position,
            "raw_number": number, "sanitized_number": number, "status_cd": "valid_number", "type_cd": kind,
            "updated_at": None, "id": token, "key": token}  # fmt: skip
