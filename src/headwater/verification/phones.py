"""One phone number judged against the numbering plans (ITU-T E.164, libphonenumber's metadata).

No offline source knows whether a number rings, or who carries it today: ``carrier`` is who was given the range, and
``portable`` says whether the number may have moved. Bands: invalid 0-10, risky 11-69, unknown 35-55, valid 70-100; a
valid number starts at 80, and at 70 if it is a VoIP number. What others say of a number is joined in ``lines``.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneNumber,
    ValidationResult,
    is_possible_number_with_reason,
    national_significant_number,
    parse,
)

from headwater.records import PhoneVerdict, Reason, Status
from headwater.verification.fiction import reserved_by
from headwater.verification.numbering import Plan, place_of, plan_of
from headwater.verification.readings import readings
from headwater.verification.scoring import Rule, tally

RULES = {
    "not_a_number": Rule(0, "The text holds no phone number.", ceiling=0),
    "no_such_country": Rule(0, "No country has this calling code.", ceiling=0),
    "country_unknown": Rule(35, "A national number whose country is not known; it can not be checked."),
    "parsed": Rule(20, "The text reads as a phone number."),
    "length_possible": Rule(10, "The number has a length that its country uses."),
    "in_plan": Rule(40, "The number is in a range that its country has given out."),
    "type_known": Rule(10, "The plan says what kind of number it is."),
    "region_agrees": Rule(10, "The number belongs to the contact's country."),
    "line_active": Rule(5, "The line is in service."),
    "line_unknown": Rule(0, "Nobody could tell whether the line is in service."),
    "seen_in_sources": Rule(5, "Independent sources gave this number."),
    "voip": Rule(-10, "An internet telephony number: easily given up, often not personal."),
    "costly": Rule(0, "Calling this number costs the caller extra.", ceiling=30),
    "shared_by_many": Rule(0, "Several people have this number: it is an office's line, not a person's.", ceiling=60),
    "not_a_mobile": Rule(0, "A mobile number was promised, and this is another kind of line.", ceiling=55),
    "range_disputed": Rule(0, "A vendor does not know the number's range.", ceiling=50),
    "line_inactive": Rule(0, "The line is not in service.", ceiling=10),
    "too_short": Rule(0, "The number is too short for its country.", ceiling=10),
    "too_long": Rule(0, "The number is too long for its country.", ceiling=10),
    "not_in_plan": Rule(0, "The number is in no range that its country has given out.", ceiling=10),
    "reserved_for_fiction": Rule(
        0, "The number is kept free for films and books; it never reaches anybody.", ceiling=5
    ),
}
COSTLY = frozenset({"premium", "shared_cost"})
_LENGTHS = {
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.TOO_LONG: "too_long",
}
_FEWEST_DIGITS = 7
_MEXICO = 52
Found = tuple[tuple[str, str], ...]
# The first code found decides.
_DECIDING = (
    ("not_a_number", Status.INVALID),
    ("no_such_country", Status.INVALID),
    ("country_unknown", Status.UNKNOWN),
    ("reserved_for_fiction", Status.INVALID),
    ("too_short", Status.INVALID),
    ("too_long", Status.INVALID),
    ("not_in_plan", Status.INVALID),
    ("line_inactive", Status.INVALID),
    ("shared_by_many", Status.RISKY),
    ("costly", Status.RISKY),
    ("not_a_mobile", Status.RISKY),
    ("range_disputed", Status.RISKY),
    ("line_active", Status.VALID),
    ("in_plan", Status.VALID),
)


class _Read(NamedTuple):
    """One reading of a text, its place in the numbering plan, and who keeps it free for fiction."""

    calling_code: int
    national: str
    extension: str | None
    plan: Plan
    holder: str | None

    @property
    def known(self) -> bool:
        """A reserved number counts: some plans leave the range of fiction out."""
        return self.plan.type is not None or self.holder is not None


def check_phones(
    numbers: Iterable[tuple[str, str | None]], *, at: datetime, made_up: bool = False
) -> list[PhoneVerdict]:
    """Judge (text, region) pairs in their order; equal pairs are worked out once."""
    pairs = list(numbers)
    judged = {pair: check_phone(pair[0], region=pair[1], at=at, made_up=made_up) for pair in set(pairs)}
    return [judged[pair] for pair in pairs]


def check_phone(raw: str, *, region: str | None, at: datetime, made_up: bool = False) -> PhoneVerdict:
    """Judge the first number in a cell. ``region`` (ISO 3166-1 alpha-2) reads numbers without a calling code.

    ``made_up`` is for a world whose people are made up: there the numbers kept for fiction are theirs. They are still
    flagged as reserved, but not held to reach nobody.
    """
    home = (region or "").strip().upper()
    read, trouble = _read(raw, home if home in SUPPORTED_REGIONS else None)
    if read is None:
        return _verdict(raw, None, (trouble,), at)
    found = tuple(_evidence(read, home, fiction=not (made_up and read.plan.type)))
    if not read.known:
        return _verdict(raw, None, found, at, extension=read.extension)
    place = place_of(read.calling_code, read.national, read.plan)
    return _verdict(
        raw,
        f"+{read.calling_code}{read.national}",
        found,
        at,
        type=read.plan.type,
        region=read.plan.region,
        country=place.country,
        carrier=place.carrier,
        carrier_basis="original_allocation" if place.carrier else None,
        portable=read.plan.portable,
        location=place.location,
        time_zones=place.time_zones,
        extension=read.extension,
        reserved=read.holder is not None,
    )


def _read(raw: str, home: str | None) -> tuple[_Read | None, tuple[str, str]]:
    """The first reading that a numbering plan knows, else the first that parses, else what was wrong with the text."""
    first: _Read | None = None
    trouble = ("not_a_number", "")
    for text in readings(raw):
        try:
            read = _placed(parse(text, home))
        except NumberParseException as error:
            trouble = _trouble(error, raw) if first is None else trouble
            continue
        if read.known:
            return read, trouble
        first = first or read
    return first, trouble


def _placed(number: PhoneNumber) -> _Read:
    calling_code, national = number.country_code or 0, national_significant_number(number)
    if calling_code == _MEXICO and len(national) == 11 and national.startswith("1"):
        # Mexico dropped the 1 before mobile numbers in 2019; address books still carry it.
        national = national[1:]
    plan = plan_of(calling_code, national)
    return _Read(calling_code, national, number.extension, plan, reserved_by(calling_code, national))


def _trouble(error: NumberParseException, raw: str) -> tuple[str, str]:
    if error.error_type != NumberParseException.INVALID_COUNTRY_CODE:
        return "not_a_number", ""
    if "+" in raw or "＋" in raw:
        return "no_such_country", ""
    return ("country_unknown" if sum(map(str.isdigit, raw)) >= _FEWEST_DIGITS else "not_a_number"), ""


def _evidence(read: _Read, home: str, *, fiction: bool) -> Iterator[tuple[str, str]]:
    """What speaks for and against the number, as (code, detail)."""
    yield "parsed", ""
    if read.plan.type is None:
        number = PhoneNumber(country_code=read.calling_code, national_number=int(read.national))
        yield _LENGTHS.get(is_possible_number_with_reason(number), "not_in_plan"), ""
    else:
        yield "length_possible", ""
        yield "in_plan", ""
        yield "type_known", f"The plan says what kind of number it is: {read.plan.type.replace('_', ' ')}."
    if read.plan.region and read.plan.region == home:
        yield "region_agrees", ""
    if read.plan.type == "voip":
        yield "voip", ""
    if read.plan.type in COSTLY:
        yield "costly", ""
    if read.holder and fiction:
        yield "reserved_for_fiction", f"{RULES['reserved_for_fiction'].text[:-1]} ({read.holder})."


def _verdict(raw: str, e164: str | None, found: Found, at: datetime, **facts: Any) -> PhoneVerdict:
    status, sub_status, score, reasons = settle(found)
    return PhoneVerdict(raw, e164, status, sub_status, score, at, reasons=reasons, **facts)


@lru_cache(maxsize=1_000)
def settle(found: Found) -> tuple[Status, str, int, tuple[Reason, ...]]:
    """Status, sub-status, score and reasons of evidence given as (code, detail)."""
    score, reasons = tally(found, RULES)
    codes = {code for code, _ in found}
    code, status = next((code, status) for code, status in _DECIDING if code in codes)
    return status, code, score, reasons
