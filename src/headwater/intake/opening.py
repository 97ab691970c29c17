"""Opening a file: what it is by its first bytes, not by its name."""

import hashlib
import os
import stat
import zipfile
from pathlib import Path

from headwater.intake.csv_file import open_csv
from headwater.intake.encoding import CHUNK, bom_encoding, inspect_text
from headwater.intake.errors import UnreadableFile
from headwater.intake.json_file import open_json
from headwater.intake.model import Source, Table
from headwater.intake.xlsx_file import open_xlsx

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
# First bytes of files that are no tables, and what to tell.
_STRANGERS = (
    (b"%PDF", "a PDF document; export the list as CSV or XLSX"),
    (b"\x1f\x8b", "compressed (gzip); unpack it first"),
    (b"7z\xbc\xaf", "compressed (7-Zip); unpack it first"),
    (b"Rar!", "compressed (RAR); unpack it first"),
    (b"BZh", "compressed (bzip2); unpack it first"),
    (b"PAR1", "a Parquet file; export it as CSV"),
    (b"SQLite format 3", "a database; export the table as CSV"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "a text document (RTF); save the list as CSV or XLSX"),
    (b"BEGIN:VCARD", "a list of vCards; export the contacts as CSV"),
)
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<head", b"<style", b"<meta")


def open_source(path: Path) -> Source:
    """Open a contact file and look through all of it once; UnreadableFile (a BadInput) says what is wrong with it."""
    path = Path(path)
    _check_place(path)
    try:
        with path.open("rb") as file:
            head = file.read(8192)
        if not head.strip():
            raise UnreadableFile(f"{path}: the file is empty.")
        sha256, table = _open(path, head)
    except PermissionError:
        raise UnreadableFile(f"{path}: you may not read this file.") from None
    except OSError as error:
        raise UnreadableFile(f"{path}: the file can not be read ({error.strerror or error}).") from None
    return Source(
        path=path,
        format=table.format,
        encoding=table.encoding,
        encoding_confidence=table.encoding_confidence,
        delimiter=table.delimiter,
        headers=table.headers,
        sha256=sha256,
        rows_expected=table.rows,
        blank_lines=table.blank,
        sheet=table.sheet,
        first_rows=table.first,
        records=table.records,
    )


def _check_place(path: Path) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: there is no such file.") from None
    except NotADirectoryError:
        raise UnreadableFile(f"{path}: there is no such file; a part of its path is not a directory.") from None
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path}: the file can not be read ({error}).") from None
    if stat.S_ISDIR(mode):
        raise UnreadableFile(f"{path}: this is a directory; name a file in it.")
    if not stat.S_ISREG(mode):
        raise UnreadableFile(f"{path}: this is not a regular file; save the list to a file first.")


def _open(path: Path, head: bytes) -> tuple[str, Table]:
    if head.startswith(b"PK"):
        return _hash(path), _open_zip(path)
    if head.startswith(_OLE):
        raise _ole(path)
    for start, what in _STRANGERS:
        if head.startswith(start):
            raise UnreadableFile(f"{path}: this is {what}.")
    facts = inspect_text(path)
    text = head.decode(bom_encoding(head) or facts.encoding, "ignore").lstrip("\ufeff \t\r\n")
    if text.lower().encode().startswith(_MARKUP):
        raise UnreadableFile(
            f"{path}: this is a web page or XML, whatever its name says; save the list as CSV or XLSX."
        )
    if _is_json(path, text):
        return facts.sha256, open_json(path, facts.encoding)
    return facts.sha256, open_csv(path, facts)


def _is_json(path: Path, text: str) -> bool:
    named = path.suffix.lower() in (".json", ".jsonl", ".ndjson")
    return named or (text[:1] == "[" and text[1:].lstrip()[:1] in ("{", "]")) or text[:2] == '{"'


def _open_zip(path: Path) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise UnreadableFile(f"{path}: the workbook or archive is damaged ({error}).") from None
    if "xl/workbook.xml" in names:
        return open_xlsx(path)
    if "xl/workbook.bin" in names:
        raise UnreadableFile(f"{path}: this is a binary workbook (.xlsb); save it as .xlsx or CSV.")
    if "mimetype" in names or "Index/Document.iwa" in names or "word/document.xml" in names:
        raise UnreadableFile(f"{path}: this is a document of another office program; save the list as .xlsx or CSV.")
    raise UnreadableFile(f"{path}: this is a ZIP archive without a workbook in it; unpack it first.")


def _ole(path: Path) -> UnreadableFile:
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            if _LOCKED in block:
                return UnreadableFile(f"{path}: the workbook is protected by a password; save it without one.")
    return UnreadableFile(f"{path}: this is an Excel file of before 2007 (.xls); save it as .xlsx or CSV.")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
