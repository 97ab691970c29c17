"""Level 5: judging e-mail addresses (syntax, lists, DNS) and phone numbers (numbering plans), with reasons.

Nothing here contacts a mail server or a vendor. What others say of a mailbox or a line is handed in and joined.
"""

from headwater.verification.emails import MailboxAnswer, MailboxEvidence, check_emails, with_mailbox_evidence
from headwater.verification.lines import (
    Line,
    LineEvidence,
    with_claim,
    with_line_evidence,
    with_sharers,
    with_sources,
)
from headwater.verification.numbering import PHONE_TYPES
from headwater.verification.phones import check_phone, check_phones
from headwater.verification.resolver import MailRoute, Resolver, Route
from headwater.verification.syntax import Level, SyntaxResult, check_syntax

__all__ = [
    "PHONE_TYPES",
    "Level",
    "Line",
    "LineEvidence",
    "MailRoute",
    "MailboxAnswer",
    "MailboxEvidence",
    "Resolver",
    "Route",
    "SyntaxResult",
    "check_emails",
    "check_phone",
    "check_phones",
    "check_syntax",
    "with_claim",
    "with_line_evidence",
    "with_mailbox_evidence",
    "with_sharers",
    "with_sources",
]
