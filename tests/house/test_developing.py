"""What the pages for developers say is so: what they name is there, and each room is on the map."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from house.test_structure import PACKAGE, ROOMS, ROOT, parsed
from support.recipe import blocks_of

PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "developing").glob("*.md"))]
# `room/file`, with or without its ending; in the pictures they stand without backticks.
NAMED = re.compile(r"(?<![\w/.<])((?:[a-z_]+/)+[a-z_]+(?:\.[a-z]+)?/?|(?:[a-z_]+/)+)(?![\w/])")
# `Name`, `name()`, `Name.part`, `SETTING` in backticks; a lone word in small letters may be any word.
CALLED = re.compile(r"`((?:[A-Z]\w+|\w+(?=\())(?:\.\w+)*)(?:\([^`]*\))?`")
WORD = re.compile(r"[A-Za-z_]\w+")
# `file.py`, with its folder or without, as comments and docstrings name it.
FILE = re.compile(r"(?<![\w./<*{-])((?:[\w.-]+/)*[a-z_]\w*\.(?:py|js))\b")


def named(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    # Addresses and what is ours alone: `/api/ingest`, `application/json`.
    return [
        name
        for name in NAMED.findall(text)
        if name.split("/")[0] in {*ROOMS, "temphub_kernel", "docs", "tests", "firmware", "notebooks"}
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_is_named_is_there(path):
    """Whoever looks for a file that a page names finds it."""
    # What a recipe has its reader make is not there yet.
    made = {block.path for block in blocks_of(path)} if path.name.startswith("add-") else set()
    names = [name for name in named(path) if name not in made]
    assert names or path.name != "architecture.md"
    missing = [name for name in names if not any(place.exists() for place in _places(name))]
    assert not missing


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_is_called_by_its_name_is_there(path, words_of_the_code):
    """A class, function or setting that a page names in backticks is in the code, or is made by the page
    itself."""
    text = path.read_text(encoding="utf-8")
    made = (
        {word for block in blocks_of(path) for word in WORD.findall(block.text)}
        if path.name.startswith("add-")
        else set()
    )
    names = [name for name in CALLED.findall(text) if not (ROOT / name).exists()]
    called = {word for name in names for word in WORD.findall(name)}
    assert not sorted(called - words_of_the_code - made)


@pytest.fixture(scope="module")
def words_of_the_code() -> set[str]:
    """Every word in our Python and JavaScript."""
    found: set[str] = set()
    for folder, end in [
        ("temphub_kernel", "py"),
        ("temphub_kernel", "js"),
        ("firmware", "py"),
        ("tests", "py"),
    ]:
        for path in (ROOT / folder).rglob(f"*.{end}"):
            found |= set(WORD.findall(path.read_text(encoding="utf-8")))
    return found


def _places(name: str) -> list[Path]:
    return [base / f"{name.rstrip('/')}{end}" for base in (ROOT, PACKAGE) for end in ("", ".py")]


def test_every_room_is_on_the_map():
    """Each folder of the package has its row in the table of rooms."""
    text = (ROOT / "docs" / "developing" / "architecture.md").read_text(encoding="utf-8").split("## Rooms")[1]
    rooms = {
        path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists() and path.name != "_shipped"
    }
    assert len(rooms) > 15
    assert not sorted(room for room in rooms if f"`{room}`" not in text)


def test_the_words_are_explained_once():
    """No word stands in the glossary twice."""
    text = (ROOT / "docs" / "developing" / "glossary.md").read_text(encoding="utf-8")
    words = [
        word.strip()
        for row in text.splitlines()
        if row.startswith("| ")
        for word in row.split("|")[1].split(",")
    ]
    assert len(words) > 30 and len(words) == len(set(words))


@pytest.mark.parametrize("folder", ["temphub_kernel", "firmware", "tests"])
def test_files_that_the_code_names_are_there(folder):
    """Whoever is sent to another file by a comment or docstring finds it."""
    places = [
        path.relative_to(ROOT).as_posix()
        for end in ("py", "js")
        for path in ROOT.rglob(f"*.{end}")
        if not _foreign(path)
    ]
    there = {"/".join(place.split("/")[at:]) for place in places for at in range(place.count("/") + 1)}
    missing, seen = [], 0
    for path in sorted((ROOT / folder).rglob("*.py")):
        names = set() if _foreign(path) else set(FILE.findall(path.read_text(encoding="utf-8")))
        seen += len(names)
        # What a test writes into files of its own is no such name.
        if lost := names - there:
            words = " ".join(_words(path))
            missing += [
                f"{path.relative_to(ROOT)}: {name}" for name in sorted(lost & set(FILE.findall(words)))
            ]
    assert seen > 5, "the walk finds no names"
    assert not missing


def _foreign(path: Path) -> bool:
    """Beside the checkout's own: environments, and what a wheel ships."""
    parts = path.relative_to(ROOT).parts
    return any(part.startswith(".") or part in ("_shipped", "node_modules") for part in parts)


def _words(path: Path) -> list[str]:
    """Comments and docstrings of a file."""
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    words = [ast.get_docstring(node) or "" for node in ast.walk(parsed(path)) if isinstance(node, nodes)]
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    return words + [token.string for token in tokens if token.type == tokenize.COMMENT]
