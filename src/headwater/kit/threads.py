"""Blocking work beside the event loop, for work that whoever is cancelled need not wait for."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


async def abandonable(work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """Like ``asyncio.to_thread``, but a cancelled caller leaves at once, and so does the process.

    The loop's own threads are waited for when it closes: a server that does not answer, or a lock that somebody else
    holds, would keep a program that was told to stop. The work may go on for a while and must bear to be cut off.
    """
    outcome: Future[Result] = Future()
    outcome.set_running_or_notify_cancel()

    def settle() -> None:
        try:
            outcome.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  whatever it is, it is raised where the outcome is awaited
            outcome.set_exception(error)

    Thread(target=settle, daemon=True).start()
    return await asyncio.wrap_future(outcome)
