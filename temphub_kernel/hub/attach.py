"""A kernel that is not the hub: it reads the journal, and asks the hub over its own API. Any thread."""

from pathlib import Path

from ..base.settings import Settings


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
