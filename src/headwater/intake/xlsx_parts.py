"""The parts of a workbook beside its rows: the guard against bombs, sheets, shared texts, number formats.

An own reader, because those at hand load the whole sheet (calamine, under fastexcel) or do not tell a formula without
a stored value from an empty cell (openpyxl). Written after ECMA-376 part 1, sections 18.2 to 18.8.
"""

import array
import mmap
import posixpath
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO
from xml.parsers import expat

from headwater.intake.errors import UnreadableFile

MOST_PARTS = 10_000
MOST_BYTES = 4 << 30
SMALL_BYTES = 64 << 20
MOST_RATIO = 200
_CHUNK = 1 << 16

Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str


@dataclass(slots=True)
class Book:
    """An open workbook. ``texts`` looks shared texts up, ``kinds`` says how the cells of a style are shown."""

    path: Path
    archive: zipfile.ZipFile
    sheets: list[Sheet] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    from_1904: bool = False
    texts: "SharedTexts | None" = None

    def close(self) -> None:
        self.archive.close()
        if self.texts is not None:
            self.texts.close()


def open_book(path: Path) -> Book:
    """Open a workbook; UnreadableFile where it is a bomb, locked, or not a workbook at all."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise UnreadableFile(f"{path}: the workbook is damaged ({error}); save it again in Excel.") from None
    book = Book(path, archive)
    with ExitStack() as on_failure:
        on_failure.callback(book.close)
        _guard(path, archive.infolist())
        _read_workbook(book)
        book.kinds = list(_styles(book))
        if "xl/sharedStrings.xml" in archive.namelist():
            book.texts = SharedTexts()
            book.texts.fill(book)
        on_failure.pop_all()
    return book


def _guard(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    """Refuse by the directory alone, before a byte is unpacked; reading never goes beyond what it declares."""
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > MOST_PARTS:
        raise UnreadableFile(f"{path}: the workbook has {len(parts):,} parts; at most {MOST_PARTS:,} are read.")
    if any(part.flag_bits & 0x1 for part in parts):
        raise UnreadableFile(f"{path}: the workbook is protected by a password; save it without one.")
    if unpacked > MOST_BYTES or (unpacked > SMALL_BYTES and unpacked > MOST_RATIO * packed):
        raise UnreadableFile(
            f"{path}: the workbook would unpack from {packed / 1e6:,.1f} MB to {unpacked / 1e6:,.0f} MB; at most "
            f"{MOST_BYTES >> 20:,} MB and {MOST_RATIO} times its size are read. Save the sheet as CSV instead."
        )


def parse(book: Book, part: str, handlers: "Handlers") -> Iterator[None]:
    """Push a part through the handlers, pausing after each piece so that a caller can take what has come."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.text
    # Workbooks have no document type; without one there are no entities to blow up or to reach out with.
    parser.StartDoctypeDeclHandler = _refuse_doctype(book.path)
    try:
        with _open_part(book, part) as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
                yield
            parser.Parse(b"", True)
            yield
    except LookupError as error:
        if type(error) is not LookupError:
            raise
        raise UnreadableFile(f"{book.path}: the part {part} of the workbook is in an unknown encoding.") from None
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableFile(f"{book.path}: the part {part} of the workbook is damaged ({error}).") from None


def _open_part(book: Book, part: str) -> IO[bytes]:
    try:
        return book.archive.open(part)
    except KeyError:
        raise UnreadableFile(f"{book.path}: the workbook lacks its part {part}; save it again in Excel.") from None


def _refuse_doctype(path: Path) -> Callable[[str, str | None, str | None, bool], None]:
    def refuse(name: str, system: str | None, public: str | None, internal: bool) -> None:
        raise UnreadableFile(f"{path}: the workbook declares a document type, which no spreadsheet program writes.")

    return refuse


class Handlers:
    """What to do at each sign of an XML part; prefixes of names are dropped."""

    def start(self, name: str, attributes: Attributes) -> None:
        """An element opens."""

    def end(self, name: str) -> None:
        """An element closes."""

    def text(self, text: str) -> None:
        """Text between them."""


class _Elements(Handlers):
    """Keeps the attributes of wanted elements, in order."""

    def __init__(self, *wanted: str) -> None:
        self.found: list[tuple[str, Attributes]] = []
        self._wanted = wanted

    def start(self, name: str, attributes: Attributes) -> None:
        local = name.rpartition(":")[2]
        if local in self._wanted:
            self.found.append((local, attributes))


