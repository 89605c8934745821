"""How long `temphub import` takes for a log of many readings: `python import_bench.py MILLIONS`, by hand.

20 probes, a reading every 10 s each, as a log of `timestamp,probe_id,temperature_c`. On 2026-11-30 (2 cores,
load 13, others at work): 10 million readings, 399 MB, 24 s, 506 MB of memory, 13 CPU seconds; 1 million
3.4 s, 437 MB. Niced, at load 17, after the columns of the log were put right: 10 million readings, 375 MB,
222 s, 473 MB of memory, 16.5 CPU seconds.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

PROBES = 20


def make(path: Path, rows: int) -> None:
    """A log, by time."""
    step = 200_000
    with path.open("wb") as file:
        for first in range(0, rows, step):
            at = np.arange(first, min(first + step, rows))
            stamps = pl.Series((at // PROBES) * 10_000 + 1_600_000_000_000).cast(pl.Datetime("ms"))
            frame = pl.DataFrame(
                {
                    "timestamp": stamps.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
                    "probe_id": [f"Probe-{one}" for one in (at % PROBES).tolist()],
                    "temperature_c": np.round(20 + 5 * np.sin(at / 9_000), 2),
                }
            )
            frame.write_csv(file, include_header=not first)


def main() -> None:
    """Make, import, tell."""
    rows = int(float(sys.argv[1]) * 1_000_000) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "old_log.csv"
        make(log, rows)
        command = [sys.executable, "-m", "temphub_kernel", "import", str(log), "--yes"]
        began = time.monotonic()
        subprocess.run(command, check=True, env={**os.environ, "DATA_DIR": folder})
        took_s = time.monotonic() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = f"{rows:,} readings, {log.stat().st_size >> 20} MB: {took_s:.1f} s"
        told += f", {used.ru_maxrss >> 10} MB of memory"
        print(f"{told}, {used.ru_utime + used.ru_stime:.1f} CPU seconds, load {os.getloadavg()[0]:.0f}")  # noqa: T201


if __name__ == "__main__":
    main()
