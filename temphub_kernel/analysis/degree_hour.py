"""Degree-hours: how far beyond a base, for how long. Any thread; pure."""

from datetime import timedelta, tzinfo

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from ..base.clock import DAY_MS, HOUR_MS
from ..base.errors import TempHubError
from ..journal import Limit
from ..journal.passing import beyond
from .curve import Array, Curve, Data, curves, zone_of
from .limit import limits
from .span import Span, step_of
from .table import table
from .wall import usual_length, wall_steps

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
    says, remedy = (
        "is no step it can be, so nothing was worked out",
        'Give a step of at least a minute, such as "1h", "1D" or "MS" (months).',
    )
    step = None if every is None else step_of(every, least=timedelta(minutes=1), says=says, remedy=remedy)
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
    first, last = curve.ms[[0, -1]].tolist()
    width_ms = usual_length(step) // timedelta(milliseconds=1)
    if (last - first) / width_ms > MOST_STEPS:
        raise TempHubError(
            f"Steps of {step.freqstr} over that time would be more than {MOST_STEPS:,} rows.",
            "Choose a longer step.",
            code="too_many_steps",
        )
    # To the end of the last step.
    beyond = last + 2 * width_ms + DAY_MS
    edges = wall_steps(step, zone, first, first, beyond).edges(first, beyond)
    return edges[: np.searchsorted(edges, last, side="right") + 1]


def _cut(curve: Curve, edges: Array) -> Curve:
    """The same curve with a point on its line at each edge that no gap holds."""
    inside = edges[(edges > curve.ms[0]) & (edges < curve.ms[-1])]
    place = np.searchsorted(curve.ms, inside)
    # One that falls on a reading cuts there by itself.
    new = curve.whole[place - 1] & (curve.ms[place] != inside)
    inside, place = inside[new], place[new]
    celsius = np.insert(curve.celsius, place, np.interp(inside, curve.ms, curve.celsius))
    return Curve(curve.probe_id, np.insert(curve.ms, place, inside), celsius, np.insert(curve.whole, place, True))
