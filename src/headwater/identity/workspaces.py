"""Workspaces: whose contacts, history and money. The sandbox's made-up answers live in workspaces of their own."""

from dataclasses import dataclass
from typing import Literal

from headwater.db.session import Database
from headwater.db.sql import Queries
from headwater.kit.errors import BadInput

_SQL = Queries(__package__)

Realm = Literal["live", "sandbox"]


@dataclass(frozen=True, slots=True)
class Workspace:
    id: int
    name: str
    realm: Realm


async def enter_workspace(database: Database, name: str, realm: Realm) -> Workspace:
    """The workspace of this name, made on first use; a sandbox workspace is apart from the live one it belongs to.

    Raises BadInput for a live name that a sandbox workspace bears.
    """
    full = name if realm == "live" else f"{name} (sandbox)"
    async with database.transaction("headwater_app") as connection:
        await connection.execute(_SQL["add_workspace"], {"name": full, "realm": realm})
        row = await (await connection.execute(_SQL["workspace"], {"name": full})).fetchone()
    if row is None:
        raise LookupError(f"workspace {full!r} vanished")
    if row["realm"] != realm:
        raise BadInput(f"Workspace {full!r} belongs to the {row['realm']}, where answers are made up; name another.")
    return Workspace(row["id"], full, realm)
