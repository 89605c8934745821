"""What is prepared once for all workers of a run of tests."""

import sys
from pathlib import Path

from support.compiled import rewrite


def test_what_is_rewritten_ahead_is_what_pytest_loads(tmp_path: Path, monkeypatch) -> None:
    """A test file that was prepared is found as bytecode by pytest's own loader; nothing in it was run."""
    loader = __spec__.loader
    path = tmp_path / "test_one.py"
    made = f"os.mkdir({str(tmp_path / 'was run')!r})"
    path.write_text(f"import os\n\n{made}\n\n\ndef test_one():\n    assert os.sep\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    rewrite(loader, path)
    (prepared,) = (tmp_path / "__pycache__").iterdir()
    written = prepared.stat().st_mtime_ns, prepared.stat().st_ino
    # Where it was not taken as it is, it would be written anew.
    rewrite(loader, path)
    assert (prepared.stat().st_mtime_ns, prepared.stat().st_ino) == written
    assert "-pytest-" in prepared.name and not (tmp_path / "was run").exists()
