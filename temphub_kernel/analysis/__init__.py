"""Readings as pandas frames, and what can be read off them, from any process, while the hub writes or with no hub at all. Any thread."""

from .comparison import compare, differences
from .compressor import compressor_cycles
from .degree_hour import degree_hours
from .door import door_openings
from .excursion import excursions
from .figures import statistics
from .frames import load
from .gap import completeness, gaps
from .kinetic import mean_kinetic_temperature
from .lazy import scan
from .profile import daily_profile
from .remarks import remarks, struck_out, thermocouples

__all__ = [
    "compare",
    "completeness",
    "compressor_cycles",
    "daily_profile",
    "degree_hours",
    "differences",
    "door_openings",
    "excursions",
    "gaps",
    "load",
    "mean_kinetic_temperature",
    "remarks",
    "scan",
    "statistics",
    "struck_out",
    "thermocouples",
]
