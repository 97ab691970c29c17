"""Which failure a request meets: drawn from (seed, vendor, identity, how many times it was asked)."""

from headwater_sandbox.dice import Dice
from headwater_sandbox.settings import Settings

# Order matters only for requests which would meet two.
ON_THE_WIRE = ("throttle", "server_error", "timeout", "charged_then_lost", "malformed", "truncated", "slow_drip")
_PAGES = {
    500: ("Internal Server Error", "We're sorry, but something went wrong."),
    502: ("Bad Gateway", "nginx"),
    503: ("Service Temporarily Unavailable", "nginx"),
}


def draw(settings: Settings, dice: Dice, vendor: str, identity: str, attempt: int) -> str:
    """The name of the fault for this attempt, empty for none."""
    for name in ON_THE_WIRE:
        if dice.chance(settings.fault(vendor, name), "fault", name, vendor, identity, attempt):
            return name
    return ""


def error_page(dice: Dice, identity: str, attempt: int) -> tuple[int, str]:
    """Status and HTML body of a server error."""
    status = dice.pick((500, 502, 503), "which error", identity, attempt)
    title, line = _PAGES[status]
    return status, (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1>"
        f"</center>\r\n<hr><center>{line}</center>\r\n</body>\r\n</html>\r\n"
    )
