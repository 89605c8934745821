"""Readings as pandas frames, from any process, while the hub writes or with no hub at all. Any thread."""

from .frames import load
from .lazy import scan
from .remarks import remarks

__all__ = ["load", "remarks", "scan"]
