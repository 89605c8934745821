"""Where a reading lives is nobody's business: rows, packs and closed months answer the same, and nothing is
lost on the way."""

import random
from pathlib import Path
from typing import Any

import pytest

from journal.journal_harness import Journal, close_months, journal, pack_all
from support.rows import buckets_in, faults_in, points_in
from support.waiting import PATIENCE_S
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import NO_VALUE, Reader
from temphub_kernel.journal.archive.closing import bounds
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.schema import BLOCK_ROWS

MARCH, END = bounds("2026-03")
STEP_MS = 137_000


def history(readings: int, start_ms: int = MARCH - 3 * 86_400_000) -> list[Row]:
    """Three probes over the end of February and March: late ones, bad ones, marked ones, with and without
    boot and number."""
    chance = random.Random(5)
    rows = []
    for n in range(readings):
        taken_ms = start_ms + n * STEP_MS // 3 + chance.randrange(900)
        late = chance.random() < 0.01
        taken_ms -= chance.randrange(12 * 86_400_000) if late else 0
        probe = "abc"[n % 3]
        bad = chance.random() < 0.02
        units = None if bad else round(chance.uniform(-40, 120) / 0.0625) * 625_000
        quality = "crc" if bad else "undated" if late else None
        numbered = probe != "c"
        rows.append(
            Row(
                probe,
                "b1" if numbered else None,
                n if numbered else None,
                taken_ms,
                taken_ms + chance.randrange(2_000),
                units,
                quality,
            )
        )
    return rows


def answers(reader: Reader) -> dict[str, Any]:
    """A bit of everything that can be asked."""
    whole = (MARCH - 40 * 86_400_000, END + 86_400_000)
    day = (MARCH + 4 * 86_400_000, MARCH + 5 * 86_400_000)
    columns = reader.columns(*whole, ["a", "c"])
    return {
        "count": reader.count(),
        "span": reader.span(),
        "after": reader.after(BLOCK_ROWS - 5, 20) + reader.after(reader.count() - 3, 10),
        "newest": reader.newest(),
        "points": points_in(reader, *day) + points_in(reader, *whole, "b", limit=7),
        "columns": sorted(zip(*(c.tolist() for c in columns[1:10]), strict=True)),
        "by number": [no for piece in reader.stream(*whole, by_number=True) for no in piece.no.tolist()],
        "by time": [
            pair
            for piece in reader.stream(*whole, most=5_000)
            for pair in zip(piece.taken_ms.tolist(), piece.no.tolist(), strict=True)
        ],
        "days": [bucket[:6] for bucket in buckets_in(reader, *whole, 86_400_000)],
        "odd": [bucket[:6] for bucket in buckets_in(reader, *whole, 2_628 * 60_000)],
        "fine": [bucket[:6] for bucket in buckets_in(reader, *day, 10_000)],
        "faults": faults_in(reader, *whole, 86_400_000),
    }


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, answer in wanted.items():
        assert found[name] == answer, name


def test_one_history_wherever_it_lives(tmp_path: Path) -> None:
    """Rows, then roll-ups, then packs, then a closed month, then late readings for it: every answer stays
    that of the readings."""
    rows = history(4 * BLOCK_ROWS)
    with journal(tmp_path) as j:
        j.writer.store(rows)
        with Reader(j.path) as reader:
            wanted = answers(reader)
            good = [r for r in rows if r.units is not None]
            assert sum(bucket[5] for bucket in wanted["days"]) == len(good) and wanted["count"] == len(rows)
            assert wanted["by number"] == list(range(1, len(rows) + 1))
            assert wanted["by time"] == sorted(wanted["by time"]) and len(wanted["by time"]) == len(rows)
        j.roll_up()
        with Reader(j.path) as reader:
            same(answers(reader), wanted)
        assert pack_all(j) == 3
        with Reader(j.path) as reader:
            same(answers(reader), wanted)
        assert close_months(j, MARCH + 86_400_000) == ["2026-02"]
        with Reader(j.path) as reader:
            same(answers(reader), wanted)
            assert [a.month for a in reader.archives()] == ["2026-02"] and (
                tmp_path / FOLDER / reader.archives()[0].file
            ).is_file()
            late = [Row("a", "b2", n, MARCH - 86_400_000 + n, MARCH + n, 5, None) for n in range(10)]
            assert j.writer.store(late).stored == 10
            february = points_in(reader, MARCH - 86_400_000, MARCH, "a")
            assert sum(p.boot == "b2" for p in february) == 10 and len(february) > 100
            assert reader.after(len(rows), 20)[-1].seq == 9


