"""What a merge costs: `PYTHONPATH=.:tests python tests/journal/merge_bench.py [HOURS]`. Prints a table; no
test.

The same readings of ten probes at 2 s, once each from one device, once each from two of which the newer one
counts as the older one: questions to the one journal and to the other in turn, so that a busy computer slows
both alike, and the ratio of their medians.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from journal.journal_harness import T0, Journal, journal, pack_all
from support.rows import buckets_in, calendar_buckets_in, points_in
from temphub_kernel.analysis import load, scan
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Reader, WallClock, merge
from temphub_kernel.journal.schema import BLOCK_ROWS

PROBES, EVERY_MS, HOUR_MS = 10, 2_000, 3_600_000
TIMES = 9


def fill(j: Journal, hours: int, devices: int) -> None:
    """Readings up to T0; with two devices the second one delivers the later half, and counts as the first."""
    rng = np.random.default_rng(1)
    ticks = hours * HOUR_MS // EVERY_MS
    for first in range(0, ticks, 2_000):
        rows = []
        for tick in range(first, min(first + 2_000, ticks)):
            at = T0 - (ticks - tick) * EVERY_MS
            for probe in range(PROBES):
                device = f"P{probe}" if devices == 1 or tick < ticks // 2 else f"New{probe}"
                rows.append(
                    Row(
                        device,
                        "boot",
                        tick,
                        at + probe * 150,
                        at + probe * 150 + 70,
                        int(rng.integers(0, 10**9)),
                        None,
                    )
                )
        j.writer.store(rows, 60)
    j.roll_up()
    pack_all(j)
    if devices > 1:
        for probe in range(PROBES):
            merge(j.writer, f"New{probe}", f"P{probe}")


def questions(path: Path, reader: Reader, hours: int) -> dict[str, Callable[[], object]]:
    """What pages, exports and analysts ask."""
    begin, end = T0 - hours * HOUR_MS, T0
    middle = (begin + end) // 2
    clock = WallClock(HOUR_MS, ZoneInfo("Europe/Berlin"), begin, begin, end)
    last = reader.count()
    return {
        "an hour of all, columns": lambda: reader.columns(middle - HOUR_MS // 2, middle + HOUR_MS // 2),
        "an hour of one, points": lambda: points_in(
            reader, middle - HOUR_MS // 2, middle + HOUR_MS // 2, "P3"
        ),
        "all of one, columns": lambda: reader.columns(begin, end, ["P3"]),
        "all of all, stream": lambda: sum(len(piece) for piece in reader.stream(begin, end)),
        "all of one, 1,000 buckets": lambda: buckets_in(
            reader, begin, end, max(hours * HOUR_MS // 1000 // 60_000, 1) * 60_000, "P3"
        ),
        "all of all, hours": lambda: buckets_in(reader, begin, end, HOUR_MS),
        "calendar hours of one": lambda: calendar_buckets_in(reader, begin, end, clock, "P3"),
        "figures of one": lambda: reader.figures(begin, end, "P3"),
        "figures of all": lambda: reader.figures(begin, end),
        "newest": reader.newest,
        "probes": reader.probes,
        "follow 2,000": lambda: reader.after(last - 2_000, 2_000),
        "th.load": lambda: load(data_dir=path.parent),
        "th.load(tidy)": lambda: load(tidy=True, data_dir=path.parent),
        "th.scan().collect()": lambda: scan(data_dir=path.parent).collect(),
        "th.scan(names).collect()": lambda: scan(names=True, data_dir=path.parent).collect(),
    }


def main() -> None:
    hours = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        journal(Path(one)) as a,
        journal(Path(two)) as b,
    ):
        fill(a, hours, 1)
        fill(b, hours, 2)
        sys.stdout.write(f"{hours * HOUR_MS // EVERY_MS * PROBES:,} readings, blocks of {BLOCK_ROWS}\n")
        with Reader(a.path) as plain, Reader(b.path) as merged:
            asked = zip(
                questions(a.path, plain, hours).items(),
                questions(b.path, merged, hours).values(),
                strict=True,
            )
            for (name, ask), other in asked:
                took: tuple[list[float], list[float]] = ([], [])
                for turn in range(TIMES + 1):
                    for seen, call in zip(took, (ask, other), strict=True):
                        began = time.process_time()
                        call()
                        if turn:
                            seen.append((time.process_time() - began) * 1000)
                ours, theirs = (sorted(seen)[TIMES // 2] for seen in took)
                sys.stdout.write(
                    f"{name:28s}{ours:9.2f} ms{theirs:9.2f} ms merged   × {theirs / max(ours, 1e-9):.2f}\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
