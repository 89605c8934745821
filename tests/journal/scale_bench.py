"""The journal at scale, measured: `python tests/journal/scale_bench.py --readings 100000000 FOLDER`. Prints a
table; no test.

Ten probes at 2 s, stored through the writer, followed by roll-ups and keeper as in the hub. At each power of
ten (and its triple) it asks what pages and analysts ask, warm, and how long commits take. Months older than
90 days are closed.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from support.rows import buckets_in
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Keeper, Reader, RollUps, Writer
from temphub_kernel.journal.archive.closing import close_month, due
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.blocks import Stored
from temphub_kernel.journal.schema import open_for_reading

PROBES, EVERY_MS, DAY_MS = 10, 2_000, 86_400_000
BATCH = 20_000


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def rows(first: int, count: int, start_ms: int, rng: np.random.Generator) -> list[Row]:
    """Readings number `first` and on: slow swings, noise of a sixteenth of a degree, jitter, one in a
    thousand bad."""
    number = np.arange(first, first + count)
    probe, tick = number % PROBES, number // PROBES
    taken = start_ms + tick * EVERY_MS + probe * 170 + rng.integers(-3, 4, count)
    celsius = 4 + probe * 2 + 1.5 * np.sin(tick / 900) + rng.normal(0, 0.05, count)
    units = (np.round(celsius / 0.0625) * 625_000).astype(np.int64)
    received = taken + rng.integers(60, 140, count)
    bad = rng.random(count) < 0.001
    columns = (column.tolist() for column in (probe, tick, taken, received, units, bad))
    return [
        Row(f"Probe-{p}", "b00t", n, t, r, None if wrong else u, "crc" if wrong else None)
        for p, n, t, r, u, wrong in zip(*columns, strict=True)
    ]


def timed(ask: Callable[[], object], times: int = 7) -> float:
    """Median milliseconds, warm."""
    ask()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        took.append((time.perf_counter() - start) * 1000)
    return sorted(took)[times // 2]


def questions(path: Path, end_ms: int, start_ms: int) -> dict[str, float]:
    """Milliseconds of each question."""
    with Reader(path) as reader:
        day = end_ms // DAY_MS * DAY_MS
        width = max((end_ms - start_ms) // 1000 // 60_000, 1) * 60_000
        first = start_ms // 60_000 * 60_000
        return {
            "last hour of all": timed(
                lambda: reader.columns(end_ms - 3_600_000, end_ms, fields=("taken_ms", "units"))
            ),
            "one, all time, 1000": timed(
                lambda: buckets_in(reader, first, end_ms // 60_000 * 60_000, width, "Probe-3")
            ),
            "daily of all, a year": timed(
                lambda: buckets_in(reader, day - 364 * DAY_MS, day + DAY_MS, DAY_MS)
            ),
            "newest": timed(reader.newest),
            "a day of one, long ago": timed(
                lambda: reader.columns(start_ms + DAY_MS, start_ms + 2 * DAY_MS, ["Probe-3"]), 3
            ),
        }


def commits(writer: Writer, now: int) -> tuple[float, float]:
    """Milliseconds of a commit of one reading and of one of ten (median of 60): submitted to acknowledged,
    without gathering."""
    took: dict[int, list[float]] = {1: [], 10: []}
    for number in range(60):
        for size, seen in took.items():
            given = [Row(f"Probe-{n}", None, None, now + number, now + number, 1, None) for n in range(size)]
            start = time.perf_counter()
            writer.store(given)
            seen.append((time.perf_counter() - start) * 1000)
    return tuple(sorted(seen)[30] for seen in took.values())  # type: ignore[return-value]


def tidy_up(path: Path, writer: Writer, *, close: bool) -> float:
    """Let roll-ups and keeper catch up; seconds it took."""
    start = time.perf_counter()
    rollups, keeper = RollUps(path, writer), Keeper(path, writer)
    with closing(open_for_reading(path)) as db:
        while rollups.step(db):
            pass
        while keeper.pack_some(db) or keeper.merge_some(db):
            pass
        stored = Stored(db, path.parent / FOLDER)
        while close and (month := due(db, stored, now_ms() - 90 * DAY_MS)):
            began = time.perf_counter()
            close_month(db, path, writer, month, lambda: False)
            say(f"  closed {month} in {time.perf_counter() - began:.1f} s")
        while keeper.drop_some(db):
            pass
    return time.perf_counter() - start


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readings", type=float, default=1e6)
    parser.add_argument("--close", action="store_true", help="close months older than 90 days at the end")
    parser.add_argument("--ask", action="store_true", help="only ask the journal that is there already")
    given = parser.parse_args()
    path = given.folder / "temphub.sqlite3"
    if given.ask:
        with Reader(path) as reader:
            start_ms, end_ms = reader.span() or (0, 0)
            say(f"{reader.count():,} readings, {size(given.folder) / reader.count():.2f} B each")
        say(
            "  ".join(f"{name} {value:.1f}" for name, value in questions(path, end_ms, start_ms).items())
            + " (ms)"
        )
        return
    total = int(given.readings)
    start_ms = now_ms() - total // PROBES * EVERY_MS
    marks = sorted({int(m * 10**p) for p in range(5, 10) for m in (1, 3) if m * 10**p <= total} | {total})
    rng = np.random.default_rng(random.Random(1).randrange(2**32))
    writer = Writer(path, gather_s=0)
    writer.start()
    stored, spent = 0, 0.0
    for mark in marks:
        while stored < mark:
            count = min(BATCH, mark - stored)
            batch = rows(stored, count, start_ms, rng)
            began = time.perf_counter()
            writer.store(batch, 60)
            spent += time.perf_counter() - began
            stored += count
            if stored % 1_000_000 == 0:
                tidy_up(path, writer, close=False)
        writer.stop()
        writer = Writer(path, gather_s=0)
        writer.start()
        tidy_up(path, writer, close=given.close and mark == total)
        end_ms = start_ms + stored // PROBES * EVERY_MS
        with Reader(path):
            asked = questions(path, end_ms, start_ms)
        one, ten = commits(writer, end_ms)
        figures = "  ".join(f"{name} {value:.1f}" for name, value in asked.items())
        per = f"{size(given.folder) / stored:5.2f} B/reading"
        say(
            f"{stored:>11,}  {per}  commit of 1 {one:.2f}, of 10 {ten:.2f} ms  stored at "
            f"{stored / spent:,.0f}/s"
        )
        say(f"{'':>11}  {figures}  (ms)")
    writer.stop()


if __name__ == "__main__":
    sys.exit(main())
