"""Options of a command line as the jobs understand them; every refusal names the option and what is possible."""

from collections.abc import Sequence

from headwater.enrichment.planner import PATTERN
from headwater.intake import parse_overrides
from headwater.jobs.options import WANTED, Options
from headwater.kit.errors import BadInput
from headwater.kit.money import parse_micros
from headwater.providers.catalogue import ADAPTERS
from headwater.providers.mail_servers import NAME as MAILBOX
from headwater.records import Field


def options(
    *,
    want: str,
    min_confidence: str,
    max_price: str | None,
    budget: str | None,
    order: str | None,
    exclude: str | None,
    columns: str | None,
    mapping: Sequence[str],
    format: str | None,
    sandbox: bool,
) -> Options:
    """All options of ``enrich`` and ``quote``. Raises BadInput."""
    return Options(
        want=_want(want),
        min_confidence=_confidence(min_confidence),
        max_price=None if max_price is None else parse_micros(max_price, where="--max-price"),
        budget=None if budget is None else parse_micros(budget, where="--budget"),
        order=_vendors(order, "--order"),
        exclude=_vendors(exclude, "--exclude"),
        columns=None if columns is None else _columns(columns),
        mapping={header: str(column) if column else None for header, column in parse_overrides(mapping).items()},
        format=format,
        realm="sandbox" if sandbox else "live",
    )


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _want(text: str) -> tuple[Field, ...]:
    names = _list(text)
    possible = ", ".join(WANTED)
    if not names:
        raise BadInput(f"--want is empty; possible are {possible}.")
    for name in names:
        if name not in set(WANTED):
            raise BadInput(f"--want: {name!r} is not a field that can be found; possible are {possible}.")
    return tuple(dict.fromkeys(Field(name) for name in names))


def _columns(text: str) -> tuple[str, ...]:
    names = tuple(_list(text))
    if not names:
        raise BadInput(
            "--columns is empty; name columns of the file or of Headwater, or leave the option away for all."
        )
    return names


def _confidence(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadInput(f"--min-confidence: {text!r} is not a probability; write a number from 0 to 1, such as 0.9.")
    return value


def _vendors(text: str | None, option: str) -> tuple[str, ...]:
    known = [*ADAPTERS, MAILBOX, PATTERN]
    names = [name.lower() for name in _list(text)]
    for name in names:
        if name not in known:
            raise BadInput(f"{option}: there is no vendor {name!r}; known are {', '.join(known)}.")
    return tuple(dict.fromkeys(names))
