"""Answers that are kept for a while, and asked for once however many want them at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """Asks ``find`` for what it does not know. ``keep`` tells for how many seconds an answer is believed.

    Whoever wants something first asks for it, without a task of its own, which would cost more than the question; those
    who come meanwhile wait. Should the first give up, the next one asks. An exception goes to all who waited for it and
    is not kept. At most ``size`` answers stay, the latest ones.
    """

    def __init__(self, find: Callable[[str], Awaitable[V]], keep: Callable[[V], float], size: int) -> None:
        self._find = find
        self._keep = keep
        self._size = size
        self._known: OrderedDict[str, tuple[float, V]] = OrderedDict()
        # Those being asked for; a future where somebody waits, which is done when the answer is known or given up.
        self._asking: dict[str, asyncio.Future[None] | None] = {}

    async def get(self, key: str) -> V:
        while True:
            known = self._known.get(key)
            if known is not None and asyncio.get_running_loop().time() < known[0]:
                return known[1]
            if key not in self._asking:
                return await self._ask(key)
            waiting = self._asking[key]
            if waiting is None:
                waiting = self._asking[key] = asyncio.get_running_loop().create_future()
            # Shielded, because one who gives up must not end the waiting of the others.
            await asyncio.shield(waiting)

    def close(self) -> None:
        """Let nobody wait any longer; those who wait are cancelled."""
        for waiting in self._asking.values():
            if waiting is not None:
                waiting.cancel()

    async def _ask(self, key: str) -> V:
        self._asking[key] = None
        try:
            found = await self._find(key)
        except Exception as error:  # whatever it is, it belongs to those who wait too
            self._tell(key, error)
            raise
        except asyncio.CancelledError:
            self._tell(key, None)
            raise
        self._known[key] = (asyncio.get_running_loop().time() + self._keep(found), found)
        self._known.move_to_end(key)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        self._tell(key, None)
        return found

    def _tell(self, key: str, error: Exception | None) -> None:
        waiting = self._asking.pop(key)
        if waiting is None or waiting.done():
            return
        if error is None:
            waiting.set_result(None)
        else:
            waiting.set_exception(error)
            waiting.exception()  # those who waited may all have given up; then nobody minds
