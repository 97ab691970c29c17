"""Would a mail server answer us? What they look at before they do, looked at from here, each with a name of its own."""

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from headwater.verification.resolver import MailRoute, Route
from headwater.verification.smtp.identity import Identity
from headwater.verification.smtp.records import Lookup
from headwater.verification.smtp.wire import Broken, Wire

# Answers everybody's EHLO, and says in it which address it sees.
WELL_KNOWN = "gmail-smtp-in.l.google.com"
BLOCKLISTS = ("zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com")
_PATIENCE = 8.0  # seconds for each step of the conversation
_SEEN = re.compile(r"\[([0-9A-Fa-f.:]{3,45})\]")
_ROUTES = {
    Route.MX: ("ok", "has a mail host"),
    Route.IMPLICIT: ("warn", "has no MX record, only an address"),
    Route.UNKNOWN: ("unknown", "could not be looked up"),
}


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    state: State
    text: str


class Names(Protocol):
    """The part of a resolver that is needed here."""

    async def host_addresses(self, host: str) -> tuple[str, ...]: ...

    async def mail_route(self, domain: str) -> MailRoute: ...


async def audit(
    identity: Identity,
    resolver: Names,
    *,
    lookup: Lookup,
    host: str = WELL_KNOWN,
    port: int = 25,
    blocklists: Sequence[str] = BLOCKLISTS,
) -> list[Check]:
    """Look at everything; the last check, ``level smtp``, says what follows."""
    domain = identity.mail_from.rpartition("@")[2]
    (outside, seen), named, route, texts = await asyncio.gather(
        _outside(identity, resolver, host, port),
        _addresses(identity.helo, lookup),
        resolver.mail_route(domain),
        lookup(domain, "TXT"),
    )
    address = seen or next(iter(named or ()), None)
    by_address = await asyncio.gather(
        _reverse(identity.helo, address, lookup), *[_blocklist(zone, address, lookup) for zone in blocklists]
    )
    checks = [outside, _name(identity.helo, named, seen), _sender(domain, route), _spf(domain, texts), *by_address]
    return [*checks, _conclusion(outside, checks)]


async def _outside(identity: Identity, resolver: Names, host: str, port: int) -> tuple[Check, str | None]:
    """Whether a mail server can be reached, and the address of ours that it sees if it says so."""
    name = f"port {port}"
    for address in (await resolver.host_addresses(host))[:1]:
        try:
            greeting = await _greeted(address, port, identity)
        except Broken as broken:
            text = f"{host} can not be asked: {broken.reply.text} Many networks close this port; ask yours to open it."
            return Check(name, State.FAIL, text), None
        code, said = greeting
        if code != 250:
            return Check(name, State.WARN, f"{host} can be reached, but refuses us ({code} {said[:200]})."), None
        found = _SEEN.search(said)
        return Check(name, State.OK, f"{host} answers."), _valid(found[1]) if found else None
    return Check(name, State.UNKNOWN, f"DNS knows no address of {host}, so that nothing could be tried."), None


async def _greeted(address: str, port: int, identity: Identity) -> tuple[int, str]:
    """The code and text of the reply to EHLO, or of the banner where that refuses."""
    wire = await Wire.open(address, port, _PATIENCE)
    try:
        reply = await wire.reply("connect", _PATIENCE)
        if reply.code == 220:
            wire.send("ehlo", f"EHLO {identity.helo}")
            reply = await wire.reply("ehlo", _PATIENCE)
        with contextlib.suppress(Broken):
            wire.send("mail", "QUIT")
            await wire.reply("mail", _PATIENCE)
        return reply.code or 0, reply.text
    finally:
        await wire.close(_PATIENCE)


