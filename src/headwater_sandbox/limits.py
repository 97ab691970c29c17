"""Request limits: fixed windows per account and endpoint, kept in the store so that processes share them."""

from dataclasses import dataclass

from headwater_sandbox.settings import Settings
from headwater_sandbox.store import Store

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` requests in every `seconds`; a count of None is unlimited but still counted."""

    seconds: int
    count: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """A window after this request was counted (or refused)."""

    window: Window
    used: int
    left: int | None
    resets_in: int


def in_force(
    settings: Settings, vendor: str, published: tuple[Window, ...], free: tuple[Window, ...]
) -> tuple[Window, ...]:
    """The windows which the settings leave: published, those of a free account, multiplied, or none."""
    mode = settings.limits[vendor]
    if mode == "off":
        return tuple(Window(window.seconds, None) for window in published)
    if mode.startswith("x"):
        factor = float(mode[1:])
        return tuple(Window(each.seconds, each.count and max(1, int(each.count * factor))) for each in published)
    return (free or published) if mode == "free" else published


def take(store: Store, key: str, windows: tuple[Window, ...], now: float) -> tuple[list[Usage], Window | None]:
    """Count one request unless a window is full; returns the usage and the window that refused."""
    used = [store.usage(f"{key}/{each.seconds}", int(now // each.seconds)) for each in windows]
    full = [each for each, n in zip(windows, used, strict=True) if each.count is not None and n >= each.count]
    refused = max(full, key=lambda each: each.seconds) if full else None
    if refused is None:
        for each in windows:
            store.use(f"{key}/{each.seconds}", int(now // each.seconds))
    step = 0 if refused else 1
    return [_usage(each, n + step, now) for each, n in zip(windows, used, strict=True)], refused


def _usage(window: Window, used: int, now: float) -> Usage:
    left = None if window.count is None else max(0, window.count - used)
    return Usage(window, used, left, max(1, int(window.seconds - now % window.seconds + 0.999)))
