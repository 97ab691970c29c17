"""One polite conversation: greeting, TLS where it is offered, a transaction for each recipient, QUIT.

Replies belong to commands by their number alone, and most of them are 250. Only the reply to QUIT has a code of its
own: it shows whether all the others were read as what they were. See ``Step``.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from headwater.records import SmtpReply
from headwater.verification.smtp.identity import Identity
from headwater.verification.smtp.replies import Line, to_reply
from headwater.verification.smtp.wire import Broken, Garbled, OutOfStep, Wire

# A server that does not know EHLO may know HELO (RFC 5321 §3.2); any other refusal is about us.
_NO_EHLO = frozenset((500, 501, 502, 504))
# What RSET may be answered with: done, not known here, enough. Anything else is the answer to another command.
_TO_RSET = frozenset((250, 421, 500, 501, 502, 503, 504))


class Step(Enum):
    """Whether the answers of a session may be taken for answers to our questions."""

    CONFIRMED = auto()  # as many replies as commands, and the last, 221, is one that only QUIT gets
    UNSURE = auto()  # it broke, or QUIT was not answered; nothing speaks against it
    OUT = auto()  # a reply too many or too few: none of them counts


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. Filters exist that think 30 seconds about each recipient, so one patient try beats two hasty ones."""

    connect: float = 5.0
    banner: float = 30.0
    command: float = 30.0
    rcpt: float = 45.0
    tls: float = 15.0
    quit: float = 3.0


class Refused(Exception):
    """The server does not want to talk to us."""

    def __init__(self, reply: SmtpReply) -> None:
        super().__init__(reply.text)
        self.reply = reply


def unverified() -> ssl.SSLContext:
    """TLS without a look at the certificate, as mail servers do among themselves: few of theirs would pass."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


class Session:
    """An open conversation. After it broke, or the server said 421, it is ``over``.

    ``step`` counts when it has ended. One that is ``careful`` sends command by command whatever the server offers.
    """

    def __init__(self, wire: Wire, identity: Identity, timeouts: Timeouts) -> None:
        self.recipients = 0
        self.over = False
        self.careful = False
        self.step = Step.UNSURE
        self._wire = wire
        self._identity = identity
        self._timeouts = timeouts
        self._features: frozenset[str] = frozenset()
        self._greeted = False
        self._used = False
        self._in_one_go = False

    @property
    def pipelined(self) -> bool:
        return "PIPELINING" in self._features and not self.careful

    @property
    def speaks_utf8(self) -> bool:
        return {"SMTPUTF8", "8BITMIME"} <= self._features

    async def greet(self, host: str, tls: ssl.SSLContext | None) -> None:
        """From the banner to EHLO, with TLS where it is offered. Raises Refused or Broken."""
        banner = await self._wire.reply("connect", self._timeouts.banner)
        self._greeted = True
        _wanted(banner, 220)
        await self._hello()
        if tls is not None and "STARTTLS" in self._features:
            self._wire.send("starttls", "STARTTLS")
            if (await self._wire.reply("starttls", self._timeouts.command)).code == 220:
                await self._wire.start_tls(tls, host, self._timeouts.tls)
                await self._hello()

    async def _hello(self) -> None:
        lines = await self._say("EHLO")
        if lines[-1].code in _NO_EHLO:
            lines = await self._say("HELO")
        _wanted(to_reply("ehlo", lines), 250)
        self._features = frozenset(line.text.upper().partition(" ")[0] for line in lines[1:])

    async def _say(self, verb: str) -> list[Line]:
        self._wire.send("ehlo", f"{verb} {self._identity.helo}")
        return await self._wire.lines("ehlo", self._timeouts.command)

    async def ask(self, *recipients: str) -> list[SmtpReply]:
        """A transaction for each: the reply to RCPT, or to what kept us from sending it; none after the session's end.

        All of them leave together where the server offers to take them so (RFC 2920).
        """
        return await self._exchange([self._transaction(recipient) for recipient in recipients])

    async def also(self, recipient: str) -> list[SmtpReply]:
        """One more recipient in the same transaction."""
        return await self._exchange([[("rcpt", f"RCPT TO:<{recipient}>")]])

    def _transaction(self, recipient: str) -> list[tuple[str, str]]:
        sender = f"MAIL FROM:<{self._identity.mail_from}>"
        if not recipient.isascii():
            sender += " BODY=8BITMIME SMTPUTF8"
        reset = [("mail", "RSET")] if self._used else []
        self._used = True
        return [*reset, ("mail", sender), ("rcpt", f"RCPT TO:<{recipient}>")]

    async def _exchange(self, transactions: Sequence[Sequence[tuple[str, str]]]) -> list[SmtpReply]:
        self.recipients += len(transactions)
        replies: list[SmtpReply] = []
        try:
            if self.pipelined:
                self._in_one_go = True
                self._wire.send("mail", *(command for commands in transactions for _, command in commands))
            for commands in transactions:
                replies.append(await self._decisive(commands))
                if replies[-1].code == 421:
                    self.over = True
                    break
        except Broken as broken:
            self.over = True
            if isinstance(broken, OutOfStep):
                self.step = Step.OUT
            replies.append(broken.reply)
        return replies

    async def _decisive(self, commands: Sequence[tuple[str, str]]) -> SmtpReply:
        """The reply to the last command, or the first that says no, whatever is still said after it."""
        bad: SmtpReply | None = None
        for phase, command in commands:
            if not self.pipelined:
                self._wire.send(phase, command)
            try:
                reply = await self._wire.reply(phase, self._timeouts.rcpt)
            except Broken:
                if bad is None:
                    raise
                self.over = True
                return bad
            if command == "RSET" and reply.code not in _TO_RSET:
                raise OutOfStep(phase, f"The server's answer to RSET belongs to another command: {reply.text}")
            if not _good(reply):
                bad = bad or reply
                if reply.code == 421 or not self.pipelined:
                    break
        return bad or reply

    async def end(self) -> None:
        """Say goodbye to whoever greeted us, hear whether we were in step, and hang up."""
        try:
            if self._greeted:
                self._wire.quit()
                found = await self._farewell()
                self.step = found if self.step is not Step.OUT else Step.OUT
        finally:
            await self._wire.close(self._timeouts.quit)

    async def _farewell(self) -> Step:
        """Read what is owed, up to the answer to QUIT."""
        until = asyncio.get_running_loop().time() + self._timeouts.quit
        broken = self._wire.owed > 1  # we gave up on an answer
        try:
            while True:
                left = until - asyncio.get_running_loop().time()
                reply = await self._wire.reply("mail", max(left, 0))
                if reply.code == 421:
                    return Step.UNSURE
                if reply.code == 221 or self._wire.owed <= 0:
                    break
        except Garbled:
            return Step.UNSURE if broken else Step.OUT
        except Broken:
            return Step.UNSURE
        if reply.code != 221 or self._wire.unasked:
            return Step.OUT
        if self._wire.owed > 0:  # one by one it is the last answer that never came; of many in one go, any
            return Step.OUT if self._in_one_go else Step.UNSURE
        return Step.CONFIRMED


def _good(reply: SmtpReply) -> bool:
    return reply.code is not None and 200 <= reply.code < 300


def _wanted(reply: SmtpReply, code: int) -> None:
    if reply.code != code:
        raise Refused(reply)
