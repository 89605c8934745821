"""The daily back-up: made by itself, rotated, told when it fails."""

import re
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from support.running import TempHub
from support.waiting import wait_for
from temphub_kernel.backup import NightlyBackup, container, read_note
from temphub_kernel.backup.schedule import STAMP
from temphub_kernel.core.clock import DAY_MS, HOUR_MS, now_ms
from temphub_kernel.core.finding import PROBLEM, WARNING, WELL
from temphub_kernel.core.settings import Settings
from temphub_kernel.doctor.context import Case
from temphub_kernel.doctor.files import backup, judge_backup as judge


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Settings:
    """A data folder of the test's own, and a folder for back-ups on the way to it."""
    shutil.copytree(filled, tmp_path / "data")
    folder = tmp_path / "NAS 1"
    return Settings.from_environ(
        {"DATA_DIR": str(tmp_path / "data"), "BACKUP_DIR": str(folder), "BACKUP_KEEP": "2"}
    )


def test_one_each_night_and_the_oldest_go(place: Settings) -> None:
    """One is made when none is of last night, those beyond BACKUP_KEEP go, and nobody else's file is
    touched. A folder that is away is told by the hub and the doctor until it is back."""
    folder = place.backup_dir
    worker = NightlyBackup(place)
    noon = int(datetime(2026, 12, 1, 12).astimezone().timestamp() * 1000)
    assert worker.make_due(noon) is None
    assert "was not made" in worker.state().problem and str(folder) in worker.state().problem
    case = Case(place, place.local_url, {}, held=False)
    assert next(iter(backup(case))).level == PROBLEM
    folder.mkdir()
    (folder / "temphub-backup-000000-20250101-000000.zip").touch()
    made = [worker.make_due(noon + days * DAY_MS) for days in range(3)]
    assert all(made) and not worker.state().problem
    assert worker.make_due(noon + 2 * DAY_MS + 14 * HOUR_MS) is None, "it is of last night"
    own = sorted(path.name for path in folder.iterdir())
    assert own == sorted(["temphub-backup-000000-20250101-000000.zip", made[1].name, made[2].name])
    assert container.verify(made[2]).readings == 32_400
    first, *more = backup(case)
    assert first.level == WELL and made[2].name in first.result
    assert [one.level for one in more] == [WARNING] and "loses both" in more[0].result


def test_what_the_doctor_says_of_it(tmp_path: Path) -> None:
    """None although there is much to lose, one that is old, and one that is gone are notes with what to
    do."""
    now = now_ms()
    (tmp_path / "b.zip").touch()
    told = {"made_ms": now, "file": str(tmp_path / "b.zip"), "problem": "", "remedy": ""}
    assert judge(told, now, 0).level == judge({}, now, DAY_MS).level == WELL
    for other, history, said in (
        ({}, 30 * DAY_MS, "no back-up"),
        ({**told, "made_ms": now - 10 * DAY_MS}, 0, "10 days"),
        ({**told, "file": str(tmp_path / "gone.zip")}, 0, "not there any more"),
    ):
        found = judge(other, now, history)
        assert found.level == WARNING and said in found.result and "temphub backup" in found.remedy


def test_a_hub_makes_one_and_says_so(data_dir: Path, free_port: int, tmp_path: Path) -> None:
    """With BACKUP_DIR set a hub that runs makes one with the settings in force, and says when in its health
    and metrics."""
    folder = tmp_path / "Sicherung"
    folder.mkdir()
    hub = TempHub(data_dir, free_port, BACKUP_DIR=str(folder), SERVER_TOKEN="token-of-a-test").ready()
    try:
        (path,) = wait_for(lambda: [one for one in folder.iterdir() if one.suffix == ".zip"], 60)
        told = wait_for(lambda: hub.ask("GET", "/api/health")[1]["backup"], 30)
        assert told["verified"] and told["file"] == str(path) and not told["problem"]
        _, metrics = hub.ask("GET", "/metrics")
        assert b"temphub_backup_failing 0.0" in metrics
        (made,) = re.findall(rb"^temphub_backup_made_timestamp_seconds (.*)$", metrics, re.M)
        assert float(made) == pytest.approx(told["made_ms"] / 1000, abs=0.01)
    finally:
        hub.stop()
    assert STAMP.search(path.name) and read_note(data_dir)["made"] == told["made"]
    names = {part.name for part in container.verify(path).parts}
    assert {"temphub.key", "temphub.settings.json", "temphub.sqlite3"} <= names
