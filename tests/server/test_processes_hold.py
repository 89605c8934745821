"""What our processes hold in memory: no library that only others need."""

import subprocess
import sys

import pytest
from jupyter_client.manager import start_new_kernel

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
    ),
}


# As the page server's own process comes to its program.
BEGIN = {"page_server": "temphub_kernel.server.page_server._program(); import voila.app; "}
KERNELS = {
    "hub_kernel.WatchedKernel": ("debugpy", "pydevd", "ipywidgets", "bqplot", "pandas.core"),
    "pages_kernel.ViewerKernel": ("debugpy", "pydevd", "voila", "pandas.core"),
}


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
    told = f"print([one for one in {NEEDLESS[name]!r} if one in sys.modules])"
    assert run(f"import sys, temphub_kernel.server.{name}; {BEGIN.get(name, '')}{told}") == "[]"


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_ours_brings_in_no_debugger(name, tmp_path, monkeypatch):
    """Nobody may run code in the hub's and the pages' kernel, so that what debugs it, 8 MB each, is not
    there."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    manager, client = start_new_kernel(
        kernel_name="python3",
        extra_arguments=[f"--IPKernelApp.kernel_class=temphub_kernel.jupyter.{name}"],
    )
    try:
        told = f"[one for one in {KERNELS[name]!r} if __import__('sys').modules.get(one)]"
        asked = {"needless": told, "kernel": "type(get_ipython().kernel).__name__"}
        reply = client.execute_interactive("", user_expressions=asked, timeout=60)
        seen = {key: one["data"]["text/plain"] for key, one in reply["content"]["user_expressions"].items()}
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    assert seen["kernel"] == repr(name.partition(".")[2])
    assert seen["needless"] == "[]"


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
print("all")
""")
        == "all"
    )
