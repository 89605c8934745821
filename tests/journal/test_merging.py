"""A probe that counts as another one: every answer is that of a journal in which the other one had delivered
everything."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from journal.journal_harness import T0, Journal, close_months, journal, pack_all, row
from journal.test_calibration import DAY_MS, redo_all
from support.rows import buckets_in, calendar_buckets_in, faults_in, points_in
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row, Sighting
from temphub_kernel.journal import (
    ProbeBook,
    Reader,
    WallClock,
    annotate,
    calibrate,
    describe,
    merge,
    remove,
    restore,
    strike_out,
    undo,
    unmerge,
)
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

MINUTE_MS = 60_000
PAST = T0 - 40 * DAY_MS
SPAN = (PAST - 50 * DAY_MS) // DAY_MS * DAY_MS, (T0 // DAY_MS + 10) * DAY_MS
CLOCK = WallClock(3_600_000, ZoneInfo("Europe/Berlin"), SPAN[0], *SPAN)


def answers(reader: Reader, probe_id: str | None = "INTO") -> dict[str, Any]:
    """All that a journal says of a probe, but for the numbers by which readings are stored."""
    ids = None if probe_id is None else [probe_id]

    def told(columns: Any) -> list[tuple[Any, ...]]:
        return sorted(
            (columns.ids[probe], taken_ms, units, raw, quality, seq)
            for probe, taken_ms, units, raw, quality, seq in zip(
                *(
                    getattr(columns, name).tolist()
                    for name in ("probe", "taken_ms", "units", "raw", "quality", "seq")
                ),
                strict=True,
            )
        )

    def rough(steps: list[Any]) -> list[Any]:
        # The order of a sum shows in the last digits of a float; a little is added so that no half lies on
        # the border of rounding.
        return [
            one._replace(spread=round(one.spread + 2e-12, 9), mean=one.mean and round(one.mean, 3))
            for one in steps
        ]

    return {
        "points": sorted(
            (p.probe_id, p.taken_ms, p.units or 0, p.quality or "", p.raw, p.boot)
            for p in points_in(reader, *SPAN, probe_id)
        ),
        "columns": told(reader.columns(*SPAN, ids)),
        "stream": sorted(one for piece in reader.stream(*SPAN, ids, most=100) for one in told(piece)),
        "log": [(p.probe_id, p.taken_ms, p.units) for p in reader.after(0, 100_000)],
        "minutes": rough(buckets_in(reader, *SPAN, MINUTE_MS, probe_id)),
        "days": rough(buckets_in(reader, *SPAN, DAY_MS, probe_id)),
        "seconds": rough(buckets_in(reader, *SPAN, 90_500, probe_id)),
        "calendar": rough(calendar_buckets_in(reader, *SPAN, CLOCK, ids)),
        "faults": faults_in(reader, *SPAN, 3_600_000, probe_id),
        "newest": [one._replace(delivered_ms=0) for one in reader.newest()],
        "probes": [probe["id"] for probe in reader.probes()],
    }


def as_if(rows: list[Row], roll: bool) -> dict[str, Any]:
    """The answers of a journal in which all of them had come from INTO."""
    with journal() as j:
        j.writer.store([one._replace(probe_id="INTO") for one in rows])
        if roll:
            j.roll_up()
        with Reader(j.path) as reader:
            return answers(reader)


# Each example asks a journal for everything several times over: shrinking one would take minutes.
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    old=st.lists(st.integers(0, 6 * 1440), min_size=1, max_size=30, unique=True),
    new=st.lists(st.integers(4 * 1440, 9 * 1440), max_size=30, unique=True),
    later=st.lists(st.integers(0, 9 * 1440), max_size=10, unique=True),
    rolled=st.booleans(),
    bad=st.sampled_from([1, 3, 7]),
)
def test_all_answers_are_those_of_one_probe(
    old: list[int], new: list[int], later: list[int], rolled: bool, bad: int
) -> None:
    """Whatever was measured when, rolled up or not, before the merge or after it; and once it is undone, each
    stands for itself."""

    def reading(minute: int, probe: str) -> Row:
        units = None if minute % bad == 0 and bad > 1 else 200_000_000 + minute * 1_000
        return row(
            PAST + minute * MINUTE_MS + (7 if probe == "FROM" else 0), units, probe, boot="b1", seq=minute
        )

    # Without what both boards count alike: one board's would be repeats.
    first = [reading(minute, "INTO") for minute in old]
    second = [reading(minute, "FROM") for minute in new if minute not in old]
    third = [reading(minute, "FROM") for minute in later if minute not in (*old, *new)]
    with journal() as j, Reader(j.path) as reader:
        j.writer.store([*first, *second, reading(20_000, "FROM"), reading(20_001, "OTHER")])
        base = [*first, *second, reading(20_000, "FROM")]
        if rolled:
            j.roll_up()
        before = {name: answers(reader, name) for name in ("FROM", "INTO", "OTHER")}
        merge(j.writer, "FROM", "INTO")
        check(answers(reader), as_if(base, rolled))
        assert j.writer.store([*third, *second]).duplicates == len(second), "repeats are known"
        check(answers(reader), as_if([*base, *third], rolled))
        assert answers(reader, "FROM") == answers(reader, "INTO")
        j.roll_up()
        check(answers(reader), as_if([*base, *third], roll=True))
        assert {one[0] for one in answers(reader, None)["columns"]} == {"INTO", "OTHER"}
        unmerge(j.writer, "FROM")
        assert (
            answers(reader, "INTO")["points"] == before["INTO"]["points"]
            and answers(reader, "OTHER")["days"] == before["OTHER"]["days"]
        )
        assert len(answers(reader, "FROM")["points"]) == len(before["FROM"]["points"]) + len(third)
        assert answers(reader)["probes"] == ["FROM", "INTO", "OTHER"]


def test_two_boards_that_count_alike_are_no_repeats_of_each_other() -> None:
    """After the merge, too, a number is a repeat only of the same board's."""
    into, new = (
        [row(PAST + n, 200_000_000, probe, boot="b1", seq=n) for n in range(3)] for probe in ("INTO", "FROM")
    )
    with journal() as j, Reader(j.path) as reader:
        j.writer.store([*into, new[0]])
        merge(j.writer, "FROM", "INTO")
        assert [j.writer.store(new).duplicates, j.writer.store(new).duplicates] == [1, 3]
        assert len(points_in(reader, *SPAN, "INTO")) == 6


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        had = [one for one in found[name] if "OTHER" not in (one if isinstance(one, tuple) else (one,))]
        assert had == value, name


