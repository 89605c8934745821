"""The clock: the right year, no jumps, not behind its own readings, and the time zone."""

import threading
import time
from collections.abc import Iterable

from ..base.clock import local_text, monotonic_s, now_ms
from ..base.errors import TempHubError
from ..base.finding import Finding, problem, warning, well
from ..base.system import ask_system
from ..journal import Reader
from .case import Case

# 2024-01-01 and 2100-01-01.
EARLIEST_MS = 1_704_067_200_000
LATEST_MS = 4_102_444_800_000
WATCH_S = 1.0
JUMP_MS = 250
AHEAD_MS = 5_000
SET_IT = "Switch on 'set the time automatically' in this computer's settings"


def clock(case: Case) -> Iterable[Finding]:
    """Takes a second: the clock is watched for jumps."""
    yield judge(now_ms(), jump_ms(), newest_ms(case), synchronised())


def judge(now: int, jump: int, newest: int, in_step: bool | None) -> Finding:
    """The clock in words. now, newest: milliseconds since 1970; jump: how far it moved against a clock that never steps."""
    said = f"{local_text(now)} in the time zone {zone(now)}"
    if not EARLIEST_MS < now < LATEST_MS:
        return problem(
            "Clock", f"This computer's clock says {said}, so every reading gets a wrong time.", f"{SET_IT}, then restart the hub."
        )
    if newest > now + AHEAD_MS:
        late = f"the journal already holds readings received at {local_text(newest)}"
        remedy = f"{SET_IT}; if those readings have the wrong time, wait until the clock has passed them."
        return problem("Clock", f"This computer's clock says {said}, but {late}: it was set back.", remedy)
    if abs(jump) > JUMP_MS:
        return warning("Clock", f"{said}; it jumped by {jump} ms while it was watched.", f"{SET_IT}, and let only one program set it.")
    if in_step is False:
        return warning("Clock", f"{said}; it is not set by a time server.", f"{SET_IT}.")
    return well("Clock", f"{said}{'; it is set by a time server' if in_step else ''}.")


def jump_ms() -> int:
    """How far the wall clock moved beyond the time that really passed."""
    wall, steady = now_ms(), monotonic_s()
    threading.Event().wait(WATCH_S)
    return round(now_ms() - wall - (monotonic_s() - steady) * 1000)


def newest_ms(case: Case) -> int:
    """When the newest delivery was received; 0 without a journal."""
    try:
        with Reader(case.settings.journal_file) as reader:
            return max((one.received_ms for one in reader.after(max(0, reader.count() - 100), 100)), default=0)
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
    return f"{local.tm_zone} (UTC{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d})"
