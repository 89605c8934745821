"""The page's HTML: cards, header, table, list. Any thread; pure. All that others say goes through text.safe."""

import json

from . import text, words
from .glance import arrow
from .hubstate import Alert, Judgement
from .measure import Measured
from .source import Probe, Snapshot
from .statistics import Statistics
from .text import safe
from .view import View

COLOURS = 8
ARROWS = {
    "up": '<path d="M3 11 11 3M5 3h6v6" />',
    "down": '<path d="M3 3l8 8M5 11h6V5" />',
    "steady": '<path d="M2 7h10M8.5 3.5 12 7l-3.5 3.5" />',
}

# Shapes that differ without colour: full, half, hollow, crossed, dotted.
SHAPES = {
    "online": '<circle cx="8" cy="8" r="6" fill="currentColor"/>',
    "late": '<circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor"/>',
    "silent": '<rect x="2.75" y="2.75" width="10.5" height="10.5" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.5"/>',
    "fault": '<path d="M8 1.5 15 14H1z" fill="currentColor"/>'
    '<path d="M8 6v4M8 11.4v1" stroke="var(--th-card)" stroke-width="1.6" stroke-linecap="round"/>',
    "waiting": '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2 2.3"/>',
    "new": '<path d="M8 2.5v11M2.5 8h11" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/>',
}
LINE = (
    '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.7" aria-hidden="true">'
    '<path d="M2 2v12h12M4.5 10l3-4 2.5 2 3.5-5"/></svg>'
)
LOGO = (
    '<svg class="th-logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="var(--th-accent)"/>'
    '<path d="M13 7.5a3 3 0 0 1 6 0v10.2a5.5 5.5 0 1 1-6 0z" fill="#fff"/>'
    '<circle cx="16" cy="22.3" r="3" fill="var(--th-accent)"/><path d="M16 11v10" stroke="var(--th-accent)" stroke-width="2"/></svg>'
)


def shape(state: str) -> str:
    """The sign of a state."""
    return f'<svg class="th-shape" viewBox="0 0 16 16" aria-hidden="true">{SHAPES[state]}</svg>'


def swatch(colour: int) -> str:
    """A short piece of the probe's line, as the chart draws it."""
    dash = ' stroke-dasharray="4 3"' if colour // COLOURS % 2 else ""
    return (
        f'<svg class="th-swatch" viewBox="0 0 18 8" aria-hidden="true"><path d="M1.5 4h15" stroke="var(--th-c{colour % COLOURS + 1})"'
        f' stroke-width="3" stroke-linecap="round"{dash}/></svg>'
    )


def header(snapshot: Snapshot, judged: Judgement) -> str:
    """The page's head: what it is, how the hub does, a few numbers."""
    health, now_ms = snapshot.health, snapshot.now_ms
    probes = [probe for probe in snapshot.probes if not probe.hidden]
    online = sum(probe.state in ("online", "fault") for probe in probes)
    waiting = int(health.get("csv_waiting") or 0)
    facts = [
        (f"{online}<small> / {len(probes)}</small>", words.PROBE_COUNT),
        (text.count(snapshot.stored), words.STORED),
        (text.count(waiting) if waiting else words.ALL_WRITTEN, words.CSV_WAITING),
    ]
    if judged.state != "stopped" and health.get("started_ms"):
        facts.append((text.span(now_ms - int(health["started_ms"])), words.UPTIME))
    shown = "".join(f'<div class="th-fact"><dd>{value}</dd><dt>{safe(label)}</dt></div>' for value, label in facts)
    jump = f'<a class="th-jump" href="#th-settings">{safe(words.SETTINGS)}</a>'
    return brand(judged.state, f'{jump}<dl class="th-facts">{shown}</dl>')


def brand(state: str, rest: str = "") -> str:
    """The head's frame: name, the hub's state, and what else there is to say."""
    return f'<header class="th-header"><div class="th-brand">{LOGO}<h1>{words.TITLE}</h1></div>{hub_pill(state)}{rest}</header>'


def heading(title: str, note: str = "") -> str:
    """A panel's heading with a quiet note beside it."""
    return f'<h2>{safe(title)}<span class="th-quiet"> {safe(note)}</span></h2>'


