"""Work that can be abandoned: its outcome comes back, and nobody who is told to stop waits for it."""

import asyncio
import threading
import time

import pytest

from headwater.kit.threads import abandonable


async def test_a_result_comes_back() -> None:
    assert await abandonable(divmod, 7, 2) == (3, 1)


async def test_an_error_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await abandonable(divmod, 7, 0)


def test_neither_the_cancelled_nor_the_loop_wait_for_it() -> None:
    begun, released = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        released.wait(60)

    async def leave() -> None:
        task = asyncio.create_task(abandonable(work))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    began = time.monotonic()
    asyncio.run(leave())
    assert time.monotonic() - began < 30
    released.set()
