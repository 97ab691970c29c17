"""DNS messages as bytes: equal to what dnspython reads, and nothing that a hostile server sends does harm."""

import socket
import struct
import time
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headwater.verification.dns_wire import AAAA, MX, PTR, TXT, A, Kind, Malformed, query, question, read_reply

KINDS: list[Kind[Any]] = [MX, A, AAAA, TXT, PTR]
NAME = "www.acme.com"
HEADER = struct.Struct("!6H")


def reply(kind: Kind[Any], *records: str, authority: str = "", **changes: Any) -> bytes:
    """An answer made by dnspython; ``records`` as "owner TYPE data"."""
    response = dns.message.make_response(dns.message.make_query(NAME, kind.name, id=7))
    for text in records:
        owner, own, data = text.split(" ", 2)
        response.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", own, data))
    if authority:
        response.authority.append(dns.rrset.from_text("acme.com.", 60, "IN", *authority.split(" ", 1)))
    response.set_rcode(changes.get("rcode", dns.rcode.NOERROR))
    response.flags |= changes.get("flags", 0)
    return response.to_wire(max_size=65535)


def read(kind: Kind[Any], message: bytes) -> list[Any]:
    return read_reply(message, question(NAME, kind), kind).records


def raw(kind: Kind[Any], *records: tuple[bytes, int, bytes]) -> bytes:
    """An answer written by hand: (owner, type, data) each, with no check at all."""
    body = b"".join(owner + struct.pack("!HHIH", code, 1, 60, len(data)) + data for owner, code, data in records)
    return HEADER.pack(7, 0x8180, 1, len(records), 0, 0) + question(NAME, kind) + body


def test_a_question_is_what_dnspython_reads() -> None:
    asked = dns.message.from_wire(query(4711, question("WWW.Acme.com", MX)))
    assert (asked.id, asked.question[0].to_text()) == (4711, "www.acme.com. IN MX")
    assert (asked.edns, asked.payload, bool(asked.flags & dns.flags.RD)) == (0, 1232, True)
    assert dns.message.from_wire(query(1, question("acme.com", A), edns=False)).edns == -1


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a.", "x" * 64 + ".com", "a b", "é.com", "a\n.com", "a." * 126 + "co"]
)
def test_what_is_no_name_is_no_question(name: str) -> None:
    with pytest.raises(ValueError, match=r"name|encode"):
        question(name, MX)


@pytest.mark.parametrize(
    ("kind", "records", "found"),
    [
        (MX, ["10 A.Acme.com.", "20 mx.other.net."], [(10, "a.acme.com"), (20, "mx.other.net")]),
        (MX, ["0 ."], [(0, "")]),
        (A, ["192.0.2.1", "192.0.2.2"], ["192.0.2.1", "192.0.2.2"]),
        (AAAA, ["2001:db8::1"], ["2001:db8::1"]),
        (TXT, ['"v=spf1 " "-all"', '"caf\\195\\169"'], [b"v=spf1 -all", "café".encode()]),
        (PTR, ["Mail.Acme.com."], ["mail.acme.com"]),
        (MX, [], []),
    ],
)
def test_records_of_each_kind(kind: Kind[Any], records: list[str], found: list[Any]) -> None:
    assert read(kind, reply(kind, *(f"{NAME} {kind.name} {data}" for data in records))) == found


def test_an_alias_is_followed_and_nothing_else_believed() -> None:
    chain = [f"{NAME} CNAME a.net.", "a.net CNAME b.net.", "b.net A 192.0.2.1", "evil.net A 192.0.2.66"]
    assert read(A, reply(A, *chain)) == ["192.0.2.1"]
    assert read(A, reply(A, *reversed(chain))) == ["192.0.2.1"]
    assert read(A, reply(A, *chain[:2])) == []
    assert read(A, reply(A, f"{NAME} CNAME a.net.", f"a.net CNAME {NAME}.", "c.net A 192.0.2.1")) == []


def test_what_the_answer_says_of_itself() -> None:
    def whole(**given: Any) -> Any:
        return read_reply(reply(MX, **given), question(NAME, MX), MX)

    assert whole(flags=dns.flags.TC).truncated
    assert whole(rcode=dns.rcode.SERVFAIL).code == 2
    assert whole(authority="NS ns.acme.com.").referral
    assert not whole(authority="NS ns.acme.com.", flags=dns.flags.AA).referral
    assert not whole(authority="SOA ns. host. 1 2 3 4 5").referral
    assert read_reply(HEADER.pack(1, 0x8181, 0, 0, 0, 0), question(NAME, MX), MX).code == 1


def test_names_with_strange_bytes_are_written_so_that_no_host_is_called_so() -> None:
    label = b"a\r\nQUIT\0.b"
    message = raw(MX, (b"\xc0\x0c", 15, b"\0\x0a" + bytes([len(label)]) + label + b"\x03com\0"))
    assert read(MX, message) == [(10, "a\\013\\010quit\\000\\046b.com")]


