"""`temphub stop`: end the hub that runs on the data folder, wherever it was started. Main thread of a
command."""

import time
from collections.abc import Callable
from pathlib import Path

from ...core import Settings, TempHubError, monotonic_s
from ..lock import LOCK_FILE, SERVER_LOCK, STOP_FILE, is_running

# It looks every second, and takes up to five to end.
STOP_S, POLL_S = 15.0, 0.2


def stop_hub(settings: Settings, say: Callable[[str], None]) -> int:
    """The exit code: 1 when there was none to stop. Raises TempHubError for one that cannot be stopped from
    here."""
    folder = settings.data_dir
    if is_running(folder, SERVER_LOCK):
        if not ask_to_stop(folder):
            raise TempHubError(
                f"The hub on {folder} was asked to stop and has not ended within {STOP_S:g} s.",
                "Look at temphub.log in that folder, and end its processes in the task manager.",
                code="not_stopped",
            )
        say(f"The hub on {folder} has stopped. Probes keep their readings until one runs again.")
        return 0
    if is_running(folder, LOCK_FILE):
        raise TempHubError(
            f"The hub on {folder} was started in a notebook, so it cannot be stopped from here.",
            "Run `th.stop()` in that notebook, or shut its kernel down.",
            code="not_stopped",
        )
    say(f"No hub runs on {folder}.")
    return 1


def ask_to_stop(data_dir: Path, name: str = STOP_FILE, within_s: float = STOP_S) -> bool:
    """Have the hub with its page end; whether it did. By a file: without a console Windows has nothing else
    to ask by."""
    asked = data_dir / name
    try:
        asked.touch()
        end = monotonic_s() + within_s
        while (runs := is_running(data_dir, SERVER_LOCK)) and monotonic_s() < end:
            time.sleep(POLL_S)
    finally:
        asked.unlink(missing_ok=True)
    return not runs
