"""What `headwater doctor` shows of the embedded database."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServerStatus:
    """A look from outside; taking it starts, makes and changes nothing."""

    running: bool
    pid: int | None
    version: str | None  # of the programs, for example "18.4"
    data_dir: Path
    socket_dir: Path | None
    log_dir: Path
    users: tuple[int, ...]  # pids of the processes that use the server
    remark: str | None = None  # what is wrong, if something is
