"""Three places and one engine, each a host of its own: a link cut, engine and hub killed, an old reading."""

import itertools
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from support.engines import Victoria
from support.lan import Lan
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import DAY_MS, now_ms
from temphub_kernel.core.reading import Row, to_celsius, to_units
from temphub_kernel.journal import Reader, Writer

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]
Series = dict[str, list[tuple[int, float]]]
ENGINE = "10.77.0.9"
HUB = "import time, temphub_kernel as th; th.start(); time.sleep(600)"


class Shop:
    """A hub at a place, in a process of its own."""

    def __init__(self, lan: Lan, folder: Path, number: int) -> None:
        self.lan, self.name, self.site = lan, f"shop{number}", f"Shop {number}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.journal = self.folder / "temphub.sqlite3"
        self.space = lan.host(self.name, f"10.77.0.{number}")
        self._seq = itertools.count()
        self._delivered_ms = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = {
            "DATA_DIR": str(self.folder),
            "PORT": "8088",
            "KEEP_AWAKE": "off",
            "FORWARD_URL": f"http://{ENGINE}:8428",
            "SITE": self.site,
        }
        self._process = self.lan.run(
            self.space,
            [sys.executable, "-c", HUB],
            self.folder / "log.txt",
            **environ,
        )
        wait_for(lambda: self.ask("/api/health"), 60)

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def ask(self, path: str, body: object = None) -> dict:
        """The hub's answer, asked at its own place; empty when there is none."""
        data = [] if body is None else ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        said = subprocess.run(
            [
                "ip",
                "netns",
                "exec",
                self.space,
                "curl",
                "-s",
                "-m",
                str(PATIENCE_S),
                *data,
                f"http://127.0.0.1:8088{path}",
            ],
            capture_output=True,
        )
        return json.loads(said.stdout) if said.returncode == 0 else {}

    def deliver(self, count: int = 40) -> None:
        """A batch of a probe; acknowledged means stored."""
        # Two of one millisecond would be sent once, and named: each is measured after all before it.
        wait_for(lambda: now_ms() > self._delivered_ms + 2 * count + 1)
        readings = [
            {"seq": next(self._seq), "age_ms": 2 * (count - at), "temperature_c": 2 + at / 16}
            for at in range(count)
        ]
        readings[0] = {**readings[0], "temperature_c": None, "quality": "open"}
        body = {"probe_id": f"Cold-{self.name}", "boot": "a1b2c3d4", "readings": readings}
        assert self.ask("/api/ingest", body)["stored"] == count
        self._delivered_ms = now_ms()

    def forwarded(self) -> bool:
        """Whether all that is stored was sent."""
        forward = self.ask("/api/health").get("forward", {})
        return bool(forward) and forward["waiting"] == 0 and forward["engine"] == "VictoriaMetrics"

    def stored(self) -> Series:
        """The journal, as the engine should have it."""
        found: Series = {}
        with Reader(self.journal) as reader:
            for point in reader.after(0, 100_000):
                good = point.units is not None
                tag = "" if good else f'quality="{point.quality}",'
                name = "celsius" if good else "flagged"
                series = f'temphub_{name}{{probe="{point.probe_id}",{tag}site="{self.site}"}}'
                value = to_celsius(point.units) if good else 1.0
                found.setdefault(series, []).append((point.taken_ms, value))
        return {name: sorted(points) for name, points in found.items()}


@pytest.fixture
def lan():
    """A LAN of this test's own."""
    lan = Lan()
    yield lan
    lan.close()


@pytest.fixture
def engine(lan, tmp_path):
    """VictoriaMetrics with its default retention, at a fourth host."""
    before = ("ip", "netns", "exec", lan.host("engine", ENGINE))
    made = Victoria(tmp_path / "victoria", 8428, before).start()
    yield made
    made.kill()


@pytest.fixture
def shops(lan, tmp_path):
    """Three hubs; the third has a reading of 40 days ago."""
    made = [Shop(lan, tmp_path, number) for number in (1, 2, 3)]
    writer = Writer(made[2].journal)
    writer.start()
    old_ms = now_ms() - 40 * DAY_MS
    writer.store([Row("Old-1", None, None, old_ms, now_ms(), to_units(40.0), None)])
    assert writer.stop()
    try:
        for shop in made:
            shop.start()
        yield made
    finally:
        for shop in made:
            shop.kill()


class Apart(str):
    """What an engine has otherwise than it should, for whoever waits for it in vain; true where that is
    nothing."""

    @classmethod
    def of(cls, there: Series, expected: Series) -> "Apart":
        """Each point counts: none may be there twice."""
        found = []
        for name in sorted(there.keys() | expected.keys()):
            has, wanted = Counter(there.get(name, [])), Counter(expected.get(name, []))
            if has != wanted:
                lacks, more = (sorted(left.elements()) for left in (wanted - has, has - wanted))
                found.append(f"{name} lacks {lacks}, has besides {more}")
        return cls("; ".join(found))

    def __bool__(self) -> bool:
        return len(self) == 0


def test_every_acknowledged_reading_is_in_the_engine_once_or_named(lan, engine, shops) -> None:
    """While a link is cut, the engine is killed and a hub is killed, nothing acknowledged is lost and
    nothing is there twice; the reading that the engine would not keep is named."""
    first, second, third = shops
    for shop in shops:
        shop.deliver()
    for shop in shops:
        wait_for(shop.forwarded, 60)
    lan.unplug(first.name)
    first.deliver()
    wait_for(
        lambda: [one for one in first.ask("/api/health")["workers"] if "wait in the jour" in one["problem"]],
        60,
    )
    second.deliver()
    wait_for(second.forwarded, 30)
    # What it has just acknowledged is not on its disk.
    engine.kill()
    second.deliver()
    second.kill()
    engine.start()
    third.deliver()
    lan.plug(first.name)
    second.start()
    second.deliver()
    first.deliver()
    for shop in shops:
        wait_for(shop.forwarded, 90)
    expected = {**first.stored(), **second.stored(), **third.stored()}
    (old,) = expected.pop('temphub_celsius{probe="Old-1",site="Shop 3"}')
    ours = '{__name__=~"temphub_(celsius|flagged)"}'
    wait_for(lambda: Apart.of(engine.series(ours), expected), 30)
    assert sum(map(len, expected.values())) == 120 + 160 + 80
    (said,) = (one for one in third.ask("/api/health")["workers"] if one["name"] == "engine")
    assert "1 older than what it keeps" in said["problem"] and "-retentionPeriod=100y" in said["remedy"]
    assert old[1] == 40.0 and third.ask("/api/health")["forward"]["fallen"] == {"too_old": 1}
    # One picture: each place by its name, asked as a dashboard does.
    asked = engine.ask("max by (site) (last_over_time(temphub_celsius[10m]))")
    assert {labels["site"] for labels, _ in asked} == {"Shop 1", "Shop 2", "Shop 3"}
