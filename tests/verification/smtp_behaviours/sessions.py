"""Servers that mind how often, how fast and in which order one asks: limits, greylists, encryption, old software."""

from dataclasses import dataclass, field

from tests.verification.smtp_behaviours.server import HANG_UP, Habit, Reply, Says, Session, bye, filled, now, slow
from tests.verification.smtp_behaviours.truth import (
    ANNA,
    BERT,
    GONE,
    LOST,
    PLAIN,
    catch_all,
    dead,
    hidden,
    live,
    one,
)

_OK = "250 2.1.5 Ok"
# Seconds that a greylist waits here; postgrey's default is 300.
GREY = 1.5


@dataclass
class Limited(Habit):
    """Lets ``most`` recipients through in a session; to more it says ``enough``."""

    most: int = 1
    enough: Says = "452 4.5.3 Too many recipients"

    async def judge(self, session: Session, address: str) -> Says:
        if session.recipients > self.most:
            return self.enough
        return await super().judge(session, address)


@dataclass
class Intolerant(Habit):
    """Has enough after ``most`` strangers in a session, and hangs up."""

    most: int = 0
    enough: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.strangers: dict[Session, int] = {}

    async def judge(self, session: Session, address: str) -> Says:
        said = await super().judge(session, address)
        if address.rpartition("@")[0] in self.boxes:
            return said
        self.strangers[session] = self.strangers.get(session, 0) + 1
        if self.strangers[session] <= self.most:
            return said
        return bye(self.enough or str(said))


@dataclass
class Greylist(Habit):
    """Defers who comes for the first time, and says ill of who comes back at once.

    It knows callers by client, sender and recipient; with ``by_sender`` by client and sender alone.
    """

    wait: str = "450 4.7.1 <{to}>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/"
    by_sender: bool = False
    seen: dict[tuple[str, str, str], float] = field(default_factory=dict)

    async def judge(self, session: Session, address: str) -> Says:
        known = (session.peer, session.sender or "", "" if self.by_sender else address)
        first = self.seen.setdefault(known, now())
        asked = self.said.get(address, [])
        if now() - first >= GREY:
            return await super().judge(session, address)
        self.manners.check(not asked, f"came back to a greylist at once, for {address}")
        return self.wait


@dataclass
class Crowded(Habit):
    """Takes ``most`` connections at the same time from one client."""

    most: int = 3

    async def greet(self, session: Session) -> Says:
        if self.open <= self.most:
            return self.banner
        self.refused += 1
        return bye("421 4.7.0 Too many concurrent connections from your address")


@dataclass
class Hurried(Habit):
    """Takes ``most`` connections a minute from one client."""

    most: int = 4

    async def greet(self, session: Session) -> Says:
        if len(self.sessions) <= self.most:
            return self.banner
        self.refused += 1
        return bye("421 4.7.0 Too many connections in the last minute, try again later")


@dataclass
class Vindictive(Habit):
    """Bans, with a name for it, whoever tries VRFY."""

    banned: bool = False

    async def command(self, session: Session, verb: str, rest: str) -> Says:
        self.banned = self.banned or verb in ("VRFY", "EXPN")
        return bye("554 5.7.1 You are banned") if self.banned else await super().command(session, verb, rest)


@dataclass
class NoNullSender(Habit):
    """Refuses mail from nobody, as servers do that were flooded with bounces."""

    async def begin(self, session: Session, sender: str, params: str) -> Says:
        return await super().begin(session, sender, params) if sender else "550 5.7.1 Null sender is not allowed"


@dataclass
class Old(Habit):
    """Knows HELO and nothing newer."""

    refusal: Says = "500 5.5.1 Command unrecognized"
    extensions: tuple[str, ...] = ()

    async def welcome(self, session: Session, verb: str) -> Says:
        session.helo = session.helo if verb == "HELO" else ""
        return "250 mx.behaviours-hw.com" if verb == "HELO" else self.refusal


@dataclass
class NoReset(Habit):
    """Can not go back; a new transaction needs a new connection."""

    answer: Says = HANG_UP

    async def reset(self, session: Session) -> Says:
        return self.answer


@dataclass
class NoGoodbye(Habit):
    """Never answers QUIT, and leaves the connection open."""

    async def leave(self, session: Session) -> Says:
        return Reply(None)


@dataclass
class Encrypted(Habit):
    """Offers STARTTLS; with ``required`` nothing goes without. ``answer`` is what it says instead of doing it."""

    starts_tls: bool = True
    required: bool = False
    answer: Says | None = None

    async def secure(self, session: Session) -> Says:
        if self.answer is None:
            return await super().secure(session)
        session.greeted = not isinstance(self.answer, Reply)  # nobody can say QUIT in a broken handshake
        return self.answer

    async def begin(self, session: Session, sender: str, params: str) -> Says:
        if self.required and not session.tls:
            return "530 5.7.0 Must issue a STARTTLS command first"
        return await super().begin(session, sender, params)


