"""Rolling statistics of one probe over the chosen window. Any thread; pure.

With numpy alone: pandas would cost each page's kernel memory that it does not have.
"""

from typing import NamedTuple

import numpy as np

from .series import Buckets, Floats, Times, singly

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
    return of_buckets(singly(times[good], values[good]), 0)


def of_buckets(buckets: Buckets, width_ms: int) -> Statistics:
    """The same from buckets, whatever their width; only the times of lowest and highest are those of their buckets' start."""
    if not len(buckets.start_ms):
        return Statistics()
    count, mean = buckets.readings, buckets.mean
    n = int(count.sum())
    centre = float(np.average(mean, weights=count))
    squares = float((buckets.spread + count * (mean - centre) ** 2).sum())
    lowest, highest = int(np.argmin(buckets.low)), int(np.argmax(buckets.high))
    return Statistics(
        n,
        centre,
        float(np.sqrt(squares / (n - 1))) if n > 1 else None,
        float(buckets.low[lowest]),
        int(buckets.start_ms[lowest]),
        float(buckets.high[highest]),
        int(buckets.start_ms[highest]),
        _slope(buckets.start_ms + width_ms // 2, mean, count),
    )


def robust_slope(times: Times, values: Floats) -> float | None:
    """The median of the slopes between all pairs (Theil and Sen), °C per hour: one odd reading does not turn the arrow."""
    if len(times) < 3 or times[-1] - times[0] < TREND_MIN_MS:
        return None
    first, second = np.triu_indices(len(times), 1)
    apart = (times[second] - times[first]) / HOUR_MS
    apart_enough = apart > 0
    return float(np.median((values[second] - values[first])[apart_enough] / apart[apart_enough])) if apart_enough.any() else None


def _slope(times: Times, mean: Floats, count: Times) -> float | None:
    if len(times) < 3 or times[-1] - times[0] < TREND_MIN_MS:
        return None
    hours = (times - times[0]) / HOUR_MS
    from_centre = hours - np.average(hours, weights=count)
    weight = float((count * from_centre**2).sum())
    return float((count * from_centre * mean).sum() / weight) if weight else None
