"""Remarks, calibrations and what does not count, told to the running hub from a notebook or the command line. Any thread; waits for it."""

import argparse
from collections.abc import Sequence
from typing import Any

from ..base.clock import parse_time
from ..base.errors import TempHubError
from ..base.naming import named
from ..base.settings import Settings
from .ask import ask_hub

TIMEOUT_S = 35.0


def calibrate(
    settings: Settings, url: str, probe_id: str, points: Sequence[tuple[float, float]], from_ms: int | None = None, note: str = ""
) -> None:
    """Correct a probe's values from a time on. points: (°C shown, true °C). Raises TempHubError."""
    body: dict[str, Any] = {"probe_id": probe_id, "points": [list(pair) for pair in points], "note": note}
    ask(settings, url, "/api/calibrate", body if from_ms is None else {**body, "from_ms": from_ms})


def forget(settings: Settings, url: str, number: int) -> None:
    """Take a calibration back. Raises TempHubError."""
    ask(settings, url, "/api/calibrate", {"forget": number})


def annotate(settings: Settings, url: str, text: str, from_ms: int, to_ms: int | None = None, probe_id: str | None = None) -> int:
    """Keep a remark on a moment or range; its number. Raises TempHubError."""
    body = {"text": text, "from_ms": from_ms, "to_ms": from_ms if to_ms is None else to_ms, "probe_id": probe_id}
    return int(ask(settings, url, "/api/annotate", body)["number"])


def strike_out(settings: Settings, url: str, probe_id: str, from_ms: int, to_ms: int, note: str = "") -> int:
    """Have a probe's readings of a time, both ends included, not count; its number. Raises TempHubError."""
    body = {"probe_id": probe_id, "from_ms": from_ms, "to_ms": to_ms, "note": note}
    return int(ask(settings, url, "/api/strike-out", body)["number"])


def undo_strike_out(settings: Settings, url: str, number: int) -> None:
    """Have what was struck out count again. Raises TempHubError."""
    ask(settings, url, "/api/strike-out", {"undo": number})


def undo_in(settings: Settings, url: str, probe_id: str, from_ms: int, to_ms: int) -> list[int]:
    """Have everything of a probe that is struck out and touches [from_ms, to_ms] count again; the numbers. Raises TempHubError."""
    found = ask(settings, url, "/api/struck-out")["struck_out"]
    spans = [(one["number"], parse_time(one["from"]), parse_time(one["to"])) for one in found if one["probe_id"] == probe_id]
    numbers = [number for number, first, last in spans if first <= to_ms and last >= from_ms]
    for number in numbers:
        undo_strike_out(settings, url, number)
    return numbers


def time_option(text: str) -> int:
    """A moment in ms since 1970, as an option of the command line. Raises argparse.ArgumentTypeError."""
    try:
        return parse_time(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-23T12:00:00Z") from error


def meant(settings: Settings, url: str, text: str) -> str:
    """The id of the probe that a person means by an id or a name; `text` itself where the hub lists none, which may yet be an id.

    Raises TempHubError for a name that several probes have.
    """
    return named(ask(settings, url, "/api/probes")["probes"], text) or text


def ask(settings: Settings, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The hub's answer. Raises TempHubError when it refuses or there is none."""
    try:
        return ask_hub(settings, url, path, body, timeout_s=TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise TempHubError(
            f"No hub answers at {url} ({error}), so nothing was changed.",
            "Start the hub, or set PORT to the port it uses.",
            code="no_hub",
        ) from error
