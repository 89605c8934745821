"""Pictures of what the analysis found, each standing alone in a notebook, with or without its kernel.
Kernel's own thread only.

The frames are those of `temphub_kernel.analysis`; times are shown by the clock of the frame's zone. Where
that clock goes back within the picture, so that an hour comes twice, all of it is drawn by the clock as it
was at first, and the axis says which that is. An empty frame gives an empty picture whose title says so.
"""

from collections.abc import Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import Any, NamedTuple

import bqplot
import numpy as np
from ipywidgets import Layout

from ...analysis import Curve, Level, curves, known, limits, times, zone_of
from ...core import MINUTE_MS
from ...journal.statistics.calendar import changes
from .chart import COLOURS
from .picture import Picture

Frame = Any
# More points than pixels only make a browser slow: of each bucket its lowest and highest reading are drawn.
BUCKETS = 800
# Of more lines each has fewer points.
MANY = 20
DASHES = ("solid", "dashed", "dotted", "dash_dotted")
# Marked spans beyond these are the smallest ones; the table has them all.
MOST_SPANS = 200
MOST_STEPS = 400
RED, GREY = "#c62828", "#8a94a0"
DEGREES, KELVIN, HOUR, DUTY = "°C", "K", "hour of the day, local clock", "% of the time on"


def temperature_picture(
    data: Frame, above: Level = None, below: Level = None, title: str = "Temperature"
) -> Picture:
    """Each probe's readings as a line in °C, broken at gaps, with the limits if any. data: a Series, or what
    `load` gives, with `names=True` lines bear names; above, below: one limit for all, or one a probe:
    `{"Fridge": 8, "Freezer": -15}`."""
    scales = _scales()
    found = [curve for curve in curves(data) if len(curve.ms)]
    ends = [(min(curve.ms[0] for curve in found), max(curve.ms[-1] for curve in found))] if found else []
    clock = _clock(zone_of(data), *ends)
    lines = _lines(data, found, clock, scales)
    marks = [
        mark for end in ends for mark in _limits(data, found, above, below, clock.wall(np.array(end)), scales)
    ]
    return _figure(_told(title, len(found)), [*lines, *marks], scales, DEGREES, clock)


def _limits(
    data: Frame, found: list[Curve], above: Level, below: Level, wall: Any, scales: dict[str, Any]
) -> list[bqplot.Lines]:
    """A dashed line a limit: red for one of all, else in the colour of its probe."""
    if above is None and below is None:
        return []
    asked = limits(above, below, known(data, [curve.probe_id for curve in found]))
    levels: dict[tuple[str, float], list[str]] = {}
    for number, curve in enumerate(found):
        for limit in asked[curve.probe_id]:
            levels.setdefault((limit.kind, limit.celsius), []).append(_colour(number))
    return [
        _level(celsius, wall, scales, colours[0] if len(colours) == 1 < len(found) else RED)
        for (_, celsius), colours in levels.items()
    ]


def excursion_picture(found: Frame, data: Frame = None) -> Picture:
    """What `excursions` found: from its start to its end, from the limit to the peak in °C; over the
    readings, if given."""
    scales = _scales()
    beneath = [] if data is None else [curve for curve in curves(data) if len(curve.ms)]
    largest = found.nlargest(MOST_SPANS, "degree_minutes")
    spans = [(curve.ms[0], curve.ms[-1]) for curve in beneath]
    clock = _clock(found["start"].dt.tz, *spans, _ends(largest["start"], largest["end"]))
    lines = _lines(data, beneath, clock, scales)
    start, end = clock.wall(_ms(largest["start"])), clock.wall(_ms(largest["end"]))
    limit, peak = largest["limit_c"].to_numpy(), largest["peak_c"].to_numpy()
    box = (np.c_[start, start, end, end], np.c_[limit, peak, peak, limit]) if len(largest) else None
    marks = (
        []
        if box is None
        else [_spans(*box, scales, RED, fill="inside", fill_opacities=[0.25] * len(largest))]
    )
    return _figure(_told("Excursions", len(found)), [*lines, *marks], scales, DEGREES, clock)


