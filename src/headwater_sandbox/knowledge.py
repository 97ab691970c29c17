"""What each vendor believes, which is not the truth: coverage, errors and a confidence that is only roughly earned."""

from dataclasses import dataclass

from headwater_sandbox import names
from headwater_sandbox.addresses import PATTERNS, local_part
from headwater_sandbox.directory import Directory, Mailbox
from headwater_sandbox.fold import given
from headwater_sandbox.world import Company, Person


@dataclass(frozen=True, slots=True)
class Belief:
    """One vendor's record about somebody."""

    person: Person  # whom the record describes; not always the one asked about
    company: Company  # where the vendor believes that they work
    email: str | None
    kind: str  # right, sibling, namesake, former, invented, none: only the sandbox knows
    grade: str  # sure, likely, guess: the vendor's own class
    phone: str | None
    mobile: str | None

    @property
    def right(self) -> bool:
        """Whether the address reaches the person asked about at the employer asked about."""
        return self.kind == "right"


class Knowledge:
    """Derives beliefs from the truth, the same ones for the same seed, person and vendor."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.world = directory.world
        self.dice = directory.world.dice
        self.settings = directory.world.settings

    def believe(self, vendor: str, first: str, last: str, domain: str) -> Belief | None:
        """What the vendor answers about a name at a company; None when it has no record."""
        return self.about(vendor, self.directory.ask(first, last, domain))

    def about(self, vendor: str, person: Person) -> Belief | None:
        """What the vendor's record of this person says."""
        if not person.exists:
            return self._invent(vendor, person)
        if not self._covers(vendor, person):
            return None
        kind = self._kind(vendor, person)
        return None if kind == "unknown" else self._record(vendor, person, kind)

    def _covers(self, vendor: str, person: Person) -> bool:
        shared = self.dice.chance(self.settings.number("believe.shared_luck"), "shared", vendor, *person.key)
        luck = self.dice.unit("luck", *person.key) if shared else self.dice.unit("own luck", vendor, *person.key)
        return luck < self.settings.number(f"{vendor}.coverage")

    def _kind(self, vendor: str, person: Person) -> str:
        rate, key = self.settings.number, (vendor, *person.key)
        namesake = rate(f"{vendor}.namesake") + self.settings.fault(vendor, "wrong_person")
        if self.dice.chance(namesake, "namesake", *key):
            return "namesake"
        former = rate("believe.former") if not person.employed else self.settings.fault(vendor, "stale")
        if self.dice.chance(former, "former", *key):
            return "former"
        if not person.employed:
            return "right" if self.dice.chance(0.4, "has moved", *key) else "unknown"
        if person.email is None:
            return "none"
        return "sibling" if self.dice.chance(rate(f"{vendor}.sibling"), "sibling", *key) else "right"

    def _record(self, vendor: str, person: Person, kind: str) -> Belief:
        shown = self._namesake(person, vendor) if kind == "namesake" else person
        email = shown.email or shown.current_email if kind == "namesake" else person.current_email
        company = self.world.company(person.domain)
        if kind == "former":
            company, email = self._former(person, company)
        elif kind == "sibling":
            email = self._sibling(person, vendor)
        elif not person.employed and person.moved_to and kind == "right":
            company = self.world.company(person.moved_to)  # the vendor noticed the change of employer
        return self._belief(vendor, shown, company, email, kind if email else "none")

    def _belief(self, vendor: str, person: Person, company: Company, email: str | None, kind: str) -> Belief:
        has_phone = self.dice.chance(self.settings.number(f"{vendor}.phone"), "phone", vendor, *person.key)
        return Belief(
            person=person, company=company, email=email, kind=kind, grade=self._grade(vendor, person, company, kind),
            phone=person.phone if has_phone else None, mobile=person.mobile if has_phone else None,
        )  # fmt: skip

    def _grade(self, vendor: str, person: Person, company: Company, kind: str) -> str:
        right = kind == "right"
        sure = self.settings.number(f"{vendor}.sure_when_right" if right else f"{vendor}.sure_when_wrong")
        if company.catch_all:
            sure *= 0.25  # nobody can see behind a catch-all, but some vendors still claim to
        if self.dice.chance(sure, "sure", vendor, kind, *person.key):
            return "sure"
        return "likely" if self.dice.chance(0.7 if right else 0.45, "likely", vendor, kind, *person.key) else "guess"

    def _former(self, person: Person, company: Company) -> tuple[Company, str | None]:
        if not person.employed:
            return company, person.former_email
        old = self.world.domain_for(self.world.company_name(self.dice.between(0, 9999, "former of", *person.key)))
        before = self.world.company(old or company.domain)
        return before, f"{local_part(before.pattern, person.first, person.last)}@{before.domain}"

    def _sibling(self, person: Person, vendor: str) -> str | None:
        options = [f"{local_part(pattern, person.first, person.last)}@{person.domain}" for pattern, _ in PATTERNS]
        wrong = [option for option in dict.fromkeys(options) if option != person.email]
        return self.dice.pick(wrong, "which sibling", vendor, *person.key) if wrong else None

    def _namesake(self, person: Person, vendor: str) -> Person:
        near = [other for other in self.world.colleagues(person.domain) if other.email and _similar(other, person)]
        if near:
            return self.dice.pick(near, "which namesake", vendor, *person.key)
        initial = given(person.first)[:1]
        firsts = [name for name in names.FIRST["en"] if name.lower()[:1] == initial and given(name) != person.key[0]]
        first = self.dice.pick(firsts or names.FIRST["en"], "other given name", vendor, *person.key)
        return self.directory.ask(first, person.last, person.domain)

    def _invent(self, vendor: str, person: Person) -> Belief | None:
        company = self.world.company(person.domain)
        guessed = self.dice.chance(self.settings.number("believe.invented"), "invented", vendor, *person.key)
        if not guessed or not company.receives_mail or person.domain in names.FREE_MAIL or not all(person.key):
            return None
        email = f"{local_part(company.pattern, person.first, person.last)}@{person.domain}"
        return self._belief(vendor, person, company, email, "invented")

    def verdict(self, vendor: str, box: Mailbox) -> str:
        """What a verifier of this vendor says: valid, invalid, accept_all, unknown; right nine times in ten."""
        if not box.receives_mail:
            return "invalid"
        if box.catch_all:
            return "accept_all"
        if self.dice.chance(0.06, "undecided", vendor, box.email):
            return "unknown"
        slip = self.dice.chance(0.015, "slip", vendor, box.email)
        return "valid" if box.exists != slip else "invalid"


def _similar(other: Person, person: Person) -> bool:
    (first, last, _), (first2, last2, _) = other.key, person.key
    return (first, last) != (first2, last2) and ((last == last2) or (first[:1] == first2[:1] and last[:1] == last2[:1]))
