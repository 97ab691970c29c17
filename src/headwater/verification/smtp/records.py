"""DNS records that only the audit wants: reverse names, texts, blocklists. Rare questions, so a plain library asks."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only the audit waits for this library to be loaded
    import dns.asyncresolver
    from dns.rdata import Rdata

# (name, kind) to the records as text; empty where there is none, None where DNS gave no answer.
Lookup = Callable[[str, str], Awaitable[tuple[str, ...] | None]]
_PATIENCE = 4.0  # seconds


def lookup_by(nameserver: str | None) -> Lookup:
    """Ask this resolver, given as "IP:port", or the system's."""
    import dns.exception
    import dns.resolver

    async def lookup(name: str, kind: str) -> tuple[str, ...] | None:
        try:
            answer = await _client(nameserver).resolve(name, kind, lifetime=_PATIENCE, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError):
            return None
        return tuple(_text(record) for record in answer)

    return lookup


def _client(nameserver: str | None) -> "dns.asyncresolver.Resolver":
    import dns.asyncresolver

    client = dns.asyncresolver.Resolver(configure=nameserver is None)
    if nameserver is not None:
        host, _, port = nameserver.rpartition(":")
        client.nameservers, client.port = [host.strip("[]")], int(port)
    return client


def _text(record: "Rdata") -> str:
    """A TXT record is cut in pieces of 255 bytes, which mean nothing (RFC 7208 §3.3)."""
    pieces = getattr(record, "strings", None)
    return b"".join(pieces).decode("utf-8", "replace") if pieces else record.to_text().rstrip(".")
