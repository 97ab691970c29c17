"""The ledger on a real database: what must hold whatever is posted, in whatever order, by however many at once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.db.session import Connection, Database
from headwater.identity import Workspace
from headwater.ledger import Ledger, Reservation, Settlement

_numbers = count(1)

SUM_OF_TRANSFERS = """
select a.name, a.balance, coalesce(sum(case t.credit when a.id then t.amount else -t.amount end), 0)::bigint as sum
from account a left join transfer t on a.id in (t.debit, t.credit)
where a.workspace_id = current_workspace() group by a.id
"""


def _next() -> int:
    """A job or call number that no other test of this run uses."""
    return next(_numbers)


async def _balances(database: Database, workspace: Workspace) -> dict[str, int]:
    async with database.app(workspace.id) as connection:
        return await Ledger(connection).balances()


async def _check_sums(database: Database, workspace: Workspace) -> None:
    async with database.app(workspace.id) as connection:
        rows = await (await connection.execute(SUM_OF_TRANSFERS)).fetchall()
        assert rows
    for row in rows:
        assert row["balance"] == row["sum"], row
        assert row["balance"] >= 0 or row["name"] == "funding"
    assert sum(row["balance"] for row in rows) == 0


@pytest.fixture
def job() -> int:
    return _next()


class Do:
    """Each step in a transaction of its own, as the application's role."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self.database = database
        self.workspace = workspace

    async def __call__(self, step: Callable[[Ledger], Awaitable[object]]) -> None:
        async with self.database.app(self.workspace.id) as connection:
            await step(Ledger(connection))


@pytest.fixture
def do(database: Database, workspace: Workspace) -> Do:
    return Do(database, workspace)


async def test_the_life_of_a_jobs_money(do: Do, job: int) -> None:
    call = _next()
    await do(lambda ledger: ledger.authorise(job, 1_000, round_=1))
    await do(lambda ledger: ledger.reserve(Reservation(job, call, 600)))
    assert await _balances(do.database, do.workspace) == {"funding": -1_000, f"job:{job}": 400, f"held:{job}": 600}
    await do(lambda ledger: ledger.settle(Settlement(job, call, 0, "hunter", 400, 250)))
    await do(lambda ledger: ledger.settle(Settlement(job, call, 1, "hunter", 200, 0, lost=True)))
    assert await _balances(do.database, do.workspace) == {
        "funding": -1_000, f"job:{job}": 550, f"held:{job}": 0, "vendor:hunter": 250, "unknown:hunter": 200,
    }  # fmt: skip
    async with do.database.app(do.workspace.id) as connection:
        ledger = Ledger(connection)
        await ledger.charge_cache(job, 7, 50)
        assert await ledger.spent(job) == {"vendor:hunter": 250, "unknown:hunter": 200, "cache": 50}
        assert await ledger.give_back(job, round_=1) == 500
        assert await ledger.available(job) == 0
    await _check_sums(do.database, do.workspace)


async def test_what_was_not_found_is_released_whole(do: Do, job: int) -> None:
    call = _next()
    await do(lambda ledger: ledger.authorise(job, 100, round_=1))
    await do(lambda ledger: ledger.reserve(Reservation(job, call, 70)))
    await do(lambda ledger: ledger.settle(Settlement(job, call, 0, "hunter", 70, 0)))
    assert await _balances(do.database, do.workspace) == {"funding": -100, f"job:{job}": 100, f"held:{job}": 0}


async def test_more_than_was_reserved_is_never_paid(do: Do, job: int) -> None:
    call = _next()
    await do(lambda ledger: ledger.authorise(job, 100, round_=1))
    await do(lambda ledger: ledger.reserve(Reservation(job, call, 70)))
    with pytest.raises(psycopg.errors.CheckViolation):
        await do(lambda ledger: ledger.settle(Settlement(job, call, 0, "hunter", 40, 41)))
    assert (await _balances(do.database, do.workspace))[f"held:{job}"] == 70


async def test_a_job_can_not_reserve_what_it_has_not(do: Do, job: int) -> None:
    await do(lambda ledger: ledger.authorise(job, 100, round_=1))
    with pytest.raises(psycopg.errors.CheckViolation):
        await do(lambda ledger: ledger.reserve(Reservation(job, _next(), 101)))
    assert (await _balances(do.database, do.workspace))[f"job:{job}"] == 100


