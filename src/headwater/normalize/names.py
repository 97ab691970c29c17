"""Names of people: taken apart, put together, cleaned of what is not a name."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from headwater.normalize.casing import is_initials, recase, squeeze
from headwater.normalize.name_tables import (
    CONJUNCTIONS,
    DEGREES,
    GENERATIONS,
    PARTICLES,
    SHORT_DEGREES,
    SHY_GENERATIONS,
    SHY_TITLES,
    SURE_DEGREES,
    TITLES,
)
from headwater.normalize.text import CACHE, compatible, is_empty

_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d'
_QUOTED = re.compile(
    rf"[{_QUOTES}]\s*([^{_QUOTES}]+?)\s*[{_QUOTES}]|(?<!\S)['\u2018]([^'\u2018\u2019]+)['\u2019](?=[\s,]|$)"
    r"|[(\[]\s*([^()\[\]]*?)\s*[)\]]"
)
# What stands in brackets behind a name without being one: pronouns, remarks with digits or slashes.
_NO_NICKNAME = re.compile(r"[/\d@:]|^(?:she|he|they|her|him|them|elle|lui|il|sie|er|ella|el)$", re.IGNORECASE)
_DOTTED = re.compile(r"\w\.\s?\w")
# Most cells of given names and surnames: nothing to take off.
_ONE_PLAIN_WORD = re.compile(r"[A-Z][a-z]{2,}")
_INITIAL = re.compile(r"[^\W\d_]\.?$")


class PersonName(NamedTuple):
    """The parts of a name; ``full`` is without title, degree and nickname."""

    first: str | None = None
    middle: str | None = None
    last: str | None = None
    suffix: str | None = None
    nickname: str | None = None
    full: str | None = None


class _Stripped(NamedTuple):
    words: tuple[str, ...]
    suffix: str | None
    nickname: str | None


@lru_cache(CACHE)
def split_name(text: str) -> PersonName:
    """Take a full name apart: ``Prof. Dr. Maria de la Cruz, PhD``, ``Gates, William "Bill" III``, ``MARÍA LÓPEZ``.

    A surname is the last word with the particles before it; which of four Spanish words are surnames is not guessed.
    One word alone is a ``full`` name without parts.
    """
    stripped = _strip(text, whole=True)
    words = stripped.words
    if not words:
        return PersonName()
    suffix, nickname = stripped.suffix, stripped.nickname
    if len(words) == 1:
        return PersonName(suffix=suffix, nickname=nickname, full=_join(*words, suffix))
    cut = _surname_start(words)
    first, middle, last = words[0], " ".join(words[1:cut]) or None, " ".join(words[cut:])
    return PersonName(first, middle, last, suffix, nickname, _join(*words, suffix))


@lru_cache(CACHE)
def name_part(text: str) -> str | None:
    """A cell of given names or of a surname: title, degree, generation and nickname off, case mended."""
    return " ".join(_strip(text, whole=False).words) or None


@lru_cache(CACHE)
def generation(text: str) -> str | None:
    """A suffix cell in one spelling (``jr`` is ``Jr.``); a degree is none, another word stays as typed."""
    if is_empty(text):
        return None
    word = squeeze(text)
    known = GENERATIONS.get(word)
    if known is not None or word in DEGREES or word in SHORT_DEGREES or word in TITLES:
        return known
    return compatible(text)


@lru_cache(CACHE)
def nickname(text: str) -> str | None:
    """A nickname cell without its quotes."""
    return None if is_empty(text) else recase(compatible(text).strip(_QUOTES + "'()[] \u2018\u2019")) or None


def person_name(
    first: str = "", middle: str = "", last: str = "", suffix: str = "", nick: str = "", full: str = ""
) -> PersonName:
    """Join the name cells of a row into one name; a part in its own cell counts more than the same part in ``full``."""
    first, last = ("", "") if "@" in first + last else (first, last)
    if first and first == last:
        # Some programs write the whole name into both cells.
        first, last, full = "", "", full or first
    if "," in first and not last:
        # "Martínez, Andrés" in the only cell that is filled is a whole name, surname first.
        first, full = "", full or first
    whole = split_name(full) if full and "@" not in full else PersonName()
    given, family = _strip(first, whole=False), _strip(last, whole=False)
    known_first, inner = _split_initials(given.words)
    name = PersonName(
        first=known_first or (whole.first if not whole.first or whole.first not in family.words else None),
        middle=name_part(middle) or inner,
        last=" ".join(family.words) or whole.last,
        suffix=generation(suffix) or family.suffix or given.suffix or whole.suffix,
        nickname=nickname(nick) or given.nickname or family.nickname or whole.nickname,
    )
    name = name._replace(middle=name.middle or _middle_of(name, whole))
    return name._replace(full=whole.full or _join(name.first, name.middle, name.last, name.suffix))


def _middle_of(name: PersonName, whole: PersonName) -> str | None:
    """What stands between given name and surname in the full name, where both are found at its ends."""
    if not (name.first and name.last and whole.full):
        return whole.middle if name.first == whole.first and name.last == whole.last else None
    body = whole.full.removesuffix(whole.suffix or "").rstrip()
    inside = body.startswith(name.first + " ") and body.endswith(" " + name.last)
    return body[len(name.first) : -len(name.last)].strip() or None if inside else None


@lru_cache(CACHE)
def _strip(text: str, *, whole: bool) -> _Stripped:
    """Words of a name without what is not name; ``whole`` says that a comma may swap surname and given names."""
    if is_empty(text):
        return _Stripped((), None, None)
    if _ONE_PLAIN_WORD.fullmatch(text) and text.lower() not in TITLES:
        return _Stripped((text,), None, None)
    text = compatible(_without_symbols(compatible(text)))
    found_nickname = next((nick for nick in _nicknames(text)), None)
    text = _QUOTED.sub(" ", text)
    # A lone dash or figure is no word, so a degree in front of it is at the end.
    groups = [[word for word in group.split() if any(map(str.isalpha, word))] for group in text.split(",")]
    suffix = _suffix_of_groups(groups)
    if whole and len(groups) > 1:
        surname, (given, given_suffix) = groups[0], _without_tail(groups[1], least=1)
        groups, suffix = [given, surname], suffix or given_suffix
    words = _without_titles([word for group in groups for word in group])
    words, tail_suffix = _without_tail(words, least=2 if whole else 1)
    if len(words) == 1 and squeeze(words[0]) in TITLES - SHY_TITLES:
        words = []
    plain = " ".join(words)
    cased = recase(plain)
    if compatible(cased) != cased:  # a capital can make a sound text look damaged ("Â¡")
        cased = plain
    return _Stripped(tuple(cased.split()), suffix or tail_suffix, found_nickname)


def _nicknames(text: str) -> list[str]:
    found = (next(filter(None, groups), "") for groups in _QUOTED.findall(text))
    return [recase(nick) for nick in found if nick and not _NO_NICKNAME.search(nick) and squeeze(nick) not in DEGREES]


def _suffix_of_groups(groups: list[list[str]]) -> str | None:
    """Take comma groups that are only generation or degrees off (``King, Jr., MBA``); empties the others' tail."""
    suffix = None
    for group in list(groups[1:]):
        known = GENERATIONS.get(squeeze("".join(group)))
        if known is not None or all(_is_degree(word, after_comma=True) for word in group) or _is_degree("".join(group)):
            suffix = suffix or known
            groups.remove(group)
    return suffix


