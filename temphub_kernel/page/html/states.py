"""HTML of how probes do: what a card, the head of the page, the wall and the tab's title say of it. Any
thread; pure.

What is the matter is judged in alarms/states.py.
"""

import json
from typing import Any

from ...alarms import states
from .. import alarm_words, format, words
from ..choices import View
from ..data import MOST_ON_WALL, Probe, Snapshot, arrow, worst_first
from . import alarms

# Shapes that differ without colour: full, arrows, crossed, hollow, half, dotted.
SHAPES = {
    "online": '<circle cx="8" cy="8" r="6" fill="currentColor"/>',
    "late": '<circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor"/>',
    "silent": '<rect x="1.5" y="1.5" width="13" height="13" rx="1.5" fill="currentColor"/>'
    '<path d="M4.5 8h7" stroke="var(--th-sign, var(--th-card))" stroke-width="2" stroke-linecap="round"/>',
    "fault": '<path d="M8 1.5 15 14H1z" fill="currentColor"/>'
    '<path d="M8 6v4M8 11.4v1" stroke="var(--th-sign, var(--th-card))" stroke-width="1.6" '
    'stroke-linecap="round"/>',
    "waiting": '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-dasharray="2 2.3"/>',
    "refused": '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M4.2 11.8l7.6-7.6" stroke="currentColor" stroke-width="1.5"/>',
    "new": '<path d="M8 2.5v11M2.5 8h11" fill="none" stroke="currentColor" stroke-width="1.8" '
    'stroke-linecap="round"/>',
    "too_warm": '<path d="M8 .8 15 8.5h-3.8V15H4.8V8.5H1z" fill="currentColor"/>',
    "too_cold": '<path d="M8 15.2 15 7.5h-3.8V1H4.8v6.5H1z" fill="currentColor"/>',
    "unseen": '<path d="M1 8q7-9 14 0-7 9-14 0z" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<circle cx="8" cy="8" r="2.4" fill="currentColor"/>',
    "sick": '<path d="M8 1.2 14.8 8 8 14.8 1.2 8z" fill="none" stroke="currentColor" stroke-width="1.7"/>'
    '<path d="M8 5v3.6M8 10.4v.6" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>',
}
SHAPES["fine"] = SHAPES["online"]
# So many of what is wrong alike are named in the head.
MOST_NAMED = 3


def shape(state: str) -> str:
    """The sign of a state."""
    return f'<svg class="th-shape" viewBox="0 0 16 16" aria-hidden="true">{SHAPES[state]}</svg>'


def level(probe: Probe) -> str:
    """The class of what shows how a probe does: `th-alarmed th-alarmed-critical`; empty where all is well."""
    told = states.LEVELS[probe.standing.level]
    return f" th-alarmed th-alarmed-{told}" if probe.wrong else ""


def word(probe: Probe) -> str:
    """The state in a word: `Too warm`. A probe that nothing watches is online; whether it is fine nobody
    knows."""
    state = probe.standing.state
    return words.STATES["online" if state == "fine" and not watched(probe) else state]


def watched(probe: Probe) -> bool:
    """Whether a rule watches it."""
    return any(rule.enabled for rule in probe.rules)


def matter(probe: Probe, view: View) -> str:
    """What is the matter with it, without where and how long: `above 8 °C`, `silent`; empty where all is
    well."""
    told = probe.standing
    if told.state == "unseen":
        passed = told.limit_c is not None and told.cause in alarm_words.ABOVE_BELOW
        if told.cause in alarm_words.WAS_SICK:
            return str(alarm_words.WAS_SICK[told.cause])
        return words.WAS.format(_passed(told, view) if passed else words.MATTERS[told.cause or "silent"])
    if told.limit_c is not None and told.cause in alarm_words.ABOVE_BELOW:
        return _passed(told, view)
    plain = words.MATTERS.get(told.state, "")
    if told.cause and told.state in ("too_warm", "too_cold", "sick", "fault"):
        # On a page of all places its alarms are at its hub.
        mine = (alarms.matter(one, view) for one in probe.alarms if one.alarm.cause == told.cause)
        return next(mine, words.MATTERS.get(told.cause, plain))
    return plain


