"""The truth read backwards: from an address or a profile to a person, and whether a mailbox exists.

A roster can be read backwards as it is, and so can an address which spells a name with a common given name. An
address such as `jdoe` of somebody beyond the roster cannot: those are remembered once anybody has asked about the
person (or the file was announced with `POST /_sandbox/people`), which changes no truth, it only makes it findable.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from headwater_sandbox.addresses import readings
from headwater_sandbox.fold import clean_domain, fold, split_email
from headwater_sandbox.names import DISPOSABLE, FIRST, FREE_MAIL, NICKNAMES, ROLES
from headwater_sandbox.world import Person, World

_GIVEN_NAMES = frozenset(fold(name) for table in FIRST.values() for name in table) | frozenset(NICKNAMES)


class Memory(Protocol):
    """Where (address or profile) -> (first, last, domain) is kept."""

    def remember(self, handle: str, first: str, last: str, domain: str) -> None:
        """Keep it."""

    def recall(self, handle: str) -> tuple[str, str, str] | None:
        """What was kept, if anything."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What is true of one address."""

    email: str
    domain: str
    exists: bool
    catch_all: bool
    receives_mail: bool
    free: bool
    disposable: bool
    role: bool
    person: Person | None


class Directory:
    """Looks people up in the world, forwards and backwards."""

    def __init__(self, world: World, memory: Memory | None = None) -> None:
        self.world = world
        self.memory = memory

    def ask(self, first: str, last: str, domain: str) -> Person:
        """The truth about a name at a company; remembers how to find them again."""
        person = self.world.person(first, last, domain)
        if self.memory and person.exists and not self.world.employs(person):
            self._remember(person, first, last)
        return person

    def _remember(self, person: Person, first: str, last: str) -> None:
        handles = [handle for handle in (person.email, person.former_email) if handle and not self._spelt_out(handle)]
        if self.world.company_number(person.domain) is None:
            handles.append(f"in/{person.linkedin}")
        for handle in handles:
            if self.memory:
                self.memory.remember(handle, first, last, person.domain)

    def meet(self, people: Iterable[tuple[str, str, str]]) -> int:
        """Ask about everybody of a file beforehand, so that every address of theirs can be probed."""
        return sum(self.ask(first, last, domain).exists for first, last, domain in people)

    def by_email(self, email: str) -> Person | None:
        """Whose work address this is or was."""
        parts = split_email(email)
        if not parts or parts[1] in FREE_MAIL:
            return None
        address = f"{parts[0].partition('+')[0]}@{parts[1]}"
        return self.world.on_roster(address) or self._spelt_out(address) or self._recalled(address)

    def _spelt_out(self, address: str) -> Person | None:
        """Only with a given name that the world has words for: else any two words would be somebody's mailbox."""
        local, _, domain = address.partition("@")
        for first, last in readings(local):
            if fold(first) not in _GIVEN_NAMES:
                continue
            person = self.world.person(first, last, domain)
            if person.exists and address in (person.email, person.former_email):
                return person
        return None

    def _recalled(self, handle: str) -> Person | None:
        kept = self.memory.recall(handle) if self.memory else None
        return self.world.person(*kept) if kept else None

    def by_profile(self, url: str) -> Person | None:
        """Whose LinkedIn profile this is."""
        slug = url.strip().split("?")[0].rstrip("/").rpartition("/")[2].lower()
        return self.world.by_slug(slug) or self._recalled(f"in/{slug}")

    def mailbox(self, email: str) -> Mailbox | None:
        """The truth about an address; None when it is not one."""
        parts = split_email(email)
        if not parts:
            return None
        local, domain = parts[0].partition("+")[0], parts[1]
        company, person = self.world.company(domain), self.by_email(email)
        if domain in FREE_MAIL or domain in DISPOSABLE:
            there = self.world.dice.chance(0.85, "private mailbox", local, domain)
        else:
            there = company.receives_mail and (local in ROLES or (person is not None and person.employed))
        return Mailbox(
            email=f"{parts[0]}@{domain}", domain=domain, exists=there, catch_all=company.catch_all, person=person,
            receives_mail=company.receives_mail, free=domain in FREE_MAIL, disposable=domain in DISPOSABLE,
            role=local in ROLES,
        )  # fmt: skip

    def domain_of(self, domain: str, company: str) -> str | None:
        """The employer's domain from what was given of it."""
        return (clean_domain(domain) if domain.strip() else None) or (
            self.world.domain_for(company) if company.strip() else None
        )
