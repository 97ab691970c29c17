"""Asking for mailboxes over real sockets: order, blame, sessions, limits, and that nothing else reaches a server."""

import asyncio
import contextlib
import gc
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.verification.smtp_server import HANG_UP, SILENCE, Heard, Script, SmtpServer, listening, only, polite

from headwater.kit.errors import BadInput
from headwater.verification import (
    RETRY_SCHEDULE,
    Identity,
    MailboxReport,
    MailboxState,
    MailRoute,
    Politeness,
    Prober,
    Route,
    Timeouts,
    retry_after,
)
from headwater.verification.smtp.door import is_public
from headwater.verification.smtp.memory import KEEP, InMemory
from headwater.verification.smtp.pipe import Pipe
from headwater.verification.smtp.politeness import Gate, Gates
from headwater.verification.smtp.session import unverified
from headwater.verification.smtp.way_out import WayOut
from headwater.verification.smtp.wire import ForbiddenCommand, encode

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8", "::1"])

IDENTITY = Identity.of("probe.headwater.dev", "ask@headwater.dev")
QUICK = Timeouts(connect=1, banner=0.3, command=0.3, rcpt=0.3, tls=1, quit=0.3)
FAST = Politeness(per_minute=1e9)
RANDOM = "zzzzzzzzzzzzzzzzzzzz"
S = MailboxState


