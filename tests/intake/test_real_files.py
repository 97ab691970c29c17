"""Real public records and the header lines of real export formats."""

import csv
from pathlib import Path
from typing import Any

import pytest

Desk = Any


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_member_of_congress_goes_through(desk: Desk) -> None:
    path = desk.shared("contacts/congress_legislators_current.csv")
    source, columns, outcomes = desk.load(path)
    rows = _rows(path)
    assert source.rows_expected == len(outcomes) == len(rows) == 537
    assert [outcome.line for outcome in outcomes] == list(range(2, 539))
    people = desk.contacts(path)
    assert [dict(zip(source.headers, person.row.cells, strict=True)) for person in people] == rows
    assert desk.meanings(columns)["url"] == "domain"
    assert columns.state_country == "US"
    by_id = {person.row.cells[0]: person.contact for person in people}
    cantwell = by_id["C000127"]
    assert (cantwell.first_name, cantwell.last_name, cantwell.full_name) == ("Maria", "Cantwell", "Maria Cantwell")
    assert (cantwell.domain, cantwell.phones, cantwell.country) == ("cantwell.senate.gov", ("+12022243441",), "US")


def test_accents_nicknames_and_suffixes_of_congress_are_kept(desk: Desk) -> None:
    path = desk.shared("contacts/congress_legislators_current.csv")
    for row, person in zip(_rows(path), desk.contacts(path), strict=True):
        contact = person.contact
        # "Charles (Chuck)": the nickname moves to its own place, and a middle initial does not.
        assert contact.first_name is not None
        assert row["first_name"].startswith(contact.first_name)
        assert contact.last_name == row["last_name"]
        # Some have their generation in the full name only.
        ending = row["full_name"].split(" ")[-1]
        assert contact.suffix == (row["suffix"] or (ending if ending in {"Jr.", "Sr.", "II", "III", "IV"} else None))
        if row["nickname"]:
            assert contact.nickname == row["nickname"]
        elif '"' in row["full_name"]:
            assert contact.nickname == row["full_name"].split('"')[1]
        assert contact.phones == ((f"+1{row['phone'].replace('-', '')}",) if row["phone"] else ())


def test_web_addresses_in_an_email_column_are_no_addresses(desk: Desk) -> None:
    path = desk.shared("contacts/congress_legislators_current.csv")
    people = desk.contacts(path, "contact_form=email")
    forms = [row["contact_form"] for row in _rows(path)]
    assert sum(map(bool, forms)) == 89
    assert [[note.code for note in person.notes] == ["web_address"] for person in people] == list(map(bool, forms))
    assert all(person.contact.emails == () for person in people)


def test_every_state_official_goes_through(desk: Desk) -> None:
    path = desk.shared("contacts/openstates_sample.csv")
    _, columns, outcomes = desk.load(path)
    rows = _rows(path)
    people = desk.contacts(path)
    assert len(outcomes) == len(rows) == len(people) == 3526
    expected = {"given_name": "first_name", "organization": "company", "phone_1": "phone", "phone_2": "phone"}
    assert expected.items() <= desk.meanings(columns).items()
    for row, person in zip(rows, people, strict=True):
        contact = person.contact
        assert contact.country == "US"
        assert contact.company == row["organization"]
        assert contact.title == row["title"]
        assert len(contact.phones) >= bool(row["phone_1"])
        if row["email"] and " " not in row["email"]:
            assert contact.emails == (row["email"].lower(),)
        if "/in/" in row["linkedin"]:
            assert contact.linkedin is not None


def test_an_address_with_a_blank_in_it_is_not_guessed_at(desk: Desk) -> None:
    people = desk.contacts(desk.shared("contacts/openstates_sample.csv"))
    [broken] = [person for person in people if any(note.code == "not_an_address" for note in person.notes)]
    assert broken.contact.emails == ()
    assert "lori garciasander.house@coleg.gov" in broken.row.cells


_SAMPLES = {
    "linkedin_Connections.csv": (
        "Ada,Lovelace,https://www.linkedin.com/in/ada-l,ada@engine.co.uk,Engine,Analyst,01 Jan 2025",
        {
            "First Name": "first_name",
            "Last Name": "last_name",
            "URL": "linkedin",
            "Email Address": "email",
            "Company": "company",
            "Position": "title",
        },
    ),
    "salesforce_leads_report.csv": (
        "00Q1,Ada,Lovelace,ada@engine.co.uk,+442079460958,Engine,Web,Open,0051",
        {
            "FirstName": "first_name",
            "LastName": "last_name",
            "Email": "email",
            "Phone": "phone",
            "Company": "company",
        },
    ),
    "hubspot_contacts_export.csv": (
        "1,Ada,Lovelace,ada@engine.co.uk,+442079460958,New,2025-01-01,Engine Ltd,United Kingdom,Bob",
        {
            "First Name": "first_name",
            "Last Name": "last_name",
            "Email": "email",
            "Phone Number": "phone",
            "Associated Company": "company",
            "Country/Region": "country",
        },
    ),
    "salesnav_extension.csv": (
        "Ada,Lovelace,Analyst,Engine,https://www.linkedin.com/in/ada-l/,engine.co.uk,London,Software",
        {
            "First Name": "first_name",
            "Last Name": "last_name",
            "Position": "title",
            "Company": "company",
            "LinkedIn URL": "linkedin",
            "Company Domain": "domain",
        },
    ),
}


