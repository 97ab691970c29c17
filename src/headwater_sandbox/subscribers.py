"""The truth about telephone lines: what kind a number is, who carries it, whether it lives.

Any number has a truth, drawn from its digits, because people bring their own. Kinds and validity are those of the
public numbering metadata, which real vendors read too; everything else is made up. Where a plan does not tell mobiles
from landlines, the world decides.
"""

from dataclasses import dataclass

from headwater_sandbox.dice import Dice
from headwater_sandbox.settings import Settings

_NETWORKS = ("Fabel Mobil", "Sagatel", "Northern Cell", "Quadrafone", "Lumen & Partner")
# the library's types by their numbers; 2 is "landline or mobile"
_KINDS = {0: "landline", 1: "mobile", 3: "tollFree", 4: "premium", 5: "sharedCost", 6: "voip", 7: "personal",
          8: "pager", 9: "uan", 10: "voicemail"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What is true of one number."""

    number: str  # E.164, or what was asked where that is no number
    valid: bool
    ranged: str  # the kind that its range was given out for
    kind: str  # landline, mobile, voip, tollFree, premium, sharedCost, personal, pager, uan, voicemail, unknown
    country: str
    calling_code: str
    national: str
    problem: str = ""  # why it is not valid, in Twilio's words
    carrier: str | None = None
    ported_to: str | None = None
    active: bool = False
    switched_on: bool = False

    @property
    def mobile(self) -> bool:
        """Whether a mobile network has it in its register."""
        return self.kind == "mobile"


def look_up(settings: Settings, dice: Dice, text: str, region: str | None = None) -> Subscriber:
    """The truth about a number as somebody wrote it."""
    import phonenumbers  # a second of start-up that only those who ask about lines pay

    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        code = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        return Subscriber(
            text, False, "unknown", "unknown", "", "", "", "INVALID_COUNTRY_CODE" if code else "NOT_A_NUMBER"
        )
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    country = phonenumbers.region_code_for_number(parsed) or ""
    if not phonenumbers.is_valid_number(parsed):
        problem = _PROBLEMS.get(phonenumbers.is_possible_number_with_reason(parsed), "INVALID_LENGTH")
        return Subscriber(number, False, "unknown", "unknown", country, str(parsed.country_code), national, problem)
    ranged = _ranged(dice, phonenumbers.number_type(parsed), number)
    moved = ranged in ("mobile", "landline") and dice.chance(settings.number("line.voip"), "voip", number)
    kind = "voip" if moved else ranged
    carried = kind in ("mobile", "landline", "voip")
    ported = kind == "mobile" and dice.chance(settings.number("line.ported"), "ported", number)
    return Subscriber(
        number=number, valid=True, ranged=ranged, kind=kind, country=country, calling_code=str(parsed.country_code),
        national=national,
        carrier=dice.pick(_NETWORKS, "carrier", number[:7]) if carried else None,
        ported_to=dice.pick(_NETWORKS, "ported to", number) if ported else None,
        active=dice.chance(settings.number("line.active"), "active", number),
        switched_on=dice.chance(settings.number("line.switched_on"), "on", number),
    )  # fmt: skip


def _ranged(dice: Dice, type_: int, number: str) -> str:
    if type_ == 2:
        return "mobile" if dice.chance(0.6, "mobile", number) else "landline"
    return _KINDS.get(type_, "unknown")


# the library's reasons by their numbers: 0 possible, 2 too short, 3 too long, 4 local only
_PROBLEMS = {0: "INVALID_BUT_POSSIBLE", 2: "TOO_SHORT", 3: "TOO_LONG", 4: "TOO_SHORT"}
