"""All questions about one domain, asked in as few conversations as its server allows.

The real address comes first, and only when it is accepted a made-up one is asked for, in the same session: a server
that accepts both says nothing about either. What happens before RCPT is about us and ends the questions of the moment;
what happens at RCPT is about one mailbox. A session that gave answers before it ended is followed by another.
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
from headwater.verification.smtp.session import Session

_RANDOM_TRIES = 2
# Sessions in a row that break before they give an answer; after them the rest is not tried.
_BARREN = 2
_CROWDED = 3
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
    _answers: int = 0  # of the present session
    _random_left: int = _RANDOM_TRIES
    _barren: int = 0
    _crowded: int = 0

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
        while self._waiting or self._random_due:
            self._answers = 0
            try:
                async with self.tools.door.visit(self.hosts) as visit:
                    await self._talk(visit)
            except Closed as closed:
                self._fail(closed.reply, closed.host)

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

    @property
    def _random_due(self) -> bool:
        return self.catch_all is None and bool(self._accepted) and self._random_left > 0

    async def _talk(self, visit: Visit) -> None:
        session = visit.session
        if self._random_due:
            await self._ask_random(visit, session.ask)
        while self._waiting and self._goes_on(session):
            await self._ask(visit, self._next(session))
            if self._random_due and self._goes_on(session):
                await self._ask_random(visit, session.also)

    def _goes_on(self, session: Session) -> bool:
        return not session.over and session.recipients < self._recipients

    def _next(self, session: Session) -> list[Question]:
        """One; as many as fit once the server has answered, if it takes commands in one go."""
        many = self._recipients - session.recipients if self._answers and session.pipelined else 1
        return [self._waiting.popleft() for _ in range(min(many, len(self._waiting)))]

    async def _ask(self, visit: Visit, questions: Sequence[Question]) -> None:
        askable = [each for each in questions if each.recipient.isascii() or visit.session.speaks_utf8]
        for question in questions:
            if question not in askable:
                self._done(question, wording.no_utf8(visit.host))
        replies = await visit.session.ask(*(question.recipient for question in askable))
        for at, (question, reply) in enumerate(zip(askable, replies, strict=False)):
            if not self._heard(visit, question, reply):
                self._waiting.extendleft(reversed(askable[at + 1 :]))
                self._unanswered(visit, question, reply)
                return

    def _heard(self, visit: Visit, question: Question, reply: SmtpReply) -> bool:
        """Whether this answers the question for the mailbox."""
        self._heed(visit, reply)
        answer = judge(reply) if reply.phase == "rcpt" else Answer.ENOUGH
        if answer in _NO_ANSWER:
            return False
        self._answers, self._barren = self._answers + 1, 0
        if answer is Answer.ACCEPTED:
            self._accepted.append((question, reply, visit.host))
            self._settle()
        else:
            self._done(question, wording.at_rcpt(answer, reply, visit.host, self.catch_all))
        return True

    def _unanswered(self, visit: Visit, question: Question, reply: SmtpReply) -> None:
        """Another session may go on, if this one was of any use or others stood in its way."""
        visit.session.over = True
        crowded = reply.code == 421 and visit.gate.open > 1 and self._crowded < _CROWDED
        if self._answers or crowded:
            self._crowded += crowded
            self._waiting.appendleft(question)
            self._bears()
        elif reply.phase != "rcpt" or reply.code == 421:
            self._waiting.appendleft(question)
            self._fail(reply, visit.host)
        else:
            self._done(question, wording.at_rcpt(judge(reply), reply, visit.host, self.catch_all))
            self._barren += 1
            if self._barren >= _BARREN:
                self._fail(reply, visit.host)

    async def _ask_random(self, visit: Visit, ask: Callable[[str], Awaitable[list[SmtpReply]]]) -> None:
        """Ask for a name that nobody has. Only a clear yes or no counts; one more session if this one had enough."""
        self._random_left -= 1
        (reply,) = await ask(f"{self.tools.random_local()}@{self.domain}")
        self._heed(visit, reply)
        answer = judge(reply) if reply.phase == "rcpt" else Answer.ENOUGH
        if answer in _NO_ANSWER:
            visit.session.over = True
            self._bears()
            self._settle()
            return
        self._answers += 1
        if answer in (Answer.ACCEPTED, Answer.NO_SUCH_USER):
            self.catch_all = answer is Answer.ACCEPTED
            await self.tools.memory.put(self.domain, self.hosts, self.catch_all)
        else:
            self._random_left = 0
        self._settle()

    def _bears(self) -> None:
        """This server had enough: the next sessions end before that."""
        self._recipients = max(1, min(self._recipients, self._answers))

    def _heed(self, visit: Visit, reply: SmtpReply) -> None:
        """Fewer connections to a server that complains of us."""
        if reply.code == 421 or (reply.enhanced or "").startswith("4.7."):
            visit.gate.complained()
        elif reply.code is not None:
            visit.gate.answered()

    def _settle(self) -> None:
        """Answer those that were accepted, once it is known what that is worth, or that nobody will know."""
        if self._random_due:
            return
        for question, reply, host in self._accepted:
            self._done(question, wording.accepted(reply, host, self.catch_all))
        self._accepted.clear()

    def _fail(self, reply: SmtpReply, host: str | None) -> None:
        """What is about us holds for all who wait now."""
        self._random_left = 0
        self._settle()
        while self._waiting:
            self._done(self._waiting.popleft(), wording.before_rcpt(reply, host, self.catch_all))

    def _done(self, question: Question, report: MailboxReport) -> None:
        del self._open[question.recipient]
        if not question.answer.done():
            question.answer.set_result(report)
