"""Probes that were away deliver a day at once while others go on: how long until all is in the journal, the
CSV and the roll-ups."""

import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import closing
from pathlib import Path

from benchmarks.hubs import Hub
from benchmarks.loads import BACKLOG
from support.attacks import Poster

OTHERS = 10


def deliver(hub: Hub, probes: int, each: int) -> str:
    """One line of figures."""
    hub.expect(probes + OTHERS)
    values = {"probes": probes, "each": each, "boot": uuid.uuid4().hex[:6]}
    had, began_s, before = hub.health()["readings"], time.monotonic(), hub.cpu_s()
    others = [Poster(hub.port, f"Here-{n}", 0.5) for n in range(OTHERS)]
    for one in others:
        one.start()
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(BACKLOG % values)
        script.flush()
        command = ["wrk", "-t2", "-c16", "-d3600s", "-s", script.name, f"{hub.url}/api/ingest"]
        wrk = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while hub.health()["readings"] < had + probes * each + sum(len(one.times) for one in others):
            time.sleep(0.2)
        # What others send from here on waits for the roll-ups' next look.
        upto = hub.health()["readings"]
        wrk.terminate()
        wrk.wait()
    taken_s = time.monotonic() - began_s
    stored = hub.settle(3600)["readings"] - had
    logged_s = time.monotonic() - began_s
    _wait_for_rollups(hub.data / "temphub.sqlite3", upto)
    rolled_s = time.monotonic() - began_s
    spent = sum(cpu - before.get(pid, 0.0) for pid, cpu in hub.cpu_s().items())
    for one in others:
        one.stopping.set()
    for one in others:
        one.stop()
    times = sorted(took for one in others for took in one.times)
    p99 = times[int(len(times) * 0.99)] * 1000 if times else 0.0
    return (
        f"{stored:,} readings: taken {taken_s:.0f} s, CSV {logged_s:.0f} s, roll-ups {rolled_s:.0f} s, "
        f"{stored / spent:,.0f} per CPU s;"
        f" the others' p99 {p99:.0f} ms; {hub.memory_mb():.0f} MB"
    )


def _wait_for_rollups(journal: Path, upto: int) -> None:
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        while (db.execute("SELECT no FROM bookmarks WHERE follower='rollups'").fetchone() or (0,))[0] < upto:
            time.sleep(0.2)


def run(hubs: list[Hub], probes: int, each: int) -> None:
    """Each hub in turn."""
    for hub in hubs:
        sys.stdout.write(f"{hub.name}: {deliver(hub, probes, each)}\n")
        sys.stdout.flush()
