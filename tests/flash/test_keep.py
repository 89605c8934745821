"""`temphub flash --keep`: a board that is not erased"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.waiting import cannot
from temphub_kernel.flash.flash import MERGE

# As `temphub flash` wrote them until 0.3.0.
HALVES = json.dumps({"ssid": "🏠 home", "password": "secret99", "name": "Küche 🧊🧊\ud7ff", "n": 3})


def steps(tools) -> list[str]:
    """Each call as tool and verb."""
    return [f"{call[0]} {call[3]}" for call in tools.calls()]


def test_keep_copies_the_firmware_only(tools):
    """MicroPython stays; what was updated over the air is removed, so that the copied firmware is the one
    that runs."""
    tools.flash(keep=True, port="COM7")
    assert steps(tools) == [f"mpremote {verb}" for verb in ("exec", "exec", "cp", "exec", "run", "reset")]
    assert "slot.json" in tools.calls()[1][-1] and tools.calls()[0][:3] == ["mpremote", "connect", "COM7"]


def test_keep_adds_the_given_settings(tools):
    """The board's own settings file is not copied over: what is given is added to it by the board itself."""
    tools.flash(keep=True, port="COM7", settings='{"name": "Cold room"}')
    assert steps(tools) == [f"mpremote {verb}" for verb in ("exec", "exec", "cp", "exec", "run", "reset")]
    assert "settings.add" in tools.copied() and "settings.json" not in tools.copied()
    assert tools.calls()[3][-1] == MERGE


@pytest.mark.parametrize(
    ("before", "added", "after"),
    [
        (
            '{"ssid": "home", "password": "secret99", "token": "t", "sensor_keys": ["28a"], "future": [1]}',
            {"name": "Küche", "token": "u"},
            {
                "ssid": "home",
                "password": "secret99",
                "token": "u",
                "sensor_keys": ["28a"],
                "future": [1],
                "name": "Küche",
            },
        ),
        ('{"ssid": "home", "password": "secret99"}', {"ssid": "cafe"}, {"ssid": "cafe"}),
        (
            '{"ssid": "home", "password": "secret99"}',
            {"ssid": "home"},
            {"ssid": "home", "password": "secret99"},
        ),
        (None, {"name": "New"}, {"name": "New"}),
        ('{"ssid": "ho', {"name": "New"}, {"name": "New"}),
        ("[1]", {"name": "New"}, {"name": "New"}),
        (
            HALVES,
            {"ssid": "🏠 home", "token": "t"},
            {"ssid": "🏠 home", "password": "secret99", "name": "Küche 🧊🧊퟿", "n": 3, "token": "t"},
        ),
        (HALVES, None, {"ssid": "🏠 home", "password": "secret99", "name": "Küche 🧊🧊퟿", "n": 3}),
        ('{"ssid": "home"}', None, {"ssid": "home"}),
        (None, None, None),
    ],
    ids=[
        "added",
        "another network",
        "the same network",
        "no file",
        "torn file",
        "no object",
        "signs in halves",
        "nothing given",
        "nothing to do",
        "nothing at all",
    ],
)
def test_the_board_adds_settings_to_its_own(tmp_path, before, added, after):
    """What the board runs, run by MicroPython: nothing is lost but the password of a network that is left;
    nothing is left behind."""
    program = shutil.which(
        "micropython", path=f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"
    )
    if not program:
        if sys.platform == "win32":
            pytest.skip("MicroPython's unix port is not made for Windows")
        cannot("micropython is not installed; the test requirements bring it on Linux")
    if before is not None:
        (tmp_path / "settings.json").write_text(before, encoding="utf-8")
    if added is not None:
        (tmp_path / "settings.add").write_text(json.dumps(added, ensure_ascii=False), encoding="utf-8")
    done = subprocess.run([program, "-c", MERGE], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ([] if after is None else ["settings.json"])
    if after is not None:
        assert json.loads((tmp_path / "settings.json").read_text(encoding="utf-8")) == after
