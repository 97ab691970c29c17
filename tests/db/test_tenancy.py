"""Nobody sees or touches another workspace's rows: proven for every table that has a workspace, found by asking."""

from dataclasses import dataclass
from typing import Any, get_args

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from headwater.db.migrate import ROLES
from headwater.db.session import Connection, Database, Role
from headwater.identity import Workspace

# What a worker may see of every workspace: the queues (architecture, decision 10). Everything else stays closed to it.
QUEUES = frozenset({"job", "item", "call_item", "lane_workspace", "mailbox_recheck"})
APP_ROLES: tuple[Role, ...] = get_args(Role)

TENANT_TABLES = """
select c.table_name from information_schema.columns c
join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'headwater' and c.column_name = 'workspace_id' and t.table_type = 'BASE TABLE'
order by c.table_name
"""


class Owner:
    """The tables as the server's administrator sees them: all rows, for setting up and for proof."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        self.connection.execute("set search_path = headwater")

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self.connection.execute(query.encode(), values).fetchall()

    def count(self, table: str, workspace: int) -> int:
        return int(self.rows(f"select count(*) as n from {table} where workspace_id = %s", workspace)[0]["n"])


@pytest.fixture(scope="module")
def owner(dsn: str) -> Any:
    found = Owner(dsn)
    yield found
    found.connection.close()


@dataclass(frozen=True)
class Filled:
    """Two workspaces; every tenant table has at least one row of each."""

    mine: int
    other: int
    tables: list[str]


@pytest.fixture
def filled(owner: Owner, workspace: Workspace, other_workspace: Workspace) -> Filled:
    tables = [row["table_name"] for row in owner.rows(TENANT_TABLES)]
    for each in (workspace.id, other_workspace.id):
        _fill(owner, each)
        missing = [table for table in tables if not owner.count(table, each)]
        assert missing == [], "give these tables a row in _fill, or they are not tested"
    return Filled(workspace.id, other_workspace.id, tables)


def _fill(owner: Owner, space: int) -> None:
    """One row of everything for a workspace."""

    def add(table: str, **values: object) -> int:
        names = sql.SQL(", ").join(map(sql.Identifier, values))
        marks = sql.SQL(", ").join(sql.Placeholder() for _ in values)
        into = sql.SQL("insert into {} ({}) values ({}) returning *").format(sql.Identifier(table), names, marks)
        row = owner.connection.execute(into, list(values.values())).fetchone()
        assert row is not None
        return int(row.get("id") or 0)

    lane = f"live:test:{space}"
    add("lane", name=lane)
    add("lane_workspace", lane=lane, workspace_id=space)
    job = add(
        "job", workspace_id=space, fingerprint="f", source_path="s", source_sha256="h", output_path="o", headers=["a"],
        options="{}",
    )  # fmt: skip
    contact = add("contact", workspace_id=space, first_name="Ada")
    add("contact_key", workspace_id=space, key=space, contact_id=contact)
    add("intake_row", job_id=job, line=1, workspace_id=space, cells=["x"], state="accepted", contact_id=contact)
    add(
        "observation", workspace_id=space, contact_id=contact, field="email", value="ada@acme.test", source="file",
        confidence=0.9, basis="b", observed_at="2026-01-01",
    )  # fmt: skip
    add(
        "verdict", workspace_id=space, contact_id=contact, field="email", value="ada@acme.test", source="headwater",
        status="unknown", sub_status="s", score=1, level="mx", checked_at="2026-01-01",
    )  # fmt: skip
    add("address_pattern", workspace_id=space, domain="acme.test", pattern="first", seen=1)
    lookup = add("lookup", workspace_id=space, job_id=job, contact_id=contact, want=["email"])
    add("asked", workspace_id=space, contact_id=contact, operation="a.b", fields=["email"], outcome="hit")
    call = add("call", lane=lane, vendor="test", operation="o", records=1)
    item = add("item", lane=lane, workspace_id=space, job_id=job, lookup_id=lookup, want=["email"], call_id=call)
    add(
        "call_item", call_id=call, position=0, item_id=item, workspace_id=space, job_id=job, lookup_id=lookup,
        contact_id=contact, operation="test.o", want=["email"], reserved=1,
    )  # fmt: skip
    add("mailbox_recheck", workspace_id=space, address="ada@acme.test", deferrals=1, due_at="2099-01-01")
    funding = add("account", workspace_id=space, name="funding", overdraft=True)
    cache = add("account", workspace_id=space, name="cache", overdraft=False)
    add("transfer", workspace_id=space, key="k", debit=funding, credit=cache, amount=1, kind="authorise")


async def _rows(connection: Connection, query: str, *values: object) -> list[dict[str, Any]]:
    return await (await connection.execute(query.encode(), values)).fetchall()


def test_there_are_tenant_tables(owner: Owner) -> None:
    assert len(owner.rows(TENANT_TABLES)) >= 14


def test_every_tenant_table_has_its_policy_forced_even_on_its_owner(owner: Owner) -> None:
    rows = owner.rows(
        "select c.relname, c.relrowsecurity, c.relforcerowsecurity, "
        "exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = 'own_workspace') as own "
        "from pg_class c where c.relnamespace = 'headwater'::regnamespace and c.relkind = 'r'"
    )
    by_name = {row["relname"]: row for row in rows}
    for each in owner.rows(TENANT_TABLES):
        row = by_name[each["table_name"]]
        assert (row["relrowsecurity"], row["relforcerowsecurity"], row["own"]) == (True, True, True), row


def test_no_view_and_no_materialised_view_goes_around_the_policies(owner: Owner) -> None:
    rows = owner.rows(
        "select c.relname, c.reloptions from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'headwater' and c.relkind in ('v', 'm') "
        "and not coalesce('security_invoker=true' = any(c.reloptions), false)"
    )
    assert rows == []


def test_functions_that_act_as_the_owner_are_known(owner: Owner) -> None:
    """Each of these is trusted with every workspace's rows: add one only with a test that it does not hand them out.

    Their path names temporary tables last, for unnamed they come first, and anybody may make one called "account".
    """
    rows = owner.rows(
        "select p.proname, p.proconfig from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
        "where n.nspname = 'headwater' and p.prosecdef order by p.proname"
    )
    assert [row["proname"] for row in rows] == ["keep_balances", "locked_balance"]
    assert all(row["proconfig"] == ["search_path=headwater, pg_temp"] for row in rows)


def test_no_role_of_ours_can_bypass_anything(owner: Owner) -> None:
    rows = owner.rows("select * from pg_roles where rolname = any(%s) order by rolname", list(ROLES))
    assert [row["rolname"] for row in rows] == sorted(ROLES)
    for row in rows:
        powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication")
        assert {name: row[name] for name in powers} == dict.fromkeys(powers, False), row["rolname"]
    members = owner.rows(
        "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = any(%s)",
        list(ROLES),
    )
    assert members == []


@pytest.mark.parametrize("role", APP_ROLES)
async def test_a_workspace_sees_its_own_rows_only(database: Database, owner: Owner, filled: Filled, role: Role) -> None:
    async with database.transaction(role, filled.mine) as connection:
        for table in filled.tables:
            if role == "headwater_worker" and table in QUEUES:
                continue
            assert owner.count(table, filled.other) > 0
            seen = {row["workspace_id"] for row in await _rows(connection, f"select workspace_id from {table}")}
            assert seen == {filled.mine}, table


@pytest.mark.parametrize("role", APP_ROLES)
async def test_another_workspaces_rows_can_not_be_changed_or_deleted(
    database: Database, owner: Owner, filled: Filled, role: Role
) -> None:
    for table in filled.tables:
        if role == "headwater_worker" and table in QUEUES:
            continue
        before = owner.rows(f"select * from {table} where workspace_id = %s", filled.other)
        assert before
        for statement in (
            f"update {table} set workspace_id = workspace_id where workspace_id = {filled.other}",
            f"update {table} set workspace_id = {filled.mine} where workspace_id = {filled.other}",
            f"delete from {table} where workspace_id = {filled.other}",
        ):
            try:
                async with database.transaction(role, filled.mine) as connection:
                    assert (await connection.execute(statement.encode())).rowcount == 0, statement
            except psycopg.errors.InsufficientPrivilege:
                pass  # nobody may change the ledger at all
        assert owner.rows(f"select * from {table} where workspace_id = %s", filled.other) == before, table


@pytest.mark.parametrize("role", APP_ROLES)
async def test_nothing_can_be_written_for_another_workspace(
    database: Database, owner: Owner, filled: Filled, role: Role
) -> None:
    """A copy of one's own row with the other's workspace, and one's own row moved there, are refused by the policy."""
    for table in filled.tables:
        if role == "headwater_worker" and table in QUEUES:
            continue
        writable = [
            row["column_name"]
            for row in owner.rows(
                "select column_name from information_schema.columns "
                "where table_schema = 'headwater' and table_name = %s and is_identity = 'NO' "
                "and has_column_privilege(%s, 'headwater.' || %s, column_name, 'insert')",
                table, role, table,
            )
        ]  # fmt: skip
        values = ", ".join(str(filled.other) if name == "workspace_id" else name for name in writable)
        copy = f"insert into {table} ({', '.join(writable)}) select {values} from {table}"
        move = f"update {table} set workspace_id = {filled.other}"
        before = owner.count(table, filled.other)
        for statement in (copy, move):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.transaction(role, filled.mine) as connection:
                    await connection.execute(statement.encode())
        assert owner.count(table, filled.other) == before


