"""What is remembered of domains that accept every name, so that none is asked for a made-up one each time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from headwater.kit.log import log

KEEP = 7 * 86_400.0  # seconds; a domain rarely changes how it treats unknown names
_MOST = 100_000


class CatchAllMemory(Protocol):
    """Keyed by domain and the set of its mail hosts: other hosts, other habits. Only yes and no are remembered."""

    async def get(self, domain: str, hosts: tuple[str, ...]) -> bool | None: ...

    async def put(self, domain: str, hosts: tuple[str, ...], catch_all: bool) -> None: ...


class AtBest:
    """A memory that may fail: then a domain is asked for itself, and those who wait for a mailbox do not notice."""

    def __init__(self, memory: CatchAllMemory) -> None:
        self._memory = memory

    async def get(self, domain: str, hosts: tuple[str, ...]) -> bool | None:
        try:
            return await self._memory.get(domain, hosts)
        except Exception as error:  # noqa: BLE001 - whatever it is made of, it only saves a question
            log.warning("what a domain does with every name was not recalled", domain=domain, reason=repr(error))
            return None

    async def put(self, domain: str, hosts: tuple[str, ...], catch_all: bool) -> None:
        try:
            await self._memory.put(domain, hosts, catch_all)
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("what a domain does with every name was not remembered", domain=domain, reason=repr(error))


class InMemory:
    """For one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[str, frozenset[str]], tuple[float, bool]] = OrderedDict()

    async def get(self, domain: str, hosts: tuple[str, ...]) -> bool | None:
        until, catch_all = self._known.get((domain, frozenset(hosts)), (0.0, False))
        return catch_all if self._clock() < until else None

    async def put(self, domain: str, hosts: tuple[str, ...], catch_all: bool) -> None:
        key = domain, frozenset(hosts)
        self._known[key] = (self._clock() + KEEP, catch_all)
        self._known.move_to_end(key)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
