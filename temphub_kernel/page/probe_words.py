"""What the page says of a probe and of the list of probes, out of the part [probes]; see words.py. Any
thread."""

from typing import Any

from . import tongue


def __getattr__(name: str) -> Any:
    return tongue.word("probes", name)
