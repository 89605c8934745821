"""Other programs: the system's own tools, processes of ours, and who goes first when this computer is busy.
Any thread."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from . import clock, files

WINDOWS = sys.platform == "win32"
MACOS = sys.platform == "darwin"
MOST_CHARS = 1_000_000


class Ended(NamedTuple):
    """code: the exit code; said, errors: what it printed on each output."""

    code: int
    said: str
    errors: str


def run_to_end(
    command: Sequence[str], *, timeout_s: float, env: Mapping[str, str] | None = None, together: bool = False
) -> Ended:
    """Run a program without input and wait for its end. together: both outputs are one, `said`.

    Raises OSError when it cannot be started; TimeoutError, which is one, when it needs longer, and then it is
    ended.
    """
    # Without a window of its own: on Windows a console would flash up when the hub runs in the background.
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    pipe, errors = subprocess.PIPE, subprocess.STDOUT if together else subprocess.PIPE
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=errors,
            timeout=timeout_s,
            creationflags=hidden,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(str(error)) from error
    return Ended(done.returncode, _text(done.stdout), _text(done.stderr or b""))


def ask_system(*command: str, timeout_s: float = 5.0) -> str | None:
    """What a tool prints; None when it is not there, fails, or needs longer than `timeout_s`."""
    code, text = run_system(*command, timeout_s=timeout_s)
    return text if code == 0 else None


def run_system(*command: str, timeout_s: float = 30.0) -> tuple[int, str]:
    """(exit code, what a tool printed on both outputs); the code is -1 when it is not there or needs too
    long."""
    try:
        done = run_to_end(command, timeout_s=timeout_s, together=True)
    except OSError as error:
        return -1, str(error)
    return done.code, done.said[:MOST_CHARS]


def ask_powershell(script: str, timeout_s: float = 7.0) -> str | None:
    """What a PowerShell command prints (Windows); None as with `ask_system`."""
    # PowerShell speaks the console's old code page unless told otherwise.
    said = "[Console]::OutputEncoding=[Text.Encoding]::UTF8; " + script
    return ask_system(
        "powershell.exe", "-NoProfile", "-NonInteractive", "-Command", said, timeout_s=timeout_s
    )


def _text(raw: bytes) -> str:
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # What is not UTF-8 is the console's own code page, which Python calls "oem" on Windows only.
        return raw.decode("oem" if WINDOWS else "latin-1", "replace")


FIRST, BEHIND, LAST = -15, 10, 19
LOOK_S = 0.5


def go_first() -> None:
    """Put this process before others, as far as the system lets it: always on Windows; elsewhere where it has
    the right.

    Before its threads are started: on Linux each has a priority of its own, which those it starts take over.
    """
    if sys.platform == "win32":
        import psutil

        with suppress(psutil.Error, OSError):
            psutil.Process().nice(psutil.ABOVE_NORMAL_PRIORITY_CLASS)
    else:
        _be_nice(0, FIRST)


@contextmanager
def behind() -> Iterator[None]:
    """Within, this process takes the time and the disk that nobody else wants. Before its threads are
    started, as above. Where the system lets nobody back before others it stays so."""
    import psutil

    process = psutil.Process()
    with suppress(psutil.Error, OSError):
        before = process.nice()
        # Of this process alone: what else a person runs in this window stays as it is.
        if sys.platform == "win32":
            process.nice(psutil.IDLE_PRIORITY_CLASS)
        else:
            process.nice(LAST)
        if sys.platform == "linux":
            process.ionice(psutil.IOPRIO_CLASS_IDLE)
    try:
        yield
    finally:
        with suppress(psutil.Error, OSError):
            process.nice(before)
            if sys.platform == "linux":
                process.ionice(psutil.IOPRIO_CLASS_NONE)


def start_behind(
    module: str, *words: str, env: Mapping[str, str] | None = None, **options: Any
) -> "subprocess.Popen[bytes]":
    """Run a module of this program in a process that takes the time that nobody else wants. Raises OSError.

    env: variables beside those of this process; options: others of Popen.
    """
    # It finds the program where this process found it, installed or not.
    search = os.pathsep.join(filter(None, [str(files.PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", module, *words]
    options["env"] = {**os.environ, "PYTHONPATH": search, **(env or {})}
    if sys.platform == "win32":
        # Without a window of its own: a console would flash up.
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(command, creationflags=flags, **options)
    process: subprocess.Popen[bytes] = subprocess.Popen(command, start_new_session=True, **options)
    _be_nice(process.pid, BEHIND)
    return process


def start_beside(*command: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Run a program in a process that takes its turn like this one, without a window. Raises OSError.
    options: those of Popen."""
    if sys.platform == "win32":
        return subprocess.Popen(command, creationflags=subprocess.CREATE_NO_WINDOW, **options)
    return subprocess.Popen(command, start_new_session=True, **options)


def collected(
    process: "subprocess.Popen[bytes]", within_s: float, stopped: Callable[[], bool] | None = None
) -> tuple[bytes, bytes]:
    """What a process prints on its outputs that are pipes, once it is done.

    Raises TimeoutError when it needs longer, or `stopped` says that nobody waits any more; it is ended then.
    """
    late_s = clock.monotonic_s() + within_s
    while True:
        try:
            said, errors = process.communicate(timeout=LOOK_S if stopped else within_s)
            return said or b"", errors or b""
        except subprocess.TimeoutExpired:
            if clock.monotonic_s() >= late_s or (stopped and stopped()):
                process.kill()
                process.communicate()
                raise TimeoutError(f"not done within {within_s:g} s") from None


PROBLEM = "Problem: "


def command_problem(
    data_dir: Path, *words: str, within_s: float, stopped: Callable[[], bool] | None = None
) -> str:
    """Have the command `temphub` do something for a data folder, in a process behind all others, and wait for
    its end; what went wrong, in its own words and without the full stop. Empty when nothing did.

    within_s, stopped: as with `collected`; both are problems as well.
    """
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    env = {"DATA_DIR": str(data_dir), "PYTHONUTF8": "1"}
    try:
        process = start_behind(
            files.PACKAGE.name, *words, stdin=nothing, stdout=nothing, stderr=pipe, env=env
        )
        with process:
            _, errors = collected(process, within_s, stopped)
    except OSError as error:
        return error.strerror or str(error)
    if process.returncode == 0:
        return ""
    lines = errors.decode("utf-8", "replace").splitlines()
    told = [line.removeprefix(PROBLEM).rstrip(".") for line in lines if line.startswith(PROBLEM)]
    return told[0] if told else f"exit code {process.returncode}"


@contextmanager
def held_input() -> Iterator[int]:
    """A `stdin` for `start_behind` that ends when this is left or this process ends, however: see
    `end_with_input`."""
    given, held = os.pipe()
    try:
        yield given
    finally:
        os.close(given)
        os.close(held)


def end_with_input(before: Callable[[], object] = lambda: None) -> None:
    """From now on this process ends when its standard input does: whoever wanted what it makes is gone then.
    before: done first."""

    def watch() -> None:
        # Not through `sys.stdin`: its lock, held by this thread, would break the end of a process that is
        # done.
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
