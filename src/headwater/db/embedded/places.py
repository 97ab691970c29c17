"""Where everything lives: the folders of one embedded database, and a socket folder short enough to be used."""

import errno
import hashlib
import os
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from headwater.db.embedded.account import Account, account_for, dedicated_account
from headwater.db.embedded.binaries import MAJOR
from headwater.db.embedded.errors import FixFolder, UpgradeData

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# sun_path holds 108 bytes on Linux and 104 on macOS, one of them the closing zero.
SOCKET_PATH_LIMIT = 103 if sys.platform == "darwin" else 107
# Where root's database goes when its home cannot be entered by the dedicated user.
ROOT_STORE = Path("/var/db/headwater" if sys.platform == "darwin" else "/var/lib/headwater")


@dataclass(frozen=True)
class Places:
    """`room` belongs to whoever starts Headwater and holds the locks; what is below `version` to the account."""

    room: Path
    account: Account

    @property
    def version(self) -> Path:
        return self.room / str(MAJOR)

    @property
    def data(self) -> Path:
        return self.version / "data"

    @property
    def log(self) -> Path:
        return self.version / "log"

    @property
    def launch_log(self) -> Path:
        """What PostgreSQL says before its own log is open."""
        return self.room / "launch.log"

    @property
    def users(self) -> Path:
        return self.room / "users"

    @property
    def socket_record(self) -> Path:
        return self.room / "socket_folder"

    def socket_folder(self) -> Path | None:
        """The recorded folder, if it is still ours alone."""
        try:
            folder = Path(self.socket_record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return folder if is_private(folder, self.account.uid) else None

    def settle_socket_folder(self) -> Path:
        """The recorded folder, or a new one that is recorded. Only for whoever is about to launch the server."""
        if (known := self.socket_folder()) is not None:
            return known
        for propose in _socket_folders(self):
            folder = propose()
            if folder is not None and is_private(folder, self.account.uid) and _takes_sockets(folder):
                _write_atomically(self.socket_record, str(folder))
                return folder
        raise FixFolder(f"No folder for the database socket could be made for {self.room}: check the temp folder.")


def settle(home: Path, *, root_store: Path = ROOT_STORE) -> Places:
    """Decide where the database of this home lives and make the folders around it."""
    places = find(home) or _decide(home, root_store)
    _refuse_other_owner(places)
    _refuse_other_major(places.room)
    for folder in (places.version, places.log):
        if not folder.exists():
            _make(folder, 0o700)
            places.account.own(folder)
    if not places.users.exists():
        _make(places.users, 0o755)
    if not places.account.can_traverse(places.version):
        raise FixFolder(f"The database user (uid {places.account.uid}) cannot enter {places.room}: let it through.")
    return places


def find(home: Path) -> Places | None:
    """The database of this home if it has one; nothing is made or changed."""
    home = home.expanduser().resolve()
    elsewhere = _recorded_elsewhere(home)
    room = elsewhere or home / "postgres"
    if elsewhere is None and not (room / str(MAJOR)).exists():
        return None
    return Places(room, account_for(room / str(MAJOR)))


def is_private(folder: Path, uid: int) -> bool:
    """A real folder, owned by `uid`, closed to everybody else."""
    try:
        facts = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == uid and facts.st_mode & 0o777 == 0o700


def _decide(home: Path, root_store: Path) -> Places:
    home = home.expanduser().resolve()
    root = os.geteuid() == 0
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        _make(home, 0o711 if root else 0o700)
    room = home / "postgres"
    account = dedicated_account() if root else account_for(room)
    if not room.exists():
        _make(room, 0o755 if root else 0o700)
    if not root or account.can_traverse(room):
        return Places(room, account)
    return Places(_go_elsewhere(home, root_store), account)


def _go_elsewhere(home: Path, root_store: Path) -> Path:
    """A place of our own for a home the dedicated user cannot enter; the home's mode stays as it is."""
    if not root_store.exists():
        root_store.parent.mkdir(parents=True, exist_ok=True)
        _make(root_store, 0o755)
    elsewhere = root_store / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    if not elsewhere.exists():
        _make(elsewhere, 0o755)
    _write_atomically(home / "postgres" / "elsewhere", str(elsewhere))
    return elsewhere


def _recorded_elsewhere(home: Path) -> Path | None:
    record = home / "postgres" / "elsewhere"
    try:
        elsewhere = Path(record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if not elsewhere.is_dir():
        # Never begin an empty database in silence: a container may have lost the folder, not the home.
        raise FixFolder(
            f"The database of {home} is kept in {elsewhere}, which is gone: bring it back, or delete {record}."
        )
    return elsewhere


def _refuse_other_major(room: Path) -> None:
    here = room / str(MAJOR) / "data" / "PG_VERSION"
    others = [path for path in room.glob("*/data/PG_VERSION") if path.parent.parent.name != str(MAJOR)]
    for path in [here] if here.exists() else others:
        found = path.read_text(encoding="utf-8").strip()
        if found != str(MAJOR):
            raise UpgradeData(
                f"The data in {path.parent} was written by PostgreSQL {found} and this Headwater runs {MAJOR}: "
                f"convert it with pg_upgrade, or dump it with {found} and restore it here."
            )


def _refuse_other_owner(places: Places) -> None:
    for folder in (places.room, places.version):
        if not places.account.dropped and folder.exists() and folder.stat().st_uid != places.account.uid:
            raise FixFolder(
                f"{folder} belongs to uid {folder.stat().st_uid}: run Headwater as that user, or choose another home."
            )


def _socket_folders(places: Places) -> Iterator[Callable[[], Path | None]]:
    yield partial(_own_folder, places.version / "run", places.account)
    name = f"headwater-{hashlib.sha256(os.fsencode(places.room)).hexdigest()[:12]}"
    for base in _runtime_folders(places.account):
        yield partial(_own_folder, base / name, places.account)
    for temp in (tempfile.gettempdir(), "/tmp"):
        yield partial(_temporary_folder, Path(temp), places.account)


def _runtime_folders(account: Account) -> list[Path]:
    if account.dropped:  # root's own runtime folder is closed to the account
        return [Path("/run")]
    named = [os.environ["XDG_RUNTIME_DIR"]] if "XDG_RUNTIME_DIR" in os.environ else []
    return [path for path in map(Path, [*named, f"/run/user/{account.uid}"]) if is_private(path, account.uid)]


def _own_folder(folder: Path, account: Account) -> Path | None:
    if not _addressable(folder) or not account.can_traverse(folder.parent):
        return None
    if not folder.exists() and not folder.is_symlink():
        _make(folder, 0o700)
        account.own(folder)
    return folder


def _temporary_folder(base: Path, account: Account) -> Path | None:
    # A random name nobody can prepare for us, and no lock or file shared with other users of the machine.
    if not _addressable(base / "headwater-12345678") or not base.is_dir() or not account.can_traverse(base):
        return None
    folder = Path(tempfile.mkdtemp(prefix="headwater-", dir=base))
    account.own(folder)
    return folder


def _addressable(folder: Path) -> bool:
    """Short enough for the operating system, and without the comma at which libpq splits lists of hosts."""
    address = os.fsencode(folder / SOCKET_NAME)
    return len(address) <= SOCKET_PATH_LIMIT and b"," not in address


def _takes_sockets(folder: Path) -> bool:
    """Some shared and network file systems hold files but no sockets."""
    probe = folder / ".probe"
    with socket.socket(socket.AF_UNIX) as endpoint:
        try:
            endpoint.bind(str(probe))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:  # left by an attempt that was killed here
                probe.unlink()
                return True
            return False
    probe.unlink()
    return True


def _make(folder: Path, mode: int) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)  # new and ours: independent of the umask


def _write_atomically(target: Path, text: str) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)