def hub_pill(state: str) -> str:
    """The hub's state in a shape and in words."""
    sign = {"recording": "online", "trouble": "fault", "stopped": "silent", "unread": "fault"}[state]
    return f'<span class="th-hub th-is-{state}" role="status">{shape(sign)}{safe(words.HUB_STATES[state])}</span>'


def alerts(found: list[Alert], view: View, now_ms: int) -> str:
    """Problems with their remedies; empty text when there are none."""
    rows = []
    for alert in found:
        since = words.PROBLEM_SINCE.format(view.at(alert.since_ms, now_ms)) if alert.since_ms else ""
        rows.append(
            f'<div class="th-alert" role="alert">{shape("fault")}<div><p class="th-problem">{text.code(alert.problem)}'
            f' <span class="th-quiet">{since}</span></p><p class="th-remedy">{text.code(alert.remedy)}</p></div></div>'
        )
    return "".join(rows)


def card(probe: Probe, view: View, now_ms: int) -> str:
    """A probe at a glance."""
    state = probe.state
    label, note = safe(f"{probe.name}: {words.STATES[state]}"), str(probe.record.get("note") or "")
    stale = " th-stale" if state in ("silent", "waiting", "new") or probe.quality is not None else ""
    told = f'<p class="th-note">{safe(note)}</p>' if note else ""
    return (
        f'<article class="th-card th-is-{state}{stale}" data-probe="{safe(probe.id)}" aria-label="{label}"'
        f' style="--th-own:var(--th-c{probe.colour % COLOURS + 1})">'
        f'<div class="th-card-head">{swatch(probe.colour)}<h2 class="th-name" title="{safe(probe.id)}">{safe(probe.name)}</h2>'
        f"{badge(probe)}{_alone(probe)}</div>{_reading(probe, view, now_ms)}{told}{_spark(probe)}{_today(probe, view)}</article>"
    )


def _alone(probe: Probe) -> str:
    """A button of the page's script: this probe on the chart, with the others or without."""
    do, told = safe(json.dumps({"probe": probe.id})), safe(words.CARD_CHART.format(probe.name))
    return f'<button type="button" class="th-alone th-scripted" data-do="{do}" aria-label="{told}" title="{told}">{LINE}</button>'


def badge(probe: Probe) -> str:
    """Marks a demo probe, so that nobody takes its numbers for a room's."""
    if probe.record.get("model") != "virtual":
        return ""
    return f'<span class="th-badge" title="{safe(words.VIRTUAL_MEANING)}">{safe(words.VIRTUAL)}</span>'


def quality_text(quality: str) -> str:
    """Why a reading is no temperature, in plain words."""
    return words.QUALITIES.get(quality, words.QUALITY_OTHER)


def age(ms: int, view: View, now_ms: int) -> str:
    """How long ago; counted on by the page's script where there is one, so that it is right between two refreshes too."""
    if view.scripted:
        return f'<span data-since="{ms}">{view.at(ms, now_ms)}</span>'
    return f"<span>{text.ago(now_ms - ms)}</span>"


def _reading(probe: Probe, view: View, now_ms: int) -> str:
    good, state, held = probe.good, probe.state, text.held_up(probe.record)
    number = view.degrees(good.celsius if good else None)
    value = (
        f'<p class="th-value" style="--th-letters:{len(number)}"><span class="th-number">{number}</span>'
        f'<span class="th-unit">{view.degree}</span></p>'
    )
    told = f'<span class="th-state" title="{safe(words.STATE_MEANINGS[state])}">{shape(state)}{safe(words.STATES[state])}</span>'
    if probe.newest is None:
        return f'{value}<p class="th-age">{told} <span class="th-why">{safe(held or words.STATE_MEANINGS[state])}</span></p>'
    why = safe(words.CATCHING_UP if probe.catching_up else held)
    if probe.quality is not None:
        last = words.LAST_GOOD.format(age(good.taken_ms, view, now_ms)) if good else safe(words.NO_GOOD)
        why = f"{safe(quality_text(probe.quality))}; {last}"
    why = f' <span class="th-why">{why}</span>' if why else ""
    return f'{value}<p class="th-age">{told} {age(probe.newest.taken_ms, view, now_ms)}{_arrow(probe, view)}{why}</p>'


def _arrow(probe: Probe, view: View) -> str:
    """Where it is going, when it is known and now."""
    way = arrow(probe.glance.slope) if probe.state in ("online", "late") else ""
    if not way:
        return ""
    sign = f'<svg viewBox="0 0 14 14" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">{ARROWS[way]}</svg>'
    return f'<span class="th-trend" title="{safe(words.TREND_MEANING)}">{sign}{view.slope(probe.glance.slope)}</span>'


