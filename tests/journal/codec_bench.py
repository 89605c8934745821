"""Packs and segments beside Parquet and Arrow pages of libraries, of the same blocks of readings:

    PYTHONPATH=.:tests python tests/journal/codec_bench.py [--readings 1e6]

Of each: bytes a reading, and CPU nanoseconds a reading (all threads) to write, to read back all columns, and
to read two columns of one probe of ten, per reading of that probe. Blocks are bytes in memory, as the journal
keeps them. Two kinds of readings: ten probes one after the other every two seconds; and ten that deliver a
minute at a time. Last: what a process gains that loads the library. Prints tables; no test. What was decided
by it is in docs/developing/benchmarks.md.
"""

import argparse
import io
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from analysis.answers_bench import PROBES, readings
from temphub_kernel.journal import FIELDS, NO_VALUE
from temphub_kernel.journal.columns import Batch, chosen
from temphub_kernel.journal.packed import packs, segments

ONE = 4
WANTED = ("taken_ms", "units")
NAMES = ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot", "seq")
# As a person who knows the format would have them: what goes on evenly as differences.
DELTA = dict.fromkeys(("no", "taken_ms", "delay_ms", "units", "seq"), "DELTA_BINARY_PACKED")
DICTIONARY = ["probe", "quality", "boot"]
LOADED = (
    "import sys, os; sys.argv; import numpy, sqlite3\n"
    "def pss():\n"
    "    lines = open('/proc/self/smaps_rollup')\n"
    "    return next(int(l.split()[1]) for l in lines if l.startswith('Pss:')) / 1e3\n"
    "before = pss()\n{}\nprint(round(pss() - before, 1))"
)


class Codec(NamedTuple):
    """write: a block's bytes. read: all of them again, or WANTED of a probe."""

    name: str
    block: int
    write: Callable[[Batch], bytes]
    read: Callable[[bytes, "int | None"], Any]


def in_turns(count: int) -> Batch:
    """Ten probes at two seconds, one after the other."""
    return readings(0, count, 1_795_438_440_000, np.random.default_rng(1))


