"""TempHub: a hub for ESP32 temperature probes. In a notebook: `import temphub_kernel as th; hub =
th.start()`.

Cheap to import: each call brings in what it needs. Main thread of a kernel or a script.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    import pandas as pd

    from . import analysis
    from .analysis.arguments import Probes, When
    from .hub import Attached, HubClient
    from .hub.hub import RunningHub
    from .page.widgets.pictures import *

    # What type checkers and editors see of ON_DEMAND.
    calibrations, compare, completeness = analysis.calibrations, analysis.compare, analysis.completeness
    compressor_cycles, daily_profile, degree_hours = (
        analysis.compressor_cycles,
        analysis.daily_profile,
        analysis.degree_hours,
    )
    differences, door_openings, excursions = analysis.differences, analysis.door_openings, analysis.excursions
    export, export_hive, gaps, load = analysis.export, analysis.export_hive, analysis.gaps, analysis.load
    mean_kinetic_temperature, probes, remarks = (
        analysis.mean_kinetic_temperature,
        analysis.probes,
        analysis.remarks,
    )
    rules, scan, statistics = analysis.rules, analysis.scan, analysis.statistics
    struck_out, thermocouples = analysis.struck_out, analysis.thermocouples

# What is brought in from a room when it is first asked for: `th.excursions(…)` and their pictures.
ON_DEMAND = {
    "analysis": (
        "alarms",
        "calibrations",
        "compare",
        "completeness",
        "compressor_cycles",
        "daily_profile",
        "degree_hours",
        "differences",
        "door_openings",
        "excursions",
        "export",
        "export_hive",
        "gaps",
        "load",
        "mean_kinetic_temperature",
        "probes",
        "remarks",
        "rules",
        "scan",
        "statistics",
        "struck_out",
        "thermocouples",
    ),
    "page.widgets.pictures": (
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

__all__ = [
    "__version__",
    "annotate",
    "calibrate",
    "cards",
    "chart",
    "csv_file",
    "dashboard",
    "start",
    "stats",
    "stop",
    "strike_out",
    "thermocouple",
    *ROOM_OF,
]


def start() -> RunningHub | Attached:
    """Start the hub in this kernel, or attach to the one that runs on the same data folder. Twice is once.

    Raises TempHubError (problem and remedy) when a setting, the data folder or the port cannot be used.
    """
    hub: RunningHub | Attached = _hub().start()
    return hub


def stop() -> None:
    """Stop the hub if it runs in this kernel; `start()` may follow."""
    _hub().stop()


def dashboard(
    window: str | timedelta | None = None,
    start: When = None,
    end: When = None,
    probe: Probes = None,
    unit: str = "C",
    limit: float | None = None,
    *,
    probes: Probes = None,
    source: str = "",
) -> Any:
    """The live page as a widget: cards, chart, statistics and the hub's state. Attaches to the hub, or
    becomes it.

    As for `chart`; without window and start it begins with the last five minutes. source: the address of an
    engine to which many hubs forward (docs/fleet.md): the page of all their places; so it is without it, too,
    where READ_FROM is set and FORWARD_URL is not.
    """
    asked = probe if probes is None else probes
    return _page(None, window, start, end, asked, unit, limit, source)


def chart(
    window: str | timedelta | None = None,
    start: When = None,
    end: When = None,
    probe: Probes = None,
    unit: str = "C",
    limit: float | None = None,
    *,
    probes: Probes = None,
) -> Any:
    """The live chart alone, as a widget.

    window: the last so-and-so long, `"24h"` (as it is without), `"7d"`; or start and end, as `load` takes
    them. probe (or probes): ids or names; None is all. unit: `"C"` or `"F"`; limit: a line, °C. Raises
    TempHubError for what cannot be shown, and outside a notebook, where nothing could show it.
    """
    asked = probe if probes is None else probes
    return _page(("chart",), window, start, end, asked, unit, limit)


def cards(
    window: str | timedelta | None = None,
    start: When = None,
    end: When = None,
    probe: Probes = None,
    unit: str = "C",
    limit: float | None = None,
    *,
    probes: Probes = None,
) -> Any:
    """A card a probe, alone, as a widget. As for `chart`."""
    asked = probe if probes is None else probes
    return _page(("cards",), window, start, end, asked, unit, limit)


def stats(
    window: str | timedelta | None = None,
    start: When = None,
    end: When = None,
    probe: Probes = None,
    unit: str = "C",
    limit: float | None = None,
    *,
    probes: Probes = None,
) -> Any:
    """The table of statistics alone, as a widget. As for `chart`."""
    asked = probe if probes is None else probes
    return _page(("stats",), window, start, end, asked, unit, limit)


def _page(
    parts: tuple[str, ...] | None,
    window: str | timedelta | None,
    start_: When,
    end: When,
    probe: Probes,
    unit: str,
    limit: float | None,
    source: str = "",
) -> Any:
    from .page import build, check_shown_here, chosen, ids_of, places_of

    check_shown_here()
    # The page begins with what happens just now; whoever takes a piece of it mostly wants the day.
    if parts and window is None and start_ is None:
        window = "24h"
    # What can be refused without a hub is.
    view = chosen(window=window, start=start_, end=end, unit=unit, limit=limit)
    hub = start()
    if not parts and (places := places_of(hub.settings, source)) is not None:
        page = build(places, view=view)
        page.start()
        return page.widget
    view = view._replace(probes=tuple(ids_of(hub.journal, probe)))
    client = _hub().HubClient(hub.settings, hub.url, _hub().PAGE)
    page = build(
        hub.journal,
        provision=client.provision,
        ask=client.ask,
        csv_file=hub.csv_file,
        view=view,
        **({"parts": parts} if parts else {}),
    )
    page.start()
    return page.widget


def calibrate(
    probe: str, points: float | Sequence[tuple[float, float]], start: When = None, note: str = ""
) -> None:
    """Correct a probe's values from `start` (default now) on; what it sent is kept as it is.

    points: (°C shown, true °C) pairs, or one number of °C to add; an empty list ends the correction. Raises
    TempHubError.
    """
    hub = _client()
    pairs = [(0.0, float(points))] if isinstance(points, int | float) else points
    probe = hub.meant(probe)
    hub.calibrate(probe, pairs, None if start is None else _local_ms(start), note)


def thermocouple(
    probe: str,
    type: str | None,
    chip: str = "max31855",
    start: When = None,
    end: When = None,
    *,
    cold_c: float = 25.0,
    cold_within_c: float = 25.0,
    note: str = "",
) -> int | list[int]:
    """Have a probe's readings in [start, end) corrected as those of a thermocouple's chip that reckons with a
    straight line; its number.

    type: "E", "J", "K", "N", "R", "S" or "T"; None takes back all that is stated of the probe (the numbers).
    chip: "max31855" or "max6675". cold_c: what the chip's own temperature is taken for where it was not
    stored, cold_within_c: how far off that may be. What was sent is kept: `load(raw=True)`. Raises
    TempHubError.
    """
    hub = _client()
    probe = hub.meant(probe)
    if type is None:
        numbers = [int(one["number"]) for one in hub.thermocouples() if one["probe_id"] == probe]
        for number in numbers:
            hub.undo_thermocouple(number)
        return numbers
    from_ms = None if start is None else _local_ms(start)
    to_ms = None if end is None else _local_ms(end, is_end=True)
    told = {"cold_c": cold_c, "cold_within_c": cold_within_c, "note": note}
    return hub.state_thermocouple(
        probe, {"type": type.upper(), "chip": chip.lower(), "from_ms": from_ms, "to_ms": to_ms, **told}
    )


def strike_out(
    probe: str, start: When, end: When = None, note: str = "", *, undo: bool = False
) -> int | list[int]:
    """Have a probe's readings from `start` to `end` (default: that moment) not count; its number. They are
    kept.

    undo=True: has everything of the probe that is struck out and touches that time count again; the numbers.
    Raises TempHubError.
    """
    hub = _client()
    from_ms = _local_ms(start)
    to_ms = from_ms if end is None else _local_ms(end, is_end=True)
    probe = hub.meant(probe)
    if not undo:
        return hub.strike_out(probe, from_ms, to_ms, note)
    return hub.undo_strike_outs_in(probe, from_ms, to_ms)


def annotate(text: str, start: When = "now", end: When = None, probe: str | None = None) -> int:
    """Keep a remark on a moment or a range, for one probe or all; its number. `remarks()` gives them back.
    Raises TempHubError."""
    hub = _client()
    to_ms = None if end is None else _local_ms(end, is_end=True)
    probe = probe and hub.meant(probe)
    return hub.annotate(text, _local_ms(start), to_ms, probe)


def csv_file() -> Path:
    """Where the CSV log is."""
    from .core import Settings

    return Settings.from_environ().csv_file


def _client() -> HubClient:
    # A call of its own: `start` is also the name of an argument above.
    hub = start()
    client: HubClient = _hub().HubClient(hub.settings, hub.url)
    return client


def _hub() -> ModuleType:
    return import_module(".hub", __name__)


def _local_ms(when: When, *, is_end: bool = False) -> int:
    """A time as an analyst says it, by this computer's clock."""
    from .analysis import find_zone, moment_ms

    return moment_ms(when, find_zone("local"), is_end=is_end)


def __getattr__(name: str) -> Any:
    if name not in ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{ROOM_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


class _Alarms(ModuleType):
    """The room `alarms`, which has the name of a call: it is both, `th.alarms()` and where alarms are
    made."""

    def __call__(
        self,
        probe: Probes = None,
        start: When = None,
        end: When = None,
        *,
        tz: str = "local",
        data_dir: str | Path | None = None,
    ) -> pd.DataFrame:
        """Alarms that lie in [start, end) in part, a row each, by when they began; index: their number."""
        room = import_module(".analysis", __name__)
        found: pd.DataFrame = room.alarms(probe, start, end, tz=tz, data_dir=data_dir)
        return found


class _Package(ModuleType):
    """This package. Whoever imports that room has Python set it as an attribute, in the place of the call."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "alarms" and isinstance(value, ModuleType):
            value.__class__ = _Alarms
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
