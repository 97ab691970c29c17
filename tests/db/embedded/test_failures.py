"""What cannot work says why at once; what only takes long is waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg
import pytest

from headwater.db.embedded import FreeDiskSpace, ReadServerLog, RestoreBackup, UpgradeData

if TYPE_CHECKING:
    from tests.db.embedded.conftest import Site

Ask = Callable[[str, str], list[tuple[object, ...]]]
Until = Callable[..., None]


def test_interrupted_creation_is_begun_anew(fresh: Site, ask: Ask, until: Until) -> None:
    application = fresh.application()
    draft = fresh.room / "18" / "data.new"
    until((draft / "base").exists)
    application.end(signal.SIGKILL)
    assert not fresh.data.exists()
    with fresh.server() as server:
        assert ask(server.conninfo(), "SELECT 1") == [(1,)]
    assert not draft.exists()


def test_ctrl_c_during_creation_leaves_nothing_running(fresh: Site, until: Until) -> None:
    application = fresh.application()
    until((fresh.room / "18" / "data.new" / "base").exists)
    os.killpg(application.process.pid, signal.SIGINT)
    assert application.process.wait(30) == -signal.SIGINT
    until(lambda: not fresh.processes(fresh.room / "18" / "data.new"))
    with fresh.server():
        pass
    assert fresh.stopped_cleanly()


def test_stop_from_a_signal_handler_in_the_middle_of_start_does_not_lock_itself_out(fresh: Site, until: Until) -> None:
    application = fresh.application("stopping-handler")
    until((fresh.room / "18" / "data.new" / "base").exists)
    assert application.end(signal.SIGTERM) == 143
    with fresh.server():
        pass
    assert fresh.stopped_cleanly()


def test_data_of_another_major_version_is_refused(site: Site) -> None:
    with site.spoiling(site.data / "PG_VERSION"):
        (site.data / "PG_VERSION").write_text("16\n")
        with pytest.raises(UpgradeData, match=r"PostgreSQL 16 .* runs 18: convert it with pg_upgrade"):
            site.server().start()


def test_database_of_an_older_headwater_is_not_passed_over_for_an_empty_one(site: Site) -> None:
    with site.spoiling(site.data / "PG_VERSION"):
        (site.data / "PG_VERSION").write_text("17\n")
        older = site.data.parent.rename(site.room / "17")
        with pytest.raises(UpgradeData, match="PostgreSQL 17"):
            site.server().start()
        assert not (site.room / "18").exists()
        older.rename(site.data.parent)


def test_damaged_control_file_is_told_at_once(site: Site) -> None:
    control = site.data / "global" / "pg_control"
    with site.spoiling(control):
        content = bytearray(control.read_bytes())
        content[100:140] = bytes(value ^ 0xFF for value in content[100:140])
        control.write_bytes(content)
        began = time.monotonic()
        with pytest.raises(RestoreBackup, match=r"damaged \(incorrect checksum in control file\): restore") as caught:
            site.server().start()
        assert time.monotonic() - began < 10
        assert caught.value.log_lines
        assert not site.keepers()


def test_lost_log_files_are_told_as_damage(site: Site) -> None:
    segments = list((site.data / "pg_wal").glob("0000*"))
    with site.spoiling(*segments):
        for segment in segments:
            segment.unlink()
        with pytest.raises(RestoreBackup, match="could not locate a valid checkpoint record"):
            site.server().start()


def test_setting_the_server_refuses_is_quoted(site: Site) -> None:
    settings = site.data / "postgresql.conf"
    with site.spoiling(settings):
        settings.write_text(settings.read_text() + "shared_buffers = 'plenty'\n")
        with pytest.raises(ReadServerLog, match='invalid value for parameter "shared_buffers": "plenty"'):
            site.server().start()
        assert not site.keepers()


def test_failure_met_by_two_processes_is_told_to_both(site: Site) -> None:
    control = site.data / "global" / "pg_control"
    with site.spoiling(control):
        control.unlink()
        applications = [site.application() for _ in range(2)]
        for application in applications:
            application.read("RestoreBackup ")
            assert application.process.wait(30) == 3


@pytest.mark.parametrize("size", ["20m", "40m"], ids=["for initdb", "for our database"])
def test_full_disk_is_told(fresh: Site, until: Until, size: str) -> None:
    fresh.home.mkdir()
    options = f"size={size},mode=755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(fresh.home)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("may not mount a small file system here")
    try:
        with pytest.raises(FreeDiskSpace, match=r"^The disk .*is full"):
            fresh.server().start()
        until(lambda: not fresh.processes() and not fresh.keepers())
    finally:
        subprocess.run(["umount", str(fresh.home)], check=True)


def test_recovery_is_waited_for_and_shown(site: Site, ask: Ask) -> None:
    said: list[str] = []
    server = site.server(said.append)
    with psycopg.connect(server.start(), autocommit=True) as connection:
        # Recovery works through the log since the last checkpoint: put checkpoints off and write a good deal.
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        connection.execute("ALTER SYSTEM SET checkpoint_timeout = '1h'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE TABLE bulk AS SELECT n, md5(n::text) AS hash FROM generate_series(1, 100) n")
        connection.execute("CREATE INDEX ON bulk (hash)")
        connection.execute("INSERT INTO bulk SELECT n, md5(n::text) FROM generate_series(101, 700000) n")
        site.kill_everything()
    server.start()
    assert ask(server.conninfo(), "SELECT count(*) FROM bulk") == [(700000,)]
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("DROP TABLE bulk")
        connection.execute("ALTER SYSTEM RESET ALL")
    server.stop()
    assert any(text.startswith("PostgreSQL is replaying its log: ") and " s, at 0/" in text for text in said), said
    assert site.stopped_cleanly()


def test_application_killed_during_recovery_leaves_data_and_order(site: Site, ask: Ask, until: Until) -> None:
    server = site.server()
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT n FROM generate_series(1, 300000) n")
        site.kill_everything()
    server.stop()
    application = site.application()
    until(site.keepers)
    application.end(signal.SIGKILL)
    until(lambda: not site.processes() and not site.keepers())
    with site.server() as server:
        assert ask(server.conninfo(), "SELECT count(*) FROM kept") == [(300000,)]
    assert site.stopped_cleanly()


def test_user_without_a_name_is_told_what_initdb_lacks(fresh: Site, ordinary: tuple[int, int, str]) -> None:
    fresh.folder.chmod(0o777)
    nameless = fresh.application(uid=54321, python=ordinary[2])
    assert "User 54321 has no name" in nameless.read("FixFolder ")
