"""What a vendor adapter is: a declaration, request-building and field-mapping. The engine owns HTTP, secrets, retries.

An adapter is one file that is pure: it turns queries into one ``Request``, and one ``Response`` into a ``Reply``.
Every HTTP exchange is one step; what must be remembered between two steps of a submit-then-poll vendor travels in a
``Ticket``, which the engine stores before it does anything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from headwater.records import Field, Finding

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is known of one person (or, for verification, the one address) when a vendor is asked.

    ``reference`` is ours, unique in the request, and is sent where the vendor echoes an identifier. ``want`` are the
    fields still missing: nothing else may be bought.
    """

    reference: str
    want: frozenset[Field]
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    company: str | None = None
    domain: str | None = None
    linkedin: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A vendor account: address, key and what else the account's settings say (a webhook address, a language)."""

    vendor: str
    base_url: str
    api_key: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is sent as one part of a form."""

    filename: str
    content: bytes = field(repr=False)
    type: str = "text/csv"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; what may name a person or hold a key is not shown by its repr.

    ``family`` names the limits it counts against (a key of ``Declaration.limits``). The body is ``json``, or a form:
    ``form`` holds its fields, and with ``files`` it is sent in parts (multipart/form-data).
    """

    method: Literal["GET", "POST"]
    url: str
    family: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Json = field(default=None, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, Upload] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """One complete HTTP response; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outcome(StrEnum):
    """What the vendor said of one record."""

    HIT = "hit"
    MISS = "miss"
    REFUSED = "refused"  # the vendor can not or must not answer for this record (bad input, opt-out); ask others
    FORBIDDEN = "forbidden"  # the person objected to processing: ask nobody else
    FAILED = "failed"  # the vendor did not work on this record and took nothing for it; a retry may ask again
    UNKNOWN = "unknown"  # no usable slot came back for this record though the request may have been charged


@dataclass(frozen=True, slots=True)
class Answer:
    """One record's answer. ``units`` are thousandths of the vendor's credit that this record cost."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    units: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where to fetch what was submitted: JSON state of the adapter's own, and the vendor's advice when to ask.

    It is stored where no workspace's rows are: nothing of a person may stand in it.
    """

    state: Mapping[str, Json]
    after: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What one exchange brought: answers by the position of the query, and the ticket while more is to come.

    A position without an answer and without a ticket is the engine's to mark unknown. ``windows`` carries what the
    vendor's headers say of each window still open: seconds of the window, calls left.
    """

    answers: Mapping[int, Answer] = field(default_factory=dict)
    ticket: Ticket | None = None
    windows: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``calls`` requests in any ``seconds``; the vendor's own ceiling, of which the engine uses 80%."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Charge:
    """Thousandths of a credit per record, by outcome; ``extra`` adds for fields that cost more (a mobile number)."""

    hit: int
    miss: int = 0
    repeat: int | None = None  # asked again for the same record: None says the vendor publishes no rule (so: as hit)
    extra: Mapping[Field, int] = field(default_factory=dict)

    def most(self, want: frozenset[Field]) -> int:
        """The most that one record can cost, which is what is reserved before the call."""
        return max(self.hit, self.miss) + sum(units for extra, units in self.extra.items() if extra in want)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a vendor can be asked. ``needs`` lists alternatives: any one complete set of inputs will do.

    ``extras`` are fields that come with a hit at no cost: no reason to ask, but returned if the query wants them too.
    ``requires`` names options of the account without which the operation can not be offered. ``accuracy`` is the
    published probability that a value this operation returns is right, over all status classes, for every field it
    returns; a verifying operation returns no values of its own and has none. ``list_from`` is the smallest number of
    records worth a batch: fewer are asked one by one, because small lists are slow, or rationed, at some vendors.
    """

    name: str
    finds: frozenset[Field]
    needs: tuple[frozenset[str], ...]
    batch: int
    charge: Charge
    hit_rate: float  # published prior, see the adapter's docstring for its source
    submits: bool = False
    timeout: float = 30.0
    verifies: bool = False
    extras: frozenset[Field] = frozenset()
    requires: tuple[str, ...] = ()
    list_from: int = 1
    accuracy: Mapping[Field, float] = field(default_factory=dict)

    def offered(self, options: Mapping[str, str]) -> bool:
        """Whether an account with these options can be asked for this at all."""
        return all(options.get(name) for name in self.requires)

    def accepts(self, query: Query) -> bool:
        return any(all(getattr(query, name) for name in needed) for needed in self.needs)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a vendor is: its operations, ceilings, price and how far each of its own classes was found to be true.

    ``credit_price`` is micros per credit on a published plan (a setting overrides it). ``limits`` are the ceilings
    that the vendor publishes, by family; ``cautious`` is used instead until the account says otherwise (M-E1).
    ``reliability`` maps (field, status class) to the probability that such a value is right. ``options`` are what an
    account may say besides its key and address (settings of the vendor's own).
    """

    name: str
    title: str
    base_url: str
    credit_price: int
    operations: tuple[Operation, ...]
    limits: Mapping[str, tuple[Limit, ...]]
    cautious: Limit
    reliability: Mapping[tuple[Field, str], float]
    shareable: bool
    retention_days: int | None = None
    max_in_flight: int = 40
    options: tuple[str, ...] = ()

    def operation(self, name: str) -> Operation:
        return next(operation for operation in self.operations if operation.name == name)


class Adapter(Protocol):
    """One vendor. Reading raises the errors of ``providers.errors``; it never returns a default for a bad answer."""

    declaration: Declaration

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        """Build the request that asks for all queries at once (never more than the operation's batch)."""
        ...

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        """Understand the answer to ``ask``."""
        ...

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        """Build the next request for what was submitted; only for operations that submit.

        Of the queries only references, wanted fields and an address to verify are sure to be known by now.
        """
        ...

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        """Understand the answer to ``poll``: answers so far, and a new ticket unless all is there."""
        ...
