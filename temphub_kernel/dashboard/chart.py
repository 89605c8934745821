"""The live chart: bqplot marks that are told only what changed. Kernel's own thread only."""

from datetime import tzinfo

import bqplot
import numpy as np
from ipywidgets import Layout

from .axes import time_axis, value_axis
from .source import Probe, Snapshot
from .window import Window

COLOURS = ("#0072b2", "#c2510a", "#00795a", "#a4477f", "#8a6100", "#4a5568", "#0a7f94", "#8b1e3f")
# What a page's sliding moves by: less than one pixel of the chart.
STEPS_ACROSS = 1000


class Chart:
    """A bqplot figure of all probes. Times on its axis are seconds since `anchor`, which keeps numbers small and ticks whole."""

    def __init__(self, now_ms: int) -> None:
        self._anchor_s = now_ms // 3_600_000 * 3600
        self._x = bqplot.LinearScale(min=0.0, max=1.0)
        self._y = bqplot.LinearScale(min=15.0, max=25.0)
        plain = {"grid_lines": "solid", "grid_color": "var(--th-grid, #e5e9ef)", "color": "var(--th-axis, #cfd6df)"}
        self._x_axis = bqplot.Axis(scale=self._x, tick_values=[], tick_labels={}, **{**plain, "grid_lines": "none"})
        self._y_axis = bqplot.Axis(scale=self._y, side="left", tick_values=[], **plain)
        self._marks: dict[str, tuple[bqplot.Lines, bqplot.Lines]] = {}
        self._keys: dict[str, object] = {}
        self._colours: dict[str, int] = {}
        self._axes: dict[str, object] = {}
        self.figure = bqplot.Figure(
            marks=[],
            axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 12, "bottom": 30, "left": 44, "right": 14},
            min_aspect_ratio=0.01,
            max_aspect_ratio=100,
            padding_x=0,
            padding_y=0,
            animation_duration=0,
            display_toolbar=False,
            background_style={"fill": "transparent"},
            layout=Layout(width="100%", height="360px"),
        )
        self.figure.add_class("th-chart")

    def show(self, snapshot: Snapshot, where: tzinfo | None) -> None:
        """Bring the chart up to a snapshot."""
        shown = [probe.id for probe in snapshot.probes]
        for probe in snapshot.probes:
            self._show_probe(probe, snapshot.window)
        for probe_id in set(self._marks) - set(shown):
            del self._marks[probe_id], self._keys[probe_id]
        # Bands below all lines, so that no probe's band hides another's line; a mark without points is no mark.
        marks = [mark for layer in (0, 1) for id_ in shown if len((mark := self._marks[id_][layer]).x)]
        if marks != list(self.figure.marks):
            self.figure.marks = marks
        self._show_axes(snapshot, where)

    def _show_probe(self, probe: Probe, window: Window) -> None:
        if probe.id not in self._marks:
            self._marks[probe.id] = self._new_marks(probe)
        key = (window.key, probe.curve_key)
        if self._keys.get(probe.id) == key:
            return
        self._keys[probe.id] = key
        band, line = self._marks[probe.id]
        curve = probe.curve
        for mark, times, values in ((line, curve.times, curve.values), (band, curve.band_times, curve.band_values)):
            if not len(times) and not len(mark.x):
                continue
            # Both at once: a line must never be drawn with one half of the news.
            with mark.hold_sync():
                mark.x = times / 1000 - self._anchor_s
                mark.y = values.astype(np.float32)

    def _new_marks(self, probe: Probe) -> tuple[bqplot.Lines, bqplot.Lines]:
        place = probe.colour % len(COLOURS)
        colour = f"var(--th-c{place + 1}, {COLOURS[place]})"
        scales = {"x": self._x, "y": self._y}
        band = bqplot.Lines(x=[], y=[], scales=scales, colors=[colour], stroke_width=1, fill="inside", fill_opacities=[0.18])
        # Its edge is drawn too: a spike of one reading is thinner than any area.
        band.opacities = [0.5]
        band.fill_colors = [colour]
        style = "dashed" if probe.colour // len(COLOURS) % 2 else "solid"
        return band, bqplot.Lines(x=[], y=[], scales=scales, colors=[colour], stroke_width=2, line_style=style)

    def _show_axes(self, snapshot: Snapshot, where: tzinfo | None) -> None:
        window = snapshot.window
        step_ms = window.span_ms // STEPS_ACROSS
        end_ms = -(snapshot.now_ms // -step_ms) * step_ms
        ticks = time_axis(end_ms, window, where)
        places = [moment // 1000 - self._anchor_s for moment, _ in ticks]
        low, high, value_ticks = value_axis(*_reach(snapshot.probes))
        self._tell("x", self._x, (end_ms - window.span_ms, end_ms), min=(end_ms - window.span_ms) / 1000 - self._anchor_s,
                   max=end_ms / 1000 - self._anchor_s)  # fmt: skip
        labels = {str(place): label for place, (_, label) in zip(places, ticks, strict=True)}
        # Labels first and apart: the browser writes them when the values come, and redraws for values only.
        self._tell("x labels", self._x_axis, labels, tick_labels=labels)
        self._tell("x ticks", self._x_axis, tuple(labels), tick_values=np.array(places, np.int32))
        self._tell("y", self._y, (low, high), min=low, max=high)
        shown_as = ".1f" if any(tick != int(tick) for tick in value_ticks) else "d"
        self._tell("y ticks", self._y_axis, tuple(value_ticks), tick_values=np.array(value_ticks), tick_format=shown_as)

    def _tell(self, name: str, widget: bqplot.Axis | bqplot.LinearScale, state: object, **traits: object) -> None:
        if self._axes.get(name) == state:
            return
        self._axes[name] = state
        with widget.hold_sync():
            for trait, value in traits.items():
                setattr(widget, trait, value)


def _reach(probes: list[Probe]) -> tuple[float | None, float | None]:
    """Lowest and highest of what is drawn."""
    lows = [probe.statistics.low for probe in probes if probe.statistics.low is not None]
    highs = [probe.statistics.high for probe in probes if probe.statistics.high is not None]
    return (min(lows), max(highs)) if lows and highs else (None, None)