def _passed(told: states.Standing, view: View) -> str:
    return alarm_words.ABOVE_BELOW[told.cause].format(alarms.degrees(told.limit_c or 0.0, view))


def lasting(told: states.Standing, now_ms: int) -> str:
    """`for 12 min`, counted on by the page's script; empty where nobody knows since when."""
    if not told.since_ms or told.level < states.NOTED:
        return ""
    if told.to_ms:
        return alarm_words.LASTED.format(format.span(told.to_ms - told.since_ms))
    span = f'<span data-lasting="{told.since_ms}">{format.span(now_ms - told.since_ms)}</span>'
    return alarm_words.LASTING.format(span)


def going(probe: Probe, view: View, now_ms: int) -> str:
    """Where the temperature of one that is too warm or too cold goes: `still rising`; of one that was silent
    that it delivers again, of what else is over since when; empty where that is not known."""
    told = probe.standing
    if told.state == "unseen" and told.cause not in ("", "silent"):
        return str(words.BACK_SINCE.format(view.at(told.to_ms, now_ms, to_second=False)))
    if told.state == "unseen" and probe.state == "online":
        return str(words.DELIVERING_AGAIN)
    if probe.standing.state not in words.GOING or probe.state not in ("online", "late"):
        return ""
    return words.GOING[probe.standing.state].get(arrow(probe.glance.slope), "")


def on_card(probe: Probe, view: View, now_ms: int) -> str:
    """What is the matter with a probe, for its card; empty text where nothing is."""
    told = probe.standing
    if told.level < states.WARNING:
        return ""
    goes_on = told.state != "unseen" and bool(probe.alarms)
    alarm = goes_on and told.since_ms == probe.alarms[0].alarm.since_ms
    severity = alarm_words.SEVERITIES[probe.alarms[0].alarm.severity] if alarm else word(probe)
    what = matter(probe, view)
    # Where the word says it all it is said once.
    said = format.safe(severity)
    if what != severity.lower():
        said = words.STATE_LINE.format(f'<span class="th-said">{said}', f"</span>{format.safe(what)}")
    more = f"<span> (+{len(probe.alarms) - 1})</span>" if len(probe.alarms) > 1 else ""
    if way := going(probe, view, now_ms):
        more = f'<span class="th-going"><span>, </span>{format.safe(way)}</span>{more}'
    return (
        f'<p class="th-card-alarm">{shape(told.state)}<span><span>{said}{lasting(told, now_ms)}</span>'
        f"{more}</span>{_see(probe)}</p>"
    )


def _see(probe: Probe) -> str:
    """The button with which somebody says that he has seen a silence; an alarm has a form of its own."""
    if probe.standing.state != "unseen" or probe.standing.cause or "site" in probe.record:
        return ""
    do, label = format.safe(json.dumps({"seen": probe.id})), format.safe(alarm_words.SEE)
    told = format.safe(f"{alarm_words.SEE}: {probe.name}")
    return (
        f'<button type="button" class="th-link th-see th-scripted" data-do="{do}" aria-label="{told}">'
        f"{label}</button>"
    )


def on_wall(snapshot: Snapshot) -> list[Probe]:
    """Those with a card on a wall screen: what is wrong first, and no more than can be read from afar."""
    return worst_first(_for_wall(snapshot))


def _for_wall(snapshot: Snapshot) -> list[Probe]:
    return [one for one in snapshot.shown if not one.elsewhere and one.state != "new"]


def _some(snapshot: Snapshot) -> str:
    """That a wall screen shows some of many; empty where it shows all, and elsewhere."""
    known = len(_for_wall(snapshot)) if snapshot.view.kiosk else 0
    if known <= MOST_ON_WALL:
        return ""
    return f'<p class="th-some th-quiet">{format.safe(words.FOUND.format(MOST_ON_WALL, known))}</p>'


