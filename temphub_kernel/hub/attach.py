"""A kernel that is not the hub: it reads the journal, and asks the hub over its own API. Any thread."""

from pathlib import Path
from typing import Any

from ..base.errors import TempHubError
from ..base.settings import Settings
from .ask import ask_hub

TIMEOUT_S = 15.0
# What takes long by its nature.
PATIENCE_S = {"/api/doctor": 70.0}


class Attached:
    """What `th.start()` gives where another process is the hub."""

    role = "attached"

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.url = url

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.settings.journal_file

    @property
    def csv_file(self) -> Path:
        """The CSV log's file."""
        return self.settings.csv_file

    def stop(self) -> None:
        """Nothing to stop: the hub belongs to another process."""

    def __repr__(self) -> str:
        return f"Attached to the hub at {self.url}; readings are in {self.settings.data_dir}"


def tell(settings: Settings, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the hub at `url` for something; its answer. May take seconds. Raises TempHubError when it refuses or does not answer."""
    try:
        return ask_hub(settings, url, path, body, timeout_s=PATIENCE_S.get(path, TIMEOUT_S))
    except (OSError, ValueError) as error:
        raise TempHubError(f"The hub at {url} does not answer ({error}).", "Wait a few seconds and try again.") from error


def provision(settings: Settings, url: str, probe_id: str) -> str:
    """Have the hub at `url` provision a probe now; what came of it, in words. May take seconds; never raises."""
    try:
        answer = tell(settings, url, "/api/provision", {"host": probe_id})
    except TempHubError as error:
        return str(error)
    return f"{probe_id} delivers to {answer.get('server_url', 'the hub')} every {answer.get('interval_ms', 0) / 1000:g} s."
