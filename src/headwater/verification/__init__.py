"""Level 5: judging e-mail addresses (syntax, lists, DNS) and phone numbers (numbering plans), with reasons.

Mail servers are asked by ``smtp`` alone, and only for who configured an identity. No vendor is contacted: what an
outside verifier says of a mailbox is handed in and joined.
"""

from headwater.verification.emails import (
    MailboxAnswer,
    MailboxEvidence,
    check_emails,
    with_mailbox_evidence,
    with_mailbox_report,
)
from headwater.verification.list_store import ListUnusable, load_lists, wanted_lists
from headwater.verification.list_store import fetch as fetch_list
from headwater.verification.list_store import refresh as refresh_lists
from headwater.verification.lists import Lists
from headwater.verification.numbering import PHONE_TYPES
from headwater.verification.phones import check_phone, check_phones
from headwater.verification.resolver import MailRoute, NoDnsAnswer, Resolver, Route
from headwater.verification.smtp import (
    RETRY_SCHEDULE,
    CatchAllMemory,
    Identity,
    MailboxReport,
    MailboxState,
    Politeness,
    Prober,
    Timeouts,
    retry_after,
)
from headwater.verification.syntax import Level, SyntaxResult, check_syntax

__all__ = [
    "PHONE_TYPES",
    "RETRY_SCHEDULE",
    "CatchAllMemory",
    "Identity",
    "Level",
    "ListUnusable",
    "Lists",
    "MailRoute",
    "MailboxAnswer",
    "MailboxEvidence",
    "MailboxReport",
    "MailboxState",
    "NoDnsAnswer",
    "Politeness",
    "Prober",
    "Resolver",
    "Route",
    "SyntaxResult",
    "Timeouts",
    "check_emails",
    "check_phone",
    "check_phones",
    "check_syntax",
    "fetch_list",
    "load_lists",
    "refresh_lists",
    "retry_after",
    "wanted_lists",
    "with_mailbox_evidence",
    "with_mailbox_report",
]