@pytest.mark.parametrize("name", sorted(_SAMPLES))
def test_export_formats_are_understood_by_their_headers(desk: Desk, name: str) -> None:
    row, expected = _SAMPLES[name]
    header = desk.shared(f"headers/{name}").read_bytes().rstrip(b"\r\n")
    path = desk.write(name, header + b"\r\n" + row.encode() + b"\r\n")
    _, columns, [person] = desk.load(path)
    assert desk.meanings(columns) == expected
    assert person.contact.full_name == "Ada Lovelace"
    assert person.contact.domain == "engine.co.uk"


def test_linkedin_preamble_is_skipped_and_lines_still_count_from_the_top(desk: Desk) -> None:
    header = desk.shared("headers/linkedin_Connections.csv").read_bytes().rstrip(b"\r\n")
    row = b"Ada,Lovelace,https://www.linkedin.com/in/ada-l,,Engine,Analyst,01 Jan 2025"
    _, _, [person] = desk.load(desk.write("Connections.csv", header + b"\n" + row + b"\n"))
    assert person.line == 5
    assert person.contact.linkedin == "ada-l"


@pytest.mark.parametrize("name", ["apollo_contacts_export.csv", "apollo_contacts_export_2023.csv"])
def test_apollo_brings_quoted_phones_and_a_company_of_its_own(desk: Desk, name: str) -> None:
    header = desk.shared(f"headers/{name}").read_text("utf-8-sig").strip()
    names = next(csv.reader([header]))
    values = {
        "First Name": "Ada",
        "Last Name": "Lovelace",
        "Company Name": "Engine",
        "Company": "Engine",
        "Company Name for Emails": "The Engine",
        "Email": "ada@engine.co.uk",
        "Secondary Email": "ada@home.example",
        "Work Direct Phone": "'+44 20 7946 0958",
        "Corporate Phone": "'+44 20 7946 0999",
        "Person Linkedin Url": "http://www.linkedin.com/in/ada-l",
        "Company Linkedin Url": "http://www.linkedin.com/company/engine",
        "Website": "https://engine.co.uk",
        "Country": "United Kingdom",
        "Company Country": "Ireland",
        "Contact Owner": "sales@vendor.com",
        "Email Sent": "true",
    }
    path = desk.csv([names, [values.get(column, "") for column in names]])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    source, columns, [person] = desk.load(path)
    contact = person.contact
    assert source.encoding == "utf-8-sig"
    assert contact.company == "Engine"
    assert contact.emails == ("ada@engine.co.uk", "ada@home.example")
    assert contact.phones == ("+442079460958",)
    assert (contact.linkedin, contact.domain, contact.country) == ("ada-l", "engine.co.uk", "GB")
    assert not {"Contact Owner", "Email Sent", "Company Linkedin Url"} & desk.meanings(columns).keys()


def test_phantombuster_prefers_the_public_profile(desk: Desk) -> None:
    names = next(csv.reader([desk.shared("headers/phantombuster_salesnav_search_export.csv").read_text("utf-8")]))
    values = {
        "profileUrl": "https://www.linkedin.com/sales/lead/ACwAAAxyz,NAME_SEARCH,abcd",
        "defaultProfileUrl": "https://www.linkedin.com/in/ada-l",
        "fullName": "Ada Lovelace",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "companyName": "Engine",
        "companyUrl": "https://www.linkedin.com/sales/company/1",
        "regularCompanyUrl": "https://www.linkedin.com/company/1",
        "title": "Analyst",
    }
    _, columns, [person] = desk.load(desk.csv([names, [values.get(column, "") for column in names]]))
    contact = person.contact
    assert (contact.linkedin, contact.domain, contact.title) == ("ada-l", None, "Analyst")
    assert desk.meanings(columns)["companyName"] == "company"


def test_a_list_of_companies_has_no_usable_column(desk: Desk) -> None:
    from headwater.intake import NoUsableColumn, guess_columns, open_source

    header = desk.shared("headers/apollo_accounts_export.csv").read_text("utf-8-sig").strip()
    source = open_source(
        desk.write("accounts.csv", f"{header}\nEngine,Engine,12,Software,https://engine.co.uk,,GB,,,,,\n")
    )
    with pytest.raises(NoUsableColumn, match=r"no usable column.*'Company Name'.*--map") as caught:
        guess_columns(source)
    assert caught.value.exit_code == 2
