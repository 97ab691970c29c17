"""Whoever is killed, nothing acknowledged is lost, nothing leaks, and no foreign process is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from headwater.db.embedded import StopOtherServer
from headwater.db.embedded.account import account_for
from headwater.db.embedded.binaries import find_binaries

if TYPE_CHECKING:
    from tests.db.embedded.conftest import Site

Ask = Callable[[str, str], list[tuple[object, ...]]]
Until = Callable[..., None]


class Writer(threading.Thread):
    """Inserts numbers one by one and remembers which were acknowledged."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self.acknowledged: list[int] = []

    def run(self) -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(self._url, autocommit=True) as connection:
            for number in range(1_000_000):
                connection.execute("INSERT INTO written VALUES (%s)", (number,))
                self.acknowledged.append(number)


def write_until_killed(url: str, kill: Callable[[], None], until: Until) -> list[int]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS written")
        connection.execute("CREATE TABLE written (number int)")
    writer = Writer(url)
    writer.start()
    until(lambda: len(writer.acknowledged) > 300)
    kill()
    writer.join(30)
    assert not writer.is_alive()
    return writer.acknowledged


def test_killed_application_leaves_a_cleanly_stopped_server(site: Site, until: Until) -> None:
    application = site.application()
    application.ready()
    application.end(signal.SIGKILL)
    until(site.stopped_cleanly, 10)


def test_killed_application_does_not_stop_the_server_of_others(site: Site, ask: Ask) -> None:
    stays, killed = site.application(), site.application()
    url = stays.ready()
    killed.ready()
    killed.end(signal.SIGKILL)
    time.sleep(0.5)
    assert ask(url, "SELECT 1") == [(1,)]
    assert site.server().status().users == (stays.process.pid,)
    stays.leave()
    assert site.stopped_cleanly()


@pytest.mark.parametrize("words", [(), ("handler",), ("stopping-handler",)], ids=" ".join)
def test_terminated_application_leaves_a_cleanly_stopped_server(
    site: Site, until: Until, words: tuple[str, ...]
) -> None:
    application = site.application(*words)
    application.ready()
    assert application.end(signal.SIGTERM) == (143 if words else -signal.SIGTERM)
    until(site.stopped_cleanly, 0.1 if words else 10)


def test_ctrl_c_reaches_the_application_only_and_stops_the_server_last(site: Site) -> None:
    application = site.application()
    application.ready()
    os.killpg(application.process.pid, signal.SIGINT)  # what a terminal does: the whole foreground group
    assert application.process.wait(30) == -signal.SIGINT
    assert site.stopped_cleanly()


def test_killed_postmaster_is_launched_again_for_its_users(site: Site, ask: Ask, until: Until) -> None:
    with site.server() as server:
        url = server.conninfo()
        killed = site.postmaster()
        acknowledged = write_until_killed(url, lambda: os.kill(killed, signal.SIGKILL), until)
        assert server.start() == url
        assert site.postmaster() != killed
        assert {number for (number,) in ask(url, "SELECT number FROM written")} >= set(acknowledged)
    assert site.stopped_cleanly()


def test_rows_survive_the_kill_of_every_process(site: Site, ask: Ask, until: Until) -> None:
    with site.server() as server:
        url = server.conninfo()
        acknowledged = write_until_killed(url, site.kill_everything, until)
        server.start()
        assert {number for (number,) in ask(url, "SELECT number FROM written")} >= set(acknowledged)
    assert site.stopped_cleanly()


def test_server_that_dies_again_and_again_is_given_up(site: Site, until: Until) -> None:
    def kill_again() -> bool:
        for pid in site.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not site.keepers()

    with site.server() as server:
        until(kill_again)
        server.start()
    assert site.stopped_cleanly()


def test_killed_keeper_leaves_the_server_to_the_last_user(site: Site, ask: Ask) -> None:
    first = site.application()
    url = first.ready()
    os.kill(site.keepers()[0], signal.SIGKILL)
    second = site.application()
    assert second.ready() == url
    first.leave()
    assert ask(url, "SELECT 1") == [(1,)]
    second.leave()
    assert site.stopped_cleanly()


