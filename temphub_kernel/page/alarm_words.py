"""What the page says of alarms and limits, out of the part [alarms]; see words.py. Any thread."""

from typing import Any

from . import tongue


def __getattr__(name: str) -> Any:
    return tongue.word("alarms", name)
