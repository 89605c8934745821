"""Minutes of days gone by are packed: every step of time is that of minutes which never were, and what is
added or counts otherwise later is in it."""

import random
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from journal.journal_harness import T0, Journal, journal, pack_minutes, row
from journal.test_calibration import redo_all
from journal.test_imports import staged
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import JournalUnreadable
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import (
    Keeper,
    Reader,
    calibrate,
    merge,
    register,
    strike_out,
    undo,
    undo_import,
    unmerge,
)
from temphub_kernel.journal.packed import minutes as packed
from temphub_kernel.journal.schema import open_for_reading
from temphub_kernel.journal.statistics import minutes

MINUTE_MS, DAY_MS = 60_000, 86_400_000
DAY = T0 // DAY_MS
PROBES = ("P", "Q", "P:2")
WIDTHS = (1, 2, 7, 15, 17, 33, 59, 60, 61, 90, 333, 720, 1440, 1500, 2880, 10_000)


def kept_as(j: Journal) -> tuple[int, int]:
    """(rows of minutes, packs of them)."""
    with closing(open_for_reading(j.path)) as db:
        return tuple(
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("minutes", "minute_packs")
        )


def readings(chance: random.Random, days: tuple[int, int], count: int) -> list[Row]:
    """Some at any time of some days, with a pause of up to a day, faults, and steps of a sensor or none."""
    step = chance.choice([625_000, 1])
    pause = chance.randrange(*(day * DAY_MS for day in days))
    length = chance.randrange(DAY_MS)
    times = (chance.randrange(*(day * DAY_MS for day in days)) for _ in range(count))
    return [
        row(
            taken_ms,
            None if chance.random() < 0.05 else chance.randrange(-(10**8), 3 * 10**8) // step * step,
            chance.choice(PROBES),
        )
        for taken_ms in times
        if not pause <= taken_ms < pause + length
    ]


def steps_of(j: Journal, chance: random.Random, spans: int) -> list[tuple[object, ...]]:
    """What the journal answers of spans and widths of any kind."""
    found = []
    with Reader(j.path) as reader:
        for _ in range(spans):
            width_ms = chance.choice(WIDTHS) * MINUTE_MS
            from_ms = (DAY - 6) * DAY_MS + chance.randrange(8 * DAY_MS)
            if chance.random() < 0.4:
                from_ms = from_ms // width_ms * width_ms
            to_ms = from_ms + chance.choice([MINUTE_MS, DAY_MS, 9 * DAY_MS]) + chance.randrange(DAY_MS)
            probe_id = chance.choice([*PROBES, None])
            found.append(
                (probe_id, from_ms, to_ms, width_ms, *reader.steps(from_ms, to_ms, width_ms, probe_id))
            )
    return found


def same(mine: Journal, other: Journal, seed: int) -> None:
    """Both journals answer alike: whole numbers the same, the spread but for the order of its sum."""
    pairs = zip(*(steps_of(j, random.Random(seed), 25) for j in (mine, other)), strict=True)
    for (*asked, ids, steps), (*_, wanted_ids, wanted) in pairs:
        assert ids == wanted_ids, asked
        assert all(map(np.array_equal, steps[:7], wanted[:7])), asked
        assert np.allclose(steps.spread, wanted.spread, rtol=1e-9, atol=1e-6), asked


@contextmanager
def twins() -> Iterator[tuple[Journal, Journal]]:
    with journal() as one, journal() as other:
        yield one, other


CHANGES: dict[str, Callable[[Journal], object]] = {
    "calibrated": lambda j: calibrate(
        j.writer, "P", [(0.0, 0.25), (20.0, 19.5)], (DAY - 3) * DAY_MS + 12_345
    ),
    "struck out": lambda j: strike_out(
        j.writer, "Q", (DAY - 4) * DAY_MS + 7_777, (DAY - 2) * DAY_MS + DAY_MS // 3
    ),
    "undone": lambda j: undo(j.writer, 1),
    "merged": lambda j: merge(j.writer, "P:2", "Q"),
    "unmerged": lambda j: unmerge(j.writer, "P:2"),
}


