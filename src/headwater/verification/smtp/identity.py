"""Who asks: without a name that answers for us no mail server is contacted."""

from dataclasses import dataclass

from headwater.kit.errors import BadInput
from headwater.verification.known_names import FREE
from headwater.verification.syntax import check_syntax


@dataclass(frozen=True, slots=True)
class Identity:
    """The name said in EHLO and the mailbox said in MAIL FROM, which somebody reads."""

    helo: str
    mail_from: str

    @classmethod
    def of(cls, helo: str, mail_from: str) -> "Identity":
        """Check both; borrowed names get the sender's address listed, so they are refused."""
        return cls(_host(helo.strip().rstrip(".").lower()), _mailbox(mail_from.strip()))

    @classmethod
    def configured(cls, helo: str | None, mail_from: str | None) -> "Identity | None":
        """From the settings; None, which turns level 4 off, where neither is set."""
        if helo is None and mail_from is None:
            return None
        if helo is None or mail_from is None:
            raise BadInput("Set both HEADWATER_SMTP_HELO and HEADWATER_SMTP_MAIL_FROM, or neither.")
        return cls.of(helo, mail_from)


def _host(name: str) -> str:
    if not check_syntax(f"postmaster@{name}").ok or not name.isascii():
        raise BadInput(f"The SMTP name {name[:80]!r} is no public host name; use this machine's, as mail.acme.com.")
    if name in FREE:
        raise BadInput(f"The SMTP name {name!r} belongs to a mail provider; use the name of this machine.")
    return name


def _mailbox(address: str) -> str:
    found = check_syntax(address)
    if not found.ok or not address.isascii():
        raise BadInput(f"The SMTP sender {address[:80]!r} is no plain address; use a mailbox of yours that is read.")
    if found.domain in FREE:
        raise BadInput(f"The SMTP sender {address!r} is at a mail provider, whose SPF denies us; use your own domain.")
    return f"{found.local}@{found.domain}"
