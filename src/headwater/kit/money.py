"""Money as integer micro-units: 1_000_000 micros are one US dollar, so that sums are exact."""

from decimal import Decimal, InvalidOperation

from headwater.kit.errors import BadInput

MICROS = 1_000_000
_MOST = 10**9  # dollars: far above any budget, far below what a 64-bit sum holds
_SHOWN = 40  # characters of a wrong value


def parse_micros(text: str, *, where: str) -> int:
    """Read a price in dollars ("0.05") as micros; ``where`` names the option or setting for the error sentence."""
    shown = repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadInput(f"{where}: {shown} is not a number; write a price in dollars such as 0.05.") from None
    if not amount.is_finite() or not 0 <= amount <= _MOST:
        raise BadInput(f"{where}: {shown} must be from 0 to {_MOST}; write a price in dollars such as 0.05.")
    micros = int((amount * MICROS).to_integral_value())
    if amount and not micros:
        raise BadInput(f"{where}: {shown} is too small to be kept; write 0 or at least 0.000001.")
    return micros


def dollars(micros: int) -> str:
    """Print micros as dollars with at least two and at most six decimals: 1_500 is "$0.0015"."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), MICROS)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{decimals}"
