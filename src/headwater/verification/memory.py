"""Answers that are kept for a while, and asked for once however many want them at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """Asks ``find`` for what it does not know. ``keep`` tells for how many seconds an answer is believed.

    An exception goes to all who waited for it and is not kept. At most ``size`` answers stay, the latest ones.
    """

    def __init__(self, find: Callable[[str], Awaitable[V]], keep: Callable[[V], float], size: int) -> None:
        self._find = find
        self._keep = keep
        self._size = size
        self._known: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[V]] = {}

    async def get(self, key: str) -> V:
        known = self._known.get(key)
        if known is not None and asyncio.get_running_loop().time() < known[0]:
            return known[1]
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key))
        # One caller giving up must not take the answer from the others.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Drop what is still being asked for; those who wait are cancelled."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        self._asking.clear()  # a task that was cancelled before its first step has not done so itself

    async def _ask(self, key: str) -> V:
        try:
            found = await self._find(key)
        finally:
            self._asking.pop(key, None)
        self._known[key] = (asyncio.get_running_loop().time() + self._keep(found), found)
        self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return found
