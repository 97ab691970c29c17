"""What checks of telephone lines have in common: one number asked about, and our words for what comes back.

A finding of such a check repeats the number. Its status is the vendor's own class; its detail speaks our words only:
``line`` (active, inactive, unknown), ``type`` (a kind of line), ``carrier`` with ``carrier_basis`` (live where the
network was asked, vendor_list where the vendor reads a list), ``disputed`` where the vendor does not know the range.
Who is behind a line, where it is and which SIM it uses is nobody's business here and is not kept.
"""

from collections.abc import Mapping

import phonenumbers

from headwater.providers import reading
from headwater.providers.base import Answer, Json, Outcome, Query
from headwater.providers.errors import BadRequest
from headwater.providers.reading import Garbled
from headwater.records import Field, Finding

ACTIVE, INACTIVE, UNKNOWN = "active", "inactive", "unknown"
LIVE, LISTED = "live", "vendor_list"
NEEDS = (frozenset({"phone"}),)
FINDS = frozenset({Field.PHONE})

_MOBILE = phonenumbers.PhoneNumberType.MOBILE
_PERHAPS = phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE


def number(query: Query, vendor: str) -> str:
    """The number to ask about in E.164. Raises BadRequest for what no vendor could be asked about."""
    found = reading.phone(query.phone)
    if found is None or not found.startswith("+"):
        raise BadRequest(f"What {vendor} shall check is not a telephone number.")
    return found


def may_be_mobile(e164: str) -> bool:
    """Whether the numbering plan leaves room for a mobile: asking a mobile network about a landline says nothing."""
    return _kind(e164) in (_MOBILE, _PERHAPS)


def is_mobile(e164: str) -> bool:
    """Whether the numbering plan knows only mobiles in this range."""
    return _kind(e164) == _MOBILE


def _kind(e164: str) -> int:
    return phonenumbers.number_type(phonenumbers.parse(e164))


def about(query: Query, answered: Json, vendor: str) -> str:
    """The number that was asked about. Raises Garbled if the answer is about another one."""
    asked = reading.phone(query.phone) or query.phone or ""
    if isinstance(answered, str) and _digits(answered) not in ("", _digits(asked)):
        raise Garbled(f"{vendor} answered for another number than was asked.")
    return asked


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdecimal())


def checked(
    e164: str,
    said: str,
    units: int,
    *,
    line: str = UNKNOWN,
    type: str | None = None,
    carrier: str | None = None,
    basis: str | None = None,
    disputed: bool = False,
) -> Answer:
    """The answer of a check that was carried out."""
    detail: Mapping[str, str | None] = {
        "line": line,
        "type": type,
        "carrier": carrier,
        "carrier_basis": basis if carrier else None,
        "disputed": "range" if disputed else None,
    }
    kept = {name: word for name, word in detail.items() if word}
    return Answer(Outcome.HIT, (Finding(Field.PHONE, e164, said, None, kept),), units)
