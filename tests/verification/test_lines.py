"""What others say of a number, joined with the plan: status and score never contradict, reasons always add up."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.records import EmailVerdict, PhoneVerdict, Status
from headwater.verification import (
    PHONE_TYPES,
    Line,
    LineEvidence,
    check_phone,
    with_claim,
    with_line_evidence,
    with_sharers,
    with_sources,
)

MOBILE, LANDLINE, VOIP, COSTLY = "+447400123456", "+442083661177", "+445600123456", "+449091234567"
BANDS = {Status.INVALID: (0, 10), Status.RISKY: (11, 69), Status.UNKNOWN: (35, 55), Status.VALID: (70, 100)}
numbers = st.sampled_from([MOBILE, LANDLINE, VOIP, COSTLY, "+12025550123", "+4474001234567890", "no number", "030 1"])
words = st.sampled_from([None, "twilio.live", "hlrlookups.hlr"])
evidence = st.builds(
    LineEvidence,
    source=st.sampled_from(["twilio.live", "hlrlookups.hlr"]),
    line=st.sampled_from(Line),
    type=st.none() | st.sampled_from(PHONE_TYPES),
    carrier=st.none() | st.just("O2"),
    carrier_basis=st.just("live"),
    disputed=st.booleans(),
)


def judged(number: str, at: datetime, region: str | None = None) -> PhoneVerdict:
    return check_phone(number, region=region, at=at)


def live(number: str, at: datetime, line: Line = Line.ACTIVE, **more: Any) -> PhoneVerdict:
    return with_line_evidence(judged(number, at), LineEvidence("twilio.live", line, **more))


def codes(verdict: PhoneVerdict | EmailVerdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize(
    ("line", "status", "sub_status", "score"),
    [
        (Line.ACTIVE, "valid", "line_active", 85),
        (Line.UNKNOWN, "valid", "in_plan", 80),
        (Line.INACTIVE, "invalid", "line_inactive", 10),
    ],
)
def test_a_line_lives_is_dead_or_nobody_knows(
    at: datetime, line: Line, status: str, sub_status: str, score: int
) -> None:
    verdict = live(MOBILE, at, line)
    assert (verdict.status, verdict.sub_status, verdict.score) == (status, sub_status, score)
    assert (verdict.line, verdict.level) == (line, "line")
    assert any(reason.text.startswith("twilio.live: ") for reason in verdict.reasons)


def test_the_network_knows_better_than_the_plan_who_carries_a_number(at: datetime) -> None:
    plain = judged("+40721234567", at)
    assert (plain.carrier, plain.carrier_basis) == ("Vodafone", "original_allocation")
    ported = live("+40721234567", at, carrier="Orange", carrier_basis="live")
    assert (ported.carrier, ported.carrier_basis) == ("Orange", "live")
    silent = live("+40721234567", at)
    assert (silent.carrier, silent.carrier_basis) == ("Vodafone", "original_allocation")


def test_the_network_knows_better_than_the_plan_what_kind_of_line_it_is(at: datetime) -> None:
    verdict = live(MOBILE, at, type="voip")
    assert (verdict.type, verdict.score) == ("voip", 75)
    assert {"voip", "type_known"} <= codes(verdict)
    plan_said_voip = live(VOIP, at, type="mobile")
    assert (plan_said_voip.type, plan_said_voip.score) == ("mobile", 85)
    assert live(MOBILE, at, type="premium").status == "risky"
    assert live(LANDLINE, at).type == "landline"


def test_a_landline_that_was_promised_as_a_mobile_is_risky(at: datetime) -> None:
    assert with_claim(judged(MOBILE, at)) == judged(MOBILE, at)
    for verdict in (with_claim(judged(LANDLINE, at)), with_claim(live(MOBILE, at, type="landline"))):
        assert (verdict.status, verdict.sub_status, verdict.score) == ("risky", "not_a_mobile", 55)
    assert with_claim(live(LANDLINE, at, type="mobile")).status == "valid"
    # of a plan that does not tell mobiles from landlines nothing is held against a number
    assert with_claim(judged("+12028675309", at)).status == "valid"


def test_a_number_that_many_have_is_an_offices_line_even_if_it_lives(at: datetime) -> None:
    verdict = with_sharers(live(LANDLINE, at), 14)
    assert (verdict.status, verdict.sub_status, verdict.score) == ("risky", "shared_by_many", 60)
    assert any(reason.text.startswith("14 people") for reason in verdict.reasons)
    assert with_sharers(live(LANDLINE, at, Line.INACTIVE), 14).status == "invalid"


def test_a_range_that_a_vendor_does_not_know_is_doubtful_and_not_dead(at: datetime) -> None:
    verdict = live(MOBILE, at, Line.UNKNOWN, disputed=True)
    assert (verdict.status, verdict.sub_status, verdict.score) == ("risky", "range_disputed", 50)


def test_sources_are_named_and_one_is_no_corroboration(at: datetime) -> None:
    plain = judged(MOBILE, at)
    assert with_sources(plain, ["hunter"]) == plain
    verdict = with_sources(plain, ["apollo", "file", "hunter"])
    assert verdict.score == 85
    assert [r.text for r in verdict.reasons if r.code == "seen_in_sources"] == [
        "seen_in_sources: 3 (apollo, file, hunter)"
    ]
    assert with_sources(with_sources(plain, ["a", "b"]), ["a", "b", "c"]).score == 85


def test_an_address_gets_the_reason_and_keeps_its_score(at: datetime) -> None:
    address = EmailVerdict("a@b.co", "a@b.co", Status.UNKNOWN, "mailbox_not_checked", 55, "mx", at)
    told = with_sources(address, ["apollo", "hunter"])
    assert (told.score, told.status, codes(told)) == (55, "unknown", {"seen_in_sources"})


def test_everything_that_can_be_right_is_a_hundred(at: datetime) -> None:
    best = with_line_evidence(judged(MOBILE, at, "GB"), LineEvidence("hlrlookups.hlr", Line.ACTIVE))
    assert with_sources(best, ["apollo", "hunter"]).score == 100


def test_who_answers_later_replaces_who_answered_before(at: datetime) -> None:
    dead = live(MOBILE, at, Line.INACTIVE)
    again = with_line_evidence(dead, LineEvidence("hlrlookups.hlr", Line.ACTIVE))
    assert (again.status, again.sub_status) == ("valid", "line_active")
    assert "line_inactive" not in codes(again)


@given(numbers, st.sampled_from([None, "GB", "US"]), st.lists(evidence, max_size=3), st.booleans(), st.integers(0, 9))
def test_no_verdict_contradicts_itself(
    at: datetime, number: str, region: str | None, said: list[LineEvidence], mobile: bool, people: int
) -> None:
    plain = verdict = check_phone(number, region=region, at=at)
    for each in said:
        verdict = with_line_evidence(verdict, each)
    verdict = with_claim(verdict) if mobile else verdict
    verdict = with_sharers(verdict, people) if people > 2 else verdict
    verdict = with_sources(verdict, ["a", "b"][:people])
    low, high = BANDS[verdict.status]
    assert low <= verdict.score <= high
    assert sum(reason.points for reason in verdict.reasons) == verdict.score
    assert len(codes(verdict)) == len(verdict.reasons)
    assert verdict.e164 == plain.e164
    if plain.status is Status.INVALID:
        assert verdict.status is Status.INVALID  # nobody lifts what the plan refuses


@given(numbers, st.lists(evidence, max_size=2))
def test_a_dead_line_never_raises_a_score_and_a_living_one_never_lowers_it(
    at: datetime, number: str, said: list[LineEvidence]
) -> None:
    verdict = check_phone(number, region=None, at=at)
    for each in said:
        verdict = with_line_evidence(verdict, each)
    unknown = with_line_evidence(verdict, LineEvidence("x", Line.UNKNOWN)).score
    assert with_line_evidence(verdict, LineEvidence("x", Line.ACTIVE)).score >= unknown
    assert with_line_evidence(verdict, LineEvidence("x", Line.INACTIVE)).score <= unknown
