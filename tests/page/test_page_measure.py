"""A marked range: exact at every zoom, from the journal's roll-ups and from single readings alike."""

import statistics as reference
from itertools import pairwise

import numpy as np
import pytest

from support.rows import points_in
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Reader
from temphub_kernel.page.choices.view import Window
from temphub_kernel.page.data.window_cache import Measure, Memory

EVERY_S = 15.0
VALUES = [
    20 + (place % 97) / 10 + (30 if place == 1111 else 0) - (9 if place == 777 else 0)
    for place in range(2400)
]
FIRST_AGO_S = 10.5 * 3600


@pytest.fixture
def reader(journal):
    """Ten hours of one probe."""
    journal.met("a", interval_ms=round(EVERY_S * 1000))
    journal.readings("a", VALUES, ago_s=FIRST_AGO_S, every_s=EVERY_S)
    journal.settle()
    with Reader(journal.path) as reader:
        yield reader


@pytest.fixture
def taken(reader):
    """[(taken_ms, °C)] of all readings."""
    return [(point.taken_ms, point.units / 1e7) for point in points_in(reader, 0, now_ms() + 1)]


@pytest.mark.parametrize(("first", "last"), [(0, 2400), (13, 2377), (700, 800), (1111, 1112), (5, 500)])
def test_a_range_is_measured_to_the_reading(reader, taken, first, last):
    """Count, mean, lowest and highest with their moments are those of exactly the readings inside, however
    long the range."""
    inside = taken[first:last]
    span = (inside[0][0], inside[-1][0] + 1)
    told = Measure().of(reader, {"a": 15_000}, span, None, now_ms())["a"].statistics
    values = [value for _, value in inside]
    assert told.n == len(inside)
    assert told.mean == pytest.approx(reference.fmean(values), abs=1e-6)
    assert (told.low_ms, told.low) == min(inside, key=lambda one: (one[1], one[0]))
    assert told.high == max(values) and told.high_ms == min(
        ms for ms, value in inside if value == max(values)
    )
    if len(values) > 1:
        assert told.sigma == pytest.approx(reference.stdev(values), abs=1e-6)


@pytest.mark.parametrize("line", [19.0, 24.85, 25.0, 60.0])
def test_time_above_a_limit_is_that_of_straight_lines_between_readings(reader, taken, line):
    """Whatever lies between the first and the last reading is above the limit or not, cut where the line
    between two crosses it."""
    span = (taken[0][0], taken[-1][0] + 1)
    told = Measure().of(reader, {"a": 15_000}, span, line, now_ms())["a"].beyond
    above = 0.0
    for (_, first), (_, second) in pairwise(taken):
        low, high = sorted((first, second))
        above += 15_000 * (high > line if low >= line or high <= line else (high - line) / (high - low))
    assert (
        told.exact
        and told.passed[0].beyond_ms == pytest.approx(above)
        and told.measured_ms == (len(taken) - 1) * 15_000
    )


@pytest.mark.parametrize(("fine_s", "minutes"), [(1, 19), (10, 2), (1, 200)])
def test_time_above_after_the_interval_was_changed(journal, fine_s, minutes):
    """Whatever interval holds now: so many minutes above the limit are told as so many, and the mean is one
    over time."""
    journal.met("a", interval_ms=2_000)
    journal.readings("a", [10.0] * (minutes * 60 // fine_s), ago_s=minutes * 60 + 20 * 3600, every_s=fine_s)
    journal.readings("a", [0.0] * 60, ago_s=20 * 3600, every_s=60)
    journal.settle()
    with Reader(journal.path) as reader:
        first, last = reader.span()
        told = Measure().of(reader, {"a": 2_000}, (first, last + 1), 5.0, now_ms())["a"]
        warm = [point.taken_ms for point in points_in(reader, first, last + 1) if point.units]
        # The two spells were written one after the other, by the clock of then.
        cold_ms = min(point.taken_ms for point in points_in(reader, warm[-1] + 1, last + 1))
        assert told.beyond.passed[0].beyond_ms == pytest.approx((warm[-1] + cold_ms) / 2 - first)
        assert told.beyond.measured_ms == last - first
        assert told.statistics.mean == pytest.approx(10 * minutes / (minutes + 60), abs=0.1)


@pytest.mark.parametrize("hours", [11, 24, 24 * 7, 24 * 60, 24 * 365])
def test_every_zoom_tells_the_same_numbers(reader, taken, hours):
    """A window of eleven hours or of a year that holds the same readings tells the same count, mean, extremes
    and moments."""
    memory = Memory(Window(hours * 3_600_000))
    memory.update(reader, {"a": 15_000}, now_ms())
    kept = memory.kept("a")
    values = [value for _, value in taken]
    assert (kept.statistics.n, kept.statistics.low, kept.statistics.high) == (
        len(values),
        min(values),
        max(values),
    )
    assert kept.statistics.mean == pytest.approx(reference.fmean(values), abs=1e-6)
    assert kept.statistics.high_ms == taken[1111][0] and kept.statistics.low_ms == taken[777][0]
    # The spike of one reading is in what is drawn.
    assert max(kept.curve.band_values[kept.curve.band_values == kept.curve.band_values]) == max(values)


def test_a_long_window_is_looked_into_a_part_at_a_time(reader, taken):
    """What a refresh costs is bounded: until all was read the mean is told as an estimate, then exactly, as
    are the buckets."""
    memory, exact = Memory(Window(11 * 3_600_000), most=500), Memory(Window(11 * 3_600_000))
    now = now_ms()
    exact.update(reader, {"a": 15_000}, now)
    told = []
    while not told or not told[-1].exact:
        memory.update(reader, {"a": 15_000}, now + len(told))
        told.append(memory.kept("a").statistics)
    assert 3 <= len(told) <= 12 and not told[0].exact
    assert all(one.mean == pytest.approx(told[-1].mean, abs=0.5) and one.n == len(taken) for one in told)
    assert told[-1] == exact.kept("a").statistics
    assert np.array_equal(memory.kept("a").curve.values, exact.kept("a").curve.values, equal_nan=True)


def test_nothing_in_a_range_is_nothing_measured(reader):
    """A range without a reading has no statistics, not zeros."""
    assert Measure().of(reader, {"a": 15_000}, (1000, 50_000_000), 20.0, now_ms()) == {}


def test_a_window_that_stands_still_shows_late_readings_when_they_come(journal, reader):
    """Yesterday's hour is looked at again now and then: what a probe delivers late appears in it."""
    end = now_ms() - 9 * 3_600_000
    memory = Memory(Window(3_600_000, end))
    memory.update(reader, {"a": 15_000}, now_ms())
    before = memory.kept("a").statistics.n
    journal.reading("a", 99.0, ago_s=(now_ms() - end) / 1000 + 100)
    memory.update(reader, {"a": 15_000}, now_ms() + 60_000)
    told = memory.kept("a").statistics
    assert (told.n, told.high) == (before + 1, 99.0)