@pytest.mark.parametrize("seed", range(4))
def test_packed_or_not_the_answers_are_the_same(seed: int) -> None:
    """Gaps, faults, late readings, calibration, what is struck out, undone and merged: any span in any steps
    is that of a journal in which nothing was packed, whether roll-ups were gathered again yet or not."""
    chance = random.Random(seed)
    with twins() as (mine, other):

        def deliver(rows: list[Row]) -> None:
            for j in (mine, other):
                j.writer.store(rows)
                j.roll_up()

        deliver(readings(chance, (DAY - 5, DAY + 1), 4_000))
        assert pack_minutes(mine) >= 12 and kept_as(mine)[0] == 0
        same(mine, other, seed)
        deliver(readings(chance, (DAY - 3, DAY - 1), 60))
        assert kept_as(mine)[0] > 0
        same(mine, other, seed + 100)
        for name, change in CHANGES.items():
            for j in (mine, other):
                change(j)
            same(mine, other, seed + len(name))
            if chance.random() < 0.7:
                redo_all(mine), redo_all(other)
                same(mine, other, seed - len(name))
            if chance.random() < 0.5:
                pack_minutes(mine)
            deliver(readings(chance, (DAY - 5, DAY + 1), 30))
        redo_all(mine), redo_all(other)
        pack_minutes(mine)
        assert kept_as(mine)[0] == 0 and kept_as(other)[1] == 0
        same(mine, other, seed + 200)


def test_minutes_come_back_as_they_were() -> None:
    """Values of any size, steps of a sensor, minutes without a good reading, one minute, none of a span."""
    chance = np.random.default_rng(3)
    for reach, count, most in ((1, 1, 1), (100, 1440, 30), (2 * 10**10, 700, 60), (10**8, 300, 40_000)):
        minute = np.sort(chance.permutation(1440)[:count])
        good = chance.integers(0, most + 1, count)
        lowest = chance.integers(-reach, reach, count) * 625
        highest = lowest + chance.integers(0, reach, count) * 625
        total = np.where(good > 0, good * lowest + chance.integers(0, reach, count) * 625, 0)
        given = (minute, lowest, highest, total, good, good[::-1], chance.random(count))
        (found,) = packed.unpack([packed.opened(3, packed.pack(*given))])
        assert (found["at"] == minute + 3 * 1440).all()
        some = good > 0
        for name, values in zip((*packed.WHOLE, "spread"), given[1:], strict=True):
            kept = some if name in ("lowest", "highest") else slice(None)
            assert np.array_equal(found[name][kept], values[kept]), name
        low = np.array([0, 3 * 1440 + 100, 3 * 1440 + 200])
        (part,) = packed.unpack([packed.opened(3, packed.pack(*given))], low, low + 50)
        inside = ((minute >= 100) & (minute < 150)) | ((minute >= 200) & (minute < 250))
        assert (part["at"] == minute[inside] + 3 * 1440).all()
        assert np.array_equal(part["total"], total[inside])


def test_minutes_packed_by_a_build_before_are_read() -> None:
    """The first kind, in which each minute says when it is and its spread; no hours stand beside these."""
    kind = [(name, "<i2") for name in ("minute", "low", "above", "over", "good", "bad")] + [("spread", "<f8")]
    rows = np.array([(7, 0, 2, 3, 2, 0, 0.5), (8, 4, 0, 4, 1, 1, 0.0), (1439, 1, 1, 2, 1, 0, 0.25)], kind)
    body = struct.pack("<BBBBqq", 1, 2, 2, 2, 625, -50_000) + rows.tobytes()
    day = packed.opened(2, body)
    (found,) = packed.unpack([day])
    assert found["at"].tolist() == [2_887, 2_888, 4_319]
    assert found["lowest"].tolist() == [-50_000, -47_500, -49_375]
    assert found["highest"].tolist() == [-48_750, -47_500, -48_750]
    assert found["total"].tolist() == [3 * 625 - 100_000, 2_500 - 50_000, 2 * 625 - 50_000]
    assert found["spread"].tolist() == [0.5, 0.0, 0.25] and not len(packed.hours([day])["at"])