def _spark(probe: Probe) -> str:
    if not probe.glance.spark:
        return ""
    return (
        f'<svg class="th-spark" viewBox="0 0 240 56" preserveAspectRatio="none" role="img" aria-label="{safe(words.SPARK)}">'
        f'<path d="{probe.glance.spark}" vector-effect="non-scaling-stroke"/></svg>'
    )


def _today(probe: Probe, view: View) -> str:
    items = ((words.TODAY_MIN, probe.glance.low), (words.TODAY_MAX, probe.glance.high))
    cells = "".join(f"<div><dt>{label}</dt><dd>{view.degrees(value)}</dd></div>" for label, value in items)
    return f'<dl class="th-range">{cells}</dl>'


def statistics(snapshot: Snapshot) -> str:
    """The table of rolling statistics; on a phone each row becomes a block (see style.css)."""
    columns = words.STAT_COLUMNS
    meanings = {words.SIGMA: f' title="{safe(words.SIGMA_MEANING)}"'}
    head = "".join(f'<th scope="col"{meanings.get(name, "")}>{safe(name)}</th>' for name in columns)
    rows = "".join(_row(probe, _statistics_cells(probe.statistics, snapshot), columns) for probe in snapshot.shown)
    return f'<table class="th-stats"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def measured(snapshot: Snapshot) -> str:
    """The table of a marked range; empty text when none is marked."""
    view = snapshot.view
    if view.measured is None:
        return ""
    over = () if view.line_c is None else tuple(label.format(f"{view.degrees(view.line_c)} {view.degree}") for label in words.OVER_COLUMNS)
    columns = words.STAT_COLUMNS[:-1] + over
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in columns)
    found = [(probe, probe.measured) for probe in snapshot.shown if probe.measured is not None]
    if not found:
        return f'<p class="th-quiet">{safe(words.NOTHING_MEASURED)}</p>'
    rows = []
    for probe, told in found:
        cells = _statistics_cells(told.statistics, snapshot)[:-1] + (_over(told) if over else ())
        rows.append(_row(probe, cells, columns))
    return f'<table class="th-stats"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _over(told: Measured) -> tuple[str, str]:
    """Time above and below a limit: each reading stands for one interval."""
    if told.above is None:
        return words.NOTHING, words.NOTHING
    about = words.ABOUT if told.about else "{}"
    whole_ms = told.statistics.n * told.pace_ms
    shares = (told.above, 1 - told.above)
    above, below = (about.format(f"{text.span(round(whole_ms * share))} ({100 * share:.0f} %)") for share in shares)
    return above, below


def _row(probe: Probe, cells: tuple[str, ...], columns: tuple[str, ...]) -> str:
    shown = "".join(f'<td data-label="{safe(name)}">{cell}</td>' for name, cell in zip(columns[1:], cells, strict=True))
    return f'<tr><th scope="row">{swatch(probe.colour)}<span class="th-name">{safe(probe.name)}</span></th>{shown}</tr>'


def _statistics_cells(told: Statistics, snapshot: Snapshot) -> tuple[str, ...]:
    view = snapshot.view
    return (
        text.count(told.n),
        view.degrees(told.mean),
        view.spread(told.sigma),
        _moment(told.low, told.low_ms, snapshot),
        _moment(told.high, told.high_ms, snapshot),
        view.slope(told.trend),
    )


def _moment(value: float | None, at_ms: int, snapshot: Snapshot) -> str:
    if value is None:
        return words.NOTHING
    at = snapshot.view.at(at_ms, snapshot.now_ms)
    shown = f'{snapshot.view.degrees(value)} <span class="th-quiet">{words.AT.format(at)}</span>'
    if not snapshot.view.scripted:
        return shown
    # A tap shows that moment with its surroundings: a small part of the window, and never less than ten minutes to each side.
    reach_ms = max(snapshot.window.span_ms // 48, 600_000)
    do, told = safe(json.dumps({"window": [at_ms - reach_ms, at_ms + reach_ms], "see": at_ms})), safe(words.SHOW_MOMENT)
    return f'<button type="button" class="th-link th-jump-to" data-do="{do}" title="{told}">{shown}</button>'
