"""Structured logs on standard error. Values under telling names are masked, whoever logs them."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(r"key|token|secret|password|authorization|cookie|dsn", re.IGNORECASE)
_IN_TEXT = re.compile(
    r"""
    ( (?: (?: api | access ) [_-]? key | token | secret | password | authorization ) [\w-]* ["']? \s* [:=] \s* )
    (?: "[^"]*" | '[^']*' | (?: (?: bearer | basic ) \s+ )? [^\s"'&,}]+ )
    | ( :// [^:/@\s]* : ) [^@\s]+ @
    """,
    re.IGNORECASE | re.VERBOSE,
)


def mask(text: str) -> str:
    """Take what looks like a secret out of a text: ``api_key=abc`` and the password of an address."""
    return _IN_TEXT.sub(lambda found: f"{found[1]}***" if found[1] else f"{found[2]}***@", text)


def _masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = _clean(name, value)
    return event


def _clean(name: str, value: Any) -> Any:
    """A value as it may be logged, to its depths; what is no JSON becomes text first."""
    if _SECRET.search(name):
        return "***"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(inner): _clean(str(inner), each) for inner, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", each) for each in value]
    return mask(value if isinstance(value, str) else str(value))


def configure(level: str = "WARNING") -> None:
    """Set the level; called once by an entry point."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _masked,
            structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


log = structlog.get_logger("headwater")
