"""The chart: bqplot marks that are told only what changed, and what stands beside the lines. Kernel's own
thread only."""

import json
from typing import Any

import bqplot
import numpy as np
from ipywidgets import Layout

from ...core import HOUR_MS
from .. import format
from ..choices import View
from ..data import Probe, Snapshot
from ..html import cards, chart, panes
from .base import set_class
from .chart_extras import Extras, Laid, Limit, limits_of
from .world import let_go

let_go()
PLAIN = {
    "grid_lines": "solid",
    "grid_color": "var(--th-grid, #e5e9ef)",
    "color": "var(--th-axis, #cfd6df)",
}
# How tall it is with one pane, and what each further one adds.
BASE_PX, MORE_PX = 360, 90
COLOURS = ("#0072b2", "#c2510a", "#00795a", "#a4477f", "#8a6100", "#4a5568", "#0a7f94", "#8b1e3f")
# What a page's sliding moves by: less than one pixel of the chart.
STEPS_ACROSS = 1000
# More than any axis has ticks: bqplot then leaves out none of them.
MOST_TICKS = 1000
USUAL_C = (15.0, 25.0)
# After so many probes colours begin anew, with another dash.
STYLES = ("solid", "dashed", "dash_dotted", "dotted")


class Chart:
    """A bqplot figure of the chosen probes. Times on its axis are seconds since `anchor`, which keeps numbers
    small and ticks whole.

    laid: from when to when, and its panes, as they are now.
    """

    def __init__(self, now_ms: int) -> None:
        self._anchor_s = now_ms // HOUR_MS * 3600
        self.x = bqplot.LinearScale(min=0.0, max=1.0)
        self._x_axis = bqplot.Axis(
            scale=self.x, tick_values=[], tick_labels={}, **{**PLAIN, "grid_lines": "none"}
        )
        # Of each pane, the lowest first; those above it are made when they are first needed.
        self._scales, self._y_axes = list[bqplot.LinearScale](), list[bqplot.Axis]()
        self._more_panes(1)
        # In which pane each probe is, and for whom that was decided.
        self._place: dict[str, int] = {}
        self._placed_for: object = None
        # What the panes are called, where they are those of groups.
        self.pane_names: list[str] = []
        self._marks: dict[str, tuple[int, bqplot.Lines, bqplot.Lines]] = {}
        self._keys: dict[str, object] = {}
        self._axes: dict[str, object] = {}
        self._extras = Extras({"x": self.x, "y": self._scales[0]})
        self.laid = Laid(0, 1, [panes.Pane(0.0, 1.0, ())], {}, [])
        # What each mark is, in the order they are drawn, for the key of a saved picture.
        self.legend: list[dict[str, str]] = []
        self.figure = bqplot.Figure(
            marks=[],
            axes=[self._x_axis, self._y_axes[0]],
            fig_margin={"top": 12, "bottom": 30, "left": 44, "right": 18},
            min_aspect_ratio=0.01,
            max_aspect_ratio=100,
            padding_x=0,
            padding_y=0,
            animation_duration=0,
            display_toolbar=False,
            background_style={"fill": "transparent"},
            layout=Layout(width="100%", height=f"{BASE_PX}px"),
        )
        self.figure.add_class("th-chart")

    @property
    def reach(self) -> tuple[int, int, float, float]:
        """(from_ms, to_ms, lowest, highest) of what it shows, in the viewer's unit, as the lowest pane counts
        it."""
        return self.laid.reach

    def show(self, snapshot: Snapshot, *, make: bool = True) -> None:
        """Bring the chart up to a snapshot. make: marks and panes may be made."""
        probes = [probe for probe in snapshot.charted if make or probe.id in self._marks]
        if make:
            self._part(snapshot)
        for probe in probes:
            self._show_probe(probe, snapshot.view)
        for probe_id in self._marks.keys() - snapshot.by_id.keys():
            del self._marks[probe_id], self._keys[probe_id]
        self._show_axes(snapshot)
        extras = self._extras.show(snapshot, self.seconds, self.laid)
        # Bands below all lines, so that no probe's band hides another's line; a mark without points is no
        # mark.
        drawn = [
            (probe, layer, self._marks[probe.id][1 + layer])
            for layer in (0, 1)
            for probe in probes
            if len(probe.curve.times if layer else probe.curve.band_times)
        ]
        marks = [mark for _, _, mark in drawn] + extras
        if marks != list(self.figure.marks):
            self.figure.marks = marks
        self.legend = [
            {
                "kind": ("band", "line")[layer],
                "name": probe.name,
                "colour": colour_of(probe),
                "dash": cards.dashes(probe.colour),
            }
            for probe, layer, _ in drawn
        ]

    def _part(self, snapshot: Snapshot) -> None:
        """Decide in which pane each probe is. It stays there until others are shown, or another window, or it
        gets among those of another pane: a chart that parts anew by itself is hard to read."""
        probes, view = snapshot.charted, snapshot.view
        self.pane_names = []
        if view.panes == "group":
            self._placed_for = None
            places, self.pane_names = panes.grouped([chart.group_of(probe) for probe in probes])
            self._put(probes, places)
            return
        wanted = view.window.key, tuple(probe.id for probe in probes if _own(probe, view))
        if wanted == self._placed_for and not self._mixed(probes, view):
            return
        self._placed_for = wanted
        self._put(probes, panes.parted([_own(probe, view) for probe in probes]))

    def _put(self, probes: list[Probe], places: list[int]) -> None:
        self._place = {probe.id: place for probe, place in zip(probes, places, strict=True)}
        self._more_panes(max(places, default=0) + 1)

    def _mixed(self, probes: list[Probe], view: View) -> bool:
        found = sorted((own, self._place.get(one.id, 0)) for one in probes if (own := _own(one, view)))
        places = [place for _, place in found]
        return places != sorted(places)

    def _more_panes(self, count: int) -> None:
        while len(self._scales) < count:
            scale = bqplot.LinearScale(min=USUAL_C[0], max=USUAL_C[1])
            self._scales.append(scale)
            self._y_axes.append(bqplot.Axis(scale=scale, side="left", tick_values=[], **PLAIN))

    def seconds(self, ms: Any) -> Any:
        """A moment (or an array of them) as the time axis counts it."""
        return ms / 1000 - self._anchor_s

    def moment(self, seconds: float) -> float:
        """The way back, in ms."""
        return (seconds + self._anchor_s) * 1000

    def _show_probe(self, probe: Probe, view: View) -> None:
        pane = self._place.get(probe.id, 0)
        if probe.id not in self._marks or self._marks[probe.id][0] != pane:
            self._marks[probe.id] = (pane, *self._new_marks(probe, pane))
            self._keys.pop(probe.id, None)
        key = (view.window.key, view.unit, probe.curve_key, probe.name)
        if self._keys.get(probe.id) == key:
            return
        self._keys[probe.id] = key
        _, band, line = self._marks[probe.id]
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
                mark.labels = [_label(kind, probe, view, pane)]

    def _new_marks(self, probe: Probe, pane: int) -> tuple[bqplot.Lines, bqplot.Lines]:
        colour = colour_of(probe)
        scales = {"x": self.x, "y": self._scales[pane]}
        # Filled only: at 30 days its edges would be all that one sees.
        band = bqplot.Lines(
            x=[], y=[], scales=scales, colors=[colour], stroke_width=0, fill="inside", fill_opacities=[0.32]
        )
        band.fill_colors = [colour]
        style = STYLES[probe.colour // len(COLOURS) % len(STYLES)]
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
        ticks = chart.time_axis(from_ms, end_ms, view)
        places = [moment // 1000 - self._anchor_s for moment, _ in ticks]
        limits = limits_of(snapshot, self._place)
        count = max((self._place.get(probe.id, 0) for probe in snapshot.charted), default=0) + 1
        reaches = [_reach(snapshot, self._place, pane, limits, count) for pane in range(count)]
        laid = panes.laid(reaches, (view.of(USUAL_C[0]), view.of(USUAL_C[1])))
        limits += _own_line(view, laid)
        self.laid = Laid(from_ms, end_ms, laid, dict(self._place), limits)
        self._tell("x", self.x, (from_ms, end_ms), min=self.seconds(from_ms), max=self.seconds(end_ms))
        labels = {str(place): label for place, (_, label) in zip(places, ticks, strict=True)}
        self._tell_ticks("x", self._x_axis, labels, np.array(places, np.int32))
        for place, pane in enumerate(laid):
            self._show_values(f"y{place}", self._scales[place], self._y_axes[place], pane)
        axes = [self._x_axis, *self._y_axes[: len(laid)]]
        if axes != list(self.figure.axes):
            self.figure.axes = axes
        height = f"{BASE_PX + MORE_PX * (len(laid) - 1)}px"
        if self.figure.layout.height != height:
            self.figure.layout.height = height
        for several in range(2, panes.MOST_GROUPS + 1):
            set_class(self.figure, f"th-panes-{several}", several == len(laid))

    def _show_values(self, name: str, scale: bqplot.LinearScale, axis: bqplot.Axis, pane: panes.Pane) -> None:
        low, high = pane.scale
        self._tell(name, scale, (low, high), min=low, max=high)
        digits = 1 if any(tick != int(tick) for tick in pane.ticks) else 0
        # In the page's own words: the browser's would have a hyphen for a minus sign.
        labels = {f"{tick:g}": format.signed(f"{tick:.{digits}f}") for tick in pane.ticks}
        self._tell_ticks(name, axis, labels, np.array(pane.ticks))

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


def _label(kind: str, probe: Probe, view: View, pane: int) -> str:
    """What a mark says of itself to the page's script. width_ms: of the buckets whose means a line goes
    through, 0 for readings."""
    told = {"kind": kind, "id": probe.id, "name": probe.name, "colour": colour_of(probe), "unit": view.degree}
    return json.dumps(told | {"width_ms": view.window.bucket_ms, "pane": pane}, separators=(",", ":"))


def colour_of(probe: Probe) -> str:
    """A probe's colour: the theme's, or the light one's where there is no theme."""
    place = probe.colour % len(COLOURS)
    return f"var(--th-c{place + 1}, {COLOURS[place]})"


def _own(probe: Probe, view: View) -> tuple[float, float] | None:
    """Lowest and highest of what is drawn of a probe, in the viewer's unit; None where nothing is."""
    told = probe.statistics
    return None if told.low is None or told.high is None else (view.of(told.low), view.of(told.high))


def _reach(
    snapshot: Snapshot, place: dict[str, int], pane: int, limits: list[Limit], count: int
) -> tuple[float, float] | None:
    """Lowest and highest of what is drawn in a pane."""
    view = snapshot.view
    own = [_own(probe, view) for probe in snapshot.charted if place.get(probe.id, 0) == pane]
    there = [one for one in own if one is not None]
    if not there:
        return None
    low, high = min(first for first, _ in there), max(last for _, last in there)
    # A limit is seen although no reading is near it, unless that would flatten the lines.
    lines = [one.value for one in limits if one.pane == pane]
    if view.line_c is not None and count == 1:
        lines.append(view.of(view.line_c))
    near = [one for one in lines if low - one < 3 * (high - low + 1) > one - high]
    return min([low, *near]), max([high, *near])


def _own_line(view: View, laid: list[panes.Pane]) -> list[Limit]:
    """The limit that the viewer drew, in the pane that shows it."""
    if view.line_c is None:
        return []
    value = view.of(view.line_c)
    there = [place for place, pane in enumerate(laid) if pane.low <= value <= pane.high]
    return [Limit(there[0] if there else 0, value)] if there or len(laid) == 1 else []
