"""What can go wrong with the embedded database, named by what the caller has to do about it."""

from headwater.kit.errors import Unavailable


class EmbeddedError(Unavailable):
    """The embedded PostgreSQL cannot serve; the message is one sentence for a person."""


class UseOwnDatabase(EmbeddedError):
    """This machine cannot run the embedded server: set HEADWATER_DATABASE_URL to a PostgreSQL of your own."""


class CreateAccount(EmbeddedError):
    """PostgreSQL needs an ordinary system user which does not exist and could not be made."""


class FixFolder(EmbeddedError):
    """A folder is missing, unreachable or belongs to somebody else."""


class StopOtherServer(EmbeddedError):
    """A PostgreSQL that Headwater did not start works on our data; we neither signal it nor start beside it."""


class UpgradeData(EmbeddedError):
    """The data folder was written by another major version of PostgreSQL."""


class ReadServerLog(EmbeddedError):
    """PostgreSQL ended instead of serving, for a reason only its log can tell."""

    def __init__(self, message: str, log_lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.log_lines = log_lines


class FreeDiskSpace(ReadServerLog):
    """The disk is full: make room and start again, nothing acknowledged is lost."""


class RestoreBackup(ReadServerLog):
    """The data files are damaged: restore the last backup."""
