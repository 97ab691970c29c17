"""Start the vendor sandbox as a process of its own, and have it back when it dies.

Headwater knows no more of the sandbox than where it listens: it is asked over HTTP and DNS like any vendor.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from headwater.kit.errors import BadInput, Unavailable
from headwater.kit.log import log
from headwater.kit.settings import Settings, VendorSettings

PLAYED = (
    *("hunter", "apollo", "icypeas", "dropcontact"),
    *("zerobounce", "neverbounce", "emaillistverify", "briteverify"),
    *("twilio", "numverify", "hlrlookups"),
)
# For prices, which need no running sandbox.
NOWHERE: Mapping[str, str] = dict.fromkeys((*PLAYED, "dns", "smtp"), "http://127.0.0.1:1")
_KEY = "sandbox-key"
_KEYS = {"twilio": f"SK-sandbox:{_KEY}", "hlrlookups": f"{_KEY}:{_KEY}-secret"}  # as these vendors want them
_STARTUP = 30.0  # seconds
_LEAVE = 0.3  # seconds it has to stop by itself


class Sandbox:
    """A running sandbox; use as an async context manager. ``addresses`` says where everything listens."""

    def __init__(self, home: Path, arguments: Sequence[str] = ()) -> None:
        self._home = home
        self._arguments = list(arguments)
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.addresses: Mapping[str, str] = {}

    async def __aenter__(self) -> "Sandbox":
        self.addresses = await self._start([])
        self._watch = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._watch:
            self._watch.cancel()
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await _gone(self._process)

    async def _start(self, ports: Sequence[str]) -> Mapping[str, str]:
        command = [sys.executable, "-m", "headwater_sandbox", "serve", "--home", str(self._home), "--exit-with-parent"]
        with self._log() as logfile:
            self._process = await asyncio.create_subprocess_exec(
                *command, *ports, *self._arguments,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=logfile, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(_STARTUP):
                line = await self._process.stdout.readline() if self._process.stdout else b""
        except TimeoutError:
            line = b""
        if not line:
            raise Unavailable(
                f"The vendor sandbox did not start ({self._last_word()}); see {self._home / 'sandbox.log'}."
            )
        return {name: str(value) for name, value in json.loads(line).items()}

    def _last_word(self) -> str:
        lines = (self._home / "sandbox.log").read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def _log(self) -> BinaryIO:
        """What it complains of is kept in its folder."""
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            return (self._home / "sandbox.log").open("ab")
        except OSError as error:
            raise BadInput(
                f"The data folder {self._home} can not be used ({error.strerror}); set HEADWATER_HOME."
            ) from None

    async def _keep(self) -> None:
        """A sandbox that was killed comes back on the same ports with all it remembers."""
        ports = [
            option
            for name, source in (("--port", "hunter"), ("--dns-port", "dns"), ("--smtp-port", "smtp"))
            for option in (name, _port(self.addresses[source]))
        ]
        while self._process:
            await self._process.wait()
            log.warning("the vendor sandbox ended and is started again")
            await asyncio.sleep(0.2)
            await self._start(ports)


async def _gone(process: asyncio.subprocess.Process) -> None:
    """It would wait for answers that nobody waits for any more; all that it must remember is written."""
    try:
        await asyncio.wait_for(process.wait(), _LEAVE)
    except TimeoutError:
        with suppress(ProcessLookupError):  # it ended in this moment
            process.kill()
        await process.wait()


def _port(address: str) -> str:
    return address.removeprefix("http://").split("/")[0].rpartition(":")[2]


def _options(vendor: str, addresses: Mapping[str, str]) -> Mapping[str, str]:
    """What else an account of the sandbox says."""
    if vendor == "apollo":
        return {"webhook_url": "https://hooks.headwater.invalid/apollo"}
    bulk = addresses.get(f"{vendor}_bulk")
    return {"bulk_url": bulk} if bulk else {}


def sandboxed(settings: Settings, addresses: Mapping[str, str]) -> Settings:
    """The settings with vendors, resolver and mail servers pointing at the sandbox, whatever real keys are set."""
    vendors = {
        name: VendorSettings.model_validate(
            {
                "api_key": _KEYS.get(name, _KEY),
                "base_url": addresses[name],
                "limits": "published",
                "options": _options(name, addresses),
            }
        )
        for name in PLAYED
    }
    mail = int(_port(addresses["smtp"]))
    return settings.model_copy(update={"vendors": vendors, "dns": addresses["dns"], "smtp_port": mail})
