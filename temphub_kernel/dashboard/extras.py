"""What the chart shows beside lines: faults, late readings, a limit, notes. Kernel's own thread only."""

from collections.abc import Callable
from typing import Any

import bqplot
import numpy as np

from .series import Floats, Times
from .source import Annotation, Probe, Snapshot

Reach = tuple[int, int, float, float]
# No more marks than the chart has pixels for.
MOST_MARKS = 400
MOST_NOTES = 60
WARN, QUIET, CARD = "var(--th-bad, #b3261e)", "var(--th-quiet, #586575)", "var(--th-card, #ffffff)"


class Extras:
    """Marks that belong to no single probe; those with nothing to show are not in the figure."""

    def __init__(self, scales: dict[str, Any]) -> None:
        self._faults = bqplot.Scatter(x=[], y=[], scales=scales, marker="triangle-up", colors=[WARN], default_size=36, stroke=CARD)
        self._late = bqplot.Scatter(x=[], y=[], scales=scales, marker="circle", colors=[QUIET], default_size=14, fill=False, stroke_width=1)
        self._limit = bqplot.Lines(x=[], y=[], scales=scales, colors=[WARN], stroke_width=1.5, line_style="dashed")
        self._notes = bqplot.Lines(x=[], y=[], scales=scales, colors=[QUIET], stroke_width=1, line_style="dotted")
        self._numbers = bqplot.Label(x=[], y=[], text=[], scales=scales, colors=[QUIET], default_size=11, x_offset=3, y_offset=-2)
        self._keys: dict[int, object] = {}

    def show(self, snapshot: Snapshot, seconds: Callable[[Any], Any], reach: Reach) -> list[Any]:
        """The marks that have something to show, brought up to a snapshot."""
        from_ms, end_ms, low, high = reach
        shown, view = snapshot.shown, snapshot.view
        faults = _faults(shown, from_ms, end_ms)
        self._tell(self._faults, seconds(faults), np.full(len(faults), low + (high - low) * 0.03))
        times, values = _late(shown, from_ms, end_ms)
        self._tell(self._late, seconds(times), values * 1.8 + 32 if view.unit == "F" else values)
        limit = [] if view.line_c is None else [view.of(view.line_c)] * 2
        # A line to far beyond both ends needs no news while the window slides.
        reaching = np.array([from_ms - 10 * (end_ms - from_ms), end_ms + 10 * (end_ms - from_ms)] if limit else [], np.float64)
        if len(limit) != len(self._limit.x) or (limit and not self._limit.x[0] <= seconds(from_ms) <= seconds(end_ms) <= self._limit.x[1]):
            self._tell(self._limit, seconds(reaching), np.array(limit))
        elif limit and self._limit.y[0] != limit[0]:
            self._tell(self._limit, self._limit.x, np.array(limit))
        self._show_notes(snapshot.annotations, seconds, reach)
        return [mark for mark in (self._limit, self._notes, self._numbers, self._late, self._faults) if len(mark.x)]

    def _show_notes(self, notes: list[Annotation], seconds: Callable[[Any], Any], reach: Reach) -> None:
        _, _, low, high = reach
        nan = float("nan")
        x, y, at, texts = [], [], [], []
        for place, note in enumerate(notes[-MOST_NOTES:], 1):
            ends = [note.from_ms] if note.to_ms <= note.from_ms else [note.from_ms, note.to_ms]
            for moment in ends:
                x += [seconds(moment), seconds(moment), nan]
                y += [low, high, nan]
            at.append(seconds(note.from_ms))
            texts.append(str(place))
        self._tell(self._notes, np.array(x, np.float64), np.array(y, np.float64))
        if list(self._numbers.text) != texts:
            self._numbers.text = texts
        self._tell(self._numbers, np.array(at, np.float64), np.full(len(at), low + (high - low) * 0.97))

    def _tell(self, mark: Any, x: Floats, y: Floats) -> None:
        key = (x.tobytes(), y.tobytes())
        if self._keys.get(id(mark), (b"", b"")) == key:
            return
        self._keys[id(mark)] = key
        with mark.hold_sync():
            mark.x, mark.y = x, y


def _faults(probes: list[Probe], from_ms: int, end_ms: int) -> Times:
    """When any sensor answered badly; those too close to be told apart are one."""
    found = np.concatenate([probe.faults for probe in probes]) if probes else np.empty(0, np.int64)
    found = found[(found >= from_ms) & (found <= end_ms)]
    step_ms = max((end_ms - from_ms) // MOST_MARKS, 1)
    _, first = np.unique(found // step_ms, return_index=True)
    return np.asarray(found[first], np.int64)


def _late(probes: list[Probe], from_ms: int, end_ms: int) -> tuple[Times, Floats]:
    times = np.concatenate([probe.late[0] for probe in probes]) if probes else np.empty(0, np.int64)
    values = np.concatenate([probe.late[1] for probe in probes]) if probes else np.empty(0)
    inside = (times >= from_ms) & (times <= end_ms)
    times, values = times[inside], values[inside]
    return times[:: len(times) // MOST_MARKS + 1], values[:: len(times) // MOST_MARKS + 1]
