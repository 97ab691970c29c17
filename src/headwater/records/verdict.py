"""Evidence about a value, judged. An unknown is a value of its own, never "invalid"."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    RISKY = "risky"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """One named part of a score: every point has one."""

    code: str
    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Flags:
    """Every flag is always present: true, false, or None for "could not tell"."""

    disposable: bool | None = None
    role: bool | None = None
    free: bool | None = None
    catch_all: bool | None = None
    null_mx: bool | None = None
    alias_service: bool | None = None
    trap_risk: bool | None = None


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """What a mail server said, and to which command: ``phase`` is connect, ehlo, starttls, mail, rcpt or data.

    ``code`` is the reply code of RFC 5321, ``enhanced`` the status of RFC 3463 such as ``5.1.1``; both are None where
    the connection broke before the server spoke.
    """

    phase: str
    code: int | None
    enhanced: str | None
    text: str


@dataclass(frozen=True, slots=True)
class EmailVerdict:
    """What is known of one address. ``level`` is the deepest level that gave evidence: syntax, domain, mx, smtp.

    ``mx_operator`` names who runs the mail hosts where that is known by their names; ``smtp`` is the deciding reply.
    """

    address: str
    normalized: str | None
    status: Status
    sub_status: str
    score: int
    level: str
    checked_at: datetime
    reasons: tuple[Reason, ...] = ()
    flags: Flags = field(default_factory=Flags)
    mx: tuple[str, ...] = ()
    did_you_mean: str | None = None
    mx_operator: str | None = None
    smtp: SmtpReply | None = None


@dataclass(frozen=True, slots=True)
class PhoneVerdict:
    """What is known of one number. ``level`` is numbering-plan, or line where somebody asked the network about it.

    ``carrier`` is who was given the range (``carrier_basis`` original_allocation; see ``portable``) until a check of
    the line names who serves it today (live). ``line`` is active, inactive or unknown, None before anybody asked.
    """

    raw: str
    e164: str | None
    status: Status
    sub_status: str
    score: int
    checked_at: datetime
    type: str | None = None
    region: str | None = None
    country: str | None = None
    carrier: str | None = None
    carrier_basis: str | None = None
    portable: bool | None = None
    location: str | None = None
    time_zones: tuple[str, ...] = ()
    extension: str | None = None
    reserved: bool = False
    reasons: tuple[Reason, ...] = ()
    line: str | None = None
    level: str = "numbering-plan"
