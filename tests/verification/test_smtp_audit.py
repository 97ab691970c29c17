"""The audit: each thing that mail servers look at has a check of its own, and a closed port says what follows."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.verification.smtp_server import HANG_UP, Heard, Script, SmtpServer, listening, polite

from headwater.verification import Identity, MailRoute, Resolver, Route
from headwater.verification.smtp import Check, State, audit, lookup_by

IDENTITY = Identity.of("mail.acme.com", "ask@acme.com")
OK, WARN, FAIL, UNKNOWN = State.OK, State.WARN, State.FAIL, State.UNKNOWN
# What a machine in good order has in DNS; its mail server says that it sees 192.0.2.1.
GOOD: dict[tuple[str, str], tuple[str, ...] | None] = {
    ("mail.acme.com", "A"): ("192.0.2.1",),
    ("1.2.0.192.in-addr.arpa", "PTR"): ("Mail.acme.com",),
    ("acme.com", "TXT"): ("some=thing", "v=spf1 mx -all"),
}


class Names:
    def __init__(self, route: Route = Route.MX, addresses: tuple[str, ...] = ("127.0.0.1",)) -> None:
        self.route, self.addresses = route, addresses

    async def host_addresses(self, host: str) -> tuple[str, ...]:
        return self.addresses

    async def mail_route(self, domain: str) -> MailRoute:
        assert domain == "acme.com"
        return MailRoute(self.route, ("mx.acme.com",))


def seeing(verb: str, argument: str, heard: Heard) -> str | None:
    return "250-mx at your service, [192.0.2.1]\r\n250 SIZE" if verb == "EHLO" else None


async def audited(
    changed: Mapping[tuple[str, str], tuple[str, ...] | None] | None = None,
    names: Names | None = None,
    script: Script = seeing,
) -> dict[str, Check]:
    records = {**GOOD, **(changed or {})}

    async def lookup(name: str, kind: str) -> tuple[str, ...] | None:
        return records.get((name, kind), ())

    async with listening(SmtpServer(script)) as server:
        checks = await audit(
            IDENTITY, names or Names(), lookup=lookup, host="mx.test", port=server.port, blocklists=["bl.test"]
        )
    assert all(check.text.endswith(".") for check in checks), checks
    return {"port 25" if check.name.startswith("port") else check.name: check for check in checks}


async def test_a_machine_in_good_order() -> None:
    found = await audited()
    assert {name: check.state for name, check in found.items()} == {
        "port 25": OK, "name": OK, "reverse name": OK, "sender": OK, "SPF": OK, "blocklist bl.test": OK,
        "level smtp": OK,
    }  # fmt: skip


LISTED = ("1.2.0.192.bl.test", "A")


@pytest.mark.parametrize(
    ("changed", "name", "state", "follows"),
    [
        ({("mail.acme.com", "A"): ()}, "name", FAIL, WARN),
        ({("mail.acme.com", "A"): None, ("mail.acme.com", "AAAA"): None}, "name", UNKNOWN, OK),
        ({("mail.acme.com", "A"): ("192.0.2.9",)}, "name", FAIL, WARN),
        ({("1.2.0.192.in-addr.arpa", "PTR"): ("vm-1.cloud.test",)}, "reverse name", FAIL, WARN),
        ({("1.2.0.192.in-addr.arpa", "PTR"): ()}, "reverse name", FAIL, WARN),
        ({("1.2.0.192.in-addr.arpa", "PTR"): None}, "reverse name", UNKNOWN, OK),
        ({("acme.com", "TXT"): ("v=spf10",)}, "SPF", FAIL, WARN),
        ({("acme.com", "TXT"): ("v=spf1 -all", "v=spf1 mx -all")}, "SPF", FAIL, WARN),
        ({("acme.com", "TXT"): None}, "SPF", UNKNOWN, OK),
        ({LISTED: ("127.0.0.2",)}, "blocklist bl.test", FAIL, WARN),
        ({LISTED: ("127.255.255.254",)}, "blocklist bl.test", UNKNOWN, OK),
        ({LISTED: None}, "blocklist bl.test", UNKNOWN, OK),
    ],
)
async def test_each_fault_has_its_name(changed: Any, name: str, state: State, follows: State) -> None:
    found = await audited(changed)
    assert (found[name].state, found["level smtp"].state) == (state, follows)
    assert {each for each, check in found.items() if check.state is FAIL} <= {name}


@pytest.mark.parametrize(("route", "state"), [(Route.IMPLICIT, WARN), (Route.NULL_MX, FAIL), (Route.UNKNOWN, UNKNOWN)])
async def test_the_senders_domain_takes_mail(route: Route, state: State) -> None:
    assert (await audited(names=Names(route)))["sender"].state is state


async def test_a_closed_port_says_that_level_smtp_can_not_be() -> None:
    async with listening(SmtpServer(polite)) as server:
        port = server.port

    async def lookup(name: str, kind: str) -> tuple[str, ...] | None:
        return GOOD.get((name, kind), ())

    checks = await audit(IDENTITY, Names(), lookup=lookup, port=port, blocklists=[])
    assert (checks[0].state, checks[-1].name, checks[-1].state) == (FAIL, "level smtp", FAIL)
    assert "DNS" in checks[-1].text, "what is still done is said"


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (lambda verb, argument, heard: "554 Blocked" if verb == "CONNECT" else None, WARN),
        (lambda verb, argument, heard: "550 Blocked" if verb == "EHLO" else None, WARN),
        (lambda verb, argument, heard: HANG_UP if verb == "CONNECT" else None, FAIL),
    ],
)
async def test_a_server_that_refuses_us_leaves_the_port_open(script: Script, state: State) -> None:
    found = await audited(script=script)
    assert (found["port 25"].state, found["level smtp"].state) == (state, state)


async def test_an_address_that_nobody_saw_is_that_of_the_name() -> None:
    found = await audited({LISTED: ("127.0.0.2",)}, script=polite)
    assert (found["name"].state, found["blocklist bl.test"].state) == (WARN, FAIL)


async def test_without_dns_nothing_is_claimed() -> None:
    found = await audited(names=Names(Route.UNKNOWN, ()))
    assert (found["port 25"].state, found["level smtp"].state) == (UNKNOWN, UNKNOWN)


async def test_records_are_asked_of_the_given_resolver(dns_server: Any) -> None:
    def zone(name: str, kind: str) -> Any:
        return {"TXT": ['"v=spf1 " "mx -all"'], "PTR": ["mail.acme.com."], "A": "drop"}.get(kind, [])

    async with dns_server(zone) as server:
        lookup = lookup_by(server.address)
        assert await lookup("1.2.0.192.in-addr.arpa", "PTR") == ("mail.acme.com",)
        assert await lookup("acme.com", "AAAA") == ()


async def test_addresses_of_hosts_are_found_ipv4_first_and_never_fail(dns_server: Any) -> None:
    def zone(name: str, kind: str) -> Any:
        known = {("mx.acme.com", "A"): ["192.0.2.1"], ("mx.acme.com", "AAAA"): ["2001:db8::1"]}
        return known.get((name, kind), "drop" if name == "silent.com" else [])

    async with dns_server(zone) as server, Resolver(server.address, timeout=0.2, tries=1) as resolver:
        assert await resolver.host_addresses("MX.acme.com.") == ("192.0.2.1", "2001:db8::1")
        for host in ("none.com", "silent.com", "", "not a name", "ü.com", "\r\n"):
            assert await resolver.host_addresses(host) == ()
