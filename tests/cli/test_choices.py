"""Options of a command line as jobs understand them."""

from typing import Any

import pytest

from headwater.cli import choices
from headwater.jobs.options import Options
from headwater.records import Field

_NOTHING: dict[str, Any] = {
    "want": "email", "min_confidence": "0.9", "max_price": None, "budget": None, "order": None, "exclude": None,
    "columns": None, "mapping": (), "format": None, "sandbox": False,
}  # fmt: skip


def chosen(**given: Any) -> Options:
    return choices.options(**(_NOTHING | given))


def test_nothing_said_is_the_default() -> None:
    assert chosen() == Options()


@pytest.mark.parametrize(
    ("given", "name", "expected"),
    [
        ({"want": "phone, email,phone"}, "want", (Field.PHONE, Field.EMAIL)),
        ({"min_confidence": "1"}, "min_confidence", 1.0),
        ({"max_price": "0.005"}, "max_price", 5_000),
        ({"budget": "12"}, "budget", 12_000_000),
        ({"order": "Hunter, APOLLO,hunter"}, "order", ("hunter", "apollo")),
        ({"exclude": "pattern,icypeas"}, "exclude", ("pattern", "icypeas")),
        ({"columns": "Name, hw_email"}, "columns", ("Name", "hw_email")),
        ({"mapping": ["Work Mail=email", "Notes="]}, "mapping", {"Work Mail": "email", "Notes": None}),
        ({"sandbox": True}, "realm", "sandbox"),
    ],
)
def test_what_is_said_is_understood(given: dict[str, Any], name: str, expected: object) -> None:
    assert getattr(chosen(**given), name) == expected


def test_a_stored_job_has_the_same_options() -> None:
    options = chosen(want="phone,email", budget="1.5", order="apollo", mapping=["A=email"], columns="A", sandbox=True)
    assert Options.restored(options.stored()) == options
