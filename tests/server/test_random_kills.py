"""Each process of a hub killed at random moments under load, the first one too: what was acknowledged is
there, once.

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
WEIGHTS = {"hub_kernel": 6, "supervisor": 4, "keeper": 3, "page_server": 3, "viewer": 2, "all": 2}


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
            rows = [
                {"seq": n, "age_ms": 0, "temperature_c": n % 1000 / 16}
                for n in range(self.acknowledged, self.acknowledged + 5)
            ]
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
    """Kill one of them, or the two that look after each other; the hub that runs then."""
    if what == "all":
        for watcher in (watchers := [one for one in (temphub.supervisor(), temphub.keeper()) if one]):
            watcher.suspend()
        for watcher in watchers:
            watcher.kill()
        return start_temphub()
    if what == "viewer":
        with contextlib.suppress(OSError):
            temphub.ask("GET", "/", timeout_s=0.3)
        victims = [kernel for kernel in temphub.kernels() if "/hub-" not in " ".join(kernel.cmdline())]
    else:
        victims = [one for one in [getattr(temphub, what)()] if one]
    for victim in victims:
        with contextlib.suppress(psutil.Error):
            victim.kill()
    return temphub


@pytest.mark.timeout(max(420, 25 * KILLS))
def test_kills_at_random_moments_lose_nothing(start_temphub, data_dir):
    """Four probes deliver while each process of the hub, the first one too, is killed at random moments:
    recording goes on by itself, but for those who look after each other killed in one go. Afterwards each
    acknowledged reading is in the journal and in the CSV, exactly once, no probe was told that its readings
    are wrong, and a polite kill leaves nothing."""
    dice = random.Random(SEED)
    temphub = start_temphub().ready()
    probes = [Probe(temphub.port, number) for number in range(4)]
    for probe in probes:
        probe.start()
    killed: Counter[str] = Counter()
    try:
        # Each at least once.
        plan = [
            *WEIGHTS,
            *dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=max(0, KILLS - len(WEIGHTS))),
        ]
        dice.shuffle(plan)
        for what in plan:
            before = [probe.acknowledged for probe in probes]
            # Also while it is still starting: only after some kills everything is given time to deliver.
            if dice.random() < 0.7:
                wait_for(
                    lambda before=before: all(
                        p.acknowledged > n for p, n in zip(probes, before, strict=True)
                    ),
                    60,
                )
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
    wait_for(lambda: temphub.supervisor() and temphub.keeper(), 30)
    temphub.supervisor().terminate()
    wait_for(lambda: not temphub.processes(), 20)
    with Reader(data_dir / "temphub.sqlite3") as reader:
        stored = Counter((point.probe_id, point.seq) for point in reader.after(0, 10_000_000))
    with (data_dir / "temperature_log.csv").open(encoding="utf-8", newline="") as file:
        logged = Counter(row["probe_id"] for row in csv.DictReader(file))
    assert set(stored.values()) == {1}, "a reading is stored twice"
    for probe in probes:
        mine = {seq for name, seq in stored if name == probe.name_}
        assert probe.acknowledged > 50 and set(range(probe.acknowledged)) <= mine, (
            "an acknowledged reading is lost"
        )
        assert logged[probe.name_] == len(mine), "the CSV differs from the journal"
