"""How errors leave the command line: the sentence, the exit code, no secret, no trace."""

import asyncio
import os
import signal

import pytest
import typer
from rich.table import Table

from headwater.cli.shell import Interrupted, note, run, stdout
from headwater.kit.errors import BadInput, HeadwaterError


def _left(capsys: pytest.CaptureFixture[str], error: BaseException) -> tuple[int, str]:
    async def work() -> None:
        raise error

    with pytest.raises(typer.Exit) as left:
        run(work)
    said = capsys.readouterr()
    assert said.out == ""
    return left.value.exit_code, said.err


def test_a_result_comes_back() -> None:
    async def work() -> int:
        return 7

    assert run(work) == 7


@pytest.mark.parametrize(("error", "code"), [(BadInput("No such thing."), 2), (HeadwaterError("It broke."), 1)])
def test_an_error_is_its_sentence_and_its_code(
    capsys: pytest.CaptureFixture[str], error: HeadwaterError, code: int
) -> None:
    assert _left(capsys, error) == (code, f"{error}\n")


def test_an_error_out_of_a_group_of_tasks_is_told_alone(capsys: pytest.CaptureFixture[str]) -> None:
    inner = ExceptionGroup("inner", [BadInput("No such thing.")])
    assert _left(capsys, ExceptionGroup("outer", [inner])) == (2, "No such thing.\n")


def test_what_nobody_expected_keeps_its_trace() -> None:
    async def work() -> None:
        raise ExceptionGroup("outer", [ZeroDivisionError()])

    with pytest.raises(ExceptionGroup):
        run(work)


@pytest.mark.parametrize(
    "secret", ["api_key=sk-SECRET", "postgresql://ada:sk-SECRET@db.invalid/x", '"token": "sk-SECRET"']
)
def test_secrets_in_a_sentence_are_masked(capsys: pytest.CaptureFixture[str], secret: str) -> None:
    _, said = _left(capsys, BadInput(f"The vendor said: {secret} is wrong."))
    assert "sk-SECRET" not in said
    assert "***" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_work_politely(capsys: pytest.CaptureFixture[str], number: signal.Signals) -> None:
    tidied = []

    async def work() -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.sleep(30)
        finally:
            tidied.append(number)

    with pytest.raises(typer.Exit) as left:
        run(work, interrupted="Stopped; go on with: the same command.")
    assert left.value.exit_code == Interrupted.exit_code == 130
    assert capsys.readouterr().err == "Stopped; go on with: the same command.\n"
    assert tidied == [number]


def test_what_files_and_vendors_say_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    said = "[/b] [red]lists[-] :smile:"
    table = Table("file", title=said)
    table.add_row(said)
    stdout.print(table)
    note(said)
    printed = capsys.readouterr()
    assert printed.out.count(said) == 2
    assert printed.err == f"{said}\n"
