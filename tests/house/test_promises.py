"""docs/promises.md: what is promised there is shown by tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")


def test_each_promise_names_tests_that_exist():
    """Every row of the promises names at least one test, and each named test is there."""
    text = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    rows = [
        line
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith(("| promise", "| event", "|---"))
    ]
    assert len(rows) >= 20
    assert not [row for row in rows if not NAMED.search(row)]
    missing = [f"{path}::{name}" for path, name in NAMED.findall(text) if name not in _tests(ROOT / path)]
    assert not missing


def _tests(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
