"""Whoever is told to leave does so at once, whatever the server or others are doing; the server ends all the same."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headwater.db.embedded import EmbeddedError
from headwater.db.embedded.locks import open_lock

if TYPE_CHECKING:
    from tests.db.embedded.conftest import Site

Until = Callable[..., None]

SOON = 20.0  # seconds; what does not come soon would never come here


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """The process stands still, as one does whose disk does not answer."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_the_last_one_does_not_wait_for_a_server_that_takes_long_to_stop(site: Site, until: Until) -> None:
    server = site.server()
    server.start()
    with frozen(site.postmaster()):
        began = time.monotonic()
        server.stop(patience=0.2)
        assert time.monotonic() - began < SOON
    until(site.stopped_cleanly)


def test_without_a_keeper_the_server_was_told_before_the_last_one_left(site: Site, until: Until) -> None:
    server = site.server()
    server.start()
    os.kill(site.keepers()[0], signal.SIGKILL)
    until(lambda: not site.keepers())
    with frozen(site.postmaster()):
        server.stop(patience=0.2)
    until(site.stopped_cleanly)


def test_who_comes_while_the_server_is_stopping_gets_a_new_one(site: Site, until: Until) -> None:
    server = site.server()
    server.start()
    old = site.postmaster()
    with frozen(old):
        server.stop(patience=0.2)
        newcomer = site.application()
        time.sleep(0.5)
        assert newcomer.process.poll() is None
    newcomer.ready()
    assert site.postmaster() != old
    newcomer.leave()
    assert site.stopped_cleanly()


def test_leaving_does_not_wait_for_what_somebody_else_decides(site: Site, until: Until) -> None:
    server = site.server()
    server.start()
    handle = open_lock(site.room / "start.lock")
    fcntl.flock(handle, fcntl.LOCK_EX)
    server.stop(patience=0.2)
    os.close(handle)
    until(site.stopped_cleanly)


def test_a_start_that_waits_in_another_thread_is_given_up(site: Site, until: Until) -> None:
    """As when Ctrl-C comes in the middle of a long recovery that another process waits for as well."""
    others = site.application()
    others.ready()
    refused: list[BaseException] = []
    server = site.server()

    def start() -> None:
        try:
            server.start()
        except EmbeddedError as error:
            refused.append(error)

    waiting = threading.Thread(target=start, daemon=True)
    with frozen(site.postmaster()):
        waiting.start()
        until(lambda: os.getpid() in site.server().status().users)
        server.stop(patience=0.2)
    waiting.join(SOON)
    assert not waiting.is_alive()
    assert [str(error) for error in refused] == [f"The database of {site.home} was left while it was starting."]
    assert site.server().status().users == (others.process.pid,)
    others.leave()
    assert site.stopped_cleanly()


def test_a_start_after_it_was_left_works(site: Site) -> None:
    server = site.server()
    server.start()
    server.stop(patience=0.0)
    with server:
        assert server.status().running
    assert site.stopped_cleanly()
