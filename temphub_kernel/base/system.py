"""Running other programs, the operating system's own tools among them. Any thread; each has an end."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

WINDOWS = sys.platform == "win32"
MACOS = sys.platform == "darwin"
MOST_CHARS = 1_000_000


class Ended(NamedTuple):
    """code: the exit code; said, errors: what it printed on each output."""

    code: int
    said: str
    errors: str


def run_to_end(command: Sequence[str], *, timeout_s: float, env: Mapping[str, str] | None = None, together: bool = False) -> Ended:
    """Run a program without input and wait for its end. together: both outputs are one, `said`.

    Raises OSError when it cannot be started; TimeoutError, which is one, when it needs longer, and then it is ended.
    """
    # Without a window of its own: on Windows a console would flash up when the hub runs in the background.
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    pipe, errors = subprocess.PIPE, subprocess.STDOUT if together else subprocess.PIPE
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=errors, timeout=timeout_s, creationflags=hidden, env=env, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(str(error)) from error
    return Ended(done.returncode, _text(done.stdout), _text(done.stderr or b""))


def ask_system(*command: str, timeout_s: float = 5.0) -> str | None:
    """What a tool prints; None when it is not there, fails, or needs longer than `timeout_s`."""
    code, text = run_system(*command, timeout_s=timeout_s)
    return text if code == 0 else None


def run_system(*command: str, timeout_s: float = 30.0) -> tuple[int, str]:
    """(exit code, what a tool printed on both outputs); the code is -1 when it is not there or needs too long."""
    try:
        done = run_to_end(command, timeout_s=timeout_s, together=True)
    except OSError as error:
        return -1, str(error)
    return done.code, done.said[:MOST_CHARS]


def ask_powershell(script: str, timeout_s: float = 7.0) -> str | None:
    """What a PowerShell command prints (Windows); None as with `ask_system`."""
    # PowerShell speaks the console's old code page unless told otherwise.
    said = "[Console]::OutputEncoding=[Text.Encoding]::UTF8; " + script
    return ask_system("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", said, timeout_s=timeout_s)


def _text(raw: bytes) -> str:
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # What is not UTF-8 is the console's own code page, which Python calls "oem" on Windows only.
        return raw.decode("oem" if WINDOWS else "latin-1", "replace")
