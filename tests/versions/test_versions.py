"""From one version of TempHub to another: older journals are taken over whole, newer ones are refused and left as they are."""

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import TempHub
from support.waiting import wait_for
from temphub_kernel._version import __version__
from temphub_kernel.base.errors import TempHubError
from temphub_kernel.base.reading import Row
from temphub_kernel.journal import Reader, RollUps, Writer
from temphub_kernel.journal.schema import UPGRADES, VERSION

RELEASED = sorted(Path(__file__).parent.glob("journal-*.sql"))


def test_every_schema_up_to_now_was_looked_for() -> None:
    """The journals that upgrades are tested from are found, and none is of a version yet to come."""
    assert [int(path.stem.partition("-")[2]) for path in RELEASED] == list(range(1, VERSION)) == sorted(UPGRADES)


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def older(request: pytest.FixtureRequest, data_dir: Path) -> Path:
    """A journal as an earlier version left it."""
    path = data_dir / "temphub.sqlite3"
    db = sqlite3.connect(path)
    db.executescript(request.param.read_text(encoding="utf-8"))
    db.close()
    return path


def test_who_only_reads_an_older_journal_is_told_to_start_the_hub(older: Path) -> None:
    """Only the hub changes a journal: a notebook that meets an older one says who brings it up to date."""
    with pytest.raises(TempHubError, match="Start the hub once"):
        Reader(older)


def test_an_older_journal_is_taken_over_whole(older: Path) -> None:
    """Every reading, probe and bookmark of an earlier version is there after the upgrade, and recording goes on behind them."""
    writer = Writer(older)
    writer.start()
    try:
        again = writer.store([Row("TempProbe-0096", "a1b2c3d4", 3, 1, 1, 1, None)])
        assert (again.stored, again.duplicates) == (0, 1), "what was delivered before the upgrade is still known"
        writer.store([Row("TempProbe-0096", "a1b2c3d4", 41, 1_764_000_090_000, 1_764_000_090_000, 50_000_000, None)])
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
            buckets = reader.buckets(1_763_999_940_000, 1_764_000_120_000, 60_000, "TempProbe-0096")
            assert sum(bucket.readings for bucket in buckets) == 41
    finally:
        assert writer.stop()


def test_the_hub_starts_on_an_older_journal(older: Path, free_port: int) -> None:
    """Whoever upgrades starts the hub as ever: it takes the older journal over and answers with what was in it."""
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
    """After a downgrade the hub does not start on a journal it cannot understand: it says so, and not a byte is changed."""
    before = hashlib.sha256(newer.read_bytes()).hexdigest()
    with pytest.raises(TempHubError):
        Reader(newer)
    hub = TempHub(newer.parent, free_port)
    try:
        assert hub.process.wait(40) == 1
    finally:
        hub.kill()
    assert f"is of version {VERSION + 1}" in hub.text() and "What to do: Install the TempHub version that wrote it" in hub.text()
    assert "Traceback" not in hub.text()
    assert hashlib.sha256(newer.read_bytes()).hexdigest() == before


def test_the_command_tells_its_version() -> None:
    """`temphub --version` says which TempHub this is."""
    done = subprocess.run([sys.executable, "-m", "temphub_kernel", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"temphub {__version__}"
