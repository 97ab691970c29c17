"""The vendor accounts that are set up: what each offers, in which lane it is asked, and how much of a limit is used."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from headwater.enrichment.planner import Offer
from headwater.kit.errors import BadInput
from headwater.kit.money import parse_micros
from headwater.kit.settings import VendorSettings
from headwater.providers.base import Account, Adapter, Declaration, Limit, Operation, Request, Response

# Used of a vendor's ceiling, so that clocks that differ and others on the same account do not run into it (M-I2).
SHARE = 0.8
_EVEN = 60  # seconds; windows up to this are served evenly
_MANY = 20  # calls; fewer are served evenly whatever the window


Exchange = Callable[[Request, float], Awaitable[Response]]  # a request, and the seconds it may take


@dataclass(frozen=True, slots=True)
class Vendor:
    """One account: its adapter, its limits by endpoint family and the price of a credit in micros."""

    adapter: Adapter
    account: Account
    limits: Mapping[str, tuple[Limit, ...]]
    credit_price: int
    shared: bool = False  # may its answers go to the shared cache
    exchange: Exchange | None = None  # how it is asked, if not over HTTP

    @property
    def name(self) -> str:
        return self.adapter.declaration.name

    def operations(self) -> Sequence[Operation]:
        return self.adapter.declaration.operations


@dataclass(frozen=True, slots=True)
class Vendors:
    """All accounts of one realm. Lanes of the sandbox never mix with those of real accounts."""

    realm: str
    accounts: Mapping[str, Vendor] = field(default_factory=dict)

    def offers(self, stopped: Iterable[str] = ()) -> list[Offer]:
        """What can be asked now, without the operations whose lanes are stopped."""
        closed = set(stopped)
        return [
            Offer(vendor.name, operation, vendor.credit_price, vendor.adapter.declaration.reliability)
            for vendor in self.accounts.values()
            for operation in vendor.operations()
            if operation.offered(vendor.account.options) and self.lane(vendor.name, operation.name) not in closed
        ]

    def lane(self, vendor: str, operation: str) -> str:
        return f"{self.realm}:{vendor}:{operation}"

    def lanes(self) -> dict[str, str]:
        """Lane by vendor.operation."""
        return {
            f"{vendor.name}.{operation.name}": self.lane(vendor.name, operation.name)
            for vendor in self.accounts.values()
            for operation in vendor.operations()
        }

    def find(self, lane: str) -> tuple[Vendor, Operation]:
        _, vendor, operation = lane.split(":")
        account = self.accounts[vendor]
        return account, account.adapter.declaration.operation(operation)

    def family(self, vendor: Vendor, name: str) -> str:
        return f"{self.realm}:{vendor.name}:{name}"

    def budgets(self) -> list[dict[str, float | int | str]]:
        """The budget rows: GCRA at the share of the ceiling, with a burst inside what the share leaves free."""
        return [
            {"family": self.family(vendor, name), "seconds": limit.seconds, **gcra(limit)}
            for vendor in self.accounts.values()
            for name, limits in vendor.limits.items()
            for limit in limits
        ]


def gcra(limit: Limit) -> dict[str, float]:
    """Gap in seconds and burst in calls for a ceiling; in any window at most rate times window plus burst is sent.

    Up to a minute the rate is the share and the burst lies within half of the ceiling's rest. An hour's or a day's
    quota is there to be used when work is there: half of the share may come at once, the other half evenly.
    """
    allowed = limit.calls * SHARE
    if limit.seconds > _EVEN and allowed >= _MANY:
        return {"gap": limit.seconds / (allowed / 2), "burst": max(1.0, allowed / 2)}
    return {"gap": limit.seconds / allowed, "burst": max(1.0, min(10.0, (limit.calls - allowed) / 2))}


def account(adapter: Adapter, settings: VendorSettings, *, shared: bool) -> Vendor:
    """One account out of its settings. Raises BadInput naming the setting that can not be used."""
    declaration = adapter.declaration
    name = declaration.name.upper()
    price = settings.credit_price
    return Vendor(
        adapter=adapter,
        account=Account(
            vendor=declaration.name,
            base_url=_base_url(settings.base_url or declaration.base_url, where=f"HEADWATER_{name}_BASE_URL"),
            api_key=_key(settings.api_key, where=f"HEADWATER_{name}_API_KEY"),
            options=settings.options,
        ),
        limits=_limits(declaration, settings.limits, where=f"HEADWATER_{name}_LIMITS"),
        credit_price=parse_micros(price, where=f"HEADWATER_{name}_CREDIT_PRICE") if price else declaration.credit_price,
        shared=shared and declaration.shareable,
    )


def _key(key: SecretStr | None, *, where: str) -> str:
    """The key as a header can carry it; refused without being repeated."""
    if key is None:
        return ""
    text = key.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise BadInput(f"{where} holds a blank, a line break or a letter that no key has; copy it anew.")
    return text


def _base_url(text: str, *, where: str) -> str:
    """An address that HTTP can use; refused without being repeated, as it may hold a password."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and (parts.hostname or "").encode("idna") and parts.port != 0
    except ValueError:  # a port beyond 65535, a name that DNS can not have
        usable = False
    if not usable:
        raise BadInput(f"{where} is not an address; write it as https://host or http://host:port.")
    return text.rstrip("/")


_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400}
_LIMIT = re.compile(r"(\d+)\s*/\s*(s|min|h|day)")


def _limits(declaration: Declaration, text: str | None, *, where: str) -> dict[str, tuple[Limit, ...]]:
    """Published ceilings, tightened by the account's own; a cautious one stands in until the account says otherwise."""
    own = (declaration.cautious,) if text is None else () if text == "published" else _parse_limits(text, where)
    return {family: _tightest((*limits, *own)) for family, limits in declaration.limits.items()}


def _parse_limits(text: str, where: str) -> tuple[Limit, ...]:
    parts = [part.strip() for part in text.split(",")]
    found = [_LIMIT.fullmatch(part) for part in parts]
    if not all(found) or any(match and int(match[1]) == 0 for match in found):
        raise BadInput(f'{where}: {text!r} is not understood; write "published", or ceilings such as "15/s,500/min".')
    return tuple(Limit(int(match[1]), _SECONDS[match[2]]) for match in found if match)


def _tightest(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    by_window: dict[int, int] = {}
    for limit in limits:
        by_window[limit.seconds] = min(limit.calls, by_window.get(limit.seconds, limit.calls))
    return tuple(Limit(calls, seconds) for seconds, calls in sorted(by_window.items()))