def test_server_left_by_killed_keeper_and_application_is_found_and_stopped(site: Site, until: Until) -> None:
    application = site.application()
    application.ready()
    os.kill(site.keepers()[0], signal.SIGKILL)
    application.end(signal.SIGKILL)
    left = site.postmaster()
    with site.server() as server:
        assert server.status().pid == left
    assert site.stopped_cleanly()


def test_stuck_back_end_of_a_dead_server_is_proven_ours_and_ended(site: Site, ask: Ask, until: Until) -> None:
    server = site.server()
    with psycopg.connect(server.start()) as connection:
        stuck = connection.info.backend_pid
        os.kill(stuck, signal.SIGSTOP)
        for pid in [*site.keepers(), site.postmaster()]:
            os.kill(pid, signal.SIGKILL)
        assert server.start()
        assert stuck not in site.processes()
        connection.close()
    server.stop()
    assert site.stopped_cleanly()


@pytest.mark.parametrize("as_database_user", [True, False])
def test_stale_pid_file_naming_a_foreign_process_that_survives(site: Site, ask: Ask, as_database_user: bool) -> None:
    application = site.application()
    url = application.ready()
    noted = (site.data / "postmaster.pid").read_text().splitlines()
    site.kill_everything()
    application.end(signal.SIGKILL)
    account = account_for(site.data) if as_database_user else None
    with subprocess.Popen(["sleep", "300"], user=account and account.user, group=account and account.group) as foreign:
        (site.data / "postmaster.pid").write_text("\n".join([str(foreign.pid), *noted[1:]]) + "\n")
        lock = site.room / "18" / "run" / ".s.PGSQL.5432.lock"
        lock.write_text("\n".join([str(foreign.pid), *noted[1:5]]) + "\n")
        status = site.server().status()
        assert not status.running
        assert status.remark is not None
        with site.server() as server:
            assert server.conninfo() == url
            assert ask(url, "SELECT 1") == [(1,)]
            assert site.postmaster() != foreign.pid
        assert foreign.poll() is None
        foreign.kill()
    assert site.stopped_cleanly()


@pytest.mark.parametrize("content", ["", "77", "x\ny\nz\n"])
def test_pid_file_cut_off_by_a_crash(site: Site, content: str) -> None:
    (site.data / "postmaster.pid").write_text(content)
    with site.server():
        pass
    assert site.stopped_cleanly()


def test_server_started_by_hand_is_neither_used_nor_signalled(site: Site, until: Until) -> None:
    account = account_for(site.data)
    sockets = site.server()
    sockets.start()
    sockets.stop()
    command = [find_binaries().postgres, "-D", site.data, "-c", "listen_addresses=", "-k", site.room / "18" / "run"]
    with subprocess.Popen(
        command, user=account.user, group=account.group, extra_groups=account.groups, cwd="/", stderr=subprocess.DEVNULL
    ) as by_hand:
        until(lambda: (site.data / "postmaster.pid").exists())
        with pytest.raises(StopOtherServer, match=str(by_hand.pid)):
            site.server().start()
        assert by_hand.poll() is None
        by_hand.send_signal(signal.SIGINT)
        assert by_hand.wait(30) == 0
    with site.server():
        pass


ZOMBIE_PARENT = """
import ctypes, os, signal, sys, time
from pathlib import Path
from headwater.db.embedded import EmbeddedServer
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans become our children, as with process 1 of a container
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
pid, keeper = server.status().pid, int(Path(f"/proc/{server.status().pid}/stat").read_text().split()[3])
os.kill(keeper, signal.SIGKILL)
os.kill(pid, signal.SIGKILL)
while Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
    time.sleep(0.01)
print("zombie", pid, flush=True)
if sys.argv[2] == "itself":
    server.start()
    print("collected" if not Path(f"/proc/{pid}").exists() else "kept", flush=True)
    server.stop()
sys.stdin.read()
"""


@pytest.mark.parametrize("who", ["itself", "another"])
def test_zombie_postmaster_does_not_pass_for_a_server(site: Site, python: str, who: str) -> None:
    with subprocess.Popen(
        [python, "-c", ZOMBIE_PARENT, str(site.home), who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        zombie = int(parent.stdout.readline().split()[1])
        if who == "itself":
            assert parent.stdout.readline() == "collected\n"
        else:
            assert not site.server().status().running
            with site.server() as server:
                assert server.status().pid != zombie
                assert Path(f"/proc/{zombie}").exists()
                parent.communicate()
