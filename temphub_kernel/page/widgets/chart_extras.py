"""What stands beside the lines of the chart: bad and late readings, notes, limits and the time beyond them;
and beneath it what happened, in words. Kernel's own thread only."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import bqplot
import numpy as np

from ...journal import Annotation, Floats, StoredRule
from ..choices import View
from ..data import Snapshot, Times
from ..html import happened, limits, panels, panes
from .base import Kit, set_value

Reach = tuple[int, int, float, float]
# More different ones in one pane would hide the lines: the time beyond them is filled all the same.
MOST_LINES = 4
# No more marks than the chart has pixels for.
MOST_MARKS = 400
WARN, QUIET = "var(--th-bad, #b3261e)", "var(--th-quiet, #586575)"


class Limit(NamedTuple):
    """A limit of a pane, in the viewer's unit. sign: 1 where warmer is beyond it, −1 where colder is, 0 for
    one that the viewer drew."""

    pane: int
    value: float
    sign: int = 0


class Laid(NamedTuple):
    """How a snapshot lies in the figure. place: the pane of each probe, by id; limits: those to be drawn."""

    from_ms: int
    end_ms: int
    panes: list[panes.Pane]
    place: dict[str, int]
    limits: list[Limit]

    @property
    def reach(self) -> Reach:
        """(from_ms, to_ms, lowest, highest) of the whole height, as the lowest pane's scale counts it."""
        return self.from_ms, self.end_ms, *self.panes[0].scale

    def up(self, pane: int, value: float) -> float:
        """Where a value of a pane lies, as the lowest pane's scale counts it."""
        low, high = self.panes[0].scale
        return low + self.panes[pane].share(value) * (high - low) if len(self.panes) > 1 else value

    def holds(self, limit: Limit) -> bool:
        """Whether a limit is within what its pane shows; in a chart of one pane it may lie beyond."""
        pane = self.panes[limit.pane]
        return len(self.panes) == 1 or pane.low <= limit.value <= pane.high


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
        self._beyond = bqplot.Lines(
            x=[], y=[], scales=scales, colors=[WARN], stroke_width=0, fill="inside", fill_opacities=[0.3]
        )
        self._beyond.fill_colors = [WARN]
        self._notes = bqplot.Lines(
            x=[], y=[], scales=scales, colors=[QUIET], stroke_width=1, line_style="dotted"
        )
        self._keys: dict[int, object] = {}
        self._full: dict[int, bool] = {}

    def show(self, snapshot: Snapshot, seconds: Callable[[Any], Any], laid: Laid) -> list[Any]:
        """The marks that have something to show, brought up to a snapshot."""
        from_ms, end_ms, low, high = laid.reach
        shown = snapshot.charted
        for mark, found, share in (
            (self._faults, [probe.faults for probe in shown], 0.035),
            (self._late, [probe.late for probe in shown], 0.02),
        ):
            self._strokes(mark, seconds(_thinned(found, from_ms, end_ms)), low, low + (high - low) * share)
        self._show_limits(seconds, laid)
        self._tell(self._beyond, *_beyond(snapshot, seconds, laid))
        self._show_notes(snapshot.annotations, seconds, laid.reach)
        marks = (self._beyond, self._limit, self._notes, self._late, self._faults)
        return [mark for mark in marks if self._full.get(id(mark))]

    def _show_limits(self, seconds: Callable[[Any], Any], laid: Laid) -> None:
        from_ms, end_ms, nan = laid.from_ms, laid.end_ms, float("nan")
        levels = sorted({laid.up(one.pane, one.value) for one in laid.limits if laid.holds(one)})
        limit = [value for level in levels for value in (level, level, nan)][:-1]
        # A line to far beyond both ends needs no news while the window slides.
        ends = [seconds(from_ms - 10 * (end_ms - from_ms)), seconds(end_ms + 10 * (end_ms - from_ms)), nan]
        reaching = np.array((ends * (len(limit) // 3 + 1))[: len(limit)], np.float64)
        holds = (
            len(self._limit.x) == len(limit) > 0
            and self._limit.x[0] <= seconds(from_ms) <= seconds(end_ms) <= self._limit.x[-1]
        )
        self._tell(self._limit, self._limit.x if holds else reaching, np.array(limit, np.float64))

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


def limits_of(snapshot: Snapshot, place: dict[str, int]) -> list[Limit]:
    """The limits to draw: those of the probes that are shown. place: the pane of each probe."""
    view = snapshot.view
    found = dict.fromkeys(
        Limit(place.get(probe.id, 0), view.of(float(rule.body["limit_c"])), _sign(rule))
        for probe in snapshot.charted
        for rule in limits.rules_of(probe)
    )
    crowded = {one.pane for one in found if sum(two.pane == one.pane for two in found) > MOST_LINES}
    return [one for one in found if one.pane not in crowded or len(snapshot.charted) == 1][
        : limits.MOST_LIMITS
    ]


def _sign(rule: StoredRule) -> int:
    return 1 if rule.body["kind"] == "above" else -1


def _beyond(snapshot: Snapshot, seconds: Callable[[Any], Any], laid: Laid) -> tuple[Floats, Floats]:
    """What lies between lines and the limits that they are beyond, as closed shapes with a gap after each."""
    across: list[Floats] = []
    up: list[Floats] = []
    for probe in snapshot.charted:
        pane = laid.place.get(probe.id, 0)
        values = _of(probe.curve.values, snapshot.view)
        for rule in limits.rules_of(probe):
            limit, sign = snapshot.view.of(float(rule.body["limit_c"])), _sign(rule)
            for run in _runs(sign * values > sign * limit):
                whole = slice(max(run.start - 1, 0), run.stop + 1)
                times, line = seconds(probe.curve.times[whole]), values[whole]
                line = np.where(sign * line > sign * limit, line, limit)
                shape = np.concatenate([line, [limit, limit]])
                across += [times, times[[-1, 0]], times[:1]]
                up += [np.array([laid.up(pane, value) for value in shape]), np.array([np.nan])]
    return (np.concatenate(across)[:-1], np.concatenate(up)[:-1]) if across else (np.empty(0), np.empty(0))


def _of(celsius: Floats, view: View) -> Floats:
    return celsius * 1.8 + 32 if view.unit == "F" else celsius


def _runs(beyond: Any) -> list[slice]:
    """From where to where something is so, without a break."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], beyond.astype(np.int8), [0]])))
    return [slice(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _thinned(found: list[Times], from_ms: int, end_ms: int) -> Times:
    """All of them in time order; those too close to be told apart are one."""
    times = np.concatenate(found) if found else np.empty(0, np.int64)
    times = times[(times >= from_ms) & (times <= end_ms)]
    step_ms = max((end_ms - from_ms) // MOST_MARKS, 1)
    _, first = np.unique(times // step_ms, return_index=True)
    return np.asarray(times[first], np.int64)


class PlacesPanel:
    """Of a page of all places who was worst. `widget` is the panel."""

    def __init__(self, kit: Kit) -> None:
        self._told = kit.html()
        self.widget = kit.panel([self._told], "th-places-panel")

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        set_value(self._told, snapshot.once("places", partial(panels.worst, snapshot)))


class MomentsPanel:
    """`widget` is the panel."""

    def __init__(self, kit: Kit) -> None:
        self._told = kit.html()
        self.widget = kit.panel([self._told], "th-happened-panel")

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to what was found so far; only here it is asked for, so a wall has nothing looked
        for."""
        if snapshot.happened is None or snapshot.view.kiosk:
            return
        found = snapshot.happened.ask()
        set_value(self._told, snapshot.once("happened", partial(happened.listed, snapshot, found)))
