"""Level 3: asking DNS where a domain takes its mail (RFC 5321 §5.1, RFC 7505), and never guessing when it fails."""

import asyncio
import ipaddress
import re
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import aiodns
import pycares
from aiodns.error import ARES_EBADNAME, ARES_ENODATA, ARES_ENOTFOUND, ARES_ETIMEOUT, DNSError

from headwater.kit.errors import BadInput, Unavailable

# More than about 256 questions at once overflow the default receive buffer of a local resolver, and answers are lost.
IN_FLIGHT = 200
_REMEMBERED = 200_000
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


class _Failed(Exception):
    """No answer that says anything: SERVFAIL, REFUSED, a timeout, a resolver out of reach."""


class _NoSuchName(Exception):
    """NXDOMAIN."""


class Resolver:
    """One cached client for everybody: a domain asked for by many at the same time costs one question.

    ``nameserver`` is "host:port" or None for the system's resolvers; ``timeout`` bounds one question with all its
    ``tries``. Use it as an async context manager, inside the event loop that asks.
    """

    def __init__(self, nameserver: str | None = None, *, timeout: float = 5.0, tries: int = 2) -> None:
        self._servers = [_server(nameserver)] if nameserver else None
        self._timeout = timeout
        self._tries = tries
        self._client: aiodns.DNSResolver | None = None
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._known: OrderedDict[str, tuple[float, MailRoute]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[MailRoute]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Drop what is still being asked and give the sockets back; a later question opens them again."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def mail_route(self, domain: str) -> MailRoute:
        """Where mail for an ASCII (IDNA) domain goes; what DNS fails to say is ``Route.UNKNOWN``, not an exception."""
        name = domain.lower().rstrip(".")
        if not name.isascii():
            raise ValueError(f"mail_route wants the ASCII form of {domain!r}")
        if not _NAME.fullmatch(name):
            return MailRoute(Route.NO_DOMAIN, detail=f"{domain[:80]!r} is not a domain name.")
        until, route = self._known.get(name, (0.0, None))
        if route is not None and asyncio.get_running_loop().time() < until:
            return route
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = asyncio.create_task(self._find(name))
            task.add_done_callback(lambda _: self._asking.pop(name, None))
        # One caller giving up must not take the answer from the others.
        return await asyncio.shield(task)

    async def host_addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host, IPv4 before IPv6; empty if it has none or does not exist.

        One family that answers is enough; ``NoDnsAnswer`` only when nothing was found and a question failed.
        """
        name = host.lower().rstrip(".")
        if not _NAME.fullmatch(name):
            return ()
        asked = await asyncio.gather(self._data(name, "A"), self._data(name, "AAAA"), return_exceptions=True)
        found = tuple(data.addr for records in asked if isinstance(records, list) for data in records)
        failures = [failure for failure in asked if isinstance(failure, BaseException)]
        if failures and not found:
            raise failures[0]
        return found

    async def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, the strings of each joined (SPF, RFC 7208 §3.3); empty if it has none."""
        name = name.lower().rstrip(".")
        records = await self._data(name, "TXT") if _NAME.fullmatch(name) else []
        return tuple(bytes(data.data).decode("utf-8", "replace") for data in records)

    async def pointer(self, address: str) -> tuple[str, ...]:
        """The names that the reverse zone gives to an IP address; ``ValueError`` for what is none."""
        records = await self._data(ipaddress.ip_address(address).reverse_pointer, "PTR")
        return tuple(data.dname.lower().rstrip(".") for data in records)

    async def _data(self, name: str, kind: str) -> list[Any]:
        """Like ``_ask``, for callers outside: a name that does not exist has no records."""
        try:
            return await self._ask(name, kind)
        except _NoSuchName:
            return []
        except _Failed as failure:
            raise NoDnsAnswer(f"DNS gave no answer for {name} ({kind}): {failure}.") from None

    async def _find(self, name: str) -> MailRoute:
        route = await self._route(name)
        keep = _KEEP_UNKNOWN if route.kind is Route.UNKNOWN else _KEEP
        self._known[name] = (asyncio.get_running_loop().time() + keep, route)
        self._known.move_to_end(name)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return route

    async def _route(self, name: str) -> MailRoute:
        try:
            exchangers = await self._ask(name, "MX")
            return _by_exchangers(exchangers) if exchangers else await self._implicit(name)
        except _NoSuchName:
            return MailRoute(Route.NO_DOMAIN, detail=f"The domain {name} does not exist.")
        except _Failed as failure:
            return MailRoute(Route.UNKNOWN, detail=f"DNS gave no answer for {name}: {failure}.")

    async def _implicit(self, name: str) -> MailRoute:
        """Only a domain known to have no MX comes here (NODATA); a failed MX question must not fall back to A."""
        asked = await asyncio.gather(self._ask(name, "A"), self._ask(name, "AAAA"), return_exceptions=True)
        if any(isinstance(found, list) and any(map(_is_host_address, found)) for found in asked):
            return MailRoute(Route.IMPLICIT, (name,), f"The domain {name} has no MX record but an address.")
        for found in asked:
            if isinstance(found, BaseException):
                raise found
        return MailRoute(Route.NO_MAIL, detail=f"The domain {name} has neither a mail exchanger nor an address.")

    async def _ask(self, name: str, kind: str) -> list[Any]:
        """The data of the records of one kind: empty for NODATA, raises for NXDOMAIN and for no answer."""
        async with self._slots:
            try:
                # c-ares keeps its own clock, but waits longer per try than it was told; this is the limit that holds.
                async with asyncio.timeout(self._timeout):
                    result = await self._opened().query_dns(name, kind)
            except TimeoutError:
                raise _Failed("time ran out") from None
            except DNSError as error:
                return _failure(error)
        wanted = aiodns.query_type_map[kind]
        # A CNAME that leads to a name without such records comes back as a success with the CNAME alone.
        return [record.data for record in result.answer if record.type == wanted]

    def _opened(self) -> aiodns.DNSResolver:
        if self._client is None:
            per_try = self._timeout / max(self._tries, 1)
            self._client = aiodns.DNSResolver(self._servers, timeout=per_try, tries=self._tries)
        return self._client


def _failure(error: DNSError) -> list[Any]:
    code = error.args[0]
    if code == ARES_ENODATA:
        return []
    if code in (ARES_ENOTFOUND, ARES_EBADNAME):
        raise _NoSuchName from None
    raise _Failed("time ran out" if code == ARES_ETIMEOUT else str(error.args[1])) from None


def _by_exchangers(exchangers: list[pycares.MXRecordData]) -> MailRoute:
    named = [(found.priority, found.exchange.lower().rstrip(".")) for found in exchangers]
    if not any(host for _, host in named):
        return MailRoute(Route.NULL_MX, detail='Its only mail exchanger is ".": the domain takes no mail (RFC 7505).')
    hosts = tuple(dict.fromkeys(host for _, host in sorted(named) if _is_host(host)))
    if not hosts:
        return MailRoute(Route.NO_MAIL, detail="Its mail exchangers are all the local machine, not a host to reach.")
    return MailRoute(Route.MX, hosts, f"{len(hosts)} mail exchanger{'s' if len(hosts) > 1 else ''}.")


def _is_host(name: str) -> bool:
    """Refuse what people write to say "no mail" without RFC 7505: nothing, or the local machine."""
    return name not in ("", "localhost", "localhost.localdomain", "127.0.0.1", "0.0.0.0")


def _is_host_address(data: pycares.ARecordData | pycares.AAAARecordData) -> bool:
    return not ipaddress.ip_address(data.addr).is_unspecified


def _server(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadInput(f"The DNS server {text!r} is not understood; write it as host:port, such as 127.0.0.1:53.")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise BadInput(f"The DNS server {text!r} must be an IP address and a port, such as 127.0.0.1:53.") from None
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
