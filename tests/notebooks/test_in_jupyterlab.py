"""The pieces in a real JupyterLab, in a real browser, as an analyst uses them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import nbformat
import psutil
import pytest
from playwright.sync_api import sync_playwright

from browser.conftest import ARGUMENTS, chromium
from support.filled import fill
from support.ports import free_port
from support.waiting import PATIENCE_S, box_of, wait_for
from temphub_kernel.core.clock import now_ms

CELLS = (
    "import temphub_kernel as th\nth.chart(window='1h')",
    "th.cards()",
    "th.stats(window='1h', unit='F')",
    "th.load().tail(1)",
)
OWN = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
WARNED = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']"


@pytest.fixture
def lab(data_dir, tmp_path) -> Iterator[str]:
    """The address of a notebook with one piece a cell, in a JupyterLab of its own; no hub runs."""
    now = now_ms()
    fill(
        data_dir,
        {"cellar": [(now - at * 10_000, 4.0 + at % 7 / 8) for at in range(300, 0, -1)]},
        rolled_up=False,
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, tmp_path / "pieces.ipynb")
    port = free_port()
    # Nothing of whoever runs the tests is read or written, and nothing is asked of the internet.
    environ = {**os.environ, **{name: str(tmp_path / name) for name in OWN}}
    environ |= {
        "DATA_DIR": str(data_dir),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
        "PORT": str(free_port()),
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
    ]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with (tmp_path / "lab.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=tmp_path)
    try:
        wait_for(
            lambda: process.poll() is not None or "is running at" in (tmp_path / "lab.log").read_text(), 60
        )
        assert process.poll() is None, (tmp_path / "lab.log").read_text()
        yield f"http://127.0.0.1:{port}/lab/tree/pieces.ipynb"
    finally:
        family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(PATIENCE_S)
        for one in family:
            # Most of them end meanwhile by themselves.
            with suppress(psutil.NoSuchProcess):
                one.kill()


@pytest.mark.browser
@pytest.mark.timeout(240)
def test_the_pieces_work_alone_in_jupyterlab(lab):
    """Chart, cards and statistics each stand below their own cell, with a line and with values; nothing is
    warned of."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1600})
        page.set_default_timeout(1000 * PATIENCE_S)
        page.goto(lab)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
        # The notebook's own sign says "idle" before it has a kernel.
        wait_for(lambda: "| Idle" in page.locator("#jp-main-statusbar").inner_text(), 60)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        chart, cards, statistics, frame = (
            page.locator(".jp-Notebook .jp-CodeCell").nth(place) for place in range(4)
        )
        chart.locator(".th-chart path.line").first.wait_for(state="attached", timeout=60_000)
        cards.locator(".th-card .th-number").first.wait_for(timeout=60_000)
        wait_for(lambda: "cellar" in statistics.inner_text() and "°F" in statistics.inner_text(), 30)
        wait_for(lambda: "cellar" in frame.inner_text(), 30)
        assert not chart.locator(".th-card").count() and not cards.locator(".th-chart").count()
        assert not page.locator(WARNED).count()
        drawn = chart.locator(".th-chart").first
        wait_for(lambda: (box := box_of(drawn))["width"] > 500 and box["height"] > 150, 20)
        browser.close()
