"""Rolling statistics."""

import statistics as reference

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temphub_kernel.dashboard import statistics
from temphub_kernel.dashboard.series import in_buckets

T0 = 1_800_000_000_000


def readings(values, every_s=2.0):
    return np.array([T0 + round(place * every_s * 1000) for place in range(len(values))], np.int64), np.array(values, float)


@settings(deadline=None)  # a busy computer is no fault
@given(st.lists(st.floats(-200, 1500), min_size=2, max_size=200))
def test_they_agree_with_the_standard_library(values):
    """Count, mean, σ, lowest and highest are those of Python's own statistics module."""
    told = statistics.of_points(*readings(values))
    assert told.n == len(values)
    assert told.mean == pytest.approx(reference.fmean(values), abs=1e-9)
    assert told.sigma == pytest.approx(reference.stdev(values), abs=1e-6)
    assert (told.low, told.high) == (min(values), max(values))


def test_extremes_carry_the_time_they_were_taken():
    """Lowest and highest are told with their time, the first one when there are several."""
    told = statistics.of_points(*readings([3, 1, 2, 9, 1]))
    assert (told.low_ms, told.high_ms) == (T0 + 2000, T0 + 6000)


def test_the_trend_is_degrees_an_hour():
    """A tenth of a degree a minute is six an hour, from readings and from buckets alike; too little time tells nothing."""
    at, values = readings([20 + place * 0.1 / 30 for place in range(150)])
    assert statistics.of_points(at, values).trend == pytest.approx(6.0)
    assert statistics.of_buckets(in_buckets(at, values, 10_000), 10_000).trend == pytest.approx(6.0, rel=0.01)
    assert statistics.of_points(at[:5], values[:5]).trend is None


def test_bad_readings_do_not_count():
    """A reading without a temperature is in no statistic; none at all gives dashes, not zeros."""
    nan = float("nan")
    assert statistics.of_points(*readings([nan, 4, nan, 6])).mean == 5
    assert statistics.of_points(*readings([nan, nan])) == statistics.Statistics()
    assert statistics.of_points(*readings([4])).sigma is None


@pytest.mark.parametrize("width_ms", [10_000, 60_000, 600_000])
def test_every_zoom_tells_the_same_numbers(width_ms):
    """Whatever the width of a bucket, count, mean, σ, lowest and highest are those of the readings themselves."""
    at, values = readings(list(np.sin(np.arange(9000) / 40) * 3 + 20 + np.arange(9000) % 7))
    exact, told = statistics.of_points(at, values), statistics.of_buckets(in_buckets(at, values, width_ms), width_ms)
    assert (told.n, told.low, told.high) == (exact.n, exact.low, exact.high)
    assert told.mean == pytest.approx(exact.mean, abs=1e-9)
    assert told.sigma == pytest.approx(exact.sigma, abs=1e-9)


def test_one_odd_reading_does_not_turn_the_arrow():
    """The slope on a card is that of most readings: a spike or a door opened for a moment leaves it as it is."""
    at, values = readings([20 + place / 30 for place in range(30)], every_s=60)
    values[-1] = 55.0
    assert statistics.robust_slope(at, values) == pytest.approx(2.0, abs=0.15)
    assert statistics.robust_slope(at[:2], values[:2]) is None
