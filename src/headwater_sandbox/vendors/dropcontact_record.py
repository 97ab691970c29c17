"""One record of Dropcontact, enriched: only what is known stands in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headwater_sandbox.directory import Mailbox
from headwater_sandbox.fold import nice, split_full
from headwater_sandbox.gate import Desk
from headwater_sandbox.knowledge import Belief
from headwater_sandbox.names import COUNTRY_NAMES, FREE_MAIL

_LOCALS = {
    "fr": {"nominative": "nominatif", "generic": "generique", "Do_Not_Contact": "Ne_Pas_Contacter",
           "non_validated": "non_validé", "invalid": "invalide"},
}  # fmt: skip
_DOMAINS = {"fr": {"disposable": "jetable", "invalid domain": "domaine invalide"}}
_LEVELS = {"c_suite": "C-Level", "vp": "VP", "head": "Director", "director": "Director", "manager": "Manager"}


@dataclass(frozen=True)
class Enriched:
    """A finished record and whether it holds an address that counts as found."""

    record: dict[str, Any]
    verified: bool


def qualification(local: str, domain: str, language: str) -> str:
    """`localpart@domain` in the language of the request."""
    return f"{_LOCALS.get(language, {}).get(local, local)}@{_DOMAINS.get(language, {}).get(domain, domain)}"


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value.strip() if isinstance(value, str) else ""


def subject(record: Mapping[str, Any]) -> dict[str, str]:
    """The identifying fields of a record."""
    wanted = ("first_name", "last_name", "full_name", "company", "website", "email", "linkedin")
    return {name: _text(record, name) for name in wanted if _text(record, name)}


def _names(record: Mapping[str, Any]) -> tuple[str, str]:
    first, last = _text(record, "first_name"), _text(record, "last_name")
    return (first, last) if first and last else split_full(_text(record, "full_name"))


def complete(record: Mapping[str, Any]) -> bool:
    """Whether the record says enough to be worked on."""
    employer = _text(record, "company") or _text(record, "website")
    named = all(_names(record)) and employer
    return bool(_text(record, "email") or _text(record, "linkedin") or named)


def enrich(desk: Desk, record: Mapping[str, Any], language: str, siren: bool) -> Enriched:
    """The record as Dropcontact hands it back."""
    first, last = _names(record)
    out = _echo(record, first, last)
    if not complete(record):
        return Enriched(out, False)
    belief, sent = _belief(desk, record, first, last), _text(record, "email")
    verified = False
    if sent:
        address, verified = _judge(desk, sent, language)
        out["email"] = [address]
    if belief is not None:
        if not sent and belief.email:
            address, verified = _address(desk, belief, language)
            out["email"] = [address]
        out |= _details(desk, belief, language, siren)
    return Enriched({name: value for name, value in out.items() if value not in (None, "", [])}, verified)


def _echo(record: Mapping[str, Any], first: str, last: str) -> dict[str, Any]:
    out = {name: value for name, value in record.items() if name not in ("email", "num_siren", "website")}
    if record.get("num_siren"):
        out["siren"] = record["num_siren"]
    if website := _text(record, "website"):
        out["website"] = "www." + website.partition("://")[2].removeprefix("www.") if "://" in website else (
            "www." + website.removeprefix("www."))  # fmt: skip
    if first and last:
        out |= {"first_name": nice(first), "last_name": nice(last), "full_name": f"{nice(first)} {nice(last)}"}
    return out


def _belief(desk: Desk, record: Mapping[str, Any], first: str, last: str) -> Belief | None:
    directory = desk.directory
    domain = directory.domain_of(_text(record, "website"), _text(record, "company"))
    if first and last and domain and domain not in FREE_MAIL:
        return desk.knowledge.believe("dropcontact", first, last, domain)
    person = directory.by_profile(_text(record, "linkedin")) if _text(record, "linkedin") else None
    person = person or (directory.by_email(_text(record, "email")) if _text(record, "email") else None)
    return desk.knowledge.about("dropcontact", person) if person else None


def _address(desk: Desk, belief: Belief, language: str) -> tuple[dict[str, str], bool]:
    local, counts = "nominative", True
    if belief.grade == "guess":
        local, counts = "non_validated", False
    elif belief.company.catch_all and belief.grade != "sure":
        local, counts = "catch-all", desk.settings.number("dropcontact.charge_catch_all") > 0
    return {"email": belief.email or "", "qualification": qualification(local, "pro", language)}, counts


def _judge(desk: Desk, email: str, language: str) -> tuple[dict[str, str], bool]:
    box = desk.directory.mailbox(email)
    if box is None or not box.receives_mail:
        return {"email": email, "qualification": qualification("invalid", "invalid domain", language)}, False
    domain = "disposable" if box.disposable else "perso" if box.free else "pro"
    local = _local(desk, box)
    verified = local in ("nominative", "generic", "catch-all")
    return {"email": box.email, "qualification": qualification(local, domain, language)}, verified


def _local(desk: Desk, box: Mailbox) -> str:
    if box.role:
        return "generic"
    verdict = desk.knowledge.verdict("dropcontact", box)
    return {"valid": "nominative", "accept_all": "catch-all", "invalid": "invalid"}.get(verdict, "non_validated")


def _details(desk: Desk, belief: Belief, language: str, siren: bool) -> dict[str, Any]:
    who, company = belief.person, belief.company
    female = desk.dice.chance(0.5, "civility", *who.key)
    french = language == "fr"
    titles = ("Madame", "Monsieur") if french else ("Mrs", "Mr")
    out: dict[str, Any] = {
        "civility": titles[0 if female else 1], "first_name": who.first, "last_name": who.last,
        "full_name": f"{who.first} {who.last}", "company": company.name, "website": f"www.{company.domain}",
        "linkedin": f"linkedin.com/in/{who.linkedin}", "company_linkedin": f"linkedin.com/company/{company.linkedin}",
        "country": company.country if french else COUNTRY_NAMES[company.country], "phone": belief.phone,
        "mobile_phone": belief.mobile, "job": who.title, "job_level": _LEVELS.get(who.seniority),
        "job_function": who.department, "industry": company.industry, "nb_employees": _size(company.headcount),
        "employee_count": company.headcount,
    }  # fmt: skip
    if siren and company.country == "FR":
        number = f"000{desk.dice.between(0, 999_999, 'siren', company.domain):06d}"  # 000: nobody is registered there
        out |= {"siren": number, "siret": number + "00013", "vat": f"FR{int(number) % 97:02d}{number}"}
    return out


def _size(headcount: int) -> str:
    for top, words in ((10, "1-10"), (50, "11-50"), (200, "51-200"), (500, "201-500"), (1000, "501-1000")):
        if headcount <= top:
            return words
    return "1001-5000"