async def test_a_job_without_authorisation_has_nothing(do: Do, job: int) -> None:
    async with do.database.app(do.workspace.id) as connection:
        ledger = Ledger(connection)
        assert await ledger.available(job) == 0
        assert await ledger.give_back(job, round_=1) == 0
    with pytest.raises(psycopg.errors.CheckViolation):
        await do(lambda ledger: ledger.reserve(Reservation(job, _next(), 1)))


async def test_a_new_round_may_spend_what_the_round_before_gave_back_and_no_more(do: Do, job: int) -> None:
    async with do.database.app(do.workspace.id) as connection:
        ledger = Ledger(connection)
        assert await ledger.returned(job) == 0
        await ledger.authorise(job, 100, round_=1)
        await ledger.charge_cache(job, 1, 40)
        await ledger.give_back(job, round_=1)
        assert await ledger.returned(job) == 60
        await ledger.authorise(job, 60, round_=2)
        await ledger.charge_cache(job, 2, 60)
        await ledger.give_back(job, round_=2)
        assert await ledger.returned(job) == 0


@pytest.mark.parametrize("step", ["authorise", "reserve", "settle", "lose", "cache", "return"])
async def test_the_same_step_twice_is_refused(do: Do, job: int, step: str) -> None:
    call = _next()
    await do(lambda ledger: ledger.authorise(job, 1_000, round_=1))
    await do(lambda ledger: ledger.reserve(Reservation(job, call, 100)))
    steps: dict[str, Callable[[Ledger], Awaitable[object]]] = {
        "authorise": lambda ledger: ledger.authorise(job, 1_000, round_=1),
        "reserve": lambda ledger: ledger.reserve(Reservation(job, call, 100)),
        "settle": lambda ledger: ledger.settle(Settlement(job, call, 0, "hunter", 30, 20)),
        "lose": lambda ledger: ledger.settle(Settlement(job, call, 0, "hunter", 30, 0, lost=True)),
        "cache": lambda ledger: ledger.charge_cache(job, 7, 10),
        "return": lambda ledger: _return_twice(ledger, job),
    }
    if step not in ("authorise", "reserve", "return"):
        await do(steps[step])
    before = await _balances(do.database, do.workspace)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await do(steps[step])
    assert await _balances(do.database, do.workspace) == before


async def _return_twice(ledger: Ledger, job: int) -> None:
    await ledger.give_back(job, round_=1)
    await ledger.authorise(job, 5, round_=2)
    await ledger.give_back(job, round_=1)


# the sums --------------------------------------------------------------------------------------------


class Model:
    """What the ledger should hold, kept in plain numbers beside it."""

    def __init__(self) -> None:
        self.balances: dict[str, int] = defaultdict(int)
        self.held: dict[int, tuple[int, int]] = {}  # call -> (job, amount still reserved)
        self.rounds: dict[int, int] = defaultdict(int)

    def move(self, source: str, target: str, amount: int) -> None:
        self.balances[source] -= amount
        self.balances[target] += amount

    def shown(self) -> dict[str, int]:
        return {name: held for name, held in self.balances.items() if held}


amounts = st.integers(0, 5_000)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("authorise"), st.integers(0, 2), amounts),
        st.tuples(st.just("reserve"), st.integers(0, 2), amounts),
        st.tuples(st.just("settle"), st.integers(0, 9), amounts),
        st.tuples(st.just("lose"), st.integers(0, 9), amounts),
        st.tuples(st.just("cache"), st.integers(0, 2), amounts),
        st.tuples(st.just("return"), st.integers(0, 2), amounts),
    ),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_balances_are_the_sums_of_transfers(
    database: Database, other_workspace: Workspace, steps: list[tuple[str, int, int]]
) -> None:
    """Random steps of three jobs in one transaction each; what the money does not allow is refused and changes nothing.

    Every example adds to one workspace, so later ones begin with accounts that are in use.
    """
    jobs = [_next() for _ in range(3)]
    model = Model()
    before = await _balances(database, other_workspace)
    for step in steps:
        await _step(database, other_workspace, jobs, model, step)
    after = await _balances(database, other_workspace)
    changed = {name: held - before.get(name, 0) for name, held in after.items() if held != before.get(name, 0)}
    assert changed == model.shown()
    if steps and after:
        await _check_sums(database, other_workspace)


