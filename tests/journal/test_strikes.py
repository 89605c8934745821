"""What a person strikes out is kept, and counts nowhere until it is undone: roll-ups are those of a recount,
at every moment."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from journal.journal_harness import T0, close_months, journal, pack_all, row
from journal.test_calibration import DAY_MS, redo_all
from support.rows import buckets_in, faults_in, points_in
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Reader, calibrate, remove, restore, strike_out, undo
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.columns import CODE
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

MINUTE_MS = 60_000


def check(reader: Reader, expected: dict[int, int], bad: int = 0) -> None:
    """Points, columns, stream, buckets, faults and newest say exactly `expected` (taken_ms → units) of probe
    P."""
    span = (T0 // DAY_MS * DAY_MS - 60 * DAY_MS, (T0 // DAY_MS + 10) * DAY_MS)
    assert {p.taken_ms: p.units for p in points_in(reader, *span, "P") if p.units is not None} == expected
    for columns in (reader.columns(*span, ["P"]), *reader.stream(*span, ["P"], most=10**6)):
        found = dict(zip(columns.taken_ms.tolist(), columns.units.tolist(), strict=True))
        assert {ms: units for ms, units in found.items() if units != -(2**63)}.items() <= expected.items()
    assert sum(len(piece) for piece in reader.stream(*span, ["P"])) == len(expected) + bad
    for width in (MINUTE_MS, 3_600_000, DAY_MS):
        found_in: dict[int, list[int]] = {}
        for taken_ms, units in expected.items():
            found_in.setdefault(taken_ms // width * width, []).append(units)
        wanted = [(start, min(u), max(u), sum(u), len(u)) for start, u in sorted(found_in.items())]
        assert [b[1:6] for b in buckets_in(reader, *span, width, "P")] == wanted
        assert sum(fault.readings for fault in faults_in(reader, *span, width, "P")) == bad


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    times=st.lists(st.integers(0, 4 * 1440), min_size=1, max_size=40, unique=True),
    struck=st.lists(st.tuples(st.integers(-100, 4 * 1440), st.integers(0, 2 * 1440)), min_size=1, max_size=5),
    rolled=st.booleans(),
    late=st.booleans(),
)
def test_what_counts_equals_a_recount(
    times: list[int], struck: list[tuple[int, int]], rolled: bool, late: bool
) -> None:
    """Whatever is struck out, before or after readings came, overlapping or not, redone or not yet: answers
    are those of a recount."""
    past = T0 - 20 * DAY_MS
    raw = {past + minute * MINUTE_MS: 200_000_000 + minute * 62_500 for minute in times}
    with journal() as j, Reader(j.path) as reader:
        first, second = (
            (raw, {}) if not late else (dict(list(raw.items())[::2]), dict(list(raw.items())[1::2]))
        )
        j.writer.store(
            [
                row(past, 5, "P")._replace(taken_ms=past - DAY_MS),
                *(row(ms, units) for ms, units in first.items()),
            ]
        )
        if rolled:
            j.roll_up()
        spans: dict[int, tuple[int, int]] = {}
        for minute, length in struck:
            span = (past + minute * MINUTE_MS, past + (minute + length) * MINUTE_MS)
            spans[strike_out(j.writer, "P", *span)] = span
            check(reader, left({**first, past - DAY_MS: 5}, spans))
        if second:
            j.writer.store([row(ms, units) for ms, units in second.items()])
        everything = {**raw, past - DAY_MS: 5}
        check(reader, left(everything, spans))
        j.roll_up()
        check(reader, left(everything, spans))
        redo_all(j)
        check(reader, left(everything, spans))
        assert reader.after(0, 1000)[-1].no == len(everything), "followers get every number"
        for number in list(spans):
            assert undo(j.writer, number)
            del spans[number]
            check(reader, left(everything, spans))
        redo_all(j)
        check(reader, everything)


def left(raw: dict[int, int], spans: dict[int, tuple[int, int]]) -> dict[int, int]:
    return {
        ms: units for ms, units in raw.items() if not any(low <= ms <= high for low, high in spans.values())
    }


def test_late_readings_of_a_range_that_is_struck_out(tmp_path: Path) -> None:
    """What comes late for a time that was struck out does not count either, and does once that is undone, on
    a day of its own too."""
    past = T0 - 20 * DAY_MS
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(past, 1)])
        j.roll_up()
        number = strike_out(j.writer, "P", past, past + 3 * DAY_MS)
        redo_all(j)
        late = {past + 60_000: 2, past + 2 * DAY_MS: 3, past + 4 * DAY_MS: 4}
        j.writer.store([row(ms, units) for ms, units in late.items()])
        j.roll_up()
        check(reader, {past + 4 * DAY_MS: 4})
        undo(j.writer, number)
        redo_all(j)
        check(reader, {past: 1, **late})


def test_a_range_that_ends_with_the_first_moment_of_a_day(tmp_path: Path) -> None:
    """Both ends are struck out, also where the last one is the very first millisecond of another day."""
    midnight = (T0 // DAY_MS - 3) * DAY_MS
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(midnight - 1, 1), row(midnight, 2), row(midnight + 1, 3)])
        j.roll_up()
        strike_out(j.writer, "P", midnight - 1, midnight)
        check(reader, {midnight + 1: 3})
        redo_all(j)
        check(reader, {midnight + 1: 3})


def test_packs_and_closed_months(tmp_path: Path) -> None:
    """Readings in packs and in a closed month's file are struck out and brought back like all others; the
    file stays as it is."""
    start = T0 - 40 * DAY_MS
    raw = {start + n * 300_000: 200_000_000 + n for n in range(2 * BLOCK_ROWS + 10)}
    with journal(tmp_path) as j:
        j.writer.store([row(ms, units) for ms, units in raw.items()])
        j.roll_up()
        assert pack_all(j) == 1 and len(close_months(j, T0)) == 1
        with Reader(j.path) as reader:
            file = tmp_path / FOLDER / reader.archives()[0].file
            before = file.read_bytes()
            span = (start + 5 * DAY_MS, start + 20 * DAY_MS + 12_345)
            number = strike_out(j.writer, "P", *span, "a hair dryer")
            check(reader, left(raw, {number: span}))
            redo_all(j)
            check(reader, left(raw, {number: span}))
            assert undo(j.writer, number)
            check(reader, raw)
            redo_all(j)
            check(reader, raw)
            assert file.read_bytes() == before


def test_marked_when_asked_for(tmp_path: Path) -> None:
    """Who asks for it gets what is struck out: without a value, with the quality that says so, and with what
    was sent."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0 + n, 10 * n) for n in range(5)])
        number = strike_out(j.writer, "P", T0 + 1, T0 + 2)
        columns = reader.columns(T0, T0 + 10, struck_out=True)
        assert (columns.quality == CODE["struck_out"]).tolist() == [False, True, True, False, False]
        assert columns.raw.tolist() == [0, 10, 20, 30, 40]
        assert [(p.units, p.quality, p.raw) for p in reader.after(1, 1)] == [(None, "struck_out", 10)]
        assert [p.units for p in points_in(reader, T0, T0 + 10)] == [0, 30, 40]
        (strike,) = reader.strikes()
        assert (strike.no, strike.probe_id, strike.from_ms, strike.to_ms) == (number, "P", T0 + 1, T0 + 2)