def test_packs_and_closed_months(tmp_path: Path) -> None:
    """Readings in packs and in closed months' files are merged like all others, and the files stay as they
    are."""
    rows = [
        row(PAST + n * 300_000, 200_000_000 + n, "FROM" if n % 7000 > 3000 else "INTO")
        for n in range(2 * BLOCK_ROWS + 10)
    ]
    with journal(tmp_path) as j:
        j.writer.store(rows)
        j.roll_up()
        assert pack_all(j) == 1 and len(close_months(j, T0)) == 1
        with Reader(j.path) as reader:
            file = tmp_path / FOLDER / reader.archives()[0].file
            before, own = file.read_bytes(), answers(reader, "FROM")
            merge(j.writer, "FROM", "INTO")
            check(answers(reader), as_if(rows, roll=True))
            number = strike_out(j.writer, "INTO", PAST, PAST + 20 * DAY_MS)
            redo_all(j)
            left = as_if([one for one in rows if one.taken_ms > PAST + 20 * DAY_MS], roll=True)
            # Of what is struck out the log keeps the line and the probe its count.
            check(
                answers(reader),
                {name: value for name, value in left.items() if name not in ("log", "newest")},
            )
            undo(j.writer, number)
            redo_all(j)
            unmerge(j.writer, "FROM")
            assert answers(reader, "FROM") == own and file.read_bytes() == before


