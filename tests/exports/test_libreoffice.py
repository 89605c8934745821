"""What a stranger's spreadsheet reads in the log, in a workbook and in a CSV for Excel: the same numbers and
dates."""

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exports.conftest import T0, rows
from support.waiting import cannot
from temphub_kernel.core.clock import iso_utc, local_text
from temphub_kernel.core.reading import Row
from temphub_kernel.core.spreadsheet import STYLES
from temphub_kernel.csvlog import rebuild_beside
from temphub_kernel.exports import make_order
from temphub_kernel.exports.run import export

TABLE, OFFICE, TEXT = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "office", "text")
)
# Separator, quote, UTF-8, first line, columns as they come, language: English (USA) and German (Germany).
ENGLISH, GERMAN = "CSV:44,34,76,1,,1033", "CSV:59,34,76,1,,1031"


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LibreOffice's own settings: making them takes longer than reading a file."""
    return tmp_path_factory.mktemp("LibreOffice")


def opened(path: Path, profile: Path, read_as: str = "") -> dict[str, list[list[Any]]]:
    """Each sheet's cells as LibreOffice understands them: numbers, datetimes, texts, None."""
    soffice = shutil.which("soffice") or shutil.which("soffice.com")
    if soffice is None:
        cannot("LibreOffice Calc is not installed")
    command = [
        soffice,
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--norestore",
        "--convert-to",
        "fods",
    ]
    command += [f"--infilter={read_as}"] if read_as else []
    done = subprocess.run(
        [*command, "--outdir", str(path.parent), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    made = path.with_suffix(".fods")
    assert made.exists(), done.stdout + done.stderr
    tables = ET.parse(made).getroot().iter(f"{TABLE}table")
    return {
        table.get(f"{TABLE}name", ""): _rows(table)
        for table in tables
        if not table.get(f"{TABLE}name", "").startswith("'file")
    }


def _rows(table: ET.Element) -> list[list[Any]]:
    found = [
        [value for cell in row.iter(f"{TABLE}table-cell") for value in _values(cell)]
        for row in table.iter(f"{TABLE}table-row")
    ]
    return [row for row in found if any(value is not None for value in row)]


def _values(cell: ET.Element) -> list[Any]:
    kind, value = cell.get(f"{OFFICE}value-type"), None
    if kind == "float":
        value = float(cell.get(f"{OFFICE}value", ""))
    elif kind == "date":
        value = datetime.fromisoformat(cell.get(f"{OFFICE}date-value", "")[:26])
    elif kind == "string":
        value = "".join(part.text or "" for part in cell.iter(f"{TEXT}p"))
    assert kind in (None, "float", "date", "string"), kind
    return [value] * min(int(cell.get(f"{TABLE}number-columns-repeated", "1")), 9)


def celsius(given: list[Row]) -> list[float | None]:
    return [None if r.units is None else r.units / 1e7 for r in given]


def test_the_log(journal: Path, tmp_path: Path, profile: Path) -> None:
    """LibreOffice reads the log's numbers, local dates, ids and qualities as they were stored."""
    log = tmp_path / "temperature_log.csv"
    rebuild_beside(journal, log)
    (table,) = opened(log, profile, ENGLISH).values()
    stored = rows()
    assert [row[3] for row in table[1:]] == celsius(stored)
    assert [f"{row[1]:%Y-%m-%d %H:%M:%S}" for row in table[1:]] == [local_text(r.taken_ms) for r in stored]
    assert [row[2] for row in table[1:]] == [r.probe_id for r in stored]
    assert [row[4] if len(row) > 4 else None for row in table[1:]] == [r.quality for r in stored]


# What LibreOffice keeps of the country it was told.
COUNTRY = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{}</value></prop></item>
</oor:items>"""
# 21.875 and 0.125 are steps of a DS18B20; 1234.5078125 is one of a MAX31856.
STEPS = [
    218_750_000,
    -218_750_000,
    1_250_000,
    0,
    200_000_000,
    205_000_000,
    123_000_000,
    850_000_000,
    625_000,
    12_345_078_125,
    18_001_250_000,
]


def in_country(country: str, folder: Path) -> Path:
    """The settings of a LibreOffice in a country."""
    (folder / country / "user").mkdir(parents=True)
    (folder / country / "user" / "registrymodifications.xcu").write_text(
        COUNTRY.format(country), encoding="utf-8"
    )
    return folder / country


@pytest.mark.parametrize("country", ["en-US", "de-DE", "fr-FR", "sv-SE", "es-ES", "it-IT", "pt-BR"])
def test_no_number_is_wrong_in_any_country(
    make_journal: Callable[[list[Row]], Path], tmp_path: Path, country: str
) -> None:
    """The log and a plain CSV export, opened as they come by a LibreOffice of any country: a temperature is
    right or a text, never another number."""
    journal = make_journal(
        [Row("p", "b", n, T0 + n * 1000, T0 + n * 1000, units, None) for n, units in enumerate(STEPS)]
    )
    log, plain = tmp_path / "temperature_log.csv", tmp_path / "export.csv"
    rebuild_beside(journal, log)
    export(journal, make_order(form="csv"), plain)
    settings, right = in_country(country, tmp_path), [units / 1e7 for units in STEPS]
    for path in (log, plain):
        (table,) = opened(path, settings).values()
        shown = [row[3] for row in table[1:]]
        assert [float(value) for value in shown] == right
        assert {type(value) for value in shown} == ({float} if country == "en-US" else {str})


@pytest.mark.parametrize(
    ("style", "country"),
    [("excel-de", "de-DE"), ("excel-fr", "fr-FR"), ("excel-br", "pt-BR"), ("excel-se", "sv-SE")],
)
def test_a_log_in_the_style_of_a_country(
    make_journal: Callable[[list[Row]], Path], tmp_path: Path, style: str, country: str
) -> None:
    """The log in a country's style gives its spreadsheet numbers and dates; opened with the wrong separator
    it gives no wrong number."""
    given = [
        Row("p", "b", n, T0 + n * 86_400_000, T0 + n * 86_400_000, units, None)
        for n, units in enumerate(STEPS)
    ]
    log = tmp_path / "temperature_log.csv"
    rebuild_beside(make_journal(given), log, style=STYLES[style])
    settings = in_country(country, tmp_path)
    (table,) = opened(log, settings, "CSV:59,34,76,1,,0").values()
    assert [row[3] for row in table[1:]] == celsius(given)
    assert [f"{row[1]:%Y-%m-%d %H:%M:%S}" for row in table[1:]] == [local_text(r.taken_ms) for r in given]
    (table,) = opened(log, settings).values()
    assert not [value for row in table for value in row if isinstance(value, float)]


def test_a_csv_for_a_german_excel(journal: Path, tmp_path: Path, profile: Path) -> None:
    """A German spreadsheet takes the semicolons and decimal commas for the same numbers and dates."""
    out = tmp_path / "deutsch.csv"
    export(journal, make_order(form="csv", excel="de"), out)
    (table,) = opened(out, profile, GERMAN).values()
    stored = sorted(rows(), key=lambda r: r.taken_ms)
    assert [row[3] for row in table[1:]] == celsius(stored) and all(
        isinstance(row[1], datetime) for row in table[1:]
    )


@pytest.mark.parametrize("zone", ["Europe/Berlin"])
def test_a_workbook(journal: Path, tmp_path: Path, profile: Path, zone: str) -> None:
    """LibreOffice finds real dates in local time and UTC, numbers, and the overview's figures in a
    workbook."""
    out = tmp_path / "book.xlsx"
    export(journal, make_order(form="xlsx", zone=zone), out)
    sheets = opened(out, profile)
    stored = sorted((r for r in rows() if r.probe_id == "Fridge:0"), key=lambda r: r.taken_ms)
    table = sheets["Fridge_0"][1:]
    assert [row[2] for row in table] == celsius(stored)
    for row, reading in zip(table, stored, strict=True):
        taken = datetime.fromtimestamp(reading.taken_ms / 1000, timezone.utc)
        assert abs(row[1].replace(tzinfo=timezone.utc) - taken) < timedelta(milliseconds=1), iso_utc(
            reading.taken_ms
        )
        assert abs(row[0] - taken.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) < timedelta(milliseconds=1)
    assert any(row[:2] == ["Fridge:0"] * 2 and row[2] == len(stored) for row in sheets["Overview"])


@pytest.mark.parametrize("form", ["xlsx", "tidy", "en", "de"])
def test_ids_stay_what_they_are(make_journal: Callable[[list[Row]], Path], profile: Path, form: str) -> None:
    """Ids that look like numbers, times or dates are texts in a workbook and in a CSV for Excel, each as it
    was given."""
    ids = ["0096", "1E5", "1:30", "2026-11-23", "12.5", "Mar1", "1-2", "TempProbe-0096"]
    path = make_journal([Row(id_, None, None, T0 + n, T0 + n, 10**7, None) for n, id_ in enumerate(ids)])
    out = path.with_name("ids.xlsx" if form in ("xlsx", "tidy") else "ids.csv")
    if out.suffix == ".xlsx":
        export(path, make_order(form="xlsx", sheets="tidy" if form == "tidy" else "probe"), out)
        sheets = opened(out, profile)
        column = (
            [row[0] for row in sheets["Overview"]]
            if form == "xlsx"
            else [row[2] for row in sheets["Readings"]]
        )
    else:
        export(path, make_order(form="csv", excel=form), out)
        (table,) = opened(out, profile, ENGLISH if form == "en" else GERMAN).values()
        column = [row[2] for row in table]
    assert set(ids) <= {value for value in column if isinstance(value, str)}
