"""What only some calls of a library need is in memory when it is needed, and not before."""

import subprocess
import sys

# A page's kernel as it begins, with all that makes a page.
BEGIN = """
import sys
from temphub_kernel.jupyter import later, pages_kernel
later.put_off("pandas", later.PANDAS)
import bqplot
import numpy as np
from temphub_kernel.page import dashboard
from temphub_kernel.page.html import first_view
there = lambda: "pandas.core" in sys.modules
x = bqplot.LinearScale(min=0, max=2)
lines = bqplot.Lines(x=np.arange(3.0), y=np.arange(3.0), scales={"x": x, "y": x})
assert "<path" in first_view.svg(bqplot.Figure(marks=[lines], fig_margin={"left": 0, "right": 0, "top": 0,
"bottom": 0}))
assert not hasattr(sys.modules["pandas"], "__file__") and not there(), "a page brought pandas in"
"""


def run(program: str) -> None:
    """In an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_page_needs_no_pandas_and_whoever_asks_has_it() -> None:
    """All that a page imports and draws comes without pandas; what is asked of it afterwards is pandas' own,
    through either name."""
    run("""
before = sys.modules["pandas"]
import pandas
assert pandas.DataFrame({"a": [1, 2]})["a"].sum() == 3 and there()
import pandas as again
assert again is not before and before.Series is again.Series and again.__file__
lines.x = ["2026-11-30", "2026-12-01", "2026-12-02"]
""")


def test_a_part_of_pandas_may_be_asked_for_first() -> None:
    """Importing a module of it, or what bqplot itself needs it for, brings all of it in."""
    run("""
from pandas.tseries.offsets import Day
assert there() and Day(2).n == 2
""")
    run("""
from bqplot.traits import convert_to_date
assert not there()
assert str(convert_to_date(["2026-11-30"])[0])[:10] == "2026-11-30" and there()
""")


KERNEL = """
import sys
from temphub_kernel.jupyter import later
later.spare_kernel()
import numpy as np
assert list(np.unique(np.array([3, 1, 3]))) == [1, 3] and "numpy.ma.core" not in sys.modules
"""


def test_a_kernel_of_ours_has_the_libraries_in_full_when_they_are_asked_for() -> None:
    """Arrays with a mask, a client of kernels and the names of HTML's signs are put off, and themselves as
    soon as somebody uses them, in whatever way he comes to them."""
    for program in (
        "masked = np.ma.masked_array([1, 2, 2], [True, False, False]); assert masked.sum() == 4\n"
        "assert np.ma.is_masked(masked) and list(np.unique(masked).compressed()) == [2]",
        "import numpy.ma as ma; assert ma.is_masked(ma.array([1], mask=[True]))",
        "from numpy.ma import core; assert core.MaskedArray and np.ma.core is core",
        "import pandas; assert pandas.Series([1, 2]).sum() == 3",
        "import jupyter_client as one; assert one.KernelManager.kernel_name and one.__version__",
        "from jupyter_client import BlockingKernelClient as one; assert isinstance(one(), one)",
        "from jupyter_client.manager import KernelManager as one; assert one().client()",
        "from ipykernel.kernelapp import IPKernelApp; from ipykernel.connect import write_connection_file\n"
        "assert 'jupyter_client.manager' not in sys.modules\n"
        "assert type(IPKernelApp().blocking_client()).__name__ == 'BlockingKernelClient'",
        "import html; assert html.unescape('&uuml;') == '\u00fc' and len(html.entities.html5) > 2000",
        "from html.entities import name2codepoint; assert name2codepoint['auml'] == 228",
    ):
        run_kernel(program)


def run_kernel(program: str) -> None:
    """As a kernel of ours begins."""
    command = [sys.executable, "-c", KERNEL + program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (program, done.stderr)


def test_the_map_of_the_world_is_read_when_a_map_is_made() -> None:
    """bqplot would hold it, 2 MB, for whoever makes a map: no page does; who does has all of it."""
    run("""
import gc
from temphub_kernel.page.widgets import chart, world
held = lambda: [one for one in gc.get_objects() if type(one) is dict and one.get("type") == "Topology"]
gc.collect()
assert not held(), "it is in memory still"
made = bqplot.Map()
assert made.map_data == world.topo_load(world.FILE) and held()
assert made.map_data["objects"]["subunits"]["geometries"]
""")