class Hosts:
    """Names of mail hosts to addresses; every other name is the loopback address."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = {name.replace("_", "."): tuple(addresses) for name, addresses in known.items()}

    async def host_addresses(self, host: str) -> tuple[str, ...]:
        return self.known.get(host, ("127.0.0.1",))


def prober(server: SmtpServer, hosts: Hosts | None = None, **options: Any) -> Prober:
    given = {"politeness": FAST, "timeouts": QUICK, "allow_private": True, "random_local": lambda: RANDOM, **options}
    return Prober(IDENTITY, hosts or Hosts(), port=server.port, **given)


def routes(*domains: str, hosts: Sequence[str] = ("mx.acme.com",)) -> dict[str, MailRoute]:
    return {domain: MailRoute(Route.MX, tuple(hosts)) for domain in domains or ("acme.com",)}


@dataclass
class Asked:
    """A server that was asked, and what came out."""

    server: SmtpServer
    reports: dict[str, MailboxReport]

    @property
    def states(self) -> list[MailboxState]:
        return [report.state for report in self.reports.values()]


async def ask(script: Script, *addresses: str, **options: Any) -> Asked:
    serving = {name: options.pop(name) for name in ("most", "features", "tls", "delay") if name in options}
    async with listening(SmtpServer(script, **serving)) as server, prober(server, **options) as asking:
        reports = await asking.probe(addresses or ("ada@acme.com",), routes())
    assert server.count("VRFY") == server.count("EXPN") == server.count("DATA") == 0
    return Asked(server, reports)


async def test_the_real_address_comes_first_then_a_made_up_one() -> None:
    asked = await ask(only("ada"))
    assert asked.server.lines == [
        "EHLO probe.headwater.dev", "MAIL FROM:<ask@headwater.dev>", "RCPT TO:<ada@acme.com>",
        f"RCPT TO:<{RANDOM}@acme.com>", "QUIT",
    ]  # fmt: skip
    report = asked.reports["ada@acme.com"]
    assert (report.state, report.catch_all, report.host, report.operator) == (S.EXISTS, False, "mx.acme.com", None)
    assert report.smtp is not None
    assert (report.smtp.phase, report.smtp.code, report.smtp.enhanced) == ("rcpt", 250, "2.0.0")


async def test_who_is_refused_needs_no_made_up_name() -> None:
    asked = await ask(only())
    assert asked.states == [S.NO_SUCH_USER]
    assert asked.server.count("RCPT") == 1


async def test_a_domain_that_takes_every_name_says_nothing() -> None:
    asked = await ask(polite, "ada@acme.com", "bob@acme.com")
    assert asked.states == [S.ACCEPT_ALL, S.ACCEPT_ALL]
    assert asked.server.count("RCPT") == 3


def at(verb: str, reply: str | bytes, nth: int = 1) -> Script:
    """A server that exists for "ada" and says this to the nth command of a kind in each session."""

    def script(said: str, argument: str, heard: Heard) -> str | bytes | None:
        if said == verb and (verb == "CONNECT" or heard.verbs.count(verb) >= nth):
            return reply
        return only("ada")(said, argument, heard)

    return script


BLAME: list[tuple[str, str | bytes, MailboxState, str]] = [
    ("CONNECT", "554 5.7.1 Your IP is blocked", S.BLOCKED, "connect"),
    ("CONNECT", "450 Busy", S.DEFERRED, "connect"),
    ("CONNECT", "421 Busy", S.DEFERRED, "connect"),
    ("CONNECT", "521 No mail here", S.UNREACHABLE, "connect"),
    ("CONNECT", HANG_UP, S.UNREACHABLE, "connect"),
    ("CONNECT", SILENCE, S.UNREACHABLE, "connect"),
    ("CONNECT", "HTTP/1.1 400 Bad Request", S.UNREACHABLE, "connect"),
    ("EHLO", "550 5.7.1 User unknown", S.BLOCKED, "ehlo"),
    ("EHLO", "451 Later", S.DEFERRED, "ehlo"),
    ("EHLO", HANG_UP, S.UNREACHABLE, "ehlo"),
    ("MAIL", "550 5.1.1 User unknown", S.BLOCKED, "mail"),
    ("MAIL", "451 4.7.1 Greylisted", S.DEFERRED, "mail"),
    ("MAIL", HANG_UP, S.UNREACHABLE, "mail"),
    ("MAIL", SILENCE, S.UNREACHABLE, "mail"),
    ("RCPT", "550 5.7.1 Blocked by policy", S.BLOCKED, "rcpt"),
    ("RCPT", "451 4.7.1 Greylisted", S.DEFERRED, "rcpt"),
    ("RCPT", "552 5.2.2 Over quota", S.FULL, "rcpt"),
    ("RCPT", "550 5.1.1 User unknown", S.NO_SUCH_USER, "rcpt"),
    ("RCPT", "421 Going away", S.DEFERRED, "rcpt"),
    ("RCPT", HANG_UP, S.UNDETERMINED, "rcpt"),
    ("RCPT", SILENCE, S.UNDETERMINED, "rcpt"),
    ("RCPT", b"250" + b" x" * 2000, S.UNDETERMINED, "rcpt"),
    ("RCPT", "\r\n".join(["250-x"] * 200), S.UNDETERMINED, "rcpt"),
    ("RCPT", b"\xff\xfe\x00", S.UNDETERMINED, "rcpt"),
]


@pytest.mark.parametrize("pipelining", [False, True], ids=["one by one", "pipelined"])
@pytest.mark.parametrize(("verb", "reply", "state", "phase"), BLAME, ids=lambda value: str(value)[:30])
async def test_the_phase_decides_whom_a_refusal_is_about(
    verb: str, reply: str | bytes, state: MailboxState, phase: str, pipelining: bool
) -> None:
    asked = await ask(at(verb, reply), features=["PIPELINING"] if pipelining else [])
    report = asked.reports["ada@acme.com"]
    assert report.state is state
    assert report.smtp is not None
    assert report.smtp.phase == phase
    assert (report.retry_after is not None) == (state is S.DEFERRED or report.smtp.code is None)
    assert report.text.endswith(".")


async def test_a_server_without_ehlo_is_greeted_with_helo() -> None:
    asked = await ask(at("EHLO", "502 5.5.1 Not implemented"))
    assert asked.states == [S.EXISTS]
    assert asked.server.count("HELO") == 1


# catch-all --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", ["452 4.5.3 Too many recipients", HANG_UP, "421 Enough"])
async def test_a_second_session_asks_for_the_made_up_name_where_the_first_had_enough(reply: str) -> None:
    asked = await ask(at("RCPT", reply, nth=2))
    assert asked.reports["ada@acme.com"].state is S.EXISTS
    assert asked.reports["ada@acme.com"].catch_all is False
    assert [heard.recipients for heard in asked.server.sessions] == [2, 1]


@pytest.mark.parametrize(
    "reply", ["451 4.3.0 Later", "550 5.7.1 Policy", "550 Nothing in particular", "552 5.2.2 Full"]
)
async def test_a_made_up_name_that_meets_no_clear_answer_leaves_it_open(reply: str) -> None:
    def script(verb: str, argument: str, heard: Heard) -> str | None:
        return reply if RANDOM in argument else None

    report = (await ask(script)).reports["ada@acme.com"]
    assert (report.state, report.catch_all) == (S.EXISTS, None)


async def test_what_is_known_of_a_domain_is_not_asked_again() -> None:
    async with listening(SmtpServer(only("ada", "bob"))) as server, prober(server) as asking:
        await asking.probe(["ada@acme.com"], routes())
        again = await asking.probe(["bob@acme.com"], routes())
        assert again["bob@acme.com"].catch_all is False
        assert sum(RANDOM in line for line in server.lines) == 1
        await asking.probe(["bob@acme.com"], routes(hosts=["mx2.acme.com"]))
        assert sum(RANDOM in line for line in server.lines) == 2, "other mail hosts, other habits"


async def test_memory_forgets_after_seven_days_and_knows_the_set_of_hosts() -> None:
    now = [0.0]
    memory = InMemory(lambda: now[0])
    await memory.put("acme.com", ("a", "b"), True)
    assert await memory.get("acme.com", ("b", "a")) is True
    assert await memory.get("acme.com", ("a",)) is None
    now[0] = KEEP + 1
    assert KEEP == 7 * 86400
    assert await memory.get("acme.com", ("a", "b")) is None


def test_made_up_names_are_long_and_plain() -> None:
    from headwater.verification.smtp.prober import random_local

    for _ in range(100):
        name = random_local()
        assert len(name) >= 16
        assert name.isascii()
        assert name.isalnum()
        assert name == name.lower()


# sessions and limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("features", [[], ["PIPELINING"]])
async def test_a_batch_of_one_domain_shares_sessions_and_says_goodbye(features: list[str]) -> None:
    addresses = [f"user{number}@acme.com" for number in range(40)]
    asked = await ask(only(*[f"user{number}" for number in range(20)]), *addresses, features=features)
    assert asked.states == [S.EXISTS] * 20 + [S.NO_SUCH_USER] * 20
    sessions = asked.server.sessions
    assert len(sessions) / len(addresses) <= 0.2
    assert all(heard.verbs[-1] == "QUIT" for heard in sessions)
    assert max(heard.recipients for heard in sessions) <= 10
    assert all(heard.verbs.count("MAIL") - 1 == heard.verbs.count("RSET") for heard in sessions)


async def test_sixteen_callers_at_a_server_that_allows_three_connections() -> None:
    names = [f"user{number}" for number in range(40)]
    live = names[::2]
    queue = asyncio.Queue[str]()
    for name in names:
        queue.put_nowait(f"{name}@acme.com")
    found: dict[str, MailboxReport] = {}

    async def caller(asking: Prober) -> None:
        while not queue.empty():
            found.update(await asking.probe([queue.get_nowait()], routes()))

    async with listening(SmtpServer(only(*live), most=3, delay=0.005)) as server, prober(server) as asking:
        await asyncio.gather(*(caller(asking) for _ in range(16)))
    assert {address: report.state for address, report in found.items()} == {
        f"{name}@acme.com": S.EXISTS if name in live else S.NO_SUCH_USER for name in names
    }
    assert server.refused <= 1
    assert server.most_open <= 2


async def test_many_domains_at_one_server_share_two_connections() -> None:
    domains = [f"acme{number}.com" for number in range(40)]
    server = SmtpServer(only("ada"), most=3, delay=0.005)
    async with listening(server), prober(server) as asking:
        reports = await asking.probe([f"ada@{domain}" for domain in domains], routes(*domains))
    assert {report.state for report in reports.values()} == {S.EXISTS}
    assert (server.refused, server.most_open) == (0, 2)


async def test_a_server_that_allows_one_connection_is_asked_by_one() -> None:
    domains = [f"acme{number}.com" for number in range(10)]
    server = SmtpServer(only("ada"), most=1, delay=0.005)
    async with listening(server), prober(server) as asking:
        reports = await asking.probe([f"ada@{domain}" for domain in domains], routes(*domains))
    assert {report.state for report in reports.values()} == {S.EXISTS}
    assert server.refused <= 1


@pytest.mark.parametrize("reply", [HANG_UP, "452 4.5.3 Too many recipients", "421 One at a time"])
async def test_a_server_that_bears_one_recipient_a_session_gets_one(reply: str) -> None:
    names = [f"user{number}" for number in range(6)]

    def script(verb: str, argument: str, heard: Heard) -> str | None:
        return reply if verb == "RCPT" and heard.recipients > 1 else only(*names[::2])(verb, argument, heard)

    asked = await ask(script, *(f"{name}@acme.com" for name in names))
    assert asked.states == [S.EXISTS, S.NO_SUCH_USER] * 3
    assert sum(heard.recipients > 1 for heard in asked.server.sessions) == 1, "once is enough to learn"


async def test_a_server_that_hangs_up_on_everybody_is_left_alone() -> None:
    asked = await ask(at("RCPT", HANG_UP), *(f"user{number}@acme.com" for number in range(20)))
    assert set(asked.states) <= {S.UNDETERMINED, S.UNREACHABLE}
    assert len(asked.server.sessions) == 2


async def test_a_refusal_of_us_is_heard_once_for_all() -> None:
    asked = await ask(at("MAIL", "550 5.7.1 Blocked"), *(f"user{number}@acme.com" for number in range(20)))
    assert set(asked.states) == {S.BLOCKED}
    assert len(asked.server.sessions) == 1
    assert asked.server.count("RCPT") == 0


async def test_a_greylist_sees_every_address_once() -> None:
    asked = await ask(at("RCPT", "451 4.7.1 Greylisted"), *(f"user{number}@acme.com" for number in range(5)))
    assert asked.states == [S.DEFERRED] * 5
    assert {report.retry_after for report in asked.reports.values()} == {RETRY_SCHEDULE[0]}
    assert asked.server.count("RCPT") == 5


async def test_equal_questions_of_several_callers_are_one() -> None:
    server = SmtpServer(only("ada"), delay=0.02)
    async with listening(server), prober(server) as asking:
        answers = await asyncio.gather(*(asking.probe(["ada@acme.com"], routes()) for _ in range(5)))
    assert {answer["ada@acme.com"].state for answer in answers} == {S.EXISTS}
    assert server.count("RCPT") == 2


async def test_a_caller_that_leaves_stops_nothing() -> None:
    server = SmtpServer(only("ada"), delay=0.05)
    async with listening(server), prober(server) as asking:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await asking.probe(["ada@acme.com"], routes())
        assert (await asking.probe(["ada@acme.com"], routes()))["ada@acme.com"].state is S.EXISTS
    assert len(server.sessions) == 1


async def test_closing_says_goodbye_and_leaves_nobody_waiting() -> None:
    server = SmtpServer(at("RCPT", SILENCE))
    async with listening(server):
        async with prober(server, timeouts=replace(QUICK, rcpt=30)) as asking:
            waiting = asyncio.create_task(asking.probe(["ada@acme.com"], routes()))
            while not server.count("RCPT"):
                await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize("broken", ["get", "put"])
async def test_a_memory_that_fails_is_done_without(broken: str) -> None:
    class Failing(InMemory):
        async def get(self, domain: str, hosts: tuple[str, ...]) -> bool | None:
            if broken == "get":
                raise RuntimeError("no database")
            return await super().get(domain, hosts)

        async def put(self, domain: str, hosts: tuple[str, ...], catch_all: bool) -> None:
            if broken == "put":
                raise RuntimeError("no database")
            await super().put(domain, hosts, catch_all)

    report = (await ask(only("ada"), memory=Failing())).reports["ada@acme.com"]
    assert (report.state, report.catch_all) == (S.EXISTS, False)


async def test_a_failure_that_nobody_foresaw_reaches_who_waits_and_nothing_hangs() -> None:
    class Lost(Hosts):
        async def host_addresses(self, host: str) -> tuple[str, ...]:
            raise RuntimeError("no resolver")

    with pytest.raises(RuntimeError, match="no resolver"):
        await ask(polite, hosts=Lost())


# in step ----------------------------------------------------------------------------------------------


def one_too_many(verb: str, extra: str, *names: str) -> Script:
    """A server where these exist, that says something of its own after its first answer to a command."""

    def script(said: str, argument: str, heard: Heard) -> str | None:
        if said == verb and heard.verbs.count(verb) <= 1:
            usual = "221 Bye" if verb == "QUIT" else only(*names)(said, argument, heard) or "250 2.0.0 OK"
            return f"{usual}\r\n{extra}"
        return only(*names)(said, argument, heard)

    return script


@pytest.mark.parametrize("pipelining", [False, True], ids=["one by one", "pipelined"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "RSET", "QUIT"])
@pytest.mark.parametrize("extra", ["250 2.1.5 Ok", "550 5.1.1 User unknown"])
async def test_nothing_is_believed_of_a_server_that_says_too_much(verb: str, extra: str, pipelining: bool) -> None:
    script = one_too_many(verb, extra, "ada")
    names = ("gone@acme.com", "ada@acme.com", "away@acme.com")
    memory = InMemory()
    asked = await ask(script, *names, features=["PIPELINING"] if pipelining else [], memory=memory)
    assert set(asked.states) == {S.UNDETERMINED}
    assert {report.catch_all for report in asked.reports.values()} == {None}
    assert await memory.get("acme.com", ("mx.acme.com",)) is None
    assert len(asked.server.sessions) == 2
    assert all(heard.verbs[-1] == "QUIT" for heard in asked.server.sessions)


@pytest.mark.parametrize("pipelining", [False, True], ids=["one by one", "pipelined"])
@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "RSET", "QUIT"])
@pytest.mark.parametrize("extra", ["nonsense", "", "250-half", "421 4.3.2 Going down"])
async def test_what_is_no_whole_reply_makes_nothing_false(verb: str, extra: str, pipelining: bool) -> None:
    names = ("gone@acme.com", "ada@acme.com", "away@acme.com")
    asked = await ask(one_too_many(verb, extra, "ada"), *names, features=["PIPELINING"] if pipelining else [])
    gone, ada, away = asked.reports.values()
    assert S.EXISTS not in (gone.state, away.state)
    assert ada.state is not S.NO_SUCH_USER
    assert S.ACCEPT_ALL not in asked.states


@pytest.mark.parametrize("pipelining", [False, True], ids=["one by one", "pipelined"])
@pytest.mark.parametrize("extra", ["250 2.1.5 Ok", "550 5.1.1 User unknown"])
@pytest.mark.parametrize("nth", range(18))
async def test_one_reply_too_many_anywhere_makes_nothing_false(nth: int, extra: str, pipelining: bool) -> None:
    names = [f"user{number}" for number in range(5)]

    def script(verb: str, argument: str, heard: Heard) -> str | None:
        usual = only(*names[1::2])(verb, argument, heard)
        if verb == "CONNECT" or len(heard.lines) != nth:
            return usual
        replies = {"EHLO": f"250 mx {' '.join(server.features)}", "QUIT": "221 Bye"}
        return f"{usual or replies.get(verb, '250 2.0.0 OK')}\r\n{extra}"

    server = SmtpServer(script, features=["PIPELINING"] if pipelining else [])
    async with listening(server), prober(server) as asking:
        reports = await asking.probe([f"{name}@acme.com" for name in names], routes())
    for number, report in enumerate(reports.values()):
        assert report.state not in (S.ACCEPT_ALL, S.NO_SUCH_USER if number % 2 else S.EXISTS)


async def test_a_server_that_loses_its_count_in_one_go_is_asked_one_by_one() -> None:
    names = [f"user{number}" for number in range(8)]

    def script(verb: str, argument: str, heard: Heard) -> str | bytes | None:
        if verb == "RSET" and waiting(heard):
            return "250 2.0.0 OK\r\n250 2.0.0 OK"
        return only(*names[::2])(verb, argument, heard)

    def waiting(heard: Heard) -> bool:
        return heard is server.sessions[0]

    server = SmtpServer(script, features=["PIPELINING"])
    async with listening(server), prober(server) as asking:
        reports = await asking.probe([f"{name}@acme.com" for name in names], routes())
    assert [report.state for report in reports.values()] == [S.EXISTS, S.NO_SUCH_USER] * 4
    assert {report.catch_all for report in reports.values()} == {False}
    assert len(server.sessions) == 2


@pytest.mark.parametrize("goodbye", ["250 2.0.0 OK", "550 5.1.1 User unknown", "502 5.5.1 Not implemented"])
async def test_an_answer_to_quit_that_is_none_takes_everything_back(goodbye: str) -> None:
    asked = await ask(at("QUIT", goodbye), "ada@acme.com", "gone@acme.com")
    assert asked.states == [S.UNDETERMINED] * 2


@pytest.mark.parametrize("goodbye", [HANG_UP, SILENCE, "421 4.4.2 Timeout"])
async def test_a_goodbye_that_never_comes_takes_nothing_back_but_asks_twice_for_a_made_up_name(goodbye: str) -> None:
    asked = await ask(at("QUIT", goodbye), "ada@acme.com", "gone@acme.com")
    assert asked.states == [S.EXISTS, S.NO_SUCH_USER]
    assert asked.reports["ada@acme.com"].catch_all is False
    assert [heard.recipients for heard in asked.server.sessions] == [3, 1]


async def test_a_stranger_refused_by_a_server_that_then_leaves_is_not_believed_if_the_next_is_accepted() -> None:
    """It said one too many, and left before that could show: the refusal was the real address's."""

    def shifted(verb: str, argument: str, heard: Heard) -> str | bytes | None:
        if verb == "MAIL":
            return "250 2.1.0 Ok"
        if verb == "RCPT":
            return "250 2.0.0 Ok" if heard.recipients == 1 else "550 5.1.1 User unknown"
        return HANG_UP if verb == "QUIT" else None

    asked = await ask(shifted, "gone@acme.com")
    assert asked.reports["gone@acme.com"].catch_all is not False


