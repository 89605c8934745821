"""Degree-hours: how far beyond a base, for how long. Any thread; pure."""

from datetime import tzinfo

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from ..base.errors import TempHubError
from .curve import Array, Curve, Data, curves, milliseconds, zone_of
from .limit import Limit, beyond, limits
from .span import Span, steps_of
from .table import table, times

HOUR_MS = 3_600_000
MOST_STEPS = 1_000_000
COLUMNS = {
    "probe_id": "text",
    "kind": "text",
    "base_c": "number",
    "start": "time",
    "end": "time",
    "degree_hours": "number",
    "degree_days": "number",
    "hours": "number",
}


def degree_hours(
    data: Data, *, above: float | None = None, below: float | None = None, every: Span | None = None, gap: Span | None = None
) -> pd.DataFrame:
    """Degree-hours above (cooling) or below (heating) a base in °C, for each probe, whole or in steps.

    degree_hours in K·h: the exact area between the base and the straight lines through the readings (a trapezoid, a triangle
    where the base is crossed), so a cut anywhere changes no sum. degree_days = degree_hours / 24 in K·d: the integral from which
    the other, coarser ways (daily means, daily extremes) are estimates (CIBSE TM41:2006, Degree-days: theory and application).
    hours: time that was measured; across a gap nothing is added. every: a step such as "1D" (the data's local days, also those
    of 23 and 25 hours), "1h", "MS"; start and end are then the step's, else those of the readings. Steps not measured are left out.
    data, gap: see `curves`. Raises TempHubError for limits, steps or frames that are none.
    """
    asked, zone = limits(above, below), zone_of(data)
    step = None if every is None else steps_of(every)
    parts = []
    for curve in curves(data, gap):
        if len(curve.ms):
            edges = curve.ms[[0, -1]] if step is None else _edges(curve, step, zone)
            parts += [_of(_cut(curve, edges), limit, edges, whole=step is None) for limit in asked]
    return table(parts, COLUMNS, zone)


def _of(curve: Curve, limit: Limit, edges: Array, *, whole: bool) -> dict[str, Array]:
    _, area = beyond(limit.excess(curve.celsius), curve.ms, curve.whole)
    steps = max(len(edges) - 1, 1)
    place = np.clip(np.searchsorted(edges, curve.ms[:-1], "right") - 1, 0, steps - 1)
    total = np.bincount(place, area, steps) / HOUR_MS
    hours = np.bincount(place, np.diff(curve.ms) * curve.whole, steps) / HOUR_MS
    kept = np.flatnonzero((hours > 0) | whole)
    return {
        "probe_id": np.full(len(kept), curve.probe_id, object),
        "kind": np.full(len(kept), limit.kind, object),
        "base_c": np.full(len(kept), limit.celsius),
        "start": edges[kept],
        "end": edges[kept + 1],
        "degree_hours": total[kept],
        "degree_days": total[kept] / 24,
        "hours": hours[kept],
    }


def _edges(curve: Curve, step: BaseOffset, zone: tzinfo) -> Array:
    ends = times(curve.ms[[0, -1]], zone)
    midnight, last = ends.tz_localize(None)[0].normalize(), ends.tz_localize(None)[1]
    width = (midnight + step) - midnight
    if (last - midnight) / width > MOST_STEPS:
        raise TempHubError(
            f"Steps of {step.freqstr} over that time would be more than {MOST_STEPS:,} rows.",
            "Choose a longer step.",
            code="too_many_steps",
        )
    if width < pd.Timedelta("1D"):
        begin = _on_the_wall(pd.DatetimeIndex([midnight]), zone)[0]
        return milliseconds(pd.date_range(begin, ends[1] + step, freq=step))
    return milliseconds(_on_the_wall(pd.date_range(step.rollback(midnight), last + step, freq=step), zone))


def _on_the_wall(clock: pd.DatetimeIndex, zone: tzinfo) -> pd.DatetimeIndex:
    # Some zones change at midnight: of one that comes twice the first, instead of one that is left out the next moment there is.
    return clock.tz_localize(zone, ambiguous=np.ones(len(clock), np.bool_), nonexistent="shift_forward")


def _cut(curve: Curve, edges: Array) -> Curve:
    """The same curve with a point on its line at each edge that no gap holds."""
    inside = edges[(edges > curve.ms[0]) & (edges < curve.ms[-1])]
    place = np.searchsorted(curve.ms, inside)
    # One that falls on a reading cuts there by itself.
    new = curve.whole[place - 1] & (curve.ms[place] != inside)
    inside, place = inside[new], place[new]
    celsius = np.insert(curve.celsius, place, np.interp(inside, curve.ms, curve.celsius))
    return Curve(curve.probe_id, np.insert(curve.ms, place, inside), celsius, np.insert(curve.whole, place, True))
