"""The dashboard notebook, run whole as JupyterLab runs it."""

import nbformat
import pytest
from nbclient import NotebookClient

from support.waiting import wait_for
from temphub_kernel.core.files import notebooks
from temphub_kernel.hub import is_running

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.filterwarnings("ignore::DeprecationWarning:jupyter_client")
def test_the_dashboard_notebook_shows_the_page(monkeypatch, data_dir, free_port):
    """Run from top to bottom with no hub around, the notebook's kernel becomes the hub and the last cell
    shows the live page; when the kernel ends, so does the hub."""
    settings = {
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(notebooks() / "dashboard.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(notebooks())}})
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.outputs if output.output_type != "stream"]
    assert len(shown) == 1 and WIDGET in shown[0].data
    assert not [output for cell in notebook.cells for output in cell.outputs if output.output_type == "error"]
    wait_for(lambda: not is_running(data_dir))
