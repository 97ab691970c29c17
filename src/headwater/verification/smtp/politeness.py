"""How much of us a mail server has to bear: connections to one address, connections a minute to one operator.

At a server that allows three connections, peers that limit nothing got 3 to 24 of 40 answers right; a cap of two, all.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Politeness:
    """``connections`` at once to one IP address, one more again after ``clean`` good answers; ``recipients`` in one
    session; ``per_minute`` connections to one operator, ``burst`` of them at once; ``sessions`` at once in all.
    """

    connections: int = 2
    recipients: int = 10
    per_minute: float = 60.0
    burst: int = 20
    clean: int = 50
    sessions: int = 200


class Gate:
    """Connections to one address: halved when the server complains, one more after enough good answers."""

    def __init__(self, most: int, clean: int) -> None:
        self.limit = self._most = most
        self.open = 0
        self._needed = clean
        self._clean = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        while self.open >= self.limit:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()  # it may have been our turn already
                raise
        self.open += 1

    def leave(self) -> None:
        self.open -= 1
        self._wake()

    def complained(self) -> None:
        self.limit = max(1, self.limit // 2)
        self._clean = 0

    def answered(self) -> None:
        self._clean += 1
        if self._clean >= self._needed and self.limit < self._most:
            self._clean = 0
            self.limit += 1
            self._wake()

    @property
    def idle(self) -> bool:
        return self.open == 0 and not self._waiting and self.limit == self._most

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return


class Gates:
    """All gates of a process, the pace towards each operator, and the number of sessions in all."""

    def __init__(self, politeness: Politeness) -> None:
        self._politeness = politeness
        self._gates: dict[str, Gate] = {}
        self._due: dict[str, float] = {}
        self._sessions = asyncio.Semaphore(politeness.sessions)

    async def enter(self, address: str, operator: str) -> Gate:
        """Wait for a place at this address, for the operator's turn, and for a place of ours, in this order."""
        gate = self._gate(address)
        await gate.enter()
        try:
            await asyncio.sleep(self.delay(operator, asyncio.get_running_loop().time()))
            await self._sessions.acquire()
        except asyncio.CancelledError:
            gate.leave()
            raise
        return gate

    def leave(self, gate: Gate) -> None:
        self._sessions.release()
        gate.leave()

    def delay(self, operator: str, now: float) -> float:
        """Take a turn at ``now``; seconds until it comes."""
        if len(self._due) > _MOST_REMEMBERED:
            self._due = {key: due for key, due in self._due.items() if due > now}
        apart = 60.0 / self._politeness.per_minute
        due = max(self._due.get(operator, 0.0), now)
        self._due[operator] = due + apart
        return max(0.0, due - now - apart * (self._politeness.burst - 1))

    def _gate(self, address: str) -> Gate:
        if len(self._gates) > _MOST_REMEMBERED:
            self._gates = {key: gate for key, gate in self._gates.items() if not gate.idle}
        if address not in self._gates:
            self._gates[address] = Gate(self._politeness.connections, self._politeness.clean)
        return self._gates[address]
