"""Analysis of a lake of so many readings, on one computer and on a cluster: `PYTHONPATH=.:tests python
tests/analysis/lake_bench.py FOLDER 1_000_000_000`. No test, figures.

40 sites of 100 probes, a reading each two minutes; what is there already is used again. Beside each time
stands the peak of what all its processes take of the memory (PSS).
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import psutil
import pyarrow as pa
import pyarrow.parquet

from temphub_kernel import analysis

SITES, PROBES, PACE_MS = 40, 100, 120_000
IDS = [f"Cold-{number:03d}" for number in range(PROBES)]
CALLS: dict[str, Callable[[object], pd.DataFrame]] = {
    "gaps": analysis.gaps,
    "excursions": lambda data: analysis.excursions(data, above=8, at_least="10min"),
    "degree_hours, each month": lambda data: analysis.degree_hours(data, above=8, every="MS"),
    "mean_kinetic_temperature": analysis.mean_kinetic_temperature,
}


def month_file(folder: str, site: int, month: int, rows: int) -> int:
    """A month of a site: cooling that swings, a door now and then, a failure across each month's end, a
    reading in a thousand lost, a restart."""
    year, number = divmod(month, 12)
    start = datetime(2020 + year, number + 1, 1, tzinfo=timezone.utc)
    end = datetime(2020 + (month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=timezone.utc)
    path = Path(folder) / f"site=Shop%20{site}" / f"month={start:%Y-%m}" / "readings.parquet"
    if path.exists():
        return 0
    chance = np.random.default_rng([site, month])
    steps = min(rows // PROBES, int((end - start).total_seconds() * 1000) // PACE_MS)
    step = np.repeat(np.arange(steps), PROBES)
    probe = np.tile(np.arange(PROBES, dtype=np.int32), steps)
    since = (step * PACE_MS + probe * 7) / 3_600_000
    warm = (np.minimum(since, steps * PACE_MS / 3_600_000 - since) < 2) & (probe % 10 == site % 10)
    celsius = 4 + 1.5 * np.sin(since * 4 + probe) + 7 * np.exp(-((since + probe) % 9) * 4) + 6 * warm
    celsius = np.round((celsius + chance.normal(0, 0.1, len(step))) * 16) / 16
    kept = np.flatnonzero(chance.random(len(step)) > 0.001)
    time_us = (int(start.timestamp() * 1000) + step * PACE_MS + probe * 7)[kept] * 1000

    def texts(numbers: np.ndarray, names: list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32)), names)

    zone = pa.timestamp("us", "UTC")
    value = pa.array(celsius[kept])
    table = pa.table(
        {
            "time": pa.array(time_us).cast(zone),
            "received": pa.array(time_us + 70_000).cast(zone),
            "probe_id": texts(probe[kept], IDS),
            "name": texts(probe[kept], IDS),
            "temperature_c": value,
            "raw_c": value,
            "quality": pa.nulls(len(kept), pa.string()),
            "boot": texts((step[kept] > steps // 2), [f"{month:02x}a", f"{month:02x}b"]),
            "seq": pa.array(np.where(step > steps // 2, step - steps // 2 - 1, step)[kept]),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    pyarrow.parquet.write_table(table, half, compression="zstd", row_group_size=250_000)
    half.rename(path)
    return len(kept)


def make(folder: Path, readings: int) -> None:
    months = -(-readings // (SITES * PROBES * 21_900))
    rows = -(-readings * 1001 // (1000 * SITES * months))
    began = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        jobs = [
            pool.submit(month_file, str(folder), site, month, rows)
            for site in range(SITES)
            for month in range(months)
        ]
        made = sum(job.result() for job in jobs)
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    say(
        f"made {made:,} in {time.perf_counter() - began:.0f} s; {size / 1e9:.2f} GB in {SITES * months} files"
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def memory() -> Iterator[Callable[[], int]]:
    """The most that this process and those it began take of the memory together, in bytes."""
    peak, over, me = 0, threading.Event(), psutil.Process()

    def look() -> None:
        nonlocal peak
        while not over.wait(0.3):
            taken = 0
            for one in (me, *me.children(recursive=True)):
                try:
                    taken += one.memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue
            peak = max(peak, taken)

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield lambda: peak
    finally:
        over.set()
        watch.join()


@contextmanager
def cluster() -> Iterator[None]:
    """A scheduler and two workers, each a process."""
    import distributed

    with tempfile.TemporaryDirectory() as folder:
        told = f"{folder}/scheduler.json"
        common = ["--scheduler-file", told, "--host", "127.0.0.1", "--no-dashboard"]
        worker = ["dask_worker", *common, "--nthreads", "1", "--no-nanny", "--local-directory", folder]
        programs = [
            subprocess.Popen([sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]])
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


def ask(source: object, how: str) -> dict[str, pd.DataFrame]:
    found = {}
    for name, call in CALLS.items():
        with memory() as peak:
            began = time.perf_counter()
            found[name] = call(source)
            took = time.perf_counter() - began
        say(f"{how:8s} {name:26s}{took:8.1f} s{peak() / 1e6:9,.0f} MB{len(found[name]):>12,} rows")
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    make(folder, int(sys.argv[2]))
    lazy = analysis.scan(source=folder)
    say(f"{lazy.select(pl.len()).collect().item():,} readings")
    one = ask(lazy, "polars")
    with cluster():
        many = ask(analysis.scan(source=folder, engine="dask"), "dask")
    shop = lazy.filter(pl.col("site") == "Shop 3").drop("site").collect()
    whole = ask(shop.drop("month", "received", "raw_c", "name").to_pandas(), "pandas")
    for name in CALLS:
        pd.testing.assert_frame_equal(one[name], many[name], rtol=1e-9, check_categorical=False)
        mine = one[name][one[name]["site"] == "Shop 3"].drop(columns="site").reset_index(drop=True)
        pd.testing.assert_frame_equal(
            mine, whole[name], rtol=1e-9, check_categorical=False, check_dtype=False
        )
    say("polars and dask say the same, and of one site (the rows of pandas) what a frame of it says")


if __name__ == "__main__":
    main()
