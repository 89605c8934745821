"""What the processes beside the kernels hold in memory: no library that only others need."""

import subprocess
import sys

import pytest

NEEDLESS = {
    "keeper": ("asyncio", "tornado", "psutil", "jupyter_client"),
    "run": ("voila", "jupyter_server", "zeroconf", "numpy", "sqlite3", "ipywidgets"),
    "page_app": (
        "numpy",
        "pandas",
        "zeroconf",
        "cryptography",
        "ipywidgets",
        "IPython",
        "temphub_kernel.journal",
    ),
}


@pytest.mark.parametrize("name", NEEDLESS)
def test_a_process_brings_in_nothing_that_only_others_need(name):
    """Keeper, supervisor and page server: a library more in one of them is megabytes for good, and time at
    each start."""
    told = (
        f"import sys, temphub_kernel.server.{name}; print([one for one in {NEEDLESS[name]!r} if one in "
        "sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
