"""What people forget: a setting, vendor, command or decision that no document mentions, a link that leads nowhere.

No database, no network: documents are read, and the code is asked what it has.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from headwater.cli.main import app
from headwater.kit.settings import PREFIX, Settings, VendorSettings
from headwater.providers.catalogue import ADAPTERS
from headwater_sandbox.main import app as sandbox_app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
HOWTOS = "".join(path.read_text("utf-8") for path in sorted((ROOT / "docs/howto").glob("*.md")))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = sorted(ROOT.glob("src/**/*.py"))
MOST_LINES = 500

# Made by tools or by a run, and no part of the repository.
_MADE = {"__pycache__", "demo", "build", "dist"}
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Where somebody's machine keeps things, and where packages are fetched from; neither belongs to anybody else.
_MACHINE = re.compile(r"(?<![\w.])/(?:work|root|Users)/\w")
_INDEX = re.compile(r"(?:^|\s)--(?:extra-)?(?:index-url|find-links)\b|https?://[^\s\"']*/simple(?![\w-])", re.MULTILINE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def repository() -> Iterator[Path]:
    """Every file of the repository, whatever tool looks at it."""
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = parts[0].startswith(".") and parts[0] != ".ci" and len(parts) > 1
        if path.is_file() and not hidden and not _MADE.intersection(parts) and not parts[0].endswith(".egg-info"):
            yield path


# what the README owes -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - {"vendors", "unknown"}))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in README


@pytest.mark.parametrize("name", sorted(set(VendorSettings.model_fields) - {"options"}))
def test_every_setting_of_a_vendor_is_in_the_readme(name: str) -> None:
    assert f"`_{name.upper()}`" in README


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_vendor_is_in_the_readme_with_its_own_figures(name: str) -> None:
    declaration = ADAPTERS[name].declaration
    rows = [line for line in README.splitlines() if f"`{PREFIX}{name.upper()}_API_KEY`" in line]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert cells[0] == declaration.title
    assert float(cells[3]) == declaration.cautious.calls * 60 / declaration.cautious.seconds
    assert float(cells[4]) == declaration.credit_price / 1_000_000


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_option_of_a_vendor_is_in_the_readme(name: str) -> None:
    declaration = ADAPTERS[name].declaration
    for option in {*declaration.options, *(each for known in declaration.operations for each in known.requires)}:
        assert f"`{PREFIX}{name.upper()}_{option.upper()}`" in README


def test_no_document_names_a_setting_that_is_not_there() -> None:
    own = {name.upper() for name in Settings.model_fields}
    fields = {name.upper() for name in VendorSettings.model_fields}
    needed = {each.upper() for one in ADAPTERS.values() for op in one.declaration.operations for each in op.requires}
    fields |= needed
    vendors = {f"{name.upper()}_{field}" for name in ADAPTERS for field in fields}
    vendors |= {f"{name.upper()}_{each.upper()}" for name, one in ADAPTERS.items() for each in one.declaration.options}
    examples = {f"NAME_{field}" for field in fields}
    for document in DOCUMENTS:
        for found in re.findall(rf"{PREFIX}([A-Z][A-Z_]*[A-Z])", document.read_text("utf-8")):
            assert found in own | vendors | examples, f"{name_of(document)}: {PREFIX}{found}"


def commands(group: Any) -> Iterator[tuple[str, ...]]:
    """The path of every command below a group."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from ((name, *rest) for rest in commands(command))
        else:
            yield (name,)


@pytest.mark.parametrize("path", sorted(commands(get_command(app))), ids=" ".join)
def test_every_command_is_documented(path: tuple[str, ...]) -> None:
    written = README + HOWTOS
    whole = f"headwater {' '.join(path)}"
    in_a_list = len(path) == 2 and any(
        f"`headwater {path[0]} " in line and f"`{path[1]}`" in line for line in written.splitlines()
    )
    assert whole in written or in_a_list


@pytest.mark.parametrize("path", sorted(commands(get_command(sandbox_app))), ids=" ".join)
def test_every_command_of_the_sandbox_is_documented(path: tuple[str, ...]) -> None:
    assert f"headwater-sandbox {' '.join(path)}" in README + HOWTOS


def test_every_option_of_enrich_is_in_the_readme() -> None:
    group: Any = get_command(app)
    options = {
        name
        for parameter in group.commands["enrich"].params
        if not getattr(parameter, "hidden", False)
        for name in parameter.opts
        if name.startswith("--") and name != "--help"
    }
    assert options - {"--output"} <= set(re.findall(r"--[a-z-]+", README))


# the architecture and the decisions -----------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(each.parent for each in ROOT.glob("src/headwater/*/__init__.py")), ids=name_of)
def test_every_package_is_on_the_architecture_page(path: Path) -> None:
    assert f"`headwater.{path.name}`" in ARCHITECTURE


def test_the_architecture_page_names_no_package_that_is_not_there() -> None:
    for found in re.findall(r"`headwater\.([a-z_]+)`", ARCHITECTURE):
        assert (ROOT / "src/headwater" / found).is_dir(), found


def test_every_decision_is_listed_once_and_in_order() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    files = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == files
    assert [name[:4] for name in files] == [f"{number:04}" for number in range(1, len(files) + 1)]


@pytest.mark.parametrize("path", sorted((ROOT / "docs/decisions").glob("[0-9]*.md")), ids=name_of)
def test_a_decision_has_its_parts(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"# {path.name[:4]} ")
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


# links ----------------------------------------------------------------------------------------------


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", document.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", document.read_text("utf-8"))):
        if re.match(r"https?://|mailto:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        assert target.is_file(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("path", sorted(path for path in DOCUMENTS if path.parent != ROOT), ids=name_of)
def test_every_document_is_linked_from_somewhere(path: Path) -> None:
    linked = {
        (document.parent / link.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for link in _LINK.findall(document.read_text("utf-8"))
        if document != path
    }
    assert path in linked


# the repository -------------------------------------------------------------------------------------


def test_no_file_knows_a_machine_or_an_index() -> None:
    here = str(ROOT)
    for path in repository():
        text = path.read_bytes().decode("utf-8", "ignore")
        assert here not in text, f"{name_of(path)} holds the path of this repository"
        for pattern in (_MACHINE, _INDEX):
            found = pattern.search(text)
            assert found is None, f"{name_of(path)}: {found and found[0]!r}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_module_says_why_it_exists_and_is_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins with a docstring"
    assert text.count("\n") < MOST_LINES


def test_the_licence_and_the_notice_are_there() -> None:
    assert (ROOT / "LICENSE").read_text("utf-8").lstrip().startswith("Apache License\n")
    assert "phonenumbers" in (ROOT / "NOTICE").read_text("utf-8")
