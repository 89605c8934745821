"""TempHub: a hub for ESP32 temperature probes. In a notebook: `import temphub_kernel as th; hub = th.start()`.

Cheap to import: each call brings in what it needs. Main thread of a kernel or a script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .hub import Attached
    from .hub.running import RunningHub

__all__ = ["__version__", "cards", "chart", "csv_file", "dashboard", "load", "start", "stats", "stop"]


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


def dashboard(**choices: Any) -> Any:
    """The live page as a widget: cards, chart, statistics and the hub's state. Attaches to the hub, or becomes it.

    choices: as for `chart`.
    """
    return _page(None, choices)


def chart(**choices: Any) -> Any:
    """The live chart alone, as a widget.

    window: the last so-and-so long, `"24h"` (as it is without), `"7d"`; or start and end, as `load` takes them; probes: their
    ids; unit: `"C"` or `"F"`; limit: a line, °C. Raises TempHubError for what cannot be shown.
    """
    return _page(("chart",), choices)


def cards(**choices: Any) -> Any:
    """A card a probe, alone, as a widget; choices: as for `chart`."""
    return _page(("cards",), choices)


def stats(**choices: Any) -> Any:
    """The table of statistics alone, as a widget; choices: as for `chart`."""
    return _page(("stats",), choices)


def _page(parts: tuple[str, ...] | None, choices: dict[str, Any]) -> Any:
    from .dashboard import build, chosen
    from .hub import provision, tell

    # The page begins with what happens just now; whoever takes a piece of it mostly wants the day.
    if parts and not {"window", "start"} & set(choices):
        choices = {"window": "24h", **choices}
    view = chosen(**choices)
    hub = start()
    page = build(
        hub.journal,
        provision=lambda probe_id: provision(hub.settings, hub.url, probe_id),
        ask=lambda path, body: tell(hub.settings, hub.url, path, body),
        csv_file=hub.csv_file,
        view=view,
        **({"parts": parts} if parts else {}),
    )
    page.start()
    return page.widget


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
