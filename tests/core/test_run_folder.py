"""core/run_folder.py: what the processes of one start know of each other."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from temphub_kernel.core.processes import Process
from temphub_kernel.core.run_folder import WATCHERS, RunFolder


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_what_a_killed_start_left_is_taken_away() -> None:
    """The next start clears up what one left whose processes were all killed; what is in use, or only being
    made, stays."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, used, new = RunFolder.make(), RunFolder.make(), RunFolder.make()
    dead.write(WATCHERS, [Process(ended.pid, "python")])
    used.write(WATCHERS, [Process(ended.pid, "python"), Process(os.getpid(), "py")])
    new.clear_left()
    assert [one.path.exists() for one in (dead, used, new)] == [False, True, True]


def test_a_number_that_another_program_has_now_is_not_the_process() -> None:
    """Numbers are used again: whoever has it now, and is no process of this program, looks after nothing."""
    assert Process(os.getpid(), "py").runs()
    assert not Process(os.getpid(), "temphub-of-another-name").runs()


def test_what_is_half_there_is_not_there() -> None:
    """A file that is missing or damaged gives nothing, and stops nobody."""
    folder = RunFolder.make()
    assert folder.page() is None and folder.watchers() == []
    (folder.path / WATCHERS).write_text("[[1,")
    assert folder.watchers() == []
