"""What every check is given: the settings in force, and what the running hub says of itself. Made once, read
by many threads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import Settings, TempHubError
from ..hub import LOCK_FILE, HubClient, is_running, read_info

ASK_S = 2.0


@dataclass(frozen=True)
class Case:
    """health: the running hub's `/api/health`, empty when none answers; held: some process is the hub of the
    data folder."""

    settings: Settings
    url: str
    health: dict[str, Any]
    held: bool

    @property
    def running(self) -> bool:
        """True when the hub of this data folder runs and answers."""
        return (
            bool(self.health)
            and self.held
            and same_folder(self.health.get("data_dir", ""), self.settings.data_dir)
        )


def look(settings: Settings) -> Case:
    """Ask whether a hub runs; takes 2 s at most. Never raises."""
    held = _held(settings.data_dir)
    info = read_info(settings.data_dir) if held else None
    url = info.url if info else settings.local_url
    return Case(settings, url, _health(settings, url), held)


def same_folder(one: object, other: Path) -> bool:
    """True for two ways to write the same folder."""
    try:
        return bool(one) and Path(str(one)).resolve() == other.resolve()
    except OSError:
        return False


def _held(data_dir: Path) -> bool:
    try:
        return (data_dir / LOCK_FILE).exists() and is_running(data_dir)
    except (TempHubError, OSError):
        # A folder that may not be written holds no hub of ours; the disk's own check says what is wrong with
        # it.
        return False


def _health(settings: Settings, url: str) -> dict[str, Any]:
    try:
        answer = HubClient(settings, url).ask("/api/health", timeout_s=ASK_S)
    except TempHubError:
        return {}
    return answer if answer.get("ok") is True and "data_dir" in answer else {}
