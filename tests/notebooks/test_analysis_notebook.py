"""The analysis notebook, on a journal of which all is known, and on those that hold little."""

import base64
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.csvlog import CsvLog
from temphub_kernel.journal import Writer

ROOT = Path(__file__).parents[2]
STEP_S = 10
DAY = 24 * 3600 // STEP_S
SVG = "image/svg+xml"
WIDGET = "application/vnd.jupyter.widget-view+json"


def fridge() -> np.ndarray:
    """A day at 5 °C: a compressor of 20 minutes ± 1 K, three door openings of 5 K, an hour at 12 °C."""
    seconds = np.arange(DAY) * STEP_S
    celsius = 5 + np.sin(seconds / 1200 * 2 * np.pi)
    for hour in (3, 9, 15):
        since = np.maximum(seconds - hour * 3600 - 300, 0)
        celsius += 5 * np.minimum(since / 30, 1) * np.exp(-np.maximum(since - 30, 0) / 240)
    return np.where((seconds >= 20 * 3600) & (seconds < 21 * 3600), 12.0, celsius)


def seed(folder: Path, rows: list[Row]) -> None:
    """A hub that took these readings, and ended."""
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    log = CsvLog(folder / "temperature_log.csv", folder / "temphub.sqlite3", writer)
    writer.start()
    if rows:
        writer.store(rows)
    log.start()
    assert log.stop() and writer.stop()


def numbered(probe: str, celsius: np.ndarray, *, lost: range = range(0)) -> list[Row]:
    first = now_ms() - 2 * 3_600_000 - len(celsius) * STEP_S * 1000
    times = [first + place * STEP_S * 1000 for place in range(len(celsius))]
    made = zip(range(len(celsius)), times, celsius.tolist(), strict=True)
    return [
        Row(probe, "b1", seq, ms, ms + 50, to_units(round(value, 4)), None)
        for seq, ms, value in made
        if seq not in lost
    ]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The text of what each cell showed, by the cell's last line."""
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    # Its own settings folder, so that neither history nor checkpoints land in the user's.
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    notebook = nbformat.read(ROOT / "notebooks" / "analysis.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    nbformat.write(notebook, folder / "analysis.ipynb")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "stream"]
    return {cell.source.splitlines()[-1]: _text(cell.outputs) for cell in cells}


def _text(outputs: list[Any]) -> str:
    return "".join(json.dumps(output.get("data", {}), ensure_ascii=False) for output in outputs)


def cell(shown: dict[str, str], part: str) -> str:
    found = [shown[part]] if part in shown else [text for line, text in shown.items() if part in line]
    assert len(found) == 1, f"{part!r} is in {len(found)} cells"
    return found[0]


def rows_of(text: str) -> int:
    """Data rows of the HTML table in what a cell showed."""
    return json.loads(text)["text/html"].split("<tbody>")[1].count("<tr")


def test_it_finds_what_is_known(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """14 lost readings, an excursion of an hour, three door openings and a compressor's 20 minutes are what
    it tells; each picture is one."""
    colder = fridge() - 0.5
    seed(
        data_dir,
        numbered("Fridge", fridge(), lost=range(4000, 4014)) + numbered("Second", colder, lost=range(0)),
    )
    shown = run(data_dir, monkeypatch)
    told = cell(shown, '"says"')
    assert "99.83 %, 14 readings missing" in told and "100 %, none missing" in told
    assert rows_of(cell(shown, "holes.nlargest")) == 1 and "numbers" in cell(shown, "holes.nlargest")
    assert rows_of(cell(shown, "mean_kinetic_temperature")) == 2
    found = cell(shown, "found")
    assert "0 days 01:0" in found and "12.0" in found
    # The hour at 12 °C rises as quickly as a door lets it and is back within the hour: a fourth one on each
    # probe.
    assert rows_of(cell(shown, "doors")) == 8
    assert "0 days 00:20:00" in cell(shown, "cycles.groupby")
    assert "-0.5" in cell(shown, "th.compare(readings)")
    pictures = [line for line in shown if "_picture(" in line]
    assert len(pictures) == 7 and all(SVG in shown[line] and WIDGET not in shown[line] for line in pictures)
    # As it is sent to somebody: without a kernel, the internet, or a script.
    page = BeautifulSoup(HTMLExporter().from_filename(str(data_dir / "analysis.ipynb"))[0], "html.parser")
    pictures = [found["src"].partition("data:image/svg+xml;base64,")[2] for found in page.find_all("img")]
    titles = [ET.fromstring(base64.b64decode(picture)).get("aria-label", "") for picture in pictures]
    assert [title.split()[0] for title in titles] == [
        "Temperature", "Completeness", "Excursions", "Degree-hours", "Compressor", "Difference", "Usual",
    ]  # fmt: skip


@pytest.mark.parametrize("readings", [0, 1, 3])
def test_it_survives_little(data_dir: Path, monkeypatch: pytest.MonkeyPatch, readings: int) -> None:
    """With one probe, a few readings, or none, every cell runs and shows an empty table or picture."""
    seed(data_dir, numbered("Only", np.full(readings, 5.0)))
    shown = run(data_dir, monkeypatch)
    assert ("none missing" in cell(shown, '"says"')) == bool(readings)
    assert rows_of(cell(shown, "th.compare(readings)")) == 0 == rows_of(cell(shown, "doors"))
