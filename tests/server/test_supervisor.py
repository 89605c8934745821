"""The supervisor's hub, in the moment in which it takes readings and its start is not over."""

import os
import subprocess
import sys
from pathlib import Path

from server import stopped_early
from support.waiting import PATIENCE_S
from temphub_kernel.journal import Reader


def test_a_hub_that_is_only_just_starting_is_stopped_and_not_killed(
    data_dir: Path, free_port: int, tmp_path: Path
) -> None:
    """What it acknowledged before its start was over is in the CSV log, as after any stop."""
    env = os.environ | {"DATA_DIR": str(data_dir), "PORT": str(free_port), "HOST": "127.0.0.1"}
    env |= {"INTERFACES": "127.0.0.1", "JUPYTER_RUNTIME_DIR": str(tmp_path), "IPYTHONDIR": str(tmp_path)}
    folder = tmp_path / "run"
    folder.mkdir()
    program = [sys.executable, str(stopped_early.__file__), str(folder), str(tmp_path / "called-off")]
    ended = subprocess.run(program, env=env, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert ended.returncode == 0, ended.stderr
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert reader.count() == 1
    assert "Early-1" in (data_dir / "temperature_log.csv").read_text(encoding="utf-8")
    assert os.listdir(folder) == []
