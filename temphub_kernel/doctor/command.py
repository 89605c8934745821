"""`temphub doctor`: the findings as words for a person, or as JSON for a program. Main thread."""

import json
from collections.abc import Callable, Iterable

from .._version import __version__
from ..base.clock import iso_utc, now_ms
from ..base.errors import TempHubError
from ..base.finding import PROBLEM, Finding, as_text, failed
from ..base.settings import Settings
from .run import examine


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
