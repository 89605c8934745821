"""A lake: exported by site and month, and read again on one computer and on a cluster."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import distributed
import duckdb
import fsspec
import pandas as pd
import polars as pl
import pyarrow.dataset
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from journal.journal_harness import journal
from temphub_kernel import analysis
from temphub_kernel.cli import main
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import calibrate, strike_out

MIDNIGHT = int(pd.Timestamp("2026-11-01", tz="UTC").timestamp() * 1000)
SITE = 'Café & Söhne 7 = "100 %"/1.'.replace('"', "'")


def rows(
    count: int = 3000, start_ms: int = MIDNIGHT - 3_000_000, probe: str = "Cold-1", boot: str = "b1"
) -> list[Row]:
    """One each 2 s about the end of a month, too warm across it; some are missing, some bad."""
    return [
        Row(
            probe,
            boot,
            at,
            start_ms + at * 2000,
            start_ms + at * 2000 + 70,
            None if at % 97 == 0 else (90_000_000 if 1000 < at < 2000 else 40_000_000) + at * 100,
            "crc" if at % 97 == 0 else None,
        )
        for at in range(count)
        if at % 500 not in (7, 8)
    ]


def files(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()
    }


def test_months_are_written_once_and_again_when_they_change(tmp_path: Path) -> None:
    """A month is written when its readings are others than before and only then: the running one grows, a
    late reading and a calibration reach theirs; another site's files are not touched."""
    lake = tmp_path / "a=b" / "lake of sites"
    with journal(tmp_path / "hub") as j:
        j.writer.store(rows())
        made = analysis.export_hive(lake, site=SITE, data_dir=j.path.parent)
        assert (made.written, made.unchanged, made.readings) == (["2026-10", "2026-11"], [], len(rows()))
        with journal(tmp_path / "other") as other:
            other.writer.store(rows(probe="Cold-1"))
            analysis.export_hive(lake, site="Other", data_dir=other.path.parent)
        first = files(lake)
        assert len(first) == 4 and not [name for name in first if "temphub" in name]
        again = analysis.export_hive(lake, site=SITE, data_dir=j.path.parent)
        assert again.unchanged == ["2026-10", "2026-11"] and files(lake) == first
        j.writer.store([Row("Cold-1", "b1", 9000, MIDNIGHT + 9_000_000, MIDNIGHT + 9_000_070, 1, None)])
        assert analysis.export_hive(lake, site=SITE, data_dir=j.path.parent).written == ["2026-11"]
        j.writer.store([Row("Cold-1", "b1", 7, MIDNIGHT - 2_986_000, MIDNIGHT + 9_000_070, 1, None)])
        assert analysis.export_hive(lake, site=SITE, data_dir=j.path.parent).written == ["2026-10"]
        calibrate(j.writer, "Cold-1", [(0.0, 1.0)], MIDNIGHT)
        strike_out(j.writer, "Cold-1", MIDNIGHT, MIDNIGHT + 2001, "no")
        assert analysis.export_hive(lake, site=SITE, data_dir=j.path.parent).written == ["2026-10", "2026-11"]
        frame = analysis.scan(source=lake).collect()
        mine = frame.filter(pl.col("site") == SITE)
        assert len(mine) == len(rows()) + 2 and mine["time"].is_sorted()
        assert mine["quality"].value_counts().sort("count").rows()[0] == ("struck_out", 2)
        changed = [name for name, at in files(lake).items() if first.get(name) != at]
        assert len(changed) == 2 and not [name for name in changed if "Other" in name]