def _valid(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


async def _addresses(host: str, lookup: Lookup) -> tuple[str, ...] | None:
    four, six = await asyncio.gather(lookup(host, "A"), lookup(host, "AAAA"))
    if four is None and six is None:
        return None
    return tuple(found for found in (*(four or ()), *(six or ())) if _valid(found))


def _name(helo: str, named: Sequence[str] | None, seen: str | None) -> Check:
    if named is None:
        return Check("name", State.UNKNOWN, f"DNS gave no answer for {helo}.")
    if not named:
        return Check("name", State.FAIL, f"DNS knows no address of {helo}; add an A record for the sending machine.")
    if seen and seen not in named:
        return Check("name", State.FAIL, f"{helo} is {', '.join(named)}, but servers see {seen}; correct the A record.")
    if not seen:
        return Check("name", State.WARN, f"{helo} is {', '.join(named)}; nobody told which address servers see.")
    return Check("name", State.OK, f"{helo} is {seen}, the address that servers see.")


async def _reverse(helo: str, address: str | None, lookup: Lookup) -> Check:
    if address is None:
        return Check("reverse name", State.UNKNOWN, "Without an address there is no reverse name to look up.")
    names = await lookup(ipaddress.ip_address(address).reverse_pointer, "PTR")
    if names is None:
        return Check("reverse name", State.UNKNOWN, f"DNS gave no answer for the reverse name of {address}.")
    if helo in [name.lower() for name in names]:
        return Check("reverse name", State.OK, f"The reverse name of {address} is {helo}.")
    other = f"is {names[0]}" if names else "is missing"
    return Check("reverse name", State.FAIL, f"The reverse name of {address} {other}; whoever lends it can set {helo}.")


def _sender(domain: str, route: MailRoute) -> Check:
    state, text = _ROUTES.get(route.kind, ("fail", "takes no mail, so that answers to it are lost"))
    return Check("sender", State(state), f"The sender's domain {domain} {text}.")


def _spf(domain: str, texts: Sequence[str] | None) -> Check:
    if texts is None:
        return Check("SPF", State.UNKNOWN, f"DNS gave no answer for the texts of {domain}.")
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        return Check("SPF", State.FAIL, f"{domain} has no SPF record; add one that allows the sending address.")
    if len(found) > 1:
        return Check("SPF", State.FAIL, f"{domain} has {len(found)} SPF records, which is as good as none; keep one.")
    return Check("SPF", State.OK, f"{domain} has an SPF record ({found[0][:200]}).")


async def _blocklist(zone: str, address: str | None, lookup: Lookup) -> Check:
    """A list answers with an address in 127/8; Spamhaus with 127.255.255.* when it does not answer this resolver."""
    name = f"blocklist {zone}"
    if address is None:
        return Check(name, State.UNKNOWN, "Without an address there is nothing to look up.")
    reverse = ipaddress.ip_address(address).reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    found = await lookup(f"{reverse}.{zone}", "A")
    if found is None or any(each.startswith("127.255.255.") for each in found):
        return Check(name, State.UNKNOWN, "The list does not answer this resolver; set HEADWATER_DNS to one of yours.")
    if any(each.startswith("127.") for each in found):
        return Check(name, State.FAIL, f"{address} is listed ({', '.join(found)}); ask the list to remove it.")
    return Check(name, State.OK, f"{address} is not listed.")


def _conclusion(outside: Check, checks: Sequence[Check]) -> Check:
    """Port 25 decides whether level 4 is possible at all; everything else, how many will answer."""
    wrong = [check.name for check in checks if check.state is State.FAIL]
    if outside.state is State.FAIL:
        text = "Mailboxes can not be asked for from here; addresses are judged by syntax, lists and DNS."
        return Check("level smtp", State.FAIL, text)
    if outside.state is State.UNKNOWN:
        return Check("level smtp", State.UNKNOWN, "Whether mailboxes can be asked for from here was not found out.")
    if wrong or outside.state is State.WARN:
        text = f"Mailboxes can be asked for, but many servers will refuse us: {', '.join(wrong) or outside.name}."
        return Check("level smtp", State.WARN, text)
    return Check("level smtp", State.OK, "Mailboxes can be asked for.")
