"""The public name of a LinkedIn profile."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from headwater.normalize.text import CACHE, tidy

_PROFILE = re.compile(r"(?:^|[/.@\s]|//)(?:[a-z]{2,3}\.)?linkedin\.[a-z.]{2,6}/in/([^/?#\s,;|<>\"]+)", re.IGNORECASE)
_SHORT = re.compile(r"^/?in/([^/?#\s,;|<>\"]+)/?$", re.IGNORECASE)
# Member numbers that exports write where the name should be (ACwAAA...): they mean nothing outside that export.
_MEMBER = re.compile(r"^A[A-Za-z]{2}AA[A-Za-z0-9_-]{20,}$")


@lru_cache(CACHE)
def linkedin_slug(text: str) -> str | None:
    """The slug of a ``/in/`` profile, decoded and lower case; company, sales and search pages are not people."""
    text = tidy(text)
    found = _PROFILE.search(text) or _SHORT.match(text)
    if found is None or _MEMBER.match(found[1]):
        return None
    slug = unicodedata.normalize("NFC", unquote(found[1])).strip(" .").lower()
    return slug if slug and "/" not in slug and "\ufffd" not in slug else None
