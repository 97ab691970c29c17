"""Which column means what: by its name, else by what stands in it, or as the user says."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from headwater.intake.errors import BadMapping, NoUsableColumn
from headwater.intake.model import ColumnGuess, ColumnMap, How, Source
from headwater.intake.synonyms import meaning_of, squeeze_header
from headwater.normalize import (
    country_of_state,
    domain,
    email,
    is_canadian_province_code,
    is_empty,
    is_us_state_code,
    linkedin_slug,
    looks_like_web_address,
)
from headwater.normalize.name_tables import TITLES
from headwater.records import Column

_IGNORE = frozenset({"", "-", "none", "ignore", "skip"})
_SAMPLE_LENGTH = 60
_PHONE = re.compile(r"\s*['+(]?[\d(][\d\s().+/-]{6,20}\d\s*(?:(?:ext|x)\.?\s*\d+)?\s*")
_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*")

Judge = Callable[[str], bool]


def _is_phone(text: str) -> bool:
    """Digits with the signs of a number; digits alone may be any number, and a date is none."""
    plain = text.strip().isdigit()
    return not plain and _PHONE.fullmatch(text) is not None and _DATE.fullmatch(text) is None


def _is_url(text: str) -> bool:
    return "@" not in text and looks_like_web_address(text) and domain(text) is not None


# Tried in this order on columns whose name says nothing: the surest sign first.
_BY_CONTENT: tuple[tuple[Column, Judge, float], ...] = (
    (Column.LINKEDIN, lambda text: linkedin_slug(text) is not None, 0.5),
    (Column.EMAIL, lambda text: email(text) is not None, 0.6),
    (Column.PHONE, _is_phone, 0.8),
    (Column.DOMAIN, _is_url, 0.8),
)
# A name that says whose value it is: not the person's.
_NOT_THE_PERSONS = re.compile(
    "owner|manager|assistant|created|updated|modified|rep$|agent|facebook|twitter|photo|image"
)


def parse_overrides(pairs: Iterable[str]) -> dict[str, Column | None]:
    """Read ``--map`` options (``Work Mail=email``, ``Notes=ignore``); BadMapping names the possible meanings."""
    overrides: dict[str, Column | None] = {}
    for pair in pairs:
        header, equals, meaning = pair.rpartition("=")
        word = meaning.strip().lower().replace(" ", "_").replace("-", "_") if meaning.strip() != "-" else "-"
        if not equals or not header.strip():
            raise BadMapping(f"--map {pair!r}: write a column of the file and its meaning, such as 'Work Mail=email'.")
        if word not in _IGNORE and word not in set(Column):
            raise BadMapping(
                f"--map {pair!r}: {meaning.strip()!r} is no meaning; use one of {', '.join(Column)} or ignore."
            )
        overrides[header.strip()] = None if word in _IGNORE else Column(word)
    return overrides


def guess_columns(source: Source, overrides: Mapping[str, Column | None] | None = None) -> ColumnMap:
    """Say what every column means; NoUsableColumn where none says who a person is.

    A name that is known decides, corrected where the content contradicts it (a "URL" full of profiles). A column with
    an unknown name is judged by its content, but only for a meaning that no name has claimed: an assistant's address
    must not become the person's.
    """
    chosen = _resolve(source, overrides or {})
    values = [_values(source, index) for index in range(len(source.headers))]
    ranks: dict[int, tuple[Column, int, How]] = {}
    for index, header in enumerate(source.headers):
        named = meaning_of(_without_copy(header))
        if index not in chosen and named is not None:
            corrected = _corrected(named[0], values[index], source.headers)
            if corrected is not None:
                ranks[index] = (corrected, named[1], "name" if corrected is named[0] else "content")
    ranks |= {index: (column, -1, "you") for index, column in chosen.items() if column is not None}
    _add_by_content(source, ranks, values, set(chosen))
    guesses = tuple(_guess(source, index, ranks, chosen, values[index]) for index in range(len(source.headers)))
    indexes = _ranked(ranks)
    _refuse_unusable(source, indexes)
    return ColumnMap(
        guesses, indexes, _state_country([value for i in indexes.get(Column.STATE, ()) for value in values[i]])
    )


def _resolve(source: Source, overrides: Mapping[str, Column | None]) -> dict[int, Column | None]:
    """The columns the user named, by index; exact spelling first, then without case, blanks and signs."""
    chosen: dict[int, Column | None] = {}
    for header, column in overrides.items():
        index = next((i for i, known in enumerate(source.headers) if known == header), None)
        if index is None:
            squeezed = "".join(header.casefold().split())
            alike = [i for i, known in enumerate(source.headers) if "".join(known.casefold().split()) == squeezed]
            index = alike[0] if alike else None
        if index is None:
            raise BadMapping(
                f"{source.path}: there is no column {header!r}; the columns are: {_listed(source.headers)}."
            )
        chosen[index] = column
    return chosen


def _corrected(column: Column, values: Sequence[str], headers: Sequence[str]) -> Column | None:
    """What a known name means given its values: a title may be "Ms", a URL may be a profile."""
    if column is Column.TITLE and values and all(squeeze_header(value) in TITLES for value in values):
        return None
    if column is Column.DOMAIN and _share(values, _BY_CONTENT[0][1]) >= 0.5:
        return Column.LINKEDIN
    if column is Column.FULL_NAME and values and _share(values, _BY_CONTENT[1][1]) >= 0.6:
        return Column.EMAIL
    return column


def _add_by_content(
    source: Source, ranks: dict[int, tuple[Column, int, How]], values: Sequence[Sequence[str]], taken: set[int]
) -> None:
    claimed = {column for column, _, _ in ranks.values()}
    for index, header in enumerate(source.headers):
        if index in ranks or index in taken or _NOT_THE_PERSONS.search(squeeze_header(header)):
            continue
        for column, judge, least in _BY_CONTENT:
            if column not in claimed and _share(values[index], judge) >= least:
                ranks[index] = (column, 1000, "content")
                break


def _guess(
    source: Source,
    index: int,
    ranks: Mapping[int, tuple[Column, int, How]],
    chosen: Mapping[int, Column | None],
    values: Sequence[str],
) -> ColumnGuess:
    column, _, how = ranks.get(index, (None, 0, None))
    sample = values[0][:_SAMPLE_LENGTH] if values else ""
    return ColumnGuess(source.headers[index], column, "you" if index in chosen else how, sample)


def _ranked(ranks: Mapping[int, tuple[Column, int, How]]) -> dict[Column, tuple[int, ...]]:
    indexes: dict[Column, list[tuple[int, int]]] = {}
    for index, (column, rank, _) in ranks.items():
        # Several addresses and numbers are kept in the order of the file; of other values the best name counts.
        many = column in (Column.EMAIL, Column.PHONE)
        indexes.setdefault(column, []).append((0 if many else rank, index))
    return {column: tuple(index for _, index in sorted(found)) for column, found in indexes.items()}


def _refuse_unusable(source: Source, indexes: Mapping[Column, tuple[int, ...]]) -> None:
    named = Column.FULL_NAME in indexes or (Column.FIRST_NAME in indexes and Column.LAST_NAME in indexes)
    if named or Column.EMAIL in indexes or Column.LINKEDIN in indexes:
        return
    raise NoUsableColumn(
        f"{source.path}: no usable column: a name (first and last, or full), an e-mail address or a LinkedIn profile "
        f"is needed to know a person by. The columns are: {_listed(source.headers)}. "
        f"Name one yourself, such as --map {source.headers[0][:60]!r}=full_name."
    )


def _values(source: Source, index: int) -> list[str]:
    return [
        raw.cells[index]
        for raw in source.first_rows
        if raw.fault is None and index < len(raw.cells) and not is_empty(raw.cells[index])
    ]


def _share(values: Sequence[str], judge: Judge) -> float:
    return sum(map(judge, values)) / len(values) if values else 0.0


def _state_country(values: Sequence[str]) -> str | None:
    """The country whose codes all states are: two letters alone would be ambiguous, a column of them is less so."""
    for code, is_code in (("US", is_us_state_code), ("CA", is_canadian_province_code)):
        if values and sum(is_code(value) or country_of_state(value) == code for value in values) >= 0.95 * len(values):
            return code
    return None


def _without_copy(header: str) -> str:
    return re.sub(r" \(\d+\)$", "", header)


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(repr(header[:60]) for header in headers[:30])
    return shown if len(headers) <= 30 else f"{shown} and {len(headers) - 30} more"
