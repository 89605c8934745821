"""Probes in the field: the firmware of 0.3.0, as it was, with the hub of today."""

import io
import json
import shutil
import types
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from support.virtual import VirtualProbe
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core import files
from temphub_kernel.core.settings import Settings
from temphub_kernel.hub import PAGE, HubClient

OLD = Path(__file__).parents[1] / "versions" / "firmware-0.3.0.zip"
NAME = "TempProbe-0A01"
BOTH = pytest.mark.parametrize("interpreter", ["cpython", "micropython"])


@pytest.fixture
def old_firmware(tmp_path) -> Path:
    """The firmware of 0.3.0."""
    with zipfile.ZipFile(OLD) as archive:
        archive.extractall(tmp_path / "old")
    return tmp_path / "old" / "firmware"


def probe_of(hub):
    """The probe as the API tells it."""
    found = HubClient(hub.settings, hub.url, PAGE).ask("/api/probes")["probes"]
    return next(
        (one for one in found if one["id"] == NAME),
        {"readings": 0, "server_url": "", "trust": None, "version": ""},
    )


def status(port: int) -> dict[str, Any]:
    """What a probe says of itself, nothing while it starts; each start takes another port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=PATIENCE_S) as reply:
            return dict(json.load(reply))
    except OSError:
        return {}


def numbers(settings: Settings) -> list[tuple[str, int]]:
    """(boot, seq) of all that is stored, in order."""
    import temphub_kernel as th

    rows = th.load(tidy=True, numbered=True)
    return list(zip(rows["boot"].astype(str), rows["seq"], strict=True))


@BOTH
@pytest.mark.parametrize("token", ["", "s3cret"])
def test_a_probe_of_0_3_goes_on_is_updated_and_told_anew(
    start_here, tmp_path, old_firmware, interpreter, token
):
    """A probe with firmware 0.3.0 is told the base, claimed and stored as ever; updated over the air it is
    told the whole address, keeps its key, delivers, and no reading is missing or stored twice."""
    hub = start_here(SERVER_TOKEN=token)
    probe = VirtualProbe(interpreter, NAME, tmp_path / "flash", "--hub", hub.url, source=old_firmware)
    with probe:
        wait_for(lambda: probe_of(hub)["trust"] == "claimed" and probe_of(hub)["readings"] > 2, 30)
        assert probe_of(hub)["server_url"] == hub.url and probe.status()["version"] == "0.3.0"
        answer = HubClient(hub.settings, hub.url, PAGE).ask("/api/update", {"probe_id": NAME})
        assert answer["had"] == "0.3.0"
        wait_for(lambda: probe_of(hub)["version"] == answer["version"], 60)
        wait_for(lambda: probe_of(hub)["server_url"] == f"{hub.url}/api/ingest", 30)
        assert probe_of(hub)["trust"] == "claimed"
        before = probe_of(hub)["readings"]
        wait_for(lambda: probe_of(hub)["readings"] > before + 2, 20)
    stored = numbers(hub.settings)
    assert len(stored) == len(set(stored))
    boots = {boot for boot, _ in stored}
    assert len(boots) == 2
    for boot in boots:
        of_boot = sorted(seq for other, seq in stored if other == boot)
        assert of_boot == list(range(len(of_boot))), boot


@BOTH
def test_a_probe_of_0_3_goes_back_from_an_update_that_does_not_run(
    start_here, monkeypatch, tmp_path, old_firmware, interpreter
):
    """Today's firmware comes over the air with a part that cannot be loaded: the board is back at 0.3.0 by
    itself, is told the base again, keeps its key, delivers, and no reading is missing or stored twice."""
    broken = shutil.copytree(files.firmware(), tmp_path / "broken")
    (broken / "probe" / "app.py").write_text("def broken(:\n")
    monkeypatch.setattr(files, "firmware", lambda: broken)
    hub = start_here()
    probe = VirtualProbe(interpreter, NAME, tmp_path / "flash", "--hub", hub.url, source=old_firmware)
    with probe:
        wait_for(lambda: probe_of(hub)["trust"] == "claimed" and probe_of(hub)["readings"] > 2, 30)
        assert HubClient(hub.settings, hub.url, PAGE).ask("/api/update", {"probe_id": NAME})["had"] == "0.3.0"
        after = wait_for(
            lambda: (
                (found := status(probe_of(hub)["port"])).get("update", {}).get("state") == "went_back"
                and found
            ),
            60,
        )
        assert after["version"] == "0.3.0" and after["update"]["version"] != "0.3.0"
        before = probe_of(hub)["readings"]
        wait_for(lambda: probe_of(hub)["readings"] > before + 2, 30)
        assert probe_of(hub)["trust"] == "claimed" and probe_of(hub)["server_url"] == hub.url
    stored = numbers(hub.settings)
    assert len(stored) == len(set(stored))
    for boot in {boot for boot, _ in stored}:
        of_boot = sorted(seq for other, seq in stored if other == boot)
        assert of_boot == list(range(len(of_boot))), boot


@BOTH
def test_a_probe_of_0_3_that_was_told_the_whole_address_is_put_right(
    start_here, tmp_path, old_firmware, interpreter
):
    """Firmware 0.3.0 that went back after an update, or was given the whole address by hand, is told the
    base; what it kept comes."""
    hub = start_here()
    probe = VirtualProbe(
        interpreter, NAME, tmp_path / "flash", "--hub", f"{hub.url}/api/ingest", source=old_firmware
    )
    with probe:
        wait_for(lambda: probe_of(hub)["server_url"] == hub.url and probe_of(hub)["readings"] > 2, 30)
        assert probe.status()["server_url"] == hub.url
    stored = sorted(seq for _, seq in numbers(hub.settings))
    assert stored == list(range(len(stored)))


def test_the_flash_is_read_by_0_3_and_what_0_3_left_by_today(monkeypatch):
    """Readings that wait on a board's flash outlive an update and the way back; what a thermocouple's chip
    said is passed over by 0.3.0."""
    path = "firmware/probe/spill_block.py"
    # It loads its rare parts when they are needed.
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "firmware"))
    with zipfile.ZipFile(OLD) as archive:
        before, now = types.ModuleType("before"), types.ModuleType("now")
        exec(archive.read(path), before.__dict__)
    exec((Path(__file__).parents[2] / path).read_bytes(), now.__dict__)
    readings = [(0, seq, 2000 * seq, 16 * seq, 1 << 27 | seq if seq % 2 else 0) for seq in range(40)]
    plain = [one[:4] for one in readings]

    def read(module, data):
        return [block.entry(at) for block, _ in module.read(io.BytesIO(data)) for at in range(block.count)]

    data = now.encode("b", 5, readings)[0] + now.encode("b", 5, readings[:1])[0]
    assert read(before, data) == plain + plain[:1] and read(now, data) == readings + readings[:1]
    assert read(now, before.encode("b", 5, plain)[0]) == [(*one, 0) for one in plain]
