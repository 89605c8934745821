"""`temphub doctor`: all checks at once, each in a thread of its own with one end for all, as words for a person or JSON for a
program.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping

from .._version import __version__
from ..core import Settings, TempHubError, iso_utc, monotonic_s, now_ms
from ..core.finding import PROBLEM, Finding, as_text, failed, unknown
from .computer import clock, packages, python, sleep, versions
from .context import Case, look
from .files import csv_file, disk, journal
from .hub import hub_parts, probes
from .network import firewall, interfaces, multicast, port, six_only

Check = Callable[[Case], Iterable[Finding]]
CHECKS: Mapping[str, Check] = {
    "Version": versions,
    "Python": python,
    "Packages": packages,
    "Port": port,
    "Hub": hub_parts,
    "Firewall": firewall,
    "Interfaces": interfaces,
    "Multicast": multicast,
    "IPv6": six_only,
    "Disk": disk,
    "Clock": clock,
    "Sleep": sleep,
    "CSV log": csv_file,
    "Journal": journal,
    "Probes": probes,
}
LIMIT_S = 8.0


def examine(settings: Settings, *, checks: Mapping[str, Check] = CHECKS, limit_s: float = LIMIT_S) -> list[Finding]:
    """Every finding, in the table's order; takes `limit_s` (and 2 s for asking the hub) at most. Never raises."""
    case = look(settings)
    found: dict[str, list[Finding]] = {}
    threads = [threading.Thread(target=_note, args=(name, check, case, found), daemon=True) for name, check in checks.items()]
    for thread in threads:
        thread.start()
    deadline = monotonic_s() + limit_s
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic_s()))
    return [one for name in checks for one in found.get(name, [_late(name, limit_s)])]


def _note(name: str, check: Check, case: Case, found: dict[str, list[Finding]]) -> None:
    try:
        answer = list(check(case))
    # The doctor's boundary: a check that breaks is a finding like any other, and the rest goes on.
    except Exception as error:
        answer = [failed(name, error)]
    found[name] = answer


def _late(name: str, limit_s: float) -> Finding:
    return unknown(
        name, f"This check found nothing out in {limit_s:g} s.", "Try again; if it stays so, the computer or its disk is very busy."
    )


def doctor(say: Callable[[str], None], *, as_json: bool = False) -> int:
    """Examine this computer; 1 when there is a problem, 0 otherwise."""
    try:
        found = examine(Settings.from_environ())
    except TempHubError as error:
        # Without settings nothing else can be looked at in earnest.
        found = [failed("Settings", error)]
    say(as_text(found) if not as_json else json.dumps(as_object(found), ensure_ascii=False, indent=2))
    return 1 if any(one.level == PROBLEM for one in found) else 0


def as_object(found: Iterable[Finding]) -> dict[str, object]:
    """`{"ok", "version", "time", "findings": [{"check", "level", "result", "remedy"}]}`"""
    lines = [one.as_json() for one in found]
    ok = all(one["level"] != PROBLEM for one in lines)
    return {"ok": ok, "version": __version__, "time": iso_utc(now_ms()), "findings": lines}
