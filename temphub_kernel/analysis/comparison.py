"""Two probes side by side: offset, spread, lag, drift. Any thread; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..core import DAY_MS, HOUR_MS, NotFound, named
from . import lengths, results
from .curve import Curve, Data, curves, known, zone_of

# Enough for 24 days at 2 s, and 200 MB of memory; a longer time is laid on a wider grid.
MOST_GRID = 2**20
COLUMNS = {
    "a": "probe",
    "b": "probe",
    "pairs": "count",
    "hours": "number",
    "offset_c": "number",
    "spread_c": "number",
    "drift_c_per_day": "number",
    "lag_s": "number",
    "correlation": "number",
    "aligned_spread_c": "number",
}
DIFFERENCES = {
    "a": "probe",
    "b": "probe",
    "time": "time",
    "a_c": "number",
    "b_c": "number",
    "difference_c": "number",
}


def compare(
    data: Data,
    a: str | None = None,
    b: str | None = None,
    *,
    most_lag: lengths.Span = "1h",
    gap: lengths.Span | None = None,
) -> pd.DataFrame:
    """Probe b against probe a, one row a pair; by default each of the others against the first one.

    offset_c: mean of b − a at the same moment, in K; spread_c: its standard deviation; drift_c_per_day: its
    slope, by least squares, in K/day; pairs: readings of a at which b is known (on the straight line between
    b's readings, never across a gap), hours: from the first to the last of them.
    lag_s: how much later b shows the same, in seconds (negative: earlier), at most `most_lag`; where the
    correlation of the two on a common grid as fine as the finer probe is highest (normalised for each lag
    over what overlaps: Padfield, IEEE Trans. Image Process. 21 (2012) 2670). correlation: there, 1 for the
    same shape; aligned_spread_c: the spread with the lag taken out. NaN where too little or nothing moves.
    a, b: by id or name; data, gap: as for `excursions`. Raises TempHubError for a probe that is not there and
    frames that are none.
    """
    most = lengths.span_ms(most_lag, "most_lag")
    rows = [_compared(first, second, most) for first, second in _pairs(data, a, b, gap)]
    return results.table(rows, COLUMNS, zone_of(data))


def differences(
    data: Data, a: str | None = None, b: str | None = None, *, gap: lengths.Span | None = None
) -> pd.DataFrame:
    """b − a at a's readings: a, b, time, a_c, b_c in °C, difference_c in K; by default each of the others
    against the first one."""
    rows = []
    for first, second in _pairs(data, a, b, gap):
        at, values = _paired(first, second, 0)
        names = {
            "a": np.full(len(at), first.probe_id, object),
            "b": np.full(len(at), second.probe_id, object),
        }
        mine = first.celsius[at]
        rows.append(
            {**names, "time": first.ms[at], "a_c": mine, "b_c": values, "difference_c": values - mine}
        )
    return results.table(rows, DIFFERENCES, zone_of(data))


def _pairs(
    data: Data, a: str | None, b: str | None, gap: lengths.Span | None
) -> Iterator[tuple[Curve, Curve]]:
    curve_of = {curve.probe_id: curve for curve in curves(data, gap)}
    a, b = (one if one is None else _meant(data, list(curve_of), one) for one in (a, b))
    first = a if a is not None else next((id_ for id_ in curve_of if id_ != b), None)
    others = [b] if b is not None else [id_ for id_ in curve_of if id_ != first]
    return ((curve_of[first], curve_of[id_]) for id_ in others if first is not None)


def _meant(data: Data, ids: list[str], one: str) -> str:
    """The probe of the frame that an id or a name means."""
    found = named(known(data, ids), str(one))
    if found is None or found not in ids:
        raise NotFound(
            f"Probe {one!r} is not in the frame, so it cannot be compared.",
            f"Use one of these: {', '.join(ids)}." if ids else "Load a time in which two probes measured.",
            code="unknown_probe",
        )
    return found


def _compared(a: Curve, b: Curve, most: int) -> dict[str, Any]:
    at, values = _paired(a, b, 0)
    off = values - a.celsius[at]
    lag_s, correlation = _lag(a, b, most)
    row = {"a": a.probe_id, "b": b.probe_id, "pairs": len(at), "lag_s": lag_s, "correlation": correlation}
    days = (a.ms[at] - a.ms[at[0]]) / DAY_MS if len(at) else np.empty(0)
    moved = days - days.mean() if len(at) > 2 else np.empty(0)
    shifted, aligned = _paired(a, b, 0 if np.isnan(lag_s) else round(lag_s * 1000))
    return {
        **row,
        "hours": (a.ms[at[-1]] - a.ms[at[0]]) / HOUR_MS if len(at) else 0.0,
        "offset_c": off.mean() if len(at) else np.nan,
        "spread_c": off.std(ddof=1) if len(at) > 1 else np.nan,
        "drift_c_per_day": (moved * off).sum() / (moved**2).sum() if len(moved) else np.nan,
        "aligned_spread_c": (aligned - a.celsius[shifted]).std(ddof=1) if len(shifted) > 1 else np.nan,
    }


def _paired(a: Curve, b: Curve, lag_ms: int) -> tuple[results.Array, results.Array]:
    """(which readings of a have one of b `lag_ms` later, b's values there)."""
    values = _at(b, a.ms + lag_ms)
    at = np.flatnonzero(np.isfinite(values))
    return at, values[at]


def _at(curve: Curve, ms: results.Array) -> results.Array:
    """The curve's values at some moments; NaN before, after and inside gaps."""
    if not len(curve.ms):
        return np.full(len(ms), np.nan)
    after = np.searchsorted(curve.ms, ms)
    exact = curve.ms[np.minimum(after, len(curve.ms) - 1)] == ms
    inside = (after > 0) & (after < len(curve.ms))
    known = np.zeros(len(ms), np.bool_)
    known[inside] = curve.whole[after[inside] - 1]
    return np.where(known | exact, np.interp(ms, curve.ms, curve.celsius), np.nan)


def _lag(a: Curve, b: Curve, most: int) -> tuple[float, float]:
    """(lag in seconds, correlation there); NaN when nothing can be told."""
    if min(len(a.ms), len(b.ms)) < 3:
        return np.nan, np.nan
    begin, end = max(a.ms[0], b.ms[0]) - most, min(a.ms[-1], b.ms[-1]) + most
    step = max(
        1, int(min(np.median(np.diff(a.ms)), np.median(np.diff(b.ms)))), int((end - begin) // MOST_GRID) + 1
    )
    if end - begin < 2 * step:
        return np.nan, np.nan
    # On a's own readings where it can be, so that an even pace is met exactly.
    grid = np.arange(a.ms[0] + -((a.ms[0] - begin) // step) * step, end + 1, step)
    reach = min(most // step, len(grid) - 1)
    found = _correlations(_at(a, grid), _at(b, grid), reach)
    if not np.isfinite(found).any():
        return np.nan, np.nan
    best = np.nanmax(found)
    lags = np.arange(-reach, reach + 1)
    # A straight line fits at every lag: then the smallest one.
    ties = lags[found >= best - 1e-9]
    return float(ties[np.argmin(np.abs(ties))] * step / 1000), float(best)


def _correlations(a: results.Array, b: results.Array, reach: int) -> results.Array:
    """The correlation of a[t] and b[t + lag] for lag −reach … reach over what overlaps; NaN for less than
    half the best overlap."""
    size = 1 << int(len(a) + reach).bit_length()
    spectra = []
    for values in (a, b):
        good = np.isfinite(values)
        level = values[good].mean() if good.any() else 0.0
        level_free = np.where(good, values - level, 0.0)
        spectra += [np.fft.rfft(part, size) for part in (good.astype(np.float64), level_free, level_free**2)]
    a_good, a_sum, a_square, b_good, b_sum, b_square = spectra

    def over(left: results.Array, right: results.Array) -> results.Array:
        whole = np.fft.irfft(np.conj(left) * right, size)
        return np.concatenate([whole[size - reach :] if reach else whole[:0], whole[: reach + 1]])

    count = np.rint(over(a_good, b_good))
    n = np.maximum(count, 1)
    mean_a, mean_b = over(a_sum, b_good) / n, over(a_good, b_sum) / n
    vary_a, vary_b = over(a_square, b_good) / n - mean_a**2, over(a_good, b_square) / n - mean_b**2
    # What is left of nothing after the transforms' rounding is no movement.
    still = (vary_a < 1e-10) | (vary_b < 1e-10) | (count < max(3, count.max() / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (over(a_sum, b_sum) / n - mean_a * mean_b) / np.sqrt(vary_a * vary_b)
    return np.where(still, np.nan, np.clip(found, -1, 1))
