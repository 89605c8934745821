"""Which words the page uses: each is there, each is used, and none stands anywhere else."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from temphub_kernel.language import LANGUAGES, texts_of

PACKAGE = Path(__file__).parents[2] / "temphub_kernel"
PAGE = PACKAGE / "page"
PARTS = {"words": "page", "alarm_words": "alarms", "probe_words": "probes"}


def modules() -> list[Path]:
    return sorted(PAGE.rglob("*.py"))


def names_of(tree: ast.Module) -> dict[str, str]:
    """What a module calls the modules of words: {its name: the part}."""
    return {
        alias.asname or alias.name: PARTS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in PARTS
    }


def said(nodes: Iterable[ast.AST], called: dict[str, str]) -> Iterator[tuple[str, str, int]]:
    """(part, word, line) of each word that is asked for."""
    for node in nodes:
        owner = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Attribute) and isinstance(owner, ast.Name) and owner.id in called:
            yield called[owner.id], node.attr, node.lineno


def test_every_word_is_there_and_used() -> None:
    """A misspelled word would break the page where it is shown; one that nobody says is translated for
    nothing."""
    english, found = texts_of(LANGUAGES[0]), {}
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        for part, name, line in said(ast.walk(tree), names_of(tree)):
            found[part, name] = f"{path.relative_to(PACKAGE)}:{line}"
    there = {(part, name) for part in PARTS.values() for name in english[part]}
    assert len(there) > 400
    assert {key: place for key, place in found.items() if key not in there} == {}
    assert there - found.keys() == set()


def test_no_word_is_taken_when_a_module_is_imported() -> None:
    """It would be English for everybody: only a function knows for whom it speaks."""
    wrong = []
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        wrong += [f"{path.name}:{line} {name}" for _, name, line in said(at_import(tree), names_of(tree))]
    assert not wrong


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: all but the bodies of its functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = child.args
            for default in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
                yield default
                yield from at_import(default)
            continue
        yield child
        yield from at_import(child)
