"""The CSV log: the journal's readings as a file that Excel opens, written by a follower with its own
bookmark.

A file that another program holds never delays a probe: the rows wait in the journal until it is let go.
"""

from .file import open_log
from .follower import CsvLog
from .rebuild import hub_runs, rebuild, rebuild_beside, rebuild_log
from .restore import Surplus, only_in_log, surplus, take_in

__all__ = [
    "CsvLog",
    "Surplus",
    "hub_runs",
    "only_in_log",
    "open_log",
    "rebuild",
    "rebuild_beside",
    "rebuild_log",
    "surplus",
    "take_in",
]
