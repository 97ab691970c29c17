"""What every command shares: settings, the event loop with its signals, and what errors look like."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any, NoReturn, TypeVar

import typer
import uvloop
from rich.console import Console

from headwater.kit import log
from headwater.kit.errors import HeadwaterError
from headwater.kit.log import mask
from headwater.kit.settings import Settings, load
from headwater.providers.catalogue import ADAPTERS

Result = TypeVar("Result")

_PATIENCE = 5.0  # seconds from Ctrl-C to the end by force; politely it takes less than two

# What is printed comes out of files and vendors: brackets and colons in it are no markup.
_console = partial(Console, highlight=False, soft_wrap=True, markup=False, emoji=False)
# A pipe or a file has no width: tables are not cut there.
stdout = _console(width=None if sys.stdout.isatty() else 200)
stderr = _console(stderr=True)


class Interrupted(HeadwaterError):
    """Ctrl-C or a polite kill: all that was done is stored."""

    exit_code = 130


def settings() -> Settings:
    found = load(os.environ, vendors=ADAPTERS, folder=Path.cwd())
    log.configure(found.log_level)
    return found


def note(message: str) -> None:
    """Tell a person something that is not the result."""
    stderr.print(message, style="dim")


def seldom_collect() -> None:
    """Let the garbage collector look less often, and not at what was imported: it stays until the process ends.

    A job makes many small objects that live on and hardly any cycles. With Python's own setting (700) the collector
    took a third of the time that verifying addresses takes; measured by ``make bench-verification``.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def run(work: Callable[[], Coroutine[Any, Any, Result]], *, interrupted: str = "Stopped.") -> Result:
    """Run a command's work; an error a user can act on is one sentence and an exit code, never a trace."""
    last_resort = Timer(_PATIENCE, _leave_hard, [interrupted])
    last_resort.daemon = True
    seldom_collect()
    try:
        return uvloop.run(_with_signals(work, interrupted, last_resort))
    except HeadwaterError as error:
        fail(error)
    except BaseExceptionGroup as group:
        known = group.subgroup(HeadwaterError)
        if known is None:
            raise
        fail(_first(known))
    finally:
        last_resort.cancel()


def fail(error: HeadwaterError) -> NoReturn:
    """Print the sentence and leave."""
    stderr.print(mask(str(error)), style="bold red")
    raise typer.Exit(error.exit_code)


def _first(group: BaseExceptionGroup[HeadwaterError]) -> HeadwaterError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _leave_hard(interrupted: str) -> None:
    """A database that does not answer (a frozen machine, a cut cable) holds its connections, and they hold us.

    What is stored is whole at every moment, as after a kill; so nothing is lost that waiting would save.
    """
    os.write(sys.stderr.fileno(), f"{interrupted}\n".encode())
    os._exit(Interrupted.exit_code)


async def _with_signals(
    work: Callable[[], Coroutine[Any, Any, Result]], interrupted: str, last_resort: Timer
) -> Result:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work())

    def stop() -> None:
        task.cancel()
        if not last_resort.is_alive():
            last_resort.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        raise Interrupted(interrupted) from None


def tty() -> bool:
    return sys.stdin.isatty()


def confirmed(question: str) -> bool:
    """Ask a person; standard output stays free for the result."""
    stderr.print(f"{question} [y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