@dataclass
class Injected(Habit):
    """Between it and us sits somebody who adds answers of his own to the one after which encryption begins."""

    starts_tls: bool = True
    in_step = False

    async def secure(self, session: Session) -> Says:
        assert self.tls_context is not None
        foreign = b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"
        await session.start_tls(self.tls_context, b"220 2.0.0 Ready to start TLS\r\n" + foreign)
        return b""


@dataclass
class Swallows(Habit):
    """Takes commands in one go and forgets to answer one of them, so that the next answer seems to be this one's."""

    in_step = False
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME")

    async def recipient(self, session: Session, address: str) -> Says:
        said = await super().recipient(session, address)
        return b"" if session.recipients == 1 else said


@dataclass
class Forgets(Habit):
    """Takes commands in one go, but throws away what is waiting when it refuses one."""

    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME")

    async def recipient(self, session: Session, address: str) -> Says:
        said = filled(await super().recipient(session, address), address)
        if isinstance(said, str) and said.startswith("5"):
            session.forget()
        return said


@dataclass
class Unsynchronized(Habit):
    """Says that it takes commands in one go, and hangs up on who believes it."""

    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME")

    async def command(self, session: Session, verb: str, rest: str) -> Says:
        if session.unread and verb != "QUIT":
            return bye("554 SMTP synchronization error")
        return await super().command(session, verb, rest)


_LIVES = tuple(f"live.{chr(97 + each)}" for each in range(20))
_GONES = tuple(f"gone.{chr(97 + each)}" for each in range(20))
_TOWN: dict[str, Says] = dict.fromkeys(_LIVES, _OK)
_SUBURBS = live(*(f"live.a@d{each}" for each in range(8))) + dead(*(f"gone.a@d{each}" for each in range(8)))
_FEW = live(ANNA, BERT) + dead(GONE, LOST)
_CAREFUL = live(ANNA, BERT, weaker="unknown risky") + dead(GONE, LOST, weaker="unknown")
_PIPELINING = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
_HARVEST = "550 5.7.1 Too many recipients, suspected directory harvesting"

