"""Workspaces: made on first use, the same ever after, and the sandbox's never mixed up with live ones."""

import asyncio
from secrets import token_hex

import pytest

from headwater.db.session import Database
from headwater.identity import enter_workspace
from headwater.kit.errors import BadInput


@pytest.fixture
def name() -> str:
    return f"test {token_hex(6)}"


async def test_a_workspace_is_made_once(database: Database, name: str) -> None:
    first = await enter_workspace(database, name, "live")
    assert (first.name, first.realm) == (name, "live")
    assert await enter_workspace(database, name, "live") == first


async def test_many_at_once_enter_the_same(database: Database, name: str) -> None:
    entered = await asyncio.gather(*(enter_workspace(database, name, "live") for _ in range(20)))
    assert len(set(entered)) == 1


async def test_the_sandbox_has_a_workspace_of_its_own(database: Database, name: str) -> None:
    live = await enter_workspace(database, name, "live")
    sandbox = await enter_workspace(database, name, "sandbox")
    assert live.id != sandbox.id
    assert sandbox.realm == "sandbox"
    assert await enter_workspace(database, name, "sandbox") == sandbox


async def test_no_name_leads_from_one_realm_into_the_other(database: Database, name: str) -> None:
    """Made-up answers would meet real ones."""
    sandbox = await enter_workspace(database, name, "sandbox")
    with pytest.raises(BadInput, match="sandbox"):
        await enter_workspace(database, sandbox.name, "live")


async def test_names_differ_by_every_letter(database: Database, name: str) -> None:
    assert (await enter_workspace(database, name, "live")).id != (
        await enter_workspace(database, name.upper(), "live")
    ).id