@pytest.mark.parametrize("role", APP_ROLES)
async def test_without_a_workspace_nothing_is_seen(database: Database, filled: Filled, role: Role) -> None:
    async with database.transaction(role) as connection:
        for table in filled.tables:
            rows = await _rows(connection, f"select 1 from {table} limit 1")
            assert bool(rows) is (role == "headwater_worker" and table in QUEUES), table


async def test_a_worker_serves_every_workspaces_queue(database: Database, filled: Filled) -> None:
    async with database.worker() as connection:
        for table in QUEUES:
            seen = {row["workspace_id"] for row in await _rows(connection, f"select workspace_id from {table}")}
            assert seen >= {filled.mine, filled.other}, table


async def test_the_workspace_ends_with_its_transaction(dsn: str, filled: Filled) -> None:
    async with Database(dsn, size=1) as database:
        async with database.app(filled.mine) as connection:
            first = (await _rows(connection, "select pg_backend_pid() as pid"))[0]["pid"]
            assert await _rows(connection, "select 1 from contact")
        async with database.transaction("headwater_app") as connection:
            assert (await _rows(connection, "select pg_backend_pid() as pid"))[0]["pid"] == first
            assert await _rows(connection, "select 1 from contact") == []
        async with database.app(filled.other) as connection:
            seen = await _rows(connection, "select workspace_id from contact")
            assert {row["workspace_id"] for row in seen} == {filled.other}