async def test_a_server_that_goes_down_in_the_same_breath_is_believed() -> None:
    asked = await ask(at("RCPT", "550 5.1.1 User unknown\r\n421 4.3.2 Shutting down"), "gone@acme.com")
    assert asked.states == [S.NO_SUCH_USER]


# the goodbye ------------------------------------------------------------------------------------------


def open_ends() -> int:
    """Connections of probers that are not closed."""
    return sum(isinstance(each, Pipe) and each.writable for each in gc.get_objects())


@pytest.mark.parametrize("goodbye", ["221 Bye", "250 Ok", HANG_UP, SILENCE])
async def test_after_the_answers_no_connection_is_left_open(goodbye: str) -> None:
    async with listening(SmtpServer(at("QUIT", goodbye))) as server, prober(server) as asking:
        await asking.probe(["ada@acme.com"], routes())
        await asyncio.sleep(0)
        assert open_ends() == 0


async def test_closing_waits_for_goodbyes_but_not_for_ever() -> None:
    async with listening(SmtpServer(at("RCPT", SILENCE))) as server:
        asking = prober(server, timeouts=replace(QUICK, rcpt=30, quit=30))
        waiting = asyncio.create_task(asking.probe(["ada@acme.com"], routes()))
        while not server.count("RCPT"):
            await asyncio.sleep(0.01)
        started = asyncio.get_running_loop().time()
        await asking.close()
        assert 1 < asyncio.get_running_loop().time() - started < 4
        await asyncio.sleep(0.01)
        assert open_ends() == 0
        with pytest.raises(asyncio.CancelledError):
            await waiting


