"""Readings as pandas frames, from any process, while the hub writes or with no hub at all. Any thread."""

from .frames import load

__all__ = ["load"]
