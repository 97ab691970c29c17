"""The ``headwater`` command before its modules are loaded: Ctrl-C in that moment ends it without a trace."""

import signal


def main() -> None:
    """Load and run the command line, whose commands then see to Ctrl-C themselves."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from headwater.cli.main import main as run

    run()
