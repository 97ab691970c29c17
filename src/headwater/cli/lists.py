"""``headwater lists``: what is known of domains without asking anybody, and how the operator's own lists get in."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from headwater.cli.enrich import AsJson
from headwater.cli.shell import fail, note, settings, stdout
from headwater.kit.errors import HeadwaterError
from headwater.verification import Lists, ListUnusable, fetch_list, load_lists, refresh_lists, wanted_lists

app = typer.Typer(no_args_is_help=True, help="Lists of disposable, free and alias domains and of role names.")


@app.command("show")
def show(
    domains: Annotated[list[str] | None, typer.Argument(help="Domains to look up; without any, the lists.")] = None,
    as_json: AsJson = False,
) -> None:
    """Which lists there are, from where and how large; or what they say of some domains."""
    lists = _loaded()
    rows = [_looked_up(lists, domain) for domain in domains] if domains else _sources(lists)
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    stdout.print(table)


@app.command("refresh")
def refresh(
    force: Annotated[bool, typer.Option("--force", help="Take over a list that lost more than half.")] = False,
) -> None:
    """Fetch the lists that HEADWATER_LISTS names. Lists of packages are renewed by installing newer packages."""
    try:
        configured = settings()
        wanted = wanted_lists(configured.lists)
        outcomes = refresh_lists(configured.home, wanted, at=datetime.now(UTC), force=force, fetch=fetch_list)
    except HeadwaterError as error:
        fail(error)
    if not wanted:
        note("HEADWATER_LISTS names no list; those of packages are as new as the packages.")
    for each in outcomes:
        state = "kept" if each.failure else "renewed"
        stdout.print(f"{each.wanted.kind}/{each.wanted.name}: {state}, {each.entries} names", markup=False)
    failures = [f"{each.wanted.name} ({each.wanted.location}): {each.failure}" for each in outcomes if each.failure]
    if failures:
        fail(ListUnusable(f"Not renewed, what was there stays in force: {'; '.join(failures)}."))


def _loaded() -> Lists:
    try:
        return load_lists(settings().home)
    except HeadwaterError as error:
        fail(error)


def _sources(lists: Lists) -> list[dict[str, object]]:
    return [
        {"list": each.name, "kind": each.kind.value, "names": len(each.entries), "from": each.origin}
        for each in lists.sources
    ]


def _looked_up(lists: Lists, domain: str) -> dict[str, object]:
    facts = lists.domain_facts(domain.strip().lower().rstrip("."))
    disposable = {True: "yes", False: "no", None: "suspected"}[facts.disposable]
    kind = "alias service" if facts.alias_service else "free mail" if facts.free else None
    return {"domain": domain, "disposable": disposable, "also": kind, "lists": ", ".join(facts.lists) or None}
