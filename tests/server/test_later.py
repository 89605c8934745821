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
