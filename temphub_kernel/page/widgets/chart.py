"""The chart: bqplot marks that are told only what changed, and what stands beside the lines. Kernel's own
thread only."""

import json
from collections.abc import Callable
from typing import Any

import bqplot
import numpy as np
from ipywidgets import Layout

from ...core import HOUR_MS
from ...journal import Floats, StoredRule
from .. import format
from ..choices import View
from ..data import Annotation, Probe, Snapshot, Times
from ..html.chart import time_axis, value_axis

Reach = tuple[int, int, float, float]
# Of a probe that has more limits only so many are drawn.
MOST_LIMITS = 20
# No more marks than the chart has pixels for.
MOST_MARKS = 400
WARN, QUIET = "var(--th-bad, #b3261e)", "var(--th-quiet, #586575)"


class Extras:
    """Marks that belong to no single probe; those with nothing to show are not in the figure."""

    def __init__(self, scales: dict[str, Any]) -> None:
        # Short strokes along the bottom: marks with a shape of their own would be placed twice by bqplot,
        # first nowhere.
        self._faults = bqplot.Lines(x=[], y=[], scales=scales, colors=[WARN], stroke_width=3)
        self._late = bqplot.Lines(x=[], y=[], scales=scales, colors=[QUIET], stroke_width=1.5)
        self._limit = bqplot.Lines(
            x=[], y=[], scales=scales, colors=[WARN], stroke_width=1.5, line_style="dashed"
        )
        self._notes = bqplot.Lines(
            x=[], y=[], scales=scales, colors=[QUIET], stroke_width=1, line_style="dotted"
        )
        self._keys: dict[int, object] = {}
        self._full: dict[int, bool] = {}

    def show(self, snapshot: Snapshot, seconds: Callable[[Any], Any], reach: Reach) -> list[Any]:
        """The marks that have something to show, brought up to a snapshot."""
        from_ms, end_ms, low, high = reach
        shown, view = snapshot.shown, snapshot.view
        self._strokes(
            self._faults,
            seconds(_thinned([probe.faults for probe in shown], from_ms, end_ms)),
            low,
            low + (high - low) * 0.035,
        )
        self._strokes(
            self._late,
            seconds(_thinned([probe.late for probe in shown], from_ms, end_ms)),
            low,
            low + (high - low) * 0.02,
        )
        nan = float("nan")
        limit = [value for line in limits_of(snapshot) for value in (view.of(line), view.of(line), nan)][:-1]
        # A line to far beyond both ends needs no news while the window slides.
        ends = [seconds(from_ms - 10 * (end_ms - from_ms)), seconds(end_ms + 10 * (end_ms - from_ms)), nan]
        reaching = np.array((ends * (len(limit) // 3 + 1))[: len(limit)], np.float64)
        holds = (
            len(self._limit.x) == len(limit) > 0
            and self._limit.x[0] <= seconds(from_ms) <= seconds(end_ms) <= self._limit.x[-1]
        )
        self._tell(self._limit, self._limit.x if holds else reaching, np.array(limit, np.float64))
        self._show_notes(snapshot.annotations, seconds, reach)
        return [
            mark for mark in (self._limit, self._notes, self._late, self._faults) if self._full.get(id(mark))
        ]

    def _show_notes(self, notes: list[Annotation], seconds: Callable[[Any], Any], reach: Reach) -> None:
        moments = [
            moment for note in notes for moment in sorted({note.from_ms, max(note.from_ms, note.to_ms)})
        ]
        self._strokes(self._notes, seconds(np.array(moments, np.int64)), reach[2], reach[3])

    def _strokes(self, mark: Any, at: Floats, foot: float, head: float) -> None:
        """Upright strokes: each two points, and a gap between two of them."""
        nan = float("nan")
        x = np.repeat(at, 3)
        x[2::3] = nan
        self._tell(mark, x[:-1], np.tile(np.array([foot, head, nan]), len(at))[:-1])

    def _tell(self, mark: Any, x: Floats, y: Floats) -> None:
        self._full[id(mark)] = bool(len(x))
        # One that has nothing to show leaves the figure with what it has: bqplot cannot draw a mark without
        # points.
        if not len(x):
            return
        key = (x.tobytes(), y.tobytes())
        if self._keys.get(id(mark), (b"", b"")) == key:
            return
        self._keys[id(mark)] = key
        with mark.hold_sync():
            mark.x, mark.y = x, y


def limits_of(snapshot: Snapshot) -> list[float]:
    """The lines to draw, in °C: the viewer's own, and the limits of a probe that is shown alone."""
    found = [] if snapshot.view.line_c is None else [snapshot.view.line_c]
    found += [float(rule.body["limit_c"]) for rule in limit_rules(snapshot)]
    return sorted(set(found))


def limit_rules(snapshot: Snapshot) -> list[StoredRule]:
    """The rules whose limits are drawn: those that watch the one probe that is shown alone."""
    rules = snapshot.shown[0].rules if len(snapshot.shown) == 1 else ()
    return [rule for rule in rules if rule.enabled and rule.body.get("limit_c") is not None][:MOST_LIMITS]


def _thinned(found: list[Times], from_ms: int, end_ms: int) -> Times:
    """All of them in time order; those too close to be told apart are one."""
    times = np.concatenate(found) if found else np.empty(0, np.int64)
    times = times[(times >= from_ms) & (times <= end_ms)]
    step_ms = max((end_ms - from_ms) // MOST_MARKS, 1)
    _, first = np.unique(times // step_ms, return_index=True)
    return np.asarray(times[first], np.int64)


COLOURS = ("#0072b2", "#c2510a", "#00795a", "#a4477f", "#8a6100", "#4a5568", "#0a7f94", "#8b1e3f")
# What a page's sliding moves by: less than one pixel of the chart.
STEPS_ACROSS = 1000
# More than any axis has ticks: bqplot then leaves out none of them.
MOST_TICKS = 1000
USUAL_C = (15.0, 25.0)


class Chart:
    """A bqplot figure of the chosen probes. Times on its axis are seconds since `anchor`, which keeps numbers
    small and ticks whole.

    reach: (from_ms, to_ms, lowest, highest) of what it shows, in the viewer's unit.
    """

    def __init__(self, now_ms: int, height: str = "360px") -> None:
        self._anchor_s = now_ms // HOUR_MS * 3600
        self.x = bqplot.LinearScale(min=0.0, max=1.0)
        self._y = bqplot.LinearScale(min=15.0, max=25.0)
        plain = {
            "grid_lines": "solid",
            "grid_color": "var(--th-grid, #e5e9ef)",
            "color": "var(--th-axis, #cfd6df)",
        }
        self._x_axis = bqplot.Axis(
            scale=self.x, tick_values=[], tick_labels={}, **{**plain, "grid_lines": "none"}
        )
        self._y_axis = bqplot.Axis(scale=self._y, side="left", tick_values=[], **plain)
        self._marks: dict[str, tuple[bqplot.Lines, bqplot.Lines]] = {}
        self._keys: dict[str, object] = {}
        self._axes: dict[str, object] = {}
        self._extras = Extras({"x": self.x, "y": self._y})
        self.reach = (0, 1, 0.0, 1.0)
        # What each mark is, in the order they are drawn, for the key of a saved picture.
        self.legend: list[dict[str, str]] = []
        self.figure = bqplot.Figure(
            marks=[],
            axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 12, "bottom": 30, "left": 44, "right": 18},
            min_aspect_ratio=0.01,
            max_aspect_ratio=100,
            padding_x=0,
            padding_y=0,
            animation_duration=0,
            display_toolbar=False,
            background_style={"fill": "transparent"},
            layout=Layout(width="100%", height=height),
        )
        self.figure.add_class("th-chart")

    def show(self, snapshot: Snapshot) -> None:
        """Bring the chart up to a snapshot."""
        probes = snapshot.shown
        for probe in probes:
            self._show_probe(probe, snapshot.view)
        for probe_id in set(self._marks) - {probe.id for probe in snapshot.probes}:
            del self._marks[probe_id], self._keys[probe_id]
        self._show_axes(snapshot)
        extras = self._extras.show(snapshot, self.seconds, self.reach)
        # Bands below all lines, so that no probe's band hides another's line; a mark without points is no
        # mark.
        drawn = [
            (probe, layer, self._marks[probe.id][layer])
            for layer in (0, 1)
            for probe in probes
            if len(probe.curve.times if layer else probe.curve.band_times)
        ]
        marks = [mark for _, _, mark in drawn] + extras
        if marks != list(self.figure.marks):
            self.figure.marks = marks
        self.legend = [
            {"kind": ("band", "line")[layer], "name": probe.name, "colour": colour_of(probe)}
            for probe, layer, _ in drawn
        ]

    def seconds(self, ms: Any) -> Any:
        """A moment (or an array of them) as the time axis counts it."""
        return ms / 1000 - self._anchor_s

    def moment(self, seconds: float) -> float:
        """The way back, in ms."""
        return (seconds + self._anchor_s) * 1000

    def _show_probe(self, probe: Probe, view: View) -> None:
        if probe.id not in self._marks:
            self._marks[probe.id] = self._new_marks(probe)
        key = (view.window.key, view.unit, probe.curve_key, probe.name)
        if self._keys.get(probe.id) == key:
            return
        self._keys[probe.id] = key
        band, line = self._marks[probe.id]
        curve = probe.curve
        for kind, mark, times, values in (
            ("line", line, curve.times, curve.values),
            ("band", band, curve.band_times, curve.band_values),
        ):
            # A mark that has nothing to show leaves the figure with what it has: bqplot cannot draw one
            # without points.
            if not len(times):
                continue
            # All at once: a line must never be drawn, or read off, with one half of the news. In full
            # precision: the page's script shows these very numbers.
            with mark.hold_sync():
                mark.x = self.seconds(times)
                mark.y = values * 1.8 + 32 if view.unit == "F" else values
                mark.labels = [_label(kind, probe, view)]

    def _new_marks(self, probe: Probe) -> tuple[bqplot.Lines, bqplot.Lines]:
        colour = colour_of(probe)
        scales = {"x": self.x, "y": self._y}
        band = bqplot.Lines(
            x=[], y=[], scales=scales, colors=[colour], stroke_width=1, fill="inside", fill_opacities=[0.18]
        )
        # Its edge is drawn too: a spike of one reading is thinner than any area.
        band.opacities = [0.5]
        band.fill_colors = [colour]
        style = "dashed" if probe.colour // len(COLOURS) % 2 else "solid"
        return band, bqplot.Lines(
            x=[], y=[], scales=scales, colors=[colour], stroke_width=2, line_style=style
        )

    def _show_axes(self, snapshot: Snapshot) -> None:
        view, window = snapshot.view, snapshot.window
        from_ms, end_ms = window.ends(snapshot.now_ms)
        if window.live:
            step_ms = max(window.span_ms // STEPS_ACROSS, 1)
            end_ms = -(snapshot.now_ms // -step_ms) * step_ms
            from_ms = end_ms - window.span_ms
        ticks = time_axis(from_ms, end_ms, view)
        places = [moment // 1000 - self._anchor_s for moment, _ in ticks]
        low, high, value_ticks = value_axis(*_reach(snapshot), (view.of(USUAL_C[0]), view.of(USUAL_C[1])))
        self.reach = (from_ms, end_ms, low, high)
        self._tell("x", self.x, (from_ms, end_ms), min=self.seconds(from_ms), max=self.seconds(end_ms))
        labels = {str(place): label for place, (_, label) in zip(places, ticks, strict=True)}
        self._tell_ticks("x", self._x_axis, labels, np.array(places, np.int32))
        self._tell("y", self._y, (low, high), min=low, max=high)
        digits = 1 if any(tick != int(tick) for tick in value_ticks) else 0
        # In the page's own words: the browser's would have a hyphen for a minus sign.
        labels = {f"{tick:g}": format.signed(f"{tick:.{digits}f}") for tick in value_ticks}
        self._tell_ticks("y", self._y_axis, labels, np.array(value_ticks))

    def _tell_ticks(self, name: str, axis: bqplot.Axis, labels: dict[str, str], values: Any) -> None:
        # Labels first and apart: the browser begins to draw when values come, with the labels that it has
        # then.
        renamed = self._tell(f"{name} labels", axis, labels, tick_labels=labels)
        drawn = self._tell(f"{name} ticks", axis, tuple(labels), tick_values=values)
        # It draws a frame later, with those labels still: new ones alone, told in between, would be
        # overwritten by the former for as long as the ticks stay where they are. A number that changes
        # nothing has it draw again.
        if renamed and not drawn:
            axis.num_ticks = MOST_TICKS + (axis.num_ticks == MOST_TICKS)

    def _tell(
        self, name: str, widget: bqplot.Axis | bqplot.LinearScale, state: object, **traits: object
    ) -> bool:
        """Whether it was news."""
        if self._axes.get(name) == state:
            return False
        self._axes[name] = state
        with widget.hold_sync():
            for trait, value in traits.items():
                setattr(widget, trait, value)
        return True


def _label(kind: str, probe: Probe, view: View) -> str:
    """What a mark says of itself to the page's script. width_ms: of the buckets whose means a line goes
    through, 0 for readings."""
    told = {"kind": kind, "id": probe.id, "name": probe.name, "colour": colour_of(probe), "unit": view.degree}
    return json.dumps(told | {"width_ms": view.window.bucket_ms}, separators=(",", ":"))


def colour_of(probe: Probe) -> str:
    """A probe's colour: the theme's, or the light one's where there is no theme."""
    place = probe.colour % len(COLOURS)
    return f"var(--th-c{place + 1}, {COLOURS[place]})"


def _reach(snapshot: Snapshot) -> tuple[float | None, float | None]:
    """Lowest and highest of what is drawn, in the viewer's unit."""
    view = snapshot.view
    told = [probe.statistics for probe in snapshot.shown]
    lows = [view.of(one.low) for one in told if one.low is not None]
    highs = [view.of(one.high) for one in told if one.high is not None]
    if not lows or not highs:
        return None, None
    # A limit is seen although no reading is near it, unless that would flatten the lines.
    line = [view.of(limit) for limit in limits_of(snapshot)]
    near = [
        limit for limit in line if min(lows) - limit < 3 * (max(highs) - min(lows) + 1) > limit - max(highs)
    ]
    return min(lows + near), max(highs + near)
