"""`temphub doctor`: all checks at once, each in a thread of its own with one end for all, as words for a
person or JSON for a program.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping

from .._version import __version__
from ..core import Settings, TempHubError, finding, iso_utc, monotonic_s, now_ms
from . import computer, context, files, hub, network

Check = Callable[[context.Case], Iterable[finding.Finding]]
CHECKS: Mapping[str, Check] = {
    "Version": computer.versions,
    "Python": computer.python,
    "Packages": computer.packages,
    "Port": network.port,
    "Hub": hub.hub_parts,
    "Forwarding": hub.forwarding,
    "Deliveries": hub.gathering,
    "Firewall": network.firewall,
    "Interfaces": network.interfaces,
    "Multicast": network.multicast,
    "IPv6": network.six_only,
    "Disk": files.disk,
    "Clock": computer.clock,
    "Sleep": computer.sleep,
    "CSV log": files.csv_file,
    "Journal": files.journal,
    "Back-up": files.backup,
    "Probes": hub.probes,
}
LIMIT_S = 8.0


def examine(
    settings: Settings, *, checks: Mapping[str, Check] = CHECKS, limit_s: float = LIMIT_S
) -> list[finding.Finding]:
    """Every finding, in the table's order; takes `limit_s` (and 2 s for asking the hub) at most. Never
    raises."""
    case = context.look(settings)
    found: dict[str, list[finding.Finding]] = {}
    threads = [
        threading.Thread(target=_note, args=(name, check, case, found), daemon=True)
        for name, check in checks.items()
    ]
    for thread in threads:
        thread.start()
    deadline = monotonic_s() + limit_s
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic_s()))
    return [one for name in checks for one in found.get(name, [_late(name, limit_s)])]


def _note(name: str, check: Check, case: context.Case, found: dict[str, list[finding.Finding]]) -> None:
    try:
        answer = list(check(case))
    # The doctor's boundary: a check that breaks is a finding like any other, and the rest goes on.
    except Exception as error:
        answer = [finding.failed(name, error)]
    found[name] = answer


def _late(name: str, limit_s: float) -> finding.Finding:
    return finding.unknown(
        name,
        f"This check found nothing out in {limit_s:g} s.",
        "Try again; if it stays so, the computer or its disk is very busy.",
    )


def doctor(say: Callable[[str], None], *, as_json: bool = False) -> int:
    """Examine this computer; 1 when there is a problem, 0 otherwise."""
    try:
        found = examine(Settings.from_environ())
    except TempHubError as error:
        # Without settings nothing else can be looked at in earnest.
        found = [finding.failed("Settings", error)]
    say(finding.as_text(found) if not as_json else json.dumps(as_object(found), ensure_ascii=False, indent=2))
    return 1 if any(one.level == finding.PROBLEM for one in found) else 0


def as_object(found: Iterable[finding.Finding]) -> dict[str, object]:
    """`{"ok", "version", "time", "findings": [{"check", "level", "result", "remedy"}]}`"""
    lines = [one.as_json() for one in found]
    ok = all(one["level"] != finding.PROBLEM for one in lines)
    return {"ok": ok, "version": __version__, "time": iso_utc(now_ms()), "findings": lines}
