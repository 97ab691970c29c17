"""What a reply to RCPT says of the mailbox: a table of small questions, the first that is answered yes decides.

Only here a mailbox can be said not to exist, and only where the server says that of the mailbox: by a status of RFC
3463 that means it, or in words. Everything that speaks of us, of now or of nothing in particular is not "no".
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from headwater.records import SmtpReply
from headwater.verification.smtp import words

_ACCEPTED = frozenset((250, 251))
# Bad mailbox, bad system, bad syntax, moved (RFC 3463 §3.2), null MX or Exchange's "recipient not found" (5.1.10), and
# a mailbox that is disabled (§3.3). 5.1.7 and 5.1.8 are the sender's; 5.1.4 says that there are several.
_GONE = frozenset(("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"))
_OF_SENDER = frozenset(("5.1.7", "5.1.8"))


class Answer(StrEnum):
    ACCEPTED = "accepted"
    NO_SUCH_USER = "no_such_user"
    FULL = "full"
    BLOCKED = "blocked"
    DEFERRED = "deferred"
    ENOUGH = "enough"  # this session or this many connections; another session may be answered
    BROKEN = "broken"  # no reply
    UNDETERMINED = "undetermined"


class Heard(NamedTuple):
    """A reply prepared for the questions."""

    code: int
    enhanced: str
    text: str

    @property
    def subject(self) -> str:
        """The last two parts of the status: "2.2" of both 4.2.2 and 5.2.2."""
        return self.enhanced.partition(".")[2]

    @property
    def of_policy(self) -> bool:
        return self.subject.startswith("7.")


def judge(reply: SmtpReply) -> Answer:
    """Judge the reply to a RCPT."""
    if reply.code is None:
        return Answer.BROKEN
    if reply.code in _ACCEPTED:
        return Answer.ACCEPTED
    heard = Heard(reply.code, reply.enhanced or "", words.fold(reply.text))
    return next(answer for answer, applies in _TABLE if applies(heard))


def _is_full(heard: Heard) -> bool:
    if heard.subject == "2.2":
        return True
    if heard.of_policy or words.speaks_of_policy(heard.text):
        return False
    bare_552 = heard.code == 552 and not heard.enhanced  # RFC 5321 §4.2.3: "exceeded storage allocation"
    return heard.code >= 400 and (bare_552 or words.says_full(heard.text))


def _is_enough(heard: Heard) -> bool:
    return heard.code == 421 or (heard.code >= 400 and heard.subject == "5.3") or "too many recipients" in heard.text


def _is_gone(heard: Heard) -> bool:
    """By its status; words of policy beside it win, unless the text names an unknown user too."""
    if heard.enhanced not in _GONE:
        return False
    return words.names_unknown_user(heard.text) or not words.speaks_of_policy(heard.text)


def _is_edge_blocked(heard: Heard) -> bool:
    """Microsoft's directory-based edge blocking, the way in which its tenants say "no such user"."""
    return heard.enhanced == "5.4.1" and "access denied" in heard.text and "recipient" in heard.text


def _is_unknown_in_words(heard: Heard) -> bool:
    return words.names_unknown_user(heard.text) and not words.speaks_of_policy(heard.text)


_TABLE: tuple[tuple[Answer, Callable[[Heard], bool]], ...] = (
    (Answer.ENOUGH, _is_enough),
    (Answer.FULL, _is_full),
    (Answer.DEFERRED, lambda heard: 400 <= heard.code < 500),
    (Answer.UNDETERMINED, lambda heard: heard.code < 500 or words.says_too_often(heard.text)),
    (Answer.BLOCKED, lambda heard: heard.enhanced in _OF_SENDER or words.speaks_of_sender(heard.text)),
    (Answer.NO_SUCH_USER, _is_edge_blocked),
    (Answer.NO_SUCH_USER, _is_gone),
    (Answer.NO_SUCH_USER, _is_unknown_in_words),
    (Answer.BLOCKED, lambda heard: heard.of_policy or words.speaks_of_policy(heard.text)),
    (Answer.UNDETERMINED, lambda heard: True),
)
