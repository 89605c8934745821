"""Back-ups: one file with all of a hub, made while it records, and put back on any computer."""

from .container import NOTE_FILE, read_note
from .schedule import NightlyBackup

__all__ = ["NOTE_FILE", "NightlyBackup", "read_note"]