def test_what_one_computer_and_others_read(tmp_path: Path) -> None:
    """th.scan, DuckDB and pyarrow read sites and months from the folders' names, every reading with the
    numbers of the hub; the results are those of the hub's own frame."""
    with journal(tmp_path / "hub") as j:
        j.writer.store(rows())
        home = j.path.parent
        analysis.export_hive(tmp_path / "lake", site=SITE, data_dir=home)
        whole = analysis.load(tidy=True, numbered=True, tz="UTC", data_dir=home)
    lazy = analysis.scan(source=tmp_path / "lake", tz="UTC")
    found = lazy.collect()
    assert (
        found["temperature_c"].to_list()
        == whole["temperature_c"].astype(object).where(whole["temperature_c"].notna(), None).tolist()
    )
    assert found["site"].unique().to_list() == [SITE] and found["month"].n_unique() == 2
    for call in (analysis.gaps, lambda data: analysis.excursions(data, above={"Cold-1": 8})):
        told = call(lazy)
        assert set(told.pop("site")) == {SITE}
        pd.testing.assert_frame_equal(told, call(whole), check_dtype=False, rtol=1e-9)
    some = analysis.scan("Cold-1", start=MIDNIGHT, end=MIDNIGHT + 60_000, source=tmp_path / "lake")
    assert some.select(pl.len()).collect().item() == 28
    with duckdb.connect() as db:
        told = db.execute(
            "SELECT site, month, count(*) FROM "
            "read_parquet(?, hive_partitioning=true, hive_types_autocast=0) "
            "GROUP BY ALL ORDER BY month",
            [f"{tmp_path}/lake/**/*.parquet"],
        ).fetchall()
    assert [one[:2] for one in told] == [(SITE, "2026-10"), (SITE, "2026-11")]
    table = pyarrow.dataset.dataset(tmp_path / "lake", partitioning="hive").to_table(columns=["site"])
    assert table["site"].unique().to_pylist() == [SITE] and len(table) == len(whole)


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    fs = fsspec.filesystem("memory")
    yield fs
    fs.store.clear()


def test_a_target_that_fsspec_reaches(tmp_path: Path, memory: MemoryFileSystem) -> None:
    """A lake at an address is written, brought up to date and read like a folder."""
    with journal(tmp_path) as j:
        j.writer.store(rows())
        for _ in range(2):
            made = analysis.export_hive("memory://lake/x", site="Shop 7", data_dir=tmp_path)
        assert made.unchanged == ["2026-10", "2026-11"]
        whole = analysis.load(tidy=True, numbered=True, tz="UTC", data_dir=tmp_path)
    assert sorted(memory.store) == [f"/lake/x/site=Shop%207/month=2026-1{n}/readings.parquet" for n in (0, 1)]
    lazy = analysis.scan(source="memory://lake/x")
    assert lazy.filter(pl.col("time") >= pd.Timestamp(MIDNIGHT, unit="ms", tz="UTC")).collect().height == int(
        (whole["time"] >= pd.Timestamp(MIDNIGHT, unit="ms", tz="UTC")).sum()
    )
    assert lazy.head(3).collect().height == 3
    told = analysis.gaps(lazy)
    assert told["missing"].tolist() == analysis.gaps(whole)["missing"].tolist()


class Breaks(MemoryFileSystem):
    """A store that is full in the middle of a file."""

    protocol = "breaks"
    store: dict = {}
    pseudo_dirs = [""]

    def put_file(self, lpath, rpath, **options):
        if ".parquet" in str(rpath) or ".part" in str(rpath):
            self.pipe_file(rpath, b"PAR1 half a file")
            raise OSError(28, "No space left on device")
        return super().put_file(lpath, rpath, **options)


def test_a_target_that_fails(tmp_path: Path) -> None:
    """A store that fails in the middle is told with a remedy, and nothing half made is to be seen; what
    cannot be one is refused."""
    fsspec.register_implementation("breaks", Breaks, clobber=True)
    with journal(tmp_path) as j:
        j.writer.store(rows(300))
        with pytest.raises(TempHubError, match=r"takes no file.*No space left.*has room"):
            analysis.export_hive("breaks://lake", site="A", data_dir=tmp_path)
        assert not Breaks.store
        for address in ("https://example.com/lake", "nothing://lake"):
            with pytest.raises(TempHubError, match="Give a folder"):
                analysis.export_hive(address, site="A", data_dir=tmp_path)
        (tmp_path / "file").write_text("")
        with pytest.raises(TempHubError, match="could not be written"):
            analysis.export_hive(tmp_path / "file", site="A", data_dir=tmp_path)
        with pytest.raises(TempHubError, match=r"no name.*Set SITE"):
            analysis.export_hive(tmp_path / "lake", data_dir=tmp_path)
    with pytest.raises(TempHubError, match="nothing to read"):
        analysis.scan(source=tmp_path / "lake")
    with pytest.raises(TempHubError, match="none that reads a lake"):
        analysis.scan(source=tmp_path / "lake", engine="spark")


