"""CSV and Parquet, read back by pandas and polars."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.conftest import T0, rows
from temphub_kernel.base.clock import iso_utc
from temphub_kernel.csvlog.lines import to_lines
from temphub_kernel.exports import make_order
from temphub_kernel.exports.order import EXCEL
from temphub_kernel.exports.work import export
from temphub_kernel.exports.zones import texts, to_local
from temphub_kernel.journal import Reader


def made(journal: Path, form: str, **order: Any) -> Path:
    out = journal.with_name(f"out.{form}")
    export(journal, make_order(form=form, **order), out, force=True)
    return out


def test_plain_csv_is_the_logs_own(journal: Path) -> None:
    """A plain CSV has the same lines as the log, sorted by time."""
    with Reader(journal) as reader:
        points = sorted(reader.after(0, 1000), key=lambda p: (p.taken_ms, p.no))
    head, *lines = made(journal, "csv").read_bytes().splitlines(keepends=True)
    assert b"".join(lines) == to_lines(points) and head == b"timestamp,local_time,probe_id,temperature_c,quality\n"


@pytest.mark.parametrize("country", sorted(EXCEL))
def test_csv_for_excel(journal: Path, country: str) -> None:
    """With the country's separator and decimal sign every number comes back the same; Excel finds a byte order mark."""
    path, (separator, point) = made(journal, "csv", excel=country), EXCEL[country]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") and path.read_bytes().count(b"\r\n") == 241
    frame = pd.read_csv(path, sep=separator, decimal=point, encoding="utf-8-sig")
    wanted = sorted(rows(), key=lambda r: r.taken_ms)
    assert [None if pd.isna(t) else round(t * 10**7) for t in frame["temperature_c"]] == [r.units for r in wanted]


def test_parquet(journal: Path) -> None:
    """UTC timestamps in milliseconds, exact values, the uncorrected value beside, faults as null with their kind; zstd."""
    path = made(journal, "parquet")
    frame = pl.read_parquet(path)
    wanted = sorted(rows(), key=lambda r: r.taken_ms)
    assert frame.schema["time"] == pl.Datetime("ms", "UTC")
    assert frame["time"].dt.timestamp("ms").to_list() == [r.taken_ms for r in wanted]
    assert frame["received"].dt.timestamp("ms").to_list() == [r.received_ms for r in wanted]
    assert frame["temperature_c"].to_list() == frame["raw_c"].to_list() == [None if r.units is None else r.units / 1e7 for r in wanted]
    assert frame["quality"].to_list() == [r.quality for r in wanted] and frame["probe_id"].to_list() == [r.probe_id for r in wanted]
    assert b"ZSTD" in path.read_bytes() or path.stat().st_size < 240 * 20


def test_every(journal: Path) -> None:
    """Buckets have the lowest, mean and highest of the readings in them, also of two probes at once."""
    frame = pl.read_parquet(made(journal, "parquet", every="5min"))
    readings = pl.read_parquet(made(journal, "parquet")).drop_nulls("temperature_c")
    starts = pl.col("time").dt.truncate("5m").alias("start")
    wanted = readings.group_by("probe_id", starts).agg(pl.min("temperature_c").alias("min_c"), pl.len().alias("count"))
    joined = frame.join(wanted, on=["probe_id", "start"], suffix="_wanted")
    assert len(frame) == len(wanted) == len(joined)
    assert (joined["min_c"] == joined["min_c_wanted"]).all() and (joined["count"] == joined["count_wanted"]).all()
    assert len(made(journal, "csv", every="5min").read_text().splitlines()) == len(frame) + 1


def test_range_and_probe(journal: Path) -> None:
    """From is in, to is out, and only the probe asked for comes."""
    start, end = T0 + 60_000, T0 + 3 * 60_000
    frame = pl.read_parquet(made(journal, "parquet", start=iso_utc(start), end=str(end), probes=["Fridge:0"]))
    assert frame["time"].dt.timestamp("ms").to_list() == [start, start + 60_000] and set(frame["probe_id"]) == {"Fridge:0"}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=30),
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_local_times(moments: list[int], zone: str) -> None:
    """A whole column's local times are what pandas says of each, in every season."""
    found = texts(to_local(np.array(moments, np.int64), zone))
    assert found == [f"{pd.Timestamp(ms, unit='ms', tz='UTC').tz_convert(zone):%Y-%m-%d %H:%M:%S}" for ms in moments]