def test_now_is_the_newest_that_counts(tmp_path: Path) -> None:
    """A card never shows what is struck out: the reading before it stands, or no value where there is none
    for a day."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0 + n * MINUTE_MS, n) for n in range(5)])
        for roll in (False, True):
            if roll:
                j.roll_up()
            number = strike_out(j.writer, "P", T0 + 3 * MINUTE_MS, T0 + 9 * MINUTE_MS)
            assert [(n.taken_ms, n.units) for n in reader.newest()] == [(T0 + 2 * MINUTE_MS, 2)]
            everything = strike_out(j.writer, "P", 0, T0 + 9 * MINUTE_MS)
            assert [(n.units, n.quality) for n in reader.newest()] == [(None, "struck_out")]
            undo(j.writer, number)
            undo(j.writer, everything)
            assert [n.units for n in reader.newest()] == [4]


def test_with_a_calibration(tmp_path: Path) -> None:
    """Struck out and calibrated at once: what counts is corrected, what does not comes back corrected."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0 + n, 200_000_000 + n) for n in range(4)])
        j.roll_up()
        number = strike_out(j.writer, "P", T0, T0 + 1)
        calibrate(j.writer, "P", [(0.0, 1.0)], T0)
        redo_all(j)
        check(reader, {T0 + 2: 210_000_002, T0 + 3: 210_000_003})
        undo(j.writer, number)
        redo_all(j)
        check(reader, {T0 + n: 210_000_000 + n for n in range(4)})