async def _step(
    database: Database, workspace: Workspace, jobs: list[int], model: Model, step: tuple[str, int, int]
) -> None:
    kind, number, amount = step
    async with database.app(workspace.id) as connection:
        ledger = Ledger(connection)
        if kind in ("settle", "lose"):
            await _settle(ledger, model, number, amount, lost=kind == "lose")
            return
        job = jobs[number]
        account = f"job:{job}"
        assert await ledger.available(job) == model.balances[account]
        if kind == "authorise":
            model.rounds[job] += 1
            model.move("funding", account, amount)
            await ledger.authorise(job, amount, round_=model.rounds[job])
        elif kind == "return":
            model.rounds[job] += 1
            rest = await ledger.give_back(job, round_=model.rounds[job])
            assert rest == model.balances[account]
            model.move(account, "funding", rest)
        elif amount > model.balances[account]:
            with pytest.raises(psycopg.errors.CheckViolation):
                async with connection.transaction():
                    await _spend(ledger, kind, job, amount)
        else:
            call = await _spend(ledger, kind, job, amount)
            model.move(account, f"held:{job}" if kind == "reserve" else "cache", amount)
            if kind == "reserve":
                model.held[call] = (job, amount)


async def _spend(ledger: Ledger, kind: str, job: int, amount: int) -> int:
    number = _next()
    if kind == "reserve":
        await ledger.reserve(Reservation(job, number, amount))
    else:
        await ledger.charge_cache(job, number, amount)
    return number


async def _settle(ledger: Ledger, model: Model, number: int, amount: int, *, lost: bool) -> None:
    """Settle a part of one of the open calls."""
    if not model.held:
        return
    call = sorted(model.held)[number % len(model.held)]
    job, held = model.held[call]
    part = min(held, amount)
    charged = part // 3
    await ledger.settle(Settlement(job, call, _next(), "hunter", part, charged, lost=lost))
    model.held[call] = (job, held - part)
    paid = part if lost else charged
    model.move(f"held:{job}", "unknown:hunter" if lost else "vendor:hunter", paid)
    model.move(f"held:{job}", f"job:{job}", part - paid)


# many at once ------------------------------------------------------------------------------------------


async def test_twenty_at_once_never_reserve_more_than_there_is(dsn: str, workspace: Workspace, job: int) -> None:
    async with Database(dsn, size=20) as database:
        await Do(database, workspace)(lambda ledger: ledger.authorise(job, 1_000, round_=1))

        async def reserve() -> bool:
            async with database.app(workspace.id) as connection:
                ledger = Ledger(connection)
                if await ledger.available(job) < 130:
                    return False
                await ledger.reserve(Reservation(job, _next(), 130))
                return True

        won = await asyncio.gather(*(reserve() for _ in range(20)))
        assert won.count(True) == 7  # 7 times 130 is 910
        assert await _balances(database, workspace) == {"funding": -1_000, f"job:{job}": 90, f"held:{job}": 910}


async def test_twenty_who_do_not_look_first_are_stopped_by_the_database(
    dsn: str, workspace: Workspace, job: int
) -> None:
    async with Database(dsn, size=20) as database:
        await Do(database, workspace)(lambda ledger: ledger.authorise(job, 1_000, round_=1))
        tried = [_reserve_blindly(database, workspace, job) for _ in range(20)]
        results = await asyncio.gather(*tried, return_exceptions=True)
        refused = [each for each in results if isinstance(each, psycopg.errors.CheckViolation)]
        assert len(refused) == 13
        assert [each for each in results if isinstance(each, BaseException) and each not in refused] == []
        await _check_sums(database, workspace)


async def _reserve_blindly(database: Database, workspace: Workspace, job: int) -> None:
    async with database.app(workspace.id) as connection:
        await Ledger(connection).reserve(Reservation(job, _next(), 130))


async def test_reserving_and_settling_one_job_at_once_do_not_wait_for_each_other(
    dsn: str, workspace: Workspace, job: int
) -> None:
    async with Database(dsn, size=10) as database:
        await Do(database, workspace)(lambda ledger: ledger.authorise(job, 100_000, round_=1))

        async def call() -> None:
            number = _next()
            async with database.worker(workspace.id) as connection:
                ledger = Ledger(connection)
                assert await ledger.available(job) >= 30
                await ledger.reserve(Reservation(job, number, 30))
            async with database.worker(workspace.id) as connection:
                await Ledger(connection).settle(Settlement(job, number, 0, "hunter", 20, 7))
                await Ledger(connection).settle(Settlement(job, number, 1, "hunter", 10, 0, lost=True))

        for _ in range(4):
            await asyncio.gather(*(call() for _ in range(25)))
        assert (await _balances(database, workspace))["vendor:hunter"] == 700
        await _check_sums(database, workspace)


