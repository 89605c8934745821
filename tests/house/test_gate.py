"""The gate: formatter, linter and type checker, as pyproject.toml sets them, each ignored rule with its reason there."""

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
def test_the_code_passes_the_gate(name, tmp_path):
    """Everything that is committed is formatted, linted and typed."""
    module, *arguments = CHECKS[name]
    cache = ["--cache-dir", str(tmp_path)] if module == "mypy" else ["--no-cache"]
    done = subprocess.run([sys.executable, "-m", module, *arguments, *cache], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_registry_host_is_named():
    """No file names a package registry's host."""
    hosts = ("python" + "hosted.org", "pypi" + ".org", "registry.npm" + "js", "deb.deb" + "ian")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    found = [name for name in listed if name and any(host in (ROOT / name).read_text(encoding="utf-8", errors="replace") for host in hosts)]
    assert not found
