"""Rolling statistics of one probe over the chosen window. Any thread; pure.

With numpy alone: pandas would cost each page's kernel memory that it does not have.
"""

from typing import NamedTuple

import numpy as np

from ...core import HOUR_MS, UNITS_PER_C
from ...journal import Figures, Floats, time_weights
from .series import Buckets, Times

# A slope from less time than this says more about noise than about the room.
TREND_MIN_MS = 30_000


class Statistics(NamedTuple):
    """n good readings; values in °C, times in ms; trend in °C per hour. None where n is too small to tell.

    mean, sigma, trend: over time, as everywhere (see journal/statistics/time_weights.py); exact: whether they
    are no estimates.
    """

    n: int = 0
    mean: float | None = None
    sigma: float | None = None
    low: float | None = None
    low_ms: int = 0
    high: float | None = None
    high_ms: int = 0
    trend: float | None = None
    exact: bool = True


class Extremes(NamedTuple):
    """Lowest and highest, and when."""

    low: float
    low_ms: int
    high: float
    high_ms: int


def of_points(times: Times, values: Floats, from_ms: int = 0) -> Statistics:
    """Statistics of single readings from `from_ms` on; bad ones (NaN) are left out, earlier ones tell how
    long the first hold."""
    good = np.isfinite(values)
    times, values = times[good], values[good]
    inside = times >= from_ms
    if not inside.any():
        return Statistics()
    moments, shown, held = time_weights.readings_of(times, values * UNITS_PER_C)
    over_time = time_weights.weighed(
        time_weights.singly(moments, shown, held).of(np.flatnonzero(moments >= from_ms)), int(inside.sum())
    )
    times, values = times[inside], values[inside]
    lowest, highest = int(np.argmin(values)), int(np.argmax(values))
    found = Extremes(float(values[lowest]), int(times[lowest]), float(values[highest]), int(times[highest]))
    return Statistics(len(times), over_time.mean, over_time.sigma, *found, over_time.trend)


def of_figures(told: Figures, found: Extremes) -> Statistics:
    """The same from what the journal says."""
    return Statistics(told.readings, told.mean, told.sigma, *found, told.trend, told.exact)


def extremes(buckets: Buckets) -> Extremes:
    """Of some buckets; the times are those of their buckets' start."""
    lowest, highest = int(np.argmin(buckets.low)), int(np.argmax(buckets.high))
    low, high = (
        (float(buckets.low[lowest]), int(buckets.start_ms[lowest])),
        (float(buckets.high[highest]), int(buckets.start_ms[highest])),
    )
    return Extremes(*low, *high)


def robust_slope(times: Times, values: Floats) -> float | None:
    """The median of the slopes between all pairs (Theil and Sen), °C per hour: one odd reading does not turn
    the arrow."""
    if len(times) < 3 or times[-1] - times[0] < TREND_MIN_MS:
        return None
    first, second = np.triu_indices(len(times), 1)
    apart = (times[second] - times[first]) / HOUR_MS
    apart_enough = apart > 0
    return (
        float(np.median((values[second] - values[first])[apart_enough] / apart[apart_enough]))
        if apart_enough.any()
        else None
    )
