"""Remarks and calibrations, told to the running hub from a notebook or the command line. Any thread; waits for the disk."""

from collections.abc import Callable, Sequence
from typing import Any

from ..base.clock import iso_utc
from ..base.errors import TempHubError
from ..base.settings import Settings
from .ask import ask_hub

TIMEOUT_S = 35.0


def calibrate(
    settings: Settings, url: str, probe_id: str, points: Sequence[tuple[float, float]], from_ms: int | None = None, note: str = ""
) -> None:
    """Correct a probe's values from a time on. points: (°C shown, true °C). Raises TempHubError."""
    body: dict[str, Any] = {"probe_id": probe_id, "points": [list(pair) for pair in points], "note": note}
    _ask(settings, url, "/api/calibrate", body if from_ms is None else {**body, "from_ms": from_ms})


def forget(settings: Settings, url: str, number: int) -> None:
    """Take a calibration back. Raises TempHubError."""
    _ask(settings, url, "/api/calibrate", {"forget": number})


def annotate(settings: Settings, url: str, text: str, from_ms: int, to_ms: int | None = None, probe_id: str | None = None) -> int:
    """Keep a remark on a moment or range; its number. Raises TempHubError."""
    body = {"text": text, "from_ms": from_ms, "to_ms": from_ms if to_ms is None else to_ms, "probe_id": probe_id}
    return int(_ask(settings, url, "/api/annotate", body)["number"])


def show_calibrations(settings: Settings, url: str, say: Callable[[str], None]) -> None:
    """A line for each calibration. Raises TempHubError."""
    found = _ask(settings, url, "/api/calibrations")["calibrations"]
    for one in found:
        note = f"  ({one['note']})" if one["note"] else ""
        until = f"{one['to'][:16]}Z" if one["to"] else "now"
        say(f"{one['number']:>4}  {one['probe_id']}  from {one['from'][:16]}Z to {until}: {_in_words(one['points'])}{note}")
    if not found:
        say("No probe is calibrated. Calibrate one with: temphub calibrate ID --offset -0.3")


def calibrate_command(settings: Settings, options: Any, now_ms: int, say: Callable[[str], None]) -> None:
    """`temphub calibrate`. Raises TempHubError."""
    url = settings.local_url
    if options.forget:
        forget(settings, url, options.forget)
    elif options.id and (options.offset is not None or options.points or options.none):
        pairs = [(0.0, options.offset)] if options.offset is not None else options.points or []
        from_ms = now_ms if options.since is None else options.since
        calibrate(settings, url, options.id, pairs, from_ms, options.note)
        say(f"{options.id} is corrected from {iso_utc(from_ms)} on; what it sent is kept as it is.")
    show_calibrations(settings, url, say)


def _in_words(points: list[list[float]]) -> str:
    if len(points) == 1:
        return f"{points[0][1] - points[0][0]:+g} °C"
    return ", ".join(f"{shown:g} → {true:g}" for shown, true in points) + " °C" if points else "no correction"


def _ask(settings: Settings, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return ask_hub(settings, url, path, body, timeout_s=TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise TempHubError(
            f"No hub answers at {url} ({error}), so nothing was changed.",
            "Start the hub, or set PORT to the port it uses.",
            code="no_hub",
        ) from error
