"""A file appears whole or not at all, and a place that can not be written is told before any work."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.export import FORMATS, check_writable, format_of, open_writer
from headwater.kit.errors import BadInput


@pytest.mark.parametrize("form", FORMATS)
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    path.write_text("the old one")

    def work() -> None:
        with open_writer(path, ["a"]) as writer:
            writer.write_rows([("x",)] * 100)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_at_the_target_before_the_end(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    with open_writer(path, ["a"]) as writer:
        writer.write_rows([("x",)])
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("form", FORMATS)
def test_a_killed_process_leaves_no_half_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    code = """
        import itertools, pathlib, sys
        from headwater.export import open_writer
        with open_writer(pathlib.Path(sys.argv[1]), ["a", "b"]) as writer:
            for n in itertools.count():
                writer.write_rows([("x" * 100, n)] * 100)
                n == 20 and print("going", flush=True)
    """
    with python(code, str(path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "going\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not path.exists()


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    path.write_text("the old one")
    # A limit on the size of a file fails in the same calls as a full disk, and needs no disk of its own.
    code = """
        import os, pathlib, resource, signal, sys
        from headwater.export import open_writer
        from headwater.export.target import WritingStopped
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            with open_writer(pathlib.Path(sys.argv[1]), ["a", "b"]) as writer:
                for n in range(1000):
                    writer.write_rows([(os.urandom(50).hex(), n)] * 1 + [(os.urandom(50).hex(), n) for _ in range(50)])
        except WritingStopped as error:
            print(error)
    """
    with python(code, str(path)) as process:
        said = process.communicate()[0]
    assert process.returncode == 0
    assert said.startswith(f"Writing {path} stopped")
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_whoever_gives_the_rows_is_not_called_ours(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[str]]:
        yield ("x",)
        raise ConnectionResetError("the database went away")

    with pytest.raises(ConnectionResetError), open_writer(tmp_path / "out.csv", ["a"]) as writer:
        writer.write_rows(rows())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing/out.csv", "The folder .*missing does not exist"),
        ("folder.csv", "is a folder"),
        ("out.doc", "'.doc' of out.doc is not one that can be written; use csv, xlsx, json, jsonl, parquet"),
        ("out", "out has no suffix"),
        ("n" * 300 + ".csv", "can not be written: File name too long"),
        ("protected.csv", "write-protected"),
        ("file.txt/out.csv", "does not exist"),
        ("pipe.csv", "is a device or a pipe and not a file"),
        ("link to pipe.csv", "is a device or a pipe and not a file"),
        ("loop.csv", "can not be written: Too many levels of symbolic links"),
    ],
)
def test_a_place_that_can_not_be_written_is_told_first(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file.txt").touch()
    (tmp_path / "protected.csv").touch(0o444)
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link to pipe.csv").symlink_to("pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    if name == "protected.csv" and os.access(tmp_path / name, os.W_OK):
        pytest.skip("an administrator may write everything")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadInput, match=says):
        check_writable(tmp_path / name)
    with pytest.raises(BadInput, match=says):
        open_writer(tmp_path / name, ["a"])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder where nobody may write")
def test_a_folder_where_nobody_may_write(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can not be written"):
        check_writable(Path("/proc/self/out.csv"))


def test_a_good_place_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("old")
    check_writable(tmp_path / "old.csv")
    check_writable(tmp_path / "new.XLSX")
    check_writable(tmp_path / "data", format="json")
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]


def test_a_format_may_be_named(tmp_path: Path) -> None:
    assert format_of(tmp_path / "a.csv", "parquet") == "parquet"
    with pytest.raises(BadInput, match="The format 'pdf' is not one"):
        format_of(tmp_path / "a.csv", "pdf")


def test_a_link_keeps_pointing_where_it_points(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with open_writer(tmp_path / "link.csv", ["a"]) as writer:
        writer.write_rows([(1,)])
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"a\r\n1\r\n"


def test_the_file_gets_the_permissions_of_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with open_writer(tmp_path / "out.csv", ["a"]):
        pass
    assert (tmp_path / "out.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode
