"""Level 4: asking a mail server whether a mailbox exists, politely and without believing more than it said."""

from headwater.verification.smtp.audit import Check, State, audit
from headwater.verification.smtp.identity import Identity
from headwater.verification.smtp.memory import CatchAllMemory, InMemory
from headwater.verification.smtp.operators import operator_of_route
from headwater.verification.smtp.politeness import Politeness
from headwater.verification.smtp.prober import Prober
from headwater.verification.smtp.records import Lookup, lookup_by
from headwater.verification.smtp.report import RETRY_SCHEDULE, MailboxReport, MailboxState, retry_after
from headwater.verification.smtp.session import Timeouts

__all__ = [
    "RETRY_SCHEDULE",
    "CatchAllMemory",
    "Check",
    "Identity",
    "InMemory",
    "Lookup",
    "MailboxReport",
    "MailboxState",
    "Politeness",
    "Prober",
    "State",
    "Timeouts",
    "audit",
    "lookup_by",
    "operator_of_route",
    "retry_after",
]
