"""What an analyst asks a piece of the page to show, in a notebook. Any thread."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..core import TempHubError, in_range, is_probe_id, named, now_ms, parse_time
from ..journal import Reader
from .choices import View, between, live


def chosen(
    *,
    window: str | None = None,
    start: str | int | datetime | None = None,
    end: str | int | datetime | None = None,
    probes: str | Sequence[str] | None = None,
    unit: str = "C",
    limit: float | None = None,
) -> View:
    """The view of these choices. Raises TempHubError naming the one that cannot be had."""
    if window is not None and start is not None:
        raise _wrong("window", window, "give either window or start (and end)")
    chosen_window = View().window if window is None else live(window)
    if chosen_window is None:
        raise _wrong("window", window, 'give a length such as "5min", "24h", "7d" or "1y", up to 5 years')
    if start is not None:
        first, last = _moment("start", start), now_ms() if end is None else _moment("end", end)
        if first >= last:
            raise _wrong("start", start, "give a start before the end and before now")
        chosen_window = between(first, last, now_ms())
    if unit not in ("C", "F"):
        raise _wrong("unit", unit, 'give "C" or "F"')
    if limit is not None and not in_range(limit):
        raise _wrong("limit", limit, "give a temperature in °C")
    ids = (probes,) if isinstance(probes, str) else tuple(probes or ())
    for id_ in ids:
        if not is_probe_id(id_):
            raise _wrong("probes", id_, "give the ids or names that the page or `temphub probes` shows")
    return View(window=chosen_window, probes=ids, unit="F" if unit == "F" else "C", line_c=limit)


def ids_of(journal: Path, probes: str | Sequence[str]) -> list[str]:
    """The ids of probes given by id or name; what nobody is called stays as it is. Raises TempHubError for a
    name that several have."""
    with Reader(journal) as reader:
        known = reader.probes(removed=True)
    return [named(known, text) or text for text in ([probes] if isinstance(probes, str) else probes)]


def _moment(name: str, given: str | int | datetime) -> int:
    try:
        return parse_time(given.isoformat() if isinstance(given, datetime) else str(given))
    except ValueError as error:
        raise _wrong(name, given, 'give a date such as "2026-11-23" or "2026-11-23 08:00"') from error


def _wrong(name: str, given: Any, remedy: str) -> TempHubError:
    return TempHubError(
        f"{name} is {given!r}, which the chart cannot show.",
        remedy[0].upper() + remedy[1:] + ".",
        code="bad_choice",
    )
