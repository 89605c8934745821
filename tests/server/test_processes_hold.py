"""What our processes hold in memory: no library that only others need."""

import subprocess
import sys

import pytest
from jupyter_client.manager import KernelManager

from temphub_kernel.jupyter.kernel_process import QUIET, KernelSpecs

NEEDLESS = {
    "keeper": ("asyncio", "tornado", "psutil", "jupyter_client"),
    "run": ("voila", "jupyter_server", "zeroconf", "numpy", "sqlite3", "ipywidgets"),
    "page_server": (
        "requests",
        "arrow",
        "babel",
        "charset_normalizer",
        "jupyter_server.serverapp",
        "jupyter_server.gateway",
        "nbconvert.exporters.pdf",
        "soupsieve",
        "bleach.sanitizer",
        "numpy",
        "pandas",
        "zeroconf",
        "cryptography",
        "ipywidgets",
        "IPython",
        "temphub_kernel.journal",
        "filelock",
        "anyio",
        "json5",
        "rfc3986_validator",
        "pygments.lexers._mapping",
    ),
}


# As the page server's own process comes to its program.
BEGIN = {"page_server": "temphub_kernel.server.page_server._program(); import voila.app; "}
KERNELS = {
    "hub_kernel.WatchedKernel": ("ipywidgets", "bqplot"),
    "pages_kernel.ViewerKernel": ("voila", "filelock", "http.client", "zipfile"),
}
NO_KERNEL = ("debugpy", "pydevd", "pdb", "IPython.core.debugger", "pandas.core", "numpy.ma.core", "yaml")
NO_KERNEL += ("jupyter_client.manager", "jupyter_client.client", "importlib.metadata", "jedi")
# Of a module that is put off another stands there, which has no file.
HELD = "[one for one in {!r} if getattr(__import__('sys').modules.get(one), '__file__', None)]"


def run(program):
    """What a program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", NEEDLESS)
def test_a_process_brings_in_nothing_that_only_others_need(name):
    """Keeper, supervisor and page server: a library more in one of them is megabytes for good, and time at
    each start."""
    told = f"print({HELD.format((*NEEDLESS[name], 'html.entities'))})"
    assert run(f"import sys, temphub_kernel.server.{name}; {BEGIN.get(name, '')}{told}") == "[]"


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_ours_brings_in_nothing_that_nobody_in_it_uses(name, tmp_path, monkeypatch):
    """Nobody may run code in the hub's and the pages' kernel, nor reach another kernel from it: what debugs,
    what starts kernels and what remembers cells is not there, and code has no columns."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecs())
    manager.start_kernel(
        extra_arguments=[*QUIET, f"--IPKernelApp.kernel_class=temphub_kernel.jupyter.{name}"]
    )
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        asked = {
            "needless": HELD.format((*KERNELS[name], *NO_KERNEL, "html.entities")),
            "kernel": "type(get_ipython().kernel).__name__",
            "kept": "get_ipython().history_manager.enabled",
            "columns": "any(one[2] for one in type(get_ipython().kernel).__new__.__code__.co_positions())",
        }
        reply = client.execute_interactive("", user_expressions=asked, timeout=60)
        seen = {key: one["data"]["text/plain"] for key, one in reply["content"]["user_expressions"].items()}
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    assert seen["kernel"] == repr(name.partition(".")[2])
    assert (seen["needless"], seen["kept"], seen["columns"]) == ("[]", "False", "False")
    assert not list(tmp_path.rglob("history.sqlite"))


def test_the_page_server_has_the_libraries_in_full_when_they_are_asked_for():
    """What Voilà and nbconvert were not given at their top is theirs as soon as somebody uses it: a Markdown
    cell that a user wrote, HTML that is cleaned, another format, a JupyterLab server."""
    assert (
        run("""
import temphub_kernel.server.page_server as server
server._program()
import bleach, nbconvert, jupyterlab_server, voila
from nbconvert.filters import clean_html
from voila.exporter import VoilaExporter, VoilaMarkdownRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath
html = MarkdownWithMath(renderer=VoilaMarkdownRenderer(None, escape=False)).render("# *one* & $x$")
assert "<em>one</em>" in html, html
assert "<script" not in clean_html("<script>one</script>") and bleach.clean("<a>") == "<a></a>"
assert nbconvert.exporters.PDFExporter.__name__ and nbconvert.HTMLExporter.__mro__[0] in VoilaExporter.__mro__
assert nbconvert.get_exporter("slides") and jupyterlab_server.LabServerApp.name == "jupyterlab_server"
assert callable(voila.load_jupyter_server_extension)
coloured = MarkdownWithMath(renderer=VoilaMarkdownRenderer(None)).render("```python\\nimport one\\n```")
assert 'class="kn"' in coloured, coloured
import asyncio, html, html.entities, json5
from jupyter_server.services.contents.fileio import run_sync
assert asyncio.run(run_sync(lambda: 3)) == 3 and json5.loads("[1,]") == [1]
assert html.unescape("&eacute;&notit;") == "\u00e9\u00acit;" and html.entities.codepoint2name[233] == "eacute"
print("all")
""")
        == "all"
    )