# the way there ----------------------------------------------------------------------------------------


def in_turn(first: Script, *others: Script) -> Script:
    """Every connection has a script of its own, in the order in which they come."""
    scripts, mine = iter((first, *others)), dict[int, Script]()

    def script(verb: str, argument: str, heard: Heard) -> str | bytes | None:
        if verb == "CONNECT":
            mine[id(heard)] = next(scripts)
        return mine[id(heard)](verb, argument, heard)

    return script


async def ask_hosts(script: Script, count: int) -> tuple[SmtpServer, MailboxReport]:
    hosts = [f"mx{number}.acme.com" for number in range(1, count + 1)]
    async with listening(SmtpServer(script)) as server, prober(server) as asking:
        reports = await asking.probe(["ada@acme.com"], routes(hosts=hosts))
    return server, reports["ada@acme.com"]


@pytest.mark.parametrize("reply", ["450 Busy", HANG_UP, SILENCE])
async def test_the_next_host_is_tried_where_the_first_puts_us_off(reply: str) -> None:
    _, report = await ask_hosts(in_turn(at("CONNECT", reply), only("ada")), 2)
    assert (report.state, report.host) == (S.EXISTS, "mx2.acme.com")


async def test_no_more_than_three_hosts_are_tried_and_what_one_said_is_told() -> None:
    drop, busy = at("CONNECT", HANG_UP), at("CONNECT", "450 Busy")
    server, report = await ask_hosts(in_turn(drop, busy, drop), 5)
    assert (report.state, report.host, len(server.sessions)) == (S.DEFERRED, "mx2.acme.com", 3)


