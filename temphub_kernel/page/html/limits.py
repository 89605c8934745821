"""Words for rules and limits, and for whom they tell: on a card, and in the forms that set them. Any thread;
pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...core import MINUTE_MS
from ...journal import StoredRule
from .. import alarm_words as words, format
from ..choices import View
from ..data import Probe, Snapshot
from .alarms import degrees

Body = Mapping[str, Any]
# Of a probe that has more limits only so many are drawn.
MOST_LIMITS = 20


def line(body: Body, view: View) -> str:
    """A rule in a line: `Alarm: Above 8 °C for 30 min`."""
    return words.RULE_LINE.format(words.SEVERITIES[str(body.get("severity") or "warning")], what(body, view))


def what(body: Body, view: View) -> str:
    """What a rule watches: `above 8 °C for 30 min`."""
    kind = str(body["kind"])
    if kind in ("above", "below"):
        told = words.RULE_KINDS[kind].format(degrees(float(body["limit_c"]), view))
    elif kind in ("rise", "fall"):
        within = format.span(round(float(body.get("within_min") or 0) * MINUTE_MS))
        told = words.RULE_KINDS[kind].format(
            degrees(float(body.get("change_c") or 0), view, difference=True), within
        )
    else:
        return words.RULE_KINDS.get(kind, kind)
    delay_min = float(body.get("delay_min") or 0)
    return told + (words.RULE_DELAY.format(format.span(round(delay_min * MINUTE_MS))) if delay_min else "")


def bounds(bodies: Iterable[Body]) -> tuple[float | None, float | None]:
    """(lowest, highest) that is still right by rules: the narrowest of their limits."""
    given = [(str(one["kind"]), float(one["limit_c"])) for one in bodies if one.get("limit_c") is not None]
    lows, highs = (
        [limit for kind, limit in given if kind == "below"],
        [limit for kind, limit in given if kind == "above"],
    )
    return max(lows, default=None), min(highs, default=None)


def narrowest(probe: Probe) -> list[tuple[int, float]]:
    """The limits of a probe, as there are: (1, highest) and (−1, lowest) that is still right, °C."""
    low, high = bounds(one.body for one in probe.rules if one.enabled)
    return [(sign, limit) for sign, limit in ((1, high), (-1, low)) if limit is not None]


def between(low: float | None, high: float | None, view: View) -> str:
    """`2 to 8 °C`; empty text without a limit."""
    if low is not None and high is not None:
        return words.BETWEEN.format(
            degrees(low, view).removesuffix(f"\u00a0{view.degree}"), degrees(high, view)
        )
    if high is not None:
        return words.ONLY_ABOVE.format(degrees(high, view))
    return words.ONLY_BELOW.format(degrees(low, view)) if low is not None else ""


def on_card(probe: Probe, view: View) -> str:
    """The button on a card that says its limits and opens the form for them."""
    on = [one.body for one in probe.rules if one.enabled]
    told = between(*bounds(on), view) or (words.WATCHED_OTHERWISE if on else "")
    label = words.LIMITS.format(told) if told else words.LIMITS_NONE
    if "site" in probe.record:
        # Another hub's: it is set there.
        return f'<p class="th-limits th-quiet">{format.safe(told)}</p>'
    do = format.safe(json.dumps({"limits": probe.id}))
    meaning = format.safe(words.LIMITS_MEANING.format(probe.name))
    return (
        f'<p class="th-limits th-scripted"><button type="button" class="th-link" data-do="{do}" '
        f'title="{meaning}">{format.safe(label)}'
        f'<span class="th-hidden"> {format.safe(probe.name)}</span></button></p>'
    )


def short(value: float, sign: int, view: View) -> str:
    """A limit beside its line in the chart: `above 8 °C`. value: in the viewer's unit; sign: 1 above, −1
    below, 0 for one that the viewer drew."""
    told = format.signed(f"{value:.1f}".removesuffix(".0")) + f"\u00a0{view.degree}"
    return words.ABOVE_BELOW["above" if sign > 0 else "below"].format(told) if sign else told


def rules_of(probe: Probe) -> list[StoredRule]:
    """The rules of a probe whose limits are drawn."""
    return [one for one in probe.rules if one.enabled and one.body.get("limit_c") is not None][:MOST_LIMITS]


def movable(snapshot: Snapshot) -> list[StoredRule]:
    """The rules whose limits can be moved in the chart: those that watch the one probe shown alone, where it
    is this hub's."""
    own = len(snapshot.shown) == 1 and snapshot.sites is None
    return rules_of(snapshot.shown[0]) if own else []


def whose(rule: StoredRule) -> str:
    """For whom a rule is when it is not for one probe alone."""
    if rule.body.get("group"):
        return words.FOR_GROUP.format(rule.body["group"])
    return "" if rule.body.get("probes") else words.FOR_ALL


def kept(rule: StoredRule, view: View) -> str:
    """A rule as the form lists it."""
    notes = [*([words.IS_OFF] if not rule.enabled else []), *([whose(rule)] if whose(rule) else [])]
    quiet = f' <span class="th-quiet">{format.safe(", ".join(notes))}</span>' if notes else ""
    return f'<p class="{"" if rule.enabled else "th-quiet"}">{format.safe(line(rule.body, view))}{quiet}</p>'


def would(found: list[tuple[str, str]], more: str = "") -> str:
    """What rules would have told: (rule, `3 alarms, the longest 42 min`) each."""
    rows = "".join(f"<li>{format.safe(rule)}: <b>{format.safe(told)}</b></li>" for rule, told in found)
    rest = f"<li>{format.safe(more)}</li>" if more else ""
    return f'<p>{format.safe(words.WOULD)}</p><ul class="th-would">{rows}{rest}</ul>'


def handle(rule: StoredRule, moved_c: float | None, view: View) -> dict[str, Any]:
    """What the page's script needs for a limit that can be moved in the chart, in the viewer's unit. moved_c:
    where it would stand."""
    body, limit_c = rule.body, float(rule.body["limit_c"])
    at, set_at = (
        round(view.of(celsius), 1) for celsius in (limit_c if moved_c is None else moved_c, limit_c)
    )
    severity = str(body.get("severity") or "warning")
    return {
        "rule": rule.no,
        "at": at,
        "set": set_at,
        "severity": severity,
        "text": f"{words.SEVERITIES[severity]} {words.ABOVE_BELOW[str(body['kind'])]}",
        "label": words.LIMIT_HANDLE.format(line(body, view)),
    }


def channel_row(channel: Mapping[str, Any]) -> str:
    """A way out: its name, service and address without secrets, what waits, and why the last try failed.
    channel: as the API tells it."""
    name = words.CHANNEL_LINE.format(channel.get("name", ""), channel.get("kind", ""))
    waiting = int(channel.get("waiting") or 0)
    facts = [str(channel.get("shown") or ""), words.CHANNEL_WAITING.format(waiting) if waiting else ""]
    problem = str(channel.get("problem") or "") if channel.get("failing") else ""
    failing = (
        f'<p class="th-problem">{format.safe(words.CHANNEL_FAILING.format(problem))}</p>' if problem else ""
    )
    told = " · ".join(filter(None, facts))
    return (
        f'<div class="th-row"><p class="th-row-head">{format.safe(name)}</p><p '
        f'class="th-quiet">{format.safe(told)}</p>{failing}</div>'
    )


def channels_hint(names: list[str]) -> str:
    """What may be typed where ways out are named."""
    there = ", ".join(names) or words.RULE_TELL_NOBODY
    return f'<p class="th-quiet">{format.safe(words.RULE_TELL_HINT.format(there))}</p>'
