"""The user PostgreSQL runs as: ourselves, or a dedicated one when we are root (PostgreSQL refuses root)."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from headwater.db.embedded.errors import CreateAccount

DEDICATED_USER = "headwater"


@dataclass(frozen=True)
class Account:
    """Whom the server runs as. `user`, `group` and `groups` are what `subprocess` takes."""

    uid: int
    gid: int
    dropped: bool  # we are root and step down to this account in every child

    @property
    def user(self) -> int | None:
        return self.uid if self.dropped else None

    @property
    def group(self) -> int | None:
        return self.gid if self.dropped else None

    @property
    def groups(self) -> list[int] | None:
        return [] if self.dropped else None

    def own(self, path: Path) -> None:
        """Hand a file or folder that we have just made to this account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_traverse(self, folder: Path) -> bool:
        """Whether this account gets through every folder down to `folder`, judged by owner, group and mode."""
        if not self.dropped:
            return os.access(folder, os.X_OK)
        return all(self._may_enter(step) for step in (folder, *folder.parents))

    def _may_enter(self, folder: Path) -> bool:
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & 0o100)
        return bool(facts.st_mode & (0o010 if facts.st_gid == self.gid else 0o001))


def account_for(version_folder: Path) -> Account:
    """The account for this data. As root, data already there keeps its owner: a rebuilt container may number
    its system users differently, and a changed number must not cut us off from the data."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), dropped=False)
    if version_folder.exists():
        facts = version_folder.stat()
        if facts.st_uid != 0:
            return Account(facts.st_uid, facts.st_gid, dropped=True)
    return dedicated_account()


def dedicated_account() -> Account:
    """The system user `headwater`, made when missing."""
    found = _lookup() or _create()
    return Account(found.pw_uid, found.pw_gid, dropped=True)


def _lookup() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(DEDICATED_USER)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    for command in _creation_commands():
        if shutil.which(command[0]):
            subprocess.run(command, capture_output=True, check=False)
            # Judged by the result: another process may have made the user at the same moment.
            if found := _lookup():
                return found
    # initdb looks its own user up by number and ends when it has no name, so a bare number would not do.
    raise CreateAccount(
        f"PostgreSQL does not run as root and the system user {DEDICATED_USER!r} could not be created: "
        f"run `useradd --system {DEDICATED_USER}`, or start Headwater as an ordinary user."
    )


def _creation_commands() -> list[list[str]]:
    return [
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", DEDICATED_USER],
        ["adduser", "--system", "--group", "--no-create-home", DEDICATED_USER],
        ["adduser", "-S", "-D", "-H", DEDICATED_USER],
    ]  # fmt: skip
