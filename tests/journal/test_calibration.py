"""Calibrations: corrected everywhere from their date on, raw kept, roll-ups those of a recount."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from journal.journal_harness import T0, Journal, close_months, journal, pack_all, row
from support.rows import buckets_in, points_in
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import to_celsius, to_units
from temphub_kernel.journal import Reader, RollUps, calibrate, forget
from temphub_kernel.journal.records.calibration import corrected
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

DAY_MS = 86_400_000


def redo_all(j: Journal) -> None:
    rollups = RollUps(j.path, j.writer)
    with closing(open_for_reading(j.path)) as db:
        while rollups.redo(db):
            pass


def check(reader: Reader, expected: dict[int, int]) -> None:
    """Points, columns, stream, buckets and newest say `expected` (taken_ms → units) of probe P."""
    span = (min(expected) // DAY_MS * DAY_MS, (max(expected) // DAY_MS + 1) * DAY_MS)
    assert {p.taken_ms: p.units for p in points_in(reader, *span, "P")} == expected
    columns = reader.columns(*span, ["P"])
    assert dict(zip(columns.taken_ms.tolist(), columns.units.tolist(), strict=True)) == expected
    assert {
        ms: units
        for piece in reader.stream(*span, ["P"])
        for ms, units in zip(piece.taken_ms.tolist(), piece.units.tolist(), strict=True)
    } == expected
    for width in (60_000, 3_600_000, DAY_MS):
        found: dict[int, list[int]] = {}
        for taken_ms, units in expected.items():
            found.setdefault(taken_ms // width * width, []).append(units)
        wanted = [(start, min(u), max(u), sum(u), len(u)) for start, u in sorted(found.items())]
        assert [b[1:6] for b in buckets_in(reader, *span, width, "P")] == wanted
    assert next(n for n in reader.newest() if n.probe_id == "P").units == expected[max(expected)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    times=st.lists(st.integers(0, 4 * 1440), min_size=1, max_size=40, unique=True),
    periods=st.lists(
        st.tuples(
            st.integers(-100, 4 * 1440), st.sampled_from([[], [(20.0, 20.5)], [(0.0, 0.25), (100.0, 99.0)]])
        ),
        max_size=4,
    ),
    rolled=st.booleans(),
)
def test_corrected_values_equal_a_recount(times: list[int], periods: list, rolled: bool) -> None:
    """Whatever is calibrated when, before or after the readings came: all answers are the corrected ones,
    redone or not yet."""
    raw = {T0 + minute * 60_000: 200_000_000 + minute * 62_500 for minute in times}
    with journal() as j, Reader(j.path) as reader:
        j.writer.store([row(ms, units) for ms, units in raw.items()] + [row(ms, 7, "Q") for ms in raw])
        if rolled:
            j.roll_up()
        in_force: dict[int, list] = {}
        for minute, points in periods:
            calibrate(j.writer, "P", points, T0 + minute * 60_000)
            in_force[T0 + minute * 60_000] = points
            check(reader, expected(raw, in_force))
        if not rolled:
            j.roll_up()
        redo_all(j)
        check(reader, expected(raw, in_force))
        assert {p.raw for p in points_in(reader, 0, 2 * T0, "P")} == set(raw.values())
        for calibration in reader.calibrations():
            assert forget(j.writer, calibration.no)
        check(reader, raw)
        redo_all(j)
        check(reader, raw)


def expected(raw: dict[int, int], in_force: dict[int, list]) -> dict[int, int]:
    def one(taken_ms: int, units: int) -> int:
        since = max((start for start in in_force if start <= taken_ms), default=None)
        points = in_force[since] if since is not None else []
        if len(points) == 1:
            return units + round((points[0][1] - points[0][0]) * 1e7)
        return round(2_500_000 + units * (99.0 - 0.25) / 100) if points else units

    return {ms: one(ms, units) for ms, units in raw.items()}


def offset_of(points: list, celsius: float) -> float:
    """How much a correction adds at a temperature, °C."""
    line = [(to_units(shown), to_units(true)) for shown, true in points]
    return to_celsius(int(corrected(np.array([to_units(celsius)]), line)[0])) - celsius


def test_lines_between_points() -> None:
    """Between two points the correction runs straight, and goes on beyond the outermost ones."""
    points = [(0.0, 1.0), (50.0, 50.0), (100.0, 98.0)]
    assert [round(offset_of(points, celsius), 7) for celsius in (-50, 0, 25, 50, 75, 100, 150)] == [
        2.0,
        1.0,
        0.5,
        0.0,
        -1.0,
        -2.0,
        -4.0,
    ]
    assert offset_of([(0.0, -0.3)], 80.0) == pytest.approx(-0.3) and offset_of([], 80.0) == 0
    units = np.array([5])
    assert corrected(units, []) is units


@pytest.mark.parametrize(
    "points",
    [
        [(0.0, 1.0), (0.0, 2.0)],
        [(0.0, 5.0), (10.0, 4.0)],
        [(0.0, float("nan"))],
        [(0.0, 5_000.0)],
        [(n, n) for n in range(51)],
    ],
)
def test_points_that_make_no_correction(tmp_path: Path, points: list) -> None:
    """Points that contradict each other are refused with what is allowed, and nothing changes."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row()])
        with pytest.raises(TempHubError, match="make no correction"):
            calibrate(j.writer, "P", points, T0)
        with pytest.raises(TempHubError, match="No probe 'R'"):
            calibrate(j.writer, "R", [(0.0, 1.0)], T0)
        assert reader.calibrations() == []


def test_what_is_known_of_calibrations(tmp_path: Path) -> None:
    """Each calibration says from when to when it holds; one for the same time replaces it."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row()])
        calibrate(j.writer, "P", [(0.0, 1.0)], 1000, "ice bath")
        calibrate(j.writer, "P", [(0.0, 2.0)], 5000)
        calibrate(j.writer, "P", [(100.0, 98.0), (0.0, 0.5)], 1000, "again")
        found = reader.calibrations()
        assert [(c.probe_id, c.from_ms, c.to_ms, c.points, c.note) for c in found] == [
            ("P", 1000, 5000, ((0.0, 0.5), (100.0, 98.0)), "again"),
            ("P", 5000, 2**53, ((0.0, 2.0),), ""),
        ]
        assert not forget(j.writer, 99)


def test_correcting_what_was_packed_and_closed(tmp_path: Path) -> None:
    """Readings of long ago, in packs and in a closed month, are corrected like all others."""
    start = T0 - 40 * DAY_MS
    raw = {start + n * 300_000: 200_000_000 + n for n in range(2 * BLOCK_ROWS + 10)}
    with journal(tmp_path) as j:
        j.writer.store([row(ms, units) for ms, units in raw.items()])
        j.roll_up()
        assert pack_all(j) == 1 and len(close_months(j, T0)) == 1
        calibrate(j.writer, "P", [(20.0, 19.0)], start)
        j.roll_up()
        redo_all(j)
        with Reader(j.path) as reader:
            check(reader, {ms: units - 10_000_000 for ms, units in raw.items()})
