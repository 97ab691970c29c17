"""Are these two the same person? A name alone never says so: a second signal must agree and none may contradict.

First form: exact folded names with nicknames, and a shared address, profile or employer. It errs towards two people:
a missed duplicate costs a lookup, a false one hands out somebody else's address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from headwater.matching.keys import employers
from headwater.matching.names import given_names
from headwater.normalize import fold, registrable
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
        return Judgement("unsure" if _nameless(one, other) else "different", ("names_differ",))
    signals = tuple(code for code, test in _SIGNALS.items() if test(one, other))
    return Judgement("same", signals) if signals else Judgement("unsure", ("name_only",))


def _nameless(one: Contact, other: Contact) -> bool:
    return not (given_names(one) and given_names(other))


def _names_agree(one: Contact, other: Contact) -> bool:
    if _nameless(one, other):
        # an address or profile without any name is only the same as the very same address or profile
        return not (given_names(one) or given_names(other))
    return _same(one.last_name, other.last_name) and bool(given_names(one) & given_names(other))


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


_VETOES: dict[str, Test] = {
    "profiles_differ": lambda one, other: _both_and_differ(one.linkedin, other.linkedin),
    "generations_differ": lambda one, other: (
        fold(one.suffix or "") != fold(other.suffix or "") and bool(one.suffix and other.suffix)
    ),
    "middle_names_differ": _middles_differ,
    "mailboxes_differ": _mailboxes_differ,
}

_SIGNALS: dict[str, Test] = {
    "same_profile": lambda one, other: bool(one.linkedin) and one.linkedin == other.linkedin,
    "same_address": lambda one, other: bool(set(one.emails) & set(other.emails)),
    "same_employer": lambda one, other: bool(employers(one) & employers(other)) and not _domains_differ(one, other),
}


def _domains_differ(one: Contact, other: Contact) -> bool:
    """Two employers of one name (Delta, Mercury) are told apart by their domains where both are known."""
    if not (one.domain and other.domain):
        return False
    return registrable(one.domain) != registrable(other.domain)
