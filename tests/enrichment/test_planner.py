"""What to ask next: every waterfall that could happen keeps its promises."""

import dataclasses
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.contacts import Asked, Judged, Knowledge, Known
from headwater.enrichment.patterns import Guess
from headwater.enrichment.planner import Ask, Case, Offer, Rules, Stop, believe, level, missing, next_step, query_of
from headwater.providers.base import Charge, Operation
from headwater.records import Contact, Field, Status

AT = datetime(2026, 1, 1, tzinfo=UTC)
ADA = Contact(first_name="Ada", last_name="Lovelace", company="Acme", domain="acme.test")
NAMED = (frozenset({"first_name", "last_name", "domain"}),)
BOTH = frozenset({Field.EMAIL, Field.PHONE})


def finder(vendor: str = "hunter", hit: int = 1000, finds: frozenset[Field] | None = None, **more: Any) -> Offer:
    finds = finds or frozenset({Field.EMAIL})
    settings = {"hit_rate": 0.5, "accuracy": dict.fromkeys(finds, 0.8), **more}
    operation = Operation("find", finds, NAMED, 1, Charge(hit), **settings)
    return Offer(vendor, operation, 49_000, {(field, "sure"): 0.95 for field in finds})


def verifier(vendor: str = "hunter", hit: int = 500) -> Offer:
    needs = (frozenset({"email"}),)
    operation = Operation("verify", frozenset({Field.EMAIL}), needs, 1, Charge(hit, hit), 1.0, verifies=True)
    return Offer(vendor, operation, 49_000, {})


def case(*observed: Known, **more: Any) -> Case:
    want = more.pop("want", frozenset({Field.EMAIL}))
    verdicts = more.pop("verdicts", ())
    asked = more.pop("asked", ())
    return Case(more.pop("contact", ADA), want, Knowledge(observed, verdicts, asked), **more)


def known(value: str, source: str = "hunter", confidence: float = 0.95, field: Field = Field.EMAIL) -> Known:
    return Known(field, value, source, confidence, AT)


def verdict(value: str, status: Status, source: str = "hunter.verify", field: Field = Field.EMAIL) -> Judged:
    return Judged(field, value, source, status, "s", 50, "mx", AT)


def asked(operation: str, outcome: str = "miss", subject: str = "") -> Asked:
    return Asked(operation, subject, outcome, AT)


def step(of: Case, *offers: Offer, **rules: Any) -> Ask | Stop:
    return next_step(of, Rules(**rules), offers)


def ask(of: Case, *offers: Offer, **rules: Any) -> Ask:
    found = step(of, *offers, **rules)
    assert isinstance(found, Ask), found
    return found


def stop(of: Case, *offers: Offer, **rules: Any) -> Stop:
    found = step(of, *offers, **rules)
    assert isinstance(found, Stop), found
    return found


# single decisions -------------------------------------------------------------------------------------


def test_the_cheapest_is_asked_first() -> None:
    found = ask(case(), finder("dear", 2000), finder("cheap", 1000))
    assert (found.vendor, found.operation, found.most) == ("cheap", "find", 49_000)
    assert "dear.find" in found.why


def test_the_more_reliable_of_two_at_one_price_is_asked_first() -> None:
    weak = finder("a", accuracy={Field.EMAIL: 0.4})
    assert ask(case(), weak, finder("b")).vendor == "b"


def test_who_charges_for_nothing_found_is_dearer() -> None:
    greedy = finder("a")
    greedy = replace(greedy, operation=replace(greedy.operation, charge=Charge(1000, 1000)))
    assert ask(case(), greedy, finder("b")).vendor == "b"


def test_who_finds_two_wanted_fields_for_one_price_is_asked_first() -> None:
    assert ask(case(want=BOTH), finder("a"), finder("b", finds=BOTH)).vendor == "b"


def test_equal_offers_do_not_change_places() -> None:
    offers = [finder("b"), finder("a"), finder("c")]
    assert {ask(case(), *offers).vendor, ask(case(), *offers[::-1]).vendor} == {"a"}


def test_a_forced_order_counts_more_than_the_price() -> None:
    offers = finder("cheap", 100), finder("dear", 5000), finder("other", 10)
    assert ask(case(), *offers, order=("dear", "cheap")).vendor == "dear"
    assert ask(case(asked=(asked("dear.find"),)), *offers, order=("dear", "cheap")).vendor == "cheap"
    done = (asked("dear.find"), asked("cheap.find"))
    assert ask(case(asked=done), *offers, order=("dear", "cheap")).vendor == "other"


def test_who_is_excluded_is_not_asked() -> None:
    assert ask(case(), finder("cheap", 10), finder("dear"), exclude=frozenset({"cheap"})).vendor == "dear"
    assert stop(case(), finder("cheap"), exclude=frozenset({"cheap"})).outcome == "none"


def test_who_can_not_be_asked_for_lack_of_inputs_is_left_out() -> None:
    assert stop(case(contact=replace(ADA, last_name=None)), finder()).outcome == "none"


