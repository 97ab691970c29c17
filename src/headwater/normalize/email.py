"""What stands in an e-mail cell: addresses, web addresses that strayed into it, and the rest."""

import re
from functools import lru_cache
from typing import NamedTuple

from headwater.normalize.domain import ascii_host, looks_like_web_address
from headwater.normalize.text import CACHE, compatible, is_empty

_SEPARATOR = re.compile(r"[;,|\n\r\t]+|\s+(?:or|and|und|et|y|/)\s+")
# Between two addresses; in a web address a slash is its own.
_SLASH = re.compile(r"(?<=\w)/(?=[^\s/]+@)")
_ANGLE = re.compile(r"<\s*(?:mailto:)?([^<>\s]+@[^<>\s]+)\s*>", re.IGNORECASE)
_LABEL = re.compile(r"^(?:e-?mail|mail|work|home|private|office|to|e)\s*:\s*", re.IGNORECASE)
_REMARK = re.compile(r"\s+\([^()@]*\)$|^\([^()@]*\)\s+")
_SPELLED = re.compile(r"\s*[\[({]\s*(at|dot)\s*[\])}]\s*", re.IGNORECASE)
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_TRIM = " \t\r\n.,;:<>()[]{}\"'`\u2018\u2019\u201c\u201d"


class EmailCell(NamedTuple):
    """The parts of a cell: ``addresses`` normalised, ``websites`` and ``rest`` as typed."""

    addresses: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


@lru_cache(CACHE)
def email(text: str) -> str | None:
    """One address in its conservative normal form: both sides lower case, host in ASCII; tags and dots stay.

    Whether the mailbox can exist is for verification to say: only shapes that no server could take are refused.
    A web address is never a mailbox, even where it holds an ``@``.
    """
    text = _bare(text)
    local, at, host = text.rpartition("@")
    if not at or "://" in text or not _LOCAL.fullmatch(local):
        return None
    clean_host = ascii_host(host)
    return f"{local.lower().strip('.')}@{clean_host}" if clean_host and local.strip(".") else None


@lru_cache(CACHE)
def emails(text: str) -> EmailCell:
    """Take an e-mail cell apart; an address with stray words beside it is left alone rather than guessed at."""
    if is_empty(text):
        return EmailCell()
    found: dict[str, list[str]] = {"addresses": [], "websites": [], "rest": []}
    for piece in _pieces(compatible(text) if "\n" not in text else _keep_lines(text)):
        kind, value = _judge(piece)
        if value not in found[kind]:
            found[kind].append(value)
    return EmailCell(tuple(found["addresses"]), tuple(found["websites"]), tuple(found["rest"]))


def _judge(piece: str) -> tuple[str, str]:
    address = email(piece)
    if address is not None:
        return "addresses", address
    return ("websites" if looks_like_web_address(piece) else "rest"), piece


def _pieces(text: str) -> list[str]:
    """Split a cell where people put several; ``Last, First <a@b.c>`` is one."""
    text = _SPELLED.sub(lambda m: "@" if m[1].lower() == "at" else ".", text)
    angled = _ANGLE.findall(text)
    if angled:
        return list(angled)
    pieces: list[str] = []
    for part in (half for whole in _SEPARATOR.split(text) for half in _halves(whole)):
        words = part.split()
        # Addresses apart by blanks only; with other words among them it is not clear what is part of an address.
        pieces.extend(words if len(words) > 1 and all("@" in w or looks_like_web_address(w) for w in words) else [part])
    return [piece.strip() for piece in pieces if any(map(str.isalnum, piece))]


def _halves(text: str) -> list[str]:
    return [text] if looks_like_web_address(text.partition("?")[0]) else _SLASH.split(text)


def _bare(text: str) -> str:
    text = compatible(text)
    angled = _ANGLE.search(text)
    if angled:
        return angled[1].strip(_TRIM)
    text = _LABEL.sub("", _REMARK.sub("", text).strip(_TRIM))
    if text.lower().startswith("mailto:"):
        text = text[7:].partition("?")[0]
    return text.strip(_TRIM)


def _keep_lines(text: str) -> str:
    return "\n".join(compatible(line) for line in text.splitlines())
