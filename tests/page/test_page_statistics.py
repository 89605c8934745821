"""Rolling statistics."""

import statistics as reference

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from temphub_kernel.core.clock import now_ms
from temphub_kernel.page.choices.view import View
from temphub_kernel.page.data import statistics
from temphub_kernel.page.data.snapshot import Source
from temphub_kernel.page.html import cards

T0 = 1_800_000_000_000


def readings(values, every_s=2.0):
    return np.array([T0 + round(place * every_s * 1000) for place in range(len(values))], np.int64), np.array(
        values, float
    )


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
    """A tenth of a degree a minute is six an hour; too little time tells nothing."""
    at, values = readings([20 + place * 0.1 / 30 for place in range(200)])
    assert statistics.of_points(at, values).trend == pytest.approx(6.0)
    assert statistics.of_points(at[:5], values[:5]).trend is None


def test_bad_readings_do_not_count():
    """A reading without a temperature is in no statistic; none at all gives dashes, not zeros."""
    nan = float("nan")
    assert statistics.of_points(*readings([nan, 4, nan, 6])).mean == 5
    assert statistics.of_points(*readings([nan, nan])) == statistics.Statistics()
    assert statistics.of_points(*readings([4])).sigma is None


def test_an_estimate_is_shown_as_one(journal):
    """Mean, σ and trend of the table bear a sign where they are no exact numbers; lowest and highest always
    are."""
    journal.readings("a", [20.0, 21.0, 22.0], ago_s=120, every_s=30)
    source = Source(journal.path)
    snapshot = source.read(View().wanted, now_ms())
    source.close()
    (probe,) = snapshot.probes
    rough = snapshot._replace(
        probes=[probe._replace(statistics=probe.statistics._replace(exact=False))], drawn=None
    )
    assert "≈" not in cards.statistics(snapshot) and cards.statistics(rough).count("≈ ") == 3
    assert "≈ 21.00" in cards.statistics(rough) and "an estimate" in cards.statistics(rough)


def test_one_odd_reading_does_not_turn_the_arrow():
    """The slope on a card is that of most readings: a spike or a door opened for a moment leaves it as it
    is."""
    at, values = readings([20 + place / 30 for place in range(30)], every_s=60)
    values[-1] = 55.0
    assert statistics.robust_slope(at, values) == pytest.approx(2.0, abs=0.15)
    assert statistics.robust_slope(at[:2], values[:2]) is None