def head(snapshot: Snapshot) -> str:
    """The worst in a line, and how many more there are of what; or that all is well."""
    there, now_ms, bad = snapshot.ours, snapshot.now_ms, snapshot.troubled
    if not bad:
        return _calm(there) + _some(snapshot)
    first = bad[0].standing
    alike = [one for one in bad if (one.standing.state, one.standing.level) == (first.state, first.level)]
    several = len(alike) > 1 and first.state not in words.GOING
    told = (
        words.SEVERAL[first.state].format(len(alike))
        if several
        else f"{bad[0].name} {matter(bad[0], snapshot.view)}"
    )
    colon = words.STATE_LINE.format("", "")
    who = f'<i class="th-colon">{colon}</i>{format.safe(_named(alike))}' if several else ""
    said = alike if several else bad[:1]
    told_of = {one.id for one in said}
    counted = tally([one for one in bad if one.id not in told_of])
    way = going(bad[0], snapshot.view, now_ms)
    rest = "" if several else lasting(first, now_ms) + (f", {format.safe(way)}" if way else "")
    return (
        f'<div class="th-worst th-alarmed-{states.LEVELS[first.level]}">{shape(first.state)}<p>'
        f'<span role="status"><b>{format.safe(told)}</b>{who}</span><span class="th-rest">{rest}</span></p>'
        f"{counted}</div>{_some(snapshot)}"
    )


def _named(alike: list[Probe]) -> str:
    """Who they are, the worst first: `Freezer, Fridge and 3 more`."""
    # A single one that is left has its name in the place of the number.
    most = len(alike) if len(alike) == MOST_NAMED + 1 else MOST_NAMED
    named, more = ", ".join(one.name for one in alike[:most]), len(alike) - most
    return f"{named} {format.counted(words.NAMED_MORE, more)}" if more > 0 else named


def tally(bad: list[Probe]) -> str:
    """How many of them are in each state, the worst first; all are such as somebody has to look at."""
    levels: dict[str, list[int]] = {}
    for one in sorted(bad, key=lambda probe: states.STATES.index(probe.standing.state)):
        levels.setdefault(one.standing.state, []).append(one.standing.level)
    return "".join(
        f'<span class="th-count th-alarmed-{states.LEVELS[max(found)]}">{shape(state)}'
        f"{format.safe(words.COUNTED[state].format(len(found)))}</span>"
        for state, found in levels.items()
    )


def _calm(there: list[Probe]) -> str:
    late = sum(one.standing.state == "late" for one in there)
    if late:
        return _line("late", "late", format.counted(words.SEVERAL_LATE, late))
    fine = bool(there) and all(one.standing.state == "fine" for one in there)
    if not fine or not any(map(watched, there)):
        return ""
    return _line("fine", "online", format.counted(words.ALL_FINE, len(there)))


def _line(state: str, kind: str, told: str) -> str:
    said = f'<p role="status">{format.safe(told)}</p>'
    return f'<div class="th-worst th-is-{kind}">{shape(state)}{said}</div>'


def _quiet(probe: Probe) -> bool:
    """Whether somebody takes care of what is the matter, or wanted not to be told."""
    told, muted = probe.standing, [one for one in probe.alarms if one.muted_ms]
    return told.taken_care or any(one.alarm.since_ms == told.since_ms for one in muted)


def facts(snapshot: Snapshot) -> dict[str, Any]:
    """What the page's script has to know: see alarms.facts; title and sign say the worst of all, whether it
    is an alarm yet or not."""
    told, bad = alarms.facts(snapshot), [one for one in snapshot.troubled if not _quiet(one)]
    if not bad or (told["worst"] == "critical" and bad[0].standing.level < states.CRITICAL):
        return told
    first = bad[0].standing
    title = f"{bad[0].name} {matter(bad[0], snapshot.view)}"
    return {
        **told,
        "title": title,
        "since": 0 if first.to_ms else first.since_ms,
        # Apart from the title: a name may hold what stands for the time.
        "lasting": str(alarm_words.LASTING),
        "worst": states.LEVELS[first.level],
        "count": max(len(bad), told["count"]),
    }
