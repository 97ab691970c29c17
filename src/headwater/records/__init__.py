"""Level 2: the vocabulary. What a contact, a finding, an observation and a verdict are; no behaviour beyond shape."""

from headwater.records.contact import Contact
from headwater.records.fields import Column, Field
from headwater.records.observation import Finding, Observation
from headwater.records.verdict import EmailVerdict, Flags, PhoneVerdict, Reason, SmtpReply, Status

__all__ = [
    "Column",
    "Contact",
    "EmailVerdict",
    "Field",
    "Finding",
    "Flags",
    "Observation",
    "PhoneVerdict",
    "Reason",
    "SmtpReply",
    "Status",
]
