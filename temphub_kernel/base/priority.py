"""Who goes first when this computer is busy: recording before pages, and both before work that can wait. Any thread."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .paths import PACKAGE

FIRST, BEHIND = -15, 10


def go_first() -> None:
    """Put this process before others, as far as the system lets it: always on Windows; elsewhere where it has the right.

    Before its threads are started: on Linux each has a priority of its own, which those it starts take over.
    """
    if sys.platform == "win32":
        import psutil

        with suppress(psutil.Error, OSError):
            psutil.Process().nice(psutil.ABOVE_NORMAL_PRIORITY_CLASS)
    else:
        _be_nice(0, FIRST)


def start_behind(module: str, *words: str, env: Mapping[str, str] | None = None, **options: Any) -> "subprocess.Popen[bytes]":
    """Run a module of this program in a process that takes the time that nobody else wants. Raises OSError.

    env: variables beside those of this process; options: others of Popen.
    """
    # It finds the program where this process found it, installed or not.
    search = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", module, *words]
    options["env"] = {**os.environ, "PYTHONPATH": search, **(env or {})}
    if sys.platform == "win32":
        # Without a window of its own: a console would flash up.
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(command, creationflags=flags, **options)
    process: subprocess.Popen[bytes] = subprocess.Popen(command, start_new_session=True, **options)
    _be_nice(process.pid, BEHIND)
    return process


def _be_nice(pid: int, nice: int) -> None:
    if sys.platform != "win32":
        # Without the right to go before others, or gone already: both are no trouble.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, nice)
            # Where Linux lets sessions compete as a whole, each counts as one, whatever is within.
            Path(f"/proc/{pid or 'self'}/autogroup").write_text(str(nice), encoding="ascii")