def profile_picture(profile: Frame) -> Picture:
    """What `daily_profile` found: each probe's median in °C by the local clock, and the band from 10 to 90
    %."""
    scales = {"x": bqplot.LinearScale(min=0.0, max=24.0), "y": bqplot.LinearScale()}
    marks = []
    for number, (probe_id, part) in enumerate(profile.groupby("probe_id", observed=True)):
        hours, colour = part["minute"].to_numpy() / 60, _colour(number)
        around = (np.r_[hours, hours[::-1]], np.r_[part["low_c"], part["high_c"][::-1]])
        marks.append(_mark(*around, scales, colour, fill="inside", fill_opacities=[0.15], stroke_width=0.5))
        marks.append(
            _mark(
                hours,
                part["median_c"].to_numpy(),
                scales,
                colour,
                labels=[str(probe_id)],
                display_legend=True,
            )
        )
    figure = _figure(_told("Usual day", len(profile)), marks, scales, DEGREES)
    figure.axes[0].label, figure.axes[0].tick_values = HOUR, np.arange(0, 25, 3)
    return figure


def compare_picture(differences: Frame) -> Picture:
    """What `differences` found: how much warmer each probe is than the first one, in K, over time."""
    scales = _scales()
    marks = []
    clock = _clock(differences["time"].dt.tz, _ends(differences["time"]))
    for number, (name, part) in enumerate(differences.groupby("b", observed=True)):
        part = part.set_index("time")["difference_c"].rename(str(name))
        marks += [_line(curve, clock, scales, number) for curve in curves(part)]
    first = f"against {differences['a'].iloc[0]}" if len(differences) else ""
    return _figure(_told(f"Difference {first}".strip(), len(differences)), marks, scales, KELVIN, clock)


def completeness_picture(completeness: Frame, gaps: Frame = None) -> Picture:
    """What `completeness` found: a line from each probe's first to its last reading, in red what `gaps` found
    missing."""
    scales = _scales()
    rows = {probe_id: place for place, probe_id in enumerate(completeness["probe_id"])}
    level = np.arange(len(rows), dtype=np.float64)
    marks = []
    clock = _clock(completeness["first"].dt.tz, _ends(completeness["first"], completeness["last"]))
    if rows:
        ends = np.c_[clock.wall(_ms(completeness["first"])), clock.wall(_ms(completeness["last"]))]
        marks.append(_spans(ends, np.c_[level, level], scales, COLOURS[0], stroke_width=10))
    if gaps is not None and len(gaps):
        longest = gaps.nlargest(MOST_SPANS, "duration")
        at = longest["probe_id"].astype("str").map(rows).to_numpy(dtype=np.float64)
        marks.append(
            _spans(
                np.c_[clock.wall(_ms(longest["start"])), clock.wall(_ms(longest["end"]))],
                np.c_[at, at],
                scales,
                RED,
                stroke_width=14,
            )
        )
    figure = _figure(_told("Completeness", len(rows)), marks, scales, "", clock)
    scales["y"].min, scales["y"].max = -0.7, max(len(rows), 1) - 0.3
    says = zip(completeness["probe_id"], completeness["says"], strict=True)
    figure.axes[1].tick_values, figure.axes[1].tick_labels = (
        level,
        {str(place): f"{id_}: {said}" for place, (id_, said) in enumerate(says)},
    )
    figure.axes[1].tick_format, figure.fig_margin = "d", {**figure.fig_margin, "left": 320}
    return figure


