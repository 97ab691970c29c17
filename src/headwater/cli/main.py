"""The ``headwater`` command."""

from collections.abc import Sequence

import typer

from headwater import __version__
from headwater.cli import contacts, doctor, enrich, jobs, lists, verify, work
from headwater.cli.shell import fail
from headwater.kit.errors import HeadwaterError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Contact enrichment that never pays twice, never mixes two people, and shows its working.",
)
app.command("enrich")(enrich.enrich)
app.command("quote")(enrich.quote_file)
app.command("worker")(work.worker)
app.command("calls")(jobs.calls)
app.add_typer(doctor.app, name="doctor")
app.add_typer(jobs.app, name="jobs")
app.add_typer(contacts.app, name="contacts")
app.add_typer(verify.app, name="verify")
app.add_typer(lists.app, name="lists")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True)) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; bad options end with exit code 2. Without ``arguments`` those of the process count."""
    try:
        app(arguments)
    except HeadwaterError as error:
        try:
            fail(error)
        except typer.Exit as left:
            raise SystemExit(left.exit_code) from None