def _without_titles(words: list[str]) -> list[str]:
    while len(words) > 1 and _is_title(words):
        words = words[1:]
    return words


def _is_title(words: list[str]) -> bool:
    word = squeeze(words[0])
    return word in TITLES and (word not in SHY_TITLES or words[0].endswith(".") or len(words) > 3)


def _without_tail(words: list[str], *, least: int) -> tuple[list[str], str | None]:
    """Take degrees and a generation off the end, leaving a word (two before one that is also a name)."""
    suffix = None
    shouting = " ".join(words).isupper()
    while len(words) > 1:
        word = squeeze(words[-1])
        shy = word in SHY_GENERATIONS and len(words) <= max(least, 2)
        if word in GENERATIONS and not shy:
            suffix = GENERATIONS[word]
        elif not _is_degree(words[-1], shouting=shouting):
            break
        words = words[:-1]
    return words, suffix


def _is_degree(word: str, *, after_comma: bool = False, shouting: bool = False) -> bool:
    squeezed = squeeze(word)
    # Where all is in capitals they say nothing, unless they stay when the case is mended ("BOB MD" is "Bob MD").
    telling = word.isupper() and (not shouting or is_initials(word))
    sure = after_comma or bool(_DOTTED.search(word)) or telling
    return squeezed in SURE_DEGREES or (sure and (squeezed in DEGREES or squeezed in SHORT_DEGREES))


def _surname_start(words: tuple[str, ...]) -> int:
    """Where the surname begins: at the first particle behind the given name, else at the last word."""
    for index in range(1, len(words) - 1):
        if words[index].lower() in PARTICLES:
            return index
        if words[index].lower() in CONJUNCTIONS and words[index].islower() and index > 1:
            return index - 1
    return len(words) - 1


def _split_initials(words: tuple[str, ...]) -> tuple[str | None, str | None]:
    """Given names and the initials behind them (``Christopher R.``); two initials together are one name (``J. R.``)."""
    cut = len(words)
    while cut > 1 and _INITIAL.fullmatch(words[cut - 1]):
        cut -= 1
    if cut == 1 and words and _INITIAL.fullmatch(words[0]):
        cut = len(words)
    return " ".join(words[:cut]) or None, " ".join(words[cut:]) or None


def _without_symbols(text: str) -> str:
    """Drop pictures and marks (``★``, ``✅``, ``®``) people put beside their names."""
    if text.isascii():
        return text
    return "".join(" " if unicodedata.category(char) in {"So", "Co", "Cs", "Cn"} else char for char in text)


def _join(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part) or None
