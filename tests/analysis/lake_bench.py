"""Analysis of a lake of so many readings, on one computer and on a cluster: `PYTHONPATH=.:tests python
tests/analysis/lake_bench.py FOLDER 1_000_000_000 [make] [polars] [dask]`. No test, figures.

A year of sites of 100 probes each, a reading each two minutes: for a billion 40 sites. Written as `temphub
export --hive` writes them; what is there already is used again. All share the noise of one table, each site
and month at another place of it; what is missing and what was too warm is planted, so it is known how much
has to be found. Beside each time stand the CPU seconds and the peak of the memory (PSS) of all its processes.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import psutil

from temphub_kernel import analysis
from temphub_kernel.exports.hive import GROUP_ROWS, SCHEMA

PROBES, MONTHS, PACE_MS = 100, 12, 120_000
OF_A_SITE = 25_000_000
IDS = [f"Cold-{number:03d}" for number in range(PROBES)]
MONTH_STEPS, SHIFTS = 31 * 720, 5000
# Of each 50 readings these may be lost, and these are those of a door that stands open.
CYCLE, LOSSES, DOOR = 50, range(20, 30), range(2, 10)
# For so many readings a failure lasts on either side of a month's end.
FAILS = 60
CALLS: dict[str, Callable[[Any], pd.DataFrame]] = {
    "gaps": analysis.gaps,
    "excursions": lambda data: analysis.excursions(data, above=8, at_least="10min"),
    "degree_hours, each month": lambda data: analysis.degree_hours(data, above=8, every="MS"),
    "mean_kinetic_temperature": analysis.mean_kinetic_temperature,
}


class Planted(NamedTuple):
    """Of a site's month, each a list of (step, probe): readings that are lost, and where a door is opened for
    a quarter of an hour, or too short to count; probes that fail across the month's ends."""

    lost: np.ndarray
    long: np.ndarray
    short: np.ndarray
    failing: np.ndarray


