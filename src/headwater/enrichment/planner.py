"""What to do next for one contact: ask a vendor, verify a candidate, or stop. Pure: any decision can be replayed.

Every possible action has an index: the dollars it is expected to cost for one more right value. The smallest is taken.
Nearly all vendors charge only for what they find, so their hit rate cancels out and price over reliability decides;
a verification is charged whatever it says. First form: published priors; a later issue learns them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from headwater.contacts import Judged, Knowledge
from headwater.enrichment.confidence import Evidence, combine
from headwater.enrichment.patterns import Guess
from headwater.providers.base import Operation, Query
from headwater.providers.mail_servers import NAME as MAILBOX
from headwater.records import Contact, Field, Status

# An address must be sure to the user's level; a title or a company that one good source gives is enough. No source of
# phones comes near 0.9 before a live check of the line (M-G2), so one that most sources stand by is delivered as it is.
_PROFILE_LEVEL = 0.7
_ENOUGH = {Field.EMAIL: 1.0, Field.PHONE: 0.6}

PATTERN = "pattern"
PATTERN_RELIABILITY = 0.75  # right at the first guess for 72% of 8,110 people; sure only with a verifier's word
PATTERN_COLLIDES = 0.42  # with a verifier's word still short of 0.9: a second source must agree
_PROVEN_INVALID = 0.1
_GUESSES = 2  # the third guess adds 3% and costs a verification each time
_WORTH_GUESSING = 0.15
_WORTH_VERIFYING = 0.2

Outcome = Literal["known", "recalled", "found", "partial", "none", "forbidden"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One operation of one configured vendor account, with the price of a credit in micros."""

    vendor: str
    operation: Operation
    credit_price: int
    reliability: Mapping[tuple[Field, str], float]

    @property
    def name(self) -> str:
        return f"{self.vendor}.{self.operation.name}"

    def price(self, want: frozenset[Field]) -> int:
        """The most that one record can cost, in micros."""
        return -(-self.operation.charge.most(want) * self.credit_price // 1000)

    def trust(self, wanted: Field, status: str | None) -> float:
        """How far a value of this class is believed; the class's own figure, else the worst of the field."""
        if (wanted, status or "") in self.reliability:
            return self.reliability[wanted, status or ""]
        return min((p for (each, _), p in self.reliability.items() if each is wanted), default=0.5)

    def accuracy(self, wanted: Field) -> float:
        """The published probability that any value of this field is right, before its class is known."""
        return self.operation.accuracy.get(wanted, 0.5)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user set for the whole job; prices in micros."""

    min_confidence: float = 0.9
    max_price: int | None = None
    order: tuple[str, ...] = ()
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """One lookup as it stands."""

    contact: Contact
    want: frozenset[Field]
    knowledge: Knowledge
    spent: int = 0
    guesses: Sequence[Guess] = ()
    settled: frozenset[str] = frozenset()  # operations that an earlier lookup of the same question was done with


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask this, reserving at most ``most`` micros; ``subject`` is the address to verify, if it is a verification."""

    vendor: str
    operation: str
    want: frozenset[Field]
    subject: str
    most: int
    index: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing more to do for this lookup."""

    outcome: Outcome
    why: str


@dataclass(frozen=True, slots=True)
class Belief:
    """Every value of each field and how probable it is that it is right."""

    chances: Mapping[Field, Mapping[str, float]] = field(default_factory=dict)

    @property
    def best(self) -> Mapping[Field, tuple[str, float]]:
        """The likeliest value of each field."""
        return {wanted: max(of.items(), key=lambda pair: (pair[1], pair[0])) for wanted, of in self.chances.items()}

    def confidence(self, wanted: Field) -> float:
        return self.best[wanted][1] if wanted in self.best else 0.0


def believe(knowledge: Knowledge) -> Belief:
    """Weigh all observations and verdicts of a contact."""
    chances: dict[Field, Mapping[str, float]] = {}
    for wanted in {known.field for known in knowledge.observations}:
        words = [Evidence(known.value, _source(known.source), known.confidence) for known in knowledge.of(wanted)]
        combined = combine(words, _verifier_words(wanted, knowledge))
        chances[wanted] = {value: _capped(wanted, value, chance, knowledge) for value, chance in combined.items()}
    return Belief(chances)


def _capped(wanted: Field, value: str, chance: float, knowledge: Knowledge) -> float:
    """However many vendors agree on it, a value that was proven invalid is not delivered."""
    verdict = knowledge.verdict(wanted, value)
    return min(chance, _PROVEN_INVALID) if verdict and verdict.status is Status.INVALID else chance


def _source(name: str) -> str:
    """A value recalled from the cache is the same source's word as when it was bought."""
    return name.removeprefix("cache:")


def _verifier_words(wanted: Field, knowledge: Knowledge) -> dict[str, list[str]]:
    """What verifiers said of mailboxes. A number that fits its numbering plan is nobody's in particular."""
    words: dict[str, list[str]] = {}
    for judged in knowledge.verdicts:
        if judged.field is wanted is Field.EMAIL:
            word = "trap" if judged.sub_status == "trap" else _VERIFIER_WORD.get(judged.status, "")
            words.setdefault(judged.value, []).append(word)
    return words


_VERIFIER_WORD = {Status.VALID: "deliverable", Status.INVALID: "undeliverable", Status.RISKY: "risky"}


def missing(case: Case, rules: Rules, belief: Belief | None = None) -> frozenset[Field]:
    """The wanted fields that are not sure enough yet."""
    belief = belief or believe(case.knowledge)
    return frozenset(wanted for wanted in case.want if belief.confidence(wanted) < level(wanted, rules))


def level(wanted: Field, rules: Rules) -> float:
    """How sure a field must be before the waterfall stops asking for it."""
    return min(rules.min_confidence, _ENOUGH.get(wanted, _PROFILE_LEVEL))


def next_step(case: Case, rules: Rules, offers: Iterable[Offer]) -> Ask | Stop:
    """The cheapest next action, or why there is none."""
    if any(asked.outcome == "forbidden" for asked in case.knowledge.asked):
        return Stop("forbidden", "the person objected to processing at a vendor")
    belief = believe(case.knowledge)
    open_fields = missing(case, rules, belief)
    if not open_fields:
        return Stop("found", "every wanted field is sure enough")
    actions = _actions(case, rules, belief, open_fields, open_offers(case, rules, offers))
    allowed = [action for action in actions if _affordable(action, case, rules)]
    if not allowed:
        return _stop(case, open_fields, too_dear=bool(actions))
    return _explained(sorted(allowed, key=lambda action: _rank(action, rules)))


def open_offers(case: Case, rules: Rules, offers: Iterable[Offer]) -> list[Offer]:
    """Who may be asked: not whom the user excluded, nor who was already there when nothing was left to ask."""
    return [each for each in offers if each.vendor not in rules.exclude and each.name not in case.settled]


def _actions(
    case: Case, rules: Rules, belief: Belief, open_fields: frozenset[Field], offers: Sequence[Offer]
) -> list[Ask]:
    done = {(asked.operation, asked.subject) for asked in case.knowledge.asked}
    finds = [_find(case, offer, open_fields) for offer in offers if not offer.operation.verifies]
    checks: list[Ask] = []
    if Field.EMAIL in open_fields:
        verifiers = [offer for offer in offers if offer.operation.verifies]
        checks = [_check(*candidate, offer) for candidate in _candidates(case, rules, belief) for offer in verifiers]
    return [
        action
        for action in (*finds, *checks)
        if action and (f"{action.vendor}.{action.operation}", action.subject) not in done
    ]


def _find(case: Case, offer: Offer, open_fields: frozenset[Field]) -> Ask | None:
    operation = offer.operation
    want = operation.finds & open_fields
    if not want or not operation.accepts(query_of(case, want, "")):
        return None
    gain = operation.hit_rate * sum(offer.accuracy(wanted) for wanted in want)
    miss = operation.charge.miss * offer.credit_price / 1000
    cost = operation.hit_rate * offer.price(want) + (1 - operation.hit_rate) * miss
    free = operation.extras & open_fields
    return Ask(offer.vendor, operation.name, want | free, "", offer.price(want), cost / max(gain, 0.01))


def _candidates(case: Case, rules: Rules, belief: Belief) -> list[tuple[str, float]]:
    """Addresses worth a verification: the best one that is not sure yet, and guesses from colleagues' pattern."""
    judged = {each.value for each in case.knowledge.verdicts if each.field is Field.EMAIL and _closes(each)}
    dead = {each.value for each in case.knowledge.verdicts if each.status is Status.INVALID}
    found = []
    if Field.EMAIL in belief.best and belief.confidence(Field.EMAIL) >= _WORTH_VERIFYING:
        found.append(belief.best[Field.EMAIL])
    if PATTERN not in rules.exclude:
        worth = [guess for guess in case.guesses if guess.probability >= _WORTH_GUESSING][:_GUESSES]
        found += [(guess.address, guess.probability) for guess in worth]
    return [(address, chance) for address, chance in found if address not in judged | dead]


def _closes(judged: Judged) -> bool:
    """Whether nobody else need be asked: a verifier's word, but not the silence of a mail server, which is free."""
    silent = judged.status is Status.UNKNOWN and judged.source.startswith(f"{MAILBOX}.")
    return judged.source != "headwater" and not silent


def _check(address: str, chance: float, offer: Offer) -> Ask:
    price = offer.price(frozenset({Field.EMAIL}))
    return Ask(offer.vendor, offer.operation.name, frozenset({Field.EMAIL}), address, price, price / chance)


def _affordable(action: Ask, case: Case, rules: Rules) -> bool:
    return rules.max_price is None or case.spent + action.most <= rules.max_price


def _rank(action: Ask, rules: Rules) -> tuple[int, float, str, str]:
    """A forced order comes first; then the index; names last, so that equal actions do not change places."""
    forced = rules.order.index(action.vendor) if action.vendor in rules.order else len(rules.order)
    return (forced, action.index, action.vendor, action.subject)


def _explained(ranked: Sequence[Ask]) -> Ask:
    first = ranked[0]
    others = ", ".join(f"{each.vendor}.{each.operation} {each.index / 1e6:.4f}" for each in ranked[1:4])
    against = f" against {others}" if others else ", and nobody else can be asked"
    why = f"expected ${first.index / 1e6:.4f} for one more right value{against}"
    return Ask(first.vendor, first.operation, first.want, first.subject, first.most, first.index, why)


def _stop(case: Case, open_fields: frozenset[Field], *, too_dear: bool) -> Stop:
    found = case.want - open_fields
    names = ", ".join(sorted(open_fields))
    reason = "the price limit is reached" if too_dear else "nobody is left to ask"
    return Stop("partial" if found else "none", f"{reason} for {names}")


def query_of(case: Case, want: frozenset[Field], subject: str) -> Query:
    """What a vendor is told of the contact."""
    contact = case.contact
    email = subject or _own_address(case.knowledge)
    return Query(
        reference="",
        want=want,
        first_name=contact.first_name,
        last_name=contact.last_name,
        full_name=contact.full_name,
        company=contact.company,
        domain=contact.domain,
        linkedin=contact.linkedin,
        email=email,
    )


def _own_address(knowledge: Knowledge) -> str | None:
    dead = {each.value for each in knowledge.verdicts if each.status is Status.INVALID}
    sure = [known.value for known in knowledge.of(Field.EMAIL) if known.value not in dead and known.confidence >= 0.9]
    return sure[0] if sure else None
