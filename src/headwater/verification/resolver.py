"""Level 3: asking DNS where a domain takes its mail (RFC 5321 §5.1, RFC 7505), and never guessing when it fails."""

import asyncio
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar

from headwater.kit.errors import Unavailable
from headwater.verification.dns_client import IN_FLIGHT, DnsClient, NoAnswer, NoSuchName
from headwater.verification.dns_wire import AAAA, MX, PTR, TXT, A, Kind
from headwater.verification.memory import Memory
from headwater.verification.name_servers import name_server

T = TypeVar("T")

_REMEMBERED = 200_000
# Twice as many as may be out at once, so that there is always one in turn.
_ASKERS = 2 * IN_FLIGHT
# Seconds that an answer is believed. A failure is remembered only long enough to answer those who ask meanwhile.
_KEEP, _KEEP_UNKNOWN = 3600.0, 30.0

# Host names (RFC 1123) with the underscores that DNS allows; nothing else is worth a question.
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")


class Route(StrEnum):
    """Where a domain takes its mail."""

    MX = "mx"
    IMPLICIT = "implicit"  # no MX record, but an address: RFC 5321 §5.1 makes the domain its own mail host
    NULL_MX = "null_mx"  # says by RFC 7505 that it takes none
    NO_DOMAIN = "no_domain"
    NO_MAIL = "no_mail"  # exists, with neither a usable mail exchanger nor an address
    UNKNOWN = "unknown"  # DNS gave no answer; says nothing about the domain


@dataclass(frozen=True, slots=True)
class MailRoute:
    """The answer for one domain: ``hosts`` in order of preference, ``detail`` one sentence."""

    kind: Route
    hosts: tuple[str, ...] = ()
    detail: str = ""


class NoDnsAnswer(Unavailable):
    """DNS could not be asked or failed; it says nothing about the name."""


class Resolver:
    """One cached client for everybody: a domain asked for by many at the same time costs one question.

    ``nameserver`` is "host:port" or None for the system's resolvers; ``timeout`` bounds one question with all its
    ``tries``. Use it as an async context manager, inside the event loop that asks.
    """

    def __init__(self, nameserver: str | None = None, *, timeout: float = 5.0, tries: int = 2) -> None:
        servers = [name_server(nameserver)] if nameserver is not None else None
        self._client = DnsClient(servers, timeout=timeout, tries=tries)
        self._routes = Memory(self._route, _believed, _REMEMBERED)
        self._hosts = Memory(self._addresses, lambda _: _KEEP, _REMEMBERED)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Drop what is still being asked and give the sockets back; a later question opens them again."""
        self._routes.close()
        self._hosts.close()
        await self._client.close()

    async def mail_route(self, domain: str) -> MailRoute:
        """Where mail for an ASCII (IDNA) domain goes; what DNS fails to say is ``Route.UNKNOWN``, not an exception."""
        name = domain.lower().rstrip(".")
        if not name.isascii():
            raise ValueError(f"mail_route wants the ASCII form of {domain!r}")
        if not _NAME.fullmatch(name):
            return MailRoute(Route.NO_DOMAIN, detail=f"{domain[:80]!r} is not a domain name.")
        return await self._routes.get(name)

    async def mail_routes(self, domains: Iterable[str]) -> dict[str, MailRoute]:
        """The routes of many domains. A few askers take turns: a task for each domain costs more than the questions."""
        found: dict[str, MailRoute] = {}
        left = iter(domains)

        async def asker() -> None:
            for domain in left:
                found[domain] = await self.mail_route(domain)

        async with asyncio.TaskGroup() as group:
            for _ in range(_ASKERS):
                group.create_task(asker())
        return found

    async def host_addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host, IPv4 before IPv6; empty where DNS names none or gives no answer.

        Either way there is nowhere to connect to, which says nothing of the domain; a failure is not remembered.
        """
        name = host.lower().rstrip(".")
        if not _NAME.fullmatch(name):
            return ()
        try:
            return await self._hosts.get(name)
        except NoDnsAnswer:
            return ()

    async def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, the strings of each joined (SPF, RFC 7208 §3.3); empty if it has none."""
        name = name.lower().rstrip(".")
        records = await self._data(name, TXT) if _NAME.fullmatch(name) else []
        return tuple(text.decode("utf-8", "replace") for text in records)

    async def pointer(self, address: str) -> tuple[str, ...]:
        """The names that the reverse zone gives to an IP address; ``ValueError`` for what is none."""
        return tuple(await self._data(ipaddress.ip_address(address).reverse_pointer, PTR))

    async def _data(self, name: str, kind: Kind[T]) -> list[T]:
        """For callers outside: a name that does not exist has no records, and a failure is an error they can show."""
        try:
            return await self._client.ask(name, kind)
        except NoSuchName:
            return []
        except NoAnswer as failure:
            raise NoDnsAnswer(f"DNS gave no answer for {name} ({kind.name}): {failure}.") from None

    async def _addresses(self, host: str) -> tuple[str, ...]:
        asked = await asyncio.gather(self._data(host, A), self._data(host, AAAA), return_exceptions=True)
        found = tuple(address for records in asked if isinstance(records, list) for address in records)
        failures = [failure for failure in asked if isinstance(failure, BaseException)]
        if failures and not found:
            raise failures[0]
        return found

    async def _route(self, name: str) -> MailRoute:
        try:
            exchangers = await self._client.ask(name, MX)
            return _by_exchangers(exchangers) if exchangers else await self._implicit(name)
        except NoSuchName:
            return MailRoute(Route.NO_DOMAIN, detail=f"The domain {name} does not exist.")
        except NoAnswer as failure:
            return MailRoute(Route.UNKNOWN, detail=f"DNS gave no answer for {name}: {failure}.")

    async def _implicit(self, name: str) -> MailRoute:
        """Only a domain known to have no MX comes here (NODATA); a failed MX question must not fall back to A."""
        failure: NoAnswer | None = None
        for kind in (A, AAAA):  # in turn, because nearly all that have an address have one of the first kind
            try:
                found = await self._client.ask(name, kind)
            except NoAnswer as error:
                failure = error
                continue
            if any(map(_is_host_address, found)):
                return MailRoute(Route.IMPLICIT, (name,), f"The domain {name} has no MX record but an address.")
        if failure is not None:
            raise failure
        return MailRoute(Route.NO_MAIL, detail=f"The domain {name} has neither a mail exchanger nor an address.")


def _believed(route: MailRoute) -> float:
    return _KEEP_UNKNOWN if route.kind is Route.UNKNOWN else _KEEP


def _by_exchangers(exchangers: list[tuple[int, str]]) -> MailRoute:
    if not any(host for _, host in exchangers):
        return MailRoute(Route.NULL_MX, detail='Its only mail exchanger is ".": the domain takes no mail (RFC 7505).')
    hosts = tuple(dict.fromkeys(host for _, host in sorted(exchangers) if _is_host(host)))
    if not hosts:
        return MailRoute(Route.NO_MAIL, detail="None of its mail exchangers is a host that could be reached.")
    return MailRoute(Route.MX, hosts, f"{len(hosts)} mail exchanger{'s' if len(hosts) > 1 else ''}.")


def _is_host(name: str) -> bool:
    """Refuse what people write to say "no mail" without RFC 7505, and what is no host name at all."""
    return name not in ("localhost", "localhost.localdomain", "127.0.0.1", "0.0.0.0") and bool(_NAME.fullmatch(name))


def _is_host_address(address: str) -> bool:
    return not ipaddress.ip_address(address).is_unspecified
