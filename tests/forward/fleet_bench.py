"""What many places cost one engine: by hand, `python tests/forward/fleet_bench.py [sites] [hours]`. Needs
victoria-metrics.

Each site has 100 probes with a reading a minute; a request is one site's hour. Told are the engine's CPU
seconds, its bytes on disk, and how long the dashboard's questions take. With `page [hours] [probes]` instead
of the hours (720 are a month; so many probes a site): what these hours came to is there with a reading each
ten minutes, and what hubs tell every five minutes, and how long the page of all places takes until it shows
who is worst now, and has the month. With `look` instead of `page` it is there to be looked at by a hub with
READ_FROM, and hubs go on telling, until Enter is pressed.
"""

import gzip
import json
import select
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
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.forward.engine.lines import Points, Series
from temphub_kernel.page.choices.view import Wanted, Window
from temphub_kernel.page.data.places.page import Place

PROBES, EACH = 100, 60
TEN_MINUTES_MS = 600_000
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


def month_of(end_ms: int, hours: int, probes: int) -> bytes:
    """What the last hours of one site came to, and a reading each ten minutes, as VictoriaMetrics imports
    them."""
    site, rng = 0, np.random.default_rng(7)
    hourly_ms = [end_ms - at * HOUR_MS - 1 for at in range(hours)]
    taken_ms = [end_ms - at * TEN_MINUTES_MS for at in range(6 * hours)]
    lines = []

    def series(name: str, more: dict[str, str], values: np.ndarray, times: list[int]) -> None:
        metric = {"__name__": f"temphub_{name}", "site": f"Site {site:04d}", **more}
        lines.append(json.dumps({"metric": metric, "values": values.tolist(), "timestamps": times}))

    for number in range(probes):
        wander = np.cumsum(rng.integers(-1, 2, hours)) / 16 - 20
        told = {"low": wander - 1, "high": wander + 1, "mean": wander, "beyond": rng.integers(0, 9, hours)}
        told |= {"measured": wander * 0 + 3600, "readings": wander * 0 + 60, "sigma": wander * 0 + 0.5}
        probe = {"probe": f"Probe-{number:03d}"}
        for name, values in told.items():
            series(f"hour_{name}", {**probe, "revision": "0"}, values, hourly_ms)
        series("celsius", probe, np.repeat(wander, 6), taken_ms)
    return "\n".join(lines).encode()


def told_of(site: int, at_ms: int, probes: int) -> bytes:
    """What its hub tells every five minutes, and a reading of each probe."""
    lines = [f"temphub,site=Site\\ {site:04d} hub=1 {at_ms}"]
    for number in range(probes):
        tags = f"temphub,site=Site\\ {site:04d},probe=Probe-{number:03d}"
        level = 2 if (site + number) % 97 == 0 else 0
        state, cause = ("too_warm", ",cause=above") if level else ("fine", "")
        since = f",since={at_ms - 900_000},limit=-15" if level else ""
        lines += [
            f"{tags},name=Freezer\\ {number:03d},group=Cellar known=1 {at_ms}",
            f"{tags} interval={TEN_MINUTES_MS},upper=-15,newest={at_ms - 20_000},last=-18.5 {at_ms}",
            f"{tags},state={state}{cause} level={level}{since} {at_ms}",
            f"{tags} celsius=-18.5 {at_ms - 20_000}",
        ]
    return "\n".join(lines).encode()


def post(engine: Victoria, path: str, body: bytes) -> None:
    urllib.request.urlopen(urllib.request.Request(engine.base + path, body), timeout=120).close()


def news(last: str, text: str, began: float) -> str:
    """Say what is not what was said last."""
    if text != last:
        say(f"{time.perf_counter() - began:.1f} s: {text}")
    return text


def fill(sites: int, hours: int, probes: int, engine: Victoria) -> None:
    """What all of them measured and told."""
    month = month_of(now_ms() // HOUR_MS * HOUR_MS, hours, probes)
    for site in range(sites):
        post(engine, "/api/v1/import", month.replace(b"Site 0000", f"Site {site:04d}".encode()))
    tell(sites, probes, engine)
    engine.series('{__name__="none"}')


def tell(sites: int, probes: int, engine: Victoria) -> None:
    """All of them tell how they are."""
    for site in range(sites):
        post(engine, "/write?precision=ms", told_of(site, now_ms(), probes))


def look(sites: int, probes: int, engine: Victoria) -> None:
    """Until Enter is pressed the places go on."""
    say(f"READ_FROM={engine.base}")
    while not select.select([sys.stdin], [], [], 60)[0]:
        tell(sites, probes, engine)


def page(engine: Victoria, process: psutil.Process) -> None:
    """What one page of all of them shows, and when."""
    fleet, mine = Place(engine.base).fleet(), psutil.Process()
    shown, wanted = fleet.shown(Wanted(Window(HOUR_MS))), Wanted(Window(HOUR_MS))
    began = time.perf_counter()
    before = [one.cpu_times().user for one in (process, mine)]

    def told(what: str) -> None:
        used = [one.cpu_times().user - had for one, had in zip((process, mine), before, strict=True)]
        memory = [one.memory_info().rss / 1e6 for one in (process, mine)]
        took = time.perf_counter() - began
        say(
            f"{what}: {took:.1f} s; CPU s: engine {used[0]:.1f}, page {used[1]:.1f}; MB: {memory[0]:.0f}, "
            f"{memory[1]:.0f}"
        )

    met: set[str] = set()
    last = ""
    while len(met) < 3 or time.perf_counter() - began < 60:
        try:
            seen = shown.read(wanted, now_ms())
        except TempHubError as error:
            last = news(last, str(error), began)
            time.sleep(1)
            continue
        if seen.asking:
            last = news(last, "{} of {} parts of the first answer".format(*seen.asking), began)
            time.sleep(1)
            continue
        worst, months = seen.probes[0], len(seen.sites or ())
        for what, so, text in (
            ("now", True, f"{len(seen.probes):,} probes, the worst {worst.name} {worst.standing.state}"),
            ("some", months, f"the month of {months:,}"),
            ("all", months and not seen.missing, f"the month of all {months:,}"),
        ):
            if so and what not in met:
                met.add(what)
                told(text)
        for one in seen.health["workers"]:
            last = news(last, one["problem"], began)
        time.sleep(1)
    told("and then")
    shown.close()
    fleet.close()


def main() -> None:
    sites = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if (what := "".join(sys.argv[2:3])) in ("page", "look"):
        hours, probes = (int(one) for one in [*sys.argv[3:], *("720", "100")[len(sys.argv) - 3 :]])
        with tempfile.TemporaryDirectory() as folder:
            engine = Victoria(Path(folder), free_port())
            engine.flags = ("-retentionPeriod=100y",)
            engine.start()
            (process,) = (one for one in psutil.Process().children() if "victoria" in one.name())
            try:
                began = time.perf_counter()
                fill(sites, hours, probes, engine)
                say(f"{sites} sites of {probes} probes, {hours} h: in {time.perf_counter() - began:.0f} s")
                return look(sites, probes, engine) if what == "look" else page(engine, process)
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
