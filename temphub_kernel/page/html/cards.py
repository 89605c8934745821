"""The page's HTML: cards, header, table, list. Any thread; pure. All that others say goes through
text.safe."""

import json

from .. import format, probe_words, tongue, words
from ..choices import View
from ..data import SPARK_PX, Judgement, Measured, Probe, Snapshot, Statistics, arrow
from . import limits, states

COLOURS = 8
# How a line is broken after so many probes, in a short piece of it; see the chart's own styles.
DASHES = ("", "4 3", "6 2.5 1 2.5", "0.5 3.5")
ARROWS = {
    "up": '<path d="M3 11 11 3M5 3h6v6" />',
    "down": '<path d="M3 3l8 8M5 11h6V5" />',
    "steady": '<path d="M2 7h10M8.5 3.5 12 7l-3.5 3.5" />',
}

LINE = (
    '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.7" aria-hidden="true">'
    '<path d="M2 2v12h12M4.5 10l3-4 2.5 2 3.5-5"/></svg>'
)
LOGO = (
    '<svg class="th-logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" '
    'fill="var(--th-accent)"/>'
    '<path d="M13 7.5a3 3 0 0 1 6 0v10.2a5.5 5.5 0 1 1-6 0z" fill="#fff"/>'
    '<circle cx="16" cy="22.3" r="3" fill="var(--th-accent)"/><path d="M16 11v10" stroke="var(--th-accent)" '
    'stroke-width="2"/></svg>'
)


