"""A desk on which the files that users send are written, opened and read: real files, no stand-ins."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from headwater.intake import (
    Accepted,
    ColumnMap,
    Reject,
    Source,
    UnreadableFile,
    guess_columns,
    open_source,
    parse_overrides,
    read,
)

_SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BOOK = f"""<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">
 <sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>"""
_RELS = f"""<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
 <Relationship Id="rId1" Target="worksheets/sheet1.xml" Type="{_OFFICE}/worksheet"/></Relationships>"""


class Desk:
    """Writes files into one folder and reads them back through intake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, data: str | bytes, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
        return path

    def csv(self, rows: Iterable[Sequence[str]], delimiter: str = ",", name: str = "people.csv") -> Path:
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows(rows)
        return self.write(name, text.getvalue())

    def workbook(self, sheet_data: str, prolog: str = "", name: str = "people.xlsx") -> Path:
        """A workbook whose rows are given as XML: for what no library writes."""
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", _BOOK)
            archive.writestr("xl/_rels/workbook.xml.rels", _RELS)
            archive.writestr(
                "xl/worksheets/sheet1.xml",
                f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{_MAIN}">'
                f"<sheetData>{sheet_data}</sheetData></worksheet>",
            )
        return path

    def load(self, path: Path, *overrides: str) -> tuple[Source, ColumnMap, list[Accepted | Reject]]:
        source = open_source(path)
        columns = guess_columns(source, parse_overrides(overrides))
        return source, columns, list(read(source, columns))

    def contacts(self, path: Path, *overrides: str) -> list[Accepted]:
        """All rows of a file, none of which may be rejected."""
        outcomes = self.load(path, *overrides)[2]
        rejected = [outcome for outcome in outcomes if isinstance(outcome, Reject)]
        assert rejected == []
        return [outcome for outcome in outcomes if isinstance(outcome, Accepted)]

    def one(self, header: str, row: str) -> Accepted:
        """The only row of a small CSV file."""
        [outcome] = self.contacts(self.write("one.csv", f"{header}\n{row}\n"))
        return outcome

    def refused(self, path: Path) -> str:
        """The sentence with which a file is refused; it names the file."""
        with pytest.raises(UnreadableFile) as caught:
            open_source(path)
        sentence = str(caught.value)
        assert str(path) in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert caught.value.exit_code == 2
        return sentence

    @staticmethod
    def meanings(columns: ColumnMap) -> dict[str, str]:
        return {guess.header: guess.column.value for guess in columns if guess.column is not None}

    @staticmethod
    def shared(name: str) -> Path:
        path = _SHARED / name
        if not path.exists():
            pytest.skip(f"the shared data set {name} does not lie beside this repository")
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def wide_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk for many generated files, each under the same name."""
    return Desk(tmp_path_factory.mktemp("generated"))
