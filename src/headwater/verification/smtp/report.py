"""What came out of asking for one mailbox."""

from dataclasses import dataclass
from enum import StrEnum

from headwater.records import SmtpReply

# Seconds after each deferral until the same identity asks again: past the 4 to 5 minutes that greylists usually want
# (postgrey: 5), then past the 30 minutes of RFC 5321 §4.5.4.1, then rarely. After the last one it stays unknown.
RETRY_SCHEDULE = (6 * 60.0, 35 * 60.0, 2 * 3600.0, 6 * 3600.0)


class MailboxState(StrEnum):
    """The first five are said of a mailbox by its own server; nothing else may call an address invalid or valid."""

    EXISTS = "exists"  # accepted; see ``catch_all`` for what that is worth
    NO_SUCH_USER = "no_such_user"
    FULL = "full"
    ACCEPT_ALL = "accept_all"  # accepted, as is every name
    BLOCKED = "blocked"  # policy, about whoever asks
    DEFERRED = "deferred"  # not now
    UNREACHABLE = "unreachable"
    UNVERIFIABLE = "unverifiable"  # its operator hides by design who exists
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class MailboxReport:
    """One mailbox: ``smtp`` is the deciding reply, ``catch_all`` None where nobody knows, ``text`` one sentence."""

    state: MailboxState
    catch_all: bool | None = None
    smtp: SmtpReply | None = None
    host: str | None = None
    operator: str | None = None
    retry_after: float | None = None
    text: str = ""


def retry_after(deferrals: int) -> float | None:
    """Seconds to wait after that many deferrals in a row (1 is the first); None when it is time to give up."""
    return RETRY_SCHEDULE[deferrals - 1] if 1 <= deferrals <= len(RETRY_SCHEDULE) else None
