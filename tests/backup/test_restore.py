"""`temphub restore`: a back-up put back, here or on another computer."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from backup.conftest import KEYS, SETTINGS, T0
from temphub_kernel.analysis import load
from temphub_kernel.backup import container
from temphub_kernel.backup.restore import portable
from temphub_kernel.backup.write import Made
from temphub_kernel.cli import main
from temphub_kernel.core.clock import DAY_MS, MINUTE_MS
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.settings import Settings
from temphub_kernel.hub import HubLock
from temphub_kernel.journal import Reader, bring_up_to_date
from versions.test_versions import RELEASED, thaw


@pytest.fixture
def place(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    return data_dir


def test_everything_comes_back(
    made: Made, filled: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In an empty folder there are the same readings, remarks, keys and settings, those in force that mean
    the same here; a second one is refused, and nothing but records was touched."""
    (place / "holiday.txt").write_text("mine")
    assert main(["restore", str(made.path)]) == 0
    said = capsys.readouterr().out
    assert "All of it was checked" in said and "must not run any more" in said and "PORT" in said
    with Reader(filled / "temphub.sqlite3") as one, Reader(place / "temphub.sqlite3") as other:
        assert one.after(0, 10**6) == other.after(0, 10**6) and len(other.after(0, 10**6)) == 32_400
        # Minutes of packed days, seen by the seven: roll-ups come along as they are.
        steps, again = (r.steps(T0 + MINUTE_MS, T0 + 44 * DAY_MS, 7 * MINUTE_MS)[1] for r in (one, other))
        assert all(map(np.array_equal, steps, again)) and steps.good.sum() > 30_000
        assert one.probes() == other.probes() and one.annotations(0, 2**50) == other.annotations(0, 2**50)
    assert json.loads((place / "temphub.keys.json").read_text()) == KEYS
    assert (place / "temphub.key").read_bytes() == (filled / "temphub.key").read_bytes()
    settings = Settings.from_environ({"DATA_DIR": str(place), "PORT": "8092"})
    assert (settings.server_token, settings.port) == (SETTINGS["SERVER_TOKEN"], 8092)
    assert settings.csv_file == place / "log.csv"
    before = sorted(place.rglob("*"))
    assert main(["restore", str(made.path)]) == 1 and "--over" in capsys.readouterr().err
    assert sorted(place.rglob("*")) == before and (place / "holiday.txt").read_text() == "mine"


