"""Start, attach, share, leave, stop."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from headwater.db.embedded import EmbeddedError, EmbeddedServer, find_binaries

if TYPE_CHECKING:
    from tests.db.embedded.conftest import Site

Ask = Callable[[str, str], list[tuple[object, ...]]]


def test_first_start_makes_a_database_with_our_settings(fresh: Site, ask: Ask) -> None:
    said: list[str] = []
    with fresh.server(said.append) as server:
        url = server.conninfo()
        settings = dict(ask(url, "SELECT name, setting FROM pg_settings"))
        encoding, locale, name = ask(
            url,
            "SELECT pg_encoding_to_char(encoding), datlocale, datname FROM pg_database WHERE datname = 'headwater'",
        )[0]
    assert (encoding, locale, name) == ("UTF8", "C.UTF-8", "headwater")
    assert settings["listen_addresses"] == ""
    assert settings["max_wal_size"] == "1024"
    assert settings["max_connections"] == "100"
    assert settings["idle_in_transaction_session_timeout"] == "60000"
    assert (settings["fsync"], settings["synchronous_commit"], settings["autovacuum"]) == ("on", "on", "on")
    assert (settings["logging_collector"], settings["log_rotation_age"]) == ("on", "1440")
    assert 128 <= int(settings["shared_buffers"]) * 8 // 1024 <= 256
    assert said[0] == f"Creating the database in {fresh.data}"


def test_server_never_runs_as_root_and_its_folders_are_closed(site: Site) -> None:
    with site.server() as server:
        status = server.status()
        assert status.pid is not None
        owner = Path(f"/proc/{status.pid}").stat().st_uid
    assert status.socket_dir is not None
    for folder in (status.data_dir, status.socket_dir):
        facts = folder.stat()
        assert facts.st_uid == owner
        assert stat.S_IMODE(facts.st_mode) == 0o700
    assert owner != 0


def test_second_process_attaches_and_the_last_one_stops_the_server(site: Site, ask: Ask) -> None:
    first = site.application()
    url = first.ready()
    postmaster = site.postmaster()
    second = site.application()
    assert second.ready() == url
    assert site.server().status().users == tuple(sorted([first.process.pid, second.process.pid]))

    first.leave()
    assert site.postmaster() == postmaster
    assert ask(url, "SELECT 1") == [(1,)]
    second.leave()
    assert site.stopped_cleanly()


def test_many_processes_starting_at_once_share_one_server(fresh: Site) -> None:
    applications = [fresh.application() for _ in range(5)]
    assert len({application.ready() for application in applications}) == 1
    assert sum("postgres -D" in title for title in fresh.processes().values()) == 1
    for application in applications:
        application.leave()
    assert fresh.stopped_cleanly()


def test_coming_and_going_never_meets_a_half_stopped_server(site: Site, ask: Ask) -> None:
    for _ in range(4):
        applications = [site.application() for _ in range(2)]
        for application in applications:
            application.ready()
            application.leave()
    assert site.stopped_cleanly()


def test_two_uses_in_one_process_count_twice(site: Site, ask: Ask) -> None:
    first, second = site.server(), site.server()
    url = first.start()
    assert second.start() == url
    first.stop()
    assert ask(url, "SELECT 1") == [(1,)]
    second.stop()
    assert site.stopped_cleanly()


def test_start_and_stop_may_be_repeated(site: Site) -> None:
    server = site.server()
    server.stop()
    assert server.start() == server.start()
    assert server.status().users == (os.getpid(),)
    server.stop()
    server.stop()
    assert site.stopped_cleanly()
    server.start()
    server.stop()
    assert site.stopped_cleanly()


def test_status_of_a_home_without_a_database_makes_nothing(fresh: Site) -> None:
    status = fresh.server().status()
    assert (status.running, status.pid, status.users) == (False, None, ())
    assert not fresh.home.exists()


def test_status_tells_running_from_stopped(site: Site) -> None:
    server = site.server()
    assert not server.status().running
    with server:
        status = server.status()
    assert (status.running, status.version) == (True, find_binaries().version())
    assert status.data_dir == site.data
    assert not server.status().running


def test_address_before_start_is_refused(fresh: Site) -> None:
    with pytest.raises(EmbeddedError, match="was not started"):
        fresh.server().conninfo()


def test_environment_of_the_caller_does_not_steer_the_server(site: Site, ask: Ask) -> None:
    application = site.application(
        environment={"PGDATA": "/nonexistent", "PGPORT": "9", "PGHOST": "nowhere", "LC_ALL": "nowhere.UTF-8"}
    )
    assert ask(application.ready(), "SHOW port") == [("5432",)]
    application.leave()


def test_full_server_is_reported_as_running_to_a_newcomer(site: Site) -> None:
    with site.server() as server, ExitStack() as held:
        for _ in range(100):
            held.enter_context(psycopg.connect(server.conninfo()))
        newcomer = site.application()
        assert "too many clients" in newcomer.read("progress ")
        held.close()
        newcomer.ready()
        newcomer.leave()


async def test_asynchronous_connection(site: Site) -> None:
    with EmbeddedServer(site.home) as server:
        async with await psycopg.AsyncConnection.connect(server.conninfo()) as connection:
            cursor = await connection.execute("SELECT 1")
            assert await cursor.fetchone() == (1,)
