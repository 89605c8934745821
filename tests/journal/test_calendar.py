"""Steps of time by the clock on the wall."""

import importlib.resources
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import numpy as np
import pytest

from temphub_kernel.journal.statistics.calendar import DAY_MS, WallClock, pieces

HOUR_MS = 3_600_000
FIRST, LAST = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (1990, 2041))
Change = tuple[int, timedelta, timedelta]


def offset(zone: ZoneInfo, second: int) -> timedelta:
    return datetime.fromtimestamp(second, zone).utcoffset() or timedelta()


def changes(zone: ZoneInfo) -> tuple[Change, ...]:
    """(second, offset before, offset after) of each change of the zone's clock 1990 to 2040, found by asking
    each day."""
    days = [
        (second, offset(zone, second))
        for second in range(int(FIRST.timestamp()), int(LAST.timestamp()), 86_400)
    ]
    found = []
    for (low, before), (high, after) in pairwise(days):
        if before != after:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            found.append((high, before, after))
    return tuple(found)


def _file(name: str) -> bytes:
    """The zone's file, where ZoneInfo finds it."""
    for folder in TZPATH:
        if (path := Path(folder) / name).is_file():
            return path.read_bytes()
    package, _, resource = f"tzdata.zoneinfo/{name}".rpartition("/")
    return importlib.resources.files(package.replace("/", ".")).joinpath(resource).read_bytes()


@cache
def zones() -> dict[tuple[Change, ...], str]:
    """One name for each history of changes that any zone of tzdata has."""
    names = [
        name for name in sorted(available_timezones()) if not name.startswith(("posix", "right", "Etc/"))
    ]
    # Many zones are other names of one: what is the same file is asked once.
    files = {_file(name): name for name in names}
    found = {changes(ZoneInfo(name)): name for name in files.values()}
    assert len(found) > 150, "tzdata is not there"
    return found


@pytest.mark.timeout(600)
def test_days_of_every_zone_and_every_change() -> None:
    """In every zone a day begins with the first moment of its date, on each day beside each change of the
    clock 1990 to 2040."""
    looked = 0
    for known, name in zones().items():
        zone = ZoneInfo(name)
        for second, *_ in known:
            moments = np.arange(
                second // 900 * 900 * 1000 - 25 * HOUR_MS, second * 1000 + 25 * HOUR_MS, HOUR_MS // 4
            )
            clock = WallClock(DAY_MS, zone, int(moments[0]), int(moments[0]), int(moments[-1]))
            # Where the clock goes back over midnight (Newfoundland did) the new day has begun all the same.
            dates = np.maximum.accumulate(
                [datetime.fromtimestamp(ms / 1000, zone).toordinal() for ms in moments.tolist()]
            ).tolist()
            begun = clock.starts(moments)
            # The first whole date in sight begins where the date turns; what lies before it began earlier.
            turn = {date: ms for ms, date in zip(moments[::-1].tolist(), dates[::-1], strict=True)}
            for ms, date, begin in zip(moments.tolist(), dates, begun.tolist(), strict=True):
                assert begin <= ms and (date == dates[0] or begin == turn[date]), (
                    f"{name}: {datetime.fromtimestamp(ms / 1000, zone)}"
                )
            assert (np.diff(begun) >= 0).all() and set(begun.tolist()) == set(
                clock.edges(int(moments[0]), int(moments[-1])).tolist()
            )
            assert not (begun % clock.grain_ms).any()
            looked += 1
    assert looked > 5_000


@pytest.mark.parametrize(
    "width_ms", [HOUR_MS // 4, HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, 7 * HOUR_MS, 2 * DAY_MS, 7 * DAY_MS]
)
def test_steps_of_any_length_follow_each_other(width_ms: int) -> None:
    """Steps have no hole and no overlap, each begins where the wall's clock shows a multiple of it or where
    that is left out, and is as long as it should be but for the change of the clock."""
    for known, name in [(known, name) for known, name in zones().items() if known][::7]:
        zone = ZoneInfo(name)
        for second, before, after in known[-4:]:
            first, last = second * 1000 - 40 * HOUR_MS, second * 1000 + 40 * HOUR_MS
            clock = WallClock(width_ms, zone, first, first, last)
            edges = clock.edges(first, last)
            lengths = np.diff(edges)
            change = abs(after - before) // timedelta(milliseconds=1)
            assert (clock.starts(edges) == edges).all() and (
                abs(lengths - width_ms) <= max(change, width_ms - 1)
            ).all()
            away = (edges[1:] < second * 1000) | (edges[:-1] >= second * 1000 + change)
            assert (lengths[away] == width_ms).all(), name
            midnight = datetime.fromtimestamp(first / 1000, zone).replace(
                hour=0, minute=0, second=0, microsecond=0, tzinfo=None
            )
            for edge in edges.tolist():
                wall = datetime.fromtimestamp(edge / 1000, zone).replace(tzinfo=None)
                assert edge == second * 1000 or not (wall - midnight) % timedelta(milliseconds=width_ms), (
                    f"{name} {wall}"
                )


def test_an_hour_that_comes_twice() -> None:
    """Of the hour that comes twice both have a step of their own; a step of six hours then has seven, in
    spring five."""
    zone = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 10, 25, tzinfo=zone).timestamp()) * 1000
    hours = WallClock(HOUR_MS, zone, first, first, first + DAY_MS).edges(first, first + 5 * HOUR_MS)
    assert np.diff(hours).tolist() == [HOUR_MS] * 5
    autumn = WallClock(6 * HOUR_MS, zone, first, first, first + DAY_MS).edges(first, first + 12 * HOUR_MS)
    assert np.diff(autumn).tolist()[0] == 7 * HOUR_MS
    spring = int(datetime(2026, 3, 29, tzinfo=zone).timestamp()) * 1000
    assert (
        np.diff(
            WallClock(6 * HOUR_MS, zone, spring, spring, spring + DAY_MS).edges(spring, spring + 12 * HOUR_MS)
        ).tolist()[0]
        == 5 * HOUR_MS
    )


def test_this_computers_own_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a zone the computer's own counts, with its summer time."""
    import time

    monkeypatch.setenv("TZ", "America/Havana")
    time.tzset()
    try:
        first = int(datetime(2026, 10, 31, 12, tzinfo=timezone.utc).timestamp()) * 1000
        own = WallClock(DAY_MS, None, first, first, first + 3 * DAY_MS).edges(first, first + 3 * DAY_MS)
        named = WallClock(DAY_MS, ZoneInfo("America/Havana"), first, first, first + 3 * DAY_MS).edges(
            first, first + 3 * DAY_MS
        )
        assert own.tolist() == named.tolist() and np.diff(own).tolist()[1] == 25 * HOUR_MS
    finally:
        monkeypatch.undo()
        time.tzset()


def test_pieces_are_cut_between_steps() -> None:
    """Work in pieces never splits a step, and covers the range once."""
    zone = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 10, 20, 5, tzinfo=zone).timestamp()) * 1000
    clock = WallClock(DAY_MS, zone, first, first, first + 30 * DAY_MS)
    cut = pieces(clock, first, first + 30 * DAY_MS, 2 * DAY_MS)
    assert (
        cut[0][0] == first
        and cut[-1][1] == first + 30 * DAY_MS
        and all(a[1] == b[0] for a, b in pairwise(cut))
    )
    inner = np.array([low for low, _ in cut[1:]])
    assert len(cut) > 10 and (clock.starts(inner) == inner).all()
