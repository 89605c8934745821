"""The first process of `temphub`: it holds nothing, and starts the supervisor again when that was killed.
Main thread only.

The supervisor in turn starts another keeper when this one was killed. So recording goes on whichever of them
ends, and ends only when somebody asks for it: a supervisor that stops on purpose says so in the run folder
first.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ..core import PACKAGE, run_folder

# In the environment of a supervisor: the folder of this start, and who started it.
RUN, KEEPER = "TEMPHUB_RUN", "TEMPHUB_KEEPER"
WORD = "temphub"
# A supervisor needs less to stop; one that hangs is killed then.
STOP_S = 8.0
LOOK_S = 0.25
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
CALM_S = 60.0
# One that was never up and ends again and again is no accident.
MOST_STILLBORN = 3
BORN_DEAD = (
    "Problem: TempHub's supervisor ended {} times while starting (code {}).\nWhat to do: Start it "
    "again with LOG_LEVEL=DEBUG.\n"
)


class Keeper:
    """Keeps a supervisor running. arguments: those of `temphub`."""

    def __init__(self, arguments: list[str], folder: run_folder.RunFolder) -> None:
        self._arguments = arguments
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def heed(self) -> None:
        """Ctrl-C, a closed console and a polite kill are passed on, and no supervisor is started any more."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._ask)

    def keep(self) -> int:
        """Until it stops on purpose; its exit code."""
        failures = 0
        while not self._asked:
            began = time.monotonic()
            self._child = subprocess.Popen(command(self._arguments), env=environment(self._folder))
            if self._asked:
                self._ask(self._asked)
            code = self._child.wait()
            if not self._folder.has(run_folder.GOES_ON):
                return code
            # A polite kill that came before it could listen is one all the same.
            if code == -signal.SIGTERM:
                return 0
            failures = 0 if time.monotonic() - began > CALM_S else failures + 1
            if failures >= MOST_STILLBORN and not self._folder.has(run_folder.UP):
                sys.stderr.write(BORN_DEAD.format(failures, code))
                return code if code > 0 else 1
            if not self._asked:
                time.sleep(PAUSES_S[min(failures, len(PAUSES_S)) - 1] if failures else 0.0)
        return 0

    def _ask(self, number: int, _: object = None) -> None:
        self._asked = number
        child = self._child
        if child is None:
            return
        # On Windows the console has told it already, and there is nothing else by which to tell it.
        if sys.platform != "win32":
            child.send_signal(number)
        late = threading.Timer(STOP_S, child.kill)
        late.daemon = True
        late.start()


def keep(arguments: list[str]) -> int:
    """Run `temphub` with these arguments until it stops on purpose; the exit code."""
    folder = run_folder.RunFolder.make()
    keeper = Keeper(arguments, folder)
    keeper.heed()
    try:
        return keeper.keep()
    finally:
        folder.remove()


def keep_after(pid: int, arguments: list[str], folder: run_folder.RunFolder) -> int:
    """The same for a supervisor that runs already and whose keeper was killed."""
    from ..core import Process

    keeper, supervisor = Keeper(arguments, folder), Process(pid, WORD)
    asked = threading.Event()

    def passed_on(*_: object) -> None:
        asked.set()
        supervisor.terminate()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), passed_on)
    while supervisor.runs():
        time.sleep(LOOK_S)
    if asked.is_set() or not folder.has(run_folder.GOES_ON):
        return 0
    keeper.heed()
    try:
        return keeper.keep()
    finally:
        folder.remove()


@contextmanager
def _on_purpose(folder: run_folder.RunFolder, pid: int) -> Iterator[tuple[run_folder.RunFolder, int]]:
    try:
        yield folder, pid
    except Exception:
        # What stops a start is told and ends it; what stops a hub that was up is got over.
        if not folder.has(run_folder.UP):
            folder.forget(run_folder.GOES_ON)
        raise
    folder.remove()


def supervised() -> "AbstractContextManager[tuple[run_folder.RunFolder, int]] | None":
    """For a supervisor: the folder of its start and its keeper's process, while it runs; None for whoever no
    keeper started."""
    place, pid = os.environ.pop(RUN, ""), os.environ.pop(KEEPER, "")
    return _on_purpose(run_folder.RunFolder(Path(place)), int(pid)) if place else None


def start_after(arguments: list[str], folder: run_folder.RunFolder) -> "subprocess.Popen[bytes]":
    """A new keeper for this process, which is the supervisor. Raises OSError."""
    words = [sys.executable, *from_here(), "-m", __name__, str(os.getpid()), str(folder.path), *arguments]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL)


def command(arguments: list[str]) -> list[str]:
    """`temphub` with these arguments, in another process of this Python."""
    return [sys.executable, *from_here(), "-m", PACKAGE.name, *arguments]


def environment(folder: run_folder.RunFolder) -> dict[str, str]:
    """Of a supervisor, and of all that it starts."""
    # Linux sets a pool of memory aside for each of their many threads, which take turns anyway: 4 % of all
    # that is held.
    return {"MALLOC_ARENA_MAX": "1", **os.environ, RUN: str(folder.path), KEEPER: str(os.getpid())}


def from_here() -> list[str]:
    """Options of Python under which it finds this program."""
    # Not what happens to lie in the working folder, unless this program does.
    return [] if PACKAGE.parent == Path.cwd() else ["-P"]


if __name__ == "__main__":
    raise SystemExit(keep_after(int(sys.argv[1]), sys.argv[3:], run_folder.RunFolder(Path(sys.argv[2]))))
