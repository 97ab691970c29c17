"""All questions about one domain, asked in as few conversations as its server allows.

The real address comes first, and only when it is accepted a made-up one is asked for, in the same session: a server
that accepts both says nothing about either. What happens before RCPT is about us and ends the questions of the moment;
what happens at RCPT is about one mailbox. A session that gave answers before it ended is followed by another.

What a session says counts when it has ended, since only its end shows whether answers and questions belong together. If
they do not, its questions are asked once more, command by command, and are open if that is no better.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from headwater.records import SmtpReply
from headwater.verification.smtp import wording
from headwater.verification.smtp.classify import Answer, judge
from headwater.verification.smtp.door import Closed, Door, Visit
from headwater.verification.smtp.memory import CatchAllMemory
from headwater.verification.smtp.report import MailboxReport
from headwater.verification.smtp.session import Step

_RANDOM_TRIES = 2
# Sessions in a row that break before they give an answer, or that are out of step; after them the rest is not tried.
_BARREN = 2
_OUT = 2
_CROWDED = 3
_LONG = 60.0  # seconds after which a session takes no more questions, so that its answers can count
_NO_ANSWER = (Answer.ENOUGH, Answer.BROKEN)


@dataclass(slots=True)
class Question:
    """One mailbox that somebody waits for. ``recipient`` has the domain in its ASCII form."""

    recipient: str
    answer: asyncio.Future[MailboxReport]


@dataclass(frozen=True, slots=True)
class Tools:
    """What desks share."""

    door: Door
    memory: CatchAllMemory
    random_local: Callable[[], str]
    recipients: int


@dataclass(slots=True)
class Talk:
    """What was said in one session, until it counts.

    ``made_up`` is the answer for a made-up name. ``unanswered`` is the question that ended the session, ``ending`` what
    was said to it; ``enough`` where the server had enough of us, ``crowded`` where that may be for others of ours.
    """

    visit: Visit
    until: float
    heard: list[tuple[Question, Answer, SmtpReply]] = field(default_factory=list)
    made_up: Answer | None = None
    asked_made_up: bool = False
    unanswered: Question | None = None
    ending: SmtpReply | None = None
    enough: bool = False
    crowded: bool = False

    @property
    def answers(self) -> int:
        return len(self.heard) + (self.made_up is not None)

    @property
    def accepted(self) -> bool:
        return any(answer is Answer.ACCEPTED for _, answer, _ in self.heard)


@dataclass(slots=True)
class Desk:
    """One domain with its mail hosts; ``run`` ends when nothing waits."""

    domain: str
    hosts: tuple[str, ...]
    tools: Tools
    catch_all: bool | None = None
    _open: dict[str, Question] = field(default_factory=dict)
    _waiting: deque[Question] = field(default_factory=deque)
    _accepted: list[tuple[Question, SmtpReply, str]] = field(default_factory=list)
    _recipients: int = 0  # that one session of this server bears, as far as known
    _random_left: int = _RANDOM_TRIES
    _random_refused: bool = False  # in a session that was not confirmed
    _barren: int = 0
    _crowded: int = 0
    _out: int = 0

    def add(self, recipient: str) -> asyncio.Future[MailboxReport]:
        """Queue a question, or join the one that asks the same."""
        if recipient not in self._open:
            question = Question(recipient, asyncio.get_running_loop().create_future())
            self._open[recipient] = question
            self._waiting.append(question)
        return self._open[recipient].answer

    async def run(self) -> None:
        self._recipients = self.tools.recipients
        self.catch_all = await self.tools.memory.get(self.domain, self.hosts)
        while self._waiting or self._random_due(bool(self._accepted)):
            try:
                async with self.tools.door.visit(self.hosts) as visit:
                    visit.session.careful = self._out > 0
                    talk = Talk(visit, asyncio.get_running_loop().time() + _LONG)
                    await self._talk(talk)
            except Closed as closed:
                self._give_up(wording.before_rcpt(closed.reply, closed.host, self.catch_all))
            else:
                await self._weigh(talk)

    def abandon(self, error: Exception | None) -> None:
        """Let nobody wait for ever."""
        for question in self._open.values():
            if error is None:
                question.answer.cancel()
            elif not question.answer.done():
                question.answer.set_exception(error)

    @property
    def busy(self) -> bool:
        return bool(self._open)

    def _random_due(self, accepted: bool) -> bool:
        return accepted and self.catch_all is None and self._random_left > 0

    # a session -------------------------------------------------------------------------------------------

    async def _talk(self, talk: Talk) -> None:
        session = talk.visit.session
        if self._random_due(bool(self._accepted)):
            await self._ask_random(talk, session.ask)
        while self._waiting and self._goes_on(talk):
            await self._ask(talk, self._next(talk))
            due = self._random_due(talk.accepted) and not talk.asked_made_up
            if due and self._goes_on(talk):
                await self._ask_random(talk, session.also)

    def _goes_on(self, talk: Talk) -> bool:
        session, now = talk.visit.session, asyncio.get_running_loop().time()
        return not session.over and session.recipients < self._recipients and now < talk.until

    def _next(self, talk: Talk) -> list[Question]:
        """One; as many as fit once the server has answered, if it takes commands in one go."""
        session = talk.visit.session
        many = self._recipients - session.recipients if talk.answers and session.pipelined else 1
        return [self._waiting.popleft() for _ in range(min(many, len(self._waiting)))]

    async def _ask(self, talk: Talk, questions: Sequence[Question]) -> None:
        session = talk.visit.session
        askable = [each for each in questions if each.recipient.isascii() or session.speaks_utf8]
        for question in questions:
            if question not in askable:
                self._done(question, wording.no_utf8(talk.visit.host))
        replies = await session.ask(*(question.recipient for question in askable))
        for at, (question, reply) in enumerate(zip(askable, replies, strict=False)):
            answer = self._heed(talk, reply)
            if answer in _NO_ANSWER:
                self._waiting.extendleft(reversed(askable[at + 1 :]))
                talk.unanswered, talk.ending = question, reply
                talk.crowded = reply.code == 421 and talk.visit.gate.open > 1 and self._crowded < _CROWDED
                session.over = True
                return
            talk.heard.append((question, answer, reply))

    async def _ask_random(self, talk: Talk, ask: Callable[[str], Awaitable[list[SmtpReply]]]) -> None:
        """Ask for a name that nobody has; in one more session if this one had enough."""
        talk.asked_made_up = True
        (reply,) = await ask(f"{self.tools.random_local()}@{self.domain}")
        answer = self._heed(talk, reply)
        if answer in _NO_ANSWER:
            talk.enough = talk.visit.session.over = True
        else:
            talk.made_up = answer

    def _heed(self, talk: Talk, reply: SmtpReply) -> Answer:
        """What a reply says of a mailbox, if anything. Fewer connections to a server that complains of us."""
        if reply.code == 421 or (reply.enhanced or "").startswith("4.7."):
            talk.visit.gate.complained()
        elif reply.code is not None:
            talk.visit.gate.answered()
        return judge(reply) if reply.phase == "rcpt" else Answer.ENOUGH

    # what it was worth -----------------------------------------------------------------------------------

    async def _weigh(self, talk: Talk) -> None:
        """Let what was said count, or take it back."""
        if talk.visit.session.step is Step.OUT:
            self._take_back(talk)
            return
        self._out = 0
        await self._learn(talk)
        host = talk.visit.host
        for question, answer, reply in talk.heard:
            self._barren = 0
            if answer is Answer.ACCEPTED:
                self._accepted.append((question, reply, host))
            else:
                self._done(question, wording.at_rcpt(answer, reply, host, self.catch_all))
        if talk.enough:
            self._bears(talk)
        if talk.unanswered is not None and talk.ending is not None:
            self._unanswered(talk, talk.unanswered, talk.ending)
        self._settle()

    def _take_back(self, talk: Talk) -> None:
        """Ask again for everything that this session was asked, or for nothing more."""
        asked = [question for question, _, _ in talk.heard] + ([talk.unanswered] if talk.unanswered else [])
        self._waiting.extendleft(reversed(asked))
        self._out += 1
        if self._out >= _OUT:
            reply = SmtpReply("rcpt", None, None, "The server's replies and our commands do not match.")
            if talk.ending is not None and talk.ending.code is None:
                reply = talk.ending
            self._give_up(wording.out_of_step(reply, talk.visit.host, self.catch_all))

    async def _learn(self, talk: Talk) -> None:
        """Only a clear yes or no to a made-up name counts, and no only from a session that was confirmed, or from two:
        "valid" rests on it, and a server that says too much and then leaves is not found out otherwise.
        """
        self._random_left -= talk.asked_made_up
        if talk.made_up is None:
            return
        if talk.made_up not in (Answer.ACCEPTED, Answer.NO_SUCH_USER):
            self._random_left = 0
        elif talk.made_up is Answer.ACCEPTED or self._random_refused or talk.visit.session.step is Step.CONFIRMED:
            self.catch_all = talk.made_up is Answer.ACCEPTED
            await self.tools.memory.put(self.domain, self.hosts, self.catch_all)
        else:
            self._random_refused = True

    def _unanswered(self, talk: Talk, question: Question, reply: SmtpReply) -> None:
        """Another session may go on, if this one was of any use or others stood in its way."""
        if talk.answers or talk.crowded:
            self._crowded += talk.crowded
            self._waiting.appendleft(question)
            self._bears(talk)
        elif reply.phase != "rcpt" or reply.code == 421:
            self._waiting.appendleft(question)
            self._give_up(wording.before_rcpt(reply, talk.visit.host, self.catch_all))
        else:
            self._done(question, wording.at_rcpt(judge(reply), reply, talk.visit.host, self.catch_all))
            self._barren += 1
            if self._barren >= _BARREN:
                self._give_up(wording.before_rcpt(reply, talk.visit.host, self.catch_all))

    def _bears(self, talk: Talk) -> None:
        """This server had enough: the next sessions end before that."""
        self._recipients = max(1, min(self._recipients, talk.answers))

    def _settle(self) -> None:
        """Answer those that were accepted, once it is known what that is worth, or that nobody will know."""
        if self._random_due(bool(self._accepted)):
            return
        for question, reply, host in self._accepted:
            self._done(question, wording.accepted(reply, host, self.catch_all))
        self._accepted.clear()

    def _give_up(self, report: MailboxReport) -> None:
        """What is about us, or about the server, holds for all who wait now."""
        self._random_left = 0
        self._settle()
        while self._waiting:
            self._done(self._waiting.popleft(), report)

    def _done(self, question: Question, report: MailboxReport) -> None:
        del self._open[question.recipient]
        if not question.answer.done():
            question.answer.set_result(report)
