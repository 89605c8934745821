"""The public face: what `import temphub_kernel as th` gives, and what it costs."""

import inspect
import subprocess
import sys
import warnings
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


def test_every_call_names_what_it_takes() -> None:
    """No call hides its arguments behind *args or **kwargs, a room that is a call either; times, probes,
    zone and folder are called alike everywhere, and come in one order."""
    import temphub_kernel.alarms  # noqa: F401  # the room of that name, which must stay a call

    # bqscales declares a trait in a way that traitlets deprecates; that is theirs to change.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        th.temperature_picture  # noqa: B018
    called = {name: inspect.signature(getattr(th, name)) for name in th.__all__ if name != "__version__"}
    hidden = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    assert len(called) > 30
    assert not [
        name for name, told in called.items() if hidden & {one.kind for one in told.parameters.values()}
    ]
    for name in (
        "load",
        "scan",
        "statistics",
        "alarms",
        "remarks",
        "struck_out",
        "calibrations",
        "thermocouples",
    ):
        assert list(called[name].parameters)[:3] == ["probe", "start", "end"], name
        assert {"tz", "data_dir"} <= set(called[name].parameters), name
    for name in ("dashboard", "chart", "cards", "stats"):
        assert list(called[name].parameters)[:4] == ["window", "start", "end", "probe"], name


def test_only_what_is_meant_is_offered(tmp_path: Path) -> None:
    """dir() and Tab show what may be called, and nothing that the package only needs itself."""
    import temphub_kernel.alarms  # noqa: F401

    assert {name for name in dir(th) if not name.startswith("__")} == set(th.__all__) - {"__version__"}
    # Its own settings folder, so that no history lands in the user's.
    code = f"import os; os.environ['IPYTHONDIR'] = {str(tmp_path)!r}\n"
    code += "from IPython.core.completer import provisionalcompleter\n"
    code += "from IPython.core.interactiveshell import InteractiveShell\n"
    code += "shell = InteractiveShell.instance(); done = shell.run_cell('import temphub_kernel as th')\n"
    code += "with provisionalcompleter():\n"
    code += "    for typed in ('th.l', 'th.load(tid', 'th.alarms(star'):\n"
    code += "        print(*(one.text for one in shell.Completer.completions(typed, len(typed))))"
    assert run(code).splitlines() == ["load", "tidy=", "start="]


def test_a_script_is_told_that_it_can_show_no_chart(tmp_path: Path) -> None:
    """Outside a notebook `th.chart()` says so, and what to do instead; no hub is started for it."""
    code = f"import os; os.environ['DATA_DIR'] = {str(tmp_path)!r}; import temphub_kernel as th\n"
    code += "for call in (th.chart, th.cards, th.stats, th.dashboard):\n"
    code += "    try: call()\n    except Exception as error: print(type(error).__name__, error.remedy)"
    told = run(code).splitlines()
    assert len(told) == 4 and all(line.startswith("TempHubError Run it in JupyterLab") for line in told)
    assert not list(tmp_path.iterdir())


def test_the_page_can_be_asked_for_twice() -> None:
    """`th.dashboard` stays a call after the room of that name was brought in, so a cell may run again."""
    code = "import temphub_kernel as th; th.profile_picture; import temphub_kernel.page.words as w"
    code += "; print(callable(th.dashboard), w.__name__)"
    assert run(code) == "True temphub_kernel.page.words"
