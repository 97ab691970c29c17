"""Servers that fail at one step: they defer, fall silent, hang up, or talk what is not SMTP.

All of it is about the connection and none of it about the mailbox.
"""

import asyncio
from dataclasses import dataclass, replace

from tests.verification.smtp_behaviours.server import HANG_UP, SILENCE, Habit, Reply, Says, Session, bye, slow
from tests.verification.smtp_behaviours.truth import Behaviour, dead, hidden, live, one

# Far above what any reply needs, far below what would fill a memory.
BOUND = 4_000_000


@dataclass
class Resets(Habit):
    """The connection is reset before a word."""

    async def greet(self, session: Session) -> Says:
        session.writer.transport.abort()
        return HANG_UP


@dataclass
class Endless(Habit):
    """Never stops talking: ``forever`` again and again, at the banner or, with ``at_rcpt``, instead of an answer."""

    forever: bytes = b""
    at_rcpt: bool = False

    async def greet(self, session: Session) -> Says:
        return self.banner if self.at_rcpt else await self._talk(session)

    async def judge(self, session: Session, address: str) -> Says:
        return await self._talk(session)

    async def _talk(self, session: Session) -> Says:
        session.greeted = False  # whoever leaves in the middle of this owes nothing
        sent = 0
        while sent < BOUND:
            session.writer.write(self.forever)
            await session.writer.drain()
            sent += len(self.forever)
            await asyncio.sleep(0.01)
        self.manners.check(False, f"listened to {sent} bytes without an end")
        return HANG_UP


@dataclass
class Dribbles(Habit):
    """One letter of the banner after the other, so that no pause is long and the whole never ends."""

    async def greet(self, session: Session) -> Says:
        for _ in range(200):
            await session.say(Reply(b"2", wait=0.3))
        self.manners.check(False, "waited a minute for a banner that never ends")
        return HANG_UP


@dataclass
class Postscreen(Habit):
    """Makes everybody wait in the middle of its banner, and shows the door to those who talk into it."""

    async def greet(self, session: Session) -> Says:
        session.writer.write(b"220-mx.behaviours-hw.com ESMTP\r\n")
        await asyncio.sleep(0.8)
        return bye("521 5.5.1 Protocol error") if session.unread else "220 mx.behaviours-hw.com ESMTP"


@dataclass
class Raw(Habit):
    """Says everything with bare line feeds."""

    async def command(self, session: Session, verb: str, rest: str) -> Says:
        reply = await super().command(session, verb, rest)
        reply = reply if isinstance(reply, Reply) else Reply(reply)
        return Reply(reply.wire().replace(b"\r\n", b"\n"), reply.wait, reply.close)


@dataclass
class TalksAhead(Habit):
    """Answers all that one usually says with its banner, before anybody said it."""

    in_step = False

    async def greet(self, session: Session) -> Says:
        return b"220 mx ESMTP\r\n250 mx\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 Ok\r\n"


@dataclass
class OneTooMany(Habit):
    """Answers one command twice, so that who takes line for line hears the answer to another question from then on."""

    in_step = False
    at: str = "MAIL"
    late: bool = False

    async def greet(self, session: Session) -> Says:
        return b"220 mx ESMTP\r\n250 2.0.0 Ok\r\n" if self.at == "BANNER" else self.banner

    async def command(self, session: Session, verb: str, rest: str) -> Says:
        said = await super().command(session, verb, rest)
        if verb != self.at or session.verbs.count(verb) > 1:
            return said
        await session.say(said)
        return slow(b"250 2.0.0 Ok\r\n", 0.05 if self.late else 0)


def _one_too_many(name: str, at: str, *, late: bool = False) -> tuple[Behaviour, ...]:
    """Whoever is asked about first is in most danger."""
    weak_live, weak_dead = live(weaker="unknown risky"), dead(weaker="unknown")
    return (
        one(f"one_too_many_{name}", lambda: OneTooMany(at=at, late=late), weak_live + weak_dead),
        one(f"one_too_many_{name}_for_the_dead", lambda: OneTooMany(at=at, late=late), weak_dead + weak_live),
    )


@dataclass
class SaysHalf(Habit):
    """Hangs up in the middle of an answer that began well."""

    async def judge(self, session: Session, address: str) -> Says:
        return bye(b"250-2.1.5 So far")


def _broken(name: str, habit: Habit, phase: str | None = None) -> Behaviour:
    return one(name, lambda: replace(habit), hidden(), phase=phase)


_REPLIES_OF_10_KB = "250 2.1.5 " + "x" * 10_000

