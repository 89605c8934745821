"""How long answers from millions of readings take, by this tree and by the build before:

    PYTHONPATH=.:tests python tests/analysis/answers_bench.py FOLDER [--readings 1e7] [--against COMMIT]
    [--runs 3] [--close]

FOLDER gets the journal (80 MB for ten million), once; a second call asks again. The build before (any commit,
or the folder of another tree) writes it, this tree takes over a copy and tidies it up as the hub does. Then
both are asked by turns, each in a process of its own, warm; medians. Answers must be equal to the last bit.
--close: months older than 90 days are moved to their files. Prints a table; no test.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

HERE = Path(__file__).parents[2]
PROBES, EVERY_MS, DAY_MS, PIECE = 10, 2_000, 86_400_000, 500_000
JOURNAL = "temphub.sqlite3"
WORDS = {
    "load": "th.load(tidy=True), s",
    "memory": "its peak, as many times the frame",
    "scan": "th.scan mean by probe, s",
    "streaming": "the same by the streaming engine, s",
    "day": "a day of one probe long ago, ms",
    "buckets": "one probe, all time, 1,000 buckets, ms",
}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def readings(first: int, count: int, start_ms: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """As in scale_bench: ten probes in turns, slow swings, noise of a sixteenth of a degree, jitter, one in a
    thousand bad."""
    from temphub_kernel.journal import CODE, NO_VALUE

    number = np.arange(first, first + count)
    probe, tick = number % PROBES, number // PROBES
    celsius = 4 + probe * 2 + 1.5 * np.sin(tick / 900) + rng.normal(0, 0.05, count)
    bad = rng.random(count) < 0.001
    return {
        "no": number + 1,
        "probe": probe + 1,
        "taken_ms": start_ms + tick * EVERY_MS + probe * 170 + rng.integers(-3, 4, count),
        "delay_ms": rng.integers(60, 140, count),
        "units": np.where(bad, NO_VALUE, (np.round(celsius / 0.0625) * 625_000).astype(np.int64)),
        "quality": np.where(bad, CODE["crc"], 0),
        "boot": probe + 1,
        "seq": tick,
    }


def make(folder: Path, total: int) -> None:
    """A journal as a hub has it, but for what is still to be tidied up."""
    from temphub_kernel.core.clock import now_ms
    from temphub_kernel.journal import Writer, batches
    from temphub_kernel.journal.schema import open_for_writing
    from temphub_kernel.journal.summary import Summary

    path, rng = folder / JOURNAL, np.random.default_rng(1)
    start_ms = now_ms() - total // PROBES * EVERY_MS
    with closing(open_for_writing(path)) as db:
        db.execute("PRAGMA synchronous=OFF")
        for no in range(1, PROBES + 1):
            db.execute(
                "INSERT INTO probes (no, id, first_ms) VALUES (?, ?, ?)", (no, f"Probe-{no}", start_ms)
            )
            db.execute("INSERT INTO boots (no, probe, boot) VALUES (?, ?, 'b00t')", (no, no))
        for first in range(0, total, PIECE):
            batch = readings(first, min(PIECE, total - first), start_ms, rng)
            db.execute("BEGIN")
            batches.store(db, batch)
            struck = np.zeros(len(batch["no"]), np.bool_)
            Summary(batch, batch["units"], struck).apply(db)
            db.execute("COMMIT")
    # It then says what it knows of repeats, so that what is packed may go.
    for _ in range(2):
        writer = Writer(path, gather_s=0)
        writer.start()
        assert writer.stop(600)


def tidy(folder: Path, *, close: bool) -> None:
    """What the keeper does behind the recording."""
    from temphub_kernel.core.clock import now_ms
    from temphub_kernel.journal import Keeper, Writer
    from temphub_kernel.journal.archive.closing import close_month, due
    from temphub_kernel.journal.archive.months import FOLDER
    from temphub_kernel.journal.blocks import Stored
    from temphub_kernel.journal.schema import open_for_reading

    path = folder / JOURNAL
    writer = Writer(path, gather_s=0)
    writer.start()
    keeper, began = Keeper(path, writer), time.monotonic()
    with closing(open_for_reading(path)) as db:
        # Builds before 0.4.0 had neither segments nor packed minutes.
        later = (getattr(keeper, name, keeper.drop_some) for name in ("merge_some", "pack_minutes"))
        # Builds before 0.4.0 packed one block at a time.
        pack = getattr(keeper, "pack_some", None) or keeper.pack_one
        for step in (pack, *later, keeper.drop_some):
            while step(db):
                pass
        stored = Stored(db, path.parent / FOLDER)
        while close and (month := due(db, stored, now_ms() - 90 * DAY_MS)):
            close_month(db, path, writer, month, lambda: False)
        while keeper.drop_some(db):
            pass
        # Builds before 0.4.0 have no segments beside their months.
        while close and getattr(keeper, "set_beside", keeper.drop_some)(db):
            pass
    assert writer.stop(600)
    with closing(open_for_writing_of(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    say(f"tidied up in {time.monotonic() - began:.0f} s")


def open_for_writing_of(path: Path):  # type: ignore[no-untyped-def]
    from temphub_kernel.journal.schema import open_for_writing

    return open_for_writing(path)


def timed(ask: Callable[[], object], times: int) -> float:
    """Median seconds, warm."""
    ask()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def status(name: str) -> int:
    """A line of /proc/self/status in bytes; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def ask(folder: Path) -> dict[str, object]:
    """What a process of this tree measures, and a mark of each answer."""
    import polars as pl

    import temphub_kernel as th
    from temphub_kernel.journal import Reader

    def mean(engine: str) -> "pl.DataFrame":
        by = th.scan(data_dir=folder).group_by("probe_id").agg(pl.col("temperature_c").mean())
        return by.collect(engine=engine).sort("probe_id")

    found: dict[str, object] = {}
    with Reader(folder / JOURNAL) as reader:
        start_ms, end_ms = reader.span() or (0, 0)
        minutes = (start_ms // 60_000 * 60_000, end_ms // 60_000 * 60_000)
        width = max((end_ms - start_ms) // 1000 // 60_000, 1) * 60_000
        day = (start_ms + DAY_MS, start_ms + 2 * DAY_MS, ["Probe-3"])
        found["day"] = 1000 * timed(lambda: reader.columns(*day), 7)
        found["buckets"] = 1000 * timed(lambda: reader.steps(*minutes, width, "Probe-3"), 7)
        marks = [mark(reader.columns(*day)[1:]), mark(reader.steps(*minutes, width, "Probe-3")[1][:7])]
    frame = th.load(tidy=True, data_dir=folder)
    marks += [mark([frame[name].to_numpy() for name in ("temperature_c",)])]
    marks += [mark([frame[name].astype("int64").to_numpy() for name in ("time", "received")])]
    marks += [mark([frame[name].cat.codes.to_numpy() for name in ("probe_id", "quality")])]
    rows, size = len(frame), int(frame.memory_usage(deep=False).sum())
    del frame
    try:
        # The largest so far begins anew.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        size = 0
    before = status("VmRSS")
    frame = th.load(tidy=True, data_dir=folder)
    found["memory"] = (status("VmHWM") - before) / size if size else 0.0
    del frame
    found["load"] = timed(lambda: th.load(tidy=True, data_dir=folder), 3)
    found["scan"] = timed(lambda: mean("auto"), 3)
    found["streaming"] = timed(lambda: mean("streaming"), 3)
    return {**found, "rows": rows, "marks": marks}


def mark(columns: "object") -> str:
    """One text for columns that are equal to the last bit."""
    made = hashlib.sha256()
    for column in columns:  # type: ignore[attr-defined]
        made.update(np.ascontiguousarray(column).tobytes())
    return made.hexdigest()[:12]


def run(tree: Path, *words: str) -> str:
    """What this program says when a tree's code runs it."""
    env = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{HERE / 'tests'}", "TZ": "Europe/Berlin"}
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), *words],
        env=env,
        cwd=tree,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readings", type=float, default=1e7)
    parser.add_argument("--against", default="ba4125d")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--close", action="store_true")
    parser.add_argument("--step", choices=("make", "tidy", "ask"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "make":
        make(given.folder, int(given.readings))
    elif given.step == "tidy":
        tidy(given.folder, close=given.close)
    elif given.step == "ask":
        sys.stdout.write(json.dumps(ask(given.folder)))
    else:
        compare(given)


def compare(given: argparse.Namespace) -> None:
    from benchmarks.__main__ import tree_of

    with tree_of(given.against) as before:
        trees = {
            "this tree": (HERE, given.folder / "after"),
            given.against: (before, given.folder / "before"),
        }
        close = ("--close",) if given.close else ()
        if not given.folder.exists():
            old = given.folder / "before"
            old.mkdir(parents=True)
            run(before, str(old), "--step", "make", "--readings", str(given.readings))
            run(before, str(old), "--step", "tidy", *close)
            shutil.copytree(old, given.folder / "after")
            say(run(HERE, str(given.folder / "after"), "--step", "tidy", *close).strip())
        asked: dict[str, list[dict[str, object]]] = {name: [] for name in trees}
        for _ in range(given.runs):
            for name, (tree, folder) in trees.items():
                asked[name].append(json.loads(run(tree, str(folder), "--step", "ask")))
    told = asked["this tree"][0]
    equal = all(one["marks"] == told["marks"] for runs in asked.values() for one in runs)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    say(f"{told['rows']:,} readings; answers {'equal to the last bit' if equal else 'DIFFER'}; {machine}")
    say(f"load {', '.join(f'{one:.1f}' for one in os.getloadavg())}\n")
    say(f"| | {' | '.join(trees)} | times |\n|---|{'---|' * len(trees)}---|")
    for key, words in WORDS.items():
        medians = [statistics.median(float(str(one[key])) for one in runs) for runs in asked.values()]
        say(f"| {words} | {' | '.join(f'{one:.2f}' for one in medians)} | {medians[1] / medians[0]:.1f} |")
    for name, (_, folder) in trees.items():
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        say(f"{name}: {size / int(str(told['rows'])):.2f} bytes a reading, roll-ups included")


if __name__ == "__main__":
    main()
