"""What was brought in from elsewhere counts like anything else, is met by no follower, and can be taken
back."""

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from journal.journal_harness import T0, Journal, journal, row
from journal.test_calibration import DAY_MS, redo_all
from support.rows import buckets_in, points_in
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.journal import LIST_FILE, STAGING, Reader, register, undo_import
from temphub_kernel.journal.archive import imported_file
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.schema import open_for_reading

PAST = T0 // DAY_MS * DAY_MS - 400 * DAY_MS
HOUR_MS = 3_600_000


def staged(j: Journal, probes: dict[str, list[tuple[int, int]]], folder: str = "one", first: int = -9_000):
    """Writes what an import hands over: (taken_ms, units) of each probe; the folder's name."""
    place = j.path.parent / STAGING / folder
    place.mkdir(parents=True)
    ids = list(probes)
    rows = [(at, *pair) for at, id_ in enumerate(ids) for pair in probes[id_]]
    columns = dict(zip(("probe", "taken_ms", "units"), np.array(rows, np.int64).T, strict=True))
    batch = {**columns, "quality": np.zeros(len(rows), np.int64)}
    told = imported_file.write(place / f"imported-{folder}.parquet", ids, batch, first)
    parts, listed = [], []
    for id_, pairs in probes.items():
        times = [taken_ms for taken_ms, _ in pairs]
        low, high = min(times) // DAY_MS * DAY_MS, (max(times) // DAY_MS + 1) * DAY_MS
        parts.append([id_, low, high, len(pairs)])
        newest = max(pairs)
        said = {"id": id_, "name": f"The {id_}", "readings": len(pairs), "oldest_ms": min(times)}
        listed.append({**said, "newest_ms": newest[0], "units": newest[1], "quality": None})
    whole = {"name": "old.csv", "form": "CSV", "sha256": "ab", "files": [told], "probes": listed}
    (place / LIST_FILE).write_text(json.dumps({**whole, "parts": parts, "choices": {}}))
    return folder


def test_imported_readings_count_and_can_be_taken_back():
    """History from elsewhere is in every answer at once, before the roll-ups have it and after; the newest
    value of a probe that delivers stays its own. Taken back, everything is as it was before."""
    hourly = [(PAST + hour * HOUR_MS, 50_000_000 + hour) for hour in range(20 * 24)]
    span = (PAST - DAY_MS, T0 + DAY_MS)
    with journal() as j, Reader(j.path) as reader:
        j.writer.store([row(T0, 200_000_000), row(PAST + 5, 190_000_000)])
        j.roll_up()

        def answers() -> list[object]:
            days = [bucket[1:6] for id_ in ("P", "Q") for bucket in buckets_in(reader, *span, DAY_MS, id_)]
            return [points_in(reader, *span, "P"), days, reader.newest(), reader.span(), reader.probes()]

        before, judged = answers(), reader.judged()
        number = register(j.writer, staged(j, {"P": hourly[:48], "Q": hourly}))
        assert number == 1 and not list((j.path.parent / STAGING / "one").glob("*.parquet"))
        assert reader.judged() != judged and reader.about(PAST, PAST + 20 * DAY_MS) >= len(hourly)
        for settled in (False, True):
            if settled:
                redo_all(j)
                with closing(open_for_reading(j.path)) as db:
                    assert db.execute("SELECT sum(count) FROM hours").fetchone() == (2 + 48 + len(hourly),)
            assert len(points_in(reader, *span, "P")) == 2 + 48
            found = buckets_in(reader, *span, DAY_MS, "Q")
            assert [bucket[5] for bucket in found] == [24] * 20
            assert sum(bucket[4] for bucket in found) == sum(units for _, units in hourly)
            assert sum(map(len, reader.stream(*span, most=100))) == 2 + 48 + len(hourly)
        newest = {one.probe_id: one for one in reader.newest()}
        assert (newest["P"].taken_ms, newest["P"].readings) == (T0, 50)
        assert (newest["Q"].taken_ms, newest["Q"].units, newest["Q"].readings) == (*hourly[-1], len(hourly))
        assert {row["id"]: row["alias"] for row in reader.probes()} == {"P": "", "Q": "The Q"}
        assert reader.only_imported() == {"Q"} and reader.span() == (PAST, T0)
        # Who follows by number meets what was delivered, and nothing else.
        assert [point.no for point in reader.after(0, 1000)] == [1, 2]
        assert sum(map(len, reader.stream(*span, by_number=True))) == 2
        (known,) = reader.imports()
        assert known.source == "import 1: old.csv" and known.probes == {"P": 48, "Q": len(hourly)}
        assert undo_import(j.writer, 1).readings == 48 + len(hourly)
        assert not list((j.path.parent / FOLDER).iterdir())
        redo_all(j)
        assert answers() == before and reader.imports()[0].undone_ms
        with pytest.raises(TempHubError, match="no import with the number 1"):
            undo_import(j.writer, 1)


def test_a_probe_that_only_an_import_knew_becomes_one_that_delivers():
    """What only an import knows of is told apart, since it cannot fall silent, until its device delivers;
    undone, it keeps what was delivered, also what no roll-up has yet."""
    with journal() as j, Reader(j.path) as reader:
        register(j.writer, staged(j, {"P": [(PAST, 1)]}))
        j.writer.store([row(T0, 5)])
        undo_import(j.writer, 1)
        assert [row["id"] for row in reader.probes()] == ["P"] and len(points_in(reader, PAST, T0 + 1)) == 1
    with journal() as j, Reader(j.path) as reader:
        register(j.writer, staged(j, {"P": [(PAST, 1)]}))
        mark = reader.probes_mark()
        assert reader.only_imported() == {"P"}
        j.writer.store([row(T0, 5)])
        j.roll_up()
        assert not reader.only_imported() and reader.probes_mark() != mark
        undo_import(j.writer, 1)
        assert [row["id"] for row in reader.probes()] == ["P"] and reader.newest()[0].readings == 1


def test_what_is_not_whole_is_refused(tmp_path: Path):
    """A list without its file, a file that changed since, a name that leads elsewhere: nothing is taken in,
    and nothing is left in the archive."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        for folder in ("", "../elsewhere", "nowhere"):
            with pytest.raises(TempHubError, match="nothing was taken in"):
                register(j.writer, folder)
        for damage in (b"PAR1", b""):
            folder = staged(j, {"P": [(PAST, 1)]}, f"damaged-{len(damage)}")
            place = tmp_path / STAGING / folder / f"imported-{folder}.parquet"
            place.write_bytes(damage)
            with pytest.raises(TempHubError, match="not as it was written"):
                register(j.writer, folder)
        folder = staged(j, {"P": [(PAST, 1)]}, "outside")
        listed = tmp_path / STAGING / folder / LIST_FILE
        listed.write_text(listed.read_text().replace('"imported-outside', '"../imported-outside'))
        with pytest.raises(TempHubError, match="nothing was taken in"):
            register(j.writer, folder)
        assert not reader.imports() and not reader.probes()
        assert not [path for path in tmp_path.rglob("archive/*") if path.is_file()]
