"""Who goes first when this computer is busy: recording before pages, and both before work that can wait. Any thread."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .clock import monotonic_s
from .paths import PACKAGE

FIRST, BEHIND = -15, 10
LOOK_S = 0.5


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


def collected(process: "subprocess.Popen[bytes]", within_s: float, stopped: Callable[[], bool] | None = None) -> tuple[bytes, bytes]:
    """What a process prints on its outputs that are pipes, once it is done.

    Raises TimeoutError when it needs longer, or `stopped` says that nobody waits any more; it is ended then.
    """
    late_s = monotonic_s() + within_s
    while True:
        try:
            said, errors = process.communicate(timeout=LOOK_S if stopped else within_s)
            return said or b"", errors or b""
        except subprocess.TimeoutExpired:
            if monotonic_s() >= late_s or (stopped and stopped()):
                process.kill()
                process.communicate()
                raise TimeoutError(f"not done within {within_s:g} s") from None


@contextmanager
def held_input() -> Iterator[int]:
    """A `stdin` for `start_behind` that ends when this is left or this process ends, however: see `end_with_input`."""
    given, held = os.pipe()
    try:
        yield given
    finally:
        os.close(given)
        os.close(held)


def end_with_input(before: Callable[[], object] = lambda: None) -> None:
    """From now on this process ends when its standard input does: whoever wanted what it makes is gone then. before: done first."""

    def watch() -> None:
        # Not through `sys.stdin`: its lock, held by this thread, would break the end of a process that is done.
        while os.read(0, 4096):
            pass
        before()
        os._exit(3)

    threading.Thread(target=watch, name="input", daemon=True).start()


def _be_nice(pid: int, nice: int) -> None:
    if sys.platform != "win32":
        # Without the right to go before others, or gone already: both are no trouble.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, nice)
            # Where Linux lets sessions compete as a whole, each counts as one, whatever is within.
            Path(f"/proc/{pid or 'self'}/autogroup").write_text(str(nice), encoding="ascii")
