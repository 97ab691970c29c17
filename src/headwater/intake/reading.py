"""Rows into contacts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from headwater.intake.errors import UnreadableFile
from headwater.intake.model import Accepted, ColumnMap, Note, Raw, Reject, Source, SourceRow
from headwater.intake.tables import is_blank
from headwater.normalize import (
    company,
    company_key,
    country,
    country_of_state,
    email,
    emails,
    employer_domain,
    is_empty,
    linkedin_slug,
    person_name,
    phones,
    title,
)
from headwater.records import Column, Contact

LONGEST_VALUE = 2000
"""No name, address or title is longer; what is stays in the raw cells."""

_NAMES = (
    Column.FIRST_NAME,
    Column.MIDDLE_NAME,
    Column.LAST_NAME,
    Column.SUFFIX,
    Column.NICKNAME,
    Column.FULL_NAME,
)


def read(source: Source, columns: ColumnMap) -> Iterator[Accepted | Reject]:
    """Every row of the file exactly once, in order, as a contact or as a reject that says why."""
    reader = _Reader(source.headers, columns)
    handed = 0
    for raw in source.records():
        if not is_blank(raw):
            handed += 1
            yield reader.row(raw)
    if handed != source.rows_expected:
        raise UnreadableFile(
            f"{source.path}: the file changed while it was read ({source.rows_expected:,} rows at first, "
            f"{handed:,} now); start again."
        )


@dataclass(slots=True)
class _Cells:
    """The cells of one row by meaning, and what was noticed about them."""

    headers: tuple[str, ...]
    columns: ColumnMap
    values: tuple[str, ...]
    notes: list[Note] = field(default_factory=list)

    def of(self, column: Column) -> list[tuple[str, str]]:
        """Header and text of every cell of a meaning that holds something, best first."""
        indexes = self.columns.indexes.get(column, ())
        return [
            (self.headers[index], self.values[index])
            for index in indexes
            if 0 < len(self.values[index]) <= LONGEST_VALUE
        ]

    def first(self, column: Column, understand: Callable[[str], str | None]) -> str | None:
        """The first cell of a meaning that can be understood."""
        for index in self.columns.indexes.get(column, ()):
            text = self.values[index]
            if text and len(text) <= LONGEST_VALUE and (found := understand(text)) is not None:
                return found
        return None

    def note(self, header: str, code: str, text: str) -> None:
        self.notes.append(Note(header, code, text))


class _Reader:
    def __init__(self, headers: tuple[str, ...], columns: ColumnMap) -> None:
        self._headers = headers
        self._columns = columns

    def row(self, raw: Raw) -> Accepted | Reject:
        width = len(self._headers)
        if raw.fault is not None:
            return Reject(raw.line, None, raw.fault, raw.cells)
        values = raw.cells
        if len(values) > width:
            if any(cell.strip() for cell in values[width:]):
                return Reject(raw.line, None, f"{len(values)} cells where the headers name {width}", values)
            values = values[:width]
        elif len(values) < width:
            values += ("",) * (width - len(values))
        return self._judge(SourceRow(raw.line, values), raw.flaws)

    def _judge(self, row: SourceRow, flaws: tuple[tuple[int, str], ...]) -> Accepted | Reject:
        known = row.cells
        if flaws:
            flawed = {index for index, _ in flaws}
            known = tuple("" if index in flawed else cell for index, cell in enumerate(known))
        cells = _Cells(self._headers, self._columns, known)
        for index, why in flaws:
            cells.note(self._headers[index], "no_value", why)
        self._note_bulk(cells)
        contact = _contact(cells)
        if contact.full_name or contact.emails or contact.linkedin:
            return Accepted(row, contact, tuple(cells.notes))
        return _nobody(row, cells.notes)

    def _note_bulk(self, cells: _Cells) -> None:
        if max(map(len, cells.values)) <= LONGEST_VALUE:
            return
        for index in sorted(index for indexes in self._columns.indexes.values() for index in indexes):
            if len(cells.values[index]) > LONGEST_VALUE:
                cells.note(
                    self._headers[index], "too_long", f"{len(cells.values[index]):,} characters are no single value"
                )


def _nobody(row: SourceRow, notes: list[Note]) -> Reject:
    reason = "nothing identifies a person"
    if not notes:
        return Reject(row.line, None, reason, row.cells)
    return Reject(row.line, notes[0].column, f"{reason} ({notes[0].text})", row.cells)


def _contact(cells: _Cells) -> Contact:
    name = person_name(*(cells.first(column, _filled) or "" for column in _NAMES))
    addresses, websites = _emails(cells)
    place = _country(cells)
    employer = cells.first(Column.COMPANY, company)
    return Contact(
        first_name=name.first,
        middle_name=name.middle,
        last_name=name.last,
        suffix=name.suffix,
        nickname=name.nickname,
        full_name=name.full,
        company=employer,
        company_key=company_key(employer) if employer else None,
        domain=_domain(cells, websites, addresses),
        title=cells.first(Column.TITLE, title),
        country=place,
        linkedin=_linkedin(cells, websites),
        emails=addresses,
        phones=_phones(cells, place),
    )


def _filled(text: str) -> str | None:
    return None if is_empty(text) else text


def _emails(cells: _Cells) -> tuple[tuple[str, ...], tuple[str, ...]]:
    addresses: dict[str, None] = {}
    websites: list[str] = []
    for header, text in cells.of(Column.EMAIL):
        cell = emails(text)
        addresses.update(dict.fromkeys(cell.addresses))
        websites.extend(cell.websites)
        for site in cell.websites:
            cells.note(header, "web_address", f"{site!r} is a web address, not an e-mail address")
        for rest in cell.rest:
            cells.note(header, "not_an_address", f"{rest[:80]!r} is not an e-mail address")
        if len(cell.addresses) > 1:
            cells.note(header, "several_addresses", f"{len(cell.addresses)} addresses in one cell")
    for column in _NAMES:
        for header, text in cells.of(column):
            if "@" in text and (found := email(text)) is not None:
                addresses.setdefault(found)
                cells.note(header, "address_as_name", f"{found!r} is an e-mail address, not a name")
    return tuple(addresses), tuple(websites)


def _country(cells: _Cells) -> str | None:
    for header, text in cells.of(Column.COUNTRY):
        found = country(text)
        if found is not None:
            return found
        if not is_empty(text):
            cells.note(header, "unknown_country", f"{text[:80]!r} is no country known by that name")
    for _, text in cells.of(Column.STATE):
        if not is_empty(text):
            return country_of_state(text) or cells.columns.state_country
    return None


def _phones(cells: _Cells, region: str | None) -> tuple[str, ...]:
    numbers: dict[str, None] = {}
    for header, text in cells.of(Column.PHONE):
        cell = phones(text, region)
        numbers.update(dict.fromkeys(cell.numbers))
        for rest in cell.rest:
            cells.note(header, "not_a_number", f"{rest[:80]!r} can not be read as a telephone number")
        for extension in cell.extensions:
            cells.note(header, "extension", f"extension {extension} is kept in the raw cell only")
        if len(cell.numbers) > 1:
            cells.note(header, "several_numbers", f"{len(cell.numbers)} numbers in one cell")
    return tuple(numbers)


def _domain(cells: _Cells, websites: tuple[str, ...], addresses: tuple[str, ...]) -> str | None:
    """The employer's: its own column, a web address among the e-mails, the e-mail's domain; never a free provider's."""
    found = cells.first(Column.DOMAIN, employer_domain)
    candidates = map(employer_domain, (*websites, *addresses))
    return found or next((domain for domain in candidates if domain is not None), None)


def _linkedin(cells: _Cells, websites: tuple[str, ...]) -> str | None:
    if (found := cells.first(Column.LINKEDIN, linkedin_slug)) is not None:
        return found
    for header, text in cells.of(Column.LINKEDIN):
        if not is_empty(text):
            cells.note(header, "not_a_profile", f"{text[:80]!r} is not the address of a person's profile (/in/...)")
    slugs: list[Callable[[], str | None]] = [partial(linkedin_slug, site) for site in websites]
    slugs.append(lambda: cells.first(Column.DOMAIN, linkedin_slug))
    return next((slug for find in slugs if (slug := find()) is not None), None)
