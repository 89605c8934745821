"""A reading that somebody brought in is told apart from one that a probe delivered, where that is asked."""

import csv

import openpyxl
import polars as pl
import pytest

from journal.journal_harness import row
from temphub_kernel.analysis import load, scan
from temphub_kernel.cli import main
from temphub_kernel.core import TempHubError
from temphub_kernel.exports import make_order
from temphub_kernel.journal import Writer

OLD_LOG = "timestamp,probe_id,temperature_c\n2024-01-01T00:00:00Z,P,1\n2024-01-01T00:02:00Z,P,3\n"
DELIVERED_MS = 1_704_067_260_000
WANTED = ["import 1: old log.csv", None, "import 1: old log.csv"]


@pytest.fixture
def mixed(data_dir, tmp_path, monkeypatch):
    """A journal with a delivered reading between two imported ones."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    writer = Writer(data_dir / "temphub.sqlite3")
    writer.start()
    writer.store([row(DELIVERED_MS, 20_000_000)])
    writer.stop()
    (tmp_path / "old log.csv").write_text(OLD_LOG)
    assert main(["import", str(tmp_path / "old log.csv"), "--yes"]) == 0
    return data_dir


def test_an_analyst_tells_them_apart(mixed):
    """By a column that is there when it is asked for, and not otherwise; taken back, nothing is imported."""
    plain, told = load(tidy=True), load(tidy=True, origin=True)
    assert list(told.columns) == [*plain.columns, "origin"]
    assert [None if text != text else text for text in told["origin"]] == WANTED
    assert told["temperature_c"].tolist() == [1, 2, 3]
    assert scan(origin=True).collect()["origin"].to_list() == WANTED
    imported = scan(origin=True).filter(pl.col("origin").is_not_null()).collect()
    assert imported["temperature_c"].to_list() == [1, 3] and "origin" not in scan().collect_schema()
    assert main(["import", "--undo", "1"]) == 0
    assert load(tidy=True, origin=True)["origin"].isna().tolist() == [True]


def test_exports_tell_them_apart(mixed, tmp_path):
    """In every form as the last column when it is asked for; without that a file is as it was before."""
    for form in ("csv", "parquet", "xlsx"):
        out = tmp_path / f"plain.{form}"
        assert main(["export", "--out", str(out)]) == 0
        assert main(["export", "--out", str(out.with_stem("told")), "--origin"]) == 0
    with (tmp_path / "told.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    with (tmp_path / "plain.csv").open(encoding="utf-8") as file:
        assert [one[:-1] for one in rows] == list(csv.reader(file))
    assert [one[-1] or None for one in rows] == ["origin", *WANTED]
    frames = [pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("told", "plain")]
    assert frames[0]["origin"].to_list() == WANTED and frames[0].drop("origin").equals(frames[1])
    sheet = openpyxl.load_workbook(tmp_path / "told.xlsx")["P"]
    assert [line[-1] for line in sheet.iter_rows(values_only=True)] == ["origin", *WANTED]
    plain = openpyxl.load_workbook(tmp_path / "plain.xlsx")["P"]
    assert [line[-1] for line in plain.iter_rows(values_only=True)] == ["quality", None, None, None]
    with pytest.raises(TempHubError, match="several sources"):
        make_order(every="1h", origin=True)
