"""How long a report takes, and how much memory: a year of twenty probes, or as many as are asked for.

    PYTHONPATH=.:tests python tests/reports/reports_bench.py [PROBES] [DAYS] [SECONDS BETWEEN READINGS]

A calm year (a door stands open each week) and a restless one, in which both limits are crossed day after day.
Each report is made by a process of its own, as the command makes it; CPU seconds and the largest memory are
that process's. The figures are in docs/developing/benchmarks.md.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from support.years import DAY_MS, celsius
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import UNITS_PER_C
from temphub_kernel.journal import Delivered, Writer, add_rules
from temphub_kernel.journal.archive.compaction import Keeper
from temphub_kernel.journal.blocks import Stored
from temphub_kernel.journal.columns import FIELDS
from temphub_kernel.journal.schema import open_for_reading
from temphub_kernel.journal.summary import Summary

Curve = Callable[[int, np.ndarray], np.ndarray]
AT_ONCE = 1_000_000
MEASURED = """
import resource, runpy, sys
sys.argv[0] = "temphub"
try:
    runpy.run_module("temphub_kernel", run_name="__main__")
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Not ru_maxrss, which begins with what the process had that started it.
    with open("/proc/self/status") as status:
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    sys.stderr.write(f" {used.ru_utime + used.ru_stime:.1f} {memory / 1e3:.0f}")
"""


def calm(probe: int, taken_ms: np.ndarray) -> np.ndarray:
    """A refrigerator whose door stands open for 40 minutes each week."""
    noise = np.random.default_rng(probe).normal(0, 0.1, len(taken_ms))
    opened = (taken_ms + probe * 3_600_000) % (7 * DAY_MS) < 40 * 60_000
    return 5 + 0.8 * np.sin(taken_ms / DAY_MS * 40) + noise + np.where(opened, 5.0, 0.0)


def fill(folder: Path, probes: int, days: int, pace_s: float, curve: Curve = celsius) -> tuple[int, int]:
    """Write the journal, roll-ups and packs included, as a hub has them; [from, to)."""
    path, end = folder / "temphub.sqlite3", now_ms() // DAY_MS * DAY_MS
    writer = Writer(path, gather_s=0)
    writer.start()
    number = np.arange(int(DAY_MS / (pace_s * 1000)))
    for day in range(days):
        taken = end - (days - day) * DAY_MS + (number * pace_s * 1000).astype(np.int64)
        for probe in range(probes):
            units = np.rint(curve(probe, taken) / 0.0625).astype(np.int64) * (UNITS_PER_C // 16)
            seq, well = number + day * len(number), np.zeros(len(number), np.int64)
            writer.store(Delivered(f"P-{probe:02}", "b00t", int(taken[-1]), seq, taken, units, well), 60)
    add_rules(writer, [{"kind": "above", "limit_c": 8.0}, {"kind": "below", "limit_c": 2.0}], "bench")
    say(f"{probes * days * len(number):,} readings stored")
    roll_up(path, writer)
    keeper = Keeper(path, writer, archive_days=0)
    with closing(open_for_reading(path)) as db:
        while keeper.pack_some(db):
            pass
    assert writer.stop(120)
    return end - days * DAY_MS, end


def roll_up(path: Path, writer: Writer) -> None:
    """In large steps of the roll-ups' own code, as catching up in small ones would take minutes."""
    with closing(open_for_reading(path)) as db:
        stored = Stored(db, path.parent / "archive")
        for first in range(1, writer.last_no + 1, AT_ONCE):
            batch = stored.unpacked(first, min(first + AT_ONCE - 1, writer.last_no), FIELDS)
            struck = np.zeros(len(batch["units"]), np.bool_)
            writer.change(Summary(batch, batch["units"], struck).apply).result(120)


def report(folder: Path, span: tuple[int, int], form: str, *more: str) -> str:
    """What it took."""
    out = folder / f"report.{form}"
    words = ["report", "--from", str(span[0]), "--to", str(span[1]), "--out", str(out), "--force", *more]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        env={**os.environ, "DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    cpu_s, memory = done.stderr.rsplit(None, 2)[-2:]
    took_s = time.monotonic() - began
    return f"{took_s:.1f} s ({cpu_s} of CPU), {memory} MB, {out.stat().st_size // 1000} kB"


def main(probes: int, days: int, pace_s: float) -> None:
    for year, curve in (("calm", calm), ("restless", celsius)):
        with tempfile.TemporaryDirectory() as place:
            span = fill(Path(place), probes, days, pace_s, curve)
            month = (span[1] - 30 * DAY_MS, span[1])
            for name, part, form in (
                ("all", span, "pdf"),
                ("all", span, "html"),
                ("last 30 days", month, "pdf"),
            ):
                say(f"{year}, {name}, {form}: {report(Path(place), part, form)}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = [*sys.argv[1:], *("20", "365", "60")[len(sys.argv) - 1 :]]
    main(int(given[0]), int(given[1]), float(given[2]))
