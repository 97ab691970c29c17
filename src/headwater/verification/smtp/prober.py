"""Level 4: asking mail servers for mailboxes, for everybody in a process."""

import asyncio
import random
import string
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from headwater.verification.resolver import MailRoute
from headwater.verification.smtp import wording
from headwater.verification.smtp.desk import Desk, Tools
from headwater.verification.smtp.door import Door, HostAddresses
from headwater.verification.smtp.identity import Identity
from headwater.verification.smtp.memory import AtBest, CatchAllMemory, InMemory
from headwater.verification.smtp.operators import operator_of_route
from headwater.verification.smtp.politeness import Gates, Politeness
from headwater.verification.smtp.report import MailboxReport
from headwater.verification.smtp.session import Timeouts, unverified
from headwater.verification.smtp.way_out import WayOut
from headwater.verification.syntax import check_syntax

_RANDOM_LENGTH = 20
_FAREWELL = 2.0  # seconds for goodbyes when all is over
_POLITE, _PATIENT = Politeness(), Timeouts()


def random_local() -> str:
    """A name that nobody has; it begins with a letter, since some servers refuse others by their form."""
    return random.choice(string.ascii_lowercase) + "".join(
        random.choices(string.ascii_lowercase + string.digits, k=_RANDOM_LENGTH - 1)
    )


class Prober:
    """Use as an async context manager. Questions about one domain share conversations, whoever asks them."""

    def __init__(
        self,
        identity: Identity,
        resolver: HostAddresses,
        *,
        port: int = 25,
        politeness: Politeness = _POLITE,
        timeouts: Timeouts = _PATIENT,
        allow_private: bool = False,
        random_local: Callable[[], str] = random_local,
        memory: CatchAllMemory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        gates, way_out = Gates(politeness), WayOut(port, clock)
        door = Door(identity, resolver, gates, timeouts, unverified(), way_out, port=port, allow_private=allow_private)
        self._tools = Tools(door, AtBest(memory) if memory else InMemory(), random_local, politeness.recipients)
        self._desks: dict[tuple[str, tuple[str, ...]], Desk] = {}
        self._tasks: dict[asyncio.Task[None], Desk] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give up what is being asked, saying goodbye to the servers; those who wait are cancelled."""
        tasks = list(self._tasks)
        for task in tasks:
            if self._tasks[task].busy:
                task.cancel()
        late = (await asyncio.wait(tasks, timeout=_FAREWELL))[1] if tasks else ()
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def probe(self, addresses: Sequence[str], routes: Mapping[str, MailRoute]) -> dict[str, MailboxReport]:
        """Ask for mailboxes. ``routes`` by ASCII domain.

        A caller that stops waiting stops nothing: what was begun is finished, and asking again joins it.
        """
        asked = {address: self._ask(address, routes) for address in dict.fromkeys(addresses)}
        pending = {found for found in asked.values() if isinstance(found, asyncio.Future)}
        if pending:
            await asyncio.wait(pending)
        return {
            address: found.result() if isinstance(found, asyncio.Future) else found for address, found in asked.items()
        }

    def _ask(self, address: str, routes: Mapping[str, MailRoute]) -> MailboxReport | asyncio.Future[MailboxReport]:
        found = check_syntax(address)
        if not found.ok:
            return wording.unaskable()
        route = routes.get(found.domain)
        if route is None or not route.hosts:
            return wording.no_host()
        operator = operator_of_route(route.hosts)
        if operator is not None and operator.hides:
            return wording.unverifiable(route.hosts[0])
        return self._desk(found.domain, route.hosts).add(f"{found.local}@{found.domain}")

    def _desk(self, domain: str, hosts: tuple[str, ...]) -> Desk:
        key = domain, hosts
        if key not in self._desks:
            self._desks[key] = Desk(domain, hosts, self._tools)
            task = asyncio.create_task(self._serve(key))
            self._tasks[task] = self._desks[key]
            task.add_done_callback(self._tasks.pop)
        return self._desks[key]

    async def _serve(self, key: tuple[str, tuple[str, ...]]) -> None:
        desk, failure = self._desks[key], None
        try:
            await desk.run()
        except Exception as error:  # noqa: BLE001 - not ours to handle, and not lost: all who wait get it
            failure = error
        finally:  # in the same step as the end of ``run``, so that no question is left at a desk that is closed
            del self._desks[key]
            desk.abandon(failure)
