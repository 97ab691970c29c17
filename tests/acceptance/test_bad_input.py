"""What can not be done is refused with one sentence and exit code 2, and nothing is written; what is odd still works.

All commands of this module run side by side in one go; each test then looks at its own.
"""

import csv
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest

pytestmark = pytest.mark.usefixtures("waterfall")  # begun here, looked at later: it mostly waits for vendors

Headwater = Any

_GOOD = "Name,Company,Work Email\nAda Lovelace,Engine Ltd,ada@engine-hw.com\n"


def _text(text: str) -> Callable[[Path], None]:
    return _bytes(text.encode())


def _bytes(data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


def _good(path: Path) -> None:
    path.write_text(_GOOD, encoding="utf-8")


def _nothing(_: Path) -> None:
    pass


def _folder(path: Path) -> None:
    path.mkdir()


def _beside_a_folder(path: Path) -> None:
    _good(path)
    (path.parent / "sub.csv").mkdir()


def _rejects_are_a_folder(path: Path) -> None:
    _good(path)
    (path.parent / "people.rejected.csv").mkdir()


def _beside_a_pipe(path: Path) -> None:
    _good(path)
    os.mkfifo(path.parent / "pipe.csv")


def _bomb(path: Path) -> None:
    """A workbook of a few kilobytes whose sheet unpacks to 300 MB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(300):
                sheet.write(b"<row/>" * (1_000_000 // 6))


@dataclass(frozen=True)
class Bad:
    """A command line that must be refused: its source file, its options, words of the sentence."""

    words: tuple[str, ...]
    options: tuple[str, ...] = ()
    source: str = "people.csv"
    make: Callable[[Path], None] = _good
    output: str = "out.csv"
    settings: Mapping[str, str] = field(default_factory=dict)


BAD = {
    "missing file": Bad(("people.csv", "no such file"), make=_nothing),
    "directory": Bad(("people.csv", "directory"), make=_folder),
    "empty file": Bad(("people.csv", "is empty"), make=_bytes(b"")),
    "header only": Bad(("people.csv", "no row below"), make=_text("name,email\n")),
    "no usable column": Bad(("no usable column", "'colour', 'price'", "--map"), make=_text("colour,price\nred,12\n")),
    "binary junk": Bad(("people.csv", "zero byte"), make=_bytes(bytes(range(256)) * 50)),
    "wrong encoding": Bad(
        ("people.csv", "line 62 is not UTF-8"),
        make=_bytes(b"name,email\n" + "Zoë,z@engine-hw.com\n".encode() * 60 + "Zoë,z@b.com\n".encode("latin-1")),
    ),
    "unclosed quote": Bad(
        ("quotes.csv", "line 2", "never closed"),
        source="quotes.csv",
        make=_text('name,email\n"Ada,ada@engine-hw.com\nBob,b@c.com\n'),
    ),
    "no workbook": Bad(("people.xlsx", "damaged"), source="people.xlsx", make=_bytes(b"PK\x03\x04 and then nothing")),
    "zip bomb": Bad(("people.xlsx",), source="people.xlsx", make=_bomb),
    "broken JSON": Bad(("people.json",), source="people.json", make=_text('[{"name": "Ada"')),
    "output in no folder": Bad(("/no does not exist",), output="no/out.csv"),
    "output is a folder": Bad(("sub.csv is a folder",), make=_beside_a_folder, output="sub.csv"),
    "output that nobody may write": Bad(("can not be written",), output="/proc/out.csv"),
    "output is the input": Bad(("people.csv would replace the input",), output="people.csv"),
    "rejects would replace the input": Bad(
        ("people.rejected.csv would replace the input",), source="people.rejected.csv", output="people.csv"
    ),
    "rejects can not be written": Bad(
        ("people.rejected.csv is a folder",), source="in.csv", make=_rejects_are_a_folder, output="people.csv"
    ),
    "output is a pipe": Bad(("device or a pipe",), make=_beside_a_pipe, output="pipe.csv"),
    "no column of the output": Bad(("--columns is empty",), ("--columns", ",")),
    "data folder that can not be": Bad(("/dev/null",), settings={"HEADWATER_HOME": "/dev/null/home"}),
    "unknown vendor to exclude": Bad(("--exclude", "'clearbit'", "hunter"), ("--exclude", "clearbit")),
    "negative price": Bad(("--max-price", "-1"), ("--max-price", "-1")),
    "unreachable database": Bad(
        ("database can not be reached",), settings={"HEADWATER_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    ),
    "no address of a database": Bad(("database",), settings={"HEADWATER_DATABASE_URL": "not an address"}),
}  # fmt: skip


@dataclass(frozen=True)
class Odd:
    """A file that is odd and still works."""

    make: Callable[[Path], None]
    source: str = "people.csv"
    columns: int = 3


def _wide(path: Path) -> None:
    header = ["Name", "Company", *(f"column {number}" for number in range(198))]
    path.write_text(",".join(header) + "\n" + ",".join(["Ada Lovelace", "Engine Ltd", *["x"] * 198]) + "\n")


def _formulas(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Name", "Company", "Sum"], ["Ada Lovelace", "Engine Ltd", "=1+1"], ["Bob Boole", "Logic", "=A1"]):
        sheet.append(row)
    book.save(path)


ODD = {
    "200 columns": Odd(_wide, columns=200),
    "a cell of 1 MB": Odd(_text(f"Name,Company,Note\nAda Lovelace,Engine Ltd,{'n' * 1_000_000}\n")),
    "duplicate headers": Odd(_text("Name,Company,Name\nAda Lovelace,Engine Ltd,ignored\n")),
    "workbook with formulas": Odd(_formulas, source="people.xlsx"),
}


@dataclass(frozen=True)
class Ran:
    """What a command left behind: how it ended, and the files that were not there before."""

    done: Any
    folder: Path
    new: set[str]


@pytest.fixture(scope="module")
def ran(headwater: Headwater) -> dict[str, Ran]:
    """All commands, side by side."""
    cases: dict[str, Bad | Odd] = {**BAD, **ODD}
    with ThreadPoolExecutor(3) as pool:
        found = pool.map(lambda pair: _run(headwater, *pair), enumerate(cases.values()))
        return dict(zip(cases, found, strict=True))


def _run(headwater: Headwater, number: int, case: Bad | Odd) -> Ran:
    folder = headwater.folder / f"case{number}"
    folder.mkdir()
    case.make(folder / case.source)
    before = _tree(folder)
    # No DNS: nothing here needs an answer.
    settings = {"HEADWATER_DNS": "127.0.0.1:1"}
    options: tuple[str, ...] = ("--json",)
    output = "out.csv"
    if isinstance(case, Bad):
        options, output = (*options, *case.options), case.output
        settings |= {"HEADWATER_HOME": str(folder / "home"), **case.settings}
    done = headwater.start("enrich", folder / case.source, "-o", folder / output, *options, **settings).wait()
    return Ran(done, folder, _tree(folder) - before)


def _tree(folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", BAD)
def test_refused_with_one_sentence(ran: dict[str, Ran], name: str) -> None:
    done, case = ran[name].done, BAD[name]
    assert done.code == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1, done.stderr
    assert [word for word in case.words if word not in done.stderr] == [], done.stderr


@pytest.mark.parametrize("name", BAD)
def test_refused_before_anything_is_written(ran: dict[str, Ran], name: str) -> None:
    """No output, no part of one, not even a data folder, so no database and no job in it either."""
    assert ran[name].new == set()


def test_an_option_that_does_not_exist_is_named(headwater: Headwater) -> None:
    source = headwater.write("fine.csv", [{"Name": "Ada Lovelace", "Company": "Engine"}])
    done = headwater.run("enrich", source, "-o", "never.csv", "--fast", code=2)
    assert "--fast" in done.stderr
    assert done.stdout == ""
    assert not (headwater.folder / "never.csv").exists()


def test_the_input_survives_an_output_of_its_name(ran: dict[str, Ran]) -> None:
    assert (ran["output is the input"].folder / "people.csv").read_text(encoding="utf-8") == _GOOD


@pytest.mark.parametrize("name", ODD)
def test_odd_files_work(ran: dict[str, Ran], name: str) -> None:
    case, done = ODD[name], ran[name].done
    assert done.code == 0, done.stderr
    with (ran[name].folder / "out.csv").open(newline="", encoding="utf-8") as file:
        csv.field_size_limit(2_000_000)
        header, *rows = list(csv.reader(file))
    assert len([column for column in header if not column.startswith("hw_")]) == case.columns
    assert len(set(header)) == len(header)
    assert rows[0][:2] == ["Ada Lovelace", "Engine Ltd"]
    assert json.loads(done.stdout)["rows"]["out"] == len(rows)
    if name == "a cell of 1 MB":
        assert len(rows[0][2]) == 1_000_000


def test_nothing_is_left_of_files_that_were_begun(ran: dict[str, Ran]) -> None:
    assert all(each.new <= {"out.csv"} for name, each in ran.items() if name in ODD)


def test_only_the_odd_files_became_jobs(ran: dict[str, Ran], headwater: Headwater) -> None:
    sources = {Path(job["source_path"]).parent for job in headwater.json("jobs", "list")}
    assert sources == {ran[name].folder for name in ODD}
