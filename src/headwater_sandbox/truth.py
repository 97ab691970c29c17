"""The truth as plain data, for people and tests to compare answers with."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from headwater_sandbox.directory import Directory
from headwater_sandbox.fold import split_full
from headwater_sandbox.world import Person


def of_person(directory: Directory, person: Person) -> dict[str, Any]:
    """All that is true of a person and their employer."""
    company = directory.world.company(person.domain)
    facts = asdict(person)
    return facts | {
        "work_email": person.email, "mailbox_exists": person.email is not None, "catch_all": company.catch_all,
        "company": company.name, "receives_mail": company.receives_mail, "dns": company.dns,
        "linkedin": f"https://www.linkedin.com/in/{person.linkedin}" if person.exists else None,
    }  # fmt: skip


def of_name(directory: Directory, first: str, last: str, domain: str, company: str) -> dict[str, Any] | None:
    """The truth about a name at an employer; None when no employer can be read."""
    if first and not last:
        first, last = split_full(first)
    employer = directory.domain_of(domain, company)
    return of_person(directory, directory.ask(first, last, employer)) if employer else None


def of_email(directory: Directory, email: str) -> dict[str, Any] | None:
    """The truth about an address; None when it is not one."""
    box = directory.mailbox(email)
    if box is None:
        return None
    facts = {name: getattr(box, name) for name in ("email", "domain", "exists", "catch_all", "receives_mail", "free",
                                                   "disposable", "role")}  # fmt: skip
    company = directory.world.company(box.domain)
    return facts | {
        "dns": company.dns, "mailbox_exists": box.exists,
        "accepted_by_smtp": box.receives_mail and (box.exists or box.catch_all),
        "person": of_person(directory, box.person) if box.person else None,
    }  # fmt: skip


def everybody(directory: Directory, number: int) -> Iterator[dict[str, Any]]:
    """Employees of the world's own companies, company by company."""
    index = 0
    while number > 0:
        domain = directory.world.domain_for(directory.world.company_name(index)) or ""
        for person in directory.world.colleagues(domain)[:number]:
            yield of_person(directory, person)
            number -= 1
        index += 1
