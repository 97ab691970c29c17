"""Lists of objects, whole or line by line."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.intake import Accepted, Reject

Desk = Any


def test_a_list_of_objects_with_nested_values(desk: Desk) -> None:
    items = [
        {"name": {"first": "Zoë", "last": "Müller"}, "emails": ["a@b.com", "c@d.com"], "age": 36, "active": True},
        {"name": {"first": "Bob"}, "tags": [{"a": 1}], "email": None, "emails": [], "phone": 12025550143},
        "not a person",
        {"email": "x@y.com"},
    ]
    path = desk.write("people.json", json.dumps(items, indent=2))
    source, _, outcomes = desk.load(path, "name.first=first_name", "name.last=last_name")
    assert source.format == "json"
    assert source.headers == ("name.first", "name.last", "emails", "age", "active", "tags", "email", "phone")
    zoe, bob, text, last = outcomes
    assert zoe.row.cells == ("Zoë", "Müller", "a@b.com; c@d.com", "36", "true", "", "", "")
    assert zoe.contact.emails == ("a@b.com", "c@d.com")
    assert bob.row.cells[5] == '[{"a": 1}]'
    assert bob.contact.phones == ("+12025550143",)
    assert isinstance(text, Reject)
    assert (text.line, text.cells) == (3, ('"not a person"',))
    assert isinstance(last, Accepted)
    assert last.line == 4


def test_one_object_a_line(desk: Desk) -> None:
    path = desk.write(
        "people.jsonl", '{"name": "Ada"}\n\n{"name": "Bob", "email": "b@c.com"}\n{"name": \n{"name": "Cleo"}'
    )
    source, _, outcomes = desk.load(path)
    assert source.format == "jsonl"
    assert [outcome.line for outcome in outcomes] == [1, 3, 4, 5]
    assert isinstance(outcomes[2], Reject)
    assert outcomes[2].cells == ('{"name": ',)
    assert source.rows_expected == 4


def test_a_key_may_come_late(desk: Desk) -> None:
    items = [{"name": f"Ada {chr(97 + n % 26)}"} for n in range(2000)] + [{"name": "Bob", "email": "b@c.com"}]
    source, _, outcomes = desk.load(desk.write("late.json", json.dumps(items)))
    assert source.headers == ("name", "email")
    assert outcomes[0].row.cells == ("Ada a", "")
    assert outcomes[-1].contact.emails == ("b@c.com",)


def test_data_as_keys_is_no_list(desk: Desk) -> None:
    items = [{f"id {n}": "Ada"} for n in range(5001)]
    assert "more than 5,000 different keys" in desk.refused(desk.write("keys.json", json.dumps(items)))


def test_a_large_value_and_many_small_ones(desk: Desk) -> None:
    items = [{"name": "Ada", "note": "n\\" * (1 << 19)}, *({"name": f"B {n}", "n": n} for n in range(5000))]
    _, _, outcomes = desk.load(desk.write("large.json", json.dumps(items)))
    assert len(outcomes) == 5001
    assert outcomes[0].row.cells[1] == "n\\" * (1 << 19)
    assert outcomes[-1].row.cells == ("B 4999", "", "4999")


@pytest.mark.parametrize("name", ["list.json", "lines.jsonl"])
def test_what_no_text_can_hold_is_left_out_of_names_and_cells(desk: Desk, name: str) -> None:
    """NUL and half surrogate pairs: JSON can spell them, PostgreSQL and every output format can not."""
    items = [{"full name": "Ada\0 Love\ud800lace", "not\0e": "\0\udfff", "note": "one", "n\ud800": ""}]
    text = json.dumps(items) if name.endswith(".json") else "\n".join(map(json.dumps, [*items, "\0\ud800"]))
    source, _, outcomes = desk.load(desk.write(name, text))
    assert source.headers == ("full name", "note", "note (2)", "n\ufffd")
    assert outcomes[0].row.cells == ("Ada Love\ufffdlace", "\ufffd", "one", "")
    assert source.first_rows[0].cells == outcomes[0].row.cells


@pytest.mark.parametrize("name", ["list.json", "lines.jsonl"])
def test_an_object_with_nothing_in_it_is_a_blank_line(desk: Desk, name: str) -> None:
    items: list[dict[str, object]] = [{"name": "Ada Lovelace"}, {}, {"name": None}, {"name": " \0"}, {"name": "Bob B"}]
    text = json.dumps(items) if name.endswith(".json") else "\n".join(map(json.dumps, items))
    source, _, outcomes = desk.load(desk.write(name, text))
    assert (source.rows_expected, source.blank_lines) == (2, 3)
    assert [outcome.line for outcome in outcomes] == [1, 5]


def test_a_number_of_thousands_of_digits(desk: Desk) -> None:
    number = "9" * 5000
    refused = desk.refused(desk.write("list.json", '[{"name": "Ada", "n": ' + number + "}]"))
    assert "item 1 holds a number with too many digits" in refused
    path = desk.write("lines.jsonl", '{"name": "Ada Lovelace"}\n{"name": "Bob", "n": ' + number + "}\n")
    _, _, outcomes = desk.load(path)
    assert [type(outcome) for outcome in outcomes] == [Accepted, Reject]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(st.dictionaries(st.text(max_size=4), _VALUES, max_size=4), max_size=8), lines=st.booleans())
def test_no_object_is_lost(wide_desk: Desk, items: list[dict[str, object]], lines: bool) -> None:
    rows = [{"email": f"a{n}@b.com", "full name": "Ada"} | item for n, item in enumerate([{}, *items])]
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=1)
    _, _, outcomes = wide_desk.load(wide_desk.write("items.json", text), "email=email")
    assert len(outcomes) == len(rows)
