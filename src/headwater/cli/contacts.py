"""``headwater contacts``: what is known of a person, and where every value came from."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from headwater.cli.enrich import MADE_UP, AsJson
from headwater.cli.shell import note, run, settings, stdout
from headwater.contacts import Contacts, Judged, Knowledge
from headwater.identity import enter_workspace
from headwater.identity.workspaces import Realm
from headwater.jobs.delivery import candidates_of
from headwater.jobs.runtime import database_of
from headwater.jobs.summary import usd
from headwater.kit.errors import BadInput
from headwater.records import Contact, Field

Found = TypeVar("Found")
_REALMS: tuple[Realm, ...] = ("live", "sandbox")

app = typer.Typer(no_args_is_help=True, help="Contacts: show where every value came from.")


@app.command("show")
def show(contact: Annotated[int, typer.Argument(help="hw_contact_id of the output.")], as_json: AsJson = False) -> None:
    """Every value of a contact: from where, when, how sure, what it cost, on what basis, and how it was judged."""
    realm, person, knowledge = run(lambda: _find(contact, _knowledge))
    rows = _values(knowledge)
    if as_json:
        typer.echo(
            json.dumps(
                {"id": contact, "sandbox": realm == "sandbox", "name": person.full_name, "values": rows},
                default=str,
                ensure_ascii=False,
            )
        )
        return
    stdout.print(f"{person.full_name or '(no name)'}, contact {contact}")
    names = ("field", "value", "shown", "source", "observed", "confidence", "verdict", "cost_usd", "basis", "call")
    table = Table(*names)
    for row in rows:
        table.add_row(*(_text(row[name]) for name in names))
    stdout.print(table)
    if realm == "sandbox":
        note(MADE_UP)


@app.command("validations")
def validations(contact: Annotated[int, typer.Argument()], as_json: AsJson = False) -> None:
    """Every judgement that was made about a contact's addresses and numbers."""
    _, _, found = run(lambda: _find(contact, _validations))
    rows = [
        {"field": each.field, "value": each.value, "by": each.source, "status": each.status,
         "sub_status": each.sub_status, "score": each.score, "level": each.level, "checked": each.checked_at}
        for each in found
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    table = Table("field", "value", "by", "status", "sub_status", "score", "level", "checked")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    stdout.print(table)


def _text(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else "" if value is None else str(value)


async def _knowledge(contacts: Contacts, contact: int) -> Knowledge:
    return (await contacts.knowledge([contact]))[contact]


async def _validations(contacts: Contacts, contact: int) -> list[Judged]:
    return await contacts.validations(contact)


async def _find(contact: int, ask: Callable[[Contacts, int], Awaitable[Found]]) -> tuple[Realm, Contact, Found]:
    """The contact and what is asked of it, in whichever realm it is."""
    configured = settings()
    async with database_of(configured, note) as database:
        for realm in _REALMS:
            space = await enter_workspace(database, configured.workspace, realm)
            async with database.app(space.id) as connection:
                contacts = Contacts(connection)
                if person := (await contacts.get([contact])).get(contact):
                    return realm, person, await ask(contacts, contact)
    raise BadInput(
        f"There is no contact {contact} in this workspace; hw_contact_id in an output names those there are."
    )


def _values(knowledge: Knowledge) -> list[dict[str, Any]]:
    shown = {found.known.id: found for found in candidates_of(knowledge, tuple(Field)).values()}
    rows = []
    for known in sorted(knowledge.observations, key=lambda known: (known.field, known.observed_at)):
        verdict = knowledge.verdict(known.field, known.value)
        rows.append(
            {
                "field": str(known.field),
                "value": known.value,
                "shown": "yes" if known.id in shown else "",
                "source": known.source,
                "class": known.status,
                "observed": known.observed_at,
                "confidence": round(known.confidence, 3),
                "combined": round(shown[known.id].confidence, 3) if known.id in shown else None,
                "verdict": f"{verdict.status} ({verdict.sub_status}, {verdict.score})" if verdict else None,
                "cost_usd": usd(known.price),
                "basis": known.basis,
                "call": known.call_id,
                "job": known.job_id,
            }
        )
    return rows
