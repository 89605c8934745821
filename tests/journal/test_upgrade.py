"""Journals of every released version open with today's program, with all their readings; newer ones are refused with words."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from journal.journal_bench import Journal, pack_all
from temphub_kernel.base.errors import TempHubError
from temphub_kernel.base.reading import Row
from temphub_kernel.journal import Reader, Writer
from temphub_kernel.journal.schema import UPGRADES, VERSION

RELEASED = sorted((Path(__file__).parent / "released").glob("version-*.sqlite3"))
T0 = 1_795_438_440_000


def test_every_released_version_is_kept_here() -> None:
    """A journal of each older version, as that version wrote it, is among the tests."""
    assert [int(path.stem.partition("-")[2]) for path in RELEASED] == list(range(1, VERSION)) == sorted(UPGRADES)


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
def test_a_released_journal_is_brought_up_to_date(released: Path, tmp_path: Path) -> None:
    """Every reading, probe and bookmark is there; repeats are still known; roll-ups are made anew and agree with the readings."""
    shutil.copy(released, tmp_path / "temphub.sqlite3")
    with pytest.raises(TempHubError, match="Start the hub once"):
        Reader(tmp_path / "temphub.sqlite3")
    journal = Journal(tmp_path)
    try:
        with Reader(journal.path) as reader:
            before = reader.points(0, 2 * T0)
            assert len(before) == reader.count() == 900 and [p.no for p in before] == list(range(1, 901))
            assert before[7].quality == "crc" and before[8].units == 200_000_000 + 8 * 62_500 and before[8].seq == 8
            assert reader.bookmark("csv")[0] == 500
            (probe,) = [probe for probe in reader.probes() if probe["id"] == "Probe-1"]
            assert (probe["ip"], probe["name"], probe["alias"], probe["hidden"]) == ("192.168.1.7", "Cold room", "", 0)
            asked = reader.buckets(T0 - 60_000, T0 + 3_600_000, 60_000)
            newest = reader.newest()
        again = journal.writer.store([Row("Probe-1", "b1", 898, T0, T0, 1, None)])
        assert again.duplicates == 1
        journal.roll_up()
        with Reader(journal.path) as reader:
            found = reader.buckets(T0 - 60_000, T0 + 3_600_000, 60_000)
            assert [bucket[:6] for bucket in found] == [bucket[:6] for bucket in asked] and reader.newest() == newest
            assert reader.points(0, 2 * T0) == before
        assert pack_all(journal) == 0
    finally:
        assert journal.writer.stop()


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    """A journal of a later version stops the start with words and stays as it is."""
    path = tmp_path / "temphub.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    before = path.read_bytes()
    for open_it in (Reader, lambda path: Writer(path).start()):
        with pytest.raises(TempHubError, match=f"of version {VERSION + 1}; this TempHub reads version {VERSION}") as caught:
            open_it(path)
        assert "Install the TempHub version that wrote it" in caught.value.remedy
    assert path.read_bytes() == before
