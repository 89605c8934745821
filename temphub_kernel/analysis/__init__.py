"""Readings as pandas frames, and what can be read off them, from any process, while the hub writes or with no
hub at all. Any thread."""

from .annotations import alarms, remarks, rules, struck_out, thermocouples
from .arguments import find_zone, moment_ms
from .comparison import compare, differences
from .completeness import completeness, gaps
from .curve import Curve, curves, zone_of
from .excursions import degree_hours, excursions, mean_kinetic_temperature
from .figures import statistics
from .load import load
from .profile import daily_profile
from .refrigeration import compressor_cycles, door_openings
from .results import times
from .scan import scan

__all__ = [
    "Curve",
    "alarms",
    "compare",
    "completeness",
    "compressor_cycles",
    "curves",
    "daily_profile",
    "degree_hours",
    "differences",
    "door_openings",
    "excursions",
    "find_zone",
    "gaps",
    "load",
    "mean_kinetic_temperature",
    "moment_ms",
    "remarks",
    "rules",
    "scan",
    "statistics",
    "struck_out",
    "thermocouples",
    "times",
    "zone_of",
]
