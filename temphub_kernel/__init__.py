"""TempHub: a hub for ESP32 temperature probes. In a notebook: `import temphub_kernel as th; hub = th.start()`.

Cheap to import: each call brings in what it needs. Main thread of a kernel or a script.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .hub import Attached
    from .hub.running import RunningHub

__all__ = ["__version__", "csv_file", "dashboard", "load", "start", "stop"]


def start() -> RunningHub | Attached:
    """Start the hub in this kernel, or attach to the one that runs on the same data folder. Twice is once.

    Raises TempHubError (problem and remedy) when a setting, the data folder or the port cannot be used.
    """
    from .hub import start as start_hub

    return start_hub()


def stop() -> None:
    """Stop the hub if it runs in this kernel; `start()` may follow."""
    from .hub import stop as stop_hub

    stop_hub()


def dashboard() -> Any:
    """The live page as a widget: cards, chart, statistics and the hub's state. Attaches to the hub, or becomes it."""
    from .dashboard import build
    from .hub import provision

    hub = start()
    view = build(hub.journal, provision=lambda probe_id: provision(hub.settings, hub.url, probe_id), csv_file=hub.csv_file)
    view.start()
    return view.widget


def load(*args: Any, **options: Any) -> pd.DataFrame:
    """The stored readings as a pandas DataFrame; see `temphub_kernel.analysis.load` for every option.

    `th.load(probe=None, start=None, end=None, every=None)`: time-zone aware index, one column per probe in °C.
    """
    from .analysis import load as load_frame

    return load_frame(*args, **options)


def csv_file() -> Path:
    """Where the CSV log is."""
    from .base.settings import Settings

    return Settings.from_environ().csv_file


class _Face(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # Python puts a package's part in the place of its name when it is first imported; here the name is the function's.
        if not (name == "dashboard" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
