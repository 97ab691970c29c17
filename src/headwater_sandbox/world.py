"""The truth: companies and people as pure functions of (seed, key). Nothing here is stored, nobody here is real.

A company has a roster of employees with addresses that do not collide. Whoever is asked about beyond the roster gets a
life of their own, derived from their folded name and the company's domain. The domains of the world's own companies end
in `-hw.<tld>`; they are made up and resolved only by this package's DNS server.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from headwater_sandbox import names
from headwater_sandbox.addresses import PATTERNS, local_part
from headwater_sandbox.dice import Dice
from headwater_sandbox.fold import bare_family, bare_given, clean_domain, company_words, family, fold, given, nice
from headwater_sandbox.phones import landline, mobile
from headwater_sandbox.settings import Settings

MADE_UP = "-hw."
_TLDS = (("com", 0.74), ("net", 0.06), ("io", 0.06), ("co", 0.05), ("eu", 0.05), ("org", 0.04))
_SLUG_RANGE = 36**5
_SLUG_STEP = 811


@dataclass(frozen=True, slots=True)
class Company:
    """What is true of one employer."""

    name: str
    legal_name: str
    domain: str
    made_up: bool
    dns: str  # mx, null_mx, a_only, nxdomain, servfail
    catch_all: bool
    pattern: str
    mail_host: str  # google, microsoft, own
    industry: str
    country: str
    city: str
    state: str
    headcount: int
    founded: int
    phone: str | None
    linkedin: str

    @property
    def receives_mail(self) -> bool:
        """Whether a mailbox can exist there at all."""
        return self.dns in ("mx", "a_only")


@dataclass(frozen=True, slots=True)
class Person:
    """What is true of one person, seen from the employer that was asked about."""

    first: str
    last: str
    domain: str
    exists: bool
    employed: bool
    email: str | None  # the work address there, None once they have left
    former_email: str | None  # the address which they used to have there
    title: str
    seniority: str
    department: str
    country: str
    city: str
    state: str
    phone: str | None
    mobile: str | None
    linkedin: str
    moved_to: str | None  # domain of the present employer of somebody who left
    current_email: str | None  # their work address wherever they work now
    goes_by: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Who this is: folded given name, folded family name, domain."""
        return given(self.first), family(self.last), self.domain


