"""Named SQL: every statement stands in a ``queries.sql`` beside its user, under a name and a sentence.

    -- name: claim_items
    -- Take up to n ready items of the workspace whose turn it is.
    select ...

``Queries(__package__)`` reads that file once; ``queries["claim_items"]`` is the statement, for psycopg's ``%(name)s``.
"""

import re
from importlib import resources
from typing import LiteralString, cast

_HEAD = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


class Queries:
    """The statements of one package, by name; an unknown name is a programming error and raises KeyError."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._statements: dict[str, LiteralString] = {}

    def __getitem__(self, name: str) -> LiteralString:
        if not self._statements:
            self._statements = _parse(resources.files(self._package).joinpath("queries.sql").read_text("utf-8"))
        return self._statements[name]


def _parse(text: str) -> dict[str, LiteralString]:
    parts = _HEAD.split(text)[1:]
    statements = {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}
    # the files ship with the package and hold no user's text: as literal as the code itself
    return cast("dict[str, LiteralString]", statements)
