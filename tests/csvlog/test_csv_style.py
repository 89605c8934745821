"""The log as the spreadsheets of other countries read it by double-click."""

import shutil
from pathlib import Path

import pytest

import temphub_kernel as th
from csvlog.csv_harness import harness, rows, said_of
from support.filled import refilled_from
from temphub_kernel.core.settings import Settings
from temphub_kernel.core.spreadsheet import STANDARD, STYLES, Style, regional, style_named
from temphub_kernel.csvlog import rebuild
from temphub_kernel.journal import Reader, Writer

GERMAN = STYLES["excel-de"]


def test_a_german_log(tmp_path: Path) -> None:
    """With CSV_STYLE=excel-de the log has semicolons, decimal commas and German dates; the first column stays
    what programs read."""
    with harness(tmp_path) as log:
        log.style = Settings.from_environ({"CSV_STYLE": "Excel-DE", "DATA_DIR": str(tmp_path)}).csv_style
        log.crash()
        log.store([row._replace(taken_ms=1_795_438_440_123) for row in rows(3)])
        log.drain()
        first, *_, third = log.text().splitlines()
        assert first == "timestamp;local_time;probe_id;temperature_c;quality"
        assert (
            third.startswith("2026-11-23T")
            and third.split(";")[1][:10] == "23.11.2026"
            and third.split(";")[3] == "21,8750"
        )


@pytest.mark.parametrize("name", sorted(STYLES))
def test_each_style_is_read_back(tmp_path: Path, name: str) -> None:
    """`th.load` and a new journal have every reading of a log of any style, also where the style was changed
    on the way."""
    with harness(tmp_path / "hub") as log:
        log.store(rows(20))
        log.drain()
        log.style = STYLES[name]
        log.crash()
        log.store(rows(20, 20))
        log.drain()
        assert log.all_said() == [said_of(row) for row in log.stored]
        assert len(log.asides()) == (STYLES[name] != STANDARD)
        logs = tmp_path / "logs"
        logs.mkdir()
        for path in [*log.asides(), log.csv]:
            shutil.copy(path, logs)
    loaded = th.load(data_dir=logs, tidy=True)
    right = sorted(
        (r.taken_ms, r.probe_id, -1.0 if r.units is None else r.units / 1e7) for r in set(log.stored)
    )
    found = zip(
        loaded["time"].astype("int64"), loaded["probe_id"], loaded["temperature_c"].fillna(-1.0), strict=True
    )
    assert sorted(found) == right
    writer = Writer(tmp_path / "new.sqlite3")
    writer.start()
    try:
        assert refilled_from(log.csv, writer) == (40, 0)
    finally:
        assert writer.stop()
    with Reader(tmp_path / "new.sqlite3") as reader:
        again = [(p.probe_id, p.taken_ms, p.units, p.quality) for p in reader.after(0, 100)]
    assert again == [(r.probe_id, r.taken_ms, r.units, r.quality) for r in log.stored]


def test_the_rebuilt_log_is_of_the_style_that_is_set(tmp_path: Path) -> None:
    """`--rebuild-csv` writes all of the log in one style, and the hub goes on in it without a new file."""
    with harness(tmp_path) as log:
        log.store(rows(30))
        log.drain()
        log.restart()
        log.writer.stop()
        finals, kept = rebuild(log.csv, log.journal, alone=lambda: True, style=GERMAN)
        assert finals == [log.csv] and kept is not None
        log.writer.start()
        log.style = GERMAN
        log.crash()
        log.store(rows(5, 30))
        log.drain()
        assert log.text().startswith(GERMAN.header.decode()) and not log.asides()
        assert log.all_said() == [said_of(row) for row in log.stored]


def test_a_log_without_readings_takes_the_new_style(tmp_path: Path) -> None:
    """A log that is only begun is begun anew in the other style: nothing empty is put aside."""
    with harness(tmp_path) as log:
        log.restart()
        assert log.text().encode() == STANDARD.header
        log.style = GERMAN
        log.crash()
        log.restart()
        assert log.text().encode() == GERMAN.header and not log.asides()


@pytest.mark.parametrize(
    ("separator", "point", "date", "style"),
    [
        (";", ",", "dd.MM.yyyy", Style(";", ",", "%d.%m.%Y")),
        (";", ",", "dd/MM/yyyy", Style(";", ",", "%d/%m/%Y")),
        (",", ".", "M/d/yyyy", Style(",", ".", "%m/%d/%Y")),
        (";", ".", "d.M.yy", Style(";", ".", "%d.%m.%Y")),
        (";", ",", "yyyy-MM-dd", Style(";", ",")),
        (";", ",", "d MMMM yyyy 'г.'", Style(";", ",")),
        (",", ",", "dd.MM.yyyy", STANDARD),
        ("::", ",", "dd.MM.yyyy", STANDARD),
        ("", ".", "dd.MM.yyyy", STANDARD),
        (";", "٫", "dd.MM.yyyy", STANDARD),
    ],
)
def test_regional_settings_become_a_style(separator: str, point: str, date: str, style: Style) -> None:
    """`auto` goes by the signs and the order of the day that Windows has; where they make no table, the log
    is the standard one."""
    assert regional(separator, point, date) == style


def test_auto_elsewhere_is_the_standard() -> None:
    """Off Windows `auto` means the standard style."""
    assert style_named("auto") == STANDARD