def test_what_cannot_be_struck_out(tmp_path: Path) -> None:
    """A range that ends before it begins, one yet to come, an endless note and an unknown probe are refused;
    up to now is taken."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row()])
        for span in ((5, 4), (now_ms() + 60_000, now_ms() + 120_000), (-5, 4)):
            with pytest.raises(TempHubError, match="Nothing was struck out"):
                strike_out(j.writer, "P", *span)
        with pytest.raises(TempHubError, match="501 characters"):
            strike_out(j.writer, "P", 0, 1, "x" * 501)
        with pytest.raises(TempHubError, match="No probe 'R'"):
            strike_out(j.writer, "R", 0, 1)
        assert reader.strikes() == [] and not undo(j.writer, 7)
        strike_out(j.writer, "P", T0, now_ms() + 10**9)
        assert reader.strikes()[0].to_ms <= now_ms()


def test_a_power_on_value_is_kept_and_counts_nowhere(tmp_path: Path) -> None:
    """85.0 with the mark `power_on` keeps its number as sent, but no chart, statistic, roll-up or card takes
    it for a temperature."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        rows = [row(T0 + n * 1000, 200_000_000 + n) for n in range(3)]
        j.writer.store([*rows, Row("P", None, None, T0 + 3_000, T0 + 3_000, 850_000_000, "power_on")])
        expected = {r.taken_ms: r.units or 0 for r in rows}
        check(reader, expected, bad=1)
        j.roll_up()
        check(reader, expected, bad=1)
        (newest,) = reader.newest()
        assert (newest.units, newest.quality) == (None, "power_on")
        assert [(p.units, p.quality, p.raw) for p in reader.after(3, 1)] == [(None, "power_on", 850_000_000)]


def test_a_removed_probe_is_gone_and_can_be_brought_back(tmp_path: Path) -> None:
    """A removed probe is in no list and no answer that does not name it; by its id its readings are there,
    and it can come back."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0, 1), row(T0, 2, "Q")])
        j.roll_up()
        remove(j.writer, "Q")
        span = (T0 - MINUTE_MS * 5, T0 + MINUTE_MS * 5)
        start = span[0] // MINUTE_MS * MINUTE_MS, span[1] // MINUTE_MS * MINUTE_MS
        assert [p["id"] for p in reader.probes()] == ["P"] == [n.probe_id for n in reader.newest()]
        assert (
            {p.probe_id for p in points_in(reader, *span)}
            == {"P"}
            == {b.probe_id for b in buckets_in(reader, *start, MINUTE_MS)}
        )
        assert {reader.columns(*span).ids[int(n)] for n in reader.columns(*span).probe} == {"P"}
        assert [p["id"] for p in reader.probes(removed=True)] == ["P", "Q"]
        assert [p.units for p in points_in(reader, *span, "Q")] == [2], "kept"
        assert [p.probe_id for p in reader.after(0, 10)] == ["P", "Q"], "the log is complete"
        restore(j.writer, "Q")
        assert [n.probe_id for n in reader.newest()] == ["P", "Q"]
        with pytest.raises(TempHubError, match="No probe 'R'"):
            remove(j.writer, "R")


def test_a_removed_probe_that_delivers_is_back(tmp_path: Path) -> None:
    """Nothing that is acknowledged disappears: a probe that goes on delivering after it was removed is in
    every list again."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0, 1, "Q")._replace(received_ms=now_ms() - 5_000)])
        remove(j.writer, "Q")
        j.roll_up()
        assert reader.probes() == [], "what had come before does not bring it back"
        now = now_ms() + 50
        j.writer.store([Row("Q", None, None, now, now, 3, None)])
        j.roll_up()
        assert [p["id"] for p in reader.probes()] == ["Q"]


def test_the_redo_ends(tmp_path: Path) -> None:
    """Gathering again ends, and leaves no task behind."""
    with journal(tmp_path) as j:
        j.writer.store([row(T0 + n * 3_600_000, n) for n in range(100)])
        j.roll_up()
        undo(j.writer, strike_out(j.writer, "P", 0, T0 + 30 * 3_600_000))
        redo_all(j)
        with closing(open_for_reading(j.path)) as db:
            assert db.execute("SELECT count(*) FROM redo").fetchone() == (0,)