async def test_many_jobs_that_pay_one_vendor_at_once_do_not_wait_for_each_other(dsn: str, workspace: Workspace) -> None:
    """Jobs of one workspace share the vendor's account; calls that carry several jobs settle them all together."""
    jobs = [_next() for _ in range(4)]
    async with Database(dsn, size=12) as database:
        for job in jobs:
            await _authorise(database, workspace, job)

        async def call(mine: list[int]) -> None:
            number = _next()
            async with database.worker(workspace.id) as connection:
                ledger = Ledger(connection)
                for job in sorted(mine):
                    await ledger.available(job)
                for job in sorted(mine):
                    await ledger.reserve(Reservation(job, number, 30))
            async with database.worker(workspace.id) as connection:
                parts = [Settlement(job, number, place, "hunter", 30, 10) for place, job in enumerate(mine)]
                await Ledger(connection).settle(*parts)

        for _ in range(4):
            await asyncio.gather(*(call(jobs[first % 4 :] or jobs) for first in range(24)))
        await _check_sums(database, workspace)


async def _authorise(database: Database, workspace: Workspace, job: int) -> None:
    async with database.app(workspace.id) as connection:
        await Ledger(connection).authorise(job, 100_000, round_=1)


async def test_returning_and_authorising_one_job_at_once_do_not_wait_for_each_other(
    dsn: str, workspace: Workspace, job: int
) -> None:
    async with Database(dsn, size=12) as database:
        await _authorise(database, workspace, job)

        async def again(number: int) -> None:
            async with database.app(workspace.id) as connection:
                await Ledger(connection).give_back(job, round_=number)
            async with database.app(workspace.id) as connection:
                await Ledger(connection).authorise(job, 1_000, round_=number)

        for batch in range(4):
            await asyncio.gather(*(again(100 * batch + number) for number in range(2, 14)))
        await _check_sums(database, workspace)


# what the database itself refuses ---------------------------------------------------------------------


async def _transfer(connection: Connection, key: str, amount: int = 1, *, debit: str = "funding") -> None:
    """A transfer in raw SQL: as the application's role could write it, past our own code."""
    await connection.execute(
        "insert into transfer (workspace_id, key, debit, credit, amount, kind) select current_workspace(), %s, d.id, "
        "c.id, %s, 'authorise' from account d, account c where d.name = %s and c.name = 'cache'",
        [key, amount, debit],
    )


@pytest.fixture
async def used(do: Do, job: int) -> Do:
    """A workspace with a transfer in it."""
    await do(lambda ledger: ledger.authorise(job, 1_000, round_=1))
    await do(lambda ledger: ledger.charge_cache(job, 1, 10))
    return do


async def test_a_key_posted_twice_is_refused(used: Do) -> None:
    async with used.database.app(used.workspace.id) as connection:
        await _transfer(connection, "a key")
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with used.database.app(used.workspace.id) as connection:
            await _transfer(connection, "a key")


@pytest.mark.parametrize("role", ["headwater_app", "headwater_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "update transfer set amount = 1",
        "delete from transfer",
        "truncate transfer",
        "truncate transfer cascade",
        "update account set balance = 5",
        "update account set overdraft = true",
        "delete from account",
        "truncate account cascade",
        "insert into account (workspace_id, name, overdraft, balance) values (current_workspace(), 'rich', false, 5)",
        "alter table transfer disable trigger all",
        "drop table transfer",
        "create table headwater.mine (id int)",
    ],
)
async def test_no_role_may_change_the_books(used: Do, role: str, statement: str) -> None:
    before = await _balances(used.database, used.workspace)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with used.database.transaction(role, used.workspace.id) as connection:  # type: ignore[arg-type]
            await connection.execute(statement.encode())
    assert await _balances(used.database, used.workspace) == before