def _elements(book: Book, part: str, *wanted: str) -> list[tuple[str, Attributes]]:
    handlers = _Elements(*wanted)
    for _ in parse(book, part, handlers):
        pass
    return handlers.found


def _read_workbook(book: Book) -> None:
    targets = {
        attributes.get("Id", ""): posixpath.normpath(posixpath.join("xl", attributes.get("Target", ""))).lstrip("/")
        for _, attributes in _elements(book, "xl/_rels/workbook.xml.rels", "Relationship")
        if attributes.get("Type", "").endswith("/worksheet")
    }
    for kind, attributes in _elements(book, "xl/workbook.xml", "sheet", "workbookPr"):
        if kind == "workbookPr":
            book.from_1904 = attributes.get("date1904") in ("1", "true")
            continue
        part = targets.get(next((value for key, value in attributes.items() if key.endswith(":id")), ""))
        if part is not None and attributes.get("state", "visible") == "visible":
            book.sheets.append(Sheet(attributes.get("name", ""), part))


def _styles(book: Book) -> Iterator[str]:
    """For each cell style how its numbers are shown: "date", "time", "datetime", "percent", zeros, or ""."""
    if "xl/styles.xml" not in book.archive.namelist():
        return
    custom: dict[str, str] = {}
    inside = False
    for kind, attributes in _elements(book, "xl/styles.xml", "numFmt", "cellStyleXfs", "cellXfs", "xf", "cellStyles"):
        if kind == "numFmt":
            custom[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif kind == "xf" and inside:
            number = attributes.get("numFmtId", "0")
            yield _BUILT_IN.get(number) or kind_of_format(custom.get(number, ""))
        elif kind != "xf":
            inside = kind == "cellXfs"


# Section 18.8.30 of the standard; 27-36 and 50-58 are dates of East Asian versions.
_BUILT_IN = (
    {"9": "percent", "10": "percent", "22": "datetime"}
    | {str(number): "date" for number in (14, 15, 16, 17, *range(27, 37), *range(50, 59))}
    | {str(number): "time" for number in (18, 19, 20, 21, 45, 46, 47)}
)
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


@lru_cache(1024)
def kind_of_format(code: str) -> str:
    """What a number format shows: a day, a time, both, a percentage, a fixed number of digits ("0" * n), or neither."""
    bare = _QUOTED.sub("", code.partition(";")[0]).lower()
    if re.fullmatch(r"0{2,}", bare):
        return bare
    if "general" in bare:
        return ""
    day, clock = bool(re.search(r"[yd]|mmm", bare)), bool(re.search(r"[hs]", bare))
    if day or clock:
        return "datetime" if day and clock else "date" if day else "time"
    return "percent" if "%" in bare else ""


class SharedTexts(Handlers):
    """The workbook's table of texts, kept in a file of its own so that memory stays small however many there are."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        self._ends = array.array("Q")
        self._parts: list[str] = []
        self._depth_phonetic = 0
        self._in_text = False
        self._size = 0
        self._map: mmap.mmap | None = None
        self.get = lru_cache(1 << 14)(self._get)

    def fill(self, book: Book) -> None:
        """Copy the workbook's texts; before it every look-up is empty."""
        for _ in parse(book, "xl/sharedStrings.xml", self):
            pass
        self._file.flush()
        if self._size:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def start(self, name: str, attributes: Attributes) -> None:
        local = name.rpartition(":")[2]
        if local == "t":
            self._in_text = not self._depth_phonetic
        elif local == "rPh":
            self._depth_phonetic += 1

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "t":
            self._in_text = False
        elif local == "rPh":
            self._depth_phonetic -= 1
        elif local == "si":
            data = "".join(self._parts).encode("utf-8", "surrogatepass")
            self._parts.clear()
            self._file.write(data)
            self._size += len(data)
            self._ends.append(self._size)

    def text(self, text: str) -> None:
        if self._in_text:
            self._parts.append(text)

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        self._file.close()

    def _get(self, index: int) -> str | None:
        if not 0 <= index < len(self._ends):
            return None
        start = self._ends[index - 1] if index else 0
        return self._map[start : self._ends[index]].decode("utf-8", "replace") if self._map else ""
