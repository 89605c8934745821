"""The hub kernel, the server and the pages' kernels killed at random moments under load: what was acknowledged is there, once.

Short by default. The full run: `TEMPHUB_KILLS=200 python -m pytest tests/server/test_random_kills.py`.
"""

import contextlib
import csv
import http.client
import json
import os
import random
import threading
import time
import uuid
from collections import Counter

import psutil
import pytest

from support.waiting import wait_for
from temphub_kernel.journal import Reader

KILLS = int(os.environ.get("TEMPHUB_KILLS", "20"))
SEED = int(os.environ.get("TEMPHUB_SEED", "6"))
WEIGHTS = {"hub": 9, "server": 6, "viewer": 5}


class Probe(threading.Thread):
    """Delivers batches of five, each until it is acknowledged, as a probe does."""

    def __init__(self, port: int, number: int) -> None:
        super().__init__(daemon=True)
        self.port, self.name_, self.boot = port, f"p{number}", uuid.uuid4().hex[:8]
        self.acknowledged = 0
        self.refused: Counter[int] = Counter()
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(0.02):
            rows = [{"seq": n, "age_ms": 0, "temperature_c": n % 1000 / 16} for n in range(self.acknowledged, self.acknowledged + 5)]
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                self.post({"probe_id": self.name_, "boot": self.boot, "readings": rows})

    def post(self, body) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", "/api/ingest", json.dumps(body))
            reply = connection.getresponse()
            if reply.status == 200 and json.loads(reply.read())["ok"] is True:
                self.acknowledged += 5
            else:
                self.refused[reply.status] += 1
        finally:
            connection.close()


def kill(what, temphub, start_temphub):
    """Kill one of them; the hub that runs then."""
    if what == "server":
        kernels = temphub.kernels()
        temphub.process.kill()
        temphub.process.wait()
        wait_for(lambda: not [kernel for kernel in kernels if kernel.is_running()], 30)
        return start_temphub()
    if what == "viewer":
        with contextlib.suppress(OSError):
            temphub.ask("GET", "/", timeout_s=0.3)
        victims = [kernel for kernel in temphub.kernels() if "/hub-" not in " ".join(kernel.cmdline())]
    else:
        victims = [kernel for kernel in [temphub.hub_kernel()] if kernel]
    for victim in victims:
        with contextlib.suppress(psutil.Error):
            victim.kill()
    return temphub


@pytest.mark.timeout(max(420, 25 * KILLS))
def test_kills_at_random_moments_lose_nothing(start_temphub, data_dir):
    """Four probes deliver while hub, server and pages are killed at random moments: afterwards each acknowledged reading is in
    the journal and in the CSV, exactly once, and no probe was told that its readings are wrong."""
    dice = random.Random(SEED)
    temphub = start_temphub().ready()
    probes = [Probe(temphub.port, number) for number in range(4)]
    for probe in probes:
        probe.start()
    killed: Counter[str] = Counter()
    try:
        for _ in range(KILLS):
            what = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            before = [probe.acknowledged for probe in probes]
            # Also while it is still starting: only after some kills everything is given time to deliver.
            if dice.random() < 0.7:
                wait_for(lambda before=before: all(p.acknowledged > n for p, n in zip(probes, before, strict=True)), 60)
            time.sleep(dice.random() * 0.5)
            temphub = kill(what, temphub, start_temphub)
            killed[what] += 1
        before = [probe.acknowledged for probe in probes]
        wait_for(lambda: all(p.acknowledged > n + 20 for p, n in zip(probes, before, strict=True)), 60)
    finally:
        for probe in probes:
            probe.stopping.set()
        for probe in probes:
            probe.join(10)
    assert all(killed[what] for what in WEIGHTS) and not any(probe.refused[400] for probe in probes)
    wait_for(lambda: temphub.ask("GET", "/api/health")[1]["csv_waiting"] == 0, 30)
    assert temphub.stop() == 0
    with Reader(data_dir / "temphub.sqlite3") as reader:
        stored = Counter((point.probe_id, point.seq) for point in reader.after(0, 10_000_000))
    with (data_dir / "temperature_log.csv").open(encoding="utf-8", newline="") as file:
        logged = Counter(row["probe_id"] for row in csv.DictReader(file))
    assert set(stored.values()) == {1}, "a reading is stored twice"
    for probe in probes:
        mine = {seq for name, seq in stored if name == probe.name_}
        assert probe.acknowledged > 50 and set(range(probe.acknowledged)) <= mine, "an acknowledged reading is lost"
        assert logged[probe.name_] == len(mine), "the CSV differs from the journal"