async def test_a_refusal_for_good_is_not_taken_to_the_next_host() -> None:
    server, report = await ask_hosts(at("CONNECT", "554 Go away"), 2)
    assert (report.state, len(server.sessions), server.count("QUIT")) == (S.BLOCKED, 1, 1)


async def test_hosts_that_refuse_connections_or_have_no_address_are_unreachable() -> None:
    async with listening(SmtpServer(polite)) as server:
        port = server.port
    hosts = Hosts(gone_acme_com=[])
    async with Prober(IDENTITY, hosts, port=port, politeness=FAST, timeouts=QUICK, allow_private=True) as asking:
        for host in ("gone.acme.com", "shut.acme.com"):
            report = (await asking.probe(["ada@acme.com"], routes(hosts=[host])))["ada@acme.com"]
            assert (report.state, report.host) == (S.UNREACHABLE, host)


@contextlib.contextmanager
def blackholes(count: int) -> Iterator[tuple[int, list[str]]]:
    """A port, and addresses at which nothing comes back: sockets that listen and are full."""
    with contextlib.ExitStack() as stack:
        addresses = [f"127.79.0.{number}" for number in range(1, count + 1)]
        port = 0
        for address in addresses:
            listener = stack.enter_context(socket.socket())
            listener.bind((address, port))
            listener.listen(0)
            port = listener.getsockname()[1]
            for _ in range(3):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex((address, port))
        yield port, addresses


