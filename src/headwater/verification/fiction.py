"""Numbers that regulators keep free for films, books and examples: well formed, and never anybody's.

Sources: NANPA, 555 line numbers 0100-0199 (toll-free codes: 555-0199 only); Ofcom, "Telephone numbers for use in TV and
radio drama programmes"; ACMA, "Fictitious numbers for use in radio, books, film and TV"; Arcep, plan de numérotation
(décision 2018-0881), numbers for audiovisual works; Bundesnetzagentur, Mitteilung 148/2021 "Drama Numbers"; PTS,
"Telefonnummer för användning i böcker och filmer"; ComReg, Numbering Conventions, 020 91x.
"""

import re

# By calling code: who keeps the numbers, and their national digits.
_RANGES = {
    1: (
        "NANPA",
        r"""
        (?!8(?:00|22|33|44|55|66|77|88))[2-9]\d\d55501\d\d
        8(?:00|22|33|44|55|66|77|88)5550199
        """,
    ),
    33: ("Arcep", r"(?:19900|26191|35301|46571|53649|63998)\d{4}"),
    44: (
        "Ofcom",
        r"""
        1(?:1[3-8]|[2-6]1)4960\d{3}
        1914980\d{3}
        1632960\d{3}
        2079460\d{3}
        2896496\d{3}
        2920180\d{3}
        3069990\d{3}
        7700900\d{3}
        8081570\d{3}
        9098790\d{3}
        """,
    ),
    46: (
        "PTS",
        r"""
        3139006\d\d
        4062804\d\d
        8465004\d\d
        9803192\d\d
        7017406(?:0[5-9]|[1-9]\d)
        """,
    ),
    49: (
        "Bundesnetzagentur",
        r"""
        (?:3023125|4066969|6990009|8999998|2214710)\d{3}
        152(?:28817386|28895456|54599371)
        17139200\d\d
        172(?:9925904|9968532|9973185|9973186|9980752)
        174(?:9091317|9464308)
        176040690\d\d
        """,
    ),
    61: (
        "ACMA",
        r"""
        [2378](?:5550|7010)\d{4}
        491570(?:006|110|15[6-9]|313)
        4915(?:71266|72549|73770|74118|75254|76398|77426|78957|79212)
        1800(?:160401|975707)
        1300975707
        1900654321
        """,
    ),
    353: ("ComReg", r"2091\d{5}"),
}
_PATTERNS = {code: (holder, re.compile("|".join(text.split()))) for code, (holder, text) in _RANGES.items()}


def reserved_by(calling_code: int, national: str) -> str | None:
    """Who keeps this national number free for fiction, or None."""
    holder, pattern = _PATTERNS.get(calling_code, (None, None))
    return holder if pattern and pattern.fullmatch(national) else None
