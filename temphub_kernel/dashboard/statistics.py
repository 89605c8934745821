"""Rolling statistics of one probe over the chosen window. Any thread; pure.

With numpy alone: pandas would cost each page's kernel memory that it does not have.
"""

from typing import NamedTuple

import numpy as np

from .series import Buckets, Floats, Times

HOUR_MS = 3_600_000
# A slope from less time than this says more about noise than about the room.
TREND_MIN_MS = 30_000


class Statistics(NamedTuple):
    """n good readings; values in °C, times in ms; trend in °C per hour. None where n is too small to tell."""

    n: int = 0
    mean: float | None = None
    sigma: float | None = None
    low: float | None = None
    low_ms: int = 0
    high: float | None = None
    high_ms: int = 0
    trend: float | None = None


def of_points(times: Times, values: Floats) -> Statistics:
    """Statistics of single readings; bad ones (NaN) are left out."""
    good = np.isfinite(values)
    times, values = times[good], values[good]
    return _of(times, values, values, values, np.ones(len(values), np.int64))


def of_buckets(buckets: Buckets, width_ms: int) -> Statistics:
    """The same from buckets: all exact but σ, which is that of the buckets' means."""
    return _of(buckets.start_ms + width_ms // 2, buckets.mean, buckets.low, buckets.high, buckets.readings)


def _of(times: Times, mean: Floats, low: Floats, high: Floats, count: Times) -> Statistics:
    if not len(mean):
        return Statistics()
    n = int(count.sum())
    centre = float(np.average(mean, weights=count))
    spread = float(np.sqrt(np.average((mean - centre) ** 2, weights=count) * n / (n - 1))) if n > 1 else None
    lowest, highest = int(np.argmin(low)), int(np.argmax(high))
    return Statistics(
        n, centre, spread, float(low[lowest]), int(times[lowest]), float(high[highest]), int(times[highest]), _slope(times, mean, count)
    )


def _slope(times: Times, mean: Floats, count: Times) -> float | None:
    if len(times) < 3 or times[-1] - times[0] < TREND_MIN_MS:
        return None
    hours = (times - times[0]) / HOUR_MS
    from_centre = hours - np.average(hours, weights=count)
    weight = float((count * from_centre**2).sum())
    return float((count * from_centre * mean).sum() / weight) if weight else None