def dashes(colour: int) -> str:
    """How the probe's line is broken, in a short piece of it; empty where it is not."""
    return DASHES[colour // COLOURS % len(DASHES)]


def swatch(colour: int) -> str:
    """A short piece of the probe's line, as the chart draws it."""
    told = dashes(colour)
    dash = f' stroke-dasharray="{told}"' if told else ""
    return (
        '<svg class="th-swatch" viewBox="0 0 18 8" aria-hidden="true"><path d="M1.5 4h15" '
        f'stroke="var(--th-c{colour % COLOURS + 1})"'
        f' stroke-width="3" stroke-linecap="round"{dash}/></svg>'
    )


def header(snapshot: Snapshot, judged: Judgement) -> str:
    """The page's head: what it is, how the hub does, how many probes do."""
    probes = snapshot.ours
    online = snapshot.kept("online", lambda: sum(one.state in ("online", "fault") for one in probes))
    known = format.count(len(probes))
    facts = [(f"{format.count(online)}<small> / {known}</small>", words.PROBE_COUNT)]
    shown = "".join(
        f'<div class="th-fact"><dd>{value}</dd><dt>{format.safe(label)}</dt></div>' for value, label in facts
    )
    jump = f'<a class="th-jump" href="#th-settings">{format.safe(words.SETTINGS)}</a>'
    numbers, time = f'<dl class="th-facts">{shown}</dl>', clock(snapshot.view, snapshot.now_ms)
    return brand(judged.state, f"{jump}{numbers}{time}{states.head(snapshot)}")


def clock(view: View, now_ms: int) -> str:
    """The time, for a screen on a wall; one that stands still shows that the page does."""
    if not view.kiosk:
        return ""
    told = format.time_of_day(format.local(now_ms, view.where), to_second=False, am_pm=view.am_pm)
    return f'<time class="th-clock">{told}</time>'


def brand(state: str, rest: str = "") -> str:
    """The head's frame: name, the hub's state, and what else there is to say."""
    return (
        f'<header class="th-header"><div class="th-brand">{LOGO}<h1>{words.TITLE}'
        f"</h1></div>{hub_pill(state)}{rest}</header>"
    )


def heading(title: str, note: str = "", degree: str = "") -> str:
    """A panel's heading with a quiet note beside it, and the unit, which paper has as well."""
    unit = f'<span class="th-quiet th-degree"> {degree}</span>' if degree else ""
    gap = ", " if degree else " "
    return f'<h2>{format.safe(title)}{unit}<span class="th-quiet">{gap}{format.safe(note)}</span></h2>'


def hub_pill(state: str) -> str:
    """The hub's state in a shape and in words."""
    sign = {"recording": "online", "trouble": "fault", "stopped": "silent", "unread": "fault"}[state]
    return (
        f'<span class="th-hub th-is-{state}" role="status">{states.shape(sign)}'
        f"{format.safe(words.HUB_STATES[state])}</span>"
    )


def card(probe: Probe, view: View, now_ms: int, *, opened: bool = False) -> str:
    """A probe at a glance. opened: its own place is open behind it."""
    label, note = format.safe(f"{probe.name}: {states.word(probe)}"), str(probe.record.get("note") or "")
    told = f'<p class="th-note">{format.safe(note)}</p>' if note else ""
    return (
        f'<article class="th-card th-is-{probe.state}{stale(probe)}{states.level(probe)}" '
        f'data-probe="{format.safe(probe.id)}" aria-label="{label}"'
        f' style="--th-own:var(--th-c{probe.colour % COLOURS + 1})">'
        f'<div class="th-card-head">{swatch(probe.colour)}'
        f"<h2>{named(probe, opened=opened)}</h2>"
        f"{badge(probe)}{alone(probe, view)}</div>{states.on_card(probe, view, now_ms)}{looks_like(probe)}"
        f"{_reading(probe, view, now_ms)}{told}"
        f"{_spark(probe)}{_today(probe, view)}{limits.on_card(probe, view)}{trust_button(probe)}</article>"
    )


def stale(probe: Probe) -> str:
    """The class of a value that is not of now."""
    old = probe.state in ("silent", "waiting", "new", "refused") or probe.quality is not None
    return " th-stale" if old else ""


def named(probe: Probe, *, opened: bool) -> str:
    """Its name: a button of the page's script, which opens the probe's own place, where it is named."""
    if "site" in probe.record:
        return f'<span class="th-name">{format.safe(probe.name)}</span>'
    do, told = format.safe(json.dumps({"open": probe.id})), format.safe(probe_words.OPEN.format(probe.id))
    return (
        f'<button type="button" class="th-name" data-do="{do}" aria-expanded="{str(opened).lower()}" '
        f'title="{told}">{format.safe(probe.name)}</button>'
    )


def trust_button(probe: Probe) -> str:
    """On the card of a probe that waits for a person's yes."""
    if not wants_trust(probe):
        return ""
    do, told = format.safe(json.dumps({"trust": probe.id})), format.safe(probe_words.TRUST_MEANING)
    return (
        f'<button type="button" class="th-primary th-scripted th-yes" data-do="{do}" title="{told}">'
        f"{format.safe(probe_words.TRUST)}</button>"
    )


def wants_trust(probe: Probe) -> bool:
    """Whether a person's yes would change anything: it waits for one, or is a probe without a key that cannot
    be told."""
    stands = probe.record.get("trust")
    # Only its own hub, or its button, frees one that belongs to another.
    held = bool(format.held_up(probe.record)) and stands != "foreign"
    return held or (stands == "plain" and bool(probe.record.get("problem")))


def alone(probe: Probe, view: View) -> str:
    """A button of the page's script: this probe on the chart, with the others or without."""
    do, told = format.safe(json.dumps({"probe": probe.id})), format.safe(words.CARD_CHART.format(probe.name))
    return (
        f'<button type="button" class="th-alone th-scripted" data-do="{do}" aria-label="{told}" '
        f'aria-pressed="{str(bool(view.probes) and view.shows(probe.id)).lower()}" '
        f'title="{told}">{LINE}</button>'
    )


def badge(probe: Probe) -> str:
    """Marks a demo probe, so that nobody takes its numbers for a room's."""
    if probe.record.get("model") != "virtual":
        return ""
    return (
        f'<span class="th-badge" title="{format.safe(words.VIRTUAL_MEANING)}">{format.safe(words.VIRTUAL)}'
        "</span>"
    )


def looks_like(probe: Probe) -> str:
    """Warns of a probe that could be taken for another one."""
    if not probe.looks_like:
        return ""
    told = format.safe(probe_words.LOOKS_LIKE.format(probe.looks_like))
    return f'<p class="th-alike" title="{format.safe(probe_words.LOOKS_LIKE_MEANING)}">{told}</p>'


def quality_text(quality: str) -> str:
    """Why a reading is no temperature, in plain words."""
    return words.QUALITIES.get(quality, words.QUALITY_OTHER)


def age(ms: int, view: View, now_ms: int) -> str:
    """When, counted on as an age by the page's script. Without one the moment stays: an age that nobody
    counts on is soon wrong."""
    return f'<span data-since="{ms}">{words.AT.format(view.at(ms, now_ms))}</span>'


def picture_of(view: View, now_ms: int) -> str:
    """What a still picture of the page says of itself; it carries the hub's clock for the page's script."""
    told = words.PICTURE_OF.format(f"<time>{view.at(now_ms, now_ms)}</time>")
    return f'<p class="th-picture-of" role="status" data-now="{now_ms}">{told}</p>'


def _reading(probe: Probe, view: View, now_ms: int) -> str:
    good, state, held = probe.good, probe.state, format.held_up(probe.record)
    number = view.degrees(good.celsius if good else None)
    value = (
        f'<p class="th-value" style="--th-letters:{len(number)}"><span class="th-number">{number}</span>'
        f'<span class="th-unit">{view.degree}</span></p>'
    )
    told = (
        f'<span class="th-state" title="{format.safe(_meaning(probe))}">'
        f"{states.shape(probe.standing.state)}{format.safe(states.word(probe))}</span>"
    )
    if probe.newest is None:
        return (
            f'{value}<p class="th-age">{told} <span '
            f'class="th-why">{format.safe(held or words.STATE_MEANINGS[state])}</span></p>'
        )
    why = format.safe(
        words.CATCHING_UP
        if probe.catching_up
        else words.STATE_MEANINGS[state]
        if state == "refused"
        else held
    )
    if probe.quality is not None:
        last = (
            words.LAST_GOOD.format(age(good.taken_ms, view, now_ms)) if good else format.safe(words.NO_GOOD)
        )
        why = f"{format.safe(quality_text(probe.quality))}; {last}"
    why = f' <span class="th-why">{why}</span>' if why else ""
    return f'{value}<p class="th-age">{told} {age(probe.newest.taken_ms, view, now_ms)}{why}</p>'


def _meaning(probe: Probe) -> str:
    """What the state means; of a refused probe why, and what to do."""
    names = ("problem", "remedy") if probe.state == "refused" else ()
    told = [tongue.told(probe.record.get(name) or "") for name in names]
    return " ".join(told).strip() or words.STATE_MEANINGS[probe.state]


def _trend(probe: Probe, view: View) -> str:
    """Where it is going and over which time, when it is known and now."""
    glance = probe.glance
    way = arrow(glance.slope) if probe.state in ("online", "late") and not probe.catching_up else ""
    if not way:
        return ""
    sign = (
        '<svg viewBox="0 0 14 14" fill="none" stroke="currentColor" stroke-width="1.8" '
        f'aria-hidden="true">{ARROWS[way]}</svg>'
    )
    over = format.span(glance.slope_ms)
    label, meaning = format.safe(words.TREND.format(over)), format.safe(words.TREND_MEANING.format(over))
    return (
        f'<div class="th-trend" title="{meaning}"><dt>{label}</dt><dd>{sign}{view.slope(glance.slope)}'
        "</dd></div>"
    )


def _spark(probe: Probe) -> str:
    if not probe.glance.spark:
        return ""
    return (
        '<svg class="th-spark" viewBox="0 0 240 56" preserveAspectRatio="none" role="img" '
        f'aria-label="{format.safe(words.SPARK)}">'
        f'{_limits_of_spark(probe)}<path d="{probe.glance.spark}" vector-effect="non-scaling-stroke"/></svg>'
    )


def _limits_of_spark(probe: Probe) -> str:
    """Each limit that the last day came near, and what was beyond it, filled."""
    spark, drawn = probe.glance.spark, []
    for sign, limit_c in limits.narrowest(probe):
        at = probe.glance.up(limit_c)
        if not 0 < at < SPARK_PX:
            continue
        # A drawing within the drawing shows only what is on its own side of the limit.
        top, tall = (0.0, at) if sign > 0 else (at, SPARK_PX - at)
        shape = _closed(spark, SPARK_PX if sign > 0 else 0)
        drawn.append(
            f'<svg x="0" y="{top:.1f}" width="240" height="{tall:.1f}" viewBox="0 {top:.1f} 240 {tall:.1f}" '
            f'preserveAspectRatio="none"><path class="th-beyond" d="{shape}"/></svg>'
            f'<path class="th-at-limit" d="M0 {at:.1f}H240" vector-effect="non-scaling-stroke"/>'
        )
    return "".join(drawn)


def _closed(path: str, foot: int) -> str:
    """What lies between a line and a level, as closed shapes."""
    parts = []
    for run in path.split("M")[1:]:
        first, last = run.split("L")[0], run.split("L")[-1]
        parts.append(f"M{first.split()[0]} {foot}L{run}L{last.split()[0]} {foot}Z")
    return "".join(parts)


def _today(probe: Probe, view: View) -> str:
    items = ((words.TODAY_MIN, probe.glance.low), (words.TODAY_MAX, probe.glance.high))
    cells = "".join(f"<div><dt>{label}</dt><dd>{view.degrees(value)}</dd></div>" for label, value in items)
    return f'<dl class="th-range">{cells}{_trend(probe, view)}</dl>'


def statistics(snapshot: Snapshot) -> str:
    """The table of rolling statistics; on a phone each row becomes a block (see style.css)."""
    columns = words.STAT_COLUMNS
    meanings = {words.SIGMA: f' title="{format.safe(words.SIGMA_MEANING)}"'}
    head = "".join(f'<th scope="col"{meanings.get(name, "")}>{format.safe(name)}</th>' for name in columns)
    rows = "".join(
        _row(probe, _statistics_cells(probe.id, probe.statistics, snapshot), columns)
        for probe in snapshot.charted
    )
    return f'<table class="th-stats"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def measured(snapshot: Snapshot) -> str:
    """The table of a marked range; empty text when none is marked."""
    view = snapshot.view
    if view.measured is None:
        return ""
    over = (
        ()
        if view.line_c is None
        else tuple(label.format(f"{view.degrees(view.line_c)} {view.degree}") for label in words.OVER_COLUMNS)
    )
    columns = words.STAT_COLUMNS[:-1] + over
    head = "".join(f'<th scope="col">{format.safe(name)}</th>' for name in columns)
    found = [(probe, probe.measured) for probe in snapshot.looked_into if probe.measured is not None]
    if not found:
        return f'<p class="th-quiet">{format.safe(words.NOTHING_MEASURED)}</p>'
    rows, whole_ms = [], view.measured[1] - view.measured[0]
    for probe, told in found:
        cells = _statistics_cells(probe.id, told.statistics, snapshot)[:-1] + (
            _over(told, whole_ms) if over else ()
        )
        rows.append(_row(probe, cells, columns))
    return f'<table class="th-stats"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _over(told: Measured, whole_ms: int) -> tuple[str, ...]:
    """Time above a limit, not above it, and not measured: see journal/statistics/exceedance.py. whole_ms: how
    long the range is."""
    if told.beyond is None:
        return (words.NOTHING,) * len(words.OVER_COLUMNS)
    measured, above = told.beyond.measured_ms, told.beyond.passed[0]
    exact = above.exact and told.beyond.exact
    times = (
        (above.beyond_ms, above.exact),
        (measured - above.beyond_ms, exact),
        (whole_ms - measured, told.beyond.exact),
    )
    cells = [
        format.span(round(ms)) if known else words.ABOUT.format(format.span(round(ms))) for ms, known in times
    ]
    if measured:
        part = above.beyond_ms / measured
        cells[:2] = map(words.SHARE.format, cells, map(format.percent, (part, 1 - part)))
    if not above.exact:
        cells[0] = words.BOUNDED.format(
            cells[0], format.span(round(above.least_ms)), format.span(round(above.most_ms))
        )
    return tuple(cells)


def _row(probe: Probe, cells: tuple[str, ...], columns: tuple[str, ...]) -> str:
    shown = "".join(
        f'<td data-label="{format.safe(name)}">{cell}</td>'
        for name, cell in zip(columns[1:], cells, strict=True)
    )
    return (
        f'<tr><th scope="row">{swatch(probe.colour)}<span class="th-name">{format.safe(probe.name)}'
        f"</span></th>{shown}</tr>"
    )


def _statistics_cells(probe_id: str, told: Statistics, snapshot: Snapshot) -> tuple[str, ...]:
    view = snapshot.view
    over_time = (view.degrees(told.mean), view.spread(told.sigma), view.slope(told.trend))
    mean, sigma, trend = over_time if told.exact else map(_estimate, over_time)
    low, high = (
        _moment(*found, probe_id, snapshot) for found in ((told.low, told.low_ms), (told.high, told.high_ms))
    )
    return format.count(told.n), mean, sigma, low, high, trend


def _estimate(shown: str) -> str:
    return f'<span title="{format.safe(words.ESTIMATE_MEANING)}">{words.ESTIMATE.format(shown)}</span>'


def _moment(value: float | None, at_ms: int, probe_id: str, snapshot: Snapshot) -> str:
    if value is None:
        return words.NOTHING
    at = f"</span>{snapshot.view.at(at_ms, snapshot.now_ms)}"
    told = f'<span class="th-quiet"><span class="th-at">{words.AT.format(at)}</span>'
    shown = f"{snapshot.view.degrees(value)} {told}"
    if not snapshot.view.scripted:
        return shown
    # A tap shows that moment with its surroundings: a small part of the window, and never less than ten
    # minutes to each side.
    reach_ms = max(snapshot.window.span_ms // 48, 600_000)
    asked = {"window": [at_ms - reach_ms, at_ms + reach_ms], "see": at_ms, "of": probe_id}
    do, title = format.safe(json.dumps(asked)), format.safe(words.SHOW_MOMENT)
    return f'<button type="button" class="th-link th-jump-to" data-do="{do}" title="{title}">{shown}</button>'
