"""The `headwater-sandbox` command."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater_sandbox import meter as meters
from headwater_sandbox import truth as truths
from headwater_sandbox.directory import Directory
from headwater_sandbox.errors import SandboxError, UsageError
from headwater_sandbox.settings import FAULTS, RATES, Settings, build
from headwater_sandbox.store import Store
from headwater_sandbox.world import World

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Made-up vendors, DNS and SMTP on loopback.")
_Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
_Home = Annotated[Path, typer.Option(help="Folder of the sandbox's memory.")]


@app.command()
def serve(
    home: Annotated[Path | None, typer.Option(help="Folder of the sandbox's memory; a new one if not given.")] = None,
    seed: Annotated[int, typer.Option(help="Which made-up world.")] = 1,
    port: Annotated[int, typer.Option(help="Port of the vendors; 0 finds one.", min=0, max=65535)] = 0,
    dns_port: Annotated[int, typer.Option(help="Port of DNS.", min=0, max=65535)] = 0,
    smtp_port: Annotated[int, typer.Option(help="Port of SMTP.", min=0, max=65535)] = 0,
    latency: Annotated[float, typer.Option(help="Scale of all delays; 0 for none.")] = 1.0,
    fault: Annotated[list[str] | None, typer.Option(help="NAME=RATE, VENDOR.NAME=RATE, or none.")] = None,
    rate: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; `rates` lists them.")] = None,
    limits: Annotated[list[str] | None, typer.Option(help="published, off, VENDOR=off|free|x<factor>.")] = None,
    no_dns: Annotated[bool, typer.Option("--no-dns", help="Without DNS.")] = False,
    no_smtp: Annotated[bool, typer.Option("--no-smtp", help="Without SMTP.")] = False,
    exit_with_parent: Annotated[bool, typer.Option("--exit-with-parent", help="Stop when stdin closes.")] = False,
) -> None:
    """Serve everything; one JSON line on stdout says where."""
    from headwater_sandbox.server import Ports, run  # the other commands need no web server

    settings = build(seed, latency, fault or [], rate or [], limits or [])
    ports = Ports(port, None if no_dns else dns_port, None if no_smtp else smtp_port)
    try:
        run(settings, home or Path(tempfile.mkdtemp(prefix="headwater-sandbox-")), ports, exit_with_parent)
    except OSError as error:
        raise UsageError(f"The sandbox cannot listen or write there: {error}.") from error


@app.command()
def truth(
    home: Annotated[Path | None, typer.Option(help="Take seed and rates from this sandbox.")] = None,
    seed: Annotated[int, typer.Option(help="Which made-up world.")] = 1,
    first: Annotated[str, typer.Option(help="Given name.")] = "",
    last: Annotated[str, typer.Option(help="Family name.")] = "",
    domain: Annotated[str, typer.Option(help="The employer's domain.")] = "",
    company: Annotated[str, typer.Option(help="The employer's name.")] = "",
    email: Annotated[str, typer.Option(help="An address.")] = "",
    everybody: Annotated[int, typer.Option("--all", help="So many employees of made-up companies.", min=0)] = 0,
    as_json: _Json = False,
) -> None:
    """What is really true of a person, an address, or many."""
    store = _open(home) if home else None
    directory = Directory(World(_settings_of(store, seed)), store)
    if everybody:
        for facts in truths.everybody(directory, everybody):
            _show(facts, as_json)
        return
    found = truths.of_email(directory, email) if email else truths.of_name(directory, first, last, domain, company)
    if found is None:
        raise UsageError("Give --first, --last and --domain (or --company), a valid --email, or --all N.")
    _show(found, as_json)


@app.command()
def meter(
    home: _Home,
    calls: Annotated[bool, typer.Option("--calls", help="List every charge.")] = False,
    as_json: _Json = False,
) -> None:
    """What real vendors would have counted and charged."""
    store = _open(home)
    if calls:
        for charge in meters.charges(store):
            _show(charge, as_json)
        return
    table = meters.read(store)
    if as_json:
        _write(json.dumps(table))
        return
    for vendor, numbers in table.items():
        _show({"vendor": vendor, **numbers}, False)


@app.command()
def sample(
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write; .csv or .xlsx.")],
    rows: Annotated[int, typer.Option(help="How many rows.", min=1, max=1_000_000)] = 600,
    seed: Annotated[int, typer.Option(help="Which made-up world.")] = 1,
    answers: Annotated[Path | None, typer.Option(help="Also write who every row really is, as CSV.")] = None,
) -> None:
    """A messy contact file whose people the vendors know."""
    from headwater_sandbox.sample import write

    try:
        write(output, rows, Settings(seed=seed), answers)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
    _write(f"{rows} rows written to {output}")


@app.command()
def rates() -> None:
    """Every rate and fault with its default."""
    for name, (default, sentence) in {**RATES, **FAULTS}.items():
        _write(f"{name} = {default}\t{sentence}")


def _open(home: Path) -> Store:
    if not (home / "sandbox.sqlite3").exists():
        raise UsageError(f"There is no sandbox in {home}.")
    return Store(home)


def _settings_of(store: Store | None, seed: int) -> Settings:
    kept = store.get("settings") if store else None
    settings = Settings(seed=kept["seed"] if kept else seed)
    if kept:
        settings.update({"rates": kept["rates"], "faults": kept["faults"]})
    return settings


def _show(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _write(json.dumps(facts, ensure_ascii=False))
        return
    for name, value in facts.items():
        _write(f"{name:22} {json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, bool)) else value}")
    _write("")


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> None:
    """Run the command; what a user can correct is one sentence and exit code 2."""
    try:
        app()
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
