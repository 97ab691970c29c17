"""Level 3 against a real DNS server: every class of answer, and failures that are never taken for answers."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from dns.rcode import NXDOMAIN, REFUSED, SERVFAIL

from headwater.kit.errors import BadInput
from headwater.verification import NoDnsAnswer, Resolver, Route
from headwater.verification.memory import Memory

Serve = Callable[..., Any]

ZONE: dict[str, dict[str, Any]] = {
    "acme.com": {"MX": ["20 b.acme.com.", "10 A.acme.com.", "30 b.acme.com."]},
    "address-only.com": {"A": ["192.0.2.1"]},
    "v6-only.com": {"AAAA": ["2001:db8::1"]},
    "nowhere.com": {"A": ["0.0.0.0"]},
    "null.com": {"MX": ["0 ."]},
    "null-and-real.com": {"MX": ["0 .", "10 mx.acme.com."]},
    "localhost-mx.com": {"MX": ["0 localhost."]},
    "nothing.com": {},
    "gone.com": {"MX": NXDOMAIN, "A": NXDOMAIN, "AAAA": NXDOMAIN},
    "failing.com": {"MX": SERVFAIL, "A": ["192.0.2.1"]},
    "refusing.com": {"MX": REFUSED, "A": ["192.0.2.1"]},
    "silent.com": {"MX": "drop", "A": ["192.0.2.1"]},
    "half.com": {"A": SERVFAIL},
    "half-lucky.com": {"A": SERVFAIL, "AAAA": ["2001:db8::1"]},
    "alias.com": {"MX": ["CNAME elsewhere.com."], "A": ["192.0.2.1"]},
    "large.com": {"MX": [f"{n} mx{n}.large.com." for n in range(60)]},
    "both.com": {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"]},
    "dead.com": {"A": SERVFAIL, "AAAA": SERVFAIL},
    "spf.com": {"TXT": ['"v=spf1 ip4:192.0.2.1" " -all"', '"other"']},
    "dumb.com": {"TXT": SERVFAIL},
    "1.2.0.192.in-addr.arpa": {"PTR": ["Mail.acme.com."]},
    "1.0.0.0." + "0." * 20 + "8.b.d.0.1.0.0.2.ip6.arpa": {"PTR": ["v6.acme.com."]},
    "xn--bcher-kva.de": {"MX": ["5 mx.xn--bcher-kva.de."]},
}


def zone(name: str, kind: Any) -> Any:
    if name.startswith("many"):
        return ["10 mx.many.com."] if kind == "MX" else []
    return ZONE.get(name, {}).get(kind, [])


@pytest.mark.parametrize(
    ("domain", "kind", "hosts"),
    [
        ("acme.com", Route.MX, ("a.acme.com", "b.acme.com")),
        ("ACME.com.", Route.MX, ("a.acme.com", "b.acme.com")),
        ("address-only.com", Route.IMPLICIT, ("address-only.com",)),
        ("v6-only.com", Route.IMPLICIT, ("v6-only.com",)),
        ("nowhere.com", Route.NO_MAIL, ()),
        ("null.com", Route.NULL_MX, ()),
        ("null-and-real.com", Route.MX, ("mx.acme.com",)),
        ("localhost-mx.com", Route.NO_MAIL, ()),
        ("nothing.com", Route.NO_MAIL, ()),
        ("gone.com", Route.NO_DOMAIN, ()),
        ("failing.com", Route.UNKNOWN, ()),
        ("refusing.com", Route.UNKNOWN, ()),
        ("silent.com", Route.UNKNOWN, ()),
        ("half.com", Route.UNKNOWN, ()),
        ("half-lucky.com", Route.IMPLICIT, ("half-lucky.com",)),
        ("alias.com", Route.IMPLICIT, ("alias.com",)),
        ("large.com", Route.MX, tuple(f"mx{n}.large.com" for n in range(60))),
        ("xn--bcher-kva.de", Route.MX, ("mx.xn--bcher-kva.de",)),
        ("x" * 64 + ".com", Route.NO_DOMAIN, ()),
    ],
)
async def test_each_class_of_answer(dns_server: Serve, domain: str, kind: Any, hosts: tuple[str, ...]) -> None:
    async with dns_server(zone) as server, Resolver(server.address, timeout=0.4) as resolver:
        route = await resolver.mail_route(domain)
    assert (route.kind, route.hosts) == (kind, hosts)
    assert route.detail.endswith(".")


@pytest.mark.parametrize("text", ["", ".", "a..com", "a b.com", "\x00.com", "x" * 300, "*.com", "[192.0.2.1]"])
async def test_what_is_no_name_is_not_asked_for(dns_server: Serve, text: str) -> None:
    async with dns_server(zone) as server, Resolver(server.address) as resolver:
        assert (await resolver.mail_route(text)).kind is Route.NO_DOMAIN
        with pytest.raises(ValueError, match="ASCII"):
            await resolver.mail_route("bücher.de")
        assert not server.asked


async def test_a_truncated_answer_is_asked_again_by_tcp(dns_server: Serve) -> None:
    async with dns_server(zone) as server, Resolver(server.address) as resolver:
        await resolver.mail_route("large.com")
        assert server.by_tcp == 1


async def test_five_hundred_at_once_lose_no_answer_and_stay_under_the_cap(dns_server: Serve) -> None:
    patient = 60.0  # a busy machine is slow, which loses nothing
    async with dns_server(zone, delay=0.02) as server, Resolver(server.address, timeout=patient) as resolver:
        routes = await asyncio.gather(*(resolver.mail_route(f"many{n}.com") for n in range(500)))
        assert {route.kind for route in routes} == {Route.MX}
        assert server.most_waiting <= 200
        assert sum(server.asked.values()) == 500


@pytest.mark.parametrize(("gives_up", "questions"), [(7, 1), (0, 2)])
async def test_one_question_for_everybody_who_asks(dns_server: Serve, gives_up: int, questions: int) -> None:
    """Should the one who asked first give up, the next asks in his place."""
    async with dns_server(zone, delay=0.02) as server, Resolver(server.address) as resolver:
        asking = [asyncio.create_task(resolver.mail_route("acme.com")) for _ in range(50)]
        await asyncio.sleep(0.005)
        asking[gives_up].cancel()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(answers.pop(gives_up), asyncio.CancelledError)
        assert {answer.kind for answer in answers} == {Route.MX}
        await resolver.mail_route("acme.com")
        assert server.asked["acme.com", "MX"] == questions


async def test_a_failure_goes_to_all_who_waited_and_is_not_remembered() -> None:
    asked = []

    async def find(key: str) -> str:
        asked.append(key)
        await asyncio.sleep(0.01)
        raise LookupError(key)

    memory = Memory(find, lambda _: 60.0, size=10)
    for rounds in (1, 2):
        found = await asyncio.gather(*(memory.get("a") for _ in range(5)), return_exceptions=True)
        assert {type(each) for each in found} == {LookupError}
        assert len(asked) == rounds


async def test_only_the_latest_answers_are_remembered_and_only_for_a_time() -> None:
    asked = []

    async def find(key: str) -> str:
        asked.append(key)
        return key

    memory = Memory(find, lambda key: 0.05 if key == "short" else 60.0, size=3)
    for key in ("a", "b", "short", "a", "d", "b", "a", "d"):
        assert await memory.get(key) == key
    assert asked == ["a", "b", "short", "d", "a"]
    await asyncio.sleep(0.06)
    memory = Memory(find, lambda _: 0.0, size=3)
    assert [await memory.get("now"), await memory.get("now")] == ["now", "now"]
    assert asked[-2:] == ["now", "now"]


async def test_many_routes_at_once_are_each_asked_for_once(dns_server: Serve) -> None:
    async with dns_server(zone) as server, Resolver(server.address) as resolver:
        names = [f"many{n}.com" for n in range(900)]
        routes = await resolver.mail_routes(names + names)
        assert sorted(routes) == sorted(names)
        assert sum(server.asked.values()) == 900
        assert await resolver.mail_routes([]) == {}


async def test_silence_costs_no_more_than_the_time_allowed(dns_server: Serve) -> None:
    async with dns_server(zone) as server, Resolver(server.address, timeout=0.3, tries=3) as resolver:
        began = time.monotonic()
        route = await resolver.mail_route("silent.com")
        assert time.monotonic() - began < 0.6
    assert "time ran out" in route.detail


async def test_a_server_out_of_reach_is_unknown(dns_server: Serve) -> None:
    async with dns_server(zone) as server:
        address = server.address
    async with Resolver(address, timeout=0.4) as resolver:
        assert (await resolver.mail_route("acme.com")).kind is Route.UNKNOWN


async def test_closing_lets_nobody_wait(dns_server: Serve) -> None:
    async with dns_server(zone) as server:
        resolver = Resolver(server.address, timeout=30)
        waiting = asyncio.create_task(resolver.mail_route("silent.com"))
        await asyncio.sleep(0.05)
        await resolver.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize("text", ["127.0.0.1", "dns.acme.com:53", "127.0.0.1:0", ":53", "127.0.0.1:99999", "::1"])
def test_a_server_that_is_not_host_and_port_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match="such as"):
        Resolver(text)


def test_it_works_the_same_on_uvloop(dns_server: Serve) -> None:
    async def ask() -> list[Route]:
        async with dns_server(zone) as server, Resolver(server.address, timeout=0.4) as resolver:
            return [(await resolver.mail_route(name)).kind for name in ("acme.com", "gone.com", "failing.com")]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(ask()) == [Route.MX, Route.NO_DOMAIN, Route.UNKNOWN]


async def test_addresses_of_a_host(dns_server: Serve) -> None:
    async with dns_server(zone) as server, Resolver(server.address, timeout=0.4) as resolver:
        assert await resolver.host_addresses("Both.com.") == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
        assert await resolver.host_addresses("half-lucky.com") == ("2001:db8::1",)
        assert await resolver.host_addresses("gone.com") == await resolver.host_addresses("nothing.com") == ()
        assert await resolver.host_addresses("not a host") == ()
        assert await resolver.host_addresses("dead.com") == await resolver.host_addresses("dead.com") == ()
        assert server.asked["dead.com", "A"] == 2
        assert server.asked["both.com", "A"] == 1


async def test_texts_and_names_of_addresses(dns_server: Serve) -> None:
    async with dns_server(zone) as server, Resolver(server.address, timeout=0.4) as resolver:
        assert sorted(await resolver.texts("SPF.com")) == ["other", "v=spf1 ip4:192.0.2.1 -all"]
        assert await resolver.texts("nothing.com") == await resolver.texts("no name") == ()
        assert await resolver.pointer("192.0.2.1") == ("mail.acme.com",)
        assert await resolver.pointer("2001:db8::1") == ("v6.acme.com",)
        assert await resolver.pointer("192.0.2.2") == ()
        with pytest.raises(NoDnsAnswer, match="TXT"):
            await resolver.texts("dumb.com")
        with pytest.raises(ValueError, match="address"):
            await resolver.pointer("acme.com")
