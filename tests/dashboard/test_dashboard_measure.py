"""A marked range: exact at every zoom, from the journal's roll-ups and from single readings alike."""

import statistics as reference

import pytest

from temphub_kernel.base.clock import now_ms
from temphub_kernel.dashboard.measure import Measure
from temphub_kernel.dashboard.memory import Memory
from temphub_kernel.dashboard.window import Window
from temphub_kernel.journal import Bucket, Reader

EVERY_S = 15.0
VALUES = [20 + (place % 97) / 10 + (30 if place == 1111 else 0) - (9 if place == 777 else 0) for place in range(2400)]
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
    return [(point.taken_ms, point.units / 1e7) for point in reader.points(0, now_ms() + 1)]


@pytest.mark.parametrize(("first", "last"), [(0, 2400), (13, 2377), (700, 800), (1111, 1112), (5, 500)])
def test_a_range_is_measured_to_the_reading(reader, taken, first, last):
    """Count, mean, lowest and highest with their moments are those of exactly the readings inside, however long the range."""
    inside = taken[first:last]
    span = (inside[0][0], inside[-1][0] + 1)
    told = Measure().of(reader, {"a": 15_000}, span, None, now_ms())["a"].statistics
    values = [value for _, value in inside]
    assert told.n == len(inside)
    assert told.mean == pytest.approx(reference.fmean(values), abs=1e-6)
    assert (told.low_ms, told.low) == min(inside, key=lambda one: (one[1], one[0]))
    assert told.high == max(values) and told.high_ms == min(ms for ms, value in inside if value == max(values))
    if len(values) > 1 and (span[1] - span[0] <= 2 * 3_600_000 or "spread" in Bucket._fields):
        assert told.sigma == pytest.approx(reference.stdev(values), abs=1e-6)


@pytest.mark.parametrize("line", [19.0, 24.85, 25.0, 60.0])
def test_time_above_and_below_a_limit_is_counted_reading_by_reading(reader, taken, line):
    """Above and below share the range out; each reading stands for one interval of its probe."""
    span = (taken[0][0], taken[-1][0] + 1)
    told = Measure().of(reader, {"a": 15_000}, span, line, now_ms())["a"]
    assert told.above == pytest.approx(sum(value > line for _, value in taken) / len(taken), abs=1e-9)
    assert told.pace_ms == 15_000


@pytest.mark.parametrize("hours", [11, 24, 24 * 7, 24 * 60, 24 * 365])
def test_every_zoom_tells_the_same_numbers(reader, taken, hours):
    """A window of eleven hours or of a year that holds the same readings tells the same count, mean, extremes and moments."""
    memory = Memory(Window(hours * 3_600_000))
    memory.update(reader, {"a": 15_000}, now_ms())
    kept = memory.kept("a")
    values = [value for _, value in taken]
    assert (kept.statistics.n, kept.statistics.low, kept.statistics.high) == (len(values), min(values), max(values))
    assert kept.statistics.mean == pytest.approx(reference.fmean(values), abs=1e-6)
    assert kept.statistics.high_ms == taken[1111][0] and kept.statistics.low_ms == taken[777][0]
    # The spike of one reading is in what is drawn.
    assert max(kept.curve.band_values[kept.curve.band_values == kept.curve.band_values]) == max(values)


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
