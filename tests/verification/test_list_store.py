"""Lists of the operator: fetched by command from files and a server on loopback, and never worse than before."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from headwater.cli.main import main
from headwater.kit.errors import BadInput
from headwater.verification import ListUnusable, load_lists, refresh_lists, wanted_lists
from headwater.verification.list_sources import ListKind
from headwater.verification.list_store import fetch, read_names

AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def pages() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server on loopback and what it has."""
    found: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = found.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", found
        server.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    load_lists.cache_clear()


def test_fetched_lists_count_beside_those_of_packages(pages: Any, home: Path, tmp_path: Path) -> None:
    address, found = pages
    found["/a.txt"] = b"# ours\r\nthrowaway-one.com ; new\n\nTHROWAWAY-both.com\n"
    found["/b.json"] = b'["throwaway-both.com"]'
    roles = tmp_path / "roles.txt"
    roles.write_text("hausmeister\n")
    wanted = wanted_lists(f"disposable/a={address}/a.txt, disposable/b={address}/b.json,role/ours={roles}")
    outcomes = refresh_lists(home, wanted, at=AT, fetch=fetch)
    assert [(each.wanted.name, each.entries, each.failure) for each in outcomes] == [
        ("a", 2, None),
        ("b", 1, None),
        ("ours", 1, None),
    ]
    lists = load_lists(home)
    assert [lists.domain_facts(name).disposable for name in ("throwaway-one.com", "throwaway-both.com")] == [None, True]
    assert lists.is_role("hausmeister")
    assert lists.domain_facts("mailinator.com").disposable
    assert f"{address}/a.txt, fetched 2026-01-02" in {each.origin for each in lists.sources}


def test_a_fetched_list_replaces_the_package_of_its_name_and_goes_when_it_is_no_longer_wanted(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "new.txt").write_text("brand-new-throwaway.com\n")
    wanted = wanted_lists(f"verified/disposable-email-domains={tmp_path}/new.txt")
    refresh_lists(home, wanted, at=AT, fetch=fetch)
    lists = load_lists(home)
    assert lists.domain_facts("brand-new-throwaway.com").disposable
    assert [each.name for each in lists.sources].count("disposable-email-domains") == 1
    refresh_lists(home, (), at=AT, fetch=fetch)
    assert load_lists(home).domain_facts("brand-new-throwaway.com").disposable is False
    assert list((home / "lists").iterdir()) == []


def test_what_can_not_be_renewed_stays(pages: Any, home: Path) -> None:
    address, found = pages
    wanted = wanted_lists(f"disposable/a={address}/a.txt")
    found["/a.txt"] = b"\n".join(b"throwaway%d.com" % number for number in range(100))
    refresh_lists(home, wanted, at=AT, fetch=fetch)
    whole = found["/a.txt"]
    for worse in (b"", b"<html>\n<p>Not found</p>\n", b"\xff\xfe", b"throwaway1.com\n" * 49, b'["x.com"', None):
        found.pop("/a.txt", None)
        if worse is not None:
            found["/a.txt"] = worse
        (outcome,) = refresh_lists(home, wanted, at=AT, fetch=fetch)
        assert outcome.failure
        assert outcome.entries == 100
        assert len(load_lists(home).sources[-1].entries) == 100
    found["/a.txt"] = whole[:500]
    (outcome,) = refresh_lists(home, wanted, at=AT, force=True, fetch=fetch)
    assert (outcome.failure, outcome.entries < 50) == (None, True)


@pytest.mark.parametrize(
    "setting",
    ["a.txt", "disposable=a.txt", "shady/a=a.txt", "disposable/=x", "free/../../x=a", "role/a=", "free/A b=x"],
)
def test_a_setting_that_is_not_understood(setting: str) -> None:
    with pytest.raises(BadInput, match="kind/name=location"):
        wanted_lists(setting)


def test_no_two_lists_of_one_name() -> None:
    assert wanted_lists(None) == wanted_lists(" , ") == ()
    with pytest.raises(BadInput, match="twice"):
        wanted_lists("free/a=x,disposable/a=y")


@pytest.mark.parametrize("place", ["/nowhere/at/all.txt", "http://127.0.0.1:1/a", "ftp://127.0.0.1/a", "http://[", "."])
def test_what_can_not_be_read(place: str) -> None:
    with pytest.raises(ListUnusable):
        fetch(place)


def test_lines_that_are_no_names() -> None:
    good = "\n".join(f"a{number}.com" for number in range(100))
    assert len(read_names(f"\ufeff{good}\nnot a domain\n".encode(), ListKind.FREE)) == 100
    with pytest.raises(ListUnusable, match="does not look like"):
        read_names(f"{good}\n{'a b' * 3}\n".encode() + b"x y\n" * 10, ListKind.FREE)
    with pytest.raises(ListUnusable):
        read_names(b"[" * 100_000, ListKind.FREE)


def test_a_damaged_list_is_an_error_and_not_an_absent_one(home: Path) -> None:
    (home / "lists").mkdir(parents=True)
    (home / "lists/a.list").write_text("nonsense\n")
    with pytest.raises(ListUnusable, match="refresh"):
        load_lists(home)


@pytest.fixture
def command(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_HOME", str(home))

    def run(*arguments: str) -> tuple[int, str, str]:
        load_lists.cache_clear()
        with pytest.raises(SystemExit) as left:
            main(["lists", *arguments])
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


def test_the_commands(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = command("refresh")
    assert (code, out) == (0, "")
    assert "HEADWATER_LISTS" in err
    (tmp_path / "ours.txt").write_text("our-throwaway.com\n")
    monkeypatch.setenv("HEADWATER_LISTS", "verified/ours=ours.txt,free/gone=gone.txt")
    code, out, err = command("refresh")
    assert code == 1
    assert "verified/ours: renewed, 1 names" in out
    assert "gone (gone.txt)" in err
    code, out, _ = command("show", "--json")
    assert code == 0
    assert {row["list"]: row["names"] for row in json.loads(out)}["ours"] == 1
    code, out, _ = command("show", "Our-Throwaway.com", "gmail.com", "--json")
    assert [(row["disposable"], row["also"], row["lists"]) for row in json.loads(out)] == [
        ("yes", None, "ours"),
        ("no", "free mail", None),
    ]
    monkeypatch.setenv("HEADWATER_LISTS", "nonsense")
    assert command("refresh")[0] == 2
