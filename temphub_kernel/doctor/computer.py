"""This computer: Python and packages, whether it goes to sleep by itself, its clock."""

import importlib.metadata
import platform
import re
import struct
import sys
import threading
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from .._version import __version__
from ..core import MACOS, WINDOWS, TempHubError, ask_system, files, finding, local_text, monotonic_s, now_ms
from ..journal import Reader
from .context import Case

OLDEST = (3, 11)
SHOWN = ("voila", "ipykernel", "tornado", "zeroconf", "pandas")


def python(_case: Case) -> Iterable[finding.Finding]:
    """Which Python this is, and whether it is one that the hub can use."""
    bits = struct.calcsize("P") * 8
    said = f"Python {platform.python_version()}, {bits} bit, on {platform.platform()}: {sys.executable}"
    if sys.version_info[:2] < OLDEST:
        yield finding.problem(
            "Python",
            f"{said} is too old for TempHub.",
            "Install Python 3.12 from python.org, then start again.",
        )
    elif bits < 64:
        yield finding.warning(
            "Python",
            f"{said}; some packages are not offered for 32 bit.",
            "Install a 64-bit Python from python.org.",
        )
    else:
        yield finding.well("Python", f"{said}.")


def packages(_case: Case) -> Iterable[finding.Finding]:
    """Whether each requirement is installed in a version that fits."""
    wanted = requirements()
    wrong = [text for need in wanted if (text := lacking(need))]
    if wrong:
        remedy = (
            "Start the hub with Start.bat or temphub_kernel/bootstrap.py, which installs what is "
            "needed; or run `pip install -e .`."
        )
        yield finding.problem("Packages", f"Not as TempHub needs them: {'; '.join(wrong)}.", remedy)
    else:
        shown = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in SHOWN)
        yield finding.well("Packages", f"All {len(wanted)} are there, among them {shown}.")


def versions(case: Case) -> Iterable[finding.Finding]:
    """Whether the running hub is of the version that is installed."""
    runs = case.health.get("version", "")
    if not runs:
        yield finding.well("Version", f"TempHub {__version__}.")
    elif runs == __version__:
        yield finding.well("Version", f"TempHub {__version__}; the running hub is the same.")
    else:
        remedy = "Stop the hub and start it again."
        yield finding.warning(
            "Version", f"TempHub {__version__} is installed, but the hub that runs is still {runs}.", remedy
        )


def requirements() -> list[Requirement]:
    """What TempHub needs: the checkout's own list, else that of the installed package."""
    project = files.CHECKOUT / "pyproject.toml"
    if files.is_checkout(files.CHECKOUT) and project.is_file():
        lines = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    else:
        lines = importlib.metadata.requires("temphub") or []
    return [need for line in lines if (need := _needed(line))]


