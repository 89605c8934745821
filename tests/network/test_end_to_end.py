"""The whole chain on a real network: a hub and three probes under MicroPython, each a host of its own."""

import csv
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from support.lan import Lan
from support.virtual import micropython
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.files import firmware
from temphub_kernel.journal import Reader

PROBES = {"TempProbe-0A01": "10.77.0.11", "TempProbe-0A02": "10.77.0.12", "TempProbe-0A03": "10.77.0.13"}
INTERVAL_MS = 500
OUTAGE_S = 60.0


@pytest.fixture
def lan():
    """A LAN of this test's own."""
    lan = Lan()
    yield lan
    lan.close()


class Story:
    """The LAN with a hub at 10.77.0.1 and three probes; what the hub's journal says of them."""

    def __init__(self, lan: Lan, data_dir: Path) -> None:
        self.lan, self.data_dir = lan, data_dir
        self.journal = data_dir / "temphub.sqlite3"
        self.running = []
        self.hub = lan.host("hub", "10.77.0.1")
        settings = {"DATA_DIR": str(data_dir), "PORT": "8088", "DEFAULT_INTERVAL_MS": str(INTERVAL_MS)}
        command = [sys.executable, "-m", "temphub_kernel", "--no-browser"]
        self.log = data_dir.parent / "hub.log"
        self.server = self.start(self.hub, command, self.log, **settings)
        for number, (probe_id, address) in enumerate(PROBES.items(), 1):
            space = lan.host(f"probe{number}", address)
            state = data_dir.parent / probe_id
            state.mkdir()
            arguments = ["--id", probe_id, "--port", "80", "--bind", address, "--state", str(state)]
            self.start(
                space,
                [micropython(), str(firmware() / "main.py"), *arguments],
                data_dir.parent / f"{probe_id}.log",
            )

    def start(self, space, command, log, **environ):
        self.running.append(self.lan.run(space, command, log, **environ))
        return self.running[-1]

    def readings(self):
        """{probe: its readings in journal order}."""
        with Reader(self.journal) as reader:
            points = reader.after(0, 1_000_000)
        return {probe_id: [p for p in points if p.probe_id == probe_id] for probe_id in PROBES}

    def probes(self):
        """{probe: what the journal knows of it}."""
        with Reader(self.journal) as reader:
            return {probe["id"]: probe for probe in reader.probes()}

    def delivered_since(self, since_ms):
        """True when every probe delivered a reading that was taken after `since_ms`."""
        return all(points and points[-1].taken_ms > since_ms for points in self.readings().values())

    def stop(self):
        self.server.terminate()
        self.server.wait(PATIENCE_S)
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def story(lan, data_dir):
    """The story, ended whatever happens."""
    story = Story(lan, data_dir)
    yield story
    story.stop()


@pytest.mark.network
@pytest.mark.timeout(240)
def test_discovered_provisioned_delivering_and_back_after_every_change(story, lan):
    """Three probes are discovered by multicast, provisioned by IP and deliver within 20 s; when the hub's
    address changes all deliver again within 30 s; a probe that was cut off for 60 s delivers all it measured
    meanwhile, in place, none twice."""
    wait_for(lambda: "TempHub is running" in story.log.read_text(encoding="utf-8"), 60)
    wait_for(lambda: story.delivered_since(0), 20, 0.2)
    assert {p["server_url"] for p in story.probes().values()} == {"http://10.77.0.1:8088/api/ingest"}
    assert {p["via"] for p in story.probes().values()} <= {"mdns", "hello"}
    assert {p["interval_ms"] for p in story.probes().values()} == {INTERVAL_MS}

    lan.move(story.hub, "10.77.0.2")
    moved = time.time()
    wait_for(lambda: story.delivered_since(moved * 1000 + 1000), 30, 0.2)
    wait_for(
        lambda: {p["server_url"] for p in story.probes().values()} == {"http://10.77.0.2:8088/api/ingest"}
    )

    lan.unplug("probe2")
    # The outage itself is what is tested: for a minute the others go on and this one only measures.
    cut = time.time()
    wait_for(lambda: time.time() - cut >= OUTAGE_S, OUTAGE_S + 5, 0.5)
    lan.plug("probe2")
    plugged = time.time()
    wait_for(lambda: story.readings()["TempProbe-0A02"][-1].taken_ms > plugged * 1000, 45, 0.2)
    # What is new goes first: the readings of the outage follow it.
    wait_for(lambda: all(whole(points) for points in story.readings().values()), 60, 0.2)
    for probe_id, points in story.readings().items():
        check_complete(probe_id, points)
    late = [p for p in story.readings()["TempProbe-0A02"] if p.received_ms - p.taken_ms > 5_000]
    assert len(late) > 0.8 * (OUTAGE_S - 10) * 1000 / INTERVAL_MS
    check_csv(story)


def whole(points) -> bool:
    """Whether no reading is missing between the first and the last."""
    numbers = {point.seq for point in points}
    return len(numbers) == max(numbers) - min(numbers) + 1


def check_complete(probe_id, points) -> None:
    """Every reading once, none missing, taken at the probe's pace."""
    sequence = [point.seq for point in points]
    assert len({point.boot for point in points}) == 1, probe_id
    assert len(sequence) == len(set(sequence)), f"{probe_id}: a reading is stored twice"
    assert sorted(sequence) == list(range(min(sequence), max(sequence) + 1)), (
        f"{probe_id}: a reading is missing"
    )
    by_seq = sorted(points, key=lambda point: point.seq)
    steps = [b.taken_ms - a.taken_ms for a, b in pairwise(by_seq)]
    # The first readings may have been taken at the interval that the probe had before it was provisioned.
    assert max(steps) < 5_000, f"{probe_id}: a late reading is not in its place: {max(steps)} ms"
    # The first ones of a hub that is just starting as well: the probe's own count dates them, see
    # api/timestamps.py.
    assert min(steps) > 0, f"{probe_id}: readings are out of order: {steps[:8]} … {min(steps)} ms"


def check_csv(story) -> None:
    """The CSV has what the journal has, once it caught up."""
    path = story.data_dir / "temperature_log.csv"

    def rows():
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    stored = sum(len(points) for points in story.readings().values())
    wait_for(lambda: len(rows()) >= stored)
    keys = [(row["timestamp"], row["probe_id"]) for row in rows()]
    assert len(keys) == len(set(keys))
