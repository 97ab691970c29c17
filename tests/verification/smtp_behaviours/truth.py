"""What is true of a mailbox, which verdicts are right about it, and which are lies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from tests.verification.smtp_behaviours.server import Habit

ZONE = "behaviours-hw.com"
ANNA, BERT, GONE, LOST = "anna.smith", "bert.jones", "gone.away", "lost.soul"


class Truth(Enum):
    """What the mailbox is; the first of each pair is the verdict of an observer who does everything well."""

    LIVE = ("valid", "it takes mail")
    DEAD = ("invalid", "it is not there, or never takes mail")
    CATCH_ALL = ("risky", "the domain takes every name")
    FULL = ("risky", "it is there and takes no more")
    HIDDEN = ("unknown", "the server does not say, whether it lives or not")

    @property
    def status(self) -> str:
        return self.value[0]

    def lie(self, status: str) -> str | None:
        """Why a verdict is false, or None where it is right or only weak."""
        if status == "invalid" and self is not Truth.DEAD:
            return "false invalid"
        if status == "valid" and self is not Truth.LIVE:
            return "false valid"
        return None


@dataclass(frozen=True)
class Probe:
    """One address that is asked about; ``weaker`` are verdicts as good, where the evidence carries no more.

    With "name@label" it is one of another domain below the behaviour's own.
    """

    local: str
    truth: Truth
    weaker: str = ""

    @property
    def right(self) -> set[str]:
        return {self.truth.status, *self.weaker.split()}


def live(*locals_: str, weaker: str = "") -> tuple[Probe, ...]:
    return tuple(Probe(each, Truth.LIVE, weaker) for each in locals_ or (ANNA,))


def dead(*locals_: str, weaker: str = "") -> tuple[Probe, ...]:
    return tuple(Probe(each, Truth.DEAD, weaker) for each in locals_ or (GONE,))


def hidden(*locals_: str, weaker: str = "") -> tuple[Probe, ...]:
    return tuple(Probe(each, Truth.HIDDEN, weaker) for each in locals_ or (ANNA, GONE))


def catch_all(*locals_: str, weaker: str = "") -> tuple[Probe, ...]:
    return tuple(Probe(each, Truth.CATCH_ALL, weaker) for each in locals_ or (ANNA, GONE))


def full(*locals_: str) -> tuple[Probe, ...]:
    return tuple(Probe(each, Truth.FULL) for each in locals_)


PLAIN = live() + dead()


@dataclass(frozen=True)
class Behaviour:
    """How one domain's mail servers act, who is asked about, and what may be said.

    ``servers`` makes the mail servers anew for every run. ``records`` are the domain's MX and others, where ``{0}`` is
    the address of the first server; None stands for one exchanger in front of the first. ``phase`` is where a server
    that says nothing of the mailbox refuses. ``again`` is what is right when one returns after ``pause`` seconds.
    """

    name: str
    servers: Callable[[], tuple[Habit, ...]]
    probes: tuple[Probe, ...] = PLAIN
    phase: str | None = None
    again: tuple[Probe, ...] = ()
    pause: float = 0.0
    records: Mapping[str, tuple[str, ...]] | None = None
    label: str = ""
    workers: int = 1
    most_connections: int | None = None
    most_refused: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return f"{self.label or self.name.replace('_', '-')}.{ZONE}"

    def address(self, probe: Probe) -> str:
        local, _, label = probe.local.partition("@")
        return f"{local}@{label}.{self.domain}" if label else f"{local}@{self.domain}"


def one(name: str, make: Callable[[], Habit], probes: tuple[Probe, ...] = PLAIN, **more: object) -> Behaviour:
    """A behaviour of a single mail server."""
    return Behaviour(name, lambda: (make(),), probes, **more)  # type: ignore[arg-type]