def test_hours_beside_packed_minutes_are_those_of_the_table(tmp_path: Path) -> None:
    """A step that no hour fills evenly has its whole hours from beside the minutes, also where a day between
    is not packed or has nothing, and without a good reading in an hour."""
    with journal(tmp_path) as j:
        days = [DAY - 9, DAY - 8, DAY - 7, DAY - 5, DAY - 4, DAY - 3]
        times = [day * DAY_MS + n * 11 * MINUTE_MS for day in days for n in range(130)]
        j.writer.store([row(at, None if at // 7_200_000 % 5 == 0 else at % 977, "P") for at in times])
        j.roll_up()
        with Reader(j.path) as reader:
            span = (times[0] + 13 * MINUTE_MS, times[-1] - 29 * MINUTE_MS, 97 * MINUTE_MS, "P")
            before = reader.steps(*span)[1]
            pack_minutes(j)
            j.writer.store([row((DAY - 7) * DAY_MS + 1, 400, "P")])
            j.roll_up()
            assert kept_as(j)[0] > 0 and kept_as(j)[1] == 5
            with closing(open_for_reading(j.path)) as db:
                found, left = minutes.Days(db, 1, [*days, DAY - 6]).hours(0, 2**40, 97)
                table = db.execute("SELECT sum(count), sum(bad) FROM hours WHERE at / 24 <> ?", (DAY - 7,))
                (counts,) = table.fetchall()
            assert len(left) == 3 and 0 < found[0].good.sum() + found[0].bad.sum() < sum(counts)
            after = reader.steps(*span)[1]
        late = after.good - before.good
        assert late.sum() == 1 and all(
            np.array_equal(mine[late == 0], other[late == 0])
            for mine, other in zip(after[:7], before[:7], strict=True)
        )


def test_the_keeper_packs_what_has_gone_by(tmp_path: Path) -> None:
    """The day before yesterday is packed, today is not; of what comes in late the day is rows again."""
    with journal(tmp_path) as j:
        now = now_ms()
        j.writer.store([row(now - days * DAY_MS, 10**8 * days) for days in (0, 2, 3, 9)])
        j.roll_up()
        keeper = Keeper(j.path, j.writer, every_s=0.01)
        keeper.start()
        wait_for(lambda: kept_as(j) == (1, 3), 60)
        assert keeper.state().problem == "" and keeper.stop(10)
        j.writer.store([row(now - 3 * DAY_MS + 1, 5)])
        j.roll_up()
        assert kept_as(j) == (2, 2)
        with Reader(j.path) as reader:
            _, steps = reader.steps(now - 10 * DAY_MS, now + MINUTE_MS, MINUTE_MS, "P")
            assert steps.good.sum() == 5 and steps.total.sum() == 14 * 10**8 + 5


def test_an_import_of_packed_days_comes_and_goes(tmp_path: Path) -> None:
    """Days whose minutes are packed have what is imported into them, packed again or not; taken back, they
    are what they were, and probes that only the import knew have none."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        start = (DAY - 4) * DAY_MS
        j.writer.store([row(start + n * 3 * MINUTE_MS, n * 1_000) for n in range(1_400)])
        j.roll_up()

        def told() -> list[object]:
            spans = ((start, start + 3 * DAY_MS), (start + 7 * MINUTE_MS, start + DAY_MS + 91 * MINUTE_MS))
            widths = (MINUTE_MS, 7 * MINUTE_MS, 61 * MINUTE_MS, DAY_MS)
            whole = [reader.steps(*span, width, ["P", "Q"])[1][:7] for span in spans for width in widths]
            return [[column.tolist() for column in steps] for steps in whole]

        def packed_days() -> int:
            pack_minutes(j)
            rows, packs = kept_as(j)
            assert rows == 0
            return packs

        before, days = told(), packed_days()
        assert told() == before
        given = [(start + 30_000 + n * 3 * MINUTE_MS, 9_000_000 + n) for n in range(900)]
        register(j.writer, staged(j, {"P": given, "Q": given}))
        imported = told()
        assert imported != before
        redo_all(j)
        assert kept_as(j)[0] > 0 and told() == imported
        assert packed_days() > days and told() == imported
        undo_import(j.writer, 1)
        assert told() == before
        redo_all(j)
        assert told() == before and packed_days() == days and told() == before


def test_a_day_that_cannot_be_packed_keeps_no_other_from_it(tmp_path: Path) -> None:
    """What is wrong with one day is told, the days with it in a commit are packed; a commit ends once it took
    as long as it may."""
    with journal(tmp_path) as j:
        j.writer.store([row(T0 - days * DAY_MS, days, probe) for days in range(4) for probe in PROBES])
        j.roll_up()
        days = [(probe, T0 // DAY_MS - n) for probe in (1, 2, 3) for n in range(4)]

        def pack(held_s: float) -> object:
            return j.writer.change(lambda db: minutes.pack_some(db, days, held_s)).result(PATIENCE_S)

        assert pack(0.0) is None and len(days) == 11 and kept_as(j) == (11, 1)
        j.writer.change(
            # No whole number of minutes came to that: what is read back differs.
            lambda db: db.execute("UPDATE minutes SET total=1 WHERE probe=2 AND at/1440=?", (days[5][1],))
        ).result(PATIENCE_S)
        j.writer.change(
            lambda db: db.execute("UPDATE minutes SET count=0 WHERE probe=2 AND at/1440=?", (days[5][1],))
        ).result(PATIENCE_S)
        problem = pack(60.0)
        assert getattr(problem, "code", "") == "pack_differs" and not days and kept_as(j) == (1, 11)


def test_two_that_measured_at_a_time_are_told_of_packed_days(tmp_path: Path) -> None:
    """When two probes have readings in common is told of packed days, too, and of what came in since."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0 + n * MINUTE_MS, n, "P") for n in range(2_000)])
        j.writer.store([row(T0 + n * MINUTE_MS, n, "Q") for n in range(1_900, 4_000)])
        j.roll_up()
        wanted = reader.common("P", "Q")
        assert wanted is not None and wanted.minutes == 100
        pack_minutes(j)
        assert reader.common("P", "Q") == wanted
        j.writer.store([row(T0 + 2_500 * MINUTE_MS, 1, "P")])
        found = reader.common("P", "Q")
        assert found is not None and found.minutes == 101 and found.last_ms > wanted.last_ms


def test_how_many_there_are_about_is_known_of_packed_days(tmp_path: Path) -> None:
    """Who sizes pieces of readings by their number is told of some minutes of a packed day what they hold."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        start = DAY * DAY_MS
        j.writer.store([row(start + n * 1_000, n) for n in range(7_200)])
        j.roll_up()
        for _ in range(2):
            assert 600 <= reader.about(start + 3 * MINUTE_MS, start + 13 * MINUTE_MS) <= 660
            assert reader.about(start, start + 7_200_000) == 7_200
            assert 1 <= reader.about(start + 5 * MINUTE_MS, start + 5 * MINUTE_MS + 1_000) <= 60
            pack_minutes(j)


def with_places(body: bytes) -> bytes:
    """The same with places of spreads that are not listed."""
    day = packed.opened(0, body)
    rows = np.frombuffer(day.rows, day.layout.kind()).copy()
    rows["spread"] = 255
    return body[: -len(day.rows)] + rows.tobytes()


def test_damaged_minutes_are_told(tmp_path: Path) -> None:
    """Roll-ups that the disk spoilt are told, not drawn."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0 + n * MINUTE_MS, n) for n in range(200)])
        j.roll_up()
        pack_minutes(j)
        with closing(open_for_reading(j.path)) as db:
            (body,) = db.execute("SELECT body FROM minute_packs").fetchone()
        for spoilt in (
            body[:-3],
            b"\7" + body[1:],
            body[:1] + b"\3" + body[2:],
            body[:20],
            body[:1],
            b"",
            with_places(body),
        ):
            j.writer.change(
                lambda db, spoilt=spoilt: db.execute("UPDATE minute_packs SET body=?", (spoilt,)).rowcount
            ).result(PATIENCE_S)
            with pytest.raises(JournalUnreadable, match="roll-ups of a day cannot be read"):
                reader.steps(T0 - DAY_MS, T0 + DAY_MS, 7 * MINUTE_MS, "P")
