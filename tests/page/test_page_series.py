"""Lines: broken at gaps, no spike lost, never too many points."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from temphub_kernel.page.data import statistics
from temphub_kernel.page.data.series import Series, broken_line, curve_of_buckets, curve_of_points, in_buckets

T0 = 1_800_000_000_000


def times(*seconds):
    return np.array([T0 + round(s * 1000) for s in seconds], np.int64)


def test_a_gap_of_three_intervals_breaks_the_line_and_two_do_not():
    """Between readings further apart than three intervals nothing is drawn; a reading missed or two do not
    tear the line."""
    at = times(0, 2, 8, 14.1, 16)
    _, values = broken_line(at, np.arange(5.0), 6000)
    assert np.isnan(values).tolist() == [False, False, False, True, False, False]


def test_a_bad_reading_breaks_the_line_and_bad_ends_are_not_drawn():
    """A reading without a temperature is never a number on the chart."""
    nan = float("nan")
    curve = curve_of_points(times(0, 2, 4, 6, 8), np.array([nan, 1, nan, 2, nan]), 6000)
    assert curve.times.tolist() == times(2, 4, 6).tolist()
    assert np.isnan(curve.values).tolist() == [False, True, False]
    assert not len(curve_of_points(times(0, 2), np.array([nan, nan]), 6000).times)


def test_a_spike_of_one_reading_reaches_the_band():
    """However wide a bucket is, the band touches its highest and lowest reading."""
    values = np.full(1800, 20.0)
    values[777] = 95.5
    curve = curve_of_buckets(in_buckets(times(*range(0, 3600, 2)), values, 60_000), 60_000, 180_000)
    assert np.nanmax(curve.band_values) == 95.5 and np.nanmin(curve.band_values) == 20.0
    assert len(curve.values) == 60 and np.nanmax(curve.values) < 25


def test_buckets_break_at_gaps_too_and_the_band_with_them():
    """Two hours without a reading are two lines and two bands."""
    at = times(*range(0, 600, 2), *range(7800, 8400, 2))
    curve = curve_of_buckets(in_buckets(at, np.sin(at / 1e5), 5000), 5000, 15_000)
    assert np.isnan(curve.values).sum() == 1
    assert np.isnan(curve.band_values).sum() == 1


@settings(deadline=None)  # a busy computer is no fault
@given(
    st.lists(st.tuples(st.integers(0, 3_600_000), st.floats(-270, 1800)), min_size=1, max_size=300),
    st.sampled_from([1000, 5000, 60_000]),
)
def test_buckets_keep_mean_and_extremes(readings, width_ms):
    """Gathering readings keeps lowest and highest, and their mean over time."""
    readings.sort()
    at, values = np.array([T0 + t for t, _ in readings], np.int64), np.array([v for _, v in readings])
    buckets = in_buckets(at, values, width_ms)
    whole, mean = buckets.gathered(2**42), statistics.of_points(at, values).mean
    assert (
        (whole.low.min(), whole.high.max())
        == (values.min(), values.max())
        == (buckets.low.min(), buckets.high.max())
    )
    assert np.average(buckets.mean, weights=buckets.weight) == pytest.approx(
        mean, abs=1e-6
    ) and whole.mean == pytest.approx(mean, abs=1e-6)


@settings(deadline=None)  # a busy computer is no fault
@given(st.permutations(list(range(12))), st.lists(st.integers(0, 12), max_size=4))
def test_late_readings_take_their_place(order, cuts):
    """Readings may arrive in any order, one by one or many at once; the line is drawn in the order they were
    taken."""
    series = Series()
    for part in np.split(np.array(order), sorted(cuts)):
        series.add(T0 + part * 1000, part.astype(float), np.zeros(len(part), np.int64))
    at, values = series.arrays()
    assert series.late == sum(second < max(order[:place], default=0) for place, second in enumerate(order))
    assert values.tolist() == list(range(12)) and at.tolist() == times(*range(12)).tolist()


def test_a_window_that_moves_on_keeps_a_few_readings_outside_it():
    """The line comes in from the chart's left edge rather than starting inside it, and how long the first
    readings hold is known."""
    series = Series()
    series.add(T0 + np.arange(10) * 1000, np.ones(10), np.zeros(10, np.int64))
    series.trim(T0 + 5000)
    assert series.arrays()[0].tolist() == times(*range(3, 10)).tolist()
    assert series.interval_ms() == 1000
