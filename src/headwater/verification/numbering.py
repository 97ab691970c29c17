"""What the numbering plans say of a parsed number, found in one pass.

The library's own functions each work out region and type again. This module walks its metadata once, through the public
classes, and keeps the compiled patterns; tests hold every answer equal to the library's. The names of places and
carriers are some 80 MB of tables, loaded when the first number asks.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberType,
    country_mobile_token,
    is_number_type_geographical,
)

_Matches = Callable[[str], bool]

# Our word for a type and the metadata that describes it, in the order in which the library asks.
_SPECIAL = (
    ("premium", "premium_rate"),
    ("toll_free", "toll_free"),
    ("shared_cost", "shared_cost"),
    ("voip", "voip"),
    ("personal", "personal_number"),
    ("pager", "pager"),
    ("uan", "uan"),
    ("voicemail", "voicemail"),
)
_GEOGRAPHIC = {
    "landline": PhoneNumberType.FIXED_LINE,
    "landline_or_mobile": PhoneNumberType.FIXED_LINE_OR_MOBILE,
    "mobile": PhoneNumberType.MOBILE,
}
PHONE_TYPES = (*(name for name, _ in _SPECIAL), *_GEOGRAPHIC)
_CARRIED = frozenset({"mobile", "landline_or_mobile", "pager"})


class Plan(NamedTuple):
    """A number's place in its plan; ``type`` is None when no plan has the number."""

    type: str | None = None
    region: str | None = None
    portable: bool | None = None


class Place(NamedTuple):
    """Names for a number: where it was given out, to which carrier first, and on which clocks."""

    country: str | None
    location: str | None
    carrier: str | None
    time_zones: tuple[str, ...]


class _Region(NamedTuple):
    """One region's metadata, compiled."""

    leading: re.Pattern[str] | None
    general: _Matches
    special: tuple[tuple[str, _Matches], ...]
    fixed: _Matches
    mobile: _Matches
    same: bool
    portable: bool


class _Names(NamedTuple):
    """The tables of names; every key is a prefix of an E.164 number without its plus, or a region."""

    areas: Mapping[str, Mapping[str, str]]
    areas_longest: int
    carriers: Mapping[str, Mapping[str, str]]
    carriers_longest: int
    zones: Mapping[str, tuple[str, ...]]
    zones_longest: int
    countries: Mapping[str, Mapping[str, str]]


def plan_of(calling_code: int, national: str) -> Plan:
    """Type and region of a national number; where regions share a calling code, the first that claims it has it."""
    for code in COUNTRY_CODE_TO_REGION_CODE.get(calling_code, ()):
        region = _region(calling_code, code)
        if region is None or (region.leading and not region.leading.match(national)):
            continue
        kind = _type_of(national, region)
        if kind is not None:
            return Plan(kind, code, region.portable)
        if region.leading:
            break
    return Plan()


def place_of(calling_code: int, national: str, plan: Plan) -> Place:
    """Names for a number that has a plan; finer than the country only where the number's type belongs to a place."""
    names = _names()
    digits = f"{calling_code}{national}"
    kind = _GEOGRAPHIC.get(plan.type or "", PhoneNumberType.UNKNOWN)
    geographic = is_number_type_geographical(kind, calling_code)
    # Argentine mobiles carry a 9 before the area code, which the table of places does not have.
    local = f"{calling_code}{national.removeprefix(country_mobile_token(calling_code))}"
    location = _named(names.areas, names.areas_longest, local) if geographic else None
    carrier = _named(names.carriers, names.carriers_longest, digits) if plan.type in _CARRIED else None
    return Place(
        country=_country(names.countries.get(plan.region or "", {})),
        location=location,
        carrier=carrier,
        time_zones=_longest(names.zones, names.zones_longest, digits if geographic else str(calling_code)) or (),
    )


def _type_of(national: str, region: _Region) -> str | None:
    if not region.general(national):
        return None
    for name, matches in region.special:
        if matches(national):
            return name
    if region.fixed(national):
        return "landline_or_mobile" if region.same or region.mobile(national) else "landline"
    return "mobile" if not region.same and region.mobile(national) else None


@cache
def _region(calling_code: int, code: str) -> _Region | None:
    found = PhoneMetadata.metadata_for_region_or_calling_code(calling_code, code)
    if found is None:
        return None
    shared = len(COUNTRY_CODE_TO_REGION_CODE[calling_code]) > 1
    return _Region(
        leading=re.compile(found.leading_digits) if shared and found.leading_digits else None,
        general=_matcher(found.general_desc),
        special=tuple((name, _matcher(getattr(found, kind))) for name, kind in _SPECIAL if getattr(found, kind)),
        fixed=_matcher(found.fixed_line),
        mobile=_matcher(found.mobile),
        same=bool(found.same_mobile_and_fixed_line_pattern),
        portable=bool(found.mobile_number_portable_region),
    )


def _matcher(description: PhoneNumberDesc | None) -> _Matches:
    if description is None or not description.national_number_pattern:
        return lambda national: False
    fullmatch = re.compile(description.national_number_pattern).fullmatch
    lengths = frozenset(description.possible_length)
    if not lengths:
        return lambda national: fullmatch(national) is not None
    return lambda national: len(national) in lengths and fullmatch(national) is not None


def _longest(table: Mapping[str, Any], longest: int, digits: str) -> Any:
    """The entry of the longest prefix of ``digits`` that the table has."""
    for length in range(min(longest, len(digits)), 0, -1):
        found = table.get(digits[:length])
        if found is not None:
            return found
    return None


def _named(table: Mapping[str, Mapping[str, str]], longest: int, digits: str) -> str | None:
    """The English name of the longest prefix that has one; Helsinki has entries that speak Swedish only."""
    for length in range(min(longest, len(digits)), 0, -1):
        names = table.get(digits[:length])
        if names is not None and "en" in names:
            return names["en"] or None
    return None


def _country(names: Mapping[str, str]) -> str | None:
    name = names.get("en", "")
    # "*fr" stands for "as in French".
    return (names.get(name[1:]) if name.startswith("*") else name) or None


@cache
def _names() -> _Names:
    from phonenumbers.carrierdata import CARRIER_DATA, CARRIER_LONGEST_PREFIX
    from phonenumbers.geodata import GEOCODE_DATA, GEOCODE_LONGEST_PREFIX
    from phonenumbers.geodata.locale import LOCALE_DATA
    from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

    return _Names(
        GEOCODE_DATA,
        GEOCODE_LONGEST_PREFIX,
        CARRIER_DATA,
        CARRIER_LONGEST_PREFIX,
        TIMEZONE_DATA,
        TIMEZONE_LONGEST_PREFIX,
        LOCALE_DATA,
    )
