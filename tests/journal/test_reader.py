"""Questions to the journal: exact whatever the roll-ups have taken in, for any order and lateness."""

import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import pvariance

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from journal.journal_harness import T0, journal, row
from support.rows import Bucket, buckets_in, points_in
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import (
    NO_VALUE,
    ProbeBook,
    Reader,
    RollUps,
    describe,
    merge,
    remove,
    save_bookmark,
)
from temphub_kernel.journal.columns import CODE
from temphub_kernel.journal.rollups import MOST_MINUTES, WAITING_ROWS
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

READINGS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(-5 * 60_000, 5 * 60_000),
        st.one_of(st.none(), st.integers(-2_700_000_000, 18_000_000_000)),
    ),
    max_size=60,
)


def as_rows(readings: list) -> list[Row]:
    return [row(T0 + offset, units, probe) for probe, offset, units in readings]


def buckets_of(rows: list[Row], from_ms: int, to_ms: int, width: int) -> list[Bucket]:
    """What the answer must be, counted from the readings one by one."""
    found: dict[tuple[str, int], list[int]] = {}
    for r in rows:
        if r.units is not None and from_ms <= r.taken_ms < to_ms:
            found.setdefault((r.probe_id, r.taken_ms // width * width), []).append(r.units)
    return [
        Bucket(*key, min(units), max(units), sum(units), len(units), pvariance(units) * len(units) / 1e14)
        for key, units in sorted(found.items())
    ]


def same_buckets(found: list[Bucket], wanted: list[Bucket]) -> bool:
    """Whole numbers exactly; the spread as well as a float can."""
    assert [bucket[:6] for bucket in found] == [bucket[:6] for bucket in wanted]
    assert [bucket.spread for bucket in found] == pytest.approx(
        [bucket.spread for bucket in wanted], rel=1e-9, abs=1e-6
    )
    return True


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    before=READINGS,
    after=READINGS,
    width=st.sampled_from([10_000, 60_000, 300_000, 1_500_000, 3_600_000, 5_400_000, 8_040_000, 86_400_000]),
    span=st.tuples(st.integers(-6, 6), st.integers(-6, 6)),
)
def test_roll_ups_equal_a_recount(before: list, after: list, width: int, span: tuple[int, int]) -> None:
    """Buckets, points, newest and columns are those of a recount, part rolled up, part not, late and bad ones
    among them."""
    from_ms, to_ms = (T0 + minute * 60_000 for minute in sorted(span))
    rows = as_rows(before) + as_rows(after)
    with journal() as j, Reader(j.path) as reader:
        j.writer.store(as_rows(before))
        j.roll_up()
        j.writer.store(as_rows(after))
        assert same_buckets(
            buckets_in(reader, from_ms, to_ms, width), buckets_of(rows, from_ms, to_ms, width)
        )
        inside = [r for r in rows if from_ms <= r.taken_ms < to_ms]
        by_time = sorted(inside, key=lambda r: r.taken_ms)
        assert [(p.probe_id, p.taken_ms, p.units, p.quality) for p in points_in(reader, from_ms, to_ms)] == [
            (r.probe_id, r.taken_ms, r.units, r.quality) for r in by_time
        ]
        columns = reader.columns(from_ms, to_ms)
        assert [
            tuple(values)
            for values in zip(
                *(
                    c.tolist()
                    for c in (columns.taken_ms, columns.units, columns.received_ms, columns.quality)
                ),
                strict=True,
            )
        ] == [
            (r.taken_ms, NO_VALUE if r.units is None else r.units, r.received_ms, CODE[r.quality])
            for r in by_time
        ]
        assert reader.columns(from_ms, to_ms, ["a"]).taken_ms.tolist() == [
            r.taken_ms for r in by_time if r.probe_id == "a"
        ]
        check_newest(reader, rows)


def check_newest(reader: Reader, rows: list[Row]) -> None:
    newest = {}
    for r in rows:
        if r.probe_id not in newest or r.taken_ms >= newest[r.probe_id].taken_ms:
            newest[r.probe_id] = r
    found = {n.probe_id: n for n in reader.newest()}
    assert {key: (n.taken_ms, n.units, n.quality) for key, n in found.items()} == {
        key: (r.taken_ms, r.units, r.quality) for key, r in newest.items()
    }
    for key, n in found.items():
        own = [r for r in rows if r.probe_id == key]
        assert n.readings == len(own) and n.delivered_ms == max(r.received_ms for r in own)
    times = [r.taken_ms for r in rows]
    assert reader.span() == ((min(times), max(times)) if times else None)


def test_newest_never_goes_back(tmp_path: Path) -> None:
    """A late reading takes its place in history and leaves 'now' alone, before and after the roll-ups saw
    it."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0, 1)])
        j.roll_up()
        j.writer.store([row(T0 - 60_000, 2)])
        assert [(n.taken_ms, n.units, n.readings) for n in reader.newest()] == [(T0, 1, 2)]
        j.roll_up()
        assert [(n.taken_ms, n.units, n.readings) for n in reader.newest()] == [(T0, 1, 2)]


def test_late_readings_are_found(tmp_path: Path) -> None:
    """A reading that came a thousand readings late is found where it was taken, and the newest few are the
    last by time."""
    late = T0 - 86_400_000
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0 + n, n) for n in range(3 * BLOCK_ROWS)])
        j.writer.store([row(late, 5)])
        j.writer.store([row(T0 + 10_000 + n, n) for n in range(BLOCK_ROWS)])
        for _ in range(2):
            assert [p.taken_ms for p in points_in(reader, late - 1, T0)] == [late]
            assert [p.no for p in points_in(reader, late, T0 + 10**6, limit=2)] == [
                4 * BLOCK_ROWS,
                4 * BLOCK_ROWS + 1,
            ]
            assert (
                len(points_in(reader, 0, 2 * T0, "P")) == 4 * BLOCK_ROWS + 1
                and points_in(reader, 0, 2 * T0, "Q") == []
            )
            j.roll_up()


def test_reading_while_writing(tmp_path: Path) -> None:
    """A reader sees each acknowledged reading at once, never half a delivery, and cannot write."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        for number in range(1, 30):
            j.writer.store([row(T0 + number)] * 7)
            assert reader.count() == len(reader.after(0, 10_000)) == 7 * number
        db = open_for_reading(j.path)
        with closing(db), pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM readings")


def test_followers(tmp_path: Path) -> None:
    """A follower gets readings in journal order, a block at a time, and its place is its own."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0 - n, n) for n in range(10)])
        assert [p.no for p in reader.after(3, 4)] == [4, 5, 6, 7]
        assert reader.bookmark("csv") == (0, {})
        save_bookmark(j.writer, "csv", 7, {"size": 3})
        save_bookmark(j.writer, "csv", 8, {"size": 4})
        assert reader.bookmark("csv") == (8, {"size": 4}) and reader.bookmark("other") == (0, {})


def test_no_journal(tmp_path: Path) -> None:
    """Where there is no journal, or one only being made, the reader says what to do and makes none."""
    path = tmp_path / "temphub.sqlite3"
    for made in (False, True):
        if made:
            path.touch()
        with pytest.raises(TempHubError, match="Start the hub first") as caught:
            Reader(path)
        assert caught.value.code == "no_journal" and path.exists() == made


def test_roll_ups_recover(tmp_path: Path) -> None:
    """Roll-ups that could not go on say so, and take it back when they work again."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        rollups = RollUps(j.path, j.writer, every_s=0.01)
        rollups.trouble("It did not work.", "Wait.")
        j.writer.store([row()])
        rollups.start()
        while reader.bookmark("rollups")[0] < 1 or rollups.state().problem:
            rollups.stopping.wait(0.01)
        assert rollups.stop()


def test_the_last_of_very_many_readings_are_not_left_for_long(tmp_path: Path) -> None:
    """What comes right behind very many readings is taken in soon after them, however seldom the roll-ups
    look when little comes."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        rollups = RollUps(j.path, j.writer, every_s=600)
        j.writer.store([row(T0 + no) for no in range(WAITING_ROWS)])
        rollups.start()
        wait_for(lambda: reader.bookmark("rollups")[0] == WAITING_ROWS)
        j.writer.store([row(T0 - 1)])
        wait_for(lambda: reader.bookmark("rollups")[0] == WAITING_ROWS + 1)
        assert rollups.stop()


def test_thousands_are_rolled_up_piece_by_piece(tmp_path: Path) -> None:
    """Who delivers meanwhile waits for no commit with a row for each of all probes; in the end nothing is
    missing, nor is anything counted twice."""
    probes = 2 * MOST_MINUTES + 100
    with journal(tmp_path) as j, Reader(j.path) as reader, closing(open_for_reading(j.path)) as db:
        rollups, taken = RollUps(j.path, j.writer), []
        rows = [row(probe=f"P{n:04}", boot="b", seq=n) for n in range(probes)]
        j.writer.store([*rows, *(one._replace(seq=one.seq + probes) for one in rows)])
        while many := rollups.step(db):
            taken.append(many)
        assert max(taken) <= MOST_MINUTES and sum(taken) == 2 * probes
        counts = {one.probe_id: one.readings for one in reader.newest()}
        _, minutes = reader.steps(T0 // 60_000 * 60_000, T0 + 60_000, 60_000)
    assert set(counts.values()) == {2} and len(counts) == probes
    assert minutes.good.tolist() == [2] * probes


def test_when_each_was_heard(tmp_path: Path) -> None:
    """The same as the newest readings tell, of rows, of batches, and of what the roll-ups have taken in; of
    one that was never heard it is 0, and a removed one is not there."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        book = ProbeBook(j.writer)
        book.checked("Told", ok=True, server_url="", interval_ms=5_000, problem="", remedy="")
        for part in range(3):
            many = [row(T0 + part * 1_000 + n, probe=f"P{n % 7}", boot=f"b{part}", seq=n) for n in range(90)]
            j.writer.store(many)
            j.writer.store([row(T0 + part * 1_000 + 500, probe="P1")])
            if part == 1:
                j.roll_up()
        describe(j.writer, "P2", {"group": "Cold room"})
        merge(j.writer, "P3", "P4")
        remove(j.writer, "P5")
        heard = {one.probe_id: one for one in reader.heard()}
        newest = {one.probe_id: one.delivered_ms for one in reader.newest()}
        assert {id_: one.delivered_ms for id_, one in heard.items() if one.delivered_ms} == newest
        assert heard["Told"][2:] == (5_000, 0) and heard["P2"].group == "Cold room"
        assert "P3" not in heard and "P5" not in heard


def test_what_came_while_the_clock_was_ahead_is_not_heard(tmp_path: Path) -> None:
    """Else a probe that is silent since the clock was put right would be one that is heard for hours."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        now, ahead = now_ms(), now_ms() + 3_600_000
        j.writer.store([Row("P", None, None, at, at, 200_000_000, None) for at in (now - 60_000, ahead)])
        assert [one.delivered_ms for one in reader.heard()] == [now - 60_000]
