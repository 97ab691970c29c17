"""What a file will cost before it runs: the expected sum and the most that can be spent.

First form: the published priors of each vendor, without what recall will save; the most is a promise, because the
job's account holds no more.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headwater.contacts import Knowledge, Known
from headwater.enrichment.planner import Case, Offer, Rules, level, query_of
from headwater.intake import Accepted, Reject
from headwater.jobs.options import Options
from headwater.jobs.reading import FILE_CONFIDENCE
from headwater.jobs.runtime import now
from headwater.matching import keys
from headwater.records import Contact, Field

# What the file says of these is checked, and where it proves wrong another value is looked for.
_REPLACEABLE = frozenset({Field.EMAIL, Field.PHONE})


@dataclass(frozen=True, slots=True)
class Quote:
    """Money in micros; ``expected`` values per field are numbers of people."""

    rows: int
    rejected: int
    people: int
    expected: int
    most: int
    per_vendor: Mapping[str, int]
    finds: Mapping[Field, float]


def quote(rows: Iterable[Accepted | Reject], options: Options, offers: Sequence[Offer]) -> Quote:
    """Price every person of a file once."""
    rules = Rules(options.min_confidence, options.max_price, options.order, frozenset(options.exclude))
    usable = sorted((each for each in offers if each.vendor not in rules.exclude), key=_dearness)
    counts: Counter[str] = Counter()
    vendors: Counter[str] = Counter()
    finds: Counter[Field] = Counter()
    seen: set[int] = set()
    expected = most = 0.0
    for row in rows:
        counts["rows"] += 1
        if isinstance(row, Reject):
            counts["rejected"] += 1
            continue
        own = keys(row.contact)
        if seen.intersection(own):
            continue
        seen.update(own)
        counts["people"] += 1
        person = _price(row.contact, options, rules, usable, vendors, finds)
        expected += person[0]
        most += person[1]
    cap = most if options.budget is None else min(most, options.budget)
    return Quote(
        counts["rows"], counts["rejected"], counts["people"], min(int(expected), int(cap)), int(cap), vendors, finds
    )


def _dearness(offer: Offer) -> tuple[float, str]:
    gain = sum(offer.accuracy(wanted) for wanted in offer.operation.finds)
    return offer.price(offer.operation.finds) / max(gain, 0.01), offer.name


def _price(
    contact: Contact,
    options: Options,
    rules: Rules,
    offers: Sequence[Offer],
    vendors: Counter[str],
    finds: Counter[Field],
) -> tuple[float, float]:
    """Expected and greatest cost of one person, counting what each vendor is expected to get."""
    given = _given(contact)
    sure = {wanted for wanted in given if level(wanted, rules) <= FILE_CONFIDENCE}  # else others are asked about it
    left = {wanted: 1.0 for wanted in options.want if wanted not in sure}
    replaced = frozenset(options.want) & sure & _REPLACEABLE
    case = Case(contact, frozenset(options.want), _knowledge(contact))
    expected = most = 0.0
    for offer in offers:
        want, perhaps = frozenset(left) & offer.operation.finds, replaced & offer.operation.finds
        address = contact.emails[0] if contact.emails else ""
        if not want | perhaps or not offer.operation.accepts(query_of(case, want | perhaps, address)):
            continue
        most += offer.price(want | perhaps) * (2 if offer.operation.verifies else 1)
        need = max((left[wanted] for wanted in want), default=0.0) if not offer.operation.verifies else 0.0
        cost = need * offer.operation.hit_rate * offer.price(want)
        expected += cost
        vendors[offer.vendor] += round(cost)
        _found(offer, want, left, rules)
    for wanted in left:
        finds[wanted] += 1 - left[wanted]  # type: ignore[assignment]
    limit = rules.max_price
    return (expected, most) if limit is None else (min(expected, limit), min(most, limit))


def _found(offer: Offer, want: frozenset[Field], left: dict[Field, float], rules: Rules) -> None:
    if offer.operation.verifies:
        return
    for wanted in want:
        sure = offer.accuracy(wanted) / max(level(wanted, rules), 0.01)
        left[wanted] *= 1 - offer.operation.hit_rate * min(1.0, sure)


def _given(contact: Contact) -> set[Field]:
    present = {
        Field.EMAIL: contact.emails,
        Field.PHONE: contact.phones,
        Field.TITLE: contact.title,
        Field.COMPANY: contact.company,
        Field.DOMAIN: contact.domain,
        Field.LINKEDIN: contact.linkedin,
    }
    return {field for field, value in present.items() if value}


def _knowledge(contact: Contact) -> Knowledge:
    return Knowledge(tuple(Known(Field.EMAIL, address, "file", FILE_CONFIDENCE, now()) for address in contact.emails))
