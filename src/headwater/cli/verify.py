"""``headwater verify``: addresses and telephone numbers, checked one by one or a column at a time."""

import dataclasses
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from phonenumbers import SUPPORTED_REGIONS
from rich.table import Table

from headwater.cli.enrich import MADE_UP
from headwater.cli.shell import note, run, settings, stdout
from headwater.intake import open_source
from headwater.intake.column import find_column, read_column
from headwater.jobs.validating import Validator, Verdict, open_validator
from headwater.kit.errors import BadInput
from headwater.kit.settings import Settings
from headwater.records import Column, EmailVerdict, PhoneVerdict
from headwater.verification import Level

app = typer.Typer(no_args_is_help=True, help="Check addresses and telephone numbers; every point has a reason.")

AsLines = Annotated[bool, typer.Option("--json", help="One JSON object a line, in the order of the input.")]
File = Annotated[Path | None, typer.Option("--file", help="A file whose column is checked: CSV, XLSX, JSON, JSONL.")]
Named = Annotated[str | None, typer.Option("--column", help="The column's header; guessed if not given.")]


@app.command("email")
def email(
    addresses: Annotated[list[str] | None, typer.Argument(help="Addresses; without any, one a line is read.")] = None,
    file: File = None,
    column: Named = None,
    level: Annotated[Level | None, typer.Option(help="How deep to look; as deep as it goes if not given.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Conversations with mail servers at once.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Ask the made-up world; nobody real is asked.")] = False,
    as_lines: AsLines = False,
) -> None:
    """Check e-mail addresses: syntax, what lists say, where the domain takes its mail, and the mailbox itself.

    Mail servers are asked (level smtp) only under an identity of yours: see headwater doctor smtp.
    """
    texts = _texts(addresses, file, column, Column.EMAIL)
    opened = partial(open_validator, sandbox=sandbox, concurrency=concurrency)
    _check(opened, lambda validator: validator.emails(texts, level), email_line, _EMAIL_TABLE, as_lines=as_lines)
    if sandbox:
        note(MADE_UP)


@app.command("phone")
def phone(
    numbers: Annotated[list[str] | None, typer.Argument(help="Numbers; without any, one a line is read.")] = None,
    file: File = None,
    column: Named = None,
    region: Annotated[str | None, typer.Option(help="Country of numbers without a calling code, such as US.")] = None,
    as_lines: AsLines = False,
) -> None:
    """Check telephone numbers against the numbering plans."""
    home = _region(region)
    texts = _texts(numbers, file, column, Column.PHONE)
    work = partial(Validator.phones, numbers=texts, region=home)
    _check(open_validator, work, phone_line, _PHONE_TABLE, as_lines=as_lines)


def _region(text: str | None) -> str | None:
    if text is not None and text.strip().upper() not in SUPPORTED_REGIONS:
        raise BadInput(f"--region: {text!r} is no country; write its two letters, such as US or DE.")
    return text.strip().upper() if text else None


# the input -------------------------------------------------------------------------------------------


def _texts(given: list[str] | None, file: Path | None, column: str | None, meaning: Column) -> Iterable[str]:
    if given and file:
        raise BadInput("Give values or --file, not both.")
    if column and not file:
        raise BadInput("--column names a column of --file; give the file too.")
    if file:
        source = open_source(file)
        return read_column(source, find_column(source, column, meaning))
    return given or _lines()


def _lines() -> Iterator[str]:
    """Standard input, a value a line; bytes that are no UTF-8 stay marked as such, and no check passes them."""
    if sys.stdin.isatty():
        raise BadInput("Nothing to check; give values, --file, or lines on standard input.")
    return (line.rstrip(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape") for line in sys.stdin.buffer)


# the output ------------------------------------------------------------------------------------------


def _check(
    opened: Callable[[Settings, Callable[[str], None]], AbstractAsyncContextManager[Validator]],
    work: Callable[[Validator], AsyncIterator[Any]],
    line: Callable[[Any], dict[str, Any]],
    columns: tuple[str, ...],
    *,
    as_lines: bool,
) -> None:
    async def all_of_it() -> None:
        table = Table(*columns)
        async with opened(settings(), note) as validator:
            async for verdict in work(validator):
                if as_lines:
                    typer.echo(json.dumps(line(verdict), default=str))
                else:
                    table.add_row(*(_cell(line(verdict)[name]) for name in columns))
        if not as_lines:
            stdout.print(table)

    run(all_of_it)


_EMAIL_TABLE = ("email", "status", "sub_status", "score", "did_you_mean", "reasons")
_PHONE_TABLE = ("raw", "e164", "valid", "type", "region", "carrier", "score", "reasons")


def email_line(verdict: EmailVerdict) -> dict[str, Any]:
    """A verdict as one JSON object."""
    return {
        "email": verdict.address,
        "normalized": verdict.normalized,
        **_judgement(verdict),
        "flags": dataclasses.asdict(verdict.flags),
        "did_you_mean": verdict.did_you_mean,
        "mx": list(verdict.mx),
        "mx_operator": verdict.mx_operator,
        "smtp": dataclasses.asdict(verdict.smtp) if verdict.smtp else None,
        "level": verdict.level,
        "checked_at": verdict.checked_at.isoformat(),
    }


def phone_line(verdict: PhoneVerdict) -> dict[str, Any]:
    """A verdict as one JSON object; ``valid`` is null where nobody can tell."""
    names = ("type", "region", "country", "carrier", "carrier_basis", "portable", "location", "time_zones",
             "extension", "reserved")  # fmt: skip
    known = {"valid": True, "risky": True, "invalid": False}
    return {
        "raw": verdict.raw,
        "e164": verdict.e164,
        "valid": known.get(verdict.status),
        **{name: getattr(verdict, name) for name in names},
        **_judgement(verdict),
        "checked_at": verdict.checked_at.isoformat(),
    }


def _judgement(verdict: Verdict) -> dict[str, Any]:
    reasons = [dataclasses.asdict(reason) for reason in verdict.reasons]
    return {"status": str(verdict.status), "sub_status": verdict.sub_status, "score": verdict.score, "reasons": reasons}


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(map(_cell, value))
    if isinstance(value, dict):
        return f"{value['points']:+d} {_cell(value['text'])}"
    # what a stranger wrote must not move the cursor or break the output
    return "" if value is None else "".join(char if char.isprintable() else "\ufffd" for char in str(value))
