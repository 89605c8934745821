"""CSV and Parquet, read back by pandas and polars."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from exports.conftest import T0, rows
from temphub_kernel.core.clock import iso_utc
from temphub_kernel.core.reading import Row
from temphub_kernel.csvlog.format import to_lines
from temphub_kernel.exports import make_order
from temphub_kernel.exports.order import EXCEL
from temphub_kernel.exports.run import export
from temphub_kernel.exports.source import texts, to_local
from temphub_kernel.journal import Reader


def made(journal: Path, form: str, **order: Any) -> Path:
    out = journal.with_name(f"out.{form}")
    export(journal, make_order(form=form, **order), out, force=True)
    return out


def test_plain_csv_is_the_logs_own(journal: Path) -> None:
    """A plain CSV has the same lines as the log, sorted by time, and the name behind each."""
    with Reader(journal) as reader:
        points = sorted(reader.after(0, 1000), key=lambda p: (p.taken_ms, p.no))
    head, *lines = made(journal, "csv").read_bytes().splitlines(keepends=True)
    as_logged = b"".join(line.rsplit(b",", 1)[0] + b"\n" for line in lines)
    assert (
        as_logged == to_lines(points)
        and head == b"timestamp,local_time,probe_id,temperature_c,quality,name\n"
    )


@pytest.mark.parametrize("country", sorted(EXCEL))
def test_csv_for_excel(journal: Path, country: str) -> None:
    """With the country's separator and decimal sign every number comes back the same; Excel finds a byte
    order mark."""
    path, (separator, point) = made(journal, "csv", excel=country), EXCEL[country]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") and path.read_bytes().count(b"\r\n") == 241
    frame = pd.read_csv(path, sep=separator, decimal=point, encoding="utf-8-sig")
    wanted = sorted(rows(), key=lambda r: r.taken_ms)
    assert [None if pd.isna(t) else round(t * 10**7) for t in frame["temperature_c"]] == [
        r.units for r in wanted
    ]


def test_parquet(journal: Path) -> None:
    """UTC timestamps in microseconds by time, exact values, the uncorrected value beside, faults as null with
    their kind; zstd."""
    path = made(journal, "parquet")
    frame = pl.read_parquet(path)
    wanted = sorted(rows(), key=lambda r: r.taken_ms)
    assert frame.schema["time"] == pl.Datetime("us", "UTC")
    assert frame["time"].dt.timestamp("ms").to_list() == [r.taken_ms for r in wanted]
    assert frame["received"].dt.timestamp("ms").to_list() == [r.received_ms for r in wanted]
    assert (
        frame["temperature_c"].to_list()
        == frame["raw_c"].to_list()
        == [None if r.units is None else r.units / 1e7 for r in wanted]
    )
    assert frame["quality"].to_list() == [r.quality for r in wanted] and frame["probe_id"].to_list() == [
        r.probe_id for r in wanted
    ]
    group = pq.ParquetFile(path).metadata.row_group(0)
    assert {group.column(at).compression for at in range(group.num_columns)} == {"ZSTD"}


def test_every(journal: Path) -> None:
    """Buckets have the lowest, mean and highest of the readings in them, also of two probes at once."""
    frame = pl.read_parquet(made(journal, "parquet", every="5min"))
    readings = pl.read_parquet(made(journal, "parquet")).drop_nulls("temperature_c")
    starts = pl.col("time").dt.truncate("5m").alias("start")
    wanted = readings.group_by("probe_id", starts).agg(
        pl.min("temperature_c").alias("min_c"), pl.len().alias("count")
    )
    joined = frame.join(wanted, on=["probe_id", "start"], suffix="_wanted")
    assert len(frame) == len(wanted) == len(joined)
    assert (joined["min_c"] == joined["min_c_wanted"]).all() and (
        joined["count"] == joined["count_wanted"]
    ).all()
    assert len(made(journal, "csv", every="5min").read_text().splitlines()) == len(frame) + 1


def test_a_days_export_is_that_day(make_journal: Callable[[list[Row]], Path]) -> None:
    """A day asked for in Berlin is one row, that day's: its own highest, as many readings as it has; nothing
    beside it comes along."""
    zone = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 7, 1, tzinfo=zone).timestamp()) * 1000
    given = []
    for ms in range(first, first + 4 * 86_400_000, 600_000):
        local = datetime.fromtimestamp(ms / 1000, zone)
        celsius = 10 + local.day if (local.hour, local.minute) == (0, 30) else 4
        given.append(Row("fridge", None, None, ms, ms + 40, celsius * 10**7, None))
    path = make_journal(given)
    day = pl.read_parquet(
        made(path, "parquet", every="1d", zone="Europe/Berlin", start="2026-07-02", end="2026-07-03")
    )
    assert day.select("max_c", "count").rows() == [(12.0, 144)]
    assert day["start"].dt.timestamp("ms").to_list() == [first + 86_400_000]
    lines = (
        made(path, "csv", every="1d", zone="Europe/Berlin", start="2026-07-02", end="2026-07-03")
        .read_text()
        .splitlines()
    )
    assert len(lines) == 2 and lines[1].split(",")[1] == "2026-07-02 00:00:00"
    hours = pl.read_parquet(
        made(
            path, "parquet", every="1h", zone="Asia/Kolkata", start="2026-07-02T00:30", end="2026-07-02T03:30"
        )
    )
    assert hours["count"].to_list() == [3, 6, 6, 3]
    local = hours["start"].dt.convert_time_zone("Asia/Kolkata").dt.strftime("%H:%M").to_list()
    assert local == ["00:00", "01:00", "02:00", "03:00"]


def test_a_mean_is_one_over_time(make_journal: Callable[[list[Row]], Path]) -> None:
    """An hour read each minute at first and each second at last: every form has the mean of its time, the
    workbook's overview, too."""
    hour = T0 // 3_600_000 * 3_600_000
    seconds = (*range(0, 3000, 60), *range(3000, 3600))
    path = make_journal(
        [
            Row("a", None, None, hour + s * 1000, hour + s * 1000, -(2 if s < 3000 else 1) * 10**8, None)
            for s in seconds
        ]
    )
    assert pl.read_parquet(made(path, "parquet", every="1h"))["mean_c"].to_list() == pytest.approx([-55 / 3])
    assert float(
        made(path, "csv", every="1h", zone="UTC").read_text().splitlines()[1].split(",")[4]
    ) == pytest.approx(-55 / 3)
    for every in ("", "1min", "1h"):
        overview = openpyxl.load_workbook(made(path, "xlsx", every=every))["Overview"]
        row = next(row for row in overview.iter_rows(values_only=True) if row[0] == "a")
        assert row[5] == pytest.approx(-55 / 3, abs=0.02)


def test_range_and_probe(journal: Path) -> None:
    """From is in, to is out, and only the probe asked for comes."""
    start, end = T0 + 60_000, T0 + 3 * 60_000
    frame = pl.read_parquet(made(journal, "parquet", start=iso_utc(start), end=str(end), probes=["Fridge:0"]))
    assert frame["time"].dt.timestamp("ms").to_list() == [start, start + 60_000] and set(
        frame["probe_id"]
    ) == {"Fridge:0"}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=30),
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_local_times(moments: list[int], zone: str) -> None:
    """A whole column's local times are what pandas says of each, in every season."""
    found = texts(to_local(np.array(moments, np.int64), zone))
    assert found == [
        f"{pd.Timestamp(ms, unit='ms', tz='UTC').tz_convert(zone):%Y-%m-%d %H:%M:%S}" for ms in moments
    ]
