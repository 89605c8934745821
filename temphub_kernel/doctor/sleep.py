"""Does this computer go to sleep by itself? Then it records nothing until it is woken."""

import re
from collections.abc import Iterable
from pathlib import Path

from ..base.finding import Finding, unknown, warning, well
from ..base.system import MACOS, WINDOWS, ask_system
from .case import Case

POWER_STATE = Path("/sys/power/state")
REMEDY = "Switch automatic sleep off while it records, for the time on mains at least; closing a notebook's lid also puts it to sleep."


def sleep(case: Case) -> Iterable[Finding]:
    """Sleep settings, and whether the running hub keeps the computer awake."""
    if case.running and case.health.get("awake"):
        yield well("Sleep", "The running hub keeps this computer awake; a closed lid still puts it to sleep.")
    elif WINDOWS:
        yield from windows(ask_system("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE"))
    elif MACOS:
        yield from macos(ask_system("pmset", "-g"))
    else:
        yield from linux(_text(POWER_STATE), _targets(), _desktop())


def windows(text: str | None) -> Iterable[Finding]:
    """From `powercfg`, whose last two hexadecimal numbers are the seconds on mains and on battery, in every language."""
    numbers = re.findall(r"0x([0-9a-fA-F]{8})\b", text or "")
    if len(numbers) < 2:
        yield unknown("Sleep", "Windows does not tell when this computer goes to sleep.", REMEDY)
        return
    mains = int(numbers[-2], 16)
    yield _after(mains // 60, "on mains")


def macos(text: str | None) -> Iterable[Finding]:
    """From `pmset -g`: the line ` sleep  10` gives minutes, 0 is never."""
    found = re.search(r"^\s*sleep\s+(\d+)", text or "", re.MULTILINE)
    if not found:
        yield unknown("Sleep", "macOS does not tell when this computer goes to sleep.", REMEDY)
    else:
        yield _after(int(found[1]))


def linux(states: str, targets: str, desktop: str) -> Iterable[Finding]:
    """states: /sys/power/state; targets: what systemd says of sleep.target; desktop: GNOME's setting, empty without one."""
    if not states.strip():
        yield well("Sleep", "This computer has no sleep mode.")
    elif targets == "masked":
        yield well("Sleep", "Sleep is switched off on this computer.")
    elif "nothing" in desktop:
        yield well("Sleep", "The desktop does not put this computer to sleep on mains.")
    elif desktop:
        yield warning("Sleep", "The desktop puts this computer to sleep when nobody uses it; it records nothing then.", REMEDY)
    else:
        yield unknown(
            "Sleep", "This computer can sleep; whether it does so by itself is not told.", "To be sure: sudo systemctl mask sleep.target"
        )


def _after(minutes: int, when: str = "") -> Finding:
    if not minutes:
        return well("Sleep", f"This computer does not go to sleep by itself{' ' + when if when else ''}.")
    said = f"This computer goes to sleep after {minutes} minutes{' ' + when if when else ''}, unless the hub runs and keeps it awake."
    return warning("Sleep", said, REMEDY)


def _targets() -> str:
    return (ask_system("systemctl", "show", "-p", "LoadState", "--value", "sleep.target", timeout_s=3) or "").strip()


def _desktop() -> str:
    key = ("org.gnome.settings-daemon.plugins.power", "sleep-inactive-ac-type")
    return (ask_system("gsettings", "get", *key, timeout_s=3) or "").strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
