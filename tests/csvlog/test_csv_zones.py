"""The log's local time on the days when clocks change."""

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from support.waiting import cannot
from temphub_kernel.csvlog.columns import lines_of
from temphub_kernel.csvlog.format import to_lines
from temphub_kernel.journal import Point

from .csv_harness import columns_of

# An hour in the north, an hour in the south, and half an hour.
ZONES = ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"]
HOUR_S = 3600
FIRST_S, LAST_S = 1_500_000_000, 2_145_000_000


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    """This computer's zone for one test."""
    if not hasattr(time, "tzset"):
        cannot("this system cannot change a program's time zone")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


def changes(zone: ZoneInfo) -> list[int]:
    """The seconds at which the zone's offset changes."""

    def offset(second: int) -> object:
        return datetime.fromtimestamp(second, zone).utcoffset()

    found = []
    for hour in range(FIRST_S // HOUR_S * HOUR_S, LAST_S, 24 * HOUR_S):
        if offset(hour) != offset(hour + 24 * HOUR_S):
            low, high = hour, hour + 24 * HOUR_S
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(high)
    return found


@pytest.mark.parametrize("zone", ZONES, indirect=True)
def test_every_change_of_the_clocks(zone: ZoneInfo) -> None:
    """Around each change local_time is what the clock on the wall says, and equal local times differ in their
    timestamp."""
    moments = changes(zone)
    assert len(moments) > 30
    repeated = 0
    for change in moments:
        seconds = range(change - 2 * HOUR_S, change + 2 * HOUR_S, 300)
        points = [Point(1, "P", s * 1000, s * 1000, 5, None, None, None) for s in seconds]
        lines = to_lines(points).decode().splitlines()
        assert lines_of(columns_of(points)).decode().splitlines() == lines
        cells = [line.split(",") for line in lines]
        assert [c[1] for c in cells] == [
            f"{datetime.fromtimestamp(s, zone):%Y-%m-%d %H:%M:%S}" for s in seconds
        ]
        assert [datetime.fromisoformat(c[0]) for c in cells] == [
            datetime.fromtimestamp(s, timezone.utc) for s in seconds
        ]
        repeated += len(cells) - len({c[1] for c in cells})
        assert len({c[0] for c in cells}) == len(cells)
    assert repeated > 10 * len(moments) // 4


@pytest.mark.parametrize("zone", ["Africa/Monrovia"], indirect=True)
def test_clocks_that_were_ahead_by_seconds(zone: ZoneInfo) -> None:
    """Where local time had seconds of its own, the lines made at once say so too, on the day it ended as
    well."""
    points = [Point(1, "P", ms, ms, 5, None, None, None) for ms in range(63_590_000_000, 63_595_000_000, 777)]
    assert lines_of(columns_of(points)) == to_lines(points)
    assert len({line.split(",")[1][-5:-3] for line in to_lines(points).decode().splitlines()}) > 1
