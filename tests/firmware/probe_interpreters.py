"""Finds micropython and mpy-cross, and starts the real probe. CPython only."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.virtual import said
from support.waiting import PATIENCE_S, wait_for

HERE = Path(__file__).resolve().parent
FIRMWARE = HERE.parents[1] / "firmware"


def tool(name):
    """The path of a program out of PATH or beside this Python. Missing: skipped at home, a failure in CI."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found:
        return found
    reason = f"{name} is not installed. Install the test requirements to run this."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def interpreter(name):
    """The command that runs a Python file: CPython with every warning an error, or micropython."""
    return [sys.executable, "-X", "dev", "-W", "error"] if name == "cpython" else [tool("micropython")]


def probe_command(name, *options):
    """The command line of a virtual probe under that interpreter."""
    return [*interpreter(name), str(FIRMWARE / "main.py"), *(str(option) for option in options)]


def wait_until(condition, seconds=20.0):
    """Poll until `condition()` is true and return its value; fail with the deadline."""
    return wait_for(condition, seconds)


class RunningProbe:
    """A probe process for a `with`. `lines` holds what it printed; `stop(signal)` ends it and gives its exit
    code."""

    def __init__(self, name, *options):
        self._command = probe_command(name, *options)
        self.lines = []

    def __enter__(self):
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            wait_until(lambda: self._place() or self.process.poll() is not None)
            assert self._place(), self.lines
        except BaseException:
            self.__exit__()
            raise
        self.url = "http://" + self._place()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.process.stdout.close()

    def stop(self, number):
        """Send the signal and wait for the end."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def _place(self):
        """Where it listens, once it says so."""
        listening = next((line for line in self.lines if "listening on" in line), "")
        return listening.rpartition(" ")[2]

    def _read(self):
        for line in said(self.process.stdout):
            self.lines.append(line)
