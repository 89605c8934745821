"""A hub of some tree, run in a folder of its own for as long as it is measured."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from support.ports import free_port

HERE = Path(__file__).parents[2]


class Hub:
    """The hub that `tree` (a checkout) makes, with this interpreter and its packages. name: what the table
    calls it."""

    def __init__(self, name: str, tree: Path) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = Path(tempfile.mkdtemp(prefix="temphub-benchmark-"))
        own = {
            "DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(tree),
        }
        self._settings = {**os.environ, **own}
        self._process = subprocess.Popen(self._command("--no-browser"), **self._quietly())

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "temphub_kernel", *words]

    def _quietly(self) -> dict[str, Any]:
        quiet = subprocess.DEVNULL
        return {"env": self._settings, "cwd": self.data, "stdout": quiet, "stderr": quiet}

    def expect(self, probes: int) -> None:
        """Have it take so many new probes at once, as a person would; a build that knows nothing of that
        takes all there are."""
        subprocess.run(self._command("probes", "--expect", str(probes)), check=False, **self._quietly())

    def health(self) -> dict[str, int]:
        """What it says of itself."""
        with urllib.request.urlopen(f"{self.url}/api/health", timeout=30) as reply:
            return json.load(reply)

    def wait(self) -> None:
        """Until it answers."""
        while True:
            try:
                self.health()
                return
            except OSError:
                assert self._process.poll() is None, f"the hub {self.name} has ended"
                time.sleep(0.2)

    def settle(self, limit_s: float = 300) -> dict[str, int]:
        """Until the CSV log has all that was delivered; its last word."""
        end = time.monotonic() + limit_s
        while (health := self.health())["csv_waiting"] and time.monotonic() < end:
            time.sleep(0.1)
        return health

    def processes(self) -> list[psutil.Process]:
        """All of its processes."""
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]

    def cpu_s(self) -> dict[int, float]:
        """CPU seconds so far, by process."""
        return self._of_each(lambda one: sum(one.cpu_times()[:2]))

    def memory_mb(self) -> float:
        """PSS of all processes."""
        return sum(self._of_each(lambda one: one.memory_full_info().pss).values()) / 1e6

    def _of_each(self, ask: Callable[[psutil.Process], float]) -> dict[int, float]:
        found = {}
        for one in self.processes():
            # One that ended just now has said all it will.
            with suppress(psutil.NoSuchProcess):
                found[one.pid] = ask(one)
        return found

    def disk_bytes(self) -> int:
        """What the journal takes on the disk, its -wal left out: that is given back."""
        return (self.data / "temphub.sqlite3").stat().st_size

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self.data, ignore_errors=True)
