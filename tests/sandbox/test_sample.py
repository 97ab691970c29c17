"""The demo's messy file."""

import csv
from collections import Counter
from pathlib import Path

import openpyxl
import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as some

from headwater_sandbox.addresses import local_part
from headwater_sandbox.directory import Directory
from headwater_sandbox.fold import fold, split_email
from headwater_sandbox.sample import COLUMNS, rows, write
from headwater_sandbox.settings import Settings
from headwater_sandbox.world import World


def test_the_same_file_every_time(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write(tmp_path / name, 300, Settings(seed=5), tmp_path / f"answers-{name}")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    with (tmp_path / "answers-one.csv").open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    assert len(answers) == 300
    assert {answer["kind"] for answer in answers} == {"person", "stranger", "repeat", "reject"}


def test_it_holds_every_kind_of_mess() -> None:
    made = list(rows(600, Settings()))
    cells = [row.cells for row in made]
    assert sum(row.kind == "repeat" for row in made) > 25
    assert sum(row.kind == "reject" for row in made) > 3
    known = [cell["Work Email"] for cell in cells if split_email(cell["Work Email"])]
    assert 0.2 < len(known) / len(cells) < 0.45
    assert any(cell["Work Email"].startswith("http") for cell in cells)
    assert any(cell["Notes"].startswith("=HYPERLINK") for cell in cells)
    assert any(" / " in cell["Phone"] or "; " in cell["Phone"] for cell in cells)
    assert any("," in cell["First Name"] for cell in cells)
    assert any(cell["First Name"].startswith("Dr.") for cell in cells)
    assert any(not cell["Company"] and cell["Website"] for cell in cells)
    per_company = Counter(row.person.domain for row in made if row.person)
    assert sum(count for count in per_company.values() if count >= 5) > 400
    learnable = Counter(row.person.domain for row in made if row.person and row.cells["Work Email"])
    assert sum(count >= 2 for count in learnable.values()) > 15


def test_excel_keeps_formulas_as_text(tmp_path: Path) -> None:
    write(tmp_path / "leads.xlsx", 120, Settings())
    book = openpyxl.load_workbook(tmp_path / "leads.xlsx", read_only=True)
    lines = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    assert lines[0] == COLUMNS
    assert any(str(line[9]).startswith("=HYPERLINK") for line in lines[1:])


def test_phone_numbers_are_valid_and_kept_for_fiction() -> None:
    world = World(Settings())
    people = [
        person for index in range(150) for person in world.colleagues(world.domain_for(world.company_name(index)) or "")
    ]
    numbers = [number for person in people for number in (person.mobile, person.phone) if number]
    assert len(numbers) > 500
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers)
    assert all("55501" in number for number in numbers if number.startswith("+1"))


def test_rosters_have_no_two_people_at_one_address_and_read_backwards() -> None:
    world = World(Settings())
    directory = Directory(world)
    for index in range(120):
        staff = world.colleagues(world.domain_for(world.company_name(index)) or "")
        addresses = [person.email or person.former_email for person in staff if person.email or person.former_email]
        assert len(addresses) == len(set(addresses))
        for person in staff:
            assert person.email is None or directory.by_email(person.email) == person
            assert directory.by_profile(f"https://linkedin.com/in/{person.linkedin}") == person


def test_the_world_knows_anybody_by_any_spelling() -> None:
    world = World(Settings())
    variants = [("José", "García"), ("JOSE", "GARCIA"), ("jose", "garcía"), ("Dr. José", "García, PhD")]
    assert len({world.person(first, last, "acme.com").email for first, last in variants}) == 1
    assert world.person("Bob", "Smith", "acme.com").email == world.person("Robert", "Smith", "acme.com").email
    names = ("Brightwater Logistics", "BRIGHTWATER LOGISTICS INC.", "brightwater-logistics, Ltd")
    assert len({world.domain_for(name) for name in names}) == 1


DIRECTORY = Directory(World(Settings()))


@settings(max_examples=60, deadline=None)
@given(some.text(max_size=40), some.text(max_size=40), some.text(max_size=40))
def test_nothing_typed_breaks_the_world(first: str, last: str, company: str) -> None:
    directory = DIRECTORY
    domain = directory.domain_of("", company) or "acme.com"
    person = directory.ask(first, last, domain)
    assert directory.ask(first, last, domain) == person
    assert person.email is None or split_email(person.email)
    assert local_part("first.last", first, last)
    assert fold(fold(first)) == fold(first)
    directory.mailbox(f"{first}@{company}")
    directory.by_profile(first)
