"""Level 4: what is known of people. Observations are only ever added; survivorship picks what a contact shows."""

from headwater.contacts.repository import MANY, Contacts, SharedNumber
from headwater.contacts.survivorship import SHARED, TYPED, Asked, Judged, Knowledge, Known, pick

__all__ = ["MANY", "SHARED", "TYPED", "Asked", "Contacts", "Judged", "Knowledge", "Known", "SharedNumber", "pick"]
