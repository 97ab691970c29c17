"""Which DNS servers to ask: the one that is set, or those of the system (resolv.conf(5))."""

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from headwater.kit.errors import BadInput

SYSTEM = Path("/etc/resolv.conf")
# What resolv.conf(5) says of a machine that names no server.
_LOCAL = "127.0.0.1"
_PORT = 53
# As many as the C library looks at.
_MOST = 3


class NameServer(NamedTuple):
    """Where a server takes questions; ``host`` is an IP address, an IPv6 one perhaps with its zone."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def name_server(text: str) -> NameServer:
    """Read "host:port" as it stands in a setting; BadInput says what is wrong with it."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BadInput(f"The DNS server {text!r} is not understood; write it as host:port, such as 127.0.0.1:53.")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise BadInput(f"The DNS server {text!r} must be an IP address and a port, such as 127.0.0.1:53.") from None
    return NameServer(str(address), int(port))


def system_servers(path: Path = SYSTEM) -> tuple[NameServer, ...]:
    """The servers that the machine asks, in its order; lines that are not understood are passed over, as libc does."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = tuple(dict.fromkeys(_addresses(lines)))[:_MOST]
    return found or (NameServer(_LOCAL, _PORT),)


def _addresses(lines: Iterable[str]) -> Iterable[NameServer]:
    for line in lines:
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            yield NameServer(str(ipaddress.ip_address(words[1])), _PORT)
        except ValueError:
            continue
