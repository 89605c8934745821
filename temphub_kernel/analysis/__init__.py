"""Readings as pandas frames, and what can be read off them, from any process, while the hub writes or with no
hub at all. Any thread."""

from .annotations import alarms, calibrations, probes, remarks, rules, struck_out, thermocouples
from .arguments import Level, asked_probes, find_zone, limits, moment_ms
from .comparison import compare, differences
from .completeness import completeness, gaps
from .curve import Curve, curves, known, zone_of
from .excursions import degree_hours, excursions, mean_kinetic_temperature
from .export import export, export_hive
from .figures import daily_profile, statistics
from .lengths import text_ms
from .load import load
from .refrigeration import compressor_cycles, door_openings
from .results import times
from .scan import scan

__all__ = [
    "Curve",
    "Level",
    "alarms",
    "asked_probes",
    "calibrations",
    "compare",
    "completeness",
    "compressor_cycles",
    "curves",
    "daily_profile",
    "degree_hours",
    "differences",
    "door_openings",
    "excursions",
    "export",
    "export_hive",
    "find_zone",
    "gaps",
    "known",
    "limits",
    "load",
    "mean_kinetic_temperature",
    "moment_ms",
    "probes",
    "remarks",
    "rules",
    "scan",
    "statistics",
    "struck_out",
    "text_ms",
    "thermocouples",
    "times",
    "zone_of",
]
