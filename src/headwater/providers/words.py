"""A vendor's own words in our error sentences, without keys and without people.

Vendors repeat what they were sent, and an error sentence ends in logs and in places that others see. What is a name
can not be told from what is not; so only plain words that errors are written in are shown, the rest becomes "…".
"""

import re

_LONGEST = 160
_LONGEST_READ = 2000
_ELSEWHERE = "…"

_DOCUMENTED = """
a able aborted above accept access accessible account activate active address after again all allow allowed already
amount an and another any api are argument array at attempt authenticate authentication authorization authorized
available bad be because been before being big body both bulk but by call calls can cannot change check code columns
company complete conflict contact content could credentials credit credits data date day days deactivated debited
deleted denied deprecated details disabled document does domain domains due duplicate duration each either element
email emails empty endpoint enough enrich enriched enrichment enrichments entity entry error errors exceed exceeded
exceeds exist exists expected expired external extra failed failure feature field fields file files find first for
forbidden format found free from full funds gateway get given greater has have header host hour hours how http https
id ids in inaccessible inactive incorrect index input insufficient integer internal invalid is it item items json kb
key keys large last later least left length less limit limits linkedin list long longer lookup lower many match
matches maximum maxlength message method min minimum minlength minute minutes misconfigured missing month monthly
more most must name names no none not nothing null number numbers object occurred of on one only operation option or
organization other out over pagination paid param parameter parameters params parse path pattern payload payment
pending people per permission permitted person phone plan plans please position post process processed processing
profile property provide provided query queue quota rate reached read ready record records refused reject rejected
renew request requested requests require required reset resource response restricted result results retry returned
reveal row rows same score search searches second seconds see send server service several should single size slow
some something soon status still string submit submitted subscribe subscription success successful support supported
suspended take task temporarily temporary test than that the their there this throttled time timeout times to token
too top try type unable unauthorized unavailable unexpected unique unknown unpaid unprocessable unsupported until up
upgrade url usage use used user users using v1 valid validation value values verification verified verifier verify
version wait was webhook website were when which while with within without wrong yet you your
"""
_VOCABULARY = frozenset(_DOCUMENTED.split())

# a number is shown if it is short and stands alone, so that no part of a telephone number is
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().,/-]*\d){4,}")
_TOKEN = re.compile(r"\w+(?:[@.+'’-]+\w+)*")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NOT_TEXT = re.compile(rf"[^\w {_ELSEWHERE}.,:;/()'-]+")
_GAPS = re.compile(rf"{_ELSEWHERE}(?:[\s.,:;/()'-]*{_ELSEWHERE})*")


def told(*words: object) -> str:
    """One short line of what a vendor said; what is not text, or has no word that may be shown, is left out."""
    return ", ".join(line for line in map(_line, words) if line)[:_LONGEST].rstrip()


def quoted(*words: object) -> str:
    """The same in brackets for the end of a clause, or nothing."""
    line = told(*words)
    return f" ({line})" if line else ""


def _line(word: object) -> str:
    if not isinstance(word, str):
        return ""
    line = _LONG_NUMBER.sub(_ELSEWHERE, word[:_LONGEST_READ])
    line = _NOT_TEXT.sub(" ", _TOKEN.sub(_shown, line))
    line = " ".join(_GAPS.sub(_ELSEWHERE, line).split())
    return line if re.search(r"\w", line) else ""


def _shown(token: re.Match[str]) -> str:
    return token[0] if _known(token[0]) else _ELSEWHERE


def _known(token: str) -> bool:
    """Whether a word, or every part of a code such as LIMIT_EXCEEDED or SearchNotFound, is one of the documents'."""
    if not token.isascii():
        return False
    if token.isdigit():
        return len(token) <= 4
    return token.lower() in _VOCABULARY or all(piece.lower() in _VOCABULARY for piece in _PIECE.findall(token))
