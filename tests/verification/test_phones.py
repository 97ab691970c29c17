"""Numbers as people write them, judged by the numbering plans."""

import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType, carrier, geocoder, timezone

from headwater.records import Status
from headwater.verification import PHONE_TYPES, check_phone, check_phones
from headwater.verification.numbering import place_of, plan_of
from headwater.verification.phones import RULES
from headwater.verification.scoring import tally

Labelled = Callable[[str], list[dict[str, str]]]
BANDS = {Status.INVALID: (0, 10), Status.RISKY: (11, 69), Status.UNKNOWN: (35, 55), Status.VALID: (70, 100)}
TYPES = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "landline_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
    PhoneNumberType.UNKNOWN: None,
}


def test_every_labelled_number_is_read_as_labelled(labelled: Labelled, at: datetime) -> None:
    rows = [row for row in labelled("phone_cases.csv") if row["valid"] == "1"]
    wrong = []
    for row in rows:
        verdict = check_phone(row["raw"], region=row["default_region"] or None, at=at)
        right = verdict.e164 == row["e164"] and (verdict.extension or "") == row["ext"]
        if not right or (row["reserved"] == "1" and not verdict.reserved):
            wrong.append(row["raw"])
    assert len(rows) == 1626
    assert wrong == []


CLASSES = [
    ("messy", "messy human format", 99),
    ("google", "google/libphonenumber PhoneNumberUtilTest", 123),
    ("validatorjs", "validatorjs", 207),
    ("examples of every type", "example", 1122),
]


@pytest.mark.parametrize(("words", "size"), [each[1:] for each in CLASSES], ids=[each[0] for each in CLASSES])
def test_every_class_of_labelled_numbers_is_read_without_a_mistake(
    labelled: Labelled, at: datetime, words: str, size: int
) -> None:
    rows = [row for row in labelled("phone_cases.csv") if words in row["source"]]
    verdicts = [check_phone(row["raw"], region=row["default_region"] or None, at=at) for row in rows]
    wrong = [
        (row["raw"], verdict.e164)
        for row, verdict in zip(rows, verdicts, strict=True)
        if (verdict.e164, verdict.extension or "") != (row["e164"], row["ext"])
        or (verdict.status is Status.INVALID and not verdict.reserved)  # many examples are numbers of fiction
        or (row["type"] and verdict.type != row["type"])
    ]
    assert (len(rows), wrong) == (size, [])


def test_every_labelled_type_is_told(labelled: Labelled, at: datetime) -> None:
    # Six of the numbers kept for fiction are in no plan, so that nothing can tell their type.
    rows = [row for row in labelled("phone_cases.csv") if row["type"]]
    told = [(row, check_phone(row["raw"], region=row["default_region"] or None, at=at)) for row in rows]
    assert [row["raw"] for row, v in told if v.type != row["type"] and not (v.type is None and v.reserved)] == []


def test_every_number_kept_for_fiction_is_flagged_and_scores_five(labelled: Labelled, at: datetime) -> None:
    rows = [row for row in labelled("phone_cases.csv") if row["reserved"] == "1"]
    verdicts = [check_phone(row["raw"], region=row["default_region"], at=at) for row in rows]
    assert len(rows) == 75
    assert {(v.reserved, v.status, v.sub_status, v.score) for v in verdicts} == {
        (True, "invalid", "reserved_for_fiction", 5)
    }


def test_what_is_no_number_is_refused(labelled: Labelled, at: datetime) -> None:
    rows = [row for row in labelled("phone_cases.csv") if row["valid"] == "0"]
    verdicts = [check_phone(row["raw"], region=row["default_region"] or None, at=at) for row in rows]
    assert len(rows) == 42
    assert [v.raw for v in verdicts if v.status != "invalid" or v.e164 is not None or v.reserved] == []


def test_numbers_of_people_are_not_taken_for_fiction(labelled: Labelled, at: datetime) -> None:
    rows = [row for row in labelled("phone_cases.csv") if "example" in row["source"]]
    flagged = [row["e164"] for row in rows if check_phone(row["raw"], region=None, at=at).reserved]
    assert flagged == []


def numbers() -> Iterator[phonenumbers.PhoneNumber]:
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in phonenumbers.supported_types_for_region(region):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield number


