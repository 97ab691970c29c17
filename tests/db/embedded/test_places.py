"""Folders: closed parents stay closed, long paths work, nobody else's folder is trusted."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headwater.db.embedded import EmbeddedServer, FixFolder, find_binaries
from headwater.db.embedded.account import Account, dedicated_account
from headwater.db.embedded.binaries import Binaries, runnable_by
from headwater.db.embedded.places import ROOT_STORE, _addressable, find, settle

if TYPE_CHECKING:
    from tests.db.embedded.conftest import Site

Ask = Callable[[str, str], list[tuple[object, ...]]]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to the dedicated user")


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


@pytest.fixture
def closed(fresh: Site) -> Iterator[Path]:
    """A home under a folder that only root may enter; what was kept elsewhere for it is removed afterwards."""
    fresh.folder.chmod(0o700)
    yield fresh.home
    record = fresh.room / "elsewhere"
    if record.exists():
        elsewhere = Path(record.read_text())
        assert not fresh.processes(elsewhere / "18" / "data")
        shutil.rmtree(elsewhere)


@as_root
def test_home_under_a_closed_folder_keeps_its_data_elsewhere(closed: Path, ask: Ask) -> None:
    said: list[str] = []
    with EmbeddedServer(closed, progress=said.append) as server:
        ask(server.conninfo(), "SELECT 1")
        data = server.status().data_dir
    assert data.is_relative_to(ROOT_STORE)
    assert mode(closed.parent) == 0o700
    assert mode(data) == 0o700
    assert "may not enter" in said[0]

    closed.parent.chmod(0o755)  # opened later: the data stays where it was recorded
    with EmbeddedServer(closed) as server:
        assert server.status().data_dir == data
    assert mode(closed.parent) == 0o755


@as_root
def test_data_kept_elsewhere_and_lost_is_not_replaced_by_an_empty_database(closed: Path) -> None:
    elsewhere = settle(closed).room
    shutil.rmtree(elsewhere)
    with pytest.raises(FixFolder, match="which is gone"):
        EmbeddedServer(closed).start()
    (closed / "postgres" / "elsewhere").unlink()


@as_root
def test_home_closed_later_is_reported_and_left_closed(site: Site) -> None:
    site.home.chmod(0o700)
    with pytest.raises(FixFolder, match="cannot enter"):
        site.server().start()
    assert mode(site.home) == 0o700
    site.home.chmod(0o755)


def test_long_home_gets_a_short_socket_folder(fresh: Site, ask: Ask) -> None:
    home = fresh.folder / ("deep" * 30) / ("deeper" * 20)
    with EmbeddedServer(home) as server:
        assert ask(server.conninfo(), "SELECT 1") == [(1,)]
        sockets = server.status().socket_dir
        assert sockets is not None
        assert not sockets.is_relative_to(home)
        assert mode(sockets) == 0o700
        assert sockets.stat().st_uid == home.joinpath("postgres/18/data").stat().st_uid
    with EmbeddedServer(home) as server:
        assert server.status().socket_dir == sockets
    shutil.rmtree(sockets)


def test_home_with_blanks_quotes_and_foreign_letters(fresh: Site, ask: Ask) -> None:
    home = fresh.folder / 'it\'s a "home" naïve 水'
    with EmbeddedServer(home) as server:
        assert ask(server.conninfo(), "SELECT 1") == [(1,)]
        server.stop()
        server.start()
        assert ask(server.conninfo(), "SELECT 1") == [(1,)]


def test_home_behind_a_symbolic_link_is_the_same_home(site: Site, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(site.home)
    with site.server() as server, EmbeddedServer(link) as same:
        assert same.conninfo() == server.conninfo()


@pytest.mark.parametrize("spoil", ["opened", "replaced", "removed"])
def test_spoilt_socket_folder_is_not_used_again(site: Site, ask: Ask, tmp_path: Path, spoil: str) -> None:
    record = site.room / "socket_folder"
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir(mode=0o777)
    if spoil == "replaced":
        spoilt.rename(tmp_path / "target")
        spoilt.symlink_to(tmp_path / "target")
    elif spoil == "removed":
        spoilt.rmdir()
    record.write_text(str(spoilt))
    with site.server() as server:
        assert ask(server.conninfo(), "SELECT 1") == [(1,)]
        assert server.status().socket_dir != spoilt


def test_socket_folder_removed_under_a_running_server_is_told(site: Site, until: Callable[..., None]) -> None:
    with site.server() as server:
        sockets = server.status().socket_dir
        assert sockets is not None
        shutil.rmtree(sockets)
        with pytest.raises(FixFolder, match="removed under the running server"):
            server.start()
    until(site.stopped_cleanly)


@as_root
def test_programs_under_a_closed_folder_are_copied_once(fresh: Site) -> None:
    source, store = fresh.folder / "closed" / "site-packages", fresh.folder / "store"
    source.mkdir(parents=True)
    store.mkdir()
    store.chmod(0o755)
    installed = find_binaries().install
    package = source / installed.parent.name
    package.mkdir()
    subprocess.run(["cp", "-a", str(installed), str(package)], check=True)
    subprocess.run(["cp", "-a", f"{installed.parent}.libs", str(source)], check=True)
    source.parent.chmod(0o700)
    closed, account = Binaries(package / installed.name), dedicated_account()

    copied = runnable_by(account, closed, store)
    assert copied.install.is_relative_to(store)
    assert copied.version(account) == find_binaries().version()
    subprocess.run([copied.initdb, "--version"], user=account.uid, group=account.gid, extra_groups=[], check=True)
    made = copied.postgres.stat().st_ino
    assert runnable_by(account, closed, store).postgres.stat().st_ino == made
    assert mode(source.parent) == 0o700
    assert list(store.glob(".copying-*")) == []


def test_programs_that_can_be_run_are_not_copied(fresh: Site) -> None:
    ourselves = Account(os.geteuid(), os.getegid(), dropped=False)
    found = find_binaries()
    assert runnable_by(ourselves, found, fresh.folder / "never") == found


def test_ordinary_users_run_a_server_each(fresh: Site, ordinary: tuple[int, int, str]) -> None:
    *uids, python = ordinary
    fresh.folder.chmod(0o777)
    homes = [fresh.folder / "short", fresh.folder / ("long" * 40)]
    applications = [fresh.application(uid=uid, python=python, home=home) for uid, home in zip(uids, homes, strict=True)]
    for application in applications:
        application.ready()
    for uid, home, application in zip(uids, homes, applications, strict=True):
        postmaster = int((home / "postgres/18/data/postmaster.pid").read_text().split()[0])
        assert Path(f"/proc/{postmaster}").stat().st_uid == uid
        sockets = Path((home / "postgres/socket_folder").read_text())
        assert (mode(home), mode(sockets), sockets.stat().st_uid) == (0o700, 0o700, uid)
        application.leave()
        assert not fresh.processes(home / "postgres/18/data")
        shutil.rmtree(sockets)


def test_home_of_another_user_is_refused(site: Site, ordinary: tuple[int, int, str]) -> None:
    uid, _, python = ordinary
    stranger = site.application(uid=uid, python=python)
    assert "belongs to uid" in stranger.read("FixFolder ")


def test_root_runs_an_ordinary_users_database_as_that_user(
    fresh: Site, ordinary: tuple[int, int, str], ask: Ask
) -> None:
    uid, _, python = ordinary
    fresh.folder.chmod(0o777)
    application = fresh.application(uid=uid, python=python)
    application.ready()
    application.leave()
    with fresh.server() as server:
        pid = server.status().pid
        assert Path(f"/proc/{pid}").stat().st_uid == uid
        together = fresh.application(uid=uid, python=python)
        assert together.ready() == server.conninfo()
        together.leave()
        assert ask(server.conninfo(), "SELECT 1") == [(1,)]
    assert fresh.stopped_cleanly()


def test_home_that_cannot_be_made_is_told_in_one_sentence(fresh: Site) -> None:
    (fresh.folder / "file").write_text("")
    with pytest.raises(FixFolder, match="cannot use"):
        EmbeddedServer(fresh.folder / "file" / "home").start()


def test_comma_is_kept_from_libpq_which_would_split_there() -> None:
    assert _addressable(Path("/run/headwater"))
    assert not _addressable(Path("/run/head,water"))


def test_finding_makes_nothing(fresh: Site) -> None:
    assert find(fresh.home) is None
    assert not fresh.home.exists()