def test_repeats_are_known_when_rows_are_gone(tmp_path: Path) -> None:
    """A probe that sends again what was packed long ago is still told that it is stored, once."""
    rows = [Row("a", "b1", n, MARCH + n * 1000, MARCH + n * 1000, n, None) for n in range(3 * BLOCK_ROWS)]
    with journal(tmp_path) as j:
        j.writer.store(rows)
        j.roll_up()
        assert pack_all(j) == 2
        j.restart()
        again = j.writer.store(rows[:1000] + rows[-1000:])
        assert (again.stored, again.duplicates) == (0, 2000)
        assert j.writer.store([rows[0]._replace(seq=3 * BLOCK_ROWS)]).stored == 1
        with Reader(j.path) as reader:
            assert reader.count() == 3 * BLOCK_ROWS + 1


def test_rows_go_only_when_nobody_needs_them(tmp_path: Path) -> None:
    """Blocks stay rows until the roll-ups took them in and repeats are known without them; the newest never
    go."""
    with journal(tmp_path) as j:
        j.writer.store(history(2 * BLOCK_ROWS + 10))
        assert pack_all(j) == 0
        j.roll_up()
        assert pack_all(j) == 1
        assert pack_all(j) == 0


def test_missing_file_of_a_closed_month(tmp_path: Path) -> None:
    """A journal copied without its archive says which month is missing and what to do; everything else
    answers."""
    with journal(tmp_path) as j:
        closed_february(j)
        with Reader(j.path) as reader:
            file = tmp_path / FOLDER / reader.archives()[0].file
            file.rename(tmp_path / "away")
            with pytest.raises(TempHubError, match=r"2026-02 are in .* not there") as caught:
                points_in(reader, MARCH - 86_400_000, MARCH)
            assert caught.value.code == "archive_missing" and "archive folder" in caught.value.remedy
            assert buckets_in(reader, MARCH - 86_400_000, MARCH, 3_600_000) and points_in(reader, MARCH, END)
            file.write_bytes(b"PAR1 no more")
            with pytest.raises(TempHubError, match="cannot be read"):
                points_in(reader, MARCH - 86_400_000, MARCH)


def test_a_month_that_cannot_be_written(tmp_path: Path) -> None:
    """When its file cannot be written a month stays in the journal, whole, and the problem is told."""
    with journal(tmp_path) as j:
        j.writer.store(history(4 * BLOCK_ROWS))
        j.roll_up()
        pack_all(j)
        (tmp_path / FOLDER).write_text("in the way")
        with Reader(j.path) as reader:
            wanted = answers(reader)
            with pytest.raises(TempHubError, match="could not be moved into their file"):
                close_months(j, MARCH + 86_400_000)
            same(answers(reader), wanted)


def test_closed_months_read_by_others(tmp_path: Path) -> None:
    """A closed month is an ordinary Parquet file: times in UTC, °C, null where the sensor answered badly,
    texts as texts."""
    import polars as pl

    with journal(tmp_path) as j:
        rows = closed_february(j)
        with Reader(j.path) as reader:
            frame = pl.read_parquet(tmp_path / FOLDER / reader.archives()[0].file)
        # Late ones that are no pack yet come with a later file.
        february = sorted(
            (r for r in rows[: 3 * BLOCK_ROWS - 1] if r.taken_ms < MARCH),
            key=lambda r: (r.taken_ms, r.probe_id),
        )
        assert frame["time"].dt.epoch("ms").to_list() == [r.taken_ms for r in february]
        assert frame["raw_c"].to_list() == [None if r.units is None else r.units / 1e7 for r in february]
        assert frame.select("probe_id", "quality", "boot", "seq").rows() == [
            (r.probe_id, r.quality, r.boot, r.seq) for r in february
        ]


def test_damaged_pack(tmp_path: Path) -> None:
    """A pack that the disk spoilt is told, not answered with wrong numbers."""
    with journal(tmp_path) as j:
        j.writer.store(history(3 * BLOCK_ROWS))
        j.roll_up()
        pack_all(j)
        j.writer.change(
            lambda db: db.execute("UPDATE packs SET body=substr(body, 1, length(body) - 40) WHERE block=0")
        ).result(PATIENCE_S)
        with (
            Reader(j.path) as reader,
            pytest.raises(TempHubError, match="packed part of the journal cannot be read"),
        ):
            reader.columns(0, 2**53)


def test_columns_bring_what_was_asked(tmp_path: Path) -> None:
    """Only the columns asked for are read; a missing value is NaN in °C and NO_VALUE in units."""
    with journal(tmp_path) as j:
        j.writer.store(
            [
                Row("a", None, None, MARCH, MARCH, None, "open"),
                Row("a", None, None, MARCH + 1, MARCH + 1, 15_000_000, None),
            ]
        )
        with Reader(j.path) as reader:
            columns = reader.columns(0, 2**53, fields=("units",))
            assert columns.units.tolist() == [NO_VALUE, 15_000_000] and len(columns.seq) == 0
            assert str(columns.celsius.tolist()) == "[nan, 1.5]"


def closed_february(j: Journal) -> list[Row]:
    rows = history(4 * BLOCK_ROWS)
    j.writer.store(rows)
    j.roll_up()
    pack_all(j)
    assert close_months(j, MARCH + 86_400_000) == ["2026-02"]
    return rows
