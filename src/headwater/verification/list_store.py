"""Lists of the operator: named in a setting, fetched by a command, kept in the data folder. Nothing is fetched unasked.

A list that can not be fetched, can not be read, or has lost more than half of its names stays as it was.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import httpx

from headwater.kit.errors import BadInput, HeadwaterError
from headwater.verification.list_sources import ListKind, ListSource, packaged
from headwater.verification.lists import Lists

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_ROLE = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_COMMENT = re.compile(r"\s*(?:#|;|//).*")
_MOST_BYTES = 50_000_000
_PATIENCE = 30.0
# Lines that are no names: a few are a slip of who keeps the list, many are a page that is no list at all.
_MOST_ODD = 0.05
_LEAST_KEPT = 0.5
_FOLDER, _SUFFIX = "lists", ".list"


class ListUnusable(HeadwaterError):
    """A list was not taken over; the one that was there before stays in force."""


class Wanted(NamedTuple):
    """A list of the operator: what it says, how it is called, and its address or path."""

    kind: ListKind
    name: str
    location: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one list: ``entries`` now in force, and why it was not renewed, if it was not."""

    wanted: Wanted
    entries: int
    failure: str | None = None


def wanted_lists(setting: str | None) -> tuple[Wanted, ...]:
    """Read HEADWATER_LISTS: "kind/name=location", separated by commas."""
    found = tuple(_wanted(part.strip()) for part in (setting or "").split(",") if part.strip())
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"HEADWATER_LISTS names the list {name!r} twice; give each list a name of its own.")
    return found


def _wanted(part: str) -> Wanted:
    what, equals, location = part.partition("=")
    kind, slash, name = what.strip().partition("/")
    if not (equals and slash and location.strip() and kind in list(ListKind) and _NAME.fullmatch(name)):
        kinds = ", ".join(ListKind)
        raise BadInput(
            f"HEADWATER_LISTS: {part!r} is not understood; write kind/name=location, such as "
            f"disposable/ours=/data/ours.txt, where kind is one of {kinds}."
        )
    return Wanted(ListKind(kind), name, location.strip())


@lru_cache(maxsize=4)
def load_lists(home: Path) -> Lists:
    """The installed packages' lists and those that were fetched into the data folder, read once by a process."""
    return Lists(packaged(), stored(home / _FOLDER))


def stored(folder: Path) -> Iterator[ListSource]:
    """What was fetched. A file that is not understood is an error, since its absence would change verdicts."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        head, _, body = path.read_text("utf-8").partition("\n")
        try:
            about = json.loads(head)
            kind, origin = ListKind(about["kind"]), f"{about['location']}, fetched {about['fetched'][:10]}"
        except (ValueError, KeyError, TypeError):
            raise ListUnusable(f"{path} is damaged; fetch it again with: headwater lists refresh") from None
        yield ListSource(path.name.removesuffix(_SUFFIX), kind, frozenset(body.split()), origin)


def refresh(
    home: Path, wanted: Sequence[Wanted], *, at: datetime, force: bool = False, fetch: Callable[[str], bytes]
) -> list[Outcome]:
    """Fetch every list and put it in the place of the stored one; lists that are no longer wanted are removed."""
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = [_renew(folder, each, at, force, fetch) for each in wanted]
    keep = {f"{each.name}{_SUFFIX}" for each in wanted}
    for path in folder.glob(f"*{_SUFFIX}"):
        if path.name not in keep:
            path.unlink()
    load_lists.cache_clear()
    return outcomes


def _renew(folder: Path, wanted: Wanted, at: datetime, force: bool, fetch: Callable[[str], bytes]) -> Outcome:
    path = folder / f"{wanted.name}{_SUFFIX}"
    before = path.read_text("utf-8").count("\n") - 1 if path.exists() else 0
    try:
        names = read_names(fetch(wanted.location), wanted.kind)
        if len(names) < before * _LEAST_KEPT and not force:
            raise ListUnusable(f"it has {len(names)} names and had {before}; if that is right, use --force")
    except ListUnusable as error:
        return Outcome(wanted, before, str(error))
    about = {"kind": wanted.kind, "location": wanted.location, "fetched": at.isoformat()}
    beside = path.with_suffix(".new")
    beside.write_text("\n".join([json.dumps(about), *sorted(names)]) + "\n", "utf-8")
    os.replace(beside, path)
    return Outcome(wanted, len(names))


def read_names(data: bytes, kind: ListKind) -> frozenset[str]:
    """The names of a list: one a line with comments, or a JSON array. Raises ListUnusable for what is no list."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ListUnusable("it is not UTF-8 text") from None
    lines = list(_lines(text))
    fits = (_ROLE if kind is ListKind.ROLE else _DOMAIN).fullmatch
    names = frozenset(line for line in lines if fits(line))
    odd = sum(1 for line in lines if not fits(line))
    if not names or odd > len(lines) * _MOST_ODD:
        raise ListUnusable(f"it does not look like a list of names ({odd} of {len(lines)} lines are none)")
    return names


def _lines(text: str) -> Iterator[str]:
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise ListUnusable("it begins like JSON and can not be read as such") from None
        yield from (str(each).strip().lower() for each in found)
        return
    for line in text.splitlines():
        if name := _COMMENT.sub("", line).strip().lower():
            yield name


def fetch(location: str) -> bytes:
    """Read a file or an http(s) address, up to a size that no list has. Raises ListUnusable."""
    try:
        if "://" not in location:
            return _limited([Path(location).expanduser().read_bytes()])
        with httpx.stream("GET", location, timeout=_PATIENCE, follow_redirects=True) as response:
            if response.status_code != httpx.codes.OK:
                raise ListUnusable(f"the server answered {response.status_code}")
            return _limited(response.iter_bytes())
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise ListUnusable(f"it can not be read ({type(error).__name__})") from None


def _limited(parts: Iterable[bytes]) -> bytes:
    data = b""
    for part in parts:
        data += part
        if len(data) > _MOST_BYTES:
            raise ListUnusable(f"it is larger than {_MOST_BYTES // 1_000_000} MB")
    return data
