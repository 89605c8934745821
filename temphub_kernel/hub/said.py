"""Remarks and calibrations, told to the running hub from a notebook or the command line. Any thread; waits for the disk."""

from collections.abc import Sequence
from typing import Any

from ..base.errors import TempHubError
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