def by_minutes(count: int) -> Batch:
    """The same readings as they come from probes that deliver thirty at a time."""
    batch = in_turns(count)
    order = np.lexsort((batch["seq"], batch["probe"], batch["seq"] // 30))
    batch = {**chosen(batch, order), "no": batch["no"]}
    sent = (batch["seq"] // 30 + 1) * 60_000 + 1_795_438_440_000 + batch["probe"] * 170
    return {**batch, "delay_ms": np.maximum(sent - batch["taken_ms"], 0)}


def table(batch: Batch) -> pa.Table:
    """Columns in the smallest types that hold them, probe by probe."""
    small = {"probe": pa.int32(), "boot": pa.int32(), "quality": pa.int8(), "delay_ms": pa.int64()}
    arrays = {
        name: pa.array(batch[name], mask=batch[name] == NO_VALUE).cast(small.get(name, pa.int64()))
        for name in NAMES
    }
    return pa.table(arrays)


def by_probe(batch: Batch) -> Batch:
    return chosen(batch, np.lexsort((batch["no"], batch["probe"])))


def parquet(batch: Batch, **how: Any) -> bytes:
    sink = io.BytesIO()
    # A group of rows for each probe, so that one of ten is read by itself.
    made, rows = table(by_probe(batch)), len(batch["no"])
    with pq.ParquetWriter(sink, made.schema, compression="zstd", **how) as writer:
        for start, end in spans(by_probe(batch)["probe"], rows):
            writer.write_table(made.slice(start, end - start))
    return sink.getvalue()


def spans(probe: np.ndarray, rows: int) -> list[tuple[int, int]]:
    cuts = [0, *(np.flatnonzero(np.diff(probe)) + 1).tolist(), rows]
    return list(pairwise(cuts)) if rows >= 20_000 else [(0, rows)]


def from_parquet(data: bytes, probe: int | None) -> Any:
    file = pq.ParquetFile(io.BytesIO(data))
    if probe is None:
        return file.read(use_threads=False)
    place = NAMES.index("probe")
    groups = [
        at
        for at in range(file.num_row_groups)
        if (told := file.metadata.row_group(at).column(place).statistics).min <= probe <= told.max
    ]
    found = file.read_row_groups(groups, columns=[*WANTED, "probe"], use_threads=False)
    return found.filter(pa.compute.equal(found["probe"], probe)).select(WANTED)


def polars_parquet(batch: Batch) -> bytes:
    sink = io.BytesIO()
    frame = pl.from_arrow(table(by_probe(batch)))
    size = max(len(frame) // PROBES, 1) if len(frame) >= 20_000 else len(frame)
    frame.write_parquet(sink, compression="zstd", row_group_size=size, statistics=True)  # type: ignore[union-attr]
    return sink.getvalue()


def from_polars_parquet(data: bytes, probe: int | None) -> Any:
    if probe is None:
        return pl.read_parquet(io.BytesIO(data))
    return pl.scan_parquet(io.BytesIO(data)).filter(pl.col("probe") == probe).select(WANTED).collect()


def arrow(batch: Batch, compression: str) -> bytes:
    sink, made = io.BytesIO(), table(by_probe(batch))
    options = pa.ipc.IpcWriteOptions(compression=compression, use_threads=False)
    with pa.ipc.new_file(sink, made.schema, options=options) as writer:
        for start, end in spans(by_probe(batch)["probe"], len(batch["no"])):
            writer.write_table(made.slice(start, end - start))
    return sink.getvalue()


def from_arrow(data: bytes, probe: int | None) -> Any:
    reader = pa.ipc.open_file(
        data,
        options=pa.ipc.IpcReadOptions(
            use_threads=False,
            included_fields=None if probe is None else [NAMES.index(name) for name in ("probe", *WANTED)],
        ),
    )
    if probe is None:
        return reader.read_all()
    # Groups have no statistics: with one for each probe they stand in order.
    groups = [probe - 1] if reader.num_record_batches == PROBES else range(reader.num_record_batches)
    found = pa.Table.from_batches([reader.get_batch(at) for at in groups])
    return found.filter(pa.compute.equal(found["probe"], probe)).select(WANTED)


def ours(data: bytes, probe: int | None) -> Any:
    return packs.unpack(data, FIELDS) if probe is None else packs.unpack(data, WANTED, [probe])


CODECS = (
    Codec("pack of 4,096", 4_096, packs.pack, ours),
    Codec("Parquet zstd, pyarrow", 4_096, parquet, from_parquet),
    Codec("Arrow IPC zstd", 4_096, lambda batch: arrow(batch, "zstd"), from_arrow),
    Codec("segment of 65,536", 65_536, segments.pack, ours),
    Codec("Parquet zstd, pyarrow", 65_536, parquet, from_parquet),
    Codec(
        "the same with differences",
        65_536,
        lambda batch: parquet(batch, use_dictionary=DICTIONARY, column_encoding=DELTA),
        from_parquet,
    ),
    Codec("Parquet zstd, polars", 65_536, polars_parquet, from_polars_parquet),
    Codec("Arrow IPC zstd", 65_536, lambda batch: arrow(batch, "zstd"), from_arrow),
    Codec("Arrow IPC lz4", 65_536, lambda batch: arrow(batch, "lz4"), from_arrow),
)


def cpu_ns(work: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    """(least nanoseconds of three, what came out)."""
    took, found = [], list[Any]()
    for _ in range(3):
        began = time.process_time_ns()
        found = work()
        took.append(time.process_time_ns() - began)
    return min(took), found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readings", type=float, default=1e6)
    count = int(parser.parse_args().readings) // 65_536 * 65_536
    for kind in (in_turns, by_minutes):
        batch = kind(count)
        say(f"\n{(kind.__doc__ or '').splitlines()[0]}\n")
        say("| | bytes a reading | write ns | read ns | two columns of one, ns |\n|---|---|---|---|---|")
        for codec in CODECS:
            say(f"| {codec.name} | {measured(codec, batch, count)} |")
    say("\n| loaded | MB more |\n|---|---|")
    for words in (
        "from temphub_kernel.journal.packed import packs",
        "import pyarrow.parquet",
        "import polars",
    ):
        say(f"| `{words}` | {run(LOADED.format(words))} |")


def measured(codec: Codec, batch: Batch, count: int) -> str:
    blocks = [chosen(batch, slice(at, at + codec.block)) for at in range(0, count, codec.block)]  # type: ignore[misc]
    write, bodies = cpu_ns(lambda: [codec.write(block) for block in blocks])
    read, _ = cpu_ns(lambda: [codec.read(body, None) for body in bodies])
    one, found = cpu_ns(lambda: [codec.read(body, ONE) for body in bodies])
    own = int((batch["probe"] == ONE).sum())
    assert sum(len(part["units"]) for part in found) == own
    size = sum(map(len, bodies))
    return f"{size / count:.2f} | {write / count:.0f} | {read / count:.0f} | {one / own:.0f}"


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
