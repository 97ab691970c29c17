"""Host names of employers: from a web address, an e-mail address or typed bare."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

import idna
from publicsuffixlist import PublicSuffixList

from headwater.normalize.free_mail import is_free_mail
from headwater.normalize.text import CACHE, compatible, word_set

# Top-level domains nobody can register (RFC 2606, RFC 6761): harmless in rehearsals, absent from the suffix list.
_REHEARSAL = (".test", ".example")
_SOCIAL = word_set(
    """
    linkedin.com facebook.com fb.com fb.me twitter.com x.com instagram.com youtube.com youtu.be tiktok.com xing.com
    github.com medium.com linktr.ee t.me wa.me calendly.com crunchbase.com angel.co about.me bit.ly lnkd.in google.com
    apple.com pinterest.com threads.net vk.com ballotpedia.org wikipedia.org
    """
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/{1,3}", re.IGNORECASE)
_WWW = re.compile(r"^(?:www\d{0,2}\.)+(?=[^.]+\.[^.]+)")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_TRIM = " \t\r\n.,;:<>()[]{}\"'"


@lru_cache(2)
def _suffixes(only_icann: bool = False) -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=only_icann)


@lru_cache(CACHE)
def domain(text: str) -> str | None:
    """The host of a web address, e-mail address or bare domain: lower-case ASCII, without ``www``, known suffix.

    Sub-domains stay (``cantwell.senate.gov``); ask ``registrable`` for the name that was bought.
    """
    host = ascii_host(_host_of(compatible(text).strip(_TRIM)))
    if host is None:
        return None
    host = _WWW.sub("", host)
    return host if registrable(host) is not None else None


@lru_cache(CACHE)
def registrable(host: str) -> str | None:
    """The part of a host that somebody registered (``senate.gov``, ``acme.co.uk``), shop and page hosts included."""
    if host.endswith(_REHEARSAL):
        return ".".join(host.split(".")[-2:])
    # A host that is itself a "private" suffix (github.io, myshopify.com) was bought by somebody too.
    found: str | None = _suffixes().privatesuffix(host) or _suffixes(only_icann=True).privatesuffix(host)
    return found


@lru_cache(CACHE)
def employer_domain(text: str) -> str | None:
    """``domain`` where it can be an employer's: not a free mail provider's, not a page at a social network."""
    host = domain(text)
    if host is None or is_free_mail(host) or (registrable(host) in _SOCIAL and _has_path(text)):
        return None
    return host


@lru_cache(CACHE)
def looks_like_web_address(text: str) -> bool:
    """Say whether a text is an address of the web (scheme, ``www.``, or a host with a path), not of a mailbox."""
    text = text.strip(_TRIM)
    if _SCHEME.match(text) or text.lower().startswith("www."):
        return True
    return "@" not in text and " " not in text and domain(text) is not None


def ascii_host(host: str | None) -> str | None:
    """A host in lower-case ASCII (IDNA 2008 with UTS 46), or None where it is not a dotted name."""
    host = (host or "").strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError):
            return None
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        return None
    return host


def _host_of(text: str) -> str | None:
    """The host inside a text, by its shape: mailto, address, URL with or without scheme."""
    if text.lower().startswith("mailto:"):
        text = text[7:]
    if "@" in text and "/" not in text:
        return text.rpartition("@")[2].partition("?")[0].strip(_TRIM)
    found = _SCHEME.match(text)
    rest = text[found.end() :] if found else text.lstrip("/")
    try:
        return urlsplit("//" + rest).hostname
    except ValueError:
        return None


def _has_path(text: str) -> bool:
    rest = _SCHEME.sub("", text.strip(_TRIM), count=1)
    return bool(rest.partition("/")[2].strip("/ "))
