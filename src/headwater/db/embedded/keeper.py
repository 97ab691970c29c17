"""The keeper: a small process that outlives the application and never the need for the server.

Run as a script of its own (standard library only, so it starts in some 30 ms and stays small). It is the parent
of the postmaster, which makes collecting it certain, and it waits for the `users.lock` alone: the kernel grants
that when the last user has left or was killed. Then it stops the server cleanly and ends. It ignores the
terminal's signals and SIGTERM (service managers send that to every process of a service at once, and the
application may still be finishing its work); it ends when its users have ended.

A postmaster that was killed (by the kernel for want of memory, say) while users are there is launched again."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

RELAUNCH_PAUSE = 0.2
RELAUNCH_TRIES = 25  # after a kill: back-ends of the dead server may hold its memory for a moment
KILLS_FORGIVEN = 5  # a server that dies again and again has a fault that we would only hide
STEADY = 60.0  # seconds of service after which earlier kills are forgotten


class Keeper:
    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._changing = threading.Lock()
        self._unused = False
        self._server: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Launch, and see the server through to its end."""
        self._launch()
        threading.Thread(target=self._stop_when_unused, daemon=True).start()
        kills, tries = 0, 0
        while self._server is not None:
            began = time.monotonic()
            killed = self._server.wait() < 0
            lasted = time.monotonic() - began
            kills = (0 if lasted > STEADY else kills) + killed
            # An exit of its own making is a decision or a real failure: not ours to undo, unless a kill led to it.
            tries = RELAUNCH_TRIES if killed else tries - 1 if lasted < STEADY else 0
            if self._unused or tries <= 0 or kills > KILLS_FORGIVEN:
                return
            time.sleep(RELAUNCH_PAUSE)
            self._launch()

    def _launch(self) -> None:
        order = self._order
        with self._changing:
            if self._unused:
                self._server = None
                return
            with open(order["output"], "wb") as output:
                self._server = subprocess.Popen(
                    order["command"], user=order["user"], group=order["group"], extra_groups=order["groups"],
                    umask=0o077, env=order["environment"], cwd="/", start_new_session=True,
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                )  # fmt: skip

    def _stop_when_unused(self) -> None:
        users = os.open(self._order["users_lock"], os.O_RDWR | os.O_NOFOLLOW)
        fcntl.flock(users, fcntl.LOCK_EX)  # for ever open: held until this process ends
        with self._changing:
            self._unused = True
            if self._server is not None:
                # Our child, not collected before `wait` returns: the number cannot have changed hands.
                self._server.send_signal(signal.SIGINT)


def detach(output: str) -> None:
    """Leave the caller's session and process group, so that its Ctrl-C and its end do not reach us."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ignore)  # a handler, unlike SIG_IGN, is not inherited by the server
    nothing = os.open(os.devnull, os.O_RDWR)
    errors = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    for target, source in ((0, nothing), (1, nothing), (2, errors)):
        os.dup2(source, target)


def _ignore(number: int, frame: object) -> None:
    """See the head of this file."""


def main() -> None:
    order = json.load(sys.stdin)
    lock = os.open(order["keeper_lock"], os.O_RDWR | os.O_NOFOLLOW)
    fcntl.flock(lock, fcntl.LOCK_EX)  # survives the fork: the caller returns when the keeper is in office
    detach(order["output"])
    Keeper(order).run()
    with contextlib.suppress(OSError):
        os.close(lock)  # before `users.lock` goes with our end: whoever waits for that must see no keeper
    os._exit(0)


if __name__ == "__main__":
    main()