def degree_picture(degree_hours: Frame) -> Picture:
    """What `degree_hours(every=…)` found: K·h of each step as a bar, probes side by side."""
    scales = _scales()
    groups, marks = list(degree_hours.groupby("probe_id", observed=True)), []
    clock = _clock(
        degree_hours["start"].dt.tz,
        *(_ends(part["start"].tail(MOST_STEPS), part["end"]) for _, part in groups),
    )
    for number, (probe_id, part) in enumerate(groups):
        part = part.tail(MOST_STEPS)
        start, length = (
            clock.wall(_ms(part["start"])),
            clock.wall(_ms(part["end"])) - clock.wall(_ms(part["start"])),
        )
        left, right = (start + length * (place / len(groups)) for place in (number + 0.1, number + 0.9))
        tall, none = part["degree_hours"].to_numpy(), np.zeros(len(part))
        # Boxes, not Bars: bqplot draws no grouped bars since 0.12.34 (bqplot#1646).
        box = (np.c_[left, left, right, right], np.c_[none, tall, tall, none])
        colour = _colour(number)
        marks.append(_spans(*box, scales, colour, fill="inside", fill_opacities=[0.6] * len(part)))
        # It gives all the boxes their one place in the legend.
        unseen = np.full(1, np.nan)
        marks.append(_mark(left[:1], unseen, scales, colour, labels=[str(probe_id)], display_legend=True))
    return _figure(_told("Degree-hours", len(degree_hours)), marks, scales, "K·h", clock)


