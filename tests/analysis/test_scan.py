"""th.scan, and what th.load gives beside the values: raw ones, numbers, remarks, and logs without a
journal."""

import shutil
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from journal.journal_harness import T0, close_months, journal, pack_all
from temphub_kernel.analysis import load, remarks, scan
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.core.spreadsheet import STANDARD
from temphub_kernel.csvlog.format import to_lines
from temphub_kernel.journal import Reader, annotate, calibrate
from temphub_kernel.journal.schema import BLOCK_ROWS

DAY_MS = 86_400_000


def rows(count: int, start_ms: int = T0) -> list[Row]:
    return [
        Row(
            "ab"[n % 2],
            f"b{(T0 - start_ms) // DAY_MS}" if n % 2 else None,
            n if n % 2 else None,
            start_ms + n * 1000,
            start_ms + n * 1000 + 70,
            None if n % 9 == 0 else n * 625_000,
            "crc" if n % 9 == 0 else None,
        )
        for n in range(count)
    ]


def test_a_lazy_frame_wherever_readings_live(tmp_path: Path) -> None:
    """The lazy frame has every reading, by time, from rows, packs and closed months; filters and heads read
    no more than they need."""
    with journal(tmp_path) as j:
        early = rows(BLOCK_ROWS, T0 - 60 * DAY_MS) + rows(2 * BLOCK_ROWS, T0 - 2 * DAY_MS)
        j.writer.store(early)
        j.roll_up()
        assert pack_all(j) == 2 and len(close_months(j, T0)) == 1
        j.writer.store(rows(100))
        calibrate(j.writer, "a", [(0.0, 1.0)], T0)
        lazy = scan(data_dir=tmp_path)
        assert isinstance(lazy, pl.LazyFrame) and lazy.select(pl.len()).collect().item() == len(early) + 100
        frame = lazy.collect()
        assert frame["time"].is_sorted() and frame.schema["time"] == pl.Datetime("us", "UTC")
        last = frame.tail(2).to_dicts()
        assert [(r["probe_id"], r["temperature_c"], r["raw_c"], r["quality"]) for r in last] == [
            ("a", 7.125, 6.125, None),
            ("b", None, None, "crc"),
        ]
        assert lazy.head(3).collect().height == 3
        mean = (
            lazy.filter(pl.col("probe_id") == "b")
            .select(pl.col("temperature_c").mean())
            .collect(engine="streaming")
            .item()
        )
        tidy = load("b", tidy=True, data_dir=tmp_path)
        assert mean == pytest.approx(tidy["temperature_c"].mean())
        assert (
            scan("a", start=pd.Timestamp(T0, unit="ms", tz="UTC"), data_dir=tmp_path).collect().height == 50
        )
        with pytest.raises(TempHubError, match="No probe 'c'"):
            scan("c", data_dir=tmp_path)


def test_raw_values_and_numbers_beside(tmp_path: Path) -> None:
    """`raw=True` shows what the probe sent, `numbered=True` what proves that nothing is missing."""
    with journal(tmp_path) as j:
        j.writer.store(rows(10))
        calibrate(j.writer, "b", [(0.0, -0.5)], 0)
        tidy = load("b", tidy=True, raw=True, numbered=True, data_dir=tmp_path)
        assert (tidy["temperature_c"] - tidy["raw_c"]).dropna().unique().tolist() == [-0.5]
        assert (
            tidy["boot"].tolist() == ["b0"] * 5
            and tidy["seq"].tolist() == [1, 3, 5, 7, 9]
            and str(tidy["seq"].dtype) == "Int64"
        )
        other = load("a", tidy=True, numbered=True, data_dir=tmp_path)
        assert other["boot"].isna().all() and other["seq"].isna().all()
        assert load("b", data_dir=tmp_path)["b"].dropna().tolist() == tidy["temperature_c"].dropna().tolist()
        assert (
            load("b", raw=True, data_dir=tmp_path)["b"].dropna().tolist() == tidy["raw_c"].dropna().tolist()
        )


def test_remarks_as_a_frame(tmp_path: Path) -> None:
    """What people wrote is a frame with times in the zone asked for; an empty one has the same columns."""
    with journal(tmp_path) as j:
        j.writer.store(rows(1))
        assert list(remarks(data_dir=tmp_path).columns) == [
            "number",
            "start",
            "end",
            "probe_id",
            "text",
            "written",
        ]
        annotate(j.writer, T0, T0 + 60_000, "door open", "a")
        (remark,) = remarks(tz="Europe/Berlin", data_dir=tmp_path).to_dict("records")
        assert (remark["text"], remark["probe_id"], str(remark["start"])) == (
            "door open",
            "a",
            "2026-11-23 13:54:00+01:00",
        )
        assert remarks(end="2020-01-01", data_dir=tmp_path).empty


def test_a_journal_copied_away(tmp_path: Path) -> None:
    """A copy of the journal's file, made while nobody writes, answers in another folder like the original."""
    home, copy = tmp_path / "home", tmp_path / "copy"
    home.mkdir()
    with journal(home) as j:
        j.writer.store(rows(50))
    copy.mkdir()
    shutil.copy(home / "temphub.sqlite3", copy)
    assert load(data_dir=copy).equals(load(data_dir=home)) and len(load(data_dir=copy)) == 50


