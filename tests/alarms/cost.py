"""What rules cost: the Evaluator, and reading its columns from a journal, as parts of a core. Used by
alarms_bench.py."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from temphub_kernel.alarms import Evaluator, Rule, Sickness, Watch
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Reader, Writer

EVERY_MS, SECONDS = 2_000, 20
BLOCK = 20_000
ROUNDS_A_SECOND = 2
FIELDS = ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot")
START_MS = 1_795_000_000_000


def cost(folder: Path) -> Iterator[str]:
    """10,000 rules at one reading each 2 s, spread over many probes and over few."""
    for probes, each in ((10_000, 1), (2_500, 4), (250, 40)):
        yield _measured(folder / f"of-{probes}" / "temphub.sqlite3", probes, each)


def _measured(path: Path, probes: int, each: int) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Writer(path, gather_s=0)
    writer.start()
    stream = _stream(probes)
    writer.store(next(stream), 60)
    with Reader(path) as reader:
        numbers = [int(no) for no in reader.behind(0, probes, fields=("probe",)).probe]
        rules = [
            Rule.from_json({"kind": "above", "limit_c": 8 + n / 8, "delay_min": 10}, no=n + 1)
            for n in range(each)
        ]
        engine = Evaluator([Watch(rule, no, EVERY_MS) for no in numbers for rule in rules])
        silent = Rule.from_json({"kind": "silent"}, no=each + 1)
        sickness = Sickness([Watch(silent, no, EVERY_MS) for no in numbers])
        spent, told, at, now_ms = np.zeros(3), 0, 0, START_MS
        for _ in range(SECONDS * ROUNDS_A_SECOND):
            now_ms += 1000 // ROUNDS_A_SECOND
            began = time.thread_time()
            found = reader.behind(at, BLOCK, fields=FIELDS)
            read = time.thread_time()
            told += len(engine.take(found.probe, found.taken_ms, found.received_ms, found.celsius, now_ms))
            told += len(engine.tick(now_ms))
            judged = time.thread_time()
            columns = (
                found.probe,
                found.taken_ms,
                found.received_ms,
                found.celsius,
                found.quality,
                found.boot,
            )
            told += len(sickness.take(*columns, now_ms)) + len(sickness.tick(now_ms))
            spent += np.diff([began, read, judged, time.thread_time()])
            at = int(found.no[-1])
            writer.store(next(stream), 60)
        began = time.thread_time()
        size_b, state_s = len(json.dumps(engine.state())), time.thread_time() - began
    writer.stop()
    shares = ", ".join(
        f"{name} {share:.2f} %"
        for name, share in zip(("columns", "rules", "silence"), 100 * spent / SECONDS, strict=True)
    )
    return (
        f"{probes:>6,} probes × {each} rules: {shares} of a core; state {size_b / 1e3:.0f} kB in "
        f"{1000 * state_s:.0f} ms; told {told}"
    )


def _stream(probes: int) -> Iterator[list[Row]]:
    """All probes once, then those of each half second; one in twenty probes is above its limit."""
    rng = np.random.default_rng(1)
    yield [
        Row(f"P-{n}", "b00t", 0, START_MS - 2 * EVERY_MS, START_MS - 2 * EVERY_MS + 80, 50_000_000, None)
        for n in range(probes)
    ]
    parts = EVERY_MS * ROUNDS_A_SECOND // 1000
    for turn in itertools.count():
        whose = np.arange(turn % parts, probes, parts)
        celsius = np.round((5 + 4.0 * (whose % 20 == 0) + rng.normal(0, 0.06, len(whose))) * 16) * 625_000
        taken = START_MS + turn * 1000 // ROUNDS_A_SECOND + rng.integers(0, 20, len(whose))
        rows = zip(whose.tolist(), taken.tolist(), celsius.astype(int).tolist(), strict=True)
        yield [Row(f"P-{n}", "b00t", turn + 1, ms, ms + 80, units, None) for n, ms, units in rows]