def cycle_picture(cycles: Frame) -> Picture:
    """What `compressor_cycles` found: how much of each cycle the compressor ran, in %, over time."""
    scales = {**_scales(), "y": bqplot.LinearScale(min=0.0, max=100.0)}
    marks = []
    clock = _clock(cycles["on"].dt.tz, _ends(cycles["on"]))
    for number, (probe_id, part) in enumerate(cycles.groupby("probe_id", observed=True)):
        part = part.iloc[:: len(part) // (2 * BUCKETS) + 1]
        told = {"labels": [str(probe_id)], "display_legend": True, "marker": "circle", "marker_size": 16}
        marks.append(
            _mark(
                clock.wall(_ms(part["on"])),
                part["duty_percent"].to_numpy(),
                scales,
                _colour(number),
                **told,
            )
        )
    return _figure(_told("Compressor", len(cycles)), marks, scales, DUTY, clock)


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _dash(number: int) -> str:
    """Where colours come again, dashes tell lines apart."""
    return DASHES[number // len(COLOURS) % len(DASHES)]


def _lines(data: Frame, found: list[Curve], clock: "Clock", scales: dict[str, Any]) -> list[bqplot.Lines]:
    """A line a curve, by name where the frame was asked for names."""
    named = data.attrs.get("names", {}) if "name" in getattr(data, "columns", ()) else {}
    called = [one._replace(probe_id=named.get(one.probe_id, one.probe_id)) for one in found]
    return [_line(curve, clock, scales, number, len(found)) for number, curve in enumerate(called)]


def _line(curve: Curve, clock: "Clock", scales: dict[str, Any], number: int, of: int = 1) -> bqplot.Lines:
    """A curve with no more points than a picture of so many (`of`) shows, and a break in each gap that is
    wide enough to see."""
    kept = _outline(curve, max(BUCKETS * MANY // max(of, MANY), 50))
    ms, celsius = curve.ms[kept].astype(np.float64), curve.celsius[kept].copy()
    gaps = np.cumsum(np.r_[0, ~curve.whole])[kept]
    breaks = np.flatnonzero(np.diff(gaps)) + 1
    ms, celsius = np.insert(ms, breaks, (ms[breaks - 1] + ms[breaks]) / 2), np.insert(celsius, breaks, np.nan)
    return _mark(
        clock.wall(ms),
        celsius,
        scales,
        _colour(number),
        labels=[curve.probe_id],
        display_legend=True,
        line_style=_dash(number),
    )


def _outline(curve: Curve, buckets: int) -> Any:
    if len(curve.ms) <= 2 * buckets:
        return np.arange(len(curve.ms))
    edges = np.linspace(curve.ms[0], curve.ms[-1] + 1, buckets + 1)
    starts = np.unique(np.searchsorted(curve.ms, edges[:-1]))
    parts = zip(starts, np.r_[starts[1:], len(curve.ms)], strict=True)
    extremes = [
        (start + curve.celsius[start:end].argmin(), start + curve.celsius[start:end].argmax())
        for start, end in parts
        if end > start
    ]
    return np.unique(np.r_[0, np.ravel(extremes), len(curve.ms) - 1])


def _mark(x: Any, y: Any, scales: dict[str, Any], colour: str, **options: Any) -> bqplot.Lines:
    return bqplot.Lines(
        **{"x": x, "y": y, "scales": scales, "colors": [colour], "stroke_width": 1.5, **options}
    )


def _spans(x: Any, y: Any, scales: dict[str, Any], colour: str, **options: Any) -> bqplot.Lines:
    """Many short lines as one mark."""
    return _mark(x, y, scales, colour, **{**options, "colors": [colour] * len(x)})


def _level(celsius: float, wall: Any, scales: dict[str, Any], colour: str) -> bqplot.Lines:
    told = {"line_style": "dashed", "labels": [f"{celsius:g} {DEGREES}"]}
    return _mark(wall, np.array([celsius, celsius]), scales, colour, **told)


class Clock(NamedTuple):
    """What the time axis shows: the clock of a zone, or one that stands at `offset_ms` for all of the
    picture."""

    zone: tzinfo
    offset_ms: int | None = None

    def wall(self, ms: Any) -> Any:
        """Milliseconds since 1970 as that clock shows them, which is what a DateScale draws."""
        if self.offset_ms is None:
            return times(ms, self.zone).tz_localize(None).to_numpy()
        return (np.rint(ms).astype(np.int64) + self.offset_ms).view("datetime64[ms]")

    @property
    def label(self) -> str:
        """What is to be said of it; empty for the clock on the wall."""
        if self.offset_ms is None:
            return ""
        hours, minutes = divmod(abs(self.offset_ms) // MINUTE_MS, 60)
        return f"clock of UTC{'−' if self.offset_ms < 0 else '+'}{hours:02d}:{minutes:02d} throughout"


def _clock(zone: tzinfo, *spans: tuple[float, float]) -> Clock:
    """The clock on the wall, or the one at first where that goes back within the spans: a line would fold
    back over itself."""
    known = [span for span in spans if span[0] <= span[1]]
    if not known:
        return Clock(zone)
    first, last = min(int(span[0]) for span in known), max(int(span[1]) for span in known)
    stretches = [offset for since, offset in changes(zone, first, last) if since <= last]
    return Clock(zone, stretches[0] if any(after < before for before, after in pairwise(stretches)) else None)


def _ms(column: Frame) -> Any:
    """Times as milliseconds since 1970."""
    return (
        column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    )


def _ends(*columns: Frame) -> tuple[float, float]:
    """(first, last) of some columns of times, in ms; the wrong way round when there are none."""
    found = np.concatenate([_ms(column) for column in columns])
    return (int(found.min()), int(found.max())) if len(found) else (1, 0)


def _told(what: str, count: int) -> str:
    return what if count else f"{what}: nothing found"


def _scales() -> dict[str, Any]:
    return {"x": bqplot.DateScale(), "y": bqplot.LinearScale()}


def _figure(
    title: str, marks: Sequence[Any], scales: dict[str, Any], unit: str, clock: Clock | None = None
) -> Picture:
    plain = {"grid_lines": "solid", "grid_color": "#e5e9ef", "color": GREY}
    axes = [
        bqplot.Axis(scale=scales["x"], label=clock.label if clock else "", **plain),
        bqplot.Axis(scale=scales["y"], side="left", label=unit, label_offset="45px", **plain),
    ]
    margin = {"top": 40, "bottom": 45, "left": 70, "right": 20}
    return Picture(
        title=title,
        marks=list(marks),
        axes=axes,
        fig_margin=margin,
        legend_location="top-right",
        animation_duration=0,
        layout=Layout(width="100%", height="360px"),
    )