def lacking(need: Requirement) -> str:
    """What is wrong with one package in a few words; empty when it is as needed."""
    try:
        met = importlib.metadata.version(need.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{need.name} is missing"
    return (
        ""
        if need.specifier.contains(met, prereleases=True)
        else f"{need.name} is {met}, needed is {need.specifier}"
    )


def _needed(line: str) -> Requirement | None:
    try:
        need = Requirement(line)
    except InvalidRequirement:
        return None
    return need if need.marker is None or need.marker.evaluate({"extra": ""}) else None


POWER_STATE = Path("/sys/power/state")
REMEDY = (
    "Switch automatic sleep off while it records, for the time on mains at least; closing a notebook's "
    "lid also puts it to sleep."
)


def sleep(case: Case) -> Iterable[finding.Finding]:
    """Sleep settings, and whether the running hub keeps the computer awake."""
    if case.running and case.health.get("awake"):
        yield finding.well(
            "Sleep", "The running hub keeps this computer awake; a closed lid still puts it to sleep."
        )
    elif WINDOWS:
        yield from windows(ask_system("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE"))
    elif MACOS:
        yield from macos(ask_system("pmset", "-g"))
    else:
        yield from linux(_text(POWER_STATE), _targets(), _desktop())


def windows(text: str | None) -> Iterable[finding.Finding]:
    """From `powercfg`, whose last two hexadecimal numbers are the seconds on mains and on battery, in every
    language."""
    numbers = re.findall(r"0x([0-9a-fA-F]{8})\b", text or "")
    if len(numbers) < 2:
        yield finding.unknown("Sleep", "Windows does not tell when this computer goes to sleep.", REMEDY)
        return
    mains = int(numbers[-2], 16)
    yield _after(mains // 60, "on mains")


def macos(text: str | None) -> Iterable[finding.Finding]:
    """From `pmset -g`: the line ` sleep  10` gives minutes, 0 is never."""
    found = re.search(r"^\s*sleep\s+(\d+)", text or "", re.MULTILINE)
    if not found:
        yield finding.unknown("Sleep", "macOS does not tell when this computer goes to sleep.", REMEDY)
    else:
        yield _after(int(found[1]))


def linux(states: str, targets: str, desktop: str) -> Iterable[finding.Finding]:
    """states: /sys/power/state; targets: what systemd says of sleep.target; desktop: GNOME's setting, empty
    without one."""
    if not states.strip():
        yield finding.well("Sleep", "This computer has no sleep mode.")
    elif targets == "masked":
        yield finding.well("Sleep", "Sleep is switched off on this computer.")
    elif "nothing" in desktop:
        yield finding.well("Sleep", "The desktop does not put this computer to sleep on mains.")
    elif desktop:
        yield finding.warning(
            "Sleep",
            "The desktop puts this computer to sleep when nobody uses it; it records nothing then.",
            REMEDY,
        )
    else:
        yield finding.unknown(
            "Sleep",
            "This computer can sleep; whether it does so by itself is not told.",
            "To be sure: sudo systemctl mask sleep.target",
        )


def _after(minutes: int, when: str = "") -> finding.Finding:
    if not minutes:
        return finding.well(
            "Sleep", f"This computer does not go to sleep by itself{' ' + when if when else ''}."
        )
    said = (
        f"This computer goes to sleep after {minutes} minutes{' ' + when if when else ''}, unless the hub "
        "runs and keeps it awake."
    )
    return finding.warning("Sleep", said, REMEDY)


def _targets() -> str:
    return (
        ask_system("systemctl", "show", "-p", "LoadState", "--value", "sleep.target", timeout_s=3) or ""
    ).strip()


def _desktop() -> str:
    key = ("org.gnome.settings-daemon.plugins.power", "sleep-inactive-ac-type")
    return (ask_system("gsettings", "get", *key, timeout_s=3) or "").strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


# 2024-01-01 and 2100-01-01.
EARLIEST_MS = 1_704_067_200_000
LATEST_MS = 4_102_444_800_000
WATCH_S = 1.0
JUMP_MS = 250
AHEAD_MS = 5_000
SET_IT = "Switch on 'set the time automatically' in this computer's settings"


def clock(case: Case) -> Iterable[finding.Finding]:
    """Takes a second: the clock is watched for jumps."""
    yield judge(now_ms(), jump_ms(), newest_ms(case), synchronised())


def judge(now: int, jump: int, newest: int, in_step: bool | None) -> finding.Finding:
    """The clock in words. now, newest: milliseconds since 1970; jump: how far it moved against a clock that
    never steps."""
    said = f"{local_text(now)} in the time zone {zone(now)}"
    if not EARLIEST_MS < now < LATEST_MS:
        return finding.problem(
            "Clock",
            f"This computer's clock says {said}, so every reading gets a wrong time.",
            f"{SET_IT}, then restart the hub.",
        )
    if newest > now + AHEAD_MS:
        late = f"the journal already holds readings received at {local_text(newest)}"
        remedy = f"{SET_IT}; if those readings have the wrong time, wait until the clock has passed them."
        return finding.problem(
            "Clock", f"This computer's clock says {said}, but {late}: it was set back.", remedy
        )
    if abs(jump) > JUMP_MS:
        return finding.warning(
            "Clock",
            f"{said}; it jumped by {jump} ms while it was watched.",
            f"{SET_IT}, and let only one program set it.",
        )
    if in_step is False:
        return finding.warning("Clock", f"{said}; it is not set by a time server.", f"{SET_IT}.")
    return finding.well("Clock", f"{said}{'; it is set by a time server' if in_step else ''}.")


def jump_ms() -> int:
    """How far the wall clock moved beyond the time that really passed."""
    wall, steady = now_ms(), monotonic_s()
    threading.Event().wait(WATCH_S)
    return round(now_ms() - wall - (monotonic_s() - steady) * 1000)


def newest_ms(case: Case) -> int:
    """When the newest delivery was received; 0 without a journal."""
    try:
        with Reader(case.settings.journal_file) as reader:
            return max(
                (one.received_ms for one in reader.after(max(0, reader.count() - 100), 100)), default=0
            )
    except TempHubError:
        return 0


def synchronised() -> bool | None:
    """Whether a time server sets the clock; None where the system does not tell."""
    said = (ask_system("timedatectl", "show", "-p", "NTPSynchronized", "--value", timeout_s=3) or "").strip()
    return {"yes": True, "no": False}.get(said)


def zone(now: int) -> str:
    """`CET (UTC+01:00)`."""
    local = time.localtime(now // 1000)
    minutes = (local.tm_gmtoff or 0) // 60
    return (
        f"{local.tm_zone} (UTC{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d})"
    )
