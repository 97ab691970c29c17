"""Bytes of a mail server to replies. Servers write what they like: nothing here can fail and everything is bounded."""

import re
from typing import NamedTuple

from headwater.records import SmtpReply

MOST_LINES = 100
_MOST_TEXT = 1_000

_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
# RFC 3463 at the start of a line, with the "#" that some appliances put before it, or in qmail's way at the end.
_ENHANCED = re.compile(r"^\s*#?([245]\.\d{1,3}\.\d{1,3})(?![\d.])|\(#([245]\.\d{1,3}\.\d{1,3})\)\s*$")


class Line(NamedTuple):
    """One line; ``code`` is None when it is no reply at all."""

    code: int | None
    more: bool
    text: str


def read_line(raw: bytes) -> Line:
    match = _LINE.fullmatch(raw.rstrip(b"\r\n"))
    if match is None:
        return Line(None, False, _decode(raw))
    return Line(int(match[1]), match[2] == b"-", _decode(match[3] or b""))


def differ(phase: str, lines: list[Line]) -> bool:
    """Whether a reply contradicts itself: the codes of its lines must not differ (RFC 5321 §4.2.1).

    But a server may have enough in the middle of a reply (421), and Postfix's postscreen lets people wait in the middle
    of a banner of 220 that ends with a refusal.
    """
    last = lines[-1].code
    if last == 421 or (phase == "connect" and (last or 0) >= 400):
        return False
    return any(line.code != last for line in lines)


def to_reply(phase: str, lines: list[Line]) -> SmtpReply:
    """One reply; without a code where its lines have several."""
    texts = [line.text for line in lines]
    code = None if differ(phase, lines) else lines[-1].code
    enhanced = next((found for text in texts if (found := _enhanced(text))), None)
    if enhanced and (code is None or enhanced[0] != str(code)[0]):
        enhanced = None
    return SmtpReply(phase, code, enhanced, " ".join(text for text in texts if text)[:_MOST_TEXT])


def _enhanced(text: str) -> str | None:
    match = _ENHANCED.search(text)
    return (match[1] or match[2]) if match else None


def _decode(raw: bytes) -> str:
    """UTF-8, or what most of the rest writes; control characters must not reach a terminal or a log."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return text.strip()
