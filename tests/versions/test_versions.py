"""From one version of TempHub to another: older journals are taken over whole, newer ones are refused and
left as they are."""

import contextlib
import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support.rows import buckets_in
from support.running import TempHub
from support.waiting import wait_for
from temphub_kernel._version import __version__
from temphub_kernel.analysis import load
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.finding import PROBLEM
from temphub_kernel.core.reading import Row
from temphub_kernel.core.settings import Settings
from temphub_kernel.doctor.context import Case
from temphub_kernel.doctor.files import journal
from temphub_kernel.journal import NO_VALUE, Reader, RollUps, Writer, bring_up_to_date, strike_out, undo
from temphub_kernel.journal.packed.packs import unpack
from temphub_kernel.journal.schema import UPGRADES, VERSION, open_for_writing

RELEASED = sorted(Path(__file__).parent.glob("journal-*.sql"))


def test_every_schema_up_to_now_was_looked_for() -> None:
    """The journals that upgrades are tested from are found, and none is of a version yet to come."""
    assert sorted(UPGRADES) == list(range(1, VERSION))
    # The newest may be released already or not.
    assert [version_of(path) for path in RELEASED] in (list(range(1, VERSION)), list(range(1, VERSION + 1)))


def version_of(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def thaw(frozen: Path, data_dir: Path) -> Path:
    path = data_dir / "temphub.sqlite3"
    db = sqlite3.connect(path)
    db.executescript(frozen.read_text(encoding="utf-8"))
    db.close()
    return path


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def older(request: pytest.FixtureRequest, data_dir: Path) -> Path:
    """A journal as a release left it."""
    return thaw(request.param, data_dir)


@pytest.mark.parametrize(
    "frozen", [path for path in RELEASED if version_of(path) < VERSION], ids=lambda path: path.stem
)
def test_who_only_reads_an_older_journal_is_told_to_start_the_hub(frozen: Path, data_dir: Path) -> None:
    """Only the hub changes a journal: a notebook that meets an older one says who brings it up to date, and
    so does the doctor."""
    path = thaw(frozen, data_dir)
    with pytest.raises(TempHubError, match="Start the hub once"):
        Reader(path)
    settings = Settings.from_environ({"DATA_DIR": str(data_dir)})
    (found,) = journal(Case(settings, settings.local_url, {}, held=False))
    assert found.level != PROBLEM, "the next start brings it up to date"


def test_what_people_added_in_0_2_0_is_taken_over(data_dir: Path) -> None:
    """Calibration, remark and description of a journal that 0.2.0 wrote are in force in this version."""
    path = thaw(Path(__file__).parent / "journal-2.sql", data_dir)
    bring_up_to_date(path)
    with Reader(path) as reader:
        (calibration,) = reader.calibrations()
        assert (calibration.probe_id, calibration.note, calibration.points) == (
            "adhoc",
            "ice bath",
            ((0.0, 0.5),),
        )
        assert [point.units for point in reader.after(41, 1)] == [243_000_000], "23.8 °C and the half degree"
        (remark,) = reader.annotations(1_764_000_000_000, 1_764_000_100_000)
        assert (remark.text, remark.probe_id, remark.to_ms - remark.from_ms) == (
            "door open",
            "TempProbe-0096",
            10_000,
        )
        probe = next(one for one in reader.probes() if one["id"] == "TempProbe-0096")
        assert (probe["alias"], probe["note"], probe["group"]) == ("Keller", "left wall", "Cold")


def test_what_came_before_can_be_struck_out(older: Path) -> None:
    """Readings of an earlier version's journal are struck out and brought back, before and after they were
    gathered again."""
    with contextlib.closing(open_for_writing(older)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    writer = Writer(older)
    writer.start()
    try:
        with Reader(older) as reader:
            span = (1_763_999_940_000, 1_764_000_120_000, 60_000, "TempProbe-0096")
            number = strike_out(writer, "TempProbe-0096", 0, 1_764_000_010_000)
            rollups = RollUps(older, writer, every_s=0.02)
            rollups.start()
            wait_for(lambda: reader.bookmark("rollups")[0] == 42 and not _to_redo(older))
            assert sum(bucket.readings for bucket in buckets_in(reader, *span)) == 34
            undo(writer, number)
            wait_for(lambda: not _to_redo(older))
            assert rollups.stop()
            assert sum(bucket.readings for bucket in buckets_in(reader, *span)) == 40
    finally:
        assert writer.stop()


def _to_redo(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM redo").fetchone()[0])


def test_a_packed_block_of_0_2_0_is_read() -> None:
    """4,095 readings in the packed form of 0.2.0, of three probes, some of them faults, come back each as it
    was."""
    found = unpack((Path(__file__).parent / "pack-2.bin").read_bytes())
    assert list(found["no"]) == list(range(1, 4096))
    n = np.arange(4095)
    assert (found["taken_ms"] == 1_764_000_000_000 + 2000 * n).all() and (found["seq"] == n).all()
    assert (found["units"][n % 100 > 0] == (40_000_000 + 625_000 * (n % 7))[n % 100 > 0]).all()
    assert (found["units"][::100] == NO_VALUE).all() and len(set(found["probe"])) == 3


def test_an_older_journal_is_taken_over_whole(older: Path) -> None:
    """Every reading, probe and bookmark of an earlier version is there after the upgrade, and recording goes
    on behind them."""
    writer = Writer(older)
    writer.start()
    try:
        again = writer.store(
            [Row("TempProbe-0096", "a1b2c3d4", 3, 1_764_000_006_000, 1_764_000_006_040, 41_875_000, None)]
        )
        assert (again.stored, again.duplicates) == (0, 1), (
            "what was delivered before the upgrade is still known"
        )
        writer.store(
            [Row("TempProbe-0096", "a1b2c3d4", 41, 1_764_000_090_000, 1_764_000_090_000, 50_000_000, None)]
        )
        rollups = RollUps(older, writer, every_s=0.02)
        rollups.start()
        with Reader(older) as reader:
            wait_for(lambda: reader.bookmark("rollups")[0] == 43)
            assert rollups.stop()
            points = reader.after(0, 100)
            assert [point.no for point in points] == list(range(1, 44))
            assert [point.units for point in points[:3]] == [40_000_000, 40_625_000, 41_250_000]
            assert (points[40].quality, points[40].units, points[41].probe_id) == ("open", None, "adhoc")
            assert points[0].taken_ms == 1_764_000_000_000 and points[0].received_ms == 1_764_000_000_040
            probe = next(one for one in reader.probes() if one["id"] == "TempProbe-0096")
            assert (probe["name"], probe["ip"], probe["version"]) == ("Cold room 2", "192.168.1.30", "0.1.0")
            assert reader.bookmark("csv")[0] == 42
            newest = {one.probe_id: one for one in reader.newest()}
            assert newest["TempProbe-0096"].units == 50_000_000 and newest["TempProbe-0096"].readings == 42
            buckets = buckets_in(reader, 1_763_999_940_000, 1_764_000_120_000, 60_000, "TempProbe-0096")
            assert sum(bucket.readings for bucket in buckets) == 41
    finally:
        assert writer.stop()


def test_the_hub_starts_on_an_older_journal(older: Path, free_port: int) -> None:
    """Whoever upgrades starts the hub as ever: it takes the older journal over and answers with what was in
    it."""
    hub = TempHub(older.parent, free_port)
    try:
        hub.ready()
        _, answer = hub.ask("GET", "/api/probes")
        assert sum(probe["readings"] for probe in answer["probes"]) == 42
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 4.5, "probe_id": "TempProbe-0096"})[0] == 200
    finally:
        hub.stop()


@pytest.fixture
def newer(data_dir: Path) -> Path:
    """A journal of a TempHub that is yet to come."""
    path = data_dir / "temphub.sqlite3"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE readings (no INTEGER PRIMARY KEY, something_new TEXT)")
    db.execute(f"PRAGMA user_version={VERSION + 1}")
    db.commit()
    db.close()
    return path


def test_a_newer_journal_is_refused_and_left_as_it_is(newer: Path, free_port: int) -> None:
    """After a downgrade the hub does not start on a journal it cannot understand: it says so, and not a byte
    is changed."""
    before = hashlib.sha256(newer.read_bytes()).hexdigest()
    with pytest.raises(TempHubError, match="Install the TempHub version that wrote it"):
        Reader(newer)
    with pytest.raises(TempHubError, match="Install the TempHub version that wrote it"):
        load(data_dir=newer.parent)
    settings = Settings.from_environ({"DATA_DIR": str(newer.parent), "PORT": str(free_port)})
    (found,) = journal(Case(settings, settings.local_url, {}, held=False))
    assert found.level == PROBLEM and "Install the TempHub version that wrote it" in found.remedy
    hub = TempHub(newer.parent, free_port)
    try:
        assert hub.process.wait(40) == 1
    finally:
        hub.kill()
    assert (
        f"is of version {VERSION + 1}" in hub.text()
        and "What to do: Install the TempHub version that wrote it" in hub.text()
    )
    assert "Traceback" not in hub.text()
    assert hashlib.sha256(newer.read_bytes()).hexdigest() == before


def test_the_command_tells_its_version() -> None:
    """`temphub --version` says which TempHub this is."""
    done = subprocess.run(
        [sys.executable, "-m", "temphub_kernel", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"temphub {__version__}"