@pytest.mark.parametrize("statement", ["update transfer set amount = 1", "delete from transfer", "truncate transfer"])
async def test_even_the_owner_can_not_rewrite_history(used: Do, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(used.database.dsn) as connection:
        await connection.execute("set role headwater_owner")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            await connection.execute(f"set local search_path = headwater; {statement}".encode())
        await connection.rollback()


@pytest.mark.parametrize("role", ["headwater_app", "headwater_worker"])
async def test_a_temporary_table_does_not_stand_in_for_the_accounts(used: Do, role: str) -> None:
    """What acts as the owner must find the true accounts, whatever tables the caller's session has."""
    before = await _balances(used.database, used.workspace)
    decoy = (
        "create temporary table account on commit drop as select id, workspace_id, name, 1000000 as balance "
        "from headwater.account"
    )
    async with used.database.transaction(role, used.workspace.id) as connection:  # type: ignore[arg-type]
        funding, cache = [
            row["id"]
            for name in ("funding", "cache")
            for row in await (await connection.execute("select id from account where name = %s", [name])).fetchall()
        ]
        await connection.execute(decoy.encode())
        await connection.execute("grant all on pg_temp.account to public")
        row = await (await connection.execute("select locked_balance('cache') as balance")).fetchone()
        assert row == {"balance": before["cache"]}
        await connection.execute(
            "insert into transfer (workspace_id, key, debit, credit, amount, kind) "
            "values (current_workspace(), 'decoy', %s, %s, 7, 'authorise')",
            [funding, cache],
        )
    after = await _balances(used.database, used.workspace)
    assert after["cache"] == before["cache"] + 7


async def test_only_funding_may_be_overdrawn(used: Do) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        async with used.database.app(used.workspace.id) as connection:
            await connection.execute(
                "insert into account (workspace_id, name, overdraft) values (current_workspace(), 'vendor:x', true)"
            )


@pytest.mark.parametrize("amount", [0, -5])
async def test_nothing_and_less_than_nothing_can_not_be_moved(used: Do, amount: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        async with used.database.app(used.workspace.id) as connection:
            await _transfer(connection, f"amount {amount}", amount)


async def test_several_transfers_in_one_statement_are_all_counted(used: Do) -> None:
    async with used.database.app(used.workspace.id) as connection:
        await connection.execute(
            "insert into transfer (workspace_id, key, debit, credit, amount, kind) "
            "select current_workspace(), 'many ' || n, d.id, c.id, n, 'authorise' from account d, account c, "
            "generate_series(1, 100) n where d.name = 'funding' and c.name = 'cache'"
        )
    assert (await _balances(used.database, used.workspace))["cache"] == 10 + 5050
    await _check_sums(used.database, used.workspace)


async def test_two_workspaces_neither_see_nor_post_to_each_others_accounts(
    used: Do, other_workspace: Workspace, job: int
) -> None:
    async with used.database.app(used.workspace.id) as connection:
        rows = await (await connection.execute("select id from account order by id")).fetchall()
        mine = [row["id"] for row in rows]
    assert mine
    other = Do(used.database, other_workspace)
    await other(lambda ledger: ledger.authorise(_next(), 50, round_=1))
    async with used.database.app(other_workspace.id) as connection:
        seen = await (await connection.execute("select id, workspace_id from account")).fetchall()
        assert {row["workspace_id"] for row in seen} == {other_workspace.id}
        assert await Ledger(connection).available(job) == 0  # the other workspace's job of this number
        own = seen[0]["id"]
    for workspace_id in (used.workspace.id, other_workspace.id):
        for debit, credit in ((mine[0], own), (own, mine[0]), (mine[0], mine[1])):
            with pytest.raises((psycopg.errors.ForeignKeyViolation, psycopg.errors.InsufficientPrivilege)):
                async with used.database.app(other_workspace.id) as connection:
                    await connection.execute(
                        "insert into transfer (workspace_id, key, debit, credit, amount, kind) "
                        "values (%s, 'stolen', %s, %s, 1, 'settle')",
                        [workspace_id, debit, credit],
                    )
    await _check_sums(used.database, used.workspace)


async def test_the_same_job_number_in_two_workspaces_is_two_jobs(
    used: Do, other_workspace: Workspace, job: int
) -> None:
    other = Do(used.database, other_workspace)
    await other(lambda ledger: ledger.authorise(job, 5, round_=1))
    assert (await _balances(used.database, other_workspace))[f"job:{job}"] == 5
    assert (await _balances(used.database, used.workspace))[f"job:{job}"] == 990
