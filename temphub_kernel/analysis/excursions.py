"""How far and how long beyond a limit: excursions and degree-hours; and mean kinetic temperature. Any thread;
pure."""

from __future__ import annotations

import math
from datetime import timedelta, tzinfo

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from ..core import DAY_MS, HOUR_MS, TempHubError
from ..journal import Limit, exceedance, kinetic
from . import arguments, lengths, results
from .arguments import Level
from .curve import Curve, Data, curves, known, zone_of

COLUMNS = {
    "probe_id": "probe",
    "kind": "text",
    "limit_c": "number",
    "start": "time",
    "end": "time",
    "duration": "span",
    "unseen": "span",
    "peak_c": "number",
    "mean_c": "number",
    "degree_minutes": "number",
    "begins": "text",
    "ends": "text",
}
MOST_STEPS = 1_000_000
DEGREE_COLUMNS = {
    "probe_id": "probe",
    "kind": "text",
    "base_c": "number",
    "start": "time",
    "end": "time",
    "degree_hours": "number",
    "degree_days": "number",
    "hours": "number",
}
KINETIC_COLUMNS = {
    "probe_id": "probe",
    "mkt_c": "number",
    "mean_c": "number",
    "hours": "number",
    "readings": "count",
}


def excursions(
    data: Data,
    *,
    above: Level = None,
    below: Level = None,
    at_least: lengths.Span = "0s",
    gap: lengths.Span | None = None,
) -> pd.DataFrame:
    """Times above (or below) a limit that last `at_least` so long, one row each, by probe and time.

    probe_id, kind (`above`, `below`), limit_c in °C; start, end: where the straight line between readings
    crosses the limit; duration: end − start; unseen: the part of it inside gaps, of which nothing is known;
    peak_c: the reading farthest beyond; mean_c: mean over the time seen, in °C; degree_minutes: area beyond
    the limit over the time seen, in K·min. begins, ends: `crossing`, or honestly `gap` or `data` where the
    readings stop while the limit is passed, so that it may have been longer. Beyond the limit before and
    after a gap it is one excursion: a gap cannot hide one. above, below: one limit for all, or one a probe by
    its id or name: `above={"Fridge": 8, "Freezer": -15}`; a probe without one is left out. data: what `load`
    gives (wide, tidy or means), or a Series in °C; gap: the longest pause across which readings are joined, 3
    of the probe's usual intervals without it. Raises TempHubError for limits, lengths or frames that are
    none.
    """
    shortest = lengths.span_ms(at_least, "at_least", least_ms=0)
    found_curves, asked = _curves(data, gap, above, below)
    parts = [_of(curve, limit) for curve in found_curves for limit in asked[curve.probe_id]]
    found = results.table([part for part in parts if part], COLUMNS, zone_of(data))
    long = found[found["duration"] >= pd.Timedelta(shortest, "ms")]
    return long.sort_values(["probe_id", "start", "kind"], ignore_index=True)


def _curves(
    data: Data, gap: lengths.Span | None, above: Level, below: Level
) -> tuple[list[Curve], arguments.LimitsOf]:
    """The curves that hold a reading, and the limits of each."""
    found = curves(data, gap)
    asked = arguments.limits(above, below, known(data, [curve.probe_id for curve in found]))
    return [curve for curve in found if len(curve.ms)], asked


def _of(curve: Curve, limit: Limit) -> dict[str, results.Array | str | float]:
    found = exceedance.excursions_of(exceedance.Line(curve.ms, curve.celsius, curve.whole), limit)
    if found is None:
        return {}
    count = len(found.start_ms)
    return {
        "probe_id": np.full(count, curve.probe_id, object),
        "kind": np.full(count, limit.kind, object),
        "limit_c": np.full(count, limit.celsius),
        "start": found.start_ms,
        "end": found.end_ms,
        "duration": np.rint(found.end_ms) - np.rint(found.start_ms),
        "unseen": found.unseen_ms,
        "peak_c": found.peak_c,
        "mean_c": found.mean_c,
        "degree_minutes": found.degree_minutes,
        "begins": found.begins,
        "ends": found.ends,
    }


