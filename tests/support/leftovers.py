"""What a test leaves behind: threads, processes, network namespaces. Several runs may share a computer; each
sees only its own."""

import os
import threading
from pathlib import Path

import psutil

# In the environment of everything that this run starts: what was orphaned is known by it.
MARK = "STARTED_BY_TESTS"
os.environ[MARK] = str(os.getpid())
# Playwright's driver and the pools that Python itself keeps for a session are not ours to end; nor is what
# Python notes of a thread that a library's own pool (polars') came from.
KEPT_THREADS = ("asyncio_", "playwright", "ThreadPoolExecutor-", "Dummy-")
NAMESPACES = Path("/run/netns")
SPACE = f"th{os.getpid()}-"


class Before:
    """What there was before a test."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._processes = set(psutil.pids())
        self._spaces = set(_spaces())

    def left(self) -> list[object]:
        """What there is more now, by name."""
        threads = [
            t
            for t in threading.enumerate()
            if t not in self._threads and t.is_alive() and not t.name.startswith(KEPT_THREADS)
        ]
        processes = [said for pid in set(psutil.pids()) - self._processes if (said := self._ours(pid))]
        return [*threads, *processes, *sorted(set(_spaces()) - self._spaces)]

    def _ours(self, pid: int) -> str:
        """How a process was started when a test did it; empty when it is not ours, or has ended."""
        try:
            process = psutil.Process(pid)
            parents = [parent.pid for parent in process.parents()]
            if os.getpid() in parents:
                between = parents[: parents.index(os.getpid())]
                # The child of a browser or hub that serves a whole file of tests: its fixture ends it.
                ours = not self._processes.intersection(between)
            else:
                ours = process.environ().get(MARK) == os.environ[MARK]
            # Without a command line a process is only being born, or is dying: what stays has one.
            return (
                " ".join(process.cmdline()).strip()
                if ours and process.status() != psutil.STATUS_ZOMBIE
                else ""
            )
        except psutil.Error:
            return ""


def _spaces() -> list[str]:
    return [space.name for space in NAMESPACES.glob(f"{SPACE}*")]