def test_a_hub_that_knows_less_does_not_overwrite(tmp_path: Path) -> None:
    """A new hub under the name of an old one leaves months as they are of which it has fewer readings, unless
    that is forced; the others are written."""
    lake = tmp_path / "lake"
    for name, given in (("old", rows(1600)), ("new", rows(200) + rows(2000, MIDNIGHT, boot="b2"))):
        with journal(tmp_path / name) as j:
            j.writer.store(given)
            if name == "old":
                analysis.export_hive(lake, site="A", data_dir=tmp_path / name)
                continue
            with pytest.raises(TempHubError, match=r"Of 2026-10 more readings of A lie in .*; 1 others"):
                analysis.export_hive(lake, site="A", data_dir=tmp_path / name)
            counts = analysis.scan(source=lake).group_by("month").len().sort("month").collect()["len"]
            assert counts.to_list() == [len(rows(1500)), len(rows(2000))]
            assert analysis.export_hive(lake, site="A", force=True, data_dir=tmp_path / name).readings == len(
                rows(200)
            )


def test_the_command(tmp_path: Path, monkeypatch, capsys) -> None:
    """`temphub export --hive` does the same, with SITE as the site."""
    with journal(tmp_path) as j:
        j.writer.store(rows(100))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SITE", "Shop 7")
    assert main(["export", "--hive", str(tmp_path / "lake")]) == 0
    assert "1 months written (98 readings)" in capsys.readouterr().out
    assert (tmp_path / "lake" / "site=Shop%207" / "month=2026-10" / "readings.parquet").exists()
    assert main(["export", "--hive", str(tmp_path / "lake"), "--probe", "x"]) == 1
    assert "Leave --out" in capsys.readouterr().err


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[distributed.Client]:
    """A scheduler and two workers, each a process of its own on this computer's own network."""
    told = tmp_path / "scheduler.json"
    common = ("--scheduler-file", str(told), "--host", "127.0.0.1", "--no-dashboard")
    worker = ("dask_worker", *common, "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path))
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{command}", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command, *options in (("dask_scheduler", *common, "--port", "0"), worker, worker)
    ]
    try:
        while not told.exists():
            assert programs[0].poll() is None, "the scheduler has ended"
            threading.Event().wait(0.05)
        with distributed.Client(scheduler_file=str(told)) as client:
            client.wait_for_workers(2, timeout=60)
            yield client
    finally:
        for program in reversed(programs):
            program.terminate()
            program.wait(30)


def test_on_a_cluster(tmp_path: Path, cluster: distributed.Client) -> None:
    """With engine="dask" the work is done by the workers of a cluster, and each result is that of one
    computer; a frame that was filtered is worked through as it is."""
    for site in ("Shop 7", "Shop 8"):
        with journal(tmp_path / site) as j:
            j.writer.store(rows() + rows(2000, probe="Cold-2"))
            analysis.export_hive(tmp_path / "lake", site=site, data_dir=tmp_path / site)
    one, many = (analysis.scan(source=tmp_path / "lake", engine=engine) for engine in ("polars", "dask"))
    calls = (
        analysis.gaps,
        lambda data: analysis.excursions(data, above={"Cold-1": 8, "Cold-2": 8.5}),
        lambda data: analysis.degree_hours(data, above=8, every="1D"),
        analysis.mean_kinetic_temperature,
    )
    for call in calls:
        found = call(many)
        assert len(found) > 2 and list(found.columns)[:2] == ["site", "probe_id"]
        pd.testing.assert_frame_equal(found, call(one), rtol=1e-12, check_categorical=False)
    done = cluster.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(done) == 2 and all(done.values())
    assert len(analysis.gaps(many[many["site"] == "Shop 8"])) == len(analysis.gaps(one)) / 2
    with pytest.raises(TempHubError, match="no column"):
        analysis.gaps(many.drop(columns=["boot", "probe_id"]))
