"""HTML of the ways out by which alarms are told, and what of a rule is about them. Any thread; pure."""

from collections.abc import Mapping
from typing import Any

from .. import alarm_words as words, format


def row(channel: Mapping[str, Any]) -> str:
    """A way out: its name, service and address without secrets, what waits, and why the last try failed. channel: as the API tells it."""
    name = words.CHANNEL_LINE.format(channel.get("name", ""), channel.get("kind", ""))
    waiting = int(channel.get("waiting") or 0)
    facts = [str(channel.get("shown") or ""), words.CHANNEL_WAITING.format(waiting) if waiting else ""]
    problem = str(channel.get("problem") or "") if channel.get("failing") else ""
    failing = f'<p class="th-problem">{format.safe(words.CHANNEL_FAILING.format(problem))}</p>' if problem else ""
    told = " · ".join(filter(None, facts))
    return f'<div class="th-row"><p class="th-row-head">{format.safe(name)}</p><p class="th-quiet">{format.safe(told)}</p>{failing}</div>'


def hint(names: list[str]) -> str:
    """What may be typed where ways out are named."""
    there = ", ".join(names) or words.RULE_TELL_NOBODY
    return f'<p class="th-quiet">{format.safe(words.RULE_TELL_HINT.format(there))}</p>'
