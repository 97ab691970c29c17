"""Everything in one process and one event loop: the web server, DNS and SMTP."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from headwater_sandbox.app import build, open_desk
from headwater_sandbox.dns_server import DnsServer
from headwater_sandbox.settings import Settings
from headwater_sandbox.smtp_server import SmtpServer
from headwater_sandbox.wire import BreakableProtocol

# Where each vendor's own base address stands on the sandbox's port.
BASES = {"hunter": "/hunter/v2", "apollo": "/apollo/api/v1", "icypeas": "/icypeas/api", "dropcontact": "/dropcontact",
         "zerobounce": "/zerobounce/v2", "neverbounce": "/neverbounce/v4.2", "emaillistverify": "/emaillistverify/api",
         "briteverify": "/briteverify/api/public/v1", "briteverify_bulk": "/briteverify/api/v3",
         "twilio": "/twilio/v2", "numverify": "/numverify/api", "hlrlookups": "/hlrlookups/api/v2",
         "control": "/_sandbox"}  # fmt: skip


@dataclass(frozen=True)
class Ports:
    """Where to listen; 0 finds a free port, None leaves a server out."""

    web: int = 0
    dns: int | None = 0
    smtp: int | None = 0


_BACKLOG = 4096


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to this module, which has more to close than the web server."""
        yield


def run(settings: Settings, home: Path, ports: Ports, exit_with_parent: bool) -> None:
    """Serve until told to stop."""
    loop = asyncio.new_event_loop()
    if sys.platform != "win32":
        import uvloop

        loop = uvloop.new_event_loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_serve(settings, home, ports, exit_with_parent))


async def _serve(settings: Settings, home: Path, ports: Ports, exit_with_parent: bool) -> None:
    stop = _stop_event(exit_with_parent)
    desk = open_desk(settings, home)
    dns, smtp = DnsServer(desk.directory.world), SmtpServer(desk.directory)
    listener = _listen(ports.web)
    where = {name: f"http://127.0.0.1:{listener.getsockname()[1]}{path}" for name, path in BASES.items()}
    if ports.dns is not None:
        where["dns"] = f"127.0.0.1:{await dns.start(ports.dns)}"
    if ports.smtp is not None:
        where["smtp"] = f"127.0.0.1:{await smtp.start(ports.smtp)}"
    web = _Server(_config(build(desk)))
    task = asyncio.create_task(web.serve(sockets=[listener]))
    while not web.started and not task.done():
        await asyncio.sleep(0.005)
    sys.stdout.write(json.dumps({**where, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await asyncio.wait({asyncio.create_task(stop.wait()), task}, return_when=asyncio.FIRST_COMPLETED)
    web.should_exit = True
    dns.close()
    smtp.close()
    await task
    desk.store.close()


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app, http=BreakableProtocol, ws="none", lifespan="off", access_log=False, log_level="info",  # type: ignore[arg-type]
        log_config=_LOGGING, timeout_graceful_shutdown=1, server_header=False, backlog=_BACKLOG,
    )  # fmt: skip


_LOGGER = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
    "loggers": {"uvicorn": _LOGGER, "uvicorn.error": _LOGGER},
}


def _listen(port: int) -> socket.socket:
    """Listen at once: a port that is only bound may be given to somebody else, who may reuse addresses as we do."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(_BACKLOG)
    return listener


def _stop_event(exit_with_parent: bool) -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if exit_with_parent:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    return stop


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The parent holds the other end of our stdin: when it is gone, however it went, the pipe closes."""
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop is closed already
        loop.call_soon_threadsafe(stop.set)
