"""What a file will cost: never more than the caps, each person once, and nothing for what is already there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.enrichment.planner import Offer
from headwater.intake import Accepted, Reject
from headwater.intake.model import SourceRow
from headwater.jobs.options import Options
from headwater.jobs.quote import Quote, quote
from headwater.providers.base import Charge, Operation
from headwater.records import Contact, Field

NEEDS = (frozenset({"first_name", "last_name", "domain"}),)


def finder(vendor: str, hit: int = 1000, rate: float = 0.5, finds: frozenset[Field] | None = None) -> Offer:
    finds = finds or frozenset({Field.EMAIL})
    operation = Operation("find", finds, NEEDS, 1, Charge(hit), rate, accuracy=dict.fromkeys(finds, 0.9))
    return Offer(vendor, operation, 100_000, {(field, "sure"): 0.9 for field in finds})


def person(name: str, **more: Any) -> Contact:
    return Contact(first_name=name, last_name="Lovelace", company_key="acme", domain="acme.test", **more)


def rows(*people: Contact | None) -> list[Accepted | Reject]:
    """None is a row that could not be used."""
    return [
        Accepted(SourceRow(line, ()), each) if each else Reject(line, None, "no name", ())
        for line, each in enumerate(people, start=2)
    ]


def price(*people: Contact | None, offers: list[Offer] | None = None, **options: Any) -> Quote:
    return quote(rows(*people), Options(**options), [finder("a")] if offers is None else offers)


def test_rows_rejects_and_people_are_counted() -> None:
    found = price(person("Ada"), person("Bob"), None, person("ada"))
    assert (found.rows, found.rejected, found.people) == (4, 1, 2)


def test_one_person_costs_at_most_what_everybody_together_may_charge() -> None:
    found = price(person("Ada"), offers=[finder("a"), finder("b", 3000)])
    assert found.most == 400_000
    assert 50_000 <= found.expected < found.most


def test_the_expected_price_is_by_the_hit_rate() -> None:
    found = price(person("Ada"))
    assert (found.expected, found.most) == (50_000, 100_000)
    assert found.per_vendor == {"a": 50_000}
    assert found.finds[Field.EMAIL] == pytest.approx(0.5)


def test_what_the_file_already_says_costs_nothing() -> None:
    found = price(person("Ada", title="CEO"), want=(Field.TITLE,), offers=[finder("a", finds=frozenset({Field.TITLE}))])
    assert (found.expected, found.most) == (0, 0)


def test_an_address_of_the_file_may_have_to_be_replaced() -> None:
    """Nothing is expected to be paid for it, but where it proves dead the search for another is within the cap."""
    found = price(person("Ada", emails=("ada@acme.test",)))
    assert (found.expected, found.most) == (0, 100_000)
    assert found.per_vendor == {"a": 0}


def test_who_can_not_be_asked_for_costs_nothing() -> None:
    assert price(Contact(first_name="Ada")).most == 0


def test_without_offers_there_is_nothing_to_pay() -> None:
    found = price(person("Ada"), offers=[])
    assert (found.expected, found.most, found.people) == (0, 0, 1)


def test_an_excluded_vendor_is_not_quoted() -> None:
    found = price(person("Ada"), offers=[finder("a"), finder("b")], exclude=("b",))
    assert found.most == 100_000
    assert set(found.per_vendor) == {"a"}


def test_an_empty_file_costs_nothing() -> None:
    found = price()
    assert (found.rows, found.people, found.expected, found.most) == (0, 0, 0, 0)


caps = st.none() | st.integers(0, 400_000)
offers = st.lists(
    st.builds(
        finder, st.sampled_from("abcd"), st.integers(0, 3000), st.floats(0, 1),
        st.frozensets(st.sampled_from([Field.EMAIL, Field.PHONE, Field.TITLE]), min_size=1),
    ),
    max_size=4, unique_by=lambda offer: offer.name,
)  # fmt: skip
people = st.lists(
    st.none() | st.builds(person, st.sampled_from(["Ada", "Bob", "Cy"]), title=st.sampled_from([None, "CEO"])),
    max_size=6,
)


@given(people, offers, caps, caps)
def test_no_quote_is_above_the_caps(
    who: list[Contact | None], by: list[Offer], budget: int | None, max_price: int | None
) -> None:
    want = (Field.EMAIL, Field.PHONE, Field.TITLE)
    found = price(*who, offers=by, budget=budget, max_price=max_price, want=want)
    assert 0 <= found.expected <= found.most
    assert budget is None or found.most <= budget
    assert max_price is None or found.most <= max_price * found.people
    assert found.rows == len(who)
    assert found.people <= len({each.first_name for each in who if each})
    for number in found.finds.values():
        assert 0 <= number <= found.people
    assert price(*who, offers=by[::-1], budget=budget, max_price=max_price, want=want) == found
