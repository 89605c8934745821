"""A recipe of docs/developing, done to a copy of the tree: its blocks go where the line above each one says,
and nothing else happens."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "developing"
# "New file `a`:", "In `a`, below the line `b`:", "In `a`, above the line `b`:"; a line with backquotes stands
# between two.
ORDER = re.compile(
    r"(?:New file|In) `(?P<path>[^`]+)`(?:, (?P<where>above|below) the line "
    r"(?P<mark>`+)(?P<line>.+?)(?P=mark))?:"
)


@dataclass(frozen=True)
class Block:
    """A block of a recipe. place: `recipe.md:12`, where its order stands; line: the one it goes above or
    below, empty for a new file."""

    place: str
    path: str
    where: str
    line: str
    text: str


def blocks_of(recipe: Path) -> list[Block]:
    """The blocks in their order. Each has an order above it, or the recipe fails."""
    found, lines = [], recipe.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        if not lines[number].startswith("```"):
            number += 1
            continue
        end = lines.index("```", number + 1)
        place = f"{recipe.name}:{number - 1}"
        order = ORDER.fullmatch(lines[number - 2])
        assert order and not lines[number - 1], (
            f"{place}: this line does not say where the block below it goes"
        )
        text = "".join(f"{line}\n" for line in lines[number + 1 : end])
        found.append(Block(place, order["path"], order["where"] or "", order["line"] or "", text))
        number = end + 1
    assert found, f"{recipe.name} has no blocks"
    return found


def copy_of_the_tree(folder: Path) -> Path:
    """All that is kept in git, as it is now, with what is compiled of it already: compiling it anew takes
    seconds."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, made = ROOT / name, folder / name
        if source.is_file():
            made.parent.mkdir(parents=True, exist_ok=True)
            # With its time: what is compiled is good for that.
            shutil.copy2(source, made)
            compiled = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
            if compiled.is_file():
                (made.parent / "__pycache__").mkdir(exist_ok=True)
                shutil.copy2(compiled, made.parent / "__pycache__" / compiled.name)
    return folder


def follow(recipe: Path, tree: Path) -> None:
    """Do what the recipe says. Fails with the line of the recipe that no longer fits."""
    for block in blocks_of(recipe):
        path = tree / block.path
        if not block.where:
            assert not path.exists() and path.parent.is_dir(), (
                f"{block.place}: {block.path} is there already, or its folder is not"
            )
            path.write_text(block.text, encoding="utf-8")
            continue
        assert path.is_file(), f"{block.place}: there is no {block.path}"
        text = path.read_bytes().decode("utf-8")
        end = "\r\n" if "\r\n" in text else "\n"
        lines = text.split(end)
        times = lines.count(block.line)
        assert times == 1, f"{block.place}: {block.path} has {times} lines {block.line!r}"
        at = lines.index(block.line) + (block.where == "below")
        lines[at:at] = block.text.splitlines()
        path.write_bytes(end.join(lines).encode("utf-8"))


def environment(tree: Path, **settings: str) -> dict[str, str]:
    """Of a process that finds the program, and its tests, in the copy."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tree, tree / "tests"))), **settings}


def run(tree: Path, *command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """A command of this Python in the copy, to its end."""
    whole: dict[str, Any] = {
        "cwd": tree,
        "env": environment(tree, **settings),
        "capture_output": True,
        "text": True,
    }
    return subprocess.run([sys.executable, *command], timeout=150, check=False, **whole)
