"""Made-up domains of every class that DNS knows for mail, and an NSD on loopback that serves them."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headwater.verification import Route

NSD = shutil.which("nsd") or shutil.which("nsd", path="/usr/sbin:/usr/local/sbin")
# In a hundred domains. The last class stands in a zone that the server knows and can not read: SERVFAIL.
_SHARES = (
    (Route.MX, 80),
    (Route.IMPLICIT, 7),
    (Route.NULL_MX, 6),
    (Route.NO_DOMAIN, 4),
    (Route.UNKNOWN, 3),
)
_KINDS = tuple(kind for kind, share in _SHARES for _ in range(share))
ORIGIN, BROKEN = "mail-zone.com", "broken-zone.com"
# Public, because email-validator takes no other for a host; nothing ever connects to it.
_ADDRESS = "1.2.3.4"
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain and what must be said of it."""

    name: str
    kind: Route

    @property
    def records(self) -> dict[str, list[str]]:
        """Its records by type, as they stand in a zone file."""
        if self.kind is Route.MX:
            return {"MX": [f"20 mx2.{self.name}.", f"10 mx1.{self.name}."]}
        return {Route.IMPLICIT: {"A": [_ADDRESS]}, Route.NULL_MX: {"MX": ["0 ."]}}.get(self.kind, {})

    @property
    def hosts(self) -> tuple[str, ...]:
        return {Route.MX: (f"mx1.{self.name}", f"mx2.{self.name}"), Route.IMPLICIT: (self.name,)}.get(self.kind, ())


def domains(count: int) -> list[Domain]:
    """The classes mixed, so that no stretch of a list is of one kind."""
    kinds = [_KINDS[number * 37 % 100] for number in range(count)]
    return [
        Domain(f"d{number}.{BROKEN if kind is Route.UNKNOWN else ORIGIN}", kind) for number, kind in enumerate(kinds)
    ]


def zone_file(served: Sequence[Domain]) -> str:
    head = f"$ORIGIN {ORIGIN}.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n"
    records = [(each.name, kind, text) for each in served for kind, texts in each.records.items() for text in texts]
    return head + "".join(f"{name}. {kind} {text}\n" for name, kind, text in records)


def _configuration(folder: Path, port: int) -> str:
    return f"""
server:
  ip-address: 127.0.0.1
  port: {port}
  username: ""
  server-count: 1
  rrl-ratelimit: 0
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
remote-control:
  control-enable: no
zone:
  name: {ORIGIN}
  zonefile: served.zone
zone:
  name: {BROKEN}
  zonefile: not-there.zone
"""


@contextlib.contextmanager
def serving(served: Sequence[Domain], folder: Path) -> Iterator[str]:
    """Run NSD in a folder; yields "address:port" once it answers."""
    if NSD is None:
        raise RuntimeError("NSD is not installed; on Debian: apt-get install nsd")
    port = _free_port()
    (folder / "served.zone").write_text(zone_file(served), "utf-8")
    (folder / "nsd.conf").write_text(_configuration(folder, port), "utf-8")
    with (folder / "nsd.log").open("wb") as log:
        process = subprocess.Popen([NSD, "-d", "-c", folder / "nsd.conf"], stdout=log, stderr=log)
    try:
        _until_it_answers(process, port, folder / "nsd.log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    name = b"".join(bytes([len(label)]) + label.encode() for label in ORIGIN.split("."))
    question = b"\0\1\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\6\0\1"
    deadline = time.monotonic() + _PATIENCE
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("127.0.0.1", port))
        asking.settimeout(0.1)
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                asking.send(question)
                if asking.recv(512)[3] & 15 == 0:
                    return
            time.sleep(0.02)
    raise RuntimeError(f"NSD does not answer: {log.read_text('utf-8', errors='replace')[-500:]}")
