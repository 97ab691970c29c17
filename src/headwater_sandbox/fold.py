"""Reading what people type: names and companies folded to the keys under which the world knows them."""

import re
import unicodedata
from functools import lru_cache

from headwater_sandbox.names import LEGAL_WORDS, NICKNAMES, SALUTATIONS, SUFFIXES

_SPECIAL = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d", "ð": "d", "þ": "th"}
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.I)
_DOMAIN = re.compile(r"^(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$")


def ascii_text(text: str) -> str:
    """The text without accents; letters that do not decompose are spelt out."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPECIAL))
    return plain.encode("ascii", "ignore").decode()


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower-case letters and digits only: `Müller-Lüdenscheidt` and `MULLER LUDENSCHEIDT` fold alike."""
    return re.sub(r"[^a-z0-9]+", "", ascii_text(text).lower())


@lru_cache(maxsize=65536)
def bare_given(first: str) -> str:
    """A given name without salutation and initials."""
    words = [word for word in re.split(r"[\s.]+", first) if word]
    return " ".join([word for word in words if fold(word) not in SALUTATIONS and len(fold(word)) > 1] or words)


@lru_cache(maxsize=65536)
def bare_family(last: str) -> str:
    """A family name without degrees and generation marks."""
    words = [word for word in re.split(r"[\s,]+", last) if word]
    return " ".join([word for word in words if fold(word) not in SUFFIXES] or words)


@lru_cache(maxsize=65536)
def given(first: str) -> str:
    """The key of a given name: bare, and a nickname replaced by the formal name."""
    key = fold(bare_given(first))
    return NICKNAMES.get(key, key)


def family(last: str) -> str:
    """The key of a family name: bare, particles joined."""
    return fold(bare_family(last))


def split_full(full: str) -> tuple[str, str]:
    """First and last name of a full name; understands `Last, First` and a leading salutation."""
    head, comma, tail = full.partition(",")
    if comma and fold(tail) not in SUFFIXES and fold(tail):
        return tail.strip(), head.strip()
    words = [word for word in head.split() if fold(word) not in SALUTATIONS]
    return (words[0], " ".join(words[1:])) if words else ("", "")


@lru_cache(maxsize=65536)
def nice(name: str) -> str:
    """A name as a vendor re-capitalises it."""
    if name != name.lower() and name != name.upper():
        return name.strip()
    return re.sub(r"(^|[\s'-])(\w)", lambda found: found.group(1) + found.group(2).upper(), name.strip().lower())


def company_words(name: str) -> list[str]:
    """The words of a company's name without its legal form."""
    text = re.sub(r"[.'’]", "", ascii_text(name).lower())
    words = re.findall(r"[a-z0-9]+", text)
    return [word for word in words if word not in LEGAL_WORDS] or words


@lru_cache(maxsize=65536)
def clean_domain(text: str) -> str | None:
    """The bare domain of a web address or domain; None when it is neither."""
    host = _SCHEME.sub("", text.strip().lower()).split("/")[0].split("?")[0].split(":")[0].strip(". ")
    host = host.rpartition("@")[2].removeprefix("www.")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return None
    return host if _DOMAIN.match(host) else None


def split_email(text: str) -> tuple[str, str] | None:
    """Local part and domain in lower case; None when it does not look like an address."""
    local, at, host = text.strip().lower().rpartition("@")
    if not at or not local or "@" in local or " " in local or local[0] == "." or ".." in local or local[-1] == ".":
        return None
    domain = clean_domain(host)
    return (local, domain) if domain == host else None
