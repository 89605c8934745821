"""A process of its own that writes one closed month's Parquet file.

`python -m temphub_kernel.journal.archive.month_file JOURNAL MONTH FILE`. Says on its standard output, as
JSON, what it wrote after having read it back: readings, oldest_ms, newest_ms, first_no, last_no, upto,
sha256.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from ...core import DAY_MS, JUNCTION_PER_C, UNITS_PER_C, TempHubError, end_with_input, sync_folder
from .. import blocks, schema
from ..columns import FIELDS, JUNCTION, NO_VALUE, QUALITY, Batch, Ints, chosen, joined
from . import closing, sidecar

# What pandas, DuckDB and the rest filter by a moment of any zone; of milliseconds some of them do not.
TIME = pl.Datetime("us", "UTC")
SCHEMA = pl.Schema(
    {
        "no": pl.Int64(),
        "probe_id": pl.String(),
        "time": TIME,
        "received": TIME,
        "raw_c": pl.Float64(),
        "quality": pl.String(),
        "boot": pl.String(),
        "seq": pl.Int64(),
        "chip_c": pl.Float64(),
        "cold_c": pl.Float64(),
    }
)
# Small enough that a day is found without reading the month.
GROUP_ROWS = 100_000
FROM_JOURNAL = (*FIELDS, *JUNCTION)


def write(journal: Path, month: str, target: Path) -> dict[str, Any]:
    """Write, sync, read back and name the file; raises TempHubError, OSError or a polars error with nothing
    under its name."""
    # Polars pulls the days in a thread of its own, while this one waits.
    db = schema.open_for_reading(journal, one_thread=False)
    try:
        source = _Month(db, journal.parent, month)
        aside = target.with_name(f"{target.name}{sidecar.UNFINISHED}")
        if not target.parent.exists():
            target.parent.mkdir(parents=True)
            sync_folder(target.parent.parent)
        frame = register_io_source(lambda *_: source.days(), schema=SCHEMA, is_pure=True)
        frame.sink_parquet(
            aside, compression="zstd", row_group_size=GROUP_ROWS, statistics=True, maintain_order=True
        )
        with aside.open("r+b") as file:
            os.fsync(file.fileno())
        found = _compared(source, aside)
        if not found["readings"]:
            aside.unlink()
            return found
        with aside.open("rb") as file:
            found["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        aside.replace(target)
        # The journal lets go of the readings next: their file's name must outlast a power cut, too.
        sync_folder(target.parent)
        return found
    finally:
        db.close()


class _Month:
    """A month's readings, a day after the other; only one day is in memory."""

    def __init__(self, db: Any, folder: Path, month: str) -> None:
        self._db, self._month = db, month
        self._stored = blocks.Stored(db, folder)
        self._ids = dict(db.execute("SELECT no, id FROM probes"))
        self._boots = dict(db.execute("SELECT no, boot FROM boots"))
        self._blocks = [(block, *self._span(block)) for block in closing.packed_blocks(db, month)]
        self.upto = max((block for block, _, _ in self._blocks), default=0)

    def batches(self) -> Iterator[Batch]:
        """Each day's readings by time, as tools expect of a series."""
        start, end = closing.bounds(self._month)
        for day in range(start, end, DAY_MS):
            hit = [
                self._stored.block(block, FROM_JOURNAL)
                for block, low, high in self._blocks
                if high >= day and low < day + DAY_MS
            ]
            batch = joined(hit, FROM_JOURNAL)
            batch = chosen(
                batch, closing.in_month(batch, self._month) & (batch["taken_ms"] // DAY_MS == day // DAY_MS)
            )
            if len(batch["no"]):
                yield chosen(batch, np.lexsort((batch["no"], batch["taken_ms"])))

    def days(self) -> Iterator[pl.DataFrame]:
        """The same as they stand in the file."""
        for batch in self.batches():
            yield self.frame(batch)

    def frame(self, batch: Batch) -> pl.DataFrame:
        """A batch as it stands in the file."""
        texts = {
            "probe_id": ("probe", self._ids),
            "boot": ("boot", self._boots),
            "quality": ("quality", dict(enumerate(QUALITY))),
        }
        named = {
            name: pl.Series(name, batch[column]).replace_strict(known, default=None, return_dtype=pl.String)
            for name, (column, known) in texts.items()
        }
        columns = {
            **named,
            "no": pl.Series("no", batch["no"]),
            "time": pl.Series("time", batch["taken_ms"] * 1000).cast(TIME),
            "received": pl.Series("received", (batch["taken_ms"] + batch["delay_ms"]) * 1000).cast(TIME),
            "raw_c": _celsius(batch["units"], UNITS_PER_C),
            "chip_c": _celsius(batch["chip"], JUNCTION_PER_C),
            "cold_c": _celsius(batch["cold"], JUNCTION_PER_C),
            "seq": pl.Series("seq", batch["seq"]).set(pl.Series(batch["seq"] < 0), None),
        }
        return pl.DataFrame([columns[name].rename(name) for name in SCHEMA])

    def _span(self, block: int) -> tuple[int, int]:
        found: tuple[int, int] = self._db.execute(
            "SELECT oldest_ms, newest_ms FROM blocks WHERE block=?", (block,)
        ).fetchone()
        return found


def _celsius(values: Ints, per_c: int) -> pl.Series:
    good = values != NO_VALUE
    return pl.Series(np.where(good, values / per_c, 0.0)).set(pl.Series(~good), None)


def _compared(source: _Month, aside: Path) -> dict[str, Any]:
    """What is in the file, once every day of it was found equal to the journal. Raises TempHubError when it
    is not."""
    nos: list[int] = []
    times: list[int] = []
    readings = 0
    stored = pl.scan_parquet(aside)
    for batch in source.batches():
        frame = source.frame(batch)
        if not stored.slice(readings, len(frame)).collect().equals(frame, null_equal=True):
            raise TempHubError(
                "What was written differs from the journal.", "Check the disk; it is tried again by itself."
            )
        readings += len(frame)
        nos += [int(batch["no"].min()), int(batch["no"].max())]
        times += [int(batch["taken_ms"].min()), int(batch["taken_ms"].max())]
    if readings != stored.select(pl.len()).collect().item():
        raise TempHubError(
            "More was written than the journal holds.", "Check the disk; it is tried again by itself."
        )
    found = {"readings": readings, "upto": source.upto, "sha256": ""}
    found |= {"oldest_ms": min(times, default=0), "newest_ms": max(times, default=0)}
    return {**found, "first_no": min(nos, default=0), "last_no": max(nos, default=0)}


if __name__ == "__main__":
    end_with_input()
    print(json.dumps(write(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))  # noqa: T201
