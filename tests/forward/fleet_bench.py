"""What many places cost one engine: by hand, `python tests/forward/fleet_bench.py [sites] [hours]`. Needs
victoria-metrics.

Each site has 100 probes with a reading a minute; a request is one site's hour. Told are the
engine's CPU seconds, its bytes on disk, and how long the dashboard's questions take. With `month` instead of
the hours: what 720 hours came to is there, and how long the page of all places waits for its month.
"""

import gzip
import json
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import psutil

from support.engines import Victoria
from support.ports import free_port
from temphub_kernel.core.clock import HOUR_MS, now_ms
from temphub_kernel.forward.engine.lines import Points, Series
from temphub_kernel.page.data import places_lines
from temphub_kernel.page.data.places_page import Place

PROBES, EACH = 100, 60
FILES = Path(__file__).parents[2] / "docs" / "fleet"


def hour_of(site: int, began_ms: int) -> bytes:
    """A site's hour as lines: values of a DS18B20 that wander."""
    rng = np.random.default_rng(site)
    at = np.repeat(np.arange(PROBES), EACH)
    taken_ms = began_ms + np.tile(np.arange(EACH) * 60_000, PROBES) + at * 13
    steps = np.cumsum(rng.integers(-1, 2, PROBES * EACH)) % 400
    series = [Series(f"Probe-{number:03d}", "celsius") for number in range(PROBES)]
    return Points(series, at, taken_ms, steps / 16 - 20).text(f"Site {site:04d}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def asks(engine: Victoria, question: str) -> None:
    """A question, however long it takes."""
    query = urllib.parse.urlencode({"query": question, "nocache": "1", "timeout": "300s"})
    with urllib.request.urlopen(f"{engine.base}/api/v1/query?{query}", timeout=300) as answer:
        answer.read()


def month_of(site: int, end_ms: int) -> bytes:
    """What a site's last 720 hours came to, as VictoriaMetrics imports it."""
    rng, taken_ms = np.random.default_rng(site), [end_ms - at * HOUR_MS - 1 for at in range(720)]
    lines = []
    for number in range(PROBES):
        wander = np.cumsum(rng.integers(-1, 2, 720)) / 16 - 20
        told = {"low": wander - 1, "high": wander + 1, "mean": wander, "beyond": rng.integers(0, 9, 720)}
        told |= {"measured": wander * 0 + 3600, "readings": wander * 0 + 60, "sigma": wander * 0 + 0.5}
        for name, values in told.items():
            labels = {"site": f"Site {site:04d}", "probe": f"Probe-{number:03d}", "revision": "0"}
            series = {"__name__": f"temphub_hour_{name}", **labels}
            lines.append(json.dumps({"metric": series, "values": values.tolist(), "timestamps": taken_ms}))
    return "\n".join(lines).encode()


def month(sites: int, engine: Victoria, process: psutil.Process) -> None:
    """The page's questions about the month, as often as it asks at first and again."""
    end_ms = now_ms() // HOUR_MS * HOUR_MS
    for site in range(sites):
        request = urllib.request.Request(f"{engine.base}/api/v1/import", month_of(site, end_ms))
        urllib.request.urlopen(request, timeout=120).close()
    engine.series('{__name__="none"}')
    asked = Place(engine.base).engine()
    for _ in range(3):
        began, cpu = time.perf_counter(), process.cpu_times().user
        there = places_lines.long(asked)
        took, used = time.perf_counter() - began, process.cpu_times().user - cpu
        memory = process.memory_info().rss / 1e6
        say(f"{len(there.month):,} probes, a month: {took:.1f} s, engine {used:.1f} CPU s, {memory:.0f} MB")


def main() -> None:
    sites = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if sys.argv[2:] == ["month"]:
        with tempfile.TemporaryDirectory() as folder:
            engine = Victoria(Path(folder), free_port())
            engine.flags = ("-retentionPeriod=100y",)
            engine.start()
            (process,) = (one for one in psutil.Process().children() if "victoria" in one.name())
            try:
                return month(sites, engine, process)
            finally:
                engine.stop()
    hours = int(sys.argv[2]) if len(sys.argv) > 2 else 24
    with tempfile.TemporaryDirectory() as folder:
        engine = Victoria(Path(folder), free_port())
        engine.flags = ("-retentionPeriod=100y", "-memory.allowedBytes=1GiB", "-search.maxQueryDuration=300s")
        engine.start()
        (process,) = (one for one in psutil.Process().children() if "victoria" in one.name())
        sent, began = 0, time.perf_counter()
        start_ms = now_ms() - hours * HOUR_MS
        for hour in range(hours):
            for site in range(sites):
                body = gzip.compress(hour_of(site, start_ms + hour * HOUR_MS), 1)
                request = urllib.request.Request(
                    f"{engine.base}/write?precision=ms", body, {"Content-Encoding": "gzip"}
                )
                urllib.request.urlopen(request, timeout=120).close()
                sent += PROBES * EACH
        took = time.perf_counter() - began
        engine.series('{__name__="none"}')
        used, memory = process.cpu_times(), process.memory_info().rss
        cpu = used.user + used.system
        say(f"{sites} sites of {PROBES} probes, {hours} h: {sent:,} readings in {took:.0f} s")
        say(f"engine: {cpu:.0f} CPU s, {sent / cpu:,.0f} readings a CPU second, {memory / 1e6:.0f} MB")
        for panel in json.loads((FILES / "dashboard.json").read_text(encoding="utf-8"))["panels"]:
            asked = panel["targets"][0]["expr"].replace("$__interval", "10m")
            for name, value in {"$site": "Site 0007", "$probe": ".*"}.items():
                asked = asked.replace(name, value)
            everywhere = asked.replace("Site 0007", ".*")
            began = time.perf_counter()
            asks(engine, asked)
            one, began = time.perf_counter() - began, time.perf_counter()
            asks(engine, f"count({everywhere.removeprefix('sort_desc').removeprefix('sort')})")
            say(f"{panel['title']}: one site {one:.2f} s, all {time.perf_counter() - began:.2f} s")
        engine.stop()
        size = sum(file.stat().st_size for file in (Path(folder) / "data").rglob("*") if file.is_file())
        say(f"on disk {size / sent:.2f} bytes a reading, with the index of {sites * PROBES:,} series")


if __name__ == "__main__":
    main()
