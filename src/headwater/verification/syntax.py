"""Level 1: is it an address at all, and which form of it is the normal one.

The answer is that of ``email_validator.validate_email(address, strict=True, check_deliverability=False)``: RFC 5321 and
6531 with RFC 5891 domains, minus what no public mail server takes (quoted local parts, address literals, dotless and
special-use domains, unsafe Unicode), plus two special names of our own. Nine in ten real addresses are plain ASCII; one
regular expression decides those, and only the rest takes the long way. A test holds both ways equal.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES, EMAIL_MAX_LENGTH, LOCAL_PART_MAX_LENGTH


class Level(StrEnum):
    """How deep to look: the address alone, what lists say of it, what DNS says of its domain, or its mailbox."""

    SYNTAX = "syntax"
    DOMAIN = "domain"
    MX = "mx"
    SMTP = "smtp"


class SyntaxResult(NamedTuple):
    """``code`` is empty for a good address, else ``syntax_error`` or ``reserved_domain``; ``text`` says why."""

    address: str
    normalized: str | None
    local: str = ""
    domain: str = ""
    code: str = ""
    text: str = ""

    @property
    def ok(self) -> bool:
        return self.normalized is not None


# Reserved for documentation (RFC 2606, RFC 6761), and the name in every machine's hosts file: nobody reads mail there.
RESERVED = ("example", "localdomain")

_ATOM = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?<=[A-Za-z])"
_plain = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+({_TOP}))").fullmatch
# Both sets need more than the pattern: the library lower-cases the first and refuses the second.
_MAILBOX_NAMES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)
_SPECIAL_TOPS = frozenset(name.rpartition(".")[2] for name in (*SPECIAL_USE_DOMAIN_NAMES, *RESERVED))


def check_syntax(address: str) -> SyntaxResult:
    """Judge one address as written; surrounding space is an error, as it is in SMTP."""
    if len(address) > EMAIL_MAX_LENGTH:
        text = f"The address has {len(address)} characters; {EMAIL_MAX_LENGTH} is the most that mail servers take."
        return SyntaxResult(address, None, code="syntax_error", text=text)
    match = _plain(address)
    if match is None:
        return _long_way(address)
    local, domain, top = match.groups()
    domain = domain.lower()
    # "--" may be a Punycode label, which has a Unicode normal form, or one that RFC 5891 §4.2.3.1 forbids.
    if len(local) > LOCAL_PART_MAX_LENGTH or "--" in domain or top.lower() in _SPECIAL_TOPS:
        return _long_way(address)
    if local.lower() in _MAILBOX_NAMES:
        local = local.lower()
    return SyntaxResult(address, f"{local}@{domain}", local, domain)


def _long_way(address: str) -> SyntaxResult:
    try:
        found = validate_email(address, strict=True, check_deliverability=False)
    except EmailNotValidError as error:
        code = "reserved_domain" if "special-use" in str(error) else "syntax_error"
        return SyntaxResult(address, None, code=code, text=str(error))
    if found.ascii_domain.rpartition(".")[2] in RESERVED:
        text = f"The domain {found.ascii_domain} is reserved for documentation and tests; it never receives mail."
        return SyntaxResult(address, None, code="reserved_domain", text=text)
    return SyntaxResult(address, found.normalized, found.local_part, found.ascii_domain)