def test_a_calibration_holds_for_its_own_device(tmp_path: Path) -> None:
    """What either was corrected by before stays with its readings; what is said of the merged probe holds for
    all of it from then on."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store(
            [row(PAST + n * MINUTE_MS, 200_000_000, "INTO" if n < 3 else "FROM") for n in range(6)]
        )
        j.roll_up()
        calibrate(j.writer, "INTO", [(0.0, 1.0)], PAST)
        merge(j.writer, "FROM", "INTO")
        assert [p.units for p in points_in(reader, *SPAN, "INTO")] == [210_000_000] * 3 + [200_000_000] * 3
        calibrate(j.writer, "INTO", [(0.0, -1.0)], PAST + 5 * MINUTE_MS)
        for _ in range(2):
            assert [p.units for p in points_in(reader, *SPAN, "INTO")] == [210_000_000] * 3 + [
                200_000_000
            ] * 2 + [190_000_000]
            assert [b.total for b in buckets_in(reader, PAST, PAST + 6 * MINUTE_MS, MINUTE_MS, "INTO")][
                -1
            ] == 190_000_000
            redo_all(j)


def test_what_was_struck_out_of_the_line_stays_struck_out_of_each(tmp_path: Path) -> None:
    """One number strikes out and brings back what all devices of a probe measured; after the merge is undone
    each keeps its own part."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(PAST + n * MINUTE_MS, n, "INTO" if n < 3 else "FROM") for n in range(6)])
        merge(j.writer, "FROM", "INTO")
        number = strike_out(j.writer, "FROM", PAST + 2 * MINUTE_MS, PAST + 3 * MINUTE_MS, "held in the hand")
        assert [p.units for p in points_in(reader, *SPAN, "INTO")] == [0, 1, 4, 5]
        assert [(one.no, one.probe_id, one.note) for one in reader.strikes()] == [
            (number, "INTO", "held in the hand")
        ]
        unmerge(j.writer, "FROM")
        assert [p.units for p in points_in(reader, *SPAN, "INTO")] == [0, 1]
        assert [p.units for p in points_in(reader, *SPAN, "FROM")] == [4, 5]
        assert sorted(one.probe_id for one in reader.strikes()) == ["FROM", "INTO"]
        for one in reader.strikes():
            assert undo(j.writer, one.no)
        assert len(points_in(reader, *SPAN)) == 6


def test_now_is_the_newest_of_all(tmp_path: Path) -> None:
    """A card shows the newest reading of any device of a probe; one that is struck out gives way, one from a
    fast clock too."""
    now = now_ms()
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store(
            [
                Row("INTO", None, None, now - 60_000, now, 1, None),
                Row("FROM", None, None, now - 30_000, now, 2, None),
            ]
        )
        merge(j.writer, "FROM", "INTO")
        assert [(n.probe_id, n.units, n.readings) for n in reader.newest()] == [("INTO", 2, 2)]
        assert [n.probe_id for n in reader.newest(own=True)] == ["FROM", "INTO"]
        number = strike_out(j.writer, "INTO", now - 31_000, now)
        assert [(n.units, n.quality) for n in reader.newest()] == [(1, None)]
        undo(j.writer, number)
        j.writer.store([Row("FROM", None, None, now + 10 * DAY_MS, now, 3, None)])
        assert [n.units for n in reader.newest()] == [2]


def test_what_is_known_of_it_comes_from_the_device_heard_last(tmp_path: Path) -> None:
    """Name, group and note are the probe's, address and firmware those of the board that is there; a chain
    counts as its end."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        book = ProbeBook(j.writer)
        for name, port in (("A", 1), ("B", 2), ("C", 3)):
            book.met(Sighting(probe_id=name, ip="192.0.2.1", port=port, via="hello", version=f"0.{port}.0"))
            j.writer.store([row(T0, port, name)])
        describe(j.writer, "A", {"alias": "Fridge"})
        merge(j.writer, "C", "B")
        merge(j.writer, "B", "A")
        (probe,) = reader.probes()
        assert (probe["id"], probe["alias"], sorted(probe["also"])) == ("A", "Fridge", ["B", "C"])
        assert (probe["device"], probe["port"], probe["version"]) in {
            ("A", 1, "0.1.0"),
            ("B", 2, "0.2.0"),
            ("C", 3, "0.3.0"),
        }
        later = now_ms() + 60_000
        j.writer.store([Row("B", None, None, later, later, 4, None)])
        j.roll_up()
        assert (reader.probes()[0]["device"], reader.device("A"), reader.device("C")) == ("B", "B", "C")
        describe(j.writer, "C", {"note": "left wall"})
        annotate(j.writer, T0, T0, "door open", "B")
        assert reader.probes()[0]["note"] == "left wall"
        assert [one.probe_id for one in reader.annotations(0, 2**53)] == ["A"]
        unmerge(j.writer, "B")
        assert [(p["id"], p["also"]) for p in reader.probes()] == [("A", []), ("B", ["C"])]


def test_a_merged_probe_is_removed_and_back_as_one(tmp_path: Path) -> None:
    """Removing it takes all its devices' readings away; any of them that delivers brings it back."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0, 1, "INTO"), row(T0 + 1, 2, "FROM"), row(T0, 3, "OTHER")])
        merge(j.writer, "FROM", "INTO")
        remove(j.writer, "FROM")
        assert (
            {p.probe_id for p in points_in(reader, *SPAN)}
            == {"OTHER"}
            == {n.probe_id for n in reader.newest()}
        )
        restore(j.writer, "INTO")
        assert len(points_in(reader, *SPAN)) == 3
        remove(j.writer, "INTO")
        now = now_ms() + 50
        j.writer.store([Row("FROM", None, None, now, now, 3, None)])
        j.roll_up()
        assert [p["id"] for p in reader.probes()] == ["INTO", "OTHER"]