def test_over_a_present_folder_nothing_is_lost(
    made: Made, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was there lies in a folder within, byte for byte; the log of the same hub stays, since it has what
    came after the back-up, and the log of another hub is set aside with the rest."""
    (place / "temphub.sqlite3").write_bytes(b"of another hub")
    (place / "temphub.keys.json").write_text("other keys")
    (place / "temperature_log.csv").write_text("other readings")
    assert main(["restore", "--over", str(made.path)]) == 0
    (aside,) = place.glob("before-restore-*")
    assert (aside / "temphub.sqlite3").read_bytes() == b"of another hub"
    assert (aside / "temphub.keys.json").read_text() == "other keys"
    assert (aside / "temperature_log.csv").read_text() == "other readings"
    assert str(aside) in capsys.readouterr().out
    aside.rename(place / "kept")
    (place / "log.csv").write_text("our own")
    assert main(["restore", "--over", str(made.path)]) == 0
    assert (place / "log.csv").read_text() == "our own"


def test_a_hub_that_runs_is_left_alone(made: Made, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A restore over a running hub is refused in words."""
    lock = HubLock(place)
    assert lock.take()
    try:
        assert main(["restore", "--over", str(made.path)]) == 1
    finally:
        lock.release()
    assert "A hub runs on" in capsys.readouterr().err and not (place / "temphub.sqlite3").exists()


Change = Callable[[dict[str, bytes], dict[str, object]], None]


def renamed(name: str) -> Change:
    def change(parts: dict[str, bytes], told: dict[str, object]) -> None:
        parts[name] = parts.pop("temphub.key")
        told["parts"] = [
            {**one, "name": name} if one["name"] == "temphub.key" else one for one in told["parts"]
        ]

    return change


def turned(parts: dict[str, bytes], _: dict[str, object]) -> None:
    parts["temphub.sqlite3"] = parts["temphub.sqlite3"][:-1] + b"x"


def longer(parts: dict[str, bytes], _: dict[str, object]) -> None:
    parts["temphub.key"] += b"0" * 5_000_000


def later(_: dict[str, bytes], told: dict[str, object]) -> None:
    told |= {"format": 2, "temphub": "9.0"}


def newer_journal(_: dict[str, bytes], told: dict[str, object]) -> None:
    told |= {"journal_version": 99, "temphub": "9.0"}


def without(parts: dict[str, bytes], _: dict[str, object]) -> None:
    del parts["temphub.keys.json"]


def senseless(_: dict[str, bytes], told: dict[str, object]) -> None:
    told["made_ms"] = "soon"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (renamed("../harmless.txt"), "no back-up has"),
        (renamed("/harmless.txt"), "no back-up has"),
        (renamed("archive\\..\\harmless.txt"), "no back-up has"),
        (renamed("temphub.service.json"), "no back-up has"),
        (turned, "not what the manifest says"),
        (longer, "larger than the manifest says"),
        (later, "TempHub 9.0, which is newer"),
        (newer_journal, "TempHub 9.0, which is newer"),
        (without, "not those that its manifest names"),
        (senseless, "makes no sense"),
    ],
)
def test_what_was_tampered_with_or_is_newer_is_refused(
    made: Made, place: Path, tmp_path: Path, change: Change, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names that lead elsewhere, contents that differ and versions yet to come are told, and nothing is
    written."""
    with zipfile.ZipFile(made.path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(parts.pop("manifest.json"))
    change(parts, told)
    with zipfile.ZipFile(tmp_path / "changed.zip", "w") as archive:
        for name, content in {**parts, "manifest.json": json.dumps(told).encode()}.items():
            archive.writestr(name, content)
    assert main(["restore", str(tmp_path / "changed.zip")]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert {path.name for path in place.iterdir()} <= {"temphub.hub.lock", "temphub.server.lock"}
    assert not list(tmp_path.rglob("harmless*"))


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99, 0.9999])
def test_a_file_that_is_cut_is_refused(made: Made, place: Path, tmp_path: Path, part: float) -> None:
    """As after a copy that broke off."""
    raw = made.path.read_bytes()
    (tmp_path / "cut.zip").write_bytes(raw[: int(len(raw) * part)])
    with pytest.raises(TempHubError, match="no whole back-up"):
        container.verify(tmp_path / "cut.zip")
    assert main(["restore", str(tmp_path / "cut.zip")]) == 1 and not (place / "temphub.sqlite3").exists()


def test_any_byte_that_turned_is_found(made: Made, tmp_path: Path) -> None:
    """Wherever in a part it is."""
    raw = bytearray(made.path.read_bytes())
    with zipfile.ZipFile(made.path) as archive:
        offsets = [
            one.header_offset + 30 + len(one.filename) + 40
            for one in archive.infolist()
            if one.file_size > 99
        ]
    for offset in offsets[1:]:
        changed = raw.copy()
        changed[offset] ^= 0x55
        (tmp_path / "changed.zip").write_bytes(changed)
        with pytest.raises(TempHubError, match="no whole back-up"):
            container.verify(tmp_path / "changed.zip")


def test_a_back_up_of_an_older_version_is_brought_up_to_date(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was made before an update is restored as it is, and the next start takes it over whole."""
    old = tmp_path / "old"
    old.mkdir()
    thaw(RELEASED[1], old)
    monkeypatch.setenv("DATA_DIR", str(old))
    assert main(["backup", str(tmp_path / "old.zip")]) == 0
    monkeypatch.setenv("DATA_DIR", str(place))
    assert main(["restore", str(tmp_path / "old.zip")]) == 0
    with closing(sqlite3.connect(place / "temphub.sqlite3")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
    bring_up_to_date(place / "temphub.sqlite3")
    assert len(load()) > 0


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("CSV_FILE", "logs/x.csv", True),
        ("CSV_FILE", "D:\\Readings\\x.csv", False),
        ("CSV_FILE", "/nowhere/x.csv", False),
        ("REPORTS_DIR", "\\\\server\\share", False),
        ("HOST", "0.0.0.0", True),
        ("HOST", "127.0.0.1", True),
        ("HOST", "192.0.2.7", False),
        ("INTERFACES", "127.0.0.1, 192.0.2.7", False),
        ("PUBLIC_BASE", "http://192.0.2.7:8088", False),
        ("PUBLIC_BASE", "http://127.0.0.1:8088", True),
        ("UI_PASSWORD", "correct horse", True),
        ("DATA_DIR", "x", None),
        ("NONSENSE", "x", None),
    ],
)
def test_settings_that_name_another_computers_places(name: str, text: str, kept: bool | None) -> None:
    """Only what means the same here comes into force; the rest is told with its value."""
    found = portable({name: text, "PORT": "1"})
    assert found == ({"PORT": "1", **({name: text} if kept else {})}, {name: text} if kept is False else {})


def test_a_certificate_comes_with_its_key_or_not_at_all(tmp_path: Path) -> None:
    """One without the other would stop the start."""
    (tmp_path / "a.pem").touch()
    given = {"TLS_CERT": str(tmp_path / "a.pem"), "TLS_KEY": str(tmp_path / "away.pem")}
    assert portable(given) == ({}, given)