def planted(site: int, month: int, steps: int) -> Planted:
    chance = np.random.default_rng([site, month])
    cycles = np.arange(2, steps // CYCLE - 2)

    def some(share: float, within: range) -> np.ndarray:
        cycle, probe = np.nonzero(chance.random((len(cycles), PROBES)) < share)
        return np.c_[cycles[cycle] * CYCLE + chance.integers(within.start, within.stop, len(cycle)), probe]

    failing = np.flatnonzero(np.arange(PROBES) % 10 == site % 10)
    return Planted(some(0.05, LOSSES), some(0.01, DOOR[:1]), some(0.02, DOOR[:1]), failing)


@cache
def sixteenths() -> np.ndarray:
    """Cooling that swings and stays below 7 °C, a row a step, a column a probe."""
    since, probe = np.arange(MONTH_STEPS + SHIFTS)[:, None] / 30, np.arange(PROBES)
    noise = np.random.default_rng(1).normal(0, 0.1, (MONTH_STEPS + SHIFTS, PROBES))
    celsius = 4 + 1.5 * np.sin(since * 4 + probe) + noise.clip(-0.5, 0.5)
    return np.rint(celsius * 16).astype(np.int16)


def month_frame(site: int, month: int, steps: int, start_ms: int) -> pl.DataFrame:
    plants = planted(site, month, steps)
    shift = (site * 131 + month * 977) % SHIFTS
    units = sixteenths()[shift : shift + steps].copy()
    units[:FAILS, plants.failing] += 112
    units[-FAILS:, plants.failing] += 112
    for places, length in ((plants.short, 2), (plants.long, len(DOOR))):
        for more in range(length):
            units[places[:, 0] + more, places[:, 1]] = 160 + more
    kept = np.ones((steps, PROBES), np.bool_)
    kept[plants.lost[:, 0], plants.lost[:, 1]] = False
    kept, restart = kept.ravel(), steps // 2 // CYCLE * CYCLE
    step = np.arange(steps)
    taken = (start_ms + step[:, None] * PACE_MS + np.arange(PROBES) * 7).ravel()[kept] * 1000
    numbers = np.repeat(np.where(step < restart, step, step - restart), PROBES)[kept]
    probe, second = np.tile(np.arange(PROBES), steps)[kept], np.repeat(step >= restart, PROBES)[kept]
    celsius, ids = pl.Series(units.ravel()[kept] / 16), pl.Series(IDS).gather(probe)
    boots = pl.Series([f"{site:02x}{month:02x}{number:04x}" for number in range(2 * PROBES)])
    moments = pl.Series(taken)
    return pl.DataFrame(
        {
            "time": moments.cast(SCHEMA["time"]),
            "received": (moments + 70_000).cast(SCHEMA["time"]),
            "probe_id": ids,
            "name": ids,
            "temperature_c": celsius,
            "raw_c": celsius,
            "quality": pl.repeat(None, len(probe), dtype=pl.String, eager=True),
            "boot": boots.gather(probe + PROBES * second),
            "seq": numbers,
        },
        schema=SCHEMA,
    )


def month_file(folder: Path, site: int, month: int, rows: int) -> int:
    """How many readings it has."""
    start, end = (
        datetime(2020 + at // MONTHS, at % MONTHS + 1, 1, tzinfo=timezone.utc) for at in (month, month + 1)
    )
    path = folder / f"site=Shop%20{site}" / f"month={start:%Y-%m}" / "readings.parquet"
    steps = min(rows // PROBES, int((end - start).total_seconds() * 1000) // PACE_MS)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        frame = month_frame(site, month, steps, int(start.timestamp() * 1000))
        frame.write_parquet(half, compression="zstd", row_group_size=GROUP_ROWS)
        half.rename(path)
    return steps


def make(folder: Path, readings: int) -> pd.DataFrame:
    """What has to be found of each site: missing readings, and excursions."""
    sites = -(-readings // OF_A_SITE)
    rows = -(-readings * 1001 // (1000 * sites * MONTHS))
    began, computed = time.perf_counter(), time.process_time()
    places = [(site, month) for site in range(sites) for month in range(MONTHS)]
    with ThreadPoolExecutor(2) as pool:
        steps = list(pool.map(lambda place: month_file(folder, *place, rows), places))
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    took, computed = time.perf_counter() - began, time.process_time() - computed
    say(f"made in {took:.0f} s, {computed:.0f} CPU s; {size / 1e9:.2f} GB in {len(places)} files")
    plants = [planted(*place, many) for place, many in zip(places, steps, strict=True)]
    counts = {
        "site": [f"Shop {site}" for site, _ in places],
        "missing": [len(one.lost) for one in plants],
        # A failure across a month's end is one.
        "excursions": [len(one.long) + len(one.failing) for one in plants],
    }
    whole = pd.DataFrame(counts).groupby("site").sum()
    return whole.assign(excursions=whole["excursions"] + PROBES // 10)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Cost:
    """What this process and those it began take meanwhile: the most of the memory together, and of the
    processors."""

    def __init__(self) -> None:
        self.peak, self._over, self._me = 0, threading.Event(), psutil.Process()
        self._watch = threading.Thread(target=self._look)

    def __enter__(self) -> "Cost":
        self._began, self._before = time.perf_counter(), self._computed()
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self.seconds, self.cpu = time.perf_counter() - self._began, self._computed() - self._before

    def _all(self) -> list[psutil.Process]:
        return [self._me, *self._me.children(recursive=True)]

    def _computed(self) -> float:
        return sum(sum(one.cpu_times()[:2]) for one in self._all())

    def _look(self) -> None:
        while not self._over.wait(0.3):
            taken = 0
            for one in self._all():
                try:
                    taken += one.memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, taken)


@contextmanager
def cluster() -> Iterator[None]:
    """A scheduler and two workers, each a process."""
    import distributed

    with tempfile.TemporaryDirectory() as folder:
        told = f"{folder}/scheduler.json"
        common = ["--scheduler-file", told, "--host", "127.0.0.1", "--no-dashboard"]
        worker = ["dask_worker", *common, "--nthreads", "1", "--no-nanny", "--local-directory", folder]
        programs = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]],
                stderr=subprocess.DEVNULL,
            )
            for command in (["dask_scheduler", *common, "--port", "0"], worker, worker)
        ]
        try:
            with distributed.Client(scheduler_file=told) as client:
                client.wait_for_workers(2)
                yield
        finally:
            for program in reversed(programs):
                program.terminate()
                program.wait()


def ask(source: object, how: str, planted: pd.DataFrame) -> dict[str, pd.DataFrame]:
    found = {}
    for name, call in CALLS.items():
        with Cost() as cost:
            found[name] = call(source)
        say(
            f"{how:8s} {name:26s}{cost.seconds:8.1f} s{cost.cpu:8.1f} CPU s{cost.peak / 1e6:9,.0f} MB"
            f"{len(found[name]):>12,} rows"
        )
    missing, beyond = (found[name].groupby("site", observed=True) for name in ("gaps", "excursions"))
    assert missing["missing"].sum().to_dict() == planted["missing"].to_dict()
    assert beyond.size().to_dict() == planted["excursions"].to_dict()
    return found


def main() -> None:
    folder, readings, *asked = Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
    planted = make(folder, readings)
    if asked == ["make"]:
        return
    lazy = analysis.scan(source=folder)
    say(f"{lazy.select(pl.len()).collect().item():,} readings")
    found = []
    if not asked or "polars" in asked:
        found.append(ask(lazy, "polars", planted))
    if not asked or "dask" in asked:
        with cluster():
            found.append(ask(analysis.scan(source=folder, engine="dask"), "dask", planted))
    some = lazy.filter((pl.col("site") == "Shop 0") & (pl.col("probe_id") < "Cold-020"))
    whole = some.drop("site", "month", "received", "raw_c", "name").collect().to_pandas()
    for name, call in CALLS.items():
        wanted = call(whole)
        for each in found:
            table = each[name]
            pd.testing.assert_frame_equal(table, found[0][name], rtol=1e-9, check_categorical=False)
            mine = table[(table["site"] == "Shop 0") & (table["probe_id"].astype(str) < "Cold-020")]
            mine = mine.drop(columns="site").reset_index(drop=True)
            pd.testing.assert_frame_equal(mine, wanted, rtol=1e-9, check_categorical=False, check_dtype=False)
    say("all say the same: each way, what was planted, and pandas of twenty probes")


if __name__ == "__main__":
    main()
