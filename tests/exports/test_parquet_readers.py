"""Parquet files in the hands of other libraries: exports, and the files of closed months."""

import hashlib
from collections.abc import Callable
from datetime import timezone
from pathlib import Path

import dask.dataframe
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.dataset
import pyarrow.parquet
import pytest

from journal.journal_harness import T0, close_months, journal, pack_all
from support.waiting import PATIENCE_S
from temphub_kernel.analysis import load
from temphub_kernel.core.reading import Row
from temphub_kernel.exports import make_order
from temphub_kernel.exports.run import export
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.schema import BLOCK_ROWS

DAY_MS = 86_400_000
START = T0 - 60 * DAY_MS
READINGS = BLOCK_ROWS
# So many of them lie at or behind the moment that is asked for.
MOMENT, BEHIND = START + 1_000_000, READINGS - 1000

Count = Callable[[Path, pd.Timestamp], int]


def _duckdb(path: Path, moment: pd.Timestamp) -> int:
    with duckdb.connect() as db:
        return int(
            db.execute(
                "SELECT count(*) FROM read_parquet(?) WHERE time >= ?", [str(path), moment.to_pydatetime()]
            ).fetchone()[0]
        )


def _dask(path: Path, moment: pd.Timestamp) -> int:
    filtered = dask.dataframe.read_parquet(path, filters=[("time", ">=", moment)]).compute(
        scheduler="synchronous"
    )
    frame = dask.dataframe.read_parquet(path)
    compared = frame[frame["time"] >= moment].compute(scheduler="synchronous")
    assert len(filtered) == len(compared)
    return len(filtered)


READERS: dict[str, Count] = {
    "pandas": lambda path, moment: len(pd.read_parquet(path, filters=[("time", ">=", moment)])),
    "pandas in memory": lambda path, moment: int((pd.read_parquet(path)["time"] >= moment).sum()),
    "polars": lambda path, moment: (
        pl.scan_parquet(path)
        .filter(pl.col("time") >= moment.to_pydatetime().astimezone(timezone.utc))
        .collect()
        .height
    ),
    "duckdb": _duckdb,
    "dask": _dask,
    "pyarrow": lambda path, moment: (
        pyarrow.dataset.dataset(path)
        .to_table(filter=pyarrow.dataset.field("time") >= moment.to_pydatetime())
        .num_rows
    ),
    "pyarrow.parquet": lambda path, moment: (
        pyarrow.parquet.read_table(path, filters=[("time", ">=", moment)]).num_rows
    ),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An export and a closed month of the same readings: two probes in turn, one each second, delivered probe
    by probe."""
    folder = tmp_path_factory.mktemp("parquet")
    given = [
        Row("ab"[n % 2], None, None, START + n * 1000, START + n * 1000 + 70, n * 1_000_000, None)
        for n in range(READINGS)
    ]
    with journal(folder) as j:
        j.writer.store(sorted(given, key=lambda row: row.probe_id))
        j.writer.store([Row("a", None, None, T0 + n, T0 + n, 0, None) for n in range(2 * BLOCK_ROWS)])
        j.roll_up()
        pack_all(j)
        assert len(close_months(j, T0)) == 1
        export(j.path, make_order(form="parquet", end=str(T0 - DAY_MS)), folder / "export.parquet")
    (month,) = (folder / FOLDER).glob("*.parquet")
    return {"export": folder / "export.parquet", "month": month}


# dask meets a deprecation of its pandas; it is dask's to mend.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("which", ["export", "month"])
def test_filtered_by_a_moment_of_any_zone(files: dict[str, Path], which: str, reader: str, zone: str) -> None:
    """pandas, polars, DuckDB, dask and pyarrow read the file and filter it by a moment of any zone."""
    assert READERS[reader](files[which], pd.Timestamp(MOMENT, unit="ms", tz=zone)) == BEHIND


@pytest.mark.parametrize("which", ["export", "month"])
def test_by_time_in_microseconds(files: dict[str, Path], which: str) -> None:
    """Rows are in order of time, so grouping by time gives each step once; times are microseconds in UTC."""
    frame = pl.read_parquet(files[which])
    assert frame["time"].is_sorted() and frame.schema["time"] == frame.schema["received"] == pl.Datetime(
        "us", "UTC"
    )
    steps = pl.scan_parquet(files[which]).group_by_dynamic("time", every="5m").agg(pl.len()).collect()
    assert (
        steps["time"].n_unique() == len(steps) == -(-(READINGS * 1000 + START % 300_000) // 300_000)
        and steps["len"].sum() == READINGS
    )


def test_month_files_of_older_versions(tmp_path: Path) -> None:
    """A month closed by an older version (milliseconds, by probe) goes on being read, whole and in part."""
    given = [
        Row("ab"[n % 2], "b00t", n, START + n * 1000, START + n * 1000 + 70, n * 1_000_000, None)
        for n in range(BLOCK_ROWS)
    ]
    with journal(tmp_path) as j:
        j.writer.store(given + [Row("a", None, None, T0 + n, T0 + n, 0, None) for n in range(2 * BLOCK_ROWS)])
        j.roll_up()
        pack_all(j)
        close_months(j, T0)
        (month,) = (tmp_path / FOLDER).glob("*.parquet")
        old = (
            pl.read_parquet(month)
            .with_columns(pl.col("time", "received").cast(pl.Datetime("ms", "UTC")))
            .sort("probe_id", "time")
        )
        old.write_parquet(month)
        digest = hashlib.sha256(month.read_bytes()).hexdigest()
        j.writer.change(lambda db: db.execute("UPDATE archives SET sha256=?", (digest,)).rowcount).result(
            PATIENCE_S
        )
        whole = load(tidy=True, numbered=True, end=T0 - DAY_MS, data_dir=tmp_path)
        assert np.array_equal(whole["temperature_c"], [row.units / 1e7 for row in given])
        assert whole["seq"].tolist() == [row.seq for row in given]
        assert ((whole["received"] - whole["time"]) == pd.Timedelta("70ms")).all()
        assert len(load(start=MOMENT, end=MOMENT + 10_000, tidy=True, data_dir=tmp_path)) == 10
