"""Reading what a vendor sent: JSON, addresses, waiting. What is not as documented raises; nothing becomes a default.

Rules that all vendors share, so that an adapter only states what is particular to its own:

- a 200 whose body can not be understood is ``Garbled``: it may have been charged, so it is never a miss;
- 503, 408 and 425 mean by their definition (RFC 9110, RFC 8470) that the request was not carried out: ``TryLater``;
  any other 5xx may follow the work and the charge: ``OutcomeUnknown``. When only a result is fetched, which is free,
  every 5xx is ``TryLater``;
- a vendor's own words are shown only through ``words``, which leaves out whatever could be a key or a person.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from itertools import count

import phonenumbers

from headwater.providers.base import Account, Answer, Json, Operation, Outcome, Query, Reply, Response, Ticket
from headwater.providers.errors import BadRequest, GivenUp, OutcomeUnknown, ProviderError, StopVendor, TryLater
from headwater.providers.words import quoted
from headwater.records import Field, Finding

Record = Mapping[str, Json]
FieldReader = Callable[[Record], Finding | None]
AnswerReader = Callable[[Record], Answer | None]

_GARBLED_READS = 5
_LONGEST_VALUE = 500
_ADDRESS = re.compile(r"[^@\s<>(),;:\"\\]+@[^@\s<>(),;:\"\\]+\.[^@\s<>(),;:\"\\.]{2,}")
_HOST = re.compile(r"[^\s@/?#:.]+(?:\.[^\s@/?#:.]+)+")
_PROFILE = re.compile(r"(?:https?://)?(?:[\w-]+\.)?linkedin\.com/in/([\w%.~'-]+)(?:[/?#].*)?|(?:/?in/)?([\w%.~'-]+)/?")


class Garbled(OutcomeUnknown):
    """The answer is there but is not what the vendor documents."""


# --- structure


def document(response: Response) -> Record:
    """The JSON object in the body."""
    body = _parse(response.body)
    if not isinstance(body, Mapping):
        raise Garbled(f"The answer (status {response.status}, {len(response.body)} bytes) is not a JSON object.")
    return body


def complaint(response: Response) -> Record:
    """The JSON object in an error body, or an empty one: the status alone must do then."""
    body = _parse(response.body)
    return body if isinstance(body, Mapping) else {}


def _parse(body: bytes) -> Json:
    try:
        parsed: Json = json.loads(body, parse_constant=_not_json)
    except (ValueError, RecursionError):
        return None
    return parsed


def _not_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def line(response: Response) -> str:
    """The one line of printable text that the whole body is."""
    try:
        said = response.body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        said = ""
    if not said or len(said) > _LONGEST_VALUE or not said.isprintable():
        raise Garbled(f"The answer (status {response.status}, {len(response.body)} bytes) is not one line of text.")
    return said


def table(response: Response) -> list[dict[str, str]]:
    """The rows of a CSV body under its header, in small letters with "_" for spaces; ragged rows are left out."""
    try:
        text_ = response.body.decode("utf-8-sig")
        lines = [
            row for row in csv.reader(StringIO(text_, newline=""), delimiter=_delimiter(text_), strict=True) if row
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Garbled(f"The answer ({len(response.body)} bytes) is not a table.") from error
    header = [re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_") for name in lines[0]] if lines else []
    if len(header) < 2 or len(set(header)) != len(header):
        raise Garbled(f"The answer ({len(response.body)} bytes) is not a table.")
    return [dict(zip(header, row, strict=True)) for row in lines[1:] if len(row) == len(header)]


def _delimiter(written: str) -> str:
    head = written.partition("\n")[0]
    return max(",;\t", key=head.count)


def record(value: Json, what: str) -> Record:
    """An object; absent and null are the empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Garbled(f"{what} is not an object.")
    return value


def rows(value: Json, what: str) -> Sequence[Json]:
    """A list; absent and null are the empty one."""
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Garbled(f"{what} is not a list.")
    return value


def number(value: Json) -> float | None:
    """A finite number; text, truth values and nothing are None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def truth(value: Json) -> bool | None:
    """A truth value, which some vendors write as text; None for anything else."""
    said = value.strip().lower() if isinstance(value, str) else value
    return said in (True, "true") if said in (True, False, "true", "false") else None


def whole(value: Json) -> int:
    """A counter of ours or the vendor's; anything else counts as nothing."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def identifier(value: Json, what: str) -> str:
    """An identifier that will be sent back and may stand in an address: short, no spaces, no slashes."""
    if isinstance(value, str) and re.fullmatch(r"[\w.~=+-]{1,200}", value, re.ASCII):
        return value
    raise Garbled(f"{what} is missing or not an identifier.")


def keepable(value: Json, what: str) -> Json:
    """What has to be sent back later just as it came, if a database can hold it."""
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        written.encode()
    except ValueError as error:
        raise Garbled(f"{what} can not be kept.") from error
    if "\\u0000" in written:
        raise Garbled(f"{what} can not be kept.")
    return value


# --- values


def text(value: Json) -> str | None:
    """One line of printable text, or None."""
    if not isinstance(value, str):
        return None
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
    return line[:_LONGEST_VALUE] or None


def email(value: Json) -> str | None:
    """A lower-case address, or None where there is none or it is not one; wrongly typed is no answer at all."""
    if value is not None and not isinstance(value, str):
        raise Garbled("What stands for the e-mail address is not text.")
    address = (text(value) or "").lower()
    return address if len(address) <= 254 and _ADDRESS.fullmatch(address) else None


def phone(value: Json, region: Json = None) -> str | None:
    """E.164 where the numbering plan of the number's country has such a length."""
    home = region.upper() if isinstance(region, str) and len(region) == 2 else None
    try:
        parsed = phonenumbers.parse(text(value) or "", home)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if possible else None