async def test_the_workspace_and_the_role_end_with_a_failed_transaction(dsn: str, filled: Filled) -> None:
    async with Database(dsn, size=1) as database:
        with pytest.raises(psycopg.errors.DivisionByZero):
            async with database.worker(filled.mine) as connection:
                await connection.execute("select 1 / 0")
        async with database.transaction("headwater_app") as connection:
            row = (await _rows(connection, "select current_user as name, current_workspace() as workspace"))[0]
            assert (row["name"], row["workspace"]) == ("headwater_app", None)


async def test_a_row_can_not_belong_to_another_workspaces_job_or_contact(
    database: Database, owner: Owner, filled: Filled
) -> None:
    """Foreign keys look past the policies, so each must carry the workspace: a guessed number is no way in."""
    contact = owner.rows("select id from contact where workspace_id = %s", filled.other)[0]["id"]
    job = owner.rows("select id from job where workspace_id = %s", filled.other)[0]["id"]
    lookup = owner.rows("select id from lookup where workspace_id = %s", filled.other)[0]["id"]
    mine = filled.mine
    for statement in (
        f"insert into contact_key (workspace_id, key, contact_id) values ({mine}, 1, {contact})",
        f"insert into asked (workspace_id, contact_id, operation, fields, outcome) "
        f"values ({mine}, {contact}, 'o', '{{}}', 'hit')",
        f"insert into lookup (workspace_id, job_id, contact_id, want) select {mine}, {job}, id, '{{}}' from contact",
        f"insert into intake_row (workspace_id, job_id, line, cells, state) "
        f"values ({mine}, {job}, 9, '{{}}', 'rejected')",
        f"update item set lookup_id = {lookup}",
        f"update item set job_id = {job}",
        f"update call_item set lookup_id = {lookup}",
        f"update call_item set job_id = {job}",
        f"update call_item set contact_id = {contact}",
    ):
        with pytest.raises(psycopg.errors.IntegrityError):
            async with database.app(mine) as connection:
                await connection.execute(statement.encode())


def test_every_reference_between_tenant_tables_carries_the_workspace(owner: Owner) -> None:
    rows = owner.rows(
        "select c.conname, c.conrelid::regclass::text as source, c.confrelid::regclass::text as target, "
        "(select array_agg(a.attname::text) from pg_attribute a "
        " where a.attrelid = c.conrelid and a.attnum = any(c.conkey)) as columns "
        "from pg_constraint c where c.contype = 'f' and c.connamespace = 'headwater'::regnamespace"
    )
    tenant = {row["table_name"] for row in owner.rows(TENANT_TABLES)}
    between = [row for row in rows if row["source"] in tenant and row["target"] in tenant]
    assert len(between) > 10
    assert [row["conname"] for row in between if "workspace_id" not in row["columns"]] == []


async def test_the_shared_tables_hold_no_tenants_rows(database: Database, owner: Owner) -> None:
    """Tables without a workspace are shared on purpose; a new one must be thought about here."""
    rows = owner.rows(
        "select table_name from information_schema.tables where table_schema = 'headwater' "
        f"and table_type = 'BASE TABLE' and table_name not in ({TENANT_TABLES.split('order')[0]}) order by 1"
    )
    shared = {"alembic_version", "budget", "cache_entry", "call", "lane", "mail_domain", "worker", "workspace"}
    assert {row["table_name"] for row in rows} == shared


@pytest.mark.parametrize("role", APP_ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "delete from workspace",
        "update workspace set name = 'mine now'",
        "truncate workspace cascade",
        "update alembic_version set version_num = '0000'",
        "delete from alembic_version",
    ],
)
async def test_workspaces_and_the_schemas_version_are_not_the_applications_to_change(
    database: Database, filled: Filled, role: Role, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(role, filled.mine) as connection:
            await connection.execute(statement.encode())
