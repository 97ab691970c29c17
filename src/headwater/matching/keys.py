"""Blocking keys: hashes under which a contact can be found again by an index. They only propose.

xxh3-64 of kind and value, kept as a signed 64-bit integer because that is what PostgreSQL's bigint holds.
"""

from collections.abc import Iterator

import xxhash

from headwater.matching.names import given_names
from headwater.normalize import fold, registrable
from headwater.records import Contact


def keys(contact: Contact) -> list[int]:
    """Every key of a contact, without repeats, in a stable order."""
    return list(dict.fromkeys(_hash(kind, value) for kind, value in _values(contact)))


def _values(contact: Contact) -> Iterator[tuple[str, str]]:
    yield from (("email", address) for address in contact.emails)
    if contact.linkedin:
        yield "linkedin", contact.linkedin
    yield from (
        ("name@employer", f"{name}|{employer}") for name in _names(contact) for employer in sorted(employers(contact))
    )


def _names(contact: Contact) -> list[str]:
    family = fold(contact.last_name or "")
    return [f"{given}|{family}" for given in sorted(given_names(contact))]


def employers(contact: Contact) -> set[str]:
    """What identifies the employer: the registrable domain and the name without legal form, each if known."""
    domain = registrable(contact.domain) if contact.domain else None
    return {employer for employer in (domain, contact.company_key) if employer}


def _hash(kind: str, value: str) -> int:
    unsigned = xxhash.xxh3_64_intdigest(f"{kind}|{value}".encode())
    return unsigned - (1 << 64) if unsigned >= 1 << 63 else unsigned
