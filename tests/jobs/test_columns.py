"""The output's columns: the file's own as they were, and ours beside them."""

from datetime import UTC, datetime

import pytest

from headwater.contacts import Judged, Knowledge, Known
from headwater.enrichment.planner import Rules
from headwater.jobs.columns import Cell, OutRow, added, cells, chosen
from headwater.jobs.options import Options
from headwater.kit.errors import BadInput
from headwater.records import Field, Status

AT = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS = ["Name", "Email"]
FOUND = Known(Field.EMAIL, "ada@acme.test", "hunter", 0.95, AT)
VALID = Judged(Field.EMAIL, "ada@acme.test", "hunter.verify", Status.VALID, "deliverable", 99, "mx", AT)


def row(*observed: Known, state: str = "accepted", **more: object) -> OutRow:
    lookup = more.pop("lookup", {"outcome": "found", "spent": 73_500})
    given = more.pop("cells", ["Ada", ""])
    notes = more.pop("notes", ())
    return OutRow(given, state, notes, 7, Knowledge(observed, (VALID,)), lookup)  # type: ignore[arg-type]


def written(of: OutRow, options: Options | None = None, headers: list[str] | None = None) -> dict[str, Cell]:
    options, headers = options or Options(), headers or HEADERS
    columns = chosen(headers, options)
    return dict(zip(columns, cells(of, headers, columns, options, Rules()), strict=True))


def test_the_files_columns_come_first_and_ours_after() -> None:
    assert chosen(HEADERS, Options()) == [
        "Name", "Email", "hw_email", "hw_email_confidence", "hw_email_status", "hw_email_source", "hw_email_unsure",
        "hw_row", "hw_outcome", "hw_cost_usd", "hw_contact_id", "hw_notes",
    ]  # fmt: skip


def test_every_wanted_field_has_its_columns() -> None:
    names = added(Options(want=(Field.PHONE, Field.TITLE)))
    assert [name for name in names if name in ("hw_phone", "hw_title", "hw_email")] == ["hw_phone", "hw_title"]


def test_a_row_in_full() -> None:
    found = written(row(FOUND, notes=[{"text": "one"}, {"text": "two"}]))
    assert found == {
        "Name": "Ada", "Email": "", "hw_email": "ada@acme.test", "hw_email_confidence": 0.995,
        "hw_email_status": "valid", "hw_email_source": "hunter", "hw_email_unsure": None, "hw_row": "accepted",
        "hw_outcome": "found", "hw_cost_usd": 0.0735, "hw_contact_id": 7, "hw_notes": "one; two",
    }  # fmt: skip


def test_a_row_of_which_nothing_became_known() -> None:
    found = written(row(lookup={}))
    assert {name for name, value in found.items() if value is not None} == {
        "Name", "Email", "hw_row", "hw_cost_usd", "hw_contact_id",
    }  # fmt: skip
    assert found["hw_cost_usd"] == 0


def test_an_unsure_address_stands_apart() -> None:
    found = written(row(Known(Field.EMAIL, "perhaps@acme.test", "apollo", 0.5, AT)))
    assert (found["hw_email"], found["hw_email_unsure"]) == (None, "perhaps@acme.test")


def test_a_person_is_paid_once_however_often_the_file_has_them() -> None:
    found = written(row(FOUND, state="duplicate"))
    assert (found["hw_email"], found["hw_row"], found["hw_cost_usd"]) == ("ada@acme.test", "duplicate", 0)


def test_made_up_values_say_so_in_the_row() -> None:
    found = written(row(FOUND), Options(realm="sandbox"))
    assert found["hw_email_source"] == "sandbox:hunter"
    own = written(row(Known(Field.EMAIL, "own@acme.test", "file", 0.95, AT)), Options(realm="sandbox"))
    assert own["hw_email_source"] == "file"


@pytest.mark.parametrize("given", [["Ada"], [], ["Ada", "", "more", "than", "headers"]])
def test_a_row_shorter_or_longer_than_the_headers_keeps_its_columns_in_place(given: list[str]) -> None:
    found = written(row(FOUND, cells=given))
    assert found["Name"] == (given[0] if given else None)
    assert found["hw_email"] == "ada@acme.test"


def test_columns_can_be_chosen_in_any_order() -> None:
    options = Options(columns=("hw_email", "Name"))
    assert cells(row(FOUND), HEADERS, chosen(HEADERS, options), options, Rules()) == ["ada@acme.test", "Ada"]


@pytest.mark.parametrize("name", ["Phone", "hw_phone", "name", ""])
def test_a_column_that_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadInput, match="--columns") as caught:
        chosen(HEADERS, Options(columns=("Name", name)))
    assert repr(name) in str(caught.value)
    assert "hw_email_status" in str(caught.value)


def test_a_file_that_was_enriched_before_shows_what_is_new() -> None:
    headers = ["Name", "hw_email", "hw_phone"]
    found = written(row(FOUND, cells=["Ada", "old@acme.test", "+12025550123"]), headers=headers)
    columns = chosen(headers, Options())
    assert len(set(columns)) == len(columns)
    assert found["hw_email"] == "ada@acme.test"
    assert found["hw_phone"] == "+12025550123"


def test_an_old_value_that_was_not_found_again_is_not_shown_as_new() -> None:
    found = written(row(cells=["Ada", "old@acme.test"]), headers=["Name", "hw_email"])
    assert found["hw_email"] is None
