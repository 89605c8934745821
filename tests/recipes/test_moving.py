"""docs/moving.md, followed word for word: each block is run by a shell as it stands, but for the names of
its two folders; what runs for good (`temphub --no-browser`) is started as any hub of a test."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import temphub_kernel as th
from service.standins import Computer
from support.ports import free_port
from support.running import TempHub
from support.virtual import VirtualProbe
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.core.settings import ALLOWED
from temphub_kernel.journal import Reader

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "moving.md"
SHARE, DISK = "/mnt/nas/backup", "/media/new-disk/temphub"
RUN = "temphub --no-browser"


class House:
    """A computer with a share and a new disk, and a shell on it."""

    def __init__(self, base: Path) -> None:
        self.hubs: list[TempHub] = []
        self.base, self.share, self.disk = base, base / "NAS 1", base / "new-disk" / "temphub"
        self.share.mkdir()
        self.disk.parent.mkdir()
        tools = base / "bin"
        tools.mkdir()
        program = tools / "temphub"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m temphub_kernel "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (tools / "python3").symlink_to(sys.executable)
        kept = {name: text for name, text in os.environ.items() if name not in ALLOWED}
        self._environ = {**kept, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def hub(self, data: Path, port: int, *words: str, **settings: str) -> TempHub:
        """A hub that delivers."""
        self.hubs.append(TempHub(data, port, *words, **settings))
        return self.hubs[-1].ready()

    def logon(self) -> dict[str, str]:
        """Variables with which the system's own tool for what starts at logon is a stand-in."""
        home = Computer(self.base / "home", "systemctl").environ
        found = {name: home[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME")}
        return {**found, "PATH": f"{self.base / 'bin'}{os.pathsep}{found['PATH']}"}

    def follow(self, title: str, data: Path, number: int = 0, **settings: str) -> str:
        """Run the block of a heading up to where a hub is started; what was said."""
        part = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
        block = re.findall(r"^```sh\n(.*?)^```$", part, re.S | re.M)[number]
        for name, place in ((SHARE, self.share), (DISK, self.disk)):
            # Their names here have spaces.
            block = re.sub(rf"{name}(\S*)", rf"'{place}\1'", block)
        script, _, _ = f"set -e\n{block}".partition(f"{RUN}\n")
        env = {**self._environ, **settings, "DATA_DIR": str(data)}
        done = subprocess.run(
            ["/bin/sh", "-c", script], cwd=self.base, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """It; the hubs that a test leaves running are ended."""
    made = House(tmp_path)
    yield made
    for hub in made.hubs:
        hub.kill()


def deliver(hub: TempHub, *values: float) -> None:
    """Each is acknowledged."""
    for value in values:
        assert hub.ask("GET", f"/api/ingest?temperature_c={value}&probe_id=P&token=t0ken-of-a-test")[0] == 200


def values(data: Path) -> list[float]:
    """All that the journal of a folder has of that probe."""
    with Reader(data / "temphub.sqlite3") as reader:
        return [point.units / 1e7 for point in reader.after(0, 10_000) if point.probe_id == "P"]


def test_over_to_a_new_disk_and_uninstalled(house: House, data_dir: Path) -> None:
    """A back-up that is put back over a present folder loses nothing, what came after it included; the hub
    goes on from another disk; and is uninstalled without a trace that runs."""
    port = free_port()
    hub = house.hub(data_dir, port)
    deliver(hub, 1, 2)
    said = house.follow("A back-up", data_dir)
    assert said.count("written and read again") == 3 and "All of it was read" in said
    assert len(list(house.share.iterdir())) == 2
    deliver(hub, 3)
    wait_for(lambda: (data_dir / "temperature_log.csv").read_text().count(",P,") == 3, 20)
    said = house.follow("Putting it back", data_dir)
    assert hub.process.wait(PATIENCE_S) == 0 and "before-restore-" in said
    assert values(data_dir) == [1, 2]
    hub = house.hub(data_dir, port)
    assert values(data_dir) == [1, 2, 3]
    deliver(hub, 4)
    house.follow("To a new disk", data_dir)
    shutil.rmtree(data_dir)
    data_dir.mkdir()
    hub = house.hub(house.disk, port)
    deliver(hub, 5)
    assert values(house.disk) == [1, 2, 3, 4, 5]
    logon = house.logon()
    house.follow("From a notebook to the service", house.disk, **logon, PORT=str(port))
    house.follow("Uninstalling", house.disk, **logon)
    assert hub.process.wait(PATIENCE_S) == 0 and (house.share / "for-good.zip").exists()
    shutil.rmtree(house.disk)


def test_to_a_new_computer_without_a_click(house: House, data_dir: Path, tmp_path: Path) -> None:
    """A probe that holds the old computer's key delivers to the new one by itself, signed with that key, and
    the token is in force there. The old one, started again beside it, leaves the probe there and says why; it
    takes the probe when the new one is gone, and no reading that was acknowledged is missing in both."""
    old = house.hub(data_dir, free_port(), SERVER_TOKEN="t0ken-of-a-test")
    new_place = tmp_path / "new computer" / "data"
    new_place.mkdir(parents=True)

    def stands(hub: TempHub) -> tuple[str, int]:
        told = hub.ask("GET", "/api/probes")[1]["probes"]
        return next(
            ((one["trust"], one["readings"]) for one in told if one["id"] == "TempProbe-0A01"), ("", 0)
        )

    with VirtualProbe(
        "cpython", "TempProbe-0A01", tmp_path / "flash", "--hub", f"http://127.0.0.1:{old.port}"
    ):
        wait_for(lambda: stands(old)[0] == "claimed" and stands(old)[1] > 2, 60)
        house.follow("To a new computer", data_dir)
        assert old.process.wait(PATIENCE_S) == 0
        before = stands_in(data_dir)
        said = house.follow("To a new computer", new_place, 1)
        assert "SERVER_TOKEN" in said and "must not run any more" in said
        new = house.hub(new_place, free_port())
        wait_for(lambda: stands(new)[0] == "claimed" and stands(new)[1] > before + 2, 60)
        assert new.ask("GET", "/api/ingest?temperature_c=1&probe_id=P")[0] == 401
        deliver(new, 7)
        again = house.hub(data_dir, old.port)
        wait_for(lambda: "same keys" in str(again.ask("GET", "/api/health")[1]["told"]), 60)
        left, taken = stands(again)[1], stands(new)[1]
        wait_for(lambda: stands(new)[1] > taken + 3, 60)
        assert stands(again)[1] == left
        new.stop()
        wait_for(lambda: stands(again)[1] > left and not again.ask("GET", "/api/health")[1]["told"], 60)
        again.stop()
    assert stands_in(new_place) > before and "In force as the restored back-up had it: " in new.text()
    numbers = {number for folder in (data_dir, new_place) for number in numbers_in(folder)}
    assert numbers == set(range(min(numbers), max(numbers) + 1)), "each is in one of the journals"
    keys = [
        json.loads((folder / "temphub.keys.json").read_text())["boards"] for folder in (data_dir, new_place)
    ]
    assert keys[0]["TempProbe-0A01"]["key"] == keys[1]["TempProbe-0A01"]["key"]


def numbers_in(data: Path) -> set[int]:
    """The numbers that the probe gave its readings, as a journal has them."""
    with Reader(data / "temphub.sqlite3") as reader:
        return {point.seq for point in reader.after(0, 10_000) if point.probe_id == "TempProbe-0A01"}


def stands_in(data: Path) -> int:
    """How many readings a journal has."""
    with Reader(data / "temphub.sqlite3") as reader:
        return reader.count()


def test_from_a_notebook_to_the_service(house: House, data_dir: Path, start_here, free_port: int) -> None:
    """The service goes on in the same journal where the notebook's hub ended."""
    now = now_ms()
    start_here(PORT=str(free_port)).writer.store([Row("P", None, None, now, now, 10_000_000, None)])
    th.stop()
    place = {"HOST": "127.0.0.1", "INTERFACES": "127.0.0.1", "PORT": str(free_port)}
    said = house.follow("From a notebook to the service", data_dir, **place, **house.logon())
    assert "starts by itself when you log on" in said
    kept = data_dir / "temphub.service.json"
    service = house.hub(data_dir, free_port, "service", "run", "--settings", str(kept))
    deliver(service, 2)
    assert values(data_dir) == [1, 2]
    # A page server that is only just being started would outlive it.
    service.page_ready()


def test_back_to_an_older_version(house: House, data_dir: Path) -> None:
    """A back-up unpacked by any program is a data folder, with the journal in the version it had."""
    hub = house.hub(data_dir, free_port())
    deliver(hub, 1)
    house.follow("A back-up", data_dir)
    house.follow("Back to an older version", data_dir)
    assert hub.process.wait(PATIENCE_S) == 0 and values(house.disk) == [1]