def far(addresses: Sequence[str]) -> Hosts:
    """mx1.acme.com and so on."""
    return Hosts(**{f"mx{number}_acme_com": [address] for number, address in enumerate(addresses, 1)})


async def knock(asking: Prober, number: int) -> MailboxReport:
    domain = f"acme{number}.com"
    found = await asking.probe([f"ada@{domain}"], routes(domain, hosts=[f"mx{number}.acme.com"]))
    return found[f"ada@{domain}"]


SHORT = replace(QUICK, connect=0.1)


async def test_where_nothing_gets_out_it_is_said_at_once_and_tried_again_every_ten_minutes() -> None:
    now = [0.0]
    with blackholes(4) as (port, addresses):
        given = {"politeness": FAST, "timeouts": SHORT, "allow_private": True, "clock": lambda: now[0]}
        async with Prober(IDENTITY, far([*addresses, "127.79.0.5"]), port=port, **given) as asking:
            for number in (1, 2, 3):
                assert "No connection within" in (await knock(asking, number)).text
            said = await knock(asking, 4)
            assert (said.state, said.host) == (S.UNREACHABLE, "mx4.acme.com")
            assert f"Port {port} seems closed from this machine; see `headwater doctor smtp`." in said.text
            async with listening(SmtpServer(only("ada"), port=port), "127.79.0.5"):
                assert "seems closed" in (await knock(asking, 5)).text, "it is not tried"
                now[0] = 601
                assert "No connection within" in (await knock(asking, 4)).text, "it is tried once"
                assert "seems closed" in (await knock(asking, 5)).text
                now[0] = 1202
                assert (await knock(asking, 5)).state is S.EXISTS
                assert "No connection within" in (await knock(asking, 1)).text, "from now on silence is theirs"


async def test_the_silent_hosts_of_one_domain_or_refused_connections_do_not_mean_that_nothing_gets_out() -> None:
    with blackholes(3) as (port, addresses):
        hosts = Hosts(far_acme_com=addresses[:2], too_acme_com=addresses[2:])
        async with Prober(IDENTITY, hosts, port=port, politeness=FAST, timeouts=SHORT, allow_private=True) as asking:
            await asking.probe(["ada@acme.com"], routes(hosts=["far.acme.com", "too.acme.com"]))
            said = await asking.probe(["ada@acme.com"], routes(hosts=["far.acme.com"]))
            assert "No connection within" in said["ada@acme.com"].text
    async with listening(SmtpServer(polite)) as server:
        port = server.port
    nobody = far([f"127.79.1.{number}" for number in range(1, 6)])
    async with Prober(IDENTITY, nobody, port=port, politeness=FAST, timeouts=SHORT, allow_private=True) as asking:
        assert {"seems closed" in (await knock(asking, number)).text for number in range(1, 6)} == {False}


async def test_who_was_let_in_once_does_not_think_that_nothing_gets_out() -> None:
    with blackholes(4) as (port, addresses):
        given = {"politeness": FAST, "timeouts": SHORT, "allow_private": True, "random_local": lambda: RANDOM}
        async with (
            listening(SmtpServer(only("ada"), port=port), "127.79.0.5"),
            Prober(IDENTITY, far([*addresses, "127.79.0.5"]), port=port, **given) as asking,
        ):
            assert (await knock(asking, 5)).state is S.EXISTS
            found = await asyncio.gather(*(knock(asking, number) for number in (1, 2, 3)))
            assert "No connection within" in (await knock(asking, 4)).text
    assert {each.state for each in found} == {S.UNREACHABLE}


def test_a_machine_without_ipv6_is_not_shut_in() -> None:
    way_out = WayOut(25, lambda: 0.0)
    for number in range(5):
        way_out.silent(f"2001:db8::{number}", (f"mx{number}.acme.com",))
    assert way_out.admits()


