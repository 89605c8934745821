"""Who goes first when this computer is busy."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.waiting import cannot
from temphub_kernel.core import programs

UNIX = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has classes of priority instead of numbers"
)
GO = (
    "import os; from temphub_kernel.core.programs import go_first; go_first(); "
    "print(os.getpriority(os.PRIO_PROCESS, 0))"
)


@UNIX
def test_recording_goes_before_others_where_that_is_allowed():
    """With the right to it the process has a high priority, as has its session where sessions compete as a
    whole."""
    if os.geteuid() != 0:
        cannot("only root may put a process before others")
    told = subprocess.run([sys.executable, "-c", GO], capture_output=True, text=True, timeout=60, check=True)
    assert (told.stdout.strip(), told.stderr) == (str(programs.FIRST), "")


@UNIX
def test_without_the_right_to_it_nothing_happens(monkeypatch):
    """An ordinary user's hub starts as always."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "setpriority", refuse)
    before = os.getpriority(os.PRIO_PROCESS, 0)
    programs.go_first()
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


@UNIX
def test_what_can_wait_is_started_behind_all_others(tmp_path, monkeypatch):
    """Its own session, so that it never counts as a part of the hub's, and a low priority; it is talked to
    like any process, and finds this program's modules and those that this process was told of."""
    said = (
        "import os, sys, temphub_kernel; print(os.environ['WORD'], *sys.argv[1:], flush=True); "
        "sys.stdin.read()"
    )
    (tmp_path / "waits.py").write_text(said)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    pipe = subprocess.PIPE
    with programs.start_behind("waits", "now", env={"WORD": "here"}, stdin=pipe, stdout=pipe) as process:
        assert process.stdout.readline().strip() == b"here now"
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == programs.BEHIND
        assert os.getsid(process.pid) == process.pid
        as_a_whole = Path(f"/proc/{process.pid}/autogroup")
        assert not as_a_whole.exists() or as_a_whole.read_text().split()[-1] in ("0", str(programs.BEHIND))
    assert process.returncode == 0


def test_windows_has_its_own_way(monkeypatch):
    """There a process is put into the class above the ordinary one, and what can wait is started in the one
    below, without a window."""
    set_to, asked = [], []
    fake = SimpleNamespace(
        ABOVE_NORMAL_PRIORITY_CLASS=0x8000,
        Error=RuntimeError,
        Process=lambda: SimpleNamespace(nice=set_to.append),
    )
    # Taken back before the test ends: what looks for processes left over needs the real ones.
    with monkeypatch.context() as windows:
        windows.setitem(sys.modules, "psutil", fake)
        windows.setattr(sys, "platform", "win32")
        windows.setattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0x4000, raising=False)
        windows.setattr(subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
        windows.setattr(
            subprocess, "Popen", lambda command, *, env, **options: asked.append((command, options))
        )
        programs.go_first()
        programs.start_behind("x", stdin=subprocess.DEVNULL)
    assert set_to == [0x8000]
    assert asked == [([sys.executable, "-m", "x"], {"creationflags": 0x8004000, "stdin": subprocess.DEVNULL})]


@pytest.mark.parametrize("stopped", [None, lambda: True])
def test_what_needs_too_long_or_is_wanted_no_more_is_ended(stopped):
    """Whoever waits for it is told so, and no process is left."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        with pytest.raises(TimeoutError):
            programs.collected(process, 600 if stopped else 0.3, stopped)
        assert process.poll() is not None


def test_all_that_a_process_says_is_collected():
    """However much it is, on both outputs, also while somebody looks whether it is still wanted."""
    command = [sys.executable, "-c", "import sys; print('a' * 300_000); print('b', file=sys.stderr)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        said, errors = programs.collected(process, 60, lambda: False)
    assert (len(said.strip()), errors.strip(), process.returncode) == (300_000, b"b", 0)
