"""Reading forms and files as browsers and scripts send them; the standard library reads their parts."""

import csv
import re
from email import message_from_bytes
from email.policy import HTTP
from io import StringIO
from urllib.parse import parse_qsl

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


def form(raw: bytes, kind: str) -> dict[str, str]:
    """The fields of a form by name; a file is the text it holds."""
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    head = b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n"
    message = message_from_bytes(head + raw, policy=HTTP)
    if not message.is_multipart():
        raise ValueError("no parts")
    found = {}
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            name = part.get_param("name", header="content-disposition")
            found[str(name)] = content.decode("utf-8-sig", "replace")
    return found


def same_whenever_sent(raw: bytes, kind: str) -> bytes:
    """The body without the boundary that a sender makes up anew each time."""
    found = _BOUNDARY.search(kind)
    return raw.replace(found[1].encode("latin-1", "replace"), b"") if found else raw


def column(text: str, number: int, header: bool) -> list[str]:
    """One column of a file, counted from 1, without its header and without empty cells."""
    lines = [row for row in csv.reader(StringIO(text, newline="")) if row][1 if header else 0 :]
    return [row[number - 1].strip() for row in lines if len(row) >= number and row[number - 1].strip()]


def written(rows: list[list[str]]) -> str:
    """A file with every cell in quotes, as vendors write theirs."""
    out = StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
