"""How an Icypeas search ends: its status, its addresses with certainty, and its price."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater_sandbox.gate import Desk
from headwater_sandbox.names import FREE_MAIL, ROLES
from headwater_sandbox.world import Company

# task: the setting which holds its price
TASKS = {"email-search": "icypeas.price_search", "email-verification": "icypeas.price_verification",
         "domain-search": "icypeas.price_domain"}  # fmt: skip
_CERTAINTY = {"sure": "ultra_sure", "likely": "very_sure", "guess": "probable"}


@dataclass
class Result:
    """The end of one item."""

    status: str
    emails: list[dict[str, Any]] = field(default_factory=list)
    milli: int = 0

    @property
    def found(self) -> bool:
        """Whether there is something to show for it."""
        return self.status in ("FOUND", "DEBITED")


def search(desk: Desk, task: str, row: Sequence[str], price: int) -> Result:
    """Run a search of any task."""
    work = {"email-search": _email_search, "email-verification": _verification, "domain-search": _domain_search}[task]
    return work(desk, row, price)


def _email(company: Company, address: str, certainty: str) -> dict[str, Any]:
    provider = {"google": "google", "microsoft": "outlook"}.get(company.mail_host, "other")
    return {"email": address, "certainty": certainty, "mxProvider": provider, "mxRecords": mail_hosts(company)}


def mail_hosts(company: Company) -> list[str]:
    """The names of the hosts which take a company's mail."""
    return [f"mx1.{company.domain}"] if company.receives_mail else []


def _hit(desk: Desk, key: str, emails: list[dict[str, Any]], price: int) -> Result:
    debited = desk.dice.chance(desk.settings.number("icypeas.debited"), "debited", key)
    return Result("DEBITED" if debited else "FOUND", emails, price)


def _miss(desk: Desk, key: str, price: int) -> Result:
    if desk.dice.chance(desk.settings.number("icypeas.miss_debited"), "miss debited", key):
        return Result("DEBITED_NOT_FOUND", milli=price)
    return Result("NOT_FOUND")


def _employer(desk: Desk, text: str) -> str | None:
    return desk.directory.domain_of(text if "." in text else "", text)


def _email_search(desk: Desk, row: Sequence[str], price: int) -> Result:
    domain = _employer(desk, row[2])
    if not domain or domain in FREE_MAIL or not (row[0] and row[1]):
        return _miss(desk, "/".join(row), price)
    belief = desk.knowledge.believe("icypeas", row[0], row[1], domain)
    if belief is None or belief.email is None:
        return _miss(desk, "/".join(row), price)
    return _hit(desk, belief.email, [_email(belief.company, belief.email, _CERTAINTY[belief.grade])], price)


def _verification(desk: Desk, row: Sequence[str], price: int) -> Result:
    box = desk.directory.mailbox(row[0])
    if box is None:
        return Result("BAD_INPUT")
    company = desk.directory.world.company(box.domain)
    verdict = desk.knowledge.verdict("icypeas", box)
    if verdict == "invalid":
        return Result("DEBITED_NOT_FOUND", [_email(company, row[0], "undeliverable")], price)
    if verdict == "unknown":
        return Result("NOT_FOUND", [_email(company, row[0], "not_found")])
    certainty = "probable" if verdict == "accept_all" else "ultra_sure"
    return _hit(desk, row[0], [_email(company, row[0], certainty)], price)


def _domain_search(desk: Desk, row: Sequence[str], price: int) -> Result:
    domain = _employer(desk, row[0])
    company = desk.directory.world.company(domain) if domain else None
    if company is None or not company.receives_mail or company.domain in FREE_MAIL:
        return _miss(desk, row[0], price)
    roles = [role for role in ROLES[:4] if desk.dice.chance(0.5, "icypeas role", role, company.domain)]
    emails = [_email(company, f"{role}@{company.domain}", "very_sure") for role in roles]
    return _hit(desk, company.domain, emails, price) if emails else _miss(desk, row[0], price)