def test_a_folder_of_old_logs(tmp_path: Path) -> None:
    """Where only CSV logs are left they are read: several files, one of them twice, one with a torn end, a
    stranger's among them."""
    with journal(tmp_path / "hub") as j:
        j.writer.store(rows(40))
        with Reader(j.path) as reader:
            points = reader.after(0, 100)
        wide, tidy = load(tz="UTC", data_dir=j.path.parent), load(tidy=True, tz="UTC", data_dir=j.path.parent)
    logs = tmp_path / "logs"
    logs.mkdir()
    first, second = STANDARD.header + to_lines(points[:25]), STANDARD.header + to_lines(points[25:])
    (logs / "temperature_log-2026-11-23.csv").write_bytes(first)
    (logs / "copy of it.csv").write_bytes(b"\xef\xbb\xbf" + first)
    (logs / "temperature_log.csv").write_bytes(second + b"2026-11-23T13")
    (logs / "other.csv").write_text("name,amount\nx,5\n")
    assert load(tz="UTC", data_dir=logs).equals(wide)
    found = load("b", tidy=True, tz="UTC", data_dir=logs)
    wanted = tidy[tidy["probe_id"] == "b"]
    assert (
        found["temperature_c"].tolist()[:4] == wanted["temperature_c"].tolist()[:4]
        and found["quality"].count() == wanted["quality"].count()
    )
    minutes = load("b", every="10s", tidy=True, tz="UTC", data_dir=logs)
    assert minutes["mean_of_readings_c"].iloc[0] == pytest.approx(wide["b"].iloc[:10].mean())
    assert minutes["mean_c"].tolist() == pytest.approx(
        load("b", every="10s", tz="UTC", data_dir=j.path.parent)["b"].tolist()
    )
    with pytest.raises(TempHubError, match="No probe 'c'"):
        load("c", data_dir=logs)
    with pytest.raises(TempHubError, match="no journal"):
        load(data_dir=tmp_path / "empty")


def test_a_filter_with_a_moment_of_another_zone(tmp_path: Path) -> None:
    """Times come in the zone that is named, so that a filter may name a moment of it; one of another zone is
    refused with words."""
    with journal(tmp_path) as j:
        j.writer.store(rows(100))
        moment = pd.Timestamp(T0 + 60_000, unit="ms", tz="Asia/Kolkata").to_pydatetime()
        named = scan(tz="Asia/Kolkata", data_dir=tmp_path)
        assert named.filter(pl.col("time") >= moment).collect().height == 40
        assert named.collect().schema["time"] == pl.Datetime("us", "Asia/Kolkata")
        assert scan(start=moment, data_dir=tmp_path).collect().height == 40
        with pytest.raises(Exception, match=r"polars compares times of one and the same zone only"):
            scan(data_dir=tmp_path).filter(pl.col("time") >= moment).collect()


def test_a_log_with_words_and_nul_bytes(tmp_path: Path) -> None:
    """One spoilt temperature or a stretch of NUL bytes costs no other row, as single readings and in
    steps."""
    good = "2026-11-23T12:54:0{0}.000Z,2026-11-23 13:54:0{0},a,{1},\n"
    lines = [
        good.format(0, "21.5"),
        good.format(1, "warm"),
        "\0" * 4096 + good.format(2, "22.5"),
        good.format(3, "2\0003.5"),
    ]
    (tmp_path / "temperature_log.csv").write_bytes(STANDARD.header + "".join(lines).encode())
    wide = load(tz="UTC", data_dir=tmp_path)
    assert (
        wide["a"].tolist()[0::2] == [21.5, 22.5] and pd.isna(wide["a"].iloc[1]) and wide["a"].iloc[3] == 23.5
    )
    steps = load(every="1min", tidy=True, tz="UTC", data_dir=tmp_path)
    assert steps[["min_c", "max_c", "count"]].to_numpy().tolist() == [[21.5, 23.5, 3]]


@pytest.mark.parametrize(
    ("separator", "encoding", "quote"),
    [(";", "utf-8-sig", ""), ("\t", "utf-16", ""), (",", "utf-8", '"'), ("\t", "utf-8", '"')],
)
def test_a_log_that_a_spreadsheet_saved(tmp_path: Path, separator: str, encoding: str, quote: str) -> None:
    """A log saved again with other separators, quotes or as Unicode text is read as before."""
    cells = [
        ["timestamp", "local_time", "probe_id", "temperature_c", "quality"],
        ["2026-11-23T12:54:00.000Z", "23.11.2026 13:54", "a", "21,5", ""],
    ]
    if separator == ",":
        cells[1][3] = "21.5"
    text = "\r\n".join(separator.join(f"{quote}{cell}{quote}" for cell in row) for row in cells) + "\r\n"
    (tmp_path / "saved.csv").write_bytes(text.encode(encoding))
    assert load(tz="UTC", data_dir=tmp_path)["a"].tolist() == [21.5]


def test_a_log_of_other_columns_is_named(tmp_path: Path) -> None:
    """A log whose columns somebody changed is not passed over without a word."""
    (tmp_path / "good.csv").write_bytes(
        STANDARD.header + b"2026-11-23T12:54:00.000Z,2026-11-23 13:54:00,a,21.5,\n"
    )
    (tmp_path / "changed.csv").write_text(
        "timestamp,probe_id,temperature_c\n2026-11-23T12:54:00.000Z,a,22.5\n"
    )
    with pytest.warns(UserWarning, match=r"changed\.csv looks like a log of TempHub.*Save it again"):
        assert load(tz="UTC", data_dir=tmp_path)["a"].tolist() == [21.5]
