"""Level 4: what is known of people. Observations are only ever added; survivorship picks what a contact shows."""

from headwater.contacts.repository import Contacts
from headwater.contacts.survivorship import TYPED, Asked, Judged, Knowledge, Known, pick

__all__ = ["TYPED", "Asked", "Contacts", "Judged", "Knowledge", "Known", "pick"]
