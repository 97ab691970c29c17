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
    ( (?: api[_-]?key | token | secret | password | authorization ) [\w-]* ["']? \s* [:=] \s* )
    (?: "[^"]*" | '[^']*' | (?: (?: bearer | basic ) \s+ )? [^\s"'&,}]+ )
    | ( :// [^:/@\s]* : ) \S+ @
    """,
    re.IGNORECASE | re.VERBOSE,
)

# They complain of a lost database on their own, with traces.
_LIBRARIES = ("procrastinate", "psycopg")


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


class _Library(logging.Handler):
    """What a library tells of: masked, in one line, and one level lower than it thinks.

    A database that is away for a moment is waited for; what comes of it is told by those who waited.
    """

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        details = {"reason": str(error.__cause__ or error)} if error else {}
        log.info(record.getMessage(), library=record.name, **details)


def configure(level: str = "WARNING") -> None:
    """Set the level; called once by an entry point."""
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers, library.propagate = [_Library(logging.WARNING)], False
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _masked,
            structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is at that moment
    )


log = structlog.get_logger("headwater")
