"""Excel workbooks, read back by openpyxl."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from exports.conftest import T0, rows
from temphub_kernel.core.clock import EPOCH
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.exports import make_order, xlsx
from temphub_kernel.exports.run import export
from temphub_kernel.journal import Writer, change

BERLIN = ZoneInfo("Europe/Berlin")


def book(journal: Path, **order: Any) -> Any:
    out = journal.with_name("out.xlsx")
    export(journal, make_order(form="xlsx", **order), out, force=True)
    return openpyxl.load_workbook(out)


def cells(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def local(ms: int) -> datetime:
    return (
        (datetime.fromtimestamp(0, timezone.utc) + timedelta(milliseconds=ms))
        .astimezone(BERLIN)
        .replace(tzinfo=None)
    )


def test_one_sheet_a_probe(journal: Path) -> None:
    """Real dates in local time and UTC, numbers as numbers, a fault as an empty cell with its kind, in order
    of time."""
    made = book(journal, zone="Europe/Berlin")
    assert made.sheetnames == ["Overview", "Fridge_0", "Fridge_1", "Chart data"]
    wanted = sorted((r for r in rows() if r.probe_id == "Fridge:1"), key=lambda r: r.taken_ms)
    head, *found = cells(made["Fridge_1"])
    assert head == ["Europe/Berlin", "UTC", "temperature °C", "quality"]
    assert [row[3] for row in found] == [r.quality for r in wanted]
    assert [row[2] for row in found] == [None if r.units is None else r.units / 1e7 for r in wanted]
    for row, reading in zip(found, wanted, strict=True):
        assert abs(row[0] - local(reading.taken_ms)) < timedelta(milliseconds=1)
        assert (
            abs((row[1].replace(tzinfo=timezone.utc) - EPOCH) / timedelta(milliseconds=1) - reading.taken_ms)
            < 1
        )
    assert made["Fridge_1"].freeze_panes == "A2" and made["Fridge_1"].column_dimensions["A"].width > 20


def test_the_hour_that_comes_twice(journal: Path) -> None:
    """On the night of the change equal local times stand beside different times in UTC."""
    found = cells(book(journal, zone="Europe/Berlin", sheets="tidy")["Readings"])[1:]
    times = [row[0] for row in found]
    assert times != sorted(times) and len({row[1] for row in found}) == len(found)
    assert len({round(t.timestamp()) for t in times}) < len(times)


def test_tidy(journal: Path) -> None:
    """One table with the probe in a column holds every reading."""
    head, *found = cells(book(journal, sheets="tidy")["Readings"])
    assert head == ["local time", "UTC", "probe", "name", "temperature °C", "quality"] and len(found) == 240
    assert {row[2] for row in found} == {"Fridge:0", "Fridge:1"}


def test_overview_and_chart(journal: Path) -> None:
    """The first sheet has each probe's figures and a chart of both probes."""
    made = book(journal)
    front = {row[0]: row for row in cells(made["Overview"]) if row[0]}
    good = [r.units / 1e7 for r in rows() if r.probe_id == "Fridge:1" and r.units is not None]
    name, id_, readings, faults, low, mean, high, *_ = front["Fridge:1"]
    assert name == id_ and (name, readings, faults, low, high) == (
        "Fridge:1",
        len(good),
        4,
        min(good),
        max(good),
    )
    # Over time the reading before a fault counts for longer.
    assert mean == pytest.approx(sum(good) / len(good), abs=0.02)
    (chart,) = made["Overview"]._charts
    assert len(chart.series) == 2
    data = [row for row in cells(made["Chart data"])[1:] if row[2] is not None]
    assert min(row[2] for row in data) >= min(good) and max(row[2] for row in data) <= max(good)


def test_every(journal: Path) -> None:
    """Lowest, mean and highest of each ten minutes, with how many readings they stand for."""
    head, *found = cells(book(journal, every="10min")["Fridge_0"])
    assert head[2:] == ["min °C", "mean °C", "max °C", "readings"]
    assert sum(row[5] for row in found) == sum(
        r.units is not None for r in rows() if r.probe_id == "Fridge:0"
    )
    assert all(row[2] <= row[3] <= row[4] for row in found)


