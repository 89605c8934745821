"""The public face: what `import temphub_kernel as th` gives, and what it costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import temphub_kernel as th

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_import_is_cheap() -> None:
    """Importing brings in none of the big libraries: each call brings what it needs."""
    big = ("pandas", "numpy", "ipywidgets", "bqplot", "tornado", "sqlite3")
    assert run(f"import sys, temphub_kernel; print([name for name in {big} if name in sys.modules])") == "[]"


def test_what_it_promises_is_there() -> None:
    """Every name it lists can be called, and is listed in dir()."""
    code = (
        "import temphub_kernel as th; print([n for n in th.__all__ if not n.startswith('_') and not "
        "callable(getattr(th, n))])"
    )
    assert run(code) == "[]"
    assert run("import temphub_kernel as th; print(set(th.__all__) - set(dir(th)))") == "set()"
    with pytest.raises(AttributeError, match="no attribute 'excursion'"):
        _ = th.excursion


def test_the_page_can_be_asked_for_twice() -> None:
    """`th.dashboard` stays a call after the room of that name was brought in, so a cell may run again."""
    code = "import temphub_kernel as th; th.profile_picture; import temphub_kernel.page.words as w"
    code += "; print(callable(th.dashboard), w.__name__)"
    assert run(code) == "True temphub_kernel.page.words"