def linkedin(value: Json) -> str | None:
    """The slug of a personal profile, from the slug itself or any address of it."""
    found = _PROFILE.fullmatch((text(value) or "").lower())
    return found.group(1) or found.group(2) if found else None


def domain(value: Json) -> str | None:
    """A host name without scheme, path and ``www.``."""
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", (text(value) or "").lower()).partition("/")[0]
    return host if _HOST.fullmatch(host) else None


def plain(field: Field, key: str, clean: Callable[[Json], str | None] = text) -> FieldReader:
    """The reader of a field that stands under one key."""

    def read(source: Record) -> Finding | None:
        value = clean(source.get(key))
        return None if value is None else Finding(field, value)

    return read


def findings(readers: Mapping[Field, FieldReader], source: Record, want: frozenset[Field]) -> tuple[Finding, ...]:
    """What the record holds of the wanted fields, and of nothing else."""
    read = (reader(source) for field, reader in readers.items() if field in want)
    return tuple(finding for finding in read if finding is not None)


# --- answers


def answer(found: tuple[Finding, ...], units: int, reason: str = "none of the wanted fields") -> Answer:
    """A hit if anything wanted came, else a miss, which may have cost something all the same."""
    return Answer(Outcome.HIT, found, units) if found else Answer(Outcome.MISS, units=units, reason=reason)


def missing_address(value: Json) -> str:
    """Why an e-mail that was looked for is not among the findings."""
    return "what came back as an e-mail address is not one" if text(value) else "no e-mail address"


def slot(read: AnswerReader, item: Json) -> Answer | None:
    """Read one record of a batch; one that can not be understood is unknown and does not spoil its neighbours."""
    try:
        return read(record(item, "A record"))
    except Garbled as error:
        return Answer(Outcome.UNKNOWN, reason=str(error))


def placed(references: Sequence[str], echoed: Iterable[Json], start: int, ordered: bool) -> list[int | None]:
    """The position of each returned record: by our echoed reference, else by order where that can be trusted."""
    known = {reference: position for position, reference in enumerate(references)}
    return [
        known.get(echo) if isinstance(echo, str) else position if ordered and position < len(references) else None
        for position, echo in zip(count(start), echoed, strict=False)
    ]


# --- requests


def require(operation: Operation, queries: Sequence[Query]) -> None:
    """Refuse to build a request that the vendor would have to refuse, or that would buy what nobody wants."""
    if not 1 <= len(queries) <= operation.batch:
        raise BadRequest(f"{operation.name} takes 1 to {operation.batch} records at once, not {len(queries)}.")
    if not all(operation.accepts(query) for query in queries):
        raise BadRequest(f"{operation.name} lacks inputs for at least one of {len(queries)} records.")
    if not all(operation.finds & query.want for query in queries):
        raise BadRequest(f"{operation.name} finds nothing that is wanted for at least one of {len(queries)} records.")


def url(account: Account, path: str) -> str:
    return account.base_url.rstrip("/") + path


# --- failures and waiting


def retry_after(response: Response) -> float | None:
    """Seconds of advice; a date is not advice to somebody who has no clock."""
    given = response.headers.get("retry-after", "").strip()
    return float(given) if re.fullmatch(r"\d{1,6}", given, re.ASCII) else None


def failure(response: Response, vendor: str, *words: Json) -> ProviderError:
    """What a status means where the vendor documents nothing else; ``words`` are the vendor's own."""
    status = response.status
    said = f"{vendor} answered {status}{quoted(*words)}"
    if status in (401, 402, 403):
        # the words are left out: this is where a vendor may repeat the key
        return StopVendor(f"{vendor} answered {status}: check the key, its rights and the credits of the account.")
    if status in (408, 425, 429, 503):
        return TryLater(f"{said}: try later.", after=retry_after(response), throttled=status == 429)
    if 300 <= status < 500:
        return BadRequest(f"{said}: the request itself is refused.")
    return OutcomeUnknown(f"{said}: it may have been carried out and charged.")


def fetch_failure(response: Response, vendor: str, *words: Json) -> ProviderError:
    """The same where only the result of submitted work is fetched: asking again is free, the work is done or lost."""
    error = failure(response, vendor, *words)
    if isinstance(error, StopVendor):
        return StopVendor(str(error), charged=True)
    if response.status >= 500:
        return TryLater(f"{vendor} answered {response.status} while the result was fetched.")
    return OutcomeUnknown(f"{error} What was submitted can not be fetched.") if isinstance(error, BadRequest) else error


def again(ticket: Ticket, after: float, patience: float, vendor: str, **state: Json) -> Ticket:
    """The next look at submitted work, unless it is as old as ``patience`` (seconds) by the waits advised so far."""
    waited = whole(ticket.state.get("waited")) + math.ceil(after)
    if waited > patience:
        raise GivenUp(f"{vendor} gave no result in {waited // 60} minutes; it may have been charged.")
    return Ticket({**ticket.state, "garbled": 0, **state, "waited": waited}, after)


def read_again(ticket: Ticket, error: Garbled) -> Reply:
    """A garbled result is read again a few times, which is free, before what was paid for is given up."""
    if worn_out(ticket):
        raise error
    times = whole(ticket.state.get("garbled")) + 1
    return Reply(ticket=Ticket({**ticket.state, "garbled": times}, max(ticket.after, 5.0)))


def worn_out(ticket: Ticket) -> bool:
    """Whether the result was garbled as often in a row as is worth reading it."""
    return whole(ticket.state.get("garbled")) >= _GARBLED_READS
