"""Writes a Parquet file of imported readings, in the form of closed months. The process that imports."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core import UNITS_PER_C, UNKNOWN_DELAY_MS, TempHubError
from ..columns import NO_VALUE, QUALITY, Batch, Ints
from .month_file import GROUP_ROWS, SCHEMA, TIME


def write(target: Path, probes: list[str], batch: Batch, first_no: int) -> dict[str, Any]:
    """Write readings (probe: place in `probes`, taken_ms, units, quality; in any order), by time, numbered
    from `first_no` on; what the journal has to know of the file. Synced and read back.

    When they came in is not known. Raises OSError, a polars error, or TempHubError when what is read back
    differs.
    """
    order = np.argsort(batch["taken_ms"], kind="stable")
    taken_ms, units = batch["taken_ms"][order], batch["units"][order]
    good, count = units != NO_VALUE, len(order)
    none = pl.Series([None], dtype=pl.String).new_from_index(0, count)
    columns = {
        "no": pl.Series(np.arange(first_no, first_no + count)),
        "probe_id": _texts(batch["probe"][order], dict(enumerate(probes))),
        "time": pl.Series(taken_ms * 1000).cast(TIME),
        "received": pl.Series((taken_ms + UNKNOWN_DELAY_MS) * 1000).cast(TIME),
        "raw_c": pl.Series(np.where(good, units / UNITS_PER_C, 0.0)).set(pl.Series(~good), None),
        "quality": _texts(batch["quality"][order], dict(enumerate(QUALITY))),
        "boot": none,
        "seq": none.cast(pl.Int64),
        "chip_c": none.cast(pl.Float64),
        "cold_c": none.cast(pl.Float64),
    }
    frame = pl.DataFrame([columns[name].rename(name) for name in SCHEMA])
    # Written here and not there: what the disk says is then told as what it is.
    body = io.BytesIO()
    frame.write_parquet(body, compression="zstd", row_group_size=GROUP_ROWS, statistics=True)
    with target.open("wb") as file:
        file.write(body.getbuffer())
        file.flush()
        os.fsync(file.fileno())
    if not pl.read_parquet(target).equals(frame, null_equal=True):
        raise TempHubError("What was written differs from what was read.", "Check the disk and try again.")
    with target.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    told = {"file": target.name, "readings": count, "sha256": sha256}
    told |= {"oldest_ms": int(taken_ms[0]), "newest_ms": int(taken_ms[-1])}
    return {**told, "first_no": first_no, "last_no": first_no + count - 1}


def _texts(codes: "np.ndarray[Any, np.dtype[np.int64]]", names: dict[int, str | None]) -> pl.Series:
    texts = pl.Series(list(names.values()), dtype=pl.String)
    return texts.gather(codes)


def moments(path: Path, places: dict[str, int]) -> "tuple[Ints, Ints]":
    """(place of the probe, taken_ms) of what such a file has. places: of each id."""
    found = pl.read_parquet(path, columns=["probe_id", "time"])
    probe = found["probe_id"].replace_strict(places, default=-1, return_dtype=pl.Int64).to_numpy()
    return probe, found["time"].dt.epoch("ms").to_numpy()
