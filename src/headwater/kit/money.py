"""Money as integer micro-units: 1_000_000 micros are one US dollar, so that sums are exact."""

from decimal import Decimal, InvalidOperation

from headwater.kit.errors import BadInput

MICROS = 1_000_000


def parse_micros(text: str, *, where: str) -> int:
    """Read a price in dollars ("0.05") as micros; ``where`` names the option or setting for the error sentence."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadInput(f"{where}: {text!r} is not a number; write a price in dollars such as 0.05.") from None
    if not amount.is_finite() or amount < 0:
        raise BadInput(f"{where}: {text!r} must be zero or more; write a price in dollars such as 0.05.")
    return int((amount * MICROS).to_integral_value())


def dollars(micros: int) -> str:
    """Print micros as dollars with at least two and at most six decimals: 1_500 is "$0.0015"."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), MICROS)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{decimals}"