def same_as_the_library(number: phonenumbers.PhoneNumber) -> None:
    national = phonenumbers.national_significant_number(number)
    plan = plan_of(number.country_code, national)
    assert plan.type == TYPES[phonenumbers.number_type(number)]
    assert (plan.type is not None) == phonenumbers.is_valid_number(number)
    if plan.type is None:
        return
    place = place_of(number.country_code, national, plan)
    assert plan.region == phonenumbers.region_code_for_number(number)
    assert plan.portable == phonenumbers.is_mobile_number_portable_region(plan.region)
    assert (place.carrier or "") == carrier.name_for_number(number, "en")
    assert (place.time_zones or ("Etc/Unknown",)) == tuple(timezone.time_zones_for_number(number))
    described = geocoder.description_for_number(number, "en")
    assert place.location == described or described in ("", place.country)


def test_one_pass_says_what_the_library_says_of_every_example() -> None:
    count = 0
    for number in numbers():
        same_as_the_library(number)
        count += 1
    assert count > 1_000


@pytest.mark.parametrize(("code", "national"), [(358, 9100000)])
def test_what_chance_found(code: Any, national: int) -> None:
    """A prefix whose longest entry has a name in another language only."""
    same_as_the_library(phonenumbers.PhoneNumber(country_code=code, national_number=national))


def any_number(chance: random.Random) -> phonenumbers.PhoneNumber:
    """Half of all numbers begin like one that exists, so that most of the metadata is met."""
    code = chance.choice(list(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
    if chance.random() < 0.5:
        return phonenumbers.PhoneNumber(country_code=code, national_number=chance.randrange(10**5, 10**11))
    kind = chance.choice([PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE])
    example = phonenumbers.example_number_for_type(chance.choice(list(phonenumbers.SUPPORTED_REGIONS)), kind)
    if example is None:
        return any_number(chance)
    digits = str(example.national_number)
    kept = chance.randrange(2, len(digits) + 1)
    tail = "".join(chance.choice("0123456789") for _ in digits[kept:])
    example.national_number = int(digits[:kept] + tail)
    return example


def test_one_pass_says_what_the_library_says_of_20_000_numbers() -> None:
    chance = random.Random(20_260_101)
    for _ in range(20_000):
        same_as_the_library(any_number(chance))


CODES = st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
SHARED = st.sampled_from([1, 7, 44, 39, 47, 54, 52, 61, 212, 262, 358, 590, 599, 800, 881, 979])


@settings(deadline=None)
@given(st.one_of(CODES, SHARED), st.integers(10**5, 10**11))
def test_one_pass_says_what_the_library_says_of_any_number(code: Any, national: int) -> None:
    same_as_the_library(phonenumbers.PhoneNumber(country_code=code, national_number=national))


@pytest.mark.parametrize(
    ("raw", "region", "status", "sub_status", "score"),
    [
        ("+44 7400 123456", None, "valid", "in_plan", 80),
        ("+44 7400 123456", "GB", "valid", "in_plan", 90),
        ("07400 123456", "gb", "valid", "in_plan", 90),
        ("+44 7400 123456", "FR", "valid", "in_plan", 80),
        ("+44 56 0012 3456", None, "valid", "in_plan", 70),
        ("+44 909 123 4567", "GB", "risky", "costly", 30),
        ("+1 202-555-0123", "US", "invalid", "reserved_for_fiction", 5),
        ("+1 202 555", None, "invalid", "too_short", 10),
        ("+1 202 555 01234", None, "invalid", "too_long", 10),
        ("+1 111 555 0123", None, "invalid", "not_in_plan", 10),
        ("+999 123456789", None, "invalid", "no_such_country", 0),
        ("020 7946 0018", None, "unknown", "country_unknown", 35),
        ("020 7946 0018", "XX", "unknown", "country_unknown", 35),
        ("call me", "US", "invalid", "not_a_number", 0),
        ("", None, "invalid", "not_a_number", 0),
    ],
)
def test_verdicts(at: datetime, raw: str, region: str | None, status: str, sub_status: str, score: int) -> None:
    verdict = check_phone(raw, region=region, at=at)
    assert (verdict.status, verdict.sub_status, verdict.score) == (status, sub_status, score)


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("+49 30 1234 (fax)", None, "+49301234"),
        ("+49 30 12345 mobile", None, "+493012345"),
        ("0171 3920112 (privat)", "DE", "+491713920112"),
        ("+44 7400 123456 (direct) work", None, "+447400123456"),
        ("+44 7400 123456 ask for Anna", None, "+447400123456"),
        ("030 123456 / 0171 3920112", "DE", "+4930123456"),
        ("+44 7400 123456; +44 7400 123457", None, "+447400123456"),
        ("+44 7400 123456\n+44 7400 123457", None, "+447400123456"),
        ("1-800-MOBILE-1", "US", "+18006624531"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
    ],
)
def test_words_and_second_numbers_do_not_become_digits(at: datetime, raw: str, region: str | None, e164: str) -> None:
    assert check_phone(raw, region=region, at=at).e164 == e164


def test_a_number_carries_what_the_plan_knows(at: datetime) -> None:
    verdict = check_phone("+40 721 234 567 ext 9", region="RO", at=at)
    assert (verdict.type, verdict.region, verdict.country, verdict.extension) == ("mobile", "RO", "Romania", "9")
    assert (verdict.carrier, verdict.carrier_basis, verdict.portable) == ("Vodafone", "original_allocation", True)
    assert verdict.time_zones == ("Europe/Bucharest",)
    landline = check_phone("+44 20 8366 1177", region=None, at=at)
    assert (landline.location, landline.carrier, landline.carrier_basis) == ("London", None, None)


def test_pairs_keep_their_order(at: datetime) -> None:
    pairs = [("07400 123456", "GB"), ("06 12 34 56 78", "FR"), ("07400 123456", "GB"), ("07400 123456", None)]
    verdicts = check_phones(iter(pairs), at=at)
    assert [v.e164 for v in verdicts] == ["+447400123456", "+33612345678", "+447400123456", None]


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.text("+0123456789 ()-/.x,;orfaxEXT", max_size=40)),
    st.sampled_from(["US", "DE", None]),
)
def test_any_text_gets_a_verdict_that_does_not_contradict_itself(at: datetime, raw: str, region: str | None) -> None:
    verdict = check_phone(raw, region=region, at=at)
    low, high = BANDS[verdict.status]
    assert low <= verdict.score <= high
    assert sum(reason.points for reason in verdict.reasons) == verdict.score
    assert verdict.e164 is None or re.fullmatch(r"\+[1-9]\d{3,17}", verdict.e164)
    assert verdict.type is None or verdict.type in PHONE_TYPES
    assert (verdict.status == "valid") <= (verdict.e164 is not None)


