"""Home Assistant's own database: every state at its moment in the unit that was in force then, and what it
dropped as means."""

import sqlite3
from contextlib import closing

import pytest

from strangers import home_assistant
from strangers.home_assistant import CELLAR, FRIDGE, OLDER, READINGS, SET
from strangers.test_import_files import stored
from temphub_kernel.cli import main


@pytest.fixture
def database(data_dir, tmp_path, monkeypatch):
    """Where one is made."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    return tmp_path / "home-assistant_v2.db"


@pytest.mark.parametrize("version", home_assistant.SCHEMAS)
def test_every_schema_since_2021(version, database, data_dir, capsys):
    """Of 2021, of today and of one that grew: the same readings. A set point, a humidity and the sun are no
    temperatures that were measured. In its first months nothing tells whose means they are: they are left
    out."""
    home_assistant.make(database, version)
    assert main(["import", str(database), "--yes"]) == 0, capsys.readouterr()
    means = [] if version == 16 else OLDER
    wanted = {CELLAR: [*means, *READINGS[CELLAR]], FRIDGE: READINGS[FRIDGE]}
    assert stored(data_dir / "temphub.sqlite3") == wanted
    told = capsys.readouterr().out
    assert "°C, °F" in told and f"in the file: {CELLAR}" not in told


def test_means_and_set_points_are_a_choice(database, data_dir):
    """Without means; and an entity that is asked for by its name, whatever it is."""
    home_assistant.make(database, 50)
    assert main(["import", str(database), "--yes", "--no-means", "--column", CELLAR, "--column", SET]) == 0
    found = stored(data_dir / "temphub.sqlite3")
    assert found == {CELLAR: READINGS[CELLAR], SET: [(READINGS[FRIDGE][0][0], 4.0)]}


def test_half_way_through_an_upgrade(database, data_dir):
    """Stopped while Home Assistant moves names and times into new columns: what is there is read, where it
    stands."""
    home_assistant.make(database, 50)
    with closing(sqlite3.connect(database)) as db:
        db.execute("UPDATE states SET entity_id=?, metadata_id=NULL WHERE state_id IN (1, 2)", (CELLAR,))
        db.execute(
            "UPDATE states SET last_updated=?, last_updated_ts=NULL WHERE state_id=1",
            ("2021-10-01 12:00:00.250000",),
        )
        db.commit()
    assert main(["import", str(database), "--yes", "--no-means"]) == 0
    assert stored(data_dir / "temphub.sqlite3") == READINGS


def test_while_it_runs_and_when_it_is_damaged(database, data_dir, tmp_path, capsys):
    """What lies in its -wal is read, too, and it may go on writing; a damaged one is told in words and
    changes nothing."""
    home_assistant.make(database, 50)
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("UPDATE states SET state='13' WHERE state_id=3")
        db.commit()
        db.execute("BEGIN IMMEDIATE")
        assert main(["import", str(database), "--yes", "--no-means", "--column", CELLAR]) == 0
        db.rollback()
    assert stored(data_dir / "temphub.sqlite3")[CELLAR][-1][1] == 13.0
    body = database.read_bytes()
    (tmp_path / "damaged.db").write_bytes(body[:4096] + b"\xa5" * (len(body) - 4096))
    assert main(["import", str(tmp_path / "damaged.db"), "--yes"]) == 1
    told = capsys.readouterr().err
    assert "cannot be read" in told and "Traceback" not in told
