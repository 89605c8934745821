"""What the chart shows beside lines: faults, late readings, a limit, notes. Kernel's own thread only."""

from collections.abc import Callable
from typing import Any

import bqplot
import numpy as np

from ..journal import Floats
from .series import Times
from .source import Annotation, Snapshot

Reach = tuple[int, int, float, float]
# No more marks than the chart has pixels for.
MOST_MARKS = 400
WARN, QUIET = "var(--th-bad, #b3261e)", "var(--th-quiet, #586575)"


class Extras:
    """Marks that belong to no single probe; those with nothing to show are not in the figure."""

    def __init__(self, scales: dict[str, Any]) -> None:
        # Short strokes along the bottom: marks with a shape of their own would be placed twice by bqplot, first nowhere.
        self._faults = bqplot.Lines(x=[], y=[], scales=scales, colors=[WARN], stroke_width=3)
        self._late = bqplot.Lines(x=[], y=[], scales=scales, colors=[QUIET], stroke_width=1.5)
        self._limit = bqplot.Lines(x=[], y=[], scales=scales, colors=[WARN], stroke_width=1.5, line_style="dashed")
        self._notes = bqplot.Lines(x=[], y=[], scales=scales, colors=[QUIET], stroke_width=1, line_style="dotted")
        self._keys: dict[int, object] = {}
        self._full: dict[int, bool] = {}

    def show(self, snapshot: Snapshot, seconds: Callable[[Any], Any], reach: Reach) -> list[Any]:
        """The marks that have something to show, brought up to a snapshot."""
        from_ms, end_ms, low, high = reach
        shown, view = snapshot.shown, snapshot.view
        self._strokes(self._faults, seconds(_thinned([probe.faults for probe in shown], from_ms, end_ms)), low, low + (high - low) * 0.035)
        self._strokes(self._late, seconds(_thinned([probe.late for probe in shown], from_ms, end_ms)), low, low + (high - low) * 0.02)
        limit = [] if view.line_c is None else [view.of(view.line_c)] * 2
        # A line to far beyond both ends needs no news while the window slides.
        reaching = np.array([from_ms - 10 * (end_ms - from_ms), end_ms + 10 * (end_ms - from_ms)] if limit else [], np.float64)
        holds = len(self._limit.x) and self._limit.x[0] <= seconds(from_ms) <= seconds(end_ms) <= self._limit.x[-1]
        self._tell(self._limit, self._limit.x if limit and holds else seconds(reaching), np.array(limit, np.float64))
        self._show_notes(snapshot.annotations, seconds, reach)
        return [mark for mark in (self._limit, self._notes, self._late, self._faults) if self._full.get(id(mark))]

    def _show_notes(self, notes: list[Annotation], seconds: Callable[[Any], Any], reach: Reach) -> None:
        moments = [moment for note in notes for moment in sorted({note.from_ms, max(note.from_ms, note.to_ms)})]
        self._strokes(self._notes, seconds(np.array(moments, np.int64)), reach[2], reach[3])

    def _strokes(self, mark: Any, at: Floats, foot: float, head: float) -> None:
        """Upright strokes: each two points, and a gap between two of them."""
        nan = float("nan")
        x = np.repeat(at, 3)
        x[2::3] = nan
        self._tell(mark, x[:-1], np.tile(np.array([foot, head, nan]), len(at))[:-1])

    def _tell(self, mark: Any, x: Floats, y: Floats) -> None:
        self._full[id(mark)] = bool(len(x))
        # One that has nothing to show leaves the figure with what it has: bqplot cannot draw a mark without points.
        if not len(x):
            return
        key = (x.tobytes(), y.tobytes())
        if self._keys.get(id(mark), (b"", b"")) == key:
            return
        self._keys[id(mark)] = key
        with mark.hold_sync():
            mark.x, mark.y = x, y


def _thinned(found: list[Times], from_ms: int, end_ms: int) -> Times:
    """All of them in time order; those too close to be told apart are one."""
    times = np.concatenate(found) if found else np.empty(0, np.int64)
    times = times[(times >= from_ms) & (times <= end_ms)]
    step_ms = max((end_ms - from_ms) // MOST_MARKS, 1)
    _, first = np.unique(times // step_ms, return_index=True)
    return np.asarray(times[first], np.int64)
