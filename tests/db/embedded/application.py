"""A small application as the tests run it: uses the embedded server until its standard input ends.

    application.py HOME [handler | stopping-handler]

With `handler` it turns SIGTERM into an orderly exit; with `stopping-handler` the handler itself calls stop()."""

import signal
import sys
from pathlib import Path
from types import FrameType

from headwater.db.embedded import EmbeddedError, EmbeddedServer


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> None:
    server = EmbeddedServer(Path(sys.argv[1]), progress=lambda text: say(f"progress {text}"))

    def stop_and_leave(number: int, frame: FrameType | None) -> None:
        server.stop()
        leave(number, frame)

    if "handler" in sys.argv:
        signal.signal(signal.SIGTERM, leave)
    if "stopping-handler" in sys.argv:
        signal.signal(signal.SIGTERM, stop_and_leave)
    try:
        say(f"ready {server.start()}")
        sys.stdin.read()
    except EmbeddedError as error:
        say(f"{type(error).__name__} {error}")
        sys.exit(3)
    finally:
        server.stop()
    say("left")


if __name__ == "__main__":
    main()
