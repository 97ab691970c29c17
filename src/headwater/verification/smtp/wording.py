"""Replies to reports: which state, when to come again, and the sentence a person reads."""

from headwater.records import SmtpReply
from headwater.verification.smtp.classify import Answer
from headwater.verification.smtp.operators import operator_of
from headwater.verification.smtp.report import RETRY_SCHEDULE, MailboxReport, MailboxState

_AT_RCPT = {
    Answer.NO_SUCH_USER: (MailboxState.NO_SUCH_USER, "The mail server says that there is no such mailbox"),
    Answer.FULL: (MailboxState.FULL, "The mail server says that the mailbox is full"),
    Answer.BLOCKED: (
        MailboxState.BLOCKED,
        "The mail server refuses by a policy that says nothing of the mailbox",
    ),
    Answer.DEFERRED: (MailboxState.DEFERRED, "The mail server wants to be asked again later"),
    Answer.ENOUGH: (MailboxState.DEFERRED, "The mail server wants to be asked again later"),
    Answer.BROKEN: (MailboxState.UNDETERMINED, "The mail server did not answer to the question for the mailbox"),
    Answer.UNDETERMINED: (
        MailboxState.UNDETERMINED,
        "The mail server gave no reason that is about the mailbox",
    ),
}
_ACCEPTED = {
    True: (MailboxState.ACCEPT_ALL, "The mail server accepts every name of this domain, so that nobody can tell"),
    False: (MailboxState.EXISTS, "The mail server accepts the mailbox and refuses a made-up one"),
    None: (MailboxState.EXISTS, "The mail server accepts the mailbox; whether it refuses made-up ones is not known"),
}
_PHASES = {"connect": "as we connected", "ehlo": "our greeting", "starttls": "TLS", "mail": "our sender", "rcpt": "us"}


def accepted(reply: SmtpReply, host: str, catch_all: bool | None) -> MailboxReport:
    state, text = _ACCEPTED[catch_all]
    return _report(state, text, reply, host, catch_all)


def at_rcpt(answer: Answer, reply: SmtpReply, host: str, catch_all: bool | None) -> MailboxReport:
    state, text = _AT_RCPT[answer]
    return _report(state, text, reply, host, catch_all)


def before_rcpt(reply: SmtpReply, host: str | None, catch_all: bool | None) -> MailboxReport:
    """No mailbox was asked for: this is about us, or about the way there."""
    state, text = _about_us(reply)
    return _report(state, text, reply, host, catch_all)


def _about_us(reply: SmtpReply) -> tuple[MailboxState, str]:
    where = _PHASES[reply.phase]
    if reply.code is None:
        return MailboxState.UNREACHABLE, f"No mail server could be asked: {reply.text.rstrip('.')}"
    if 400 <= reply.code < 500:
        return MailboxState.DEFERRED, f"The mail server put us off ({where})"
    if reply.code == 521:  # RFC 7504: no mail is taken at this host
        return MailboxState.UNREACHABLE, "The mail host says that it takes no mail"
    if reply.code >= 500:
        return MailboxState.BLOCKED, f"The mail server refused us ({where}), which says nothing of the mailbox"
    return MailboxState.UNDETERMINED, f"The mail server gave an answer that is not understood ({where})"


def no_utf8(host: str) -> MailboxReport:
    text = "The mail server does not offer to take addresses beyond ASCII, so that this one was not asked for."
    return MailboxReport(MailboxState.UNDETERMINED, host=host, operator=operator_name(host), text=text)


def out_of_step(reply: SmtpReply, host: str, catch_all: bool | None) -> MailboxReport:
    text = "The mail server's answers do not fit the questions, so that none of them counts."
    return MailboxReport(MailboxState.UNDETERMINED, catch_all, reply, host, operator_name(host), None, text)


def unaskable() -> MailboxReport:
    return MailboxReport(MailboxState.UNDETERMINED, text="This is no address that a mail server can be asked for.")


def no_host() -> MailboxReport:
    return MailboxReport(MailboxState.UNREACHABLE, text="No mail host is known for the domain.")


def unverifiable(host: str) -> MailboxReport:
    text = "The operator of the mailbox answers the same for every name, by design; its server was not asked."
    return MailboxReport(MailboxState.UNVERIFIABLE, host=host, operator=operator_name(host), text=text)


def operator_name(host: str | None) -> str | None:
    operator = operator_of(host) if host else None
    return operator.name if operator else None


def _report(
    state: MailboxState, text: str, reply: SmtpReply, host: str | None, catch_all: bool | None
) -> MailboxReport:
    said = " ".join(str(part) for part in (reply.code, reply.enhanced) if part)
    again = RETRY_SCHEDULE[0] if state is MailboxState.DEFERRED or reply.code is None else None
    sentence = f"{text} ({said})." if said else f"{text}."
    return MailboxReport(state, catch_all, reply, host, operator_name(host), again, sentence)
