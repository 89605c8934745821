"""TempHub: a hub for ESP32 temperature probes. In a notebook: `import temphub_kernel as th; hub = th.start()`.

Cheap to import: each call brings in what it needs. Main thread of a kernel or a script.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .hub import Attached
    from .hub.running import RunningHub

# What is brought in from a room when it is first asked for: `th.excursions(…)` and their pictures.
ON_DEMAND = {
    "analysis": (
        "compare",
        "completeness",
        "compressor_cycles",
        "daily_profile",
        "degree_hours",
        "differences",
        "door_openings",
        "excursions",
        "gaps",
        "mean_kinetic_temperature",
    ),
    "dashboard.pictures": (
        "compare_picture",
        "completeness_picture",
        "cycle_picture",
        "degree_picture",
        "excursion_picture",
        "profile_picture",
        "temperature_picture",
    ),
}
ROOM_OF = {name: room for room, names in ON_DEMAND.items() for name in names}

__all__ = ["__version__", "csv_file", "dashboard", "load", "start", "stop", *ROOM_OF]


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


def __getattr__(name: str) -> Any:
    if name not in ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{ROOM_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _DashboardRoom(ModuleType):
    __call__ = staticmethod(dashboard)


class _Face(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # Python hangs a room onto its package once it is imported, over the call of the same name: then the room takes the call.
        if name == "dashboard" and isinstance(value, ModuleType):
            value.__class__ = _DashboardRoom
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
