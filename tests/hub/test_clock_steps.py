"""The computer's clock is put forward and back by hours while a real probe delivers to a real hub."""

import csv
import time
from collections import Counter
from itertools import pairwise

import pytest

import temphub_kernel as th
from support.virtual import VirtualProbe
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.journal import Reader
from temphub_kernel.page.choices.view import Wanted, Window
from temphub_kernel.page.data.snapshot import Source

HOUR_MS = 3_600_000
NAME = "TempProbe-0A01"
REAL_NS = time.time_ns


class Clock:
    """This process's wall clock, put forward or back; timers go on as ever."""

    def __init__(self, monkeypatch) -> None:
        self.ahead_ms = 0
        monkeypatch.setattr(time, "time_ns", lambda: REAL_NS() + self.ahead_ms * 1_000_000)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """Starts right."""
    return Clock(monkeypatch)


@pytest.fixture
def hub(clock, start_here):
    """A hub in this process, by that clock."""
    return start_here(DEFAULT_INTERVAL_MS="500")


def page(source: Source):
    """The probe as the page shows it now, window of an hour."""
    return source.read(Wanted(Window(HOUR_MS)), now_ms()).probes[0]


def test_steps_of_hours_lose_nothing_and_now_stays_now(hub, clock, tmp_path, data_dir):
    """Five hours on, nine back, one on: each reading is stored once and stands in the CSV; the card goes on
    with the probe within seconds, its statistics leave out what is dated in the future, and a probe that
    stops is silent, whatever the clock did."""
    source = Source(hub.journal)
    with VirtualProbe("cpython", NAME, tmp_path / "flash", "--hub", hub.url) as probe:
        wait_for(lambda: probe.status()["delivered"] >= 4, 20)
        for step in (5, -9, 1):
            clock.ahead_ms += step * HOUR_MS
            before = probe.status()["delivered"]
            wait_for(lambda before=before: probe.status()["delivered"] >= before + 4, 20)
            wait_for(
                lambda: (
                    abs(now_ms() - page(source).newest.taken_ms) < 3_000 and page(source).state == "online"
                ),
                10,
            )
            told = page(source).statistics
            # Only what was taken since the step lies within the last hour, plus what was on its way.
            assert told.n <= probe.status()["delivered"] - before + 3
        total = probe.status()["delivered"]
    clock.ahead_ms += 60_000
    assert page(source).state == "silent"
    source.close()
    problem = hub.health.report()["problem"]
    th.stop()
    with Reader(hub.journal) as reader:
        points = reader.after(0, 100_000)
    assert len(points) >= total and set(Counter((p.boot, p.seq) for p in points).values()) == {1}
    assert {p.seq for p in points} == set(range(min(p.seq for p in points), max(p.seq for p in points) + 1))
    with hub.csv_file.open(encoding="utf-8", newline="") as file:
        assert [row["timestamp"] for row in csv.DictReader(file)] == [
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(p.taken_ms // 1000)) + f".{p.taken_ms % 1000:03d}Z"
            for p in points
        ]
    jumps = [round((b.taken_ms - a.taken_ms) / HOUR_MS) for a, b in pairwise(points)]
    assert [jump for jump in jumps if jump] == [5, -9, 1]
    assert problem == ""


def test_the_hour_that_comes_twice(hub, clock, data_dir, monkeypatch):
    """In the night in which summer time ends each reading keeps its own UTC time, and the CSV shows the local
    hour twice."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        # 2026-10-25 01:00 UTC is 02:00 in Berlin, for the second time.
        clock.ahead_ms = 1_792_890_000_000 - 30 * 60_000 - REAL_NS() // 1_000_000
        for value in (1.0, 2.0, 3.0):
            hub.writer.store([_row(value)])
            clock.ahead_ms += 40 * 60_000
        th.stop()
        with hub.csv_file.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["timestamp"][11:16] for row in rows] == ["00:30", "01:10", "01:50"]
        assert [row["local_time"][11:16] for row in rows] == ["02:30", "02:10", "02:50"]
        frame = th.load()
        assert frame.index.is_monotonic_increasing and [
            round(gap.total_seconds() / 60) for gap in frame.index.diff()[1:]
        ] == [40, 40]
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def _row(celsius: float) -> Row:
    return Row(NAME, None, None, now_ms(), now_ms(), to_units(celsius), None)