async def test_private_addresses_are_not_contacted_unless_allowed() -> None:
    asked = await ask(polite, allow_private=False)
    assert (asked.states, asked.server.sessions) == ([S.UNREACHABLE], [])
    assert "private" in asked.reports["ada@acme.com"].text


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False), ("::1", False),
        ("192.168.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("fe80::1", False), ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("localhost", False),
    ],
)  # fmt: skip
def test_what_a_public_address_is(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_an_operator_that_hides_is_not_asked_at_all() -> None:
    async with listening(SmtpServer(polite)) as server, prober(server) as asking:
        reports = await asking.probe(["ada@yahoo.com"], routes("yahoo.com", hosts=["mta5.am0.yahoodns.net"]))
    report = reports["ada@yahoo.com"]
    assert (report.state, report.operator, server.sessions) == (S.UNVERIFIABLE, "yahoo", [])


async def test_without_a_host_nothing_is_asked() -> None:
    async with listening(SmtpServer(polite)) as server, prober(server) as asking:
        reports = await asking.probe(["ada@acme.com", "ada@else.com"], {"acme.com": MailRoute(Route.UNKNOWN)})
    assert {report.state for report in reports.values()} == {S.UNREACHABLE}


# TLS --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context with a certificate of nobody's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.nowhere.invalid")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_tls_is_used_where_offered_whatever_the_certificate(certificate: ssl.SSLContext) -> None:
    def script(verb: str, argument: str, heard: Heard) -> str | None:
        if verb == "MAIL" and not heard.secure:
            return "530 5.7.0 Must issue a STARTTLS command first"
        return only("ada")(verb, argument, heard)

    asked = await ask(script, tls=certificate)
    assert asked.states == [S.EXISTS]
    assert asked.server.sessions[0].verbs == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "RCPT", "QUIT"]


async def test_where_tls_does_not_work_it_goes_on_without() -> None:
    def script(verb: str, argument: str, heard: Heard) -> str | None:
        return "220 not really" if verb == "STARTTLS" else only("ada")(verb, argument, heard)

    asked = await ask(script, features=["STARTTLS"])
    assert asked.states == [S.EXISTS]


async def test_tls_that_is_refused_is_done_without() -> None:
    asked = await ask(at("STARTTLS", "454 4.7.0 Not now"), features=["STARTTLS"])
    assert asked.states == [S.EXISTS]
    assert len(asked.server.sessions) == 1


async def test_answers_added_before_the_encryption_are_not_read_in_it(certificate: ssl.SSLContext) -> None:
    foreign = "\r\n".join(["220 Go", "250 mx", "250 2.1.0 Ok", "250 2.1.5 Ok"])
    asked = await ask(at("STARTTLS", foreign), "gone@acme.com", tls=certificate)
    assert asked.states == [S.UNREACHABLE]
    assert [heard.verbs for heard in asked.server.sessions] == [["EHLO", "STARTTLS", "QUIT"]]


def test_it_works_the_same_on_uvloop(certificate: ssl.SSLContext) -> None:
    async def run() -> None:
        names = [f"user{number}@acme.com" for number in range(9)]
        asked = await ask(only("user1"), *names, tls=certificate, features=["PIPELINING"])
        assert [each for each in asked.states if each is not S.NO_SUCH_USER] == [S.EXISTS]
        assert [heard.verbs[-1] for heard in asked.server.sessions] == ["QUIT"]
        assert (await ask(at("QUIT", "250 Ok"))).states == [S.UNDETERMINED]
        assert (await ask(at("STARTTLS", "220 not really"), features=["STARTTLS"])).states == [S.EXISTS]
        assert (await ask(at("RCPT", HANG_UP))).states == [S.UNDETERMINED]
        assert (await ask(at("RCPT", b"250-" + b"x" * 500_000))).states == [S.UNDETERMINED]
        assert open_ends() == 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def test_the_client_context_does_not_verify() -> None:
    context = unverified()
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)


# what may be sent -------------------------------------------------------------------------------------

HOSTILE = [
    "ada\r\nDATA\r\n@acme.com", "ada@acme.com\r\nVRFY bob", "ada\n@acme.com", "ada\x00@acme.com",
    "ada>\r\nRSET@acme.com",
    "<ada@acme.com>", "ada@acme.com> SIZE=1", "ada bob@acme.com", "\"ada\\\r\nQUIT\"@acme.com", "ada\x1b@acme.com",
    "ada\u2028VRFY@acme.com", "ada\x85@acme.com", "a" * 1_000_000, "@acme.com", "",
    "ada@acme.com\x00", "ada@[127.0.0.1]",
]  # fmt: skip


async def test_hostile_addresses_get_a_report_and_reach_no_socket() -> None:
    asked = await ask(polite, *HOSTILE)
    assert set(asked.states) == {S.UNDETERMINED}
    assert set(asked.reports) == set(HOSTILE)
    assert asked.server.sessions == []


@pytest.mark.parametrize("address", HOSTILE[:14])
def test_the_lowest_layer_refuses_them_too(address: str) -> None:
    for command in (f"RCPT TO:<{address}>", f"MAIL FROM:<{address}>", f"EHLO {address}"):
        if address not in ("@acme.com",) or not command.startswith(("RCPT", "MAIL")):
            with pytest.raises(ForbiddenCommand):
                encode([command])


@pytest.mark.parametrize(
    "command", ["VRFY ada", "EXPN all", "DATA", "HELP", "ehlo x", "RSET\r\n", "", "QUIT now", "AUTH"]
)
def test_the_lowest_layer_knows_no_other_command(command: str) -> None:
    with pytest.raises(ForbiddenCommand):
        encode([command])