def test_nothing_is_asked_beyond_the_price_limit() -> None:
    assert ask(case(), finder(), max_price=49_000)
    assert "price" in stop(case(), finder(), max_price=48_999).why
    assert "price" in stop(case(spent=1), finder(), max_price=49_000).why
    assert ask(case(spent=1), finder("dear"), finder("cheap", 10), max_price=49_000).vendor == "cheap"


@pytest.mark.parametrize("outcome", ["hit", "miss", "refused", "failed", "unknown"])
def test_nobody_is_asked_the_same_twice(outcome: str) -> None:
    assert stop(case(asked=(asked("hunter.find", outcome),)), finder()).outcome == "none"


def test_an_objection_stops_everything() -> None:
    objected = asked("apollo.find", "forbidden")
    assert stop(case(asked=(objected,)), finder(), verifier()).outcome == "forbidden"


def test_what_is_sure_is_not_asked_for() -> None:
    assert stop(case(known("ada@acme.test")), finder(), verifier()).outcome == "found"
    found = ask(case(known("ada@acme.test"), want=BOTH), finder("a", finds=BOTH))
    assert found.want == {Field.PHONE}


def test_what_comes_for_nothing_is_taken_along_if_it_is_wanted() -> None:
    offer = finder(extras=frozenset({Field.TITLE, Field.COMPANY}))
    found = ask(case(want=frozenset({Field.EMAIL, Field.TITLE})), offer)
    assert found.want == {Field.EMAIL, Field.TITLE}
    assert found.most == 49_000
    assert stop(case(want=frozenset({Field.TITLE})), offer).outcome == "none"


def test_an_unsure_value_is_verified_where_that_is_cheaper() -> None:
    found = ask(case(known("ada@acme.test", confidence=0.7)), finder("dear", 9000), verifier())
    assert (found.operation, found.subject) == ("verify", "ada@acme.test")


def test_a_value_that_was_verified_is_not_verified_by_the_next() -> None:
    checked = case(known("ada@acme.test", confidence=0.7), verdicts=(verdict("ada@acme.test", Status.RISKY),))
    assert stop(checked, verifier("a"), verifier("b")).outcome == "none"


def test_a_dead_address_is_not_verified() -> None:
    dead = verdict("ada@acme.test", Status.INVALID, "headwater")
    assert stop(case(known("ada@acme.test", confidence=0.7), verdicts=(dead,)), verifier()).outcome == "none"


def test_some_found_and_nobody_left_is_partial() -> None:
    assert stop(case(known("ada@acme.test"), want=BOTH)).outcome == "partial"


# guesses -----------------------------------------------------------------------------------------------

GUESS = Guess("ada.lovelace@acme.test", "first.last", 0.8)


def test_a_guess_counts_for_nothing_before_it_is_verified() -> None:
    guessed = case(guesses=(GUESS,))
    assert missing(guessed, Rules()) == {Field.EMAIL}
    assert stop(guessed).outcome == "none"
    found = ask(guessed, finder("dear", 9000), verifier())
    assert (found.operation, found.subject) == ("verify", GUESS.address)


def test_a_guess_is_not_told_to_a_finder_as_known() -> None:
    assert query_of(case(guesses=(GUESS,)), frozenset({Field.EMAIL}), "").email is None


def test_only_good_guesses_are_tried_and_only_two() -> None:
    many = [Guess(f"{number}@acme.test", "first", 0.3) for number in range(5)]
    tried: tuple[Asked, ...] = ()
    while isinstance(found := step(case(guesses=many, asked=tried), verifier()), Ask):
        tried += (asked("hunter.verify", subject=found.subject),)
    assert len(tried) == 2
    assert stop(case(guesses=[Guess("x@acme.test", "first", 0.1)]), verifier()).outcome == "none"


def test_guessing_can_be_excluded() -> None:
    assert stop(case(guesses=(GUESS,)), verifier(), exclude=frozenset({"pattern"})).outcome == "none"


def test_a_verified_guess_is_sure() -> None:
    found = case(known(GUESS.address, "pattern", 0.75), verdicts=(verdict(GUESS.address, Status.VALID),))
    assert stop(found, finder(), verifier()).outcome == "found"


# belief ------------------------------------------------------------------------------------------------


def test_an_address_from_the_cache_is_no_second_source() -> None:
    bought = believe(Knowledge((known("a@acme.test", "hunter", 0.7),)))
    both = Knowledge((known("a@acme.test", "hunter", 0.7), known("a@acme.test", "cache:hunter", 0.7)))
    assert believe(both).confidence(Field.EMAIL) == pytest.approx(bought.confidence(Field.EMAIL))


def test_a_number_in_the_numbering_plan_is_no_proof_whose_it_is() -> None:
    word = known("+442071234567", "hunter", 0.4, Field.PHONE)
    fits = verdict("+442071234567", Status.VALID, "headwater", Field.PHONE)
    assert believe(Knowledge((word,), (fits,))).confidence(Field.PHONE) < level(Field.PHONE, Rules())