def test_split_into_sheets_and_files(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a sheet's rows comes the next sheet, beyond a file's the next file; each reading is there
    once."""
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 50)
    monkeypatch.setattr(xlsx, "FILE_ROWS", 170)
    out = journal.with_name("out.xlsx")
    files, count = export(journal, make_order(form="xlsx"), out)
    assert count == 240 and [path.name for path in files] == ["out.xlsx", "out-2.xlsx"]
    books = [openpyxl.load_workbook(path) for path in files]
    assert books[0].sheetnames == [
        "Overview",
        "Fridge_0",
        "Fridge_1",
        "Fridge_0 (2)",
        "Fridge_1 (2)",
        "Chart data",
    ]
    times = [
        row[1]
        for book in books
        for name in book.sheetnames
        if name[0] == "F"
        for row in cells(book[name])[1:]
    ]
    assert len(times) == len(set(times)) == 240


def test_names_that_excel_refuses(make_journal: Callable[[list[Row]], Path]) -> None:
    """Long ids, ids that differ only in case and the name Excel keeps for itself each get a sheet of their
    own."""
    ids = ["a" * 64, "a" * 40, "Probe", "PROBE", "history", "Overview", "a:b", "a_b"]
    made = book(make_journal([Row(id_, None, None, T0, T0, 5, None) for id_ in ids]))
    names = made.sheetnames[1:-1]
    assert len(names) == len(ids) == len({name.lower() for name in made.sheetnames[1:-1]}) and all(
        len(name) <= 31 for name in names
    )
    assert {row[0] for row in cells(made["Overview"])} >= set(ids)


def test_no_cell_is_a_formula(journal: Path) -> None:
    """There is no formula in any sheet, and every temperature is stored as a number."""
    book(journal)
    with ZipFile(journal.with_name("out.xlsx")) as packed:
        sheets = [
            packed.read(name).decode() for name in packed.namelist() if name.startswith("xl/worksheets/sheet")
        ]
    assert len(sheets) == 4 and not any("<f>" in text or "<f " in text for text in sheets)


def test_too_many_sheets(make_journal: Callable[[list[Row]], Path]) -> None:
    """Hundreds of probes are refused a sheet each, told of the tidy table, and no file is left; the tidy
    table takes them."""
    journal = make_journal([Row(f"P{n}", None, None, T0 + n, T0, n, None) for n in range(201)])
    with pytest.raises(TempHubError, match="sheets") as refused:
        book(journal)
    assert "tidy" in refused.value.remedy and [path.name for path in journal.parent.glob("*out*")] == []
    assert len(cells(book(journal, sheets="tidy")["Readings"])) == 202


def test_nothing_in_the_range(journal: Path) -> None:
    """A range without readings gives a workbook that says so by having none, not an error."""
    made = book(journal, start="2020-01-01", end="2020-01-02")
    assert made.sheetnames == ["Overview"]


def test_alarms_have_a_sheet(journal: Path) -> None:
    """A workbook of a range has a sheet of its alarms, with who acknowledged, the comment and the corrective
    action as plain text; one without alarms has none."""
    assert "Alarms" not in book(journal).sheetnames
    writer = Writer(journal)
    writer.start()
    fired = {
        "rule": 1,
        "cause": "above",
        "severity": "critical",
        "limit_c": 8.0,
        "since_ms": T0,
        "fired_ms": T0,
        "worst_c": 9.25,
    }
    over = {
        "cleared_ms": T0 + 42 * 60_000,
        "acked_ms": T0 + 60_000,
        "acked_by": "Anna",
        "comment": "=1+1",
        "action": "moved the goods",
    }
    change(writer, lambda alarms: alarms.open(probe=alarms.number("Fridge:1"), **fired, **over))
    assert writer.stop()
    head, row = cells(book(journal, zone="Europe/Berlin")["Alarms"])
    found = dict(zip(head, row, strict=True))
    assert (found["probe"], found["severity"], found["minutes"], found["worst °C"], found["by"]) == (
        "Fridge:1",
        "critical",
        42,
        9.25,
        "Anna",
    )
    assert (found["comment"], found["corrective action"]) == ("=1+1", "moved the goods")
    assert abs(found["since"] - local(T0)) < timedelta(seconds=1)
    assert "Alarms" not in book(journal, probes=["Fridge:0"]).sheetnames
