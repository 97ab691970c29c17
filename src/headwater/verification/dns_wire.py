"""DNS messages (RFC 1035, EDNS0 of RFC 6891) as bytes: questions written, answers read, nothing sent.

Only five kinds of records are known. An answer is hostile until it has been read to its end: every length is checked,
a compression pointer may only lead backwards, and what does not fit raises ``Malformed``.
"""

import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Generic, TypeVar

T = TypeVar("T")

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
# What fits through every path without being cut into fragments, which get lost (DNS flag day 2020).
UDP_SIZE: Final = 1232

_IN, _NS, _CNAME, _SOA, _OPT = 1, 2, 5, 6, 41
_RESPONSE, _OPCODE, _AUTHORITATIVE, _TRUNCATED, _RECURSE = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100
_EDNS = b"\0" + struct.pack("!HHIH", _OPT, UDP_SIZE, 0, 0)
_header = struct.Struct("!6H")
_record = struct.Struct("!HHIH")
_size = struct.Struct("B").pack
# A name has at most 127 labels; more jumps than that are an attempt to keep us busy.
_JUMPS = 127
_ALIASES = 16
_plain = re.compile(rb"[A-Za-z0-9_.-]+").fullmatch


class Malformed(Exception):
    """Not the answer to this question, or no DNS message at all."""


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A record type and how its data is read: ``read(message, start, end)``."""

    name: str
    code: int
    read: Callable[[bytes, int, int], T]

    @cached_property
    def asked(self) -> bytes:
        """What follows the name in a question."""
        return struct.pack("!xHH", self.code, _IN)


@dataclass(slots=True)
class Reply(Generic[T]):
    """A whole answer: ``records`` are those of the kind that was asked for, found along the aliases.

    ``referral`` says that the server knows nothing itself and points to others, which is no answer.
    """

    code: int
    records: list[T]
    truncated: bool = False
    referral: bool = False


def question(name: str, kind: Kind[T]) -> bytes:
    """The question section for an ASCII name without trailing dot, in lower case. Raises ValueError for no name."""
    if len(name) > 253 or not _plain(text := name.lower().encode("ascii")):
        raise ValueError(f"{name[:80]!r} is no name that DNS can be asked for")
    section = b""
    for label in text.split(b"."):
        if not 0 < len(label) < 64:
            raise ValueError(f"{name[:80]!r} is no name that DNS can be asked for")
        section += _size(len(label)) + label
    return section + kind.asked


def query(ident: int, asked: bytes, *, edns: bool = True) -> bytes:
    """The packet that asks for recursion, and by EDNS0 for answers of up to 1232 bytes."""
    return _header.pack(ident, _RECURSE, 1, 0, 0, int(edns)) + asked + (_EDNS if edns else b"")


def read_reply(message: bytes, asked: bytes, kind: Kind[T]) -> Reply[T]:
    """Read the answer to ``asked``: the caller has compared the id, the question is compared here, in any case."""
    try:
        return _read(message, asked, kind)
    except (IndexError, struct.error):
        raise Malformed("the message ends too early") from None


def _read(message: bytes, asked: bytes, kind: Kind[T]) -> Reply[T]:
    _, flags, questions, answers, authorities, _ = _header.unpack_from(message)
    start = _header.size + len(asked)
    code = flags & 0xF
    if code == FORMERR and not questions and flags & _RESPONSE:
        return Reply(code, [])  # who does not understand a question may leave it out
    if flags & (_RESPONSE | _OPCODE) != _RESPONSE or questions != 1 or message[12:start].lower() != asked:
        raise Malformed("it answers another question")
    if flags & _TRUNCATED:
        return Reply(code, [], truncated=True)
    if code or not answers:
        referral = bool(authorities) and not flags & _AUTHORITATIVE and _refers(message, start, answers, authorities)
        return Reply(code, [], referral=referral)
    return Reply(code, _answers(message, start, answers, kind))


def _answers(message: bytes, position: int, count: int, kind: Kind[T]) -> list[T]:
    """The data of all records of one kind that belong to the name asked for, or to what it is an alias of."""
    found: list[tuple[str, T]] = []
    aliases: dict[str, str] = {}
    for _ in range(count):
        # Nearly every owner is a pointer to the name in the question, which "" stands for.
        if message[position : position + 2] == b"\xc0\x0c":
            owner, position = "", position + 2
        else:
            owner, position = read_name(message, position)
        code, class_, _, length = _record.unpack_from(message, position)
        start = position + _record.size
        position = start + length
        if position > len(message):
            raise Malformed("a record is longer than the message")
        if class_ == _IN and code == kind.code:
            found.append((owner, kind.read(message, start, position)))
        elif class_ == _IN and code == _CNAME:
            aliases[owner], _ = read_name(message, start)
    if not aliases and not any(owner for owner, _ in found):
        return [data for _, data in found]
    wanted = _names(read_name(message, _header.size)[0], aliases)
    return [data for owner, data in found if owner in wanted]


def _names(name: str, aliases: dict[str, str]) -> set[str]:
    """The name asked for and what it is an alias of; chains that are too long or closed just end."""
    wanted = {"", name}
    target = aliases.get("", aliases.get(name))
    while target is not None and target not in wanted and len(wanted) < _ALIASES:
        wanted.add(target)
        target = aliases.get(target)
    return wanted


def _refers(message: bytes, position: int, answers: int, authorities: int) -> bool:
    """Whether the authority section names servers without saying that the data does not exist (RFC 2308 §2.2)."""
    kinds = set()
    for number in range(answers + authorities):
        position = _skip_name(message, position)
        code, _, _, length = _record.unpack_from(message, position)
        position += _record.size + length
        if number >= answers:
            kinds.add(code)
    return _NS in kinds and _SOA not in kinds


def read_name(message: bytes, position: int) -> tuple[str, int]:
    """The name at a position, in lower case without its last dot, and where the record goes on behind it."""
    labels: list[bytes] = []
    size = jumps = 0
    after = -1
    while length := message[position]:
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | message[position + 1]
            if after < 0:
                after = position + 2
            jumps += 1
            if target >= position or jumps > _JUMPS:
                raise Malformed("a compression pointer leads forwards or round in circles")
            position = target
            continue
        start, position = position + 1, position + 1 + length
        size += length + 1
        if length > 63 or size > 254 or position >= len(message):
            raise Malformed("a name is longer than names may be")
        labels.append(message[start:position])
    name = b".".join(labels)
    if _plain(name) and name.count(b".") == len(labels) - 1:
        text = name.decode("ascii").lower()
    else:
        text = ".".join("".join(map(_escaped, label)) for label in labels)
    return text, position + 1 if after < 0 else after


def _skip_name(message: bytes, position: int) -> int:
    while length := message[position]:
        if length >= 0xC0:
            return position + 2
        position += length + 1
    return position + 1


def _escaped(byte: int) -> str:
    """As zone files write it (RFC 1035 §5.1), dots within a label too; no host name has a backslash."""
    return chr(byte).lower() if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"-_") else f"\\{byte:03}"


def _exact_name(message: bytes, start: int, end: int) -> str:
    name, after = read_name(message, start)
    if after != end:
        raise Malformed("a name does not fill its record")
    return name


def _mx(message: bytes, start: int, end: int) -> tuple[int, str]:
    name, after = read_name(message, start + 2)
    if after != end:
        raise Malformed("a name does not fill its record")
    return message[start] << 8 | message[start + 1], name


def _address(family: int, size: int) -> Callable[[bytes, int, int], str]:
    def read(message: bytes, start: int, end: int) -> str:
        if end - start != size:
            raise Malformed("an address has the wrong length")
        return socket.inet_ntop(family, message[start:end])

    return read


def _texts(message: bytes, start: int, end: int) -> bytes:
    """All strings of one record in a row (RFC 7208 §3.3)."""
    text = b""
    while start < end:
        length = message[start]
        if start + 1 + length > end:
            raise Malformed("a string does not fit into its record")
        text += message[start + 1 : start + 1 + length]
        start += 1 + length
    return text


MX: Final = Kind("MX", 15, _mx)
A: Final = Kind("A", 1, _address(socket.AF_INET, 4))
AAAA: Final = Kind("AAAA", 28, _address(socket.AF_INET6, 16))
TXT: Final = Kind("TXT", 16, _texts)
PTR: Final = Kind("PTR", 12, _exact_name)
