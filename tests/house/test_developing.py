"""What the pages for developers say is so: what they name is there, and each room is on the map."""

import re
from pathlib import Path

import pytest

from house.test_structure import PACKAGE, ROOMS, ROOT
from support.recipe import blocks_of

PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "developing").glob("*.md"))]
# `room/file`, with or without its ending; in the pictures they stand without backticks.
NAMED = re.compile(r"(?<![\w/.<])((?:[a-z_]+/)+[a-z_]+(?:\.[a-z]+)?/?|(?:[a-z_]+/)+)(?![\w/])")


def named(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    # Addresses and what is ours alone: `/api/ingest`, `application/json`.
    return [
        name for name in NAMED.findall(text) if name.split("/")[0] in {*ROOMS, "temphub_kernel", "docs", "tests", "firmware", "notebooks"}
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


def _places(name: str) -> list[Path]:
    return [base / f"{name.rstrip('/')}{end}" for base in (ROOT, PACKAGE) for end in ("", ".py")]


def test_every_room_is_on_the_map():
    """Each folder of the package has its row in the table of rooms."""
    text = (ROOT / "docs" / "developing" / "architecture.md").read_text(encoding="utf-8").split("## Rooms")[1]
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists() and path.name != "_shipped"}
    assert len(rooms) > 15
    assert not sorted(room for room in rooms if f"`{room}`" not in text)


def test_the_words_are_explained_once():
    """No word stands in the glossary twice."""
    text = (ROOT / "docs" / "developing" / "glossary.md").read_text(encoding="utf-8")
    words = [word.strip() for row in text.splitlines() if row.startswith("| ") for word in row.split("|")[1].split(",")]
    assert len(words) > 30 and len(words) == len(set(words))