BREAKS = (
    # deferred
    _broken("banner_421", Habit(banner=bye("421 4.3.2 Too busy, try again later")), "connect"),
    _broken("banner_450", Habit(banner="450 4.7.1 Not now"), "connect"),
    _broken("hello_451", Habit(hello="451 4.3.0 Local problem"), "ehlo"),
    _broken("hello_421", Habit(hello=bye("421 4.3.2 Going down")), "ehlo"),
    _broken("mail_451", Habit(mail="451 4.7.1 Try again later"), "mail"),
    _broken("mail_452", Habit(mail="452 4.3.1 Insufficient system storage"), "mail"),
    _broken("mail_421", Habit(mail=bye("421 4.7.0 Try again later")), "mail"),
    _broken("rcpt_421", Habit(boxes={}, unknown=bye("421 4.7.0 Try again later")), "rcpt"),
    # hangs up
    _broken("drop_before_the_banner", Habit(banner=HANG_UP, greets=False), "connect"),
    _broken("reset_before_the_banner", Resets(greets=False), "connect"),
    _broken("drop_after_the_banner", Habit(banner=bye("220 mx.behaviours-hw.com")), None),
    _broken("drop_at_hello", Habit(hello=HANG_UP), "ehlo"),
    _broken("drop_at_mail", Habit(mail=HANG_UP), "mail"),
    _broken("drop_at_rcpt", Habit(boxes={}, unknown=HANG_UP), "rcpt"),
    _broken("drop_inside_an_answer", SaysHalf(), "rcpt"),
    # falls silent
    _broken("silent_before_the_banner", Habit(banner=SILENCE, greets=False), "connect"),
    _broken("silent_at_hello", Habit(hello=SILENCE), "ehlo"),
    _broken("silent_at_mail", Habit(mail=SILENCE), "mail"),
    _broken("silent_at_rcpt", Habit(boxes={}, unknown=SILENCE), "rcpt"),
    _broken("tarpit_without_end", Habit(boxes={}, unknown=slow("250 2.1.5 Ok", 60)), "rcpt"),
    # is slow, and answers
    one("slow_banner", lambda: Habit(banner=slow("220 mx.behaviours-hw.com ESMTP", 2))),
    one("tarpit", lambda: Habit(boxes={"anna.smith": slow("250 2.1.5 Ok", 1)},
                                unknown=slow("550 5.1.1 User unknown", 1))),
    one("postscreen", Postscreen),
    # never ends
    _broken("endless_banner", Endless(forever=b"220-and another thing\r\n" * 1000), "connect"),
    _broken("endless_banner_in_one_line", Endless(forever=b"220 " + b"blah " * 4000), "connect"),
    _broken("endless_answer", Endless(forever=b"250-2.1.5 and another thing\r\n" * 1000, at_rcpt=True), "rcpt"),
    _broken("dribbling_banner", Dribbles(greets=False), "connect"),
    # is not what it should be
    _broken("another_protocol", Habit(banner=b"SSH-2.0-OpenSSH_9.2p1\r\n", greets=False), "connect"),
    _broken("banner_without_a_code", Habit(banner=b"Welcome to the mail server\r\n", greets=False), "connect"),
    one("banner_with_garbage", lambda: Habit(banner=b"220 \xff\xfe\x00\x01\x1b[31m ESMTP\r\n")),
    one("banner_of_many_lines", lambda: Habit(banner="220 mx.behaviours-hw.com\nWe take no spam\nESMTP")),
    _broken("code_that_is_none", Habit(boxes={}, unknown=b"999 what\r\n"), "rcpt"),
    _broken("code_with_a_letter", Habit(boxes={}, unknown=b"25O Ok\r\n"), "rcpt"),
    _broken("code_for_data", Habit(boxes={}, unknown="354 Go on"), "rcpt"),
    _broken("codes_that_differ", Habit(boxes={}, unknown=b"550-5.1.1 User unknown\r\n250 2.1.5 Ok\r\n"), "rcpt"),
    one("code_and_nothing_else", lambda: Habit(boxes={"anna.smith": b"250\r\n"}, unknown=b"550\r\n"),
        live(weaker="unknown risky") + hidden("gone.away")),
    one("bare_line_feeds", Raw),
    one("long_lines", lambda: Habit(boxes={"anna.smith": _REPLIES_OF_10_KB}), live(weaker="unknown") + dead()),
    one("giant_line", lambda: Habit(unknown="550 5.1.1 User unknown " + "x" * 200_000),
        live(weaker="unknown risky") + dead(weaker="unknown")),
    one("talks_ahead", TalksAhead, live(weaker="unknown") + dead(weaker="unknown")),
    *_one_too_many("at_the_banner", "BANNER"),
    *_one_too_many("at_hello", "EHLO"),
    *_one_too_many("at_mail", "MAIL"),
    *_one_too_many("at_mail_late", "MAIL", late=True),
    *_one_too_many("at_rcpt", "RCPT"),
)  # fmt: skip
