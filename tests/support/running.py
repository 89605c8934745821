"""`temphub` run as a user runs it: a process of its own, stopped as a user stops it."""

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from temphub_kernel.base.settings import ALLOWED

from .waiting import wait_for

READY_S = 40.0


class TempHub:
    """A `temphub` process on the loopback interface."""

    def __init__(self, data_dir: Path, port: int, *arguments: str, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = port
        self.log = data_dir.parent / f"temphub-{port}.log"
        env = {name: value for name, value in os.environ.items() if not name.startswith("TEMPHUB_") and name not in ALLOWED}
        # A server that a test kills leaves its connection files: in the test's own folder.
        scratch = data_dir.parent / "scratch"
        scratch.mkdir(exist_ok=True)
        env |= {"TMPDIR": str(scratch), "JUPYTER_RUNTIME_DIR": str(scratch), "IPYTHONDIR": str(scratch / "ipython")}
        # What `Start.bat` would set; nothing leaves this computer.
        env |= {"DATA_DIR": str(data_dir), "PORT": str(port), "HOST": "127.0.0.1", "INTERFACES": "127.0.0.1", **settings}
        command = [sys.executable, "-m", "temphub_kernel", *(arguments or ("--no-browser",))]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=data_dir)

    def text(self) -> str:
        """What it said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ready(self) -> "TempHub":
        """Waits until the hub answers."""
        wait_for(lambda: self.process.poll() is not None or self.answers(), READY_S)
        assert self.process.poll() is None, self.text()
        return self

    def answers(self) -> bool:
        """Whether the hub answers right now."""
        try:
            return self.ask("GET", "/api/health")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: Any = None, timeout_s: float = 5.0) -> tuple[int, Any]:
        """(status, JSON or bytes) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            reply = connection.getresponse()
            raw = reply.read()
            return reply.status, json.loads(raw) if reply.headers.get("Content-Type", "").startswith("application/json") else raw
        finally:
            connection.close()

    def kernels(self) -> list[psutil.Process]:
        """The Jupyter kernels it runs."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if "ipykernel_launcher" in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def hub_kernel(self) -> psutil.Process | None:
        """The kernel that is the hub."""
        return next((k for k in self.kernels() if "/hub-" in " ".join(k.cmdline())), None)

    def rss_mb(self) -> dict[int, float]:
        """Resident memory of each of its processes, MB, by process number."""
        whole = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        return {process.pid: process.memory_info().rss / 1e6 for process in whole}

    def stop(self, name: int = signal.SIGINT, timeout_s: float = 8.0) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(name)
        try:
            return self.process.wait(timeout_s)
        finally:
            self.kill()

    def kill(self) -> None:
        """End whatever is left, without asking."""
        if self.process.poll() is None:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
            self.process.kill()
            self.process.wait()