END = len(HEADER.pack(0, 0, 0, 0, 0, 0) + question(NAME, MX))
MX_DATA = END + 12  # where the data of the first record starts, behind a pointer as its owner


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 11,
        reply(MX)[2:],
        reply(A, f"{NAME} A 192.0.2.1"),  # another type
        reply(MX, f"{NAME} MX 10 a.com.")[:-1],
        HEADER.pack(7, 0x0100, 1, 0, 0, 0) + question(NAME, MX),  # a question, not an answer
        HEADER.pack(7, 0x8980, 1, 0, 0, 0) + question(NAME, MX),  # another opcode
        HEADER.pack(7, 0x8180, 0, 0, 0, 0),
        HEADER.pack(7, 0x8180, 1, 0, 0, 0) + question("www.acme.org", MX),
        HEADER.pack(7, 0x8180, 1, 65535, 0, 0) + question(NAME, MX),
        raw(MX, (struct.pack("!H", 0xC000 | END), 15, b"\0\x0a\x01a\0")),  # an owner that points to itself
        raw(MX, (b"\xc0\x0c", 15, b"\0\x0a" + struct.pack("!H", 0xC000 | MX_DATA + 2))),
        raw(MX, (b"\xc0\x0c", 15, b"\0\x0a\x01a" + struct.pack("!H", 0xC000 | MX_DATA + 2))),
        raw(MX, (b"\xc0\x0c", 15, b"\0\x0a\xff\xff")),
        raw(MX, (b"\xc0\x0c", 15, b"\0\x0a\x40" + b"a" * 64 + b"\0")),
        raw(MX, (b"\xc0\x0c", 15, b"\0\x0a" + (b"\x3f" + b"a" * 63) * 4 + b"\0")),
        raw(MX, (b"\xc0\x0c", 15, b"\0\x0a\x01a\0and more")),
        raw(MX, (b"\xc0\x0c", 15, b"\0")),
        raw(MX, (b"\xc0\x0c", 15, b"")),
    ],
)
def test_what_is_broken_or_not_ours_is_refused(message: bytes) -> None:
    with pytest.raises(Malformed):
        read(MX, message)


@pytest.mark.parametrize(("kind", "data"), [(A, b"\1\2\3"), (A, b"12345"), (AAAA, b"\1" * 15), (TXT, b"\x05abc")])
def test_data_of_the_wrong_length_is_refused(kind: Kind[Any], data: bytes) -> None:
    with pytest.raises(Malformed):
        read(kind, raw(kind, (b"\xc0\x0c", kind.code, data)))


def test_a_message_full_of_pointers_to_pointers_is_refused_at_once() -> None:
    pointers = b"".join(struct.pack("!H", 0xC000 | (END + 12 + 2 * max(n - 1, 0))) for n in range(8000))
    message = raw(TXT, (b"\xc0\x0c", 16, pointers), *[(struct.pack("!H", 0xC000 | 16000), 15, b"")] * 3000)
    began = time.process_time()
    with pytest.raises(Malformed):
        read(TXT, message)
    assert time.process_time() - began < 1


BASES = [
    (MX, reply(MX, f"{NAME} MX 10 a.acme.com.", f"{NAME} MX 20 b.net.")),
    (A, reply(A, f"{NAME} CNAME a.net.", "a.net A 192.0.2.1")),
    (AAAA, reply(AAAA, f"{NAME} AAAA 2001:db8::1")),
    (TXT, reply(TXT, f'{NAME} TXT "one" "two"')),
    (PTR, reply(PTR, f"{NAME} PTR a.acme.com.")),
    (MX, reply(MX, authority="NS ns.acme.com.")),
]


@settings(deadline=None, max_examples=500)
@given(
    st.sampled_from(BASES),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=6),
    st.integers(0, 200),
    st.binary(max_size=40),
)
@example(BASES[0], [(2, 0x81)], 200, b"")
def test_a_changed_answer_is_read_or_refused(
    base: tuple[Kind[Any], bytes], changes: list[tuple[int, int]], length: int, more: bytes
) -> None:
    kind, message = base
    changed = bytearray(message)
    for place, value in changes:
        if place < len(changed):
            changed[place] = value
    try:
        found = read_reply(bytes(changed[:length] + more), question(NAME, kind), kind)
    except Malformed:
        return
    assert all(isinstance(record, (str, bytes, tuple)) for record in found.records)


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_any_bytes_behind_the_question_are_read_or_refused(kind: Kind[Any], tail: bytes) -> None:
    for count in (1, 3, 65535):
        message = HEADER.pack(7, 0x8180, 1, count, count, 0) + question(NAME, kind) + tail
        try:
            found = read_reply(message, question(NAME, kind), kind)
        except Malformed:
            continue
        assert len(found.records) <= count


LABELS = st.text("abcdefXYZ0189-_", min_size=1, max_size=20)
HOSTS = st.lists(LABELS, min_size=1, max_size=6).map(".".join)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 65535), HOSTS), max_size=12, unique=True))
def test_exchangers_are_those_that_dnspython_wrote(records: list[tuple[int, str]]) -> None:
    message = reply(MX, *(f"{NAME} MX {preference} {host}." for preference, host in records))
    assert sorted(read(MX, message)) == sorted({(preference, host.lower()) for preference, host in records})


@settings(deadline=None)
@given(st.ip_addresses())
def test_addresses_are_those_that_dnspython_wrote(address: Any) -> None:
    kind = A if address.version == 4 else AAAA
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    (found,) = read(kind, reply(kind, f"{NAME} {kind.name} {address}"))
    assert socket.inet_pton(family, found) == address.packed
