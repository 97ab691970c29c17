"""Are these two the same person? A name alone never says so: a second signal must agree and none may contradict.

First form: exact folded names with nicknames, and a shared address, profile or employer. It errs towards two people:
a missed duplicate costs a lookup, a false one hands out somebody else's address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from headwater.matching.keys import employers
from headwater.matching.names import given_names
from headwater.normalize import fold, han, registrable
from headwater.records import Contact


@dataclass(frozen=True, slots=True)
class Judgement:
    """Same, different or unsure, and the codes of what decided it."""

    verdict: Literal["same", "different", "unsure"]
    reasons: tuple[str, ...]


Test = Callable[[Contact, Contact], bool]


def judge(one: Contact, other: Contact) -> Judgement:
    """Compare two contacts; symmetric."""
    vetoes = tuple(code for code, test in _VETOES.items() if test(one, other))
    if vetoes:
        return Judgement("different", vetoes)
    if not _names_agree(one, other):
        return Judgement("different" if _names_differ(one, other) else "unsure", ("names_differ",))
    signals = tuple(code for code, test in _SIGNALS.items() if test(one, other))
    return Judgement("same", signals) if signals else Judgement("unsure", ("name_only",))


def _names_agree(one: Contact, other: Contact) -> bool:
    mine, theirs = given_names(one), given_names(other)
    given = bool(mine & theirs) or (not mine and not theirs and _same(one.full_name, other.full_name))
    return given and _same(one.last_name, other.last_name)


def _names_differ(one: Contact, other: Contact) -> bool:
    """Both say a name and it is another one; where one says none we can not tell."""
    mine, theirs = given_names(one), given_names(other)
    return _both_and_differ(one.last_name, other.last_name) or bool(mine and theirs and not mine & theirs)


def _same(one: str | None, other: str | None) -> bool:
    return fold(one or "") == fold(other or "")


def _both_and_differ(one: str | None, other: str | None) -> bool:
    return bool(one and other) and not _same(one, other)


def _middles_differ(one: Contact, other: Contact) -> bool:
    mine, theirs = fold(one.middle_name or ""), fold(other.middle_name or "")
    if not (mine and theirs):
        return False
    initial_only = min(len(mine), len(theirs)) == 1
    return mine[0] != theirs[0] if initial_only else mine != theirs


def _mailboxes_differ(one: Contact, other: Contact) -> bool:
    """Two addresses at one employer, none in common: the sure sign of namesakes."""
    mine, theirs = set(one.emails), set(other.emails)
    if mine & theirs:
        return False
    hosts = {address.rpartition("@")[2] for address in mine} & {address.rpartition("@")[2] for address in theirs}
    return bool(hosts)


def _characters_differ(one: Contact, other: Contact) -> bool:
    """Two names of one sound in other Chinese characters."""
    pairs = ((one.first_name, other.first_name), (one.last_name, other.last_name))
    written = [(han(mine or ""), han(theirs or "")) for mine, theirs in pairs]
    return any(mine and theirs and mine != theirs for mine, theirs in written)


def _same_employer(one: Contact, other: Contact) -> bool:
    """Says nothing of people without a given name, nor of a junior and one who may be the senior."""
    named = bool(given_names(one) and given_names(other)) and _same(one.suffix, other.suffix)
    return named and bool(employers(one) & employers(other)) and not _domains_differ(one, other)


def _domains_differ(one: Contact, other: Contact) -> bool:
    """Two employers of one name (Delta, Mercury) are told apart by their domains where both are known."""
    if not (one.domain and other.domain):
        return False
    return registrable(one.domain) != registrable(other.domain)


_VETOES: dict[str, Test] = {
    "profiles_differ": lambda one, other: _both_and_differ(one.linkedin, other.linkedin),
    "generations_differ": lambda one, other: _both_and_differ(one.suffix, other.suffix),
    "middle_names_differ": _middles_differ,
    "mailboxes_differ": _mailboxes_differ,
    "characters_differ": _characters_differ,
}

_SIGNALS: dict[str, Test] = {
    "same_profile": lambda one, other: bool(one.linkedin) and one.linkedin == other.linkedin,
    "same_address": lambda one, other: bool(set(one.emails) & set(other.emails)),
    "same_employer": _same_employer,
}