async def test_an_answer_that_hides_commands_sends_none() -> None:
    asked = await ask(at("RCPT", "550 5.1.1 User unknown\r\nVRFY root"), "ada@acme.com", "bob@acme.com")
    assert {line.split()[0] for line in asked.server.lines} <= {"EHLO", "MAIL", "RCPT", "RSET", "QUIT"}


# addresses beyond ASCII -------------------------------------------------------------------------------


async def test_an_address_beyond_ascii_is_asked_for_only_where_that_is_offered() -> None:
    asked = await ask(polite, "användare@acme.com")
    assert (asked.states, asked.server.count("RCPT")) == ([S.UNDETERMINED], 0)
    asked = await ask(only("användare"), "användare@acme.com", features=["8BITMIME", "SMTPUTF8"])
    assert asked.states == [S.EXISTS]
    assert "MAIL FROM:<ask@headwater.dev> BODY=8BITMIME SMTPUTF8" in asked.server.lines


async def test_a_domain_beyond_ascii_is_asked_for_in_ascii() -> None:
    server = SmtpServer(only("ada"))
    async with listening(server), prober(server) as asking:
        reports = await asking.probe(["ada@bücher.de"], routes("xn--bcher-kva.de"))
    assert reports["ada@bücher.de"].state is S.EXISTS
    assert "RCPT TO:<ada@xn--bcher-kva.de>" in server.lines


# identity, schedule, limits ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("helo", "mail_from"),
    [
        ("localhost", "ask@acme.com"), ("gmail.com", "ask@acme.com"), ("mail", "ask@acme.com"), ("", "ask@acme.com"),
        ("[192.0.2.1]", "ask@acme.com"), ("mail.acme.com\r\nVRFY x", "ask@acme.com"), ("mail.acme.com", "ask"),
        ("mail.acme.com", "ask@gmail.com"), ("mail.acme.com", ""), ("mail.acme.com", "ask@acme.com>\r\nRSET"),
        ("mail.acme.com", "ü@acme.com"), ("bücher.de", "ask@acme.com"),
    ],
)  # fmt: skip
def test_an_identity_that_is_not_ours_is_refused_in_a_sentence(helo: str, mail_from: str) -> None:
    with pytest.raises(BadInput) as refused:
        Identity.of(helo, mail_from)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_level_four_is_off_without_an_identity() -> None:
    assert Identity.configured(None, None) is None
    assert Identity.configured("mail.acme.com", "ask@acme.com") == Identity("mail.acme.com", "ask@acme.com")
    with pytest.raises(BadInput):
        Identity.configured("mail.acme.com", None)


def test_deferrals_come_again_after_6_minutes_35_minutes_2_hours_and_6_hours() -> None:
    assert [retry_after(number) for number in range(6)] == [None, 360, 2100, 7200, 21600, None]


async def test_a_gate_halves_when_the_server_complains_and_recovers_when_it_does_not() -> None:
    gate = Gate(4, clean=50)
    gate.complained()
    assert gate.limit == 2
    for _ in range(5):
        gate.complained()
    assert gate.limit == 1
    for _ in range(150):
        gate.answered()
    assert gate.limit == 4
    for _ in range(500):
        gate.answered()
    assert gate.limit == 4


async def test_a_cancelled_turn_is_passed_on() -> None:
    gate = Gate(1, clean=50)
    await gate.enter()
    first, second = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    gate.leave()
    first.cancel()
    await asyncio.wait_for(second, 1)
    assert gate.open == 1


def test_an_operator_is_paced() -> None:
    gates = Gates(Politeness(per_minute=6, burst=2))
    assert [gates.delay("google", 0.0) for _ in range(4)] == [0, 0, 10, 20]
    assert gates.delay("microsoft365", 0.0) == 0
    assert gates.delay("google", 1000.0) == 0


async def test_once_answered_a_server_that_takes_commands_in_one_go_gets_them_so() -> None:
    names = [f"user{number}" for number in range(9)]
    asked = await ask(only(*names[::2]), *(f"{name}@acme.com" for name in names), features=["PIPELINING"])
    assert asked.states == [S.EXISTS, S.NO_SUCH_USER] * 4 + [S.EXISTS]
    (heard,) = asked.server.sessions
    assert heard.verbs.count("RSET") == 8
    assert RANDOM in heard.lines[3], "the made-up name follows the first address, before the others"


@pytest.mark.parametrize("reply", ["452 4.5.3 Too many", HANG_UP, "421 4.7.0 Enough", SILENCE, "451 4.7.1 Greylisted"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
async def test_what_stops_in_the_middle_of_one_go_is_asked_in_another(verb: str, reply: str) -> None:
    names = [f"user{number}" for number in range(12)]

    def script(said: str, argument: str, heard: Heard) -> str | None:
        if said == verb and heard.verbs.count(verb) > 4:
            return reply
        return only(*names)(said, argument, heard)

    asked = await ask(script, *(f"{name}@acme.com" for name in names), features=["PIPELINING"])
    expected = {S.EXISTS, S.DEFERRED} if (verb, reply[:3]) == ("RCPT", "451") else {S.EXISTS}
    assert set(asked.states) == expected
    assert len(asked.server.sessions) <= 5