def test_an_address_that_is_proven_dead_is_never_sure() -> None:
    words = (known("a@acme.test", "hunter", 0.99), known("a@acme.test", "apollo", 0.98))
    dead = verdict("a@acme.test", Status.INVALID)
    assert believe(Knowledge(words, (dead,))).confidence(Field.EMAIL) < 0.5


def test_an_address_that_may_be_a_trap_is_never_sure() -> None:
    words = (known("a@acme.test", "hunter", 0.97),)
    trap = Judged(Field.EMAIL, "a@acme.test", "zerobounce.verify", Status.RISKY, "trap", 12, "mx", AT)
    catch_all = dataclasses.replace(trap, sub_status="accept_all")
    assert believe(Knowledge(words, (trap,))).confidence(Field.EMAIL) < 0.5
    assert believe(Knowledge(words, (catch_all,))).confidence(Field.EMAIL) > 0.9


@given(st.floats(0, 1), st.sampled_from(list(Field)))
def test_no_field_must_be_surer_than_the_user_asks(wanted: float, field: Field) -> None:
    assert 0 <= level(field, Rules(min_confidence=wanted)) <= wanted


# whole waterfalls ----------------------------------------------------------------------------------------

fields = st.frozensets(st.sampled_from([Field.EMAIL, Field.PHONE, Field.TITLE]), min_size=1)
offers = st.lists(
    st.one_of(
        st.builds(
            finder,
            st.sampled_from(["a", "b", "c", "d"]),
            st.integers(0, 3000),
            fields,
            hit_rate=st.floats(0.01, 1),
        ),
        st.builds(verifier, st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 1000)),
    ),
    max_size=7,
    unique_by=lambda offer: offer.name,
)
rules = st.builds(
    Rules,
    min_confidence=st.sampled_from([0.5, 0.9, 0.99]),
    max_price=st.none() | st.integers(0, 300_000),
    order=st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(tuple),
    exclude=st.frozensets(st.sampled_from(["a", "b", "pattern"])),
)
guessed = st.lists(
    st.builds(
        Guess, st.sampled_from(["g1@acme.test", "g2@acme.test", "g3@acme.test"]), st.just("p"), st.floats(0, 0.9)
    ),
    max_size=3,
)


@given(offers, rules, fields, guessed, st.integers(0, 2**32))
def test_every_waterfall_keeps_its_promises(
    all_offers: list[Offer], job: Rules, want: frozenset[Field], tries: list[Guess], seed: int
) -> None:
    chance = random.Random(seed)
    now = Case(ADA, want, Knowledge(), guesses=tries)
    done: set[tuple[str, str]] = set()
    by_name = {offer.name: offer for offer in all_offers}
    for _ in range(50):
        found = next_step(now, job, all_offers)
        assert found == next_step(now, job, all_offers[::-1])
        if isinstance(found, Stop):
            _check_end(found, now, job, want)
            return
        offer = by_name[f"{found.vendor}.{found.operation}"]
        assert found.vendor not in job.exclude
        assert (offer.name, found.subject) not in done
        assert found.want <= missing(now, job)
        assert found.most == offer.price(found.want)
        assert job.max_price is None or now.spent + found.most <= job.max_price
        assert bool(found.subject) is offer.operation.verifies
        done.add((offer.name, found.subject))
        now = _answered(now, found, offer, chance)
    raise AssertionError("it never ends")


def _check_end(end: Stop, now: Case, job: Rules, want: frozenset[Field]) -> None:
    open_fields = missing(now, job)
    expected = {"found"} if not open_fields else {"partial"} if open_fields < want else {"none"}
    if any(each.outcome == "forbidden" for each in now.knowledge.asked):
        expected = {"forbidden"}
    assert {end.outcome} == expected
    assert end.why


def _answered(now: Case, found: Ask, offer: Offer, chance: random.Random) -> Case:
    """Something that this vendor could say, at no more than it may cost."""
    outcome = chance.choice(
        ["hit", "hit", "miss", "failed", "unknown", *(["forbidden"] if chance.random() < 0.1 else [])]
    )
    observations, verdicts = now.knowledge.observations, now.knowledge.verdicts
    if outcome == "hit" and offer.operation.verifies:
        status = chance.choice(list(Status))
        verdicts += (verdict(found.subject, status, offer.name),)
        if status is Status.VALID and not any(each.value == found.subject for each in observations):
            observations += (known(found.subject, "pattern", 0.75),)
    elif outcome == "hit":
        for field in sorted(found.want):
            observations += (known(f"{chance.randrange(3)}@{field}", found.vendor, chance.random(), field),)
    said = (*now.knowledge.asked, asked(offer.name, outcome, found.subject))
    spent = now.spent + chance.randint(0, found.most)
    return replace(now, knowledge=Knowledge(observations, verdicts, said), spent=spent)
