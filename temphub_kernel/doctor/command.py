"""`temphub doctor`: the findings as words for a person, or as JSON for a program. Main thread."""

import json
from collections.abc import Callable, Iterable

from .._version import __version__
from ..base.clock import iso_utc, now_ms
from ..base.errors import TempHubError
from ..base.settings import Settings
from .finding import PROBLEM, UNKNOWN, WARNING, WELL, Finding, failed
from .run import examine

SIGNS = {WELL: "ok", WARNING: "note", PROBLEM: "PROBLEM", UNKNOWN: "?"}


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


def as_text(found: Iterable[Finding]) -> str:
    """A line for each, the remedy below it, and a sum at the end."""
    lines, problems = [], 0
    for one in found:
        problems += one.level == PROBLEM
        lines.append(f"{SIGNS[one.level]:>7}  {one.check}: {one.result}")
        if one.remedy:
            lines.append(f"{'':>7}  -> {one.remedy}")
    lines.append("")
    lines.append(
        "No problem found." if not problems else f"{problems} problem{'s' if problems > 1 else ''} found; what to do stands behind ->."
    )
    return "\n".join(lines)
