"""What a user asked of a job; stored with it, so that any worker can carry it on."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from headwater.records import Field

WANTED = (Field.EMAIL, Field.PHONE, Field.TITLE, Field.COMPANY, Field.DOMAIN, Field.LINKEDIN)


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of one job. Prices in micros; ``columns`` of the output, None for all of the file and all we add."""

    want: tuple[Field, ...] = (Field.EMAIL,)
    min_confidence: float = 0.9
    max_price: int | None = None
    budget: int | None = None
    order: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    mapping: dict[str, str | None] = field(default_factory=dict)
    format: str | None = None
    realm: str = "live"

    def stored(self) -> dict[str, Any]:
        """As JSON holds it."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> "Options":
        values = dict(stored)
        values["want"] = tuple(Field(each) for each in stored["want"])
        values["columns"] = None if stored["columns"] is None else tuple(stored["columns"])
        return cls(**{**values, "order": tuple(stored["order"]), "exclude": tuple(stored["exclude"])})

    def fingerprint(self, source_sha256: str, output: Path) -> str:
        """The same file, options and output are the same job: the same command carries it on."""
        identity = [source_sha256, str(output), self.stored()]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
