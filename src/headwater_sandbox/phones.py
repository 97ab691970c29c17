"""Phone numbers, only from ranges which regulators keep for fiction, so that nobody's phone can ever ring.

Sources: NANP 555-0100..0199; Ofcom's numbers for drama; ARCEP decision 2018-0881; BNetzA's Drama-Nummern; PTS; ComReg;
ACMA. Where a country keeps none (Spain, the Netherlands, Irish and some mobile ranges), or where the common number
libraries refuse the range as invalid (mobiles of Britain and France), nobody has such a number in this world.
"""

from headwater_sandbox.dice import Dice

_AREA = {
    "US": ("202", "303", "312", "404", "415", "503", "512", "614", "617", "713"),
    "CA": ("403", "416", "604", "902"),
}
_Ranges = dict[str, tuple[tuple[str, int], ...]]
# country: prefix and number of free digits
_MOBILE: _Ranges = {
    "DE": (("+4917139200", 2), ("+4917604069", 3)),
    "AU": (("+6149157", 4),),
    "SE": (("+4670174060", 1), ("+4670174061", 1)),
}
_LANDLINE: _Ranges = {
    "GB": (("+442079460", 3), ("+441134960", 3), ("+441174960", 3)),
    "FR": (("+331990", 5), ("+332619", 5)),
    "DE": (("+493023125", 3), ("+494066969", 3), ("+498999998", 3)),
    "AU": (("+6170105", 4),),
    "SE": (("+468465004", 2),),
}


def _number(dice: Dice, table: _Ranges, country: str, kind: str, key: tuple[str, ...]) -> str | None:
    if country in _AREA:
        area = dice.pick(_AREA[country], "area", *key)
        return f"+1{area}5550{dice.between(100, 199, kind, *key)}"
    if country not in table:
        return None
    prefix, digits = dice.pick(table[country], "range", kind, *key)
    return f"{prefix}{dice.between(0, 10**digits - 1, kind, *key):0{digits}d}"


def mobile(dice: Dice, country: str, *key: str) -> str | None:
    """A mobile number in E.164."""
    return _number(dice, _MOBILE, country, "mobile", key)


def landline(dice: Dice, country: str, *key: str) -> str | None:
    """A landline number in E.164."""
    return _number(dice, _LANDLINE, country, "landline", key)
