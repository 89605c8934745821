"""Strangers' programs are strangers: what they know of us is the owner's document."""

import ast
import re
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parents[1] / "strangers" / "programs"
# Beside Python's own library.
MAY_IMPORT = {"zeroconf"}


def test_strangers_import_nothing_of_ours():
    """A stranger's program in Python imports Python's own library and zeroconf, and nothing of the hub, the
    firmware or the tests."""
    found = list(PROGRAMS.glob("*.py"))
    assert len(found) >= 3
    for path in found:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path.name}:{node.lineno} imports what lies beside it"
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in MAY_IMPORT | sys.stdlib_module_names, (
                    f"{path.name}:{node.lineno} imports {name}"
                )
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("__import__", "exec", "eval"), (
                    f"{path.name}:{node.lineno} calls {node.func.id}"
                )
            if isinstance(node, ast.Name | ast.Attribute):
                named = node.id if isinstance(node, ast.Name) else node.attr
                assert named not in ("importlib", "runpy"), f"{path.name}:{node.lineno} uses {named}"


def test_a_stranger_in_c_includes_nothing_of_ours():
    """A stranger's program in C includes headers of the system only."""
    found = list(PROGRAMS.glob("*.c"))
    assert found
    for path in found:
        included = re.findall(r"^\s*#\s*include\s*(\S)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert included and set(included) == {"<"}, path.name


def test_strangers_know_the_owners_words_only():
    """No stranger speaks what only our own programs know: batches, hello, signatures, or a path of ours."""
    own = re.compile(
        r"temphub|_temps-hub|/api/hello|X-Signature|X-Counter|\"boot\"|\"seq\"|age_ms|sent_ms", re.IGNORECASE
    )
    contract = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
    for path in PROGRAMS.iterdir():
        if path.suffix in (".py", ".c"):
            text = path.read_text(encoding="utf-8")
            assert not own.findall(text), path.name
            for named in set(re.findall(r"[\"'](/[a-z/]+)[\"' ]", text)):
                assert named in contract, f"{path.name}: {named} is not in the owner's text"
