"""What an analyst asks a piece of the page to show, in a notebook. Any thread."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import MILLISECOND, Settings, TempHubError, in_range, is_probe_id, now_ms
from ..journal import Reader
from .choices import LONGEST_MS, SHORTEST_MS, View, Window, between, live

if TYPE_CHECKING:
    from .data.places.page import Place


def check_shown_here() -> None:
    """Raises TempHubError where there is nothing that could show a widget and keep it up to date."""
    try:
        asyncio.get_running_loop()
    except RuntimeError as error:
        raise TempHubError(
            "This is no notebook, so there is nothing that could show a live chart and keep it up to date.",
            "Run it in JupyterLab or VS Code; in a script save a picture: "
            'th.temperature_picture(th.load(start="-24h")).save_svg("day.svg").',
            code="no_notebook",
        ) from error


def chosen(
    *,
    window: str | timedelta | None = None,
    start: Any = None,
    end: Any = None,
    probes: str | Sequence[str] | None = None,
    unit: str = "C",
    limit: float | None = None,
) -> View:
    """The view of these choices; times as `th.load` takes them. Raises TempHubError naming the one that
    cannot be had."""
    if window is not None and start is not None:
        raise _wrong("window", window, "give either window or start (and end)")
    chosen_window = View().window if window is None else _live(window)
    if chosen_window is None:
        lengths = 'give a length such as "5min", "24h", "7d" or "1y", up to 5 years'
        raise _wrong("window", window, f'{lengths}; a probe is given as probe="Fridge"')
    if start is not None:
        first, last = _span(start, end)
        if first >= last:
            raise _wrong("start", start, "give a start before the end and before now")
        chosen_window = between(first, last, now_ms())
    elif end is not None:
        raise _wrong("end", end, "give a start as well, or a window alone")
    if unit not in ("C", "F"):
        raise _wrong("unit", unit, 'give "C" or "F"')
    if limit is not None and not (isinstance(limit, int | float) and in_range(limit)):
        raise _wrong("limit", limit, "give a temperature in °C")
    ids = (probes,) if isinstance(probes, str) else tuple(probes or ())
    for id_ in ids:
        if not is_probe_id(id_):
            raise _wrong("probes", id_, "give the ids or names that the page or `temphub probes` shows")
    timed = window is not None or start is not None
    return View(timed=timed, window=chosen_window, probes=ids, unit="F" if unit == "F" else "C", line_c=limit)


def places_of(settings: Settings, source: str = "") -> "Place | None":
    """The engine whose places the page shows; None where it shows the hub's own probes. source: asked for by
    its address; without it a hub that forwards nothing itself shows all places of READ_FROM. Raises
    TempHubError for what is no address."""
    address = source or ("" if settings.forward_url else settings.read_from)
    if not address:
        return None
    # Only here: a hub's own page has no use for what speaks with engines.
    from .data.places.page import Place

    place = Place(address, settings.reading_token if address == settings.read_from else "")
    place.engine()
    return place


def ids_of(journal: Path, probes: str | Iterable[str] | None) -> list[str]:
    """The ids of probes given by id or name; none for all. Raises TempHubError for what no probe is called,
    and for a name that several have."""
    if probes is None:
        return []
    from ..analysis import asked_probes

    with Reader(journal) as reader:
        return asked_probes(reader.probes(removed=True), probes) or []


def _live(window: Any) -> Window | None:
    if isinstance(window, str) and (known := live(window)) is not None:
        return known
    from ..analysis import text_ms

    span_ms = window // MILLISECOND if isinstance(window, timedelta) else text_ms(str(window))
    return Window(span_ms) if span_ms is not None and SHORTEST_MS <= span_ms <= LONGEST_MS else None


def _span(start: Any, end: Any) -> tuple[int, int]:
    # Pandas is in the pages' kernel only where an analyst asked for it.
    from ..analysis import find_zone, moment_ms

    zone = find_zone("local")
    return moment_ms(start, zone), now_ms() if end is None else moment_ms(end, zone, is_end=True)


def _wrong(name: str, given: Any, remedy: str) -> TempHubError:
    return TempHubError(
        f"{name} is {given!r}, which the chart cannot show.",
        remedy[0].upper() + remedy[1:] + ".",
        code="bad_choice",
    )
