"""The shared cache: what any workspace's lookup found on the operator's accounts, recalled at the normal price.

It holds no name in clear: the key is a keyed hash of the exact fingerprint, the value is encrypted and bound to its
key. Only an exact name, to the middle name and the suffix, at the same employer recalls: who is merely similar is asked
for anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from headwater.db.session import Connection
from headwater.db.sql import Queries
from headwater.kit.crypto import Secret
from headwater.normalize import fold, han, registrable
from headwater.records import Contact, Field, Finding, Observation

_SQL = Queries(__package__)

# How long a value stays fresh (M-L3): addresses and profiles decay faster than numbers and companies.
_FRESH = {Field.PHONE: 180, Field.COMPANY: 180, Field.DOMAIN: 180}
_FRESH_DAYS = 90


@dataclass(frozen=True, slots=True)
class Recalled:
    """One value out of the cache, with the normal price to charge for it, in micros."""

    observation: Observation
    price: int


class SharedCache:
    """The cache of one realm."""

    def __init__(self, secret: Secret, realm: str) -> None:
        self._secret = secret
        self._realm = realm

    def fingerprint(self, contact: Contact) -> bytes | None:
        """The keyed hash of who this is, if enough is known to be exact."""
        employer = registrable(contact.domain) if contact.domain else contact.company_key
        if not (contact.first_name and contact.last_name and employer):
            return None
        name = (contact.first_name, contact.middle_name, contact.last_name, contact.suffix)
        spelt = (f"{fold(part or '')} {han(part or '')}" for part in name)
        return self._secret.digest("|".join((self._realm, *spelt, employer)))

    async def recall(
        self, connection: Connection, people: Mapping[int, Contact], fields: Iterable[Field], basis: str
    ) -> dict[int, list[Recalled]]:
        """What the cache holds of these people (by contact id): one statement for all."""
        keys = {contact: key for contact, person in people.items() if (key := self.fingerprint(person))}
        values = {"keys": list(keys.values()), "fields": [str(each) for each in fields]}
        rows = await (await connection.execute(_SQL["recall"], values)).fetchall() if keys else []
        by_key: dict[bytes, list[Mapping[str, Any]]] = {}
        for row in rows:
            by_key.setdefault(bytes(row["key"]), []).append(row)
        return {
            contact: found
            for contact, key in keys.items()
            if (found := [hit for row in by_key.get(key, ()) if (hit := self._open(row, basis))])
        }

    def _open(self, row: Mapping[str, Any], basis: str) -> Recalled | None:
        value = self._secret.unseal(bytes(row["value"]), about=bytes(row["key"]))
        if value is None:
            return None  # sealed by another installation's secret: as good as absent
        finding = Finding(Field(row["field"]), value, row["status"])
        observation = Observation(
            finding, f"cache:{row['source']}", row["obtained_at"], row["price"], row["confidence"], basis
        )
        return Recalled(observation, row["price"])

    async def remember(
        self, connection: Connection, found: Sequence[tuple[Contact, Observation]], *, days: int | None
    ) -> None:
        """Keep what was bought, for at most ``days`` where the vendor limits storage."""
        rows = [row for contact, seen in found if (row := self._row(contact, seen, days))]
        best = {(row["key"], row["field"]): row for row in sorted(rows, key=lambda row: float(row["confidence"]))}
        if best:
            await connection.execute(_SQL["remember"], {"rows": Jsonb(list(best.values()))})

    def _row(self, contact: Contact, seen: Observation, days: int | None) -> dict[str, Any] | None:
        key = self.fingerprint(contact)
        if key is None:
            return None
        return {
            "key": key.hex(),
            "field": seen.finding.field,
            "value": self._secret.seal(seen.finding.value, about=key).hex(),
            "source": seen.source,
            "status": seen.finding.status,
            "confidence": seen.confidence,
            "price": seen.price,
            "obtained_at": seen.observed_at.isoformat(),
            "expires_at": self._expiry(seen.finding.field, seen.observed_at, days).isoformat(),
        }

    def _expiry(self, field: Field, obtained: datetime, days: int | None) -> datetime:
        fresh = _FRESH.get(field, _FRESH_DAYS)
        return obtained + timedelta(days=fresh if days is None else min(fresh, days))