GOOD = {
    "parsed", "length_possible", "in_plan", "type_known", "region_agrees", "country_unknown", "line_active",
    "line_unknown", "seen_in_sources",
}  # fmt: skip


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(RULES))), st.sampled_from(sorted(RULES)))
def test_good_evidence_never_lowers_a_score_and_bad_never_raises_it(codes: Any, more: str) -> None:
    before, _ = tally([(code, "") for code in sorted(codes - {more})], RULES)
    after, _ = tally([(code, "") for code in sorted(codes | {more})], RULES)
    assert after >= before if more in GOOD else after <= before


def test_where_people_are_made_up_the_numbers_of_fiction_are_theirs(at: datetime) -> None:
    verdict = check_phone("+12025550123", region=None, at=at, made_up=True)
    assert (verdict.status, verdict.score, verdict.reserved) == ("valid", 80, True)
    assert check_phone("+12025550123", region=None, at=at).status == "invalid"
    # a range that the plan does not know stays unknown to it
    assert check_phone("+447700900123", region=None, at=at, made_up=True).status == "invalid"


def test_a_very_long_cell_is_read_quickly(at: datetime) -> None:
    assert check_phone("+44 7400 123456 " + "( " * 500_000, region=None, at=at).e164 == "+447400123456"
    assert check_phone(" " * 1_000_000, region=None, at=at).status == "invalid"


def test_the_tables_of_names_are_not_loaded_before_a_number_asks() -> None:
    code = "import sys, headwater.verification; sys.exit('phonenumbers.geodata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
