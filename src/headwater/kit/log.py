"""Structured logs on standard error. Values under telling names are masked, whoever logs them."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(r"key|token|secret|password|authorization|cookie|dsn", re.IGNORECASE)
_IN_TEXT = re.compile(
    r"(?i)(api[_-]?key|token|password|authorization)([\"'\s:=]+)([^\s\"'&,}]+)|(://[^:/@\s]+:)[^@\s]+@"
)


def mask(text: str) -> str:
    """Take what looks like a secret out of a text: ``api_key=abc`` and the password of an address."""
    return _IN_TEXT.sub(lambda found: f"{found[1]}{found[2]}***" if found[1] else f"{found[4]}***@", text)


def _masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if _SECRET.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = mask(value)
    return event


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
