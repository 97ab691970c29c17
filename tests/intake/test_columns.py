"""Columns understood by name, by content, and as the user says."""

from typing import Any

import pytest

from headwater.intake import guess_columns, open_source, parse_overrides
from headwater.intake.synonyms import meaning_of
from headwater.records import Column

Desk = Any


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("E-mail 1 - Value", Column.EMAIL),
        ("E-mail 2 Address", Column.EMAIL),
        ("email_address", Column.EMAIL),
        ("WorkEmail", Column.EMAIL),
        ("Business Phone", Column.PHONE),
        ("Phone 1 - Value", Column.PHONE),
        ("Organization 1 - Name", Column.COMPANY),
        ("Organization Title", Column.TITLE),
        ("Given Name", Column.FIRST_NAME),
        ("Additional Name", Column.MIDDLE_NAME),
        ("Business Country/Region", Column.COUNTRY),
        ("Mailing State/Province", Column.STATE),
        ("Account Name", Column.COMPANY),
        ("Company (current)", Column.COMPANY),
        ("Nachname", Column.LAST_NAME),
        ("Prénom", Column.FIRST_NAME),
        ("Person Linkedin Url", Column.LINKEDIN),
        ("  NAME* ", Column.FULL_NAME),
        ("phone_1_kind", None),
        ("Email Status", None),
        ("Company Phone", None),
        ("Contact Owner", None),
        ("42", None),
        ("", None),
    ],
)
def test_header_names(header: str, column: Column | None) -> None:
    found = meaning_of(header)
    assert (found[0] if found else None) is column


def test_content_decides_where_names_say_nothing(desk: Desk) -> None:
    rows = "\n".join(
        f"{n},Ada,x{n}@b.com,https://linkedin.com/in/x{n},+1 202-555-01{n},2025-01-{n}" for n in range(10, 20)
    )
    _, columns, outcomes = desk.load(desk.write("a.csv", f"A,B,C,D,E,F\n{rows}\n"))
    assert [(g.header, g.column, g.how) for g in columns] == [
        ("A", None, None),
        ("B", None, None),
        ("C", Column.EMAIL, "content"),
        ("D", Column.LINKEDIN, "content"),
        ("E", Column.PHONE, "content"),
        ("F", None, None),
    ]
    assert outcomes[0].contact.phones == ("+12025550110",)


def test_content_claims_no_meaning_that_a_name_has(desk: Desk) -> None:
    path = desk.write("owner.csv", "Name,Email,Handled by\nAda,a@b.com,sales@vendor.com\n")
    _, columns, [ada] = desk.load(path)
    assert "Handled by" not in desk.meanings(columns)
    assert ada.contact.emails == ("a@b.com",)


def test_titles_before_a_name_are_no_job_titles(desk: Desk) -> None:
    _, columns, _ = desk.load(
        desk.write("outlook.csv", "Title,First Name,Last Name,Job Title\nMs.,Ada,Byron,Analyst\n")
    )
    assert desk.meanings(columns) == {"First Name": "first_name", "Last Name": "last_name", "Job Title": "title"}


def test_the_user_decides(desk: Desk) -> None:
    source = open_source(desk.write("own.csv", "Who,Mail,Name\nAda Lovelace,a@b.com,Engine\n"))
    columns = guess_columns(source, parse_overrides(["Who=full name", "mail=ignore", " name =company"]))
    assert [(guess.column, guess.how) for guess in columns] == [
        (Column.FULL_NAME, "you"),
        (None, "you"),
        (Column.COMPANY, "you"),
    ]


def test_a_column_of_us_states_implies_the_country(desk: Desk) -> None:
    [one] = desk.contacts(desk.write("us.csv", "name,state,phone\nAda,ak,907-465-3500\n"))
    assert (one.contact.country, one.contact.phones) == ("US", ("+19074653500",))
    people = desk.contacts(desk.write("br.csv", "name,state\nAna,PA\nLia,SP\nEva,RJ\n"))
    assert {person.contact.country for person in people} == {None}
    [named] = desk.contacts(desk.write("de.csv", "name,state,country\nAda,DE,Germany\n"))
    assert named.contact.country == "DE"


def test_the_domain_of_a_contact(desk: Desk) -> None:
    def domain(header: str, row: str) -> str | None:
        found: str | None = desk.one(header, row).contact.domain
        return found

    assert domain("name,website,email", "Ada,https://www.engine.co.uk/about,ada@logic.ie") == "engine.co.uk"
    assert domain("name,website,email", "Ada,https://facebook.com/engine,ada@logic.ie") == "logic.ie"
    assert domain("name,email", "Ada,ada@gmail.com") is None
    assert domain("name,email", "Ada,www.engine.co.uk") == "engine.co.uk"


def test_notes_name_column_and_code(desk: Desk) -> None:
    person = desk.one(
        "name,email,phone,country,linkedin",
        "Ada,a@b.com; c@d.com,202-555-0143 x5 / call me,Nowhere,https://linkedin.com/company/x",
    )
    assert {(note.column, note.code) for note in person.notes} == {
        ("email", "several_addresses"),
        ("phone", "not_a_number"),
        ("country", "unknown_country"),
        ("linkedin", "not_a_profile"),
    }


def test_an_address_in_a_name_cell_is_used_as_one(desk: Desk) -> None:
    person, _, _ = desk.contacts(desk.write("names.csv", "name\nada@engine.co.uk\nBob Boole\nCleo Nile\n"))
    assert (person.contact.full_name, person.contact.emails) == (None, ("ada@engine.co.uk",))
    assert [note.code for note in person.notes] == ["address_as_name"]
