"""How fast a hub catches up to an engine, and what that costs deliveries: by hand, `python
tests/forward/engine_bench.py [millions of readings]`. Needs victoria-metrics.

A hub's process with its journal full of readings; deliveries of one reading each are timed in it while
nothing is forwarded, and while the backlog goes to VictoriaMetrics.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from support.engines import Victoria
from support.ports import free_port
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Delivered, Writer

PROBES = 200


def fill(journal: Path, millions: float) -> int:
    """Readings of the last hours, in batches as probes deliver them after an outage."""
    writer = Writer(journal)
    writer.start()
    each = int(millions * 1e6 / PROBES)
    now, left = now_ms(), threading.Semaphore(0)
    values = np.cumsum(np.random.default_rng(7).integers(-1, 2, each)) * 625_000 % 400_000_000
    for start in range(0, each, 1000):
        for probe in range(PROBES):
            count = min(1000, each - start)
            seq = np.arange(start, start + count)
            taken = now - 2_000 * (each - seq) - probe
            part = Delivered(
                f"Bench-{probe:04d}", "b", now, seq, taken, values[seq], np.zeros(count, np.int64)
            )
            writer.submit(part, lambda _: left.release())
        for _ in range(PROBES):
            assert left.acquire(timeout=60)
    assert writer.stop()
    return each * PROBES


HUB = "import sys, temphub_kernel as th; th.start(); print('up', flush=True); sys.stdin.read(); th.stop()"


class Hub:
    """A hub in a process of its own."""

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        import os

        env = {
            **os.environ,
            "DATA_DIR": str(folder),
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
            "KEEP_AWAKE": "off",
            **settings,
        }
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", HUB], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def health(self) -> dict:
        with urllib.request.urlopen(f"{self.url}/api/health", timeout=30) as answer:
            return json.load(answer)

    def deliveries(self, until: threading.Event, every_s: float = 0.02) -> list[float]:
        """How long each took, in ms."""
        import http.client

        took = []
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        while not until.is_set():
            began = time.perf_counter()
            body = json.dumps({"temperature_c": 20.0, "probe_id": "Timed"})
            connection.request("POST", "/api/ingest", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
            took.append((time.perf_counter() - began) * 1000)
            until.wait(every_s)
        return took

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def timed(hub: Hub, done) -> tuple[list[float], float]:
    """(deliveries, seconds) until `done()`."""
    until, took = threading.Event(), []
    thread = threading.Thread(target=lambda: took.extend(hub.deliveries(until)))
    began = time.perf_counter()
    thread.start()
    while not done(time.perf_counter() - began):
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    until.set()
    thread.join()
    return took, seconds


def line(name: str, took: list[float]) -> str:
    p50, p99 = np.percentile(took, [50, 99])
    return f"{name}: {len(took)} deliveries, p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {max(took):.1f} ms"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "hub"
        data.mkdir()
        total = fill(data / "temphub.sqlite3", millions)
        say(f"{total:,} readings of {PROBES} probes")
        hub = Hub(data, free_port())
        # Roll-ups and the CSV take the backlog in as well; only then is it idle.
        while hub.health()["csv_waiting"]:
            time.sleep(0.5)
        time.sleep(35)
        say(line("idle", timed(hub, lambda s: s > 20)[0]))
        hub.stop()
        engine = Victoria(Path(folder) / "victoria", free_port()).start()
        began = time.perf_counter()
        hub = Hub(data, free_port(), FORWARD_URL=engine.base, SITE="Bench")

        def caught_up(_: float) -> bool:
            forward = hub.health().get("forward")
            return bool(forward) and forward["waiting"] < 1000

        took, _ = timed(hub, caught_up)
        seconds = time.perf_counter() - began
        say(line("catching up", took))
        say(f"{total / seconds:,.0f} readings/s in {seconds:.1f} s, with the hub's start")
        say(line("idle again", timed(hub, lambda s: s > 20)[0]))
        hub.stop()
        engine.kill()


if __name__ == "__main__":
    main()
