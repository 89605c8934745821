"""All checks at once, each in a thread of its own, with one end for all of them."""

import threading
from collections.abc import Callable, Iterable, Mapping

from ..base.clock import monotonic_s
from ..base.finding import Finding, failed, unknown
from ..base.settings import Settings
from .case import Case, look
from .csv_file import csv_file
from .disk import disk
from .hub_parts import hub_parts
from .journal import journal
from .network import firewall, interfaces, multicast, six_only
from .port import port
from .probes import probes
from .programs import packages, python, versions
from .sleep import sleep
from .timekeeping import clock

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
