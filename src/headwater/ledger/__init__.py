"""Level 4: money. Append-only double entry: every transfer leaves one account and enters another.

A job spends only what its user agreed to: ``authorise`` moves that sum from the workspace's funding to the job's
account. Before a call its worst price is reserved; afterwards the delivered part is settled to the vendor, the rest
released. What a lost answer may have cost stays on the vendor's ``unknown`` account until it is reconciled. The
database refuses a negative balance and a second transfer with the same key.
"""

from headwater.ledger.service import Ledger, Reservation, Settlement

__all__ = ["Ledger", "Reservation", "Settlement"]
