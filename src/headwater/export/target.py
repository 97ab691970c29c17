"""The place where a file will appear: checked before any work, filled beside it, put there whole or not at all."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headwater.kit.errors import BadInput, HeadwaterError

# Errors that the caller can not mend by writing another path: the machine has no room or no life.
_NOT_THE_CALLERS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE})


class WritingStopped(HeadwaterError):
    """The machine has no room for the file; nothing is at its place that was not there before."""


def write_error(path: Path, error: OSError) -> HeadwaterError:
    """Say in one sentence why ``path`` can not be written; nothing is at the target that was not there before."""
    reason = error.strerror or str(error)
    if error.errno in _NOT_THE_CALLERS:
        return WritingStopped(
            f"Writing {path} stopped: {reason}. Free some space or choose another disk; nothing was left."
        )
    return BadInput(f"{path} can not be written: {reason}. Choose a folder that you may write to.")


def check_place(path: Path) -> Path:
    """Raise if ``path`` can not become a file, else give the real file behind it; leaves no trace."""
    with _translated(path):
        present = _is_there(path)
        # A link keeps pointing where it points; the file behind it is replaced.
        real = path.resolve() if path.is_symlink() else path
        if not real.parent.is_dir():
            raise BadInput(f"The folder {real.parent} does not exist; create it or choose another one.")
        if present and not os.access(real, os.W_OK):
            raise BadInput(f"{path} is write-protected; choose another name or lift the protection.")
        # Only trying tells: permissions lie for administrators, read-only mounts and full disks.
        part = _part_beside(real)
        try:
            part.write_bytes(b"\0" * 4096)
        finally:
            part.unlink()
        return real


def _is_there(path: Path) -> bool:
    """Whether there is a file to replace. A device or a pipe is refused: a file would take its place."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISDIR(mode):
        raise BadInput(f"{path} is a folder; add a file name.")
    if not stat.S_ISREG(mode):
        raise BadInput(f"{path} is a device or a pipe and not a file; choose another name.")
    return True


class Target:
    """A temporary sibling of ``path`` that takes its place when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = check_place(path)
        with _translated(self.path):
            self.part = _part_beside(self.path)

    def commit(self) -> None:
        """Put the part in place: on disk first, then renamed, so that a crash leaves the old file or the new one."""
        with _translated(self.path):
            with self.part.open("r+b") as done:
                os.fsync(done.fileno())
            self.part.replace(self.path)

    def drop(self) -> None:
        self.part.unlink(missing_ok=True)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


def _part_beside(path: Path) -> Path:
    """Create an empty hidden file on the target's own file system, with the permissions a new file gets."""
    part = path.parent / f".headwater-{secrets.token_hex(6)}.part"
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return part
