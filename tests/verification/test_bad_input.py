"""Whatever a cell holds gets a verdict with a reason, and only clean host names ever reach a socket."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.records import Status
from headwater.verification import Resolver, check_emails

Serve = Callable[..., Any]

HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
# Never an address, whatever the reason.
REFUSED = [
    "",
    " ",
    "@",
    "anna",
    "anna@",
    "@acme.com",
    "anna@acme.com\n",
    "anna@acme.com\r\nRCPT TO:<eve@evil.com>",
    "anna\r\nQUIT@acme.com",
    "anna@acme.com\r\n.evil.com",
    "anna\x00@acme.com",
    "anna@acme.com\x00",
    "anna@ac\x00me.com",
    "anna@acme\x1b[31m.com",
    "anna\x7f@acme.com",
    "anna@acme.com,eve@evil.com",
    "Anna <anna@acme.com>",
    "anna@acme.com>",
    "anna@[127.0.0.1]",
    "anna@127.0.0.1",
    '"anna smith"@acme.com',
    "anna@acme..com",
    "anna@.acme.com",
    "anna@-acme.com",
    "anna@acme.com/../../etc/passwd",
    "anna@acme.com:25",
    "anna@*.com",
    "a" * 1_000_000,
    "anna@" + "acme." * 200_000 + "com",
    "a" * 1_000_000 + "@acme.com",
    "anna@" + "x" * 64 + ".com",
    "anna@acme.com" + " " * 1_000_000,
    "\u202eanna@acme.com",
    "anna\u200b@acme.com",
    "anna@ac\u00adme\u2028.com",
    "anna@\ud800.com",
    "\udcff\udcfe@acme.com",
    "anna＠acme.com",
    "anna@acme。com\u0000",
    b"\xff\xfea\x00n\x00n\x00a\x00@\x00".decode("latin-1"),
    "anna@xn--\u0430cme.com",
    "anna@xn--.com",
]
# Addresses that are well formed, look like others, and must be asked for under the name that they really have.
HOMOGRAPHS = {
    "anna@\u0430pple.com": "xn--pple-43d.com",  # a Cyrillic a
    "anna@g\u03bf\u03bfgle.com": "xn--ggle-0nda.com",  # two Greek o
    "anna@b\u00fccher.de": "xn--bcher-kva.de",
    "anna@ACME\uff0ecom": "acme.com",  # a full-width dot, which IDNA takes for a dot
}


def zone(name: str, kind: str) -> Any:
    return ["10 mx.acme.com."] if kind == "MX" else []


@pytest.mark.parametrize("address", REFUSED, ids=lambda address: ascii(address[:30]))
async def test_it_is_refused_with_a_reason_and_nobody_is_asked(dns_server: Serve, at: datetime, address: str) -> None:
    async with dns_server(zone) as server, Resolver(server.address, timeout=0.5) as resolver:
        (verdict,) = await check_emails([address], resolver=resolver, at=at)
        assert not server.asked
    assert verdict.address == address
    assert (verdict.status, verdict.score, verdict.normalized) == (Status.INVALID, 0, None)
    assert verdict.reasons[0].code in ("syntax_error", "reserved_domain")
    assert 0 < len(verdict.reasons[0].text) < 400


@pytest.mark.parametrize("address", sorted(HOMOGRAPHS))
async def test_a_name_that_looks_like_another_is_asked_for_as_itself(
    dns_server: Serve, at: datetime, address: str
) -> None:
    async with dns_server(zone) as server, Resolver(server.address, timeout=0.5) as resolver:
        (verdict,) = await check_emails([address], resolver=resolver, at=at)
        assert set(server.asked) == {(HOMOGRAPHS[address], "MX")}
    assert verdict.status is Status.UNKNOWN
    assert not verdict.flags.free


TEXTS = st.one_of(
    st.text(max_size=60),
    st.text('aA1.@-_\r\n\0\t "<>()[],;:\\é\u202e\u200bа＠。xn', max_size=40),
    st.tuples(st.text(max_size=20), st.text(max_size=30)).map("@".join),
    st.binary(max_size=60).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.binary(max_size=60).map(lambda data: data.decode("latin-1")),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(addresses=st.lists(TEXTS, max_size=40))
async def test_any_text_gets_a_verdict_and_only_host_names_are_asked_for(
    dns_server: Serve, at: datetime, addresses: list[str]
) -> None:
    async with dns_server(zone) as server, Resolver(server.address, timeout=0.5) as resolver:
        verdicts = await check_emails(addresses, resolver=resolver, at=at)
        names = [name for name, _ in server.asked]
    assert [verdict.address for verdict in verdicts] == addresses
    assert all(verdict.status and verdict.sub_status and verdict.reasons for verdict in verdicts)
    assert [name for name in names if not HOST.fullmatch(name)] == []


async def test_an_exchanger_with_a_hostile_name_is_no_host(dns_server: Serve, at: datetime) -> None:
    async def route(*hosts: str) -> Any:
        def answers(name: str, kind: str) -> list[str]:
            return [f"10 {host}." for host in hosts]

        async with dns_server(answers) as server, Resolver(server.address, timeout=0.5) as resolver:
            return await resolver.mail_route("acme.com")

    found = await route("mx\\013\\010quit.acme.com", "a\\.b.acme.com", "mx.acme.com")
    assert found.hosts == ("mx.acme.com",)
    assert (await route("\\000.acme.com")).hosts == ()
