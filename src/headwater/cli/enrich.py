"""``headwater enrich`` and ``headwater quote``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.cli import choices
from headwater.cli.shell import confirmed, note, run, settings, stdout, tty
from headwater.cli.tables import Bars, quote_table, summary_table
from headwater.enrichment.vendors import Vendors
from headwater.jobs.options import Options
from headwater.jobs.quote import Quote, quote
from headwater.jobs.run import Opened, look_at, open_job, sample
from headwater.jobs.run import run as run_job
from headwater.jobs.runtime import Runtime, open_runtime, vendors_of
from headwater.jobs.sandbox import NOWHERE, sandboxed
from headwater.kit.errors import BadInput
from headwater.kit.money import dollars
from headwater.kit.settings import Settings

MADE_UP = "These answers are made up: the vendor sandbox invents people's data and no real vendor was asked."

File = Annotated[Path, typer.Argument(help="CSV, XLSX, JSON or JSONL.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="CSV, XLSX, JSON, JSONL or Parquet, by its suffix.")]
Want = Annotated[str, typer.Option(help="Fields to find: email,phone,title,company,domain,linkedin.")]
Columns = Annotated[str | None, typer.Option(help="Columns of the output, in order.")]
Map = Annotated[list[str] | None, typer.Option("--map", help='What a column means: "Work Mail=email"; repeatable.')]
MinConfidence = Annotated[str, typer.Option(help="How sure an address must be, 0 to 1.")]
MaxPrice = Annotated[str | None, typer.Option(help="Dollars to spend at most on one contact.")]
Budget = Annotated[str | None, typer.Option(help="Dollars to spend at most on the whole file.")]
Order = Annotated[str | None, typer.Option(help="Vendors to ask first, in this order.")]
Exclude = Annotated[str | None, typer.Option(help="Vendors not to ask.")]
UseSandbox = Annotated[bool, typer.Option("--sandbox", help="Ask made-up vendors; costs nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Result as JSON on standard output, all else on standard error.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Agree to the quoted price.")]


def enrich(
    file: File,
    output: Output,
    want: Want = "email",
    columns: Columns = None,
    mapping: Map = None,
    min_confidence: MinConfidence = "0.9",
    max_price: MaxPrice = None,
    budget: Budget = None,
    order: Order = None,
    exclude: Exclude = None,
    format: Annotated[str | None, typer.Option(help="Format of the output, if its suffix does not say.")] = None,
    sandbox: UseSandbox = False,
    sandbox_option: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Turn a contact file into an enriched one. The same command again carries on where it was stopped."""
    chosen = choices.options(
        want=want, min_confidence=min_confidence, max_price=max_price, budget=budget, order=order, exclude=exclude,
        columns=columns, mapping=mapping or (), format=format, sandbox=sandbox,
    )  # fmt: skip
    opened = open_job(file, output, chosen)
    configured = settings()
    agreed = agree(opened, _priced(configured, chosen), chosen, yes=yes)

    async def work() -> dict[str, Any]:
        async with open_runtime(
            configured, _realm(chosen), note=note, sandbox_arguments=sandbox_option or ()
        ) as runtime:
            return await _watched(runtime, opened, agreed, quiet=as_json)

    result = run(work, interrupted="Stopped. Everything so far is stored; the same command carries on.")
    report(result, as_json=as_json)


def _realm(options: Options) -> Any:
    return options.realm


def _priced(configured: Settings, options: Options) -> Vendors:
    """The accounts that will be asked; the sandbox has one of each at published prices."""
    if options.realm == "sandbox":
        return vendors_of(sandboxed(configured, NOWHERE), "sandbox")
    return vendors_of(configured, "live")


async def _watched(runtime: Runtime, opened: Opened, budget: int, *, quiet: bool) -> dict[str, Any]:
    if not runtime.vendors.accounts:
        note(
            "No vendor key is set, so nobody is asked: set HEADWATER_HUNTER_API_KEY (or APOLLO, ICYPEAS, DROPCONTACT), "
            "or try --sandbox. Reading, checking, matching and recall are done all the same."
        )
    with Bars(quiet=quiet) as bars:
        return await run_job(runtime, opened, budget, bars.show)


def agree(opened: Opened, vendors: Vendors, options: Options, *, yes: bool) -> int:
    """The most this job may spend, in micros: quoted, and agreed to by a person where it is real money."""
    priced = quote(sample(opened.source, opened.columns), options, vendors.offers())
    if options.realm == "sandbox" or not priced.most:
        return priced.most
    note(f"Expected to cost {dollars(priced.expected)}, at most {dollars(priced.most)}.")
    if yes:
        return priced.most
    if not tty():
        raise BadInput(f"This may cost up to {dollars(priced.most)}: add --yes to agree, or lower it with --budget.")
    if not confirmed(f"Spend up to {dollars(priced.most)}?"):
        raise BadInput("Nothing was asked and nothing was spent.")
    return priced.most


def report(result: dict[str, Any], *, as_json: bool) -> None:
    """Print what a job did."""
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        stdout.print(summary_table(result))
        if result["state"] == "done":
            stdout.print(f"Output: {result['output']}")
        if result["state"] == "done" and result["rejects"]:
            stdout.print(f"Rejected rows: {result['rejects']}")
    if result["sandbox"]:
        note(MADE_UP)
    for failure in result["failures"]:
        note(f"{failure['vendor']}: {failure['reason']} ({failure['calls']} calls failed)")
    if result["out_of_money"]:
        note(
            f"{result['out_of_money']} people were not asked further, as what this job may spend is used up; "
            "to go on, run the file again."
        )
    if result["unknown_calls"]:
        note(
            f"{result['unknown_calls']} calls have an unknown outcome and may have been charged; "
            "list them with: headwater calls --unknown"
        )
    if result["state"] == "paused":
        note(f"Job {result['job']} is paused; go on with: headwater jobs resume {result['job']}")


def quote_file(
    file: File,
    want: Want = "email",
    mapping: Map = None,
    min_confidence: MinConfidence = "0.9",
    max_price: MaxPrice = None,
    budget: Budget = None,
    order: Order = None,
    exclude: Exclude = None,
    sandbox: UseSandbox = False,
    as_json: AsJson = False,
) -> None:
    """Price a file before it runs."""
    chosen = choices.options(
        want=want, min_confidence=min_confidence, max_price=max_price, budget=budget, order=order, exclude=exclude,
        columns=None, mapping=mapping or (), format="csv", sandbox=sandbox,
    )  # fmt: skip
    source, guessed = look_at(file, chosen)
    vendors = _priced(settings(), chosen)
    priced: Quote = quote(sample(source, guessed), chosen, vendors.offers())
    view = quote_table(priced, guessed)
    if as_json:
        typer.echo(json.dumps(view.as_json()))
    else:
        stdout.print(view.table())
        if not vendors.accounts:
            note("No vendor key is set, so nobody would be asked and nothing spent.")
