"""Readings that do not fit into memory: a lake of Parquet files, and what lazy frames of them come to,
partition by partition. Any thread."""

from .lake import Asked, scan_lake
from .reduce import Lazy, Place, Question, Who, columns_of, is_lazy, missing, reduced, site_of, who, zone_of

__all__ = [
    "Asked",
    "Lazy",
    "Place",
    "Question",
    "Who",
    "columns_of",
    "is_lazy",
    "missing",
    "reduced",
    "scan_lake",
    "site_of",
    "who",
    "zone_of",
]