def degree_hours(
    data: Data,
    *,
    above: Level = None,
    below: Level = None,
    every: lengths.Span | None = None,
    gap: lengths.Span | None = None,
) -> pd.DataFrame:
    """Degree-hours above (cooling) or below (heating) a base in °C, for each probe, whole or in steps.

    degree_hours in K·h: the exact area between the base and the straight lines through the readings (a
    trapezoid, a triangle where the base is crossed), so a cut anywhere changes no sum. degree_days =
    degree_hours / 24 in K·d: the integral from which the other, coarser ways (daily means, daily extremes)
    are estimates (CIBSE TM41:2006, Degree-days: theory and application). hours: time that was measured;
    across a gap nothing is added. every: a step such as "1D" (the data's local days, also those of 23 and 25
    hours), "1h", "MS"; start and end are then the step's, else those of the readings. Steps not measured are
    left out. above, below, data, gap: as for `excursions`. Raises TempHubError for limits, steps or frames
    that are none.
    """
    zone = zone_of(data)
    says, remedy = (
        "is no step it can be, so nothing was worked out",
        'Give a step of at least a minute, such as "1h", "1D" or "MS" (months).',
    )
    step = (
        None
        if every is None
        else lengths.step_of(every, least=timedelta(minutes=1), says=says, remedy=remedy)
    )
    parts = []
    found_curves, asked = _curves(data, gap, above, below)
    for curve in found_curves:
        if limits := asked[curve.probe_id]:
            edges = curve.ms[[0, -1]] if step is None else _edges(curve, step, zone)
            parts += [_area_of(_cut(curve, edges), limit, edges, whole=step is None) for limit in limits]
    return results.table(parts, DEGREE_COLUMNS, zone)


def _area_of(curve: Curve, limit: Limit, edges: results.Array, *, whole: bool) -> dict[str, results.Array]:
    _, area = exceedance.beyond(limit.excess(curve.celsius), curve.ms, curve.whole)
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


def _edges(curve: Curve, step: BaseOffset, zone: tzinfo) -> results.Array:
    first, last = curve.ms[[0, -1]].tolist()
    width_ms = lengths.usual_length(step) // timedelta(milliseconds=1)
    if (last - first) / width_ms > MOST_STEPS:
        raise TempHubError(
            f"Steps of {step.freqstr} over that time would be more than {MOST_STEPS:,} rows.",
            "Choose a longer step.",
            code="too_many_steps",
        )
    # To the end of the last step.
    beyond = last + 2 * width_ms + DAY_MS
    edges = lengths.wall_steps(step, zone, first, first, beyond).edges(first, beyond)
    return edges[: np.searchsorted(edges, last, side="right") + 1]


def _cut(curve: Curve, edges: results.Array) -> Curve:
    """The same curve with a point on its line at each edge that no gap holds."""
    inside = edges[(edges > curve.ms[0]) & (edges < curve.ms[-1])]
    place = np.searchsorted(curve.ms, inside)
    # One that falls on a reading cuts there by itself.
    new = curve.whole[place - 1] & (curve.ms[place] != inside)
    inside, place = inside[new], place[new]
    celsius = np.insert(curve.celsius, place, np.interp(inside, curve.ms, curve.celsius))
    return Curve(
        curve.probe_id, np.insert(curve.ms, place, inside), celsius, np.insert(curve.whole, place, True)
    )


def mean_kinetic_temperature(
    data: Data, *, delta_h: float = kinetic.DELTA_H, gap: lengths.Span | None = None
) -> pd.DataFrame:
    """The constant temperature that would have done as much harm as the one measured, for each probe, in °C.

    mkt_c = (ΔH/R) / −ln(mean of exp(−ΔH/(R·T))), T in K (Haynes, J. Pharm. Sci. 60 (1971) 927; USP <1079.2>,
    formerly <1160>). The mean is one over time, by the trapezoidal rule, so uneven intervals count by their
    length (Tong & Lock, JSM 2015); across a gap nothing is added, and readings that stand alone count alike.
    delta_h: activation energy in kJ/mol. mean_c: the plain mean over the same time, never above mkt_c; hours:
    time that was measured; readings: how many good ones. USP means it for the last 30 days at controlled room
    temperature, the last 24 h at 2–8 °C; it says nothing about frozen goods. data, gap: as for `excursions`.
    Raises TempHubError for a delta_h that is none, or a frame of another shape.
    """
    if not isinstance(delta_h, int | float) or not math.isfinite(delta_h) or delta_h <= 0:
        raise TempHubError(
            f"delta_h is {delta_h!r}, which is no activation energy.",
            f"Give it in kJ/mol; the usual value is {kinetic.DELTA_H}.",
            code="bad_delta_h",
        )
    parts = [_kinetic_of(curve, delta_h) for curve in curves(data, gap) if len(curve.ms)]
    return results.table(parts, KINETIC_COLUMNS, zone_of(data))


def _kinetic_of(curve: Curve, delta_h: float) -> dict[str, results.Array | str | float]:
    line = exceedance.Line(curve.ms, curve.celsius, curve.whole)
    return {
        "probe_id": curve.probe_id,
        "mkt_c": kinetic.mean(line, delta_h),
        "mean_c": np.average(curve.celsius, weights=kinetic.weights(line)),
        "hours": line.measured_ms / HOUR_MS,
        "readings": len(curve.ms),
    }
