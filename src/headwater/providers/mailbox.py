"""What the adapters of e-mail verifiers share: words for a mailbox, and that each address is sent and paid for once.

No verifier de-duplicates requests, so an address that several records hold is sent once; the price stands on the first.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from headwater.providers import reading
from headwater.providers.base import Account, Answer, Json, Outcome, Query
from headwater.providers.errors import BadRequest, StopVendor
from headwater.records import Field, Finding


class Word(StrEnum):
    """What is said of a mailbox. Only what was said of the mailbox itself may make it invalid."""

    VALID = "valid"
    INVALID = "invalid"
    ACCEPT_ALL = "accept_all"
    DISPOSABLE = "disposable"
    ROLE = "role"
    SPAMTRAP = "spamtrap"
    DO_NOT_MAIL = "do_not_mail"
    UNKNOWN = "unknown"


# the same in the words that all verifying operations share
_RESULTS = {Word.VALID: "deliverable", Word.INVALID: "undeliverable", Word.UNKNOWN: "unknown"}

_OF_THE_ACCOUNT = frozenset(
    ("key", "apikey", "credit", "credits", "balance", "payment", "billing", "unauthorized", "unpaid")
)


# --- asking


def places(queries: Sequence[Query]) -> Mapping[str, Sequence[int]]:
    """The addresses that can be sent, each with the positions of the records that hold it."""
    found: dict[str, list[int]] = {}
    for position, query in enumerate(queries):
        address = reading.email(query.email)
        if address is not None:
            found.setdefault(address, []).append(position)
    return found


def sendable(queries: Sequence[Query], vendor: str) -> list[str]:
    """The addresses of a request. Raises BadRequest if there is none: what is none could break a list in two."""
    addresses = list(places(queries))
    if not addresses:
        raise BadRequest(f"{vendor} can not be asked: there is no e-mail address among {len(queries)} records.")
    return addresses


def unsendable(queries: Sequence[Query]) -> dict[int, Answer]:
    """The answers of the records that were not sent."""
    sent = {position for of in places(queries).values() for position in of}
    refused = Answer(Outcome.REFUSED, reason="what should be verified is not an e-mail address")
    return {position: refused for position in range(len(queries)) if position not in sent}


def says_yes(account: Account, option: str) -> bool:
    """Whether an option of the account is switched on."""
    return account.options.get(option, "").strip().lower() in ("1", "true", "yes", "on")


# --- reading


def verdict(address: str, word: Word, units: int, **told: Json) -> Answer:
    """What a verifier holds of an address; ``told`` is kept in the vendor's own words."""
    detail = {name: line for name, value in told.items() if (line := reading.text(value))}
    detail["result"] = _RESULTS.get(word, "risky")
    return Answer(Outcome.HIT, (Finding(Field.EMAIL, address, word.value, detail=detail),), units)


def same_address(asked: str, echoed: Json, vendor: str) -> None:
    """Raise Garbled if the answer is about another address than was asked."""
    if reading.email(echoed) not in (asked, None):
        raise reading.Garbled(f"{vendor} verified another address than was asked.")


def spread(
    queries: Sequence[Query], told: Iterable[tuple[Json, Answer | None]], seen: int = 0
) -> tuple[dict[int, Answer], int]:
    """Answers by position out of answers by address, whatever their order; the first about an address counts.

    ``seen`` has a bit for each address that an earlier page answered; it comes back with those of this one.
    """
    known = places(queries)
    order = {address: place for place, address in enumerate(known)}
    answers: dict[int, Answer] = {}
    for echoed, answer in told:
        address = echoed.strip().lower() if isinstance(echoed, str) else ""
        if answer is None or address not in order or seen >> order[address] & 1:
            continue
        seen |= 1 << order[address]
        first, *others = known[address]
        answers[first] = answer
        answers |= {position: dataclasses.replace(answer, units=0) for position in others}
    return answers, seen


def unanswered(queries: Sequence[Query], seen: int, missing: Answer) -> dict[int, Answer]:
    """The same answer for each record whose address has no bit in ``seen``."""
    left = [of for place, of in enumerate(places(queries).values()) if not seen >> place & 1]
    return {position: missing for of in left for position in of}


def lost(vendor: str) -> Answer:
    """The answer of a record that was sent and did not come back."""
    return Answer(Outcome.UNKNOWN, reason=f"{vendor} returned no result for this address")


def bits(value: Json) -> int:
    """``seen`` as a ticket keeps it: text, for a database's numbers are too short."""
    return int(value, 16) if isinstance(value, str) and re.fullmatch(r"[0-9a-f]+", value, re.ASCII) else 0


def trouble_of_account(vendor: str, *words: Json, charged: bool = False) -> StopVendor | None:
    """A refusal that is about the key or the money of the account and not about the request, if it is one."""
    said = {piece for word in words if isinstance(word, str) for piece in re.findall("[a-z]+", word.lower())}
    if not said & _OF_THE_ACCOUNT:
        return None
    return StopVendor(f"{vendor} refuses the account: check its key and its credits.", charged=charged)
