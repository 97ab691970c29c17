"""Level 2: what is known of a domain or a mailbox name without asking anybody.

A domain is called disposable by evidence: a list whose entries somebody has checked by hand is enough, of the others it
takes two, and one alone is a suspicion. A domain is one thing at most, in this order: what the operator's own lists
call it; disposable by a checked list; a provider or alias service that we vouch for; disposable by other lists; free
mail by a package's list.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from headwater.normalize.domain import registrable
from headwater.verification.known_names import ALIAS_SERVICES, FREE, ROLES
from headwater.verification.list_sources import ListKind, ListSource, packaged

# Whose misspellings are worth a hint: large providers with names long enough that one edit is rarely another company.
_TOP_PROVIDERS = (
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "googlemail.com",
    "protonmail.com",
    "comcast.net",
)


# Lists that must agree before a domain that nobody has checked is called disposable.
_AGREE = 2


class DomainFacts(NamedTuple):
    """What the lists say of one domain. ``disposable`` is None for a suspicion; ``lists`` are those that carry it."""

    disposable: bool | None
    free: bool
    alias_service: bool
    suggestion: str | None = None
    lists: tuple[str, ...] = ()


class Lists:
    """All lists together. An operator's list takes the place of a packaged one of the same name."""

    def __init__(self, from_packages: Iterable[ListSource], from_operator: Iterable[ListSource] = ()) -> None:
        own = tuple(from_operator)
        replaced = {source.name for source in own}
        theirs = tuple(source for source in from_packages if source.name not in replaced)
        self.sources = (*theirs, *own)
        self._listed: dict[str, tuple[str, ...]] = {}
        for source in self.sources:
            if source.kind in (ListKind.VERIFIED, ListKind.DISPOSABLE):
                alone = (source.name,)
                for name in source.entries:
                    self._listed[name] = (*self._listed[name], source.name) if name in self._listed else alone
        self._checked = frozenset(source.name for source in self.sources if source.kind is ListKind.VERIFIED)
        self._own_free, self._own_alias = _all(own, ListKind.FREE), _all(own, ListKind.ALIAS)
        self._more_free = _all(theirs, ListKind.FREE)
        # Most domains are on no list at all, nor is what they stand below.
        self._somewhere = frozenset(self._listed) | self._own_free | self._own_alias | self._more_free | FREE
        self._somewhere |= ALIAS_SERVICES
        self._roles = ROLES | _all(self.sources, ListKind.ROLE)
        self.domain_facts = lru_cache(maxsize=100_000)(self._facts)

    def is_role(self, local: str) -> bool:
        """True for mailboxes of a function rather than a person; a ``+tag`` does not matter."""
        name = local.partition("+")[0].lower()
        return name in self._roles or name.replace(".", "-").replace("_", "-") in self._roles

    def _facts(self, domain: str) -> DomainFacts:
        """Look a lower-case ASCII domain up. What stands below a disposable domain or an alias service is that too."""
        name = domain
        while "." in name:
            found = self._fact(name, whole=name is domain) if name in self._somewhere else None
            if found is not None and (name is domain or _within(domain, name)):
                vouched = found.alias_service or domain in FREE or domain in self._own_free
                return found._replace(suggestion=None if vouched else suggest(domain))
            name = name.partition(".")[2]
        return DomainFacts(False, False, False, suggest(domain))

    def _fact(self, name: str, *, whole: bool) -> DomainFacts | None:
        """What one name is called; None when nothing is known of it."""
        lists = self._listed.get(name, ())
        if name in self._own_alias or name in self._own_free:
            return DomainFacts(False, whole and name not in self._own_alias, name in self._own_alias)
        if not self._checked.isdisjoint(lists):
            return DomainFacts(True, False, False, lists=lists)
        if name in ALIAS_SERVICES or name in FREE:
            return DomainFacts(False, whole and name in FREE, name in ALIAS_SERVICES)
        if lists:
            return DomainFacts(True if len(lists) >= _AGREE else None, False, False, lists=lists)
        return DomainFacts(False, True, False) if whole and name in self._more_free else None


def _all(sources: Iterable[ListSource], kind: ListKind) -> frozenset[str]:
    return frozenset(chain.from_iterable(source.entries for source in sources if source.kind is kind))


def _within(domain: str, parent: str) -> bool:
    """Whether a listed parent is one somebody's name, not a suffix under which strangers register theirs (ddns.net)."""
    bought = registrable(domain)
    return bought is not None and len(parent) >= len(bought)


@lru_cache(maxsize=1)
def packaged_lists() -> Lists:
    """What comes with the installed packages; read at the first use, which takes a third of a second."""
    return Lists(packaged())


def suggest(domain: str) -> str | None:
    """The top provider that ``domain`` misses by one edit; a hint for a person, never a verdict.

    The first letter must be right: the neighbours that differ in it (``cloud.com``, ``email.com``) are real companies.
    """
    return next((top for top in _TOP_PROVIDERS if domain[:1] == top[0] and _one_edit(domain, top)), None)


def _one_edit(left: str, right: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours turns one text into the other."""
    if abs(len(left) - len(right)) > 1 or left == right:
        return False
    start = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    a, b = left[start:], right[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
