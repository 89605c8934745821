"""Readings as pandas frames, and what can be read off them, from any process, while the hub writes or with no hub at all. Any thread."""

from .annotations import remarks, struck_out, thermocouples
from .comparison import compare, differences
from .completeness import completeness, gaps
from .excursions import excursions
from .exposure import degree_hours, mean_kinetic_temperature
from .figures import statistics
from .load import load
from .profile import daily_profile
from .refrigeration import compressor_cycles, door_openings
from .scan import scan

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
