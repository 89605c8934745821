"""The firmware with fewer names: the same program."""

import ast
import subprocess
import sys

import pytest

from temphub_kernel.core.files import firmware
from temphub_kernel.core.firmware_build import lean

ONE = '''
"""A module."""
import two
from two import LIMIT, grow

_SECRET = 7
SHOWN = "told"
OWN = (1, (2, "three"))
_moved = 1
_TEXT = "_by_name"


class _Hidden(Exception):
    pass


class Thing:
    port = 80

    def __init__(self, first, *rest, port=1, keyed=2):
        self._first = first
        self.port = port
        self._by_name = keyed
        self._rest = rest

    def _private(self, sign):
        def inner(sign):
            nonlocal total
            total += sign
            return f"{sign:>{_SECRET}}|{self._first!r}"

        total = 0
        try:
            raise _Hidden(sign)
        except _Hidden as sign_error:
            return inner(sign_error.args[0]), total

    def tell(self, values, key=lambda value: -value):
        global _moved
        _moved += 1
        told = [self._private(value) for value in sorted(values, key=key)]
        return told, getattr(self, _TEXT), OWN, LIMIT, grow(value=_moved), two.also


def id_of(id):
    return id


thing = Thing(5, 6, port=7, keyed=8)
print(thing.tell([1, 3, 2]), thing.port, Thing.port, thing._rest, id_of(9), id(thing) == id(thing), SHOWN)
'''
TWO = """
LIMIT = 12
ALSO = 13
also = ALSO + 1


def grow(value, other=2):
    return value * other
"""


def run(folder, sources) -> str:
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "one.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_does_the_same_with_fewer_names(tmp_path):
    """Private names, parameters that nobody gives by name, and constants of one file only are short; what
    others ask for keeps its name."""
    leaned = lean({"one.py": ONE, "two.py": TWO})
    # On CPython const() is a plain function.
    whole = {name: "const = lambda value: value\n" + text for name, text in leaned.items()}
    assert run(tmp_path, whole) == run(tmp_path, {"one.py": ONE, "two.py": TWO}) != ""
    names = {node.id for node in ast.walk(ast.parse(leaned["one.py"])) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(ast.parse(leaned["one.py"])) if isinstance(node, ast.Attribute)}
    assert not names & {
        "_SECRET",
        "OWN",
        "_moved",
        "_Hidden",
        "_private",
        "_first",
        "first",
        "values",
        "sign",
    }
    assert {"thing", "port", "LIMIT", "grow", "_by_name", "tell", "id", "also"} <= names | {"_by_name"}
    assert "LIMIT = 12" in leaned["two.py"] and "ALSO" not in leaned["two.py"] and "value" in leaned["two.py"]


def test_no_file_of_the_firmware_touches_another_ones_private_names():
    """What makes short names safe: a private attribute is only ever one of the file's own."""
    paths = [path for path in firmware().rglob("*.py") if path.parent.name != "series"]
    assert len(paths) > 50
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        made = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        }
        made |= {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and node.attr.startswith("_")
                and not node.attr.startswith("__")
            ):
                # MicroPython's own event loop has one.
                assert node.attr in made or node.attr == "_io_queue", f"{path.name}:{node.lineno} {node.attr}"


@pytest.mark.parametrize("name", ["probe/app.py", "boot_slots.py"])
def test_the_same_source_gives_the_same_text(name):
    """The list of an update names checksums: two hubs of one version must agree."""
    sources = {
        path.relative_to(firmware()).as_posix(): path.read_text(encoding="utf-8")
        for path in firmware().rglob("*.py")
    }
    assert lean(sources)[name] == lean(dict(reversed(sources.items())))[name]
