"""The gate: formatter, linter and type checker, as pyproject.toml sets them, each ignored rule with its
reason there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_code_passes_the_gate(name):
    """Everything that is committed is formatted, linted and typed."""
    module, *arguments = CHECKS[name]
    # What mypy would write there is never read.
    cache = ["--cache-dir", os.devnull] if module == "mypy" else ["--no-cache"]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, *cache],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "findings").glob("*.sh")), ids=lambda path: path.stem)
def test_python_within_a_finding_passes_the_linter(path):
    """What a finding has Python run is held to the same rules as a file of it; it speaks by print and is no
    module."""
    parts = re.findall(r"<<'(\w+)'\n(.*?)\n\1\n", path.read_text(encoding="utf-8") + "\n", re.DOTALL)
    assert parts or "<<'" not in path.read_text(encoding="utf-8"), "the Python within is not found"
    for _, text in parts:
        words = [
            "ruff",
            "check",
            "--no-cache",
            "--ignore",
            "D100,D101,D103,T20,PTH,DTZ001",
            "--stdin-filename",
            "findings/within.py",
            "-",
        ]
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            input=text + "\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_registry_host_is_named():
    """No file names a package registry's host."""
    hosts = ("python" + "hosted.org", "pypi" + ".org", "registry.npm" + "js", "deb.deb" + "ian")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found = [
        name
        for name in listed
        if name and any(host in (ROOT / name).read_text(encoding="utf-8", errors="replace") for host in hosts)
    ]
    assert not found
