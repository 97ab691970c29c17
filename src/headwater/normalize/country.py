"""Countries by name or code, and the states that give their country away."""

from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from headwater.normalize.text import CACHE, fold, is_empty

_US_STATES = """AL:Alabama AK:Alaska AZ:Arizona AR:Arkansas CA:California CO:Colorado CT:Connecticut DE:Delaware
DC:District_of_Columbia FL:Florida GA:Georgia HI:Hawaii ID:Idaho IL:Illinois IN:Indiana IA:Iowa KS:Kansas KY:Kentucky
LA:Louisiana ME:Maine MD:Maryland MA:Massachusetts MI:Michigan MN:Minnesota MS:Mississippi MO:Missouri MT:Montana
NE:Nebraska NV:Nevada NH:New_Hampshire NJ:New_Jersey NM:New_Mexico NY:New_York NC:North_Carolina ND:North_Dakota OH:Ohio
OK:Oklahoma OR:Oregon PA:Pennsylvania RI:Rhode_Island SC:South_Carolina SD:South_Dakota TN:Tennessee TX:Texas UT:Utah
VT:Vermont VA:Virginia WA:Washington WV:West_Virginia WI:Wisconsin WY:Wyoming
PR:Puerto_Rico GU:Guam VI:Virgin_Islands AS:American_Samoa MP:Northern_Mariana_Islands"""
_CA_PROVINCES = """AB:Alberta BC:British_Columbia MB:Manitoba NB:New_Brunswick NL:Newfoundland_and_Labrador
NS:Nova_Scotia NT:Northwest_Territories NU:Nunavut ON:Ontario PE:Prince_Edward_Island QC:Quebec SK:Saskatchewan
YT:Yukon"""


class _Tables(NamedTuple):
    codes: dict[str, str]
    names: dict[str, str]


@lru_cache(CACHE)
def country(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country written as code (2 or 3 letters) or name.

    Names: English with usual variants, the country's own, and German, French, Spanish, Italian, Portuguese, Dutch ones
    (as in the Unicode CLDR). A code of two letters in lower case is read too: a country cell is not prose.
    """
    if is_empty(text):
        return None
    key = _squeeze(text)
    tables = _tables()
    return tables.codes.get(key) or tables.names.get(key) or tables.names.get(key.removeprefix("the"))


@lru_cache(CACHE)
def country_of_state(text: str) -> str | None:
    """The country that a state's full name implies (US states, Canadian provinces), or a US state's code: see below.

    Two letters are ambiguous (PA is Pará, DE is Germany): a caller asks for codes only where the whole column agrees.
    """
    return _state_names().get(_squeeze(text))


def is_us_state_code(text: str) -> bool:
    """Say whether a cell is the two-letter code of a US state, district or territory."""
    return text.strip().upper().rstrip(".") in _us_codes()


def is_canadian_province_code(text: str) -> bool:
    """Say whether a cell is the two-letter code of a Canadian province or territory."""
    return text.strip().upper().rstrip(".") in _pairs(_CA_PROVINCES)


@lru_cache(1)
def _tables() -> _Tables:
    codes: dict[str, str] = {}
    names: dict[str, str] = {}
    table = resources.files("headwater.normalize").joinpath("countries.tsv").read_text("utf-8")
    for line in table.splitlines():
        alpha2, alpha3, spellings = line.split("\t")
        codes |= {alpha2.lower(): alpha2, alpha3.lower(): alpha2}
        names |= {_squeeze(name): alpha2 for name in spellings.split("|")}
    return _Tables(codes | {"uk": "GB"}, names)


@lru_cache(1)
def _state_names() -> dict[str, str]:
    us = {_squeeze(name): "US" for code, name in _pairs(_US_STATES).items() if code != "GA"}
    return us | {_squeeze(name): "CA" for name in _pairs(_CA_PROVINCES).values()} | {"washingtondc": "US"}


@lru_cache(1)
def _us_codes() -> frozenset[str]:
    return frozenset(_pairs(_US_STATES))


@lru_cache(2)
def _pairs(table: str) -> dict[str, str]:
    return {pair[:2]: pair[3:].replace("_", " ") for pair in table.split()}


def _squeeze(text: str) -> str:
    return fold(text).replace(" ", "")