SESSIONS = (
    # recipients of a session
    one("one_recipient_then_452", Limited, _FEW),
    one("one_recipient_then_hang_up", lambda: Limited(enough=HANG_UP), _FEW),
    one("one_recipient_then_421", lambda: Limited(enough=bye("421 4.7.0 Too many recipients")), _FEW),
    one("one_recipient_then_policy", lambda: Limited(enough=_HARVEST),
        _CAREFUL),
    one("one_recipient_then_550_of_the_rfc", lambda: Limited(enough="550 5.5.0 Too many mailboxes asked for"),
        _CAREFUL),
    one("one_recipient_of_a_catch_all_then_hang_up", lambda: Limited(unknown=_OK, enough=HANG_UP), catch_all()),
    one("one_recipient_of_a_catch_all_then_452", lambda: Limited(unknown=_OK), catch_all()),
    one("one_recipient_of_a_catch_all_then_policy", lambda: Limited(unknown=_OK, enough=_HARVEST),
        catch_all(weaker="unknown")),
    one("five_recipients", lambda: Limited(boxes=_TOWN, most=5), live(*_LIVES[:6]) + dead(*_GONES[:6])),
    one("closes_after_5xx", Intolerant, _FEW),
    one("three_errors_then_421", lambda: Intolerant(most=2, enough="421 4.7.0 Error: too many errors"),
        live(ANNA) + dead(*_GONES[:5])),
    # greylists: the first look says nothing, the second everything
    one("greylist_450", Greylist, hidden(ANNA, BERT, GONE), phase="rcpt", pause=GREY,
        again=live(ANNA, BERT, weaker="unknown risky") + dead(GONE)),
    one("greylist_451", lambda: Greylist(wait="451 4.7.1 Greylisting in action, please come back later"), hidden(),
        phase="rcpt", pause=GREY, again=live(weaker="unknown risky") + dead()),
    one("greylist_by_sender", lambda: Greylist(by_sender=True), hidden(), phase="rcpt", pause=GREY, again=PLAIN),
    one("greylist_before_a_catch_all", lambda: Greylist(by_sender=True, unknown=_OK), hidden(), phase="rcpt",
        pause=GREY, again=catch_all()),
    # connections of a client
    one("three_connections", lambda: Crowded(boxes=_TOWN), live(*_LIVES) + dead(*_GONES), workers=16, most_refused=1),
    one("one_connection", lambda: Crowded(boxes=_TOWN, most=1), live(*_LIVES[:4]) + dead(*_GONES[:4]), workers=4),
    one("eight_domains_at_one_server", lambda: Crowded(boxes=_TOWN), _SUBURBS, workers=16, most_refused=1,
        records={f"d{each}.{{}}": ("MX 10 mx.{}.",) for each in range(8)} | {"mx.{}": ("A {0}",)}),
    one("four_connections_a_minute", lambda: Hurried(boxes=_TOWN), live(*_LIVES[:8]) + dead(*_GONES[:8]),
        most_refused=1),
    one("batch_of_forty", lambda: Habit(boxes=_TOWN), live(*_LIVES) + dead(*_GONES), most_connections=8),
    one("batch_of_forty_at_a_catch_all", lambda: Habit(unknown=_OK), catch_all(*_LIVES, *_GONES), most_connections=8),
    # what one should not have said
    one("bans_after_vrfy", Vindictive),
    one("no_null_sender", NoNullSender),
    one("no_extensions", lambda: Habit(extensions=())),
    one("pipelines", lambda: Habit(extensions=_PIPELINING), _FEW),
    # commands in one go (RFC 2920): the answers come in their order, if they come
    one("pipelines_a_batch_of_forty", lambda: Habit(boxes=_TOWN, extensions=_PIPELINING),
        live(*_LIVES) + dead(*_GONES), most_connections=8),
    one("pipelines_a_catch_all", lambda: Habit(unknown=_OK, extensions=_PIPELINING), catch_all(ANNA, BERT, GONE)),
    one("pipelines_and_refuses_mail", lambda: Habit(mail="550 5.7.1 Rejected", extensions=_PIPELINING), hidden(),
        phase="mail"),
    one("pipelines_and_defers_mail", lambda: Habit(mail="451 4.7.1 Later", extensions=_PIPELINING), hidden(),
        phase="mail"),
    one("pipelines_one_recipient", lambda: Limited(extensions=_PIPELINING), _FEW),
    one("pipelines_five_recipients", lambda: Limited(boxes=_TOWN, most=5, extensions=_PIPELINING),
        live(*_LIVES[:6]) + dead(*_GONES[:6])),
    one("pipelines_and_then_policy", lambda: Limited(enough=_HARVEST, most=2, extensions=_PIPELINING),
        _CAREFUL),
    one("pipelines_a_catch_all_and_then_policy",
        lambda: Limited(unknown=_OK, enough=_HARVEST, most=1, extensions=_PIPELINING), catch_all(weaker="unknown")),
    one("pipelines_and_closes_after_5xx", lambda: Intolerant(extensions=_PIPELINING), _FEW),
    one("pipelines_three_errors_then_421",
        lambda: Intolerant(most=2, enough="421 4.7.0 Error: too many errors", extensions=_PIPELINING),
        live(ANNA) + dead(*_GONES[:5])),
    one("pipelines_a_greylist", lambda: Greylist(extensions=_PIPELINING), hidden(ANNA, BERT, GONE), phase="rcpt",
        pause=GREY, again=live(ANNA, BERT, weaker="unknown risky") + dead(GONE)),
    one("pipelines_slowly", lambda: Habit(boxes=dict.fromkeys(_LIVES, slow(_OK, 0.5)), extensions=_PIPELINING,
        unknown=slow("550 5.1.1 No such user", 0.5)), live(*_LIVES[:6]) + dead(*_GONES[:6])),
    one("pipelines_with_tls", lambda: Encrypted(required=True, extensions=_PIPELINING), _FEW),
    one("pipelines_and_swallows_an_answer", Swallows,
        live(weaker="unknown risky") + dead(GONE, LOST, weaker="unknown")),
    one("pipelines_and_swallows_an_answer_to_the_dead", Swallows,
        dead(GONE, LOST, weaker="unknown") + live(ANNA, BERT, weaker="unknown risky")),
    one("pipelines_and_forgets", Forgets, _CAREFUL),
    one("pipelines_only_in_its_words", Unsynchronized, _CAREFUL),
    # old software
    one("helo_only_500", Old),
    one("helo_only_502", lambda: Old(refusal="502 5.5.2 Error: command not recognized")),
    one("helo_only_after_hang_up", lambda: Old(refusal=bye("500 5.5.1 Command unrecognized")),
        live(weaker="unknown") + dead(weaker="unknown")),
    one("no_reset", lambda: NoReset(answer="502 5.5.1 Command not implemented"), _FEW),
    one("hangs_up_at_reset", NoReset, _FEW),
    one("no_goodbye", NoGoodbye, _FEW),
    # encryption
    one("tls_offered", Encrypted, _FEW),
    one("tls_required", lambda: Encrypted(required=True), _FEW),
    one("tls_not_available", lambda: Encrypted(answer="454 4.7.0 TLS not available due to local problem"), _FEW),
    one("tls_broken", lambda: Encrypted(answer=Reply(b"220 2.0.0 Ready\r\n\x15\x03garbage", close=True)), PLAIN),
    one("tls_hangs_up", lambda: Encrypted(answer=Reply(b"220 2.0.0 Ready\r\n", close=True)), PLAIN),
    one("tls_required_and_not_available", lambda: Encrypted(required=True, answer="454 4.7.0 TLS not available"),
        hidden(), phase="mail"),
    one("tls_with_injected_answers", Injected,
        live(weaker="unknown risky") + dead(weaker="unknown")),
)  # fmt: skip
