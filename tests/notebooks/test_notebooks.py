"""The shipped notebooks: clean in git, short, and they run."""

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.csvlog import CsvLog
from temphub_kernel.journal import Writer

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
NOT_IN_CELLS = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Lambda,
)
LONGEST_CELL = 8


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def code(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    """The rules below look at something."""
    assert {path.name for path in NOTEBOOKS} >= {"dashboard.ipynb", "analysis.ipynb"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_clean_in_git(path: Path) -> None:
    """No outputs, no execution counts, no metadata but the kernel: a run does not change the file's meaning
    in git."""
    notebook = read(path)
    nbformat.validate(nbformat.from_dict(notebook))
    assert (
        list(notebook["metadata"]) == ["kernelspec"]
        and notebook["metadata"]["kernelspec"]["name"] == "python3"
    )
    for cell in notebook["cells"]:
        assert not cell["metadata"] and not cell.get("outputs") and cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_cells_only_call(path: Path) -> None:
    """A cell is a few lines that call the package: no function, class or loop, and only its public face."""
    for cell in code(path):
        tree = ast.parse(cell)
        assert len(cell.splitlines()) <= LONGEST_CELL
        assert not [node for node in ast.walk(tree) if isinstance(node, NOT_IN_CELLS)]
        ours = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("temphub")
        ]
        assert not ours and "._" not in cell


def test_the_dashboard_is_two_cells() -> None:
    """Voilà shows every cell: the dashboard has two, and the first one starts or finds the hub."""
    path = FOLDER / "dashboard.ipynb"
    assert code(path) == ["import temphub_kernel as th\n\nhub = th.start()", "th.dashboard()"]
    assert len(read(path)["cells"]) == 2


def seed(folder: Path, readings: int) -> None:
    """A hub that took readings from two probes, and ended."""
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    log = CsvLog(folder / "temperature_log.csv", folder / "temphub.sqlite3", writer)
    writer.start()
    now = now_ms()
    if readings:
        made = [
            (f"P-{n % 2}", now - (readings - n) * 60_000, None if n % 50 == 0 else 210_000_000 + n * 10_000)
            for n in range(readings)
        ]
        writer.store(
            [
                Row(probe, None, None, ms, ms, units, "crc" if units is None else None)
                for probe, ms, units in made
            ]
        )
    log.start()
    assert log.stop() and writer.stop()


@pytest.mark.parametrize("readings", [400, 0])
def test_the_analysis_runs(data_dir: Path, monkeypatch: pytest.MonkeyPatch, readings: int) -> None:
    """Every cell runs on a journal with readings, and on one that has none yet."""
    seed(data_dir, readings)
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    # Its own settings folder, so that neither history nor checkpoints land in the user's.
    monkeypatch.setenv("IPYTHONDIR", str(data_dir / "ipython"))
    notebook = nbformat.read(FOLDER / "analysis.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(data_dir)}}
    ).execute()
    text = json.dumps(notebook)
    assert not [
        out["text"]
        for cell in notebook["cells"]
        for out in cell.get("outputs", [])
        if out["output_type"] == "stream"
    ]
    assert ("P-1" in text) == bool(readings)
