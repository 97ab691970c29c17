"""What the verifiers have in common: an opinion of an address, and lists that take their time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headwater_sandbox.gate import Call, Desk
from headwater_sandbox.store import Charge, Ticket


@dataclass(frozen=True, slots=True)
class Opinion:
    """``word``: malformed, no_domain, spamtrap, disposable, role, invalid, accept_all, unknown, valid."""

    email: str
    word: str
    free: bool = False
    role: bool = False
    disposable: bool = False
    mail_host: str | None = None


def opinion(desk: Desk, vendor: str, text: str) -> Opinion:
    """What a verifier of this vendor holds of an address; the same whenever it is asked."""
    email = text.strip().lower()
    box = desk.directory.mailbox(email)
    if box is None:
        return Opinion(email, "malformed")
    word = desk.knowledge.verdict(vendor, box)
    if not box.receives_mail:
        word = "no_domain"
    elif desk.dice.chance(desk.settings.number(f"{vendor}.spamtrap"), "spamtrap", vendor, email):
        word = "spamtrap"
    elif box.disposable:
        word = "disposable"
    elif box.role and word == "valid":
        word = "role"
    host = f"mx1.{box.domain}" if box.receives_mail else None
    return Opinion(email, word, box.free, box.role, box.disposable, host)


@dataclass(frozen=True, slots=True)
class Work:
    """A list in the making: what was sent, and the share of it that is done."""

    id: str
    made_at: float
    body: Any
    share: float

    @property
    def done(self) -> bool:
        return self.share >= 1


def begin(desk: Desk, vendor: str, call: Call, ident: str, body: Any, rows: int) -> float:
    """Keep a list; when it will be done."""
    seconds = desk.delay(f"{vendor}.list_seconds", call.identity)
    pace = desk.settings.latency / max(0.001, desk.settings.number(f"{vendor}.rows_a_second"))
    ready = call.now + seconds + rows * pace
    desk.store.issue(vendor, Ticket(ident, call.account, call.now, ready, 0, body))
    return ready


def look(desk: Desk, vendor: str, ident: str, call: Call) -> Work | None:
    """A list of this account, and how far it is; the first looks may be told that it still runs."""
    ticket = desk.store.ticket(vendor, ident, call.account)
    if ticket is None:
        return None
    held = ticket.polls <= desk.settings.number(f"{vendor}.pending_polls")
    left = max(0.001, ticket.ready_at - ticket.made_at)
    share = 1.0 if call.now >= ticket.ready_at else (call.now - ticket.made_at) / left
    return Work(ticket.id, ticket.made_at, ticket.body, min(share, 0.99) if held else share)


def charges(emails: Sequence[str], milli: int, at: float | None = None) -> list[Charge]:
    """One charge for each address, every time: no verifier looks whether it was asked before."""
    return [Charge(milli, {"email": email}, at=at) for email in emails]
