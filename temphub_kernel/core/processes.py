"""Other processes of this program, known by number and by a word of their command line. Any thread; never
raises.

A time of birth would tell two processes of one number apart as well, but the system works it out from the
clock, which people put forward and back.
"""

import ctypes
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from .clock import monotonic_s

# How long a thread that computes may keep the others waiting; Python's own is 5 ms.
TURN_S = 0.001
GROWN_BYTES, EVERY_S = 32 << 20, 30.0
# How Python is started for a process that lives long: without the columns of each line of code, a megabyte,
# which only mark a place in the lines of a trace.
LEAN = ("-X", "no_debug_ranges")
STILL = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


class Process(NamedTuple):
    """word: stands in its command line."""

    pid: int
    word: str

    def runs(self) -> bool:
        """Whether it is there still. One of which nothing may be known counts as there."""
        try:
            process = psutil.Process(self.pid)
            return process.status() not in STILL and self.word in " ".join(process.cmdline())
        except psutil.AccessDenied:
            return True
        except psutil.Error:
            return False

    def kill(self) -> None:
        """End it and what it started, at once."""
        if not self.runs():
            return
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            below = process.children(recursive=True)
            process.kill()
            for one in below:
                with suppress(psutil.Error):
                    one.kill()

    def terminate(self) -> None:
        """Ask it to end; on Windows that ends it."""
        with suppress(psutil.Error):
            if self.runs():
                psutil.Process(self.pid).terminate()


def started_by(pid: int) -> list[Process]:
    """What a process started, and what that did; empty when it is gone."""
    found = []
    with suppress(psutil.Error):
        for one in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):
                found.append(Process(one.pid, " ".join(one.cmdline())))
    return found


def memory_mb(pid: int, *, whole: bool) -> list[tuple[int, float]]:
    """(process, resident memory in MB) of a process, and of all that it started when `whole`; empty when it
    is gone."""
    found = []
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *(process.children(recursive=True) if whole else [])]:
            with suppress(psutil.Error):
                found.append((one.pid, one.memory_info().rss / 1e6))
    return found


def free_memory() -> int:
    """Bytes that programs may still take on this computer before it is short of memory."""
    return psutil.virtual_memory().available


def first_to_go() -> None:
    """Have the system end this process, and what it starts, before any other of ours when memory runs out
    (Linux)."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("700", encoding="ascii")


def limit_memory(most_mb: int) -> None:
    """Refuse this process more memory than that, where the system can (POSIX); what it starts may take the
    limit off again with 0."""
    try:
        import resource
    except ImportError:
        return
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        wanted = most_mb * 1_000_000 or hard
        resource.setrlimit(
            resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def release_memory() -> None:
    """Give what is free inside this process back to the system, where the C library would keep it for later
    (glibc, see malloc_trim(3)). A few milliseconds."""
    if sys.platform == "linux":
        # Not every C library of Linux has it.
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


class Grown:
    """Gives back what a process needed for a while: columns of many readings are taken and let go in pieces
    of some ten kilobytes, which the C library keeps. One thread; asked now and then."""

    def __init__(self) -> None:
        self._kept = _resident()
        self._grown, self._next_s = False, monotonic_s()

    def look(self) -> bool:
        """Release memory where the process has grown by GROWN_BYTES, once in EVERY_S, and until nothing more
        comes of it; whether it was."""
        size, now_s = _resident(), monotonic_s()
        self._kept = min(self._kept, size)
        self._grown = self._grown or size >= self._kept + GROWN_BYTES
        if not self._grown or now_s < self._next_s:
            return False
        release_memory()
        self._kept, self._next_s = _resident(), now_s + EVERY_S
        # What it grew by may still have been in use.
        self._grown = size - self._kept >= GROWN_BYTES // 8
        return True


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


def take_short_turns() -> None:
    """Threads of this process let each other go on more often. One that reads and sends gives up its turn
    each time, and else waits five milliseconds for each that computes before it has the next."""
    sys.setswitchinterval(TURN_S)