def test_followers_of_what_was_delivered_get_the_id_it_came_under(tmp_path: Path) -> None:
    """The CSV log says which id a reading was delivered with, before and after a merge, as rows and from
    packs."""
    rows = [row(PAST + n * 1000, n, "FROM" if n % 2 else "INTO") for n in range(2 * BLOCK_ROWS + 10)]
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store(rows)
        merge(j.writer, "FROM", "INTO")
        for _ in range(2):
            assert [p.probe_id for p in reader.after(0, 4, own=True)] == ["INTO", "FROM", "INTO", "FROM"]
            assert {p.probe_id for p in reader.after(0, 4)} == {"INTO"}
            j.roll_up()
            assert pack_all(j) in (0, 1)


@pytest.mark.parametrize("rolled", [False, True])
def test_two_that_measured_at_the_same_time_are_told(tmp_path: Path, rolled: bool) -> None:
    """Both have readings in many minutes: when and how many is said. A change-over, and what was struck out,
    is none."""

    def store(j: Journal, probe: str, first: int, end: int) -> None:
        j.writer.store([row(PAST + n * MINUTE_MS, n, probe) for n in range(first, end)])
        if rolled:
            j.roll_up()

    with journal(tmp_path) as j, Reader(j.path) as reader:
        store(j, "A", 0, 100)
        store(j, "B", 98, 150)
        assert reader.common("B", "A") is None
        store(j, "C", 40, 200)
        assert reader.common("C", "A") == (
            60,
            PAST // MINUTE_MS * MINUTE_MS + 40 * MINUTE_MS,
            PAST // MINUTE_MS * MINUTE_MS + 100 * MINUTE_MS,
        )
        merge(j.writer, "B", "A")
        found = reader.common("C", "B")
        assert found is not None and found.minutes == 110, "with all that counts as it"
        assert reader.common("B", "A") is None
        strike_out(j.writer, "C", 0, T0)
        redo_all(j)
        assert reader.common("C", "A") is None or not rolled


def test_what_cannot_be_merged(tmp_path: Path) -> None:
    """With itself, in a ring, twice, into one that was removed, an unknown one: each is refused in words, and
    nothing changes."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([row(T0, 1, name) for name in "ABC"])
        merge(j.writer, "A", "B")
        before = reader.probes()
        refused: list[tuple[Callable[[], None], str]] = [
            (lambda: merge(j.writer, "A", "C"), "counts as another probe already"),
            (lambda: merge(j.writer, "B", "A"), "are one probe already"),
            (lambda: merge(j.writer, "C", "C"), "are one probe already"),
            (lambda: merge(j.writer, "C", "D"), "No probe 'D'"),
            (lambda: unmerge(j.writer, "B"), "counts as no other probe"),
            (lambda: unmerge(j.writer, "D"), "No probe 'D'"),
        ]
        for what, words in refused:
            with pytest.raises(TempHubError, match=words):
                what()
        remove(j.writer, "B")
        with pytest.raises(TempHubError, match="was removed"):
            merge(j.writer, "C", "A")
        restore(j.writer, "B")
        assert reader.probes() == before


def test_without_merges_no_table_is_read_for_them(tmp_path: Path) -> None:
    """What a journal without merges pays is one look into an empty index."""
    with journal(tmp_path) as j:
        j.writer.store([row()])
        with closing(open_for_reading(j.path)) as db:
            plan = db.execute(
                "EXPLAIN QUERY PLAN SELECT no, merged_into FROM probes WHERE merged_into"
            ).fetchall()
            assert "probes_merged" in plan[0][3]
