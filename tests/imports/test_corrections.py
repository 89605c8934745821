"""Corrections of a probe and an import of its history: each is taken back without the other."""

from contextlib import contextmanager

import pytest

from journal.journal_harness import row
from support.rows import buckets_in
from support.waiting import wait_for
from temphub_kernel.cli import main
from temphub_kernel.journal import Reader, RollUps, Writer, calibrate, forget, strike_out, undo

MINUTE = 60_000
# Five minutes of an earlier hub's log at 10 °C, then five that were delivered at 20 °C.
OLD = 1_704_067_200_000
DELIVERED = OLD + 5 * MINUTE
LOG = "timestamp,probe_id,temperature_c\n" + "".join(f"2024-01-01T00:0{at}:00Z,P,10\n" for at in range(5))


@pytest.fixture
def place(data_dir, tmp_path, monkeypatch):
    """A journal with what was delivered, and the log beside it."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    (tmp_path / "old.csv").write_text(LOG)
    with writing(data_dir) as writer:
        writer.store([row(DELIVERED + at * MINUTE, 200_000_000) for at in range(5)])
    return data_dir


@contextmanager
def writing(folder):
    """What changes the journal."""
    writer = Writer(folder / "temphub.sqlite3")
    writer.start()
    try:
        yield writer
    finally:
        assert writer.stop()


def values(folder):
    """Each reading in °C, by time; the minutes of the roll-ups say the same."""
    path = folder / "temphub.sqlite3"
    with writing(folder) as writer, Reader(path) as reader:
        rollups = RollUps(path, writer, every_s=0.005)
        rollups.start()
        wait_for(lambda: _gathered(reader), 30)
        assert rollups.stop()
        found = {
            ms: units / 1e7
            for piece in reader.stream(0, 2**53)
            for ms, units in zip(piece.taken_ms.tolist(), piece.units.tolist(), strict=True)
        }
        told = {
            one.start_ms: one.total / 1e7 for one in buckets_in(reader, OLD, OLD + 10 * MINUTE, MINUTE, "P")
        }
    assert told == found
    return [found.get(OLD + at * MINUTE) for at in range(10)]


def _gathered(reader):
    (left,) = reader._db.execute("SELECT count(*) FROM redo").fetchone()
    return not left and reader.bookmark("rollups")[0] == reader.count()


def take_in(tmp_path):
    assert main(["import", str(tmp_path / "old.csv"), "--yes"]) == 0


def test_a_calibration_holds_for_both_and_outlives_the_import(place, tmp_path):
    """It corrects what was imported as what was delivered; with the import taken back it is in force for the
    rest; imported again the readings are as before, and the calibration taken back leaves what was sent."""
    take_in(tmp_path)
    with writing(place) as writer:
        calibrate(writer, "P", [(0.0, 0.5)], OLD + 2 * MINUTE, "ice bath")
    both = [10.0, 10.0, 10.5, 10.5, 10.5, *[20.5] * 5]
    assert values(place) == both
    assert main(["import", "--undo", "1"]) == 0
    assert values(place) == [*[None] * 5, *[20.5] * 5]
    with Reader(place / "temphub.sqlite3") as reader:
        (kept,) = reader.calibrations()
    take_in(tmp_path)
    assert values(place) == both
    with writing(place) as writer:
        assert forget(writer, kept.no)
    assert values(place) == [*[10.0] * 5, *[20.0] * 5]


def test_what_was_struck_out_of_an_import(place, tmp_path):
    """Struck out over the border of both, and brought back after the import is gone: what was delivered
    counts again, and nothing else."""
    take_in(tmp_path)
    with writing(place) as writer:
        number = strike_out(writer, "P", OLD + 3 * MINUTE, OLD + 6 * MINUTE)
    assert values(place) == [10.0, 10.0, 10.0, *[None] * 4, *[20.0] * 3]
    assert main(["import", "--undo", "1"]) == 0
    assert values(place) == [*[None] * 7, *[20.0] * 3]
    with writing(place) as writer:
        assert undo(writer, number)
    assert values(place) == [*[None] * 5, *[20.0] * 5]


def test_an_export_of_our_own_with_a_calibration_in_force(place, tmp_path, monkeypatch):
    """Its values are corrected already, here and in a hub that corrects the same probe otherwise; a
    calibration that is taken back later takes its share with it."""
    with writing(place) as writer:
        calibrate(writer, "P", [(0.0, 0.5)], 0)
    out = tmp_path / "own.csv"
    assert main(["export", "--out", str(out)]) == 0
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("DATA_DIR", str(other))
    with writing(other) as writer:
        writer.store([row(OLD, 100_000_000)])
        calibrate(writer, "P", [(0.0, -1.0)], 0)
    assert main(["import", str(out), "--yes"]) == 0
    assert values(other) == [9.0, *[None] * 4, *[20.5] * 5]
    assert main(["import", "--undo", "1"]) == 0
    assert values(other) == [9.0, *[None] * 9]