class World:
    """Answers what is true; cheap to make, safe to share."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.dice = Dice(settings.seed)
        self.company = lru_cache(maxsize=16384)(self._company)
        self.roster = lru_cache(maxsize=8192)(self._roster)

    # companies

    def company_name(self, index: int) -> str:
        """The name of the made-up company with this number."""
        first, second, sector = len(names.COMPANY_FIRST), len(names.COMPANY_SECOND), len(names.COMPANY_SECTOR)
        mixed = (index * 7919 + self.dice.between(0, 9999, "companies")) % (first * second * sector)
        stem = names.COMPANY_FIRST[mixed % first] + names.COMPANY_SECOND[mixed // first % second]
        return f"{stem} {names.COMPANY_SECTOR[mixed // first // second][0]}"

    def domain_for(self, company: str) -> str | None:
        """The domain of a company known by name only; a web address instead of a name is taken as it is."""
        if "." in company and " " not in company.strip() and (domain := clean_domain(company)):
            return domain
        slug = "-".join(company_words(company))[:55].strip("-")
        return f"{slug}{MADE_UP}{self.dice.weighted(_TLDS, 'tld', slug)}" if slug else None

    def _company(self, domain: str) -> Company:
        made_up = MADE_UP in domain
        stem = domain.split(".")[0].removesuffix("-hw") if made_up else domain.split(".")[0]
        name = " ".join(word.capitalize() for word in stem.split("-") if word) or domain
        sector = dict(names.COMPANY_SECTOR).get(name.split()[-1] if name.split() else "")
        dice, country = self.dice, self.dice.weighted(names.COUNTRIES, "country", domain)
        city, state = dice.pick(names.CITIES[country], "city", domain)
        dns = "mx" if domain in names.FREE_MAIL else self._dns(domain, made_up)
        return Company(
            name=name, legal_name=f"{name} {dice.pick(names.LEGAL_FORMS[country], 'form', domain)}", domain=domain,
            made_up=made_up, dns=dns, pattern=dice.weighted(PATTERNS, "pattern", domain),
            catch_all=domain not in names.FREE_MAIL
            and dice.chance(self.settings.number("world.catch_all"), "catch-all", domain),
            mail_host=dice.weighted((("google", 0.4), ("microsoft", 0.4), ("own", 0.2)), "host", domain),
            industry=sector or dice.pick(names.COMPANY_SECTOR, "sector", domain)[1], country=country, city=city,
            state=state, headcount=int(8 * 10 ** (3 * dice.unit("size", domain) ** 2)),
            founded=dice.between(1950, 2021, "founded", domain), phone=landline(dice, country, domain),
            linkedin="-".join(company_words(name)),
        )  # fmt: skip

    def _dns(self, domain: str, made_up: bool) -> str:
        rate = self.settings.number
        kinds = [("null_mx", rate("dns.null_mx")), ("a_only", rate("dns.a_only"))]
        if not made_up:  # the world's own companies are healthy: they exist and their servers answer
            kinds += [("nxdomain", rate("dns.nxdomain")), ("servfail", rate("dns.servfail"))]
        kinds.append(("mx", max(0.0, 1 - sum(share for _, share in kinds))))
        return self.dice.weighted(kinds, "dns", domain)

    # people

    def person(self, first: str, last: str, domain: str) -> Person:
        """The truth about a name at a company, whoever they are."""
        key = (given(first), family(last))
        known = self._by_name(domain).get(key)
        return known or self._stranger(first, last, domain)

    def _by_name(self, domain: str) -> dict[tuple[str, str], Person]:
        return self.roster(domain)[0]

    def colleagues(self, domain: str) -> list[Person]:
        """Everybody on the company's roster, those who left included."""
        return list(self._by_name(domain).values())

    def employs(self, person: Person) -> bool:
        """Whether they are on their company's roster (and not one of the strangers beyond it)."""
        return person.key[:2] in self._by_name(person.domain)

    def on_roster(self, address: str) -> Person | None:
        """Whom the roster of its domain has under this address, present or former."""
        return self.roster(address.rpartition("@")[2])[1].get(address)

    def _roster(self, domain: str) -> tuple[dict[tuple[str, str], Person], dict[str, Person]]:
        by_name: dict[tuple[str, str], Person] = {}
        by_address: dict[str, Person] = {}
        if domain in names.FREE_MAIL:
            return by_name, by_address
        company = self.company(domain)
        for first, last in self._roster_names(company):
            if (key := (given(first), family(last))) not in by_name:
                person = self._live(first, last, company, True, frozenset(by_address))
                by_name[key] = person
                if address := person.email or person.former_email:
                    by_address[address] = person
        return by_name, by_address

    def _roster_names(self, company: Company) -> Iterator[tuple[str, str]]:
        size = min(45, max(4, int(company.headcount**0.55) + 2))
        for index in range(size):
            home = names.CULTURE[company.country]
            key = ("roster", company.domain, index)
            abroad = self.dice.pick(tuple(names.FIRST), *key, "from")
            culture = home if self.dice.chance(0.72, *key, "home") else abroad
            first = self.dice.pick(names.FIRST[culture], *key, "first")
            yield first, self.dice.pick(names.LAST[culture], *key, "last")

    def _stranger(self, first: str, last: str, domain: str) -> Person:
        company = self.company(domain)
        key = (given(first), family(last), domain)
        exists = domain not in names.FREE_MAIL and all(key)
        exists = exists and self.dice.chance(self.settings.number("world.exists"), "exists", *key)
        return self._live(
            nice(bare_given(first)), nice(bare_family(last)), company, exists, frozenset(self.roster(domain)[1])
        )

    def _live(self, first: str, last: str, company: Company, exists: bool, taken: frozenset[str]) -> Person:
        dice, rate = self.dice, self.settings.number
        key = (given(first), family(last), company.domain)
        left = exists and dice.chance(rate("world.left"), "left", *key)
        title, seniority, department = dice.pick(names.TITLES, "title", *key)
        country = company.country if dice.chance(0.85, "lives", *key) else dice.weighted(names.COUNTRIES, "in", *key)
        city, state = dice.pick(names.CITIES[country], "town", *key)
        goes_by = self._goes_by(first, key)
        has_line, has_mobile = dice.chance(0.5, "line", *key), dice.chance(rate("world.has_mobile"), "gsm", *key)
        address = self._address(goes_by, last, company, taken) if exists else None
        new = self.domain_for(self.company_name(dice.between(0, 9999, "moved", *key))) if left else None
        return Person(
            first=first, last=last, domain=company.domain, exists=exists, employed=exists and not left,
            email=None if left else address, former_email=address if left else None, title=title, seniority=seniority,
            department=department, country=country, city=city, state=state, goes_by=goes_by,
            phone=landline(dice, country, *key) if exists and has_line else None,
            mobile=mobile(dice, country, *key) if exists and has_mobile else None,
            linkedin=self.slug(first, last, company.domain), moved_to=new,
            current_email=self._address(goes_by, last, self.company(new), frozenset()) if new else address,
        )  # fmt: skip

    def _goes_by(self, first: str, key: tuple[str, str, str]) -> str:
        short = [nick for nick, formal in names.NICKNAMES.items() if formal == key[0]]
        if short and self.dice.chance(self.settings.number("world.goes_by"), "goes by", *key):
            return self.dice.pick(short, "nick", *key)
        return key[0] if fold(first) in names.NICKNAMES else first

    def _address(self, first: str, last: str, company: Company, taken: frozenset[str]) -> str | None:
        dice, key = self.dice, (given(first), family(last), company.domain)
        if not company.receives_mail or not dice.chance(self.settings.number("world.has_email"), "mailbox", *key):
            return None
        kept = dice.chance(self.settings.number("world.pattern_kept"), "kept", *key)
        pattern = company.pattern if kept else dice.weighted(PATTERNS, "own pattern", *key)
        styles = (dice.chance(0.5, "hyphens", company.domain), dice.chance(0.6, "one surname", company.domain))
        for option in (pattern, "first.last", "flast", "firstlast"):
            address = f"{local_part(option, first, last, *styles)}@{company.domain}"
            if address not in taken:
                return address
        return f"{local_part(pattern, first, last, *styles)}{dice.between(2, 9, 'number', *key)}@{company.domain}"

    # profile addresses

    def slug(self, first: str, last: str, domain: str) -> str:
        """The LinkedIn slug; for the world's own companies it can be read back."""
        stem = "-".join(word for word in (given(first), family(last)) if word)
        return f"{stem}-{_base36(self._slug_number(stem, domain))}"

    def _slug_number(self, stem: str, domain: str) -> int:
        index = self.company_number(domain)
        if index is None:
            return _SLUG_RANGE + self.dice.between(0, _SLUG_RANGE - 1, "slug", stem, domain)
        return (index * _SLUG_STEP + self.dice.between(0, _SLUG_RANGE - 1, "slug", stem)) % _SLUG_RANGE

    def read_slug(self, slug: str) -> tuple[str, int] | None:
        """(name stem, company number) of a slug of the world's own companies, else None."""
        stem, dash, suffix = slug.strip("/").lower().rpartition("-")
        if not dash or not suffix.isalnum() or not suffix.isascii() or len(suffix) > 5:
            return None
        number = (int(suffix, 36) - self.dice.between(0, _SLUG_RANGE - 1, "slug", stem)) % _SLUG_RANGE
        return (stem, number // _SLUG_STEP) if number % _SLUG_STEP == 0 and number // _SLUG_STEP < 30000 else None

    def company_number(self, domain: str) -> int | None:
        """The number of one of the world's own companies; None for any other domain."""
        return self._numbers.get(domain.partition(MADE_UP)[0]) if MADE_UP in domain else None

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {"-".join(company_words(self.company_name(index))): index for index in range(30000)}

    def by_slug(self, slug: str) -> Person | None:
        """Whom a profile address belongs to, for the world's own companies."""
        found = self.read_slug(slug)
        domain = self.domain_for(self.company_name(found[1])) if found else None
        if not found or not domain:
            return None
        for person in self.colleagues(domain):
            if person.linkedin == slug.strip("/").lower():
                return person
        first, _, last = found[0].partition("-")
        person = self.person(first, last, domain)
        return person if person.exists and person.linkedin == slug.strip("/").lower() else None


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits
