"""Does an address a vendor returned fit the person who was asked for? Vendors answer for namesakes and former jobs.

Pure. Each doubt says what it saw and how much of the vendor's word is left: a verified mailbox of somebody else is
still somebody else's.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from headwater.normalize import fold, is_free_mail, registrable
from headwater.records import Contact

_WORDS = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason to believe a vendor less: ``left`` is the factor on its reliability."""

    code: str
    left: float


def doubts(contact: Contact, address: str, owners: Iterable[Contact] = ()) -> list[Doubt]:
    """What speaks against this address being this person's; ``owners`` are other contacts it is known to belong to."""
    local, _, domain = address.partition("@")
    found = [doubt for doubt, test in _TESTS if test(contact, local, domain)]
    return [*found, _ANOTHERS] if any(not _same_name(contact, owner) for owner in owners) else found


_ANOTHERS = Doubt("known_as_anothers", 0.05)


def _same_name(one: Contact, other: Contact) -> bool:
    """One person may stand twice in a workspace; two people do not share a mailbox of their own."""
    mine, theirs = _split(one.first_name) + _split(one.nickname), _split(other.first_name) + _split(other.nickname)
    related = any(_related(word, name) for word in mine for name in theirs)
    return fold(one.last_name or "") == fold(other.last_name or "") and (related or not mine or not theirs)


def believed(trust: float, found: list[Doubt]) -> float:
    """A source's reliability after every doubt."""
    for doubt in found:
        trust *= doubt.left
    return trust


def _spells_another_name(contact: Contact, local: str, _domain: str) -> bool:
    """Two whole words, neither of which is any part of this person's name: "sandra.blackwood" for Angela Ward."""
    words = [word for word in _WORDS.split(fold(local)) if len(word) > 2]
    names = _names(contact)
    if len(words) < 2 or not names:
        return False
    return not any(_related(word, name) for word in words for name in names)


def _spells_another_given_name(contact: Contact, local: str, _domain: str) -> bool:
    """The family name is right, the given name is a relative's or a namesake's: "maria.lopez" for Jorge López."""
    words = [word for word in _WORDS.split(fold(local)) if word]
    given, family = _split(contact.first_name) + _split(contact.nickname), _split(contact.last_name)
    if len(words) != 2 or not given or not family:
        return False
    others = [word for word in words if not any(_related(word, name) for name in family)]
    return len(others) == 1 and len(others[0]) > 2 and not any(_related(others[0], name) for name in given)


def _at_another_employer(contact: Contact, _local: str, domain: str) -> bool:
    """Another company's domain: a former job, a namesake, or a second domain of the same house; nobody can tell."""
    if not contact.domain or is_free_mail(domain):
        return False
    return (registrable(domain) or domain) != (registrable(contact.domain) or contact.domain)


def _names(contact: Contact) -> list[str]:
    parts = (contact.first_name, contact.middle_name, contact.last_name, contact.nickname, contact.full_name)
    return [word for part in parts for word in _split(part)]


def _split(name: str | None) -> list[str]:
    """The words of a name as addresses spell them, and all of them run together."""
    words = [word for word in _WORDS.split(fold(name or "")) if word]
    return [*words, "".join(words)] if len(words) > 1 else words


def _related(word: str, name: str) -> bool:
    """One is the start of the other (short forms and initials), or holds it whole."""
    return word.startswith(name) or name.startswith(word) or (len(name) > 3 and name in word)


_Test = Callable[[Contact, str, str], bool]
_TESTS: tuple[tuple[Doubt, _Test], ...] = (
    (Doubt("spells_another_name", 0.05), _spells_another_name),
    (Doubt("spells_another_given_name", 0.1), _spells_another_given_name),
    (Doubt("at_another_employer", 0.5), _at_another_employer),
)
