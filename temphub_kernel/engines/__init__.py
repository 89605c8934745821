"""What time-series engines and this program say to each other over HTTP: addresses, names of series, readings
back.

Who forwards writes by it, who analyses and the page of all sites read by it.
"""

from .exported import Told, exported
from .names import MEASUREMENT, MOST_SITES, READINGS, ignored_of, influx_length, length_of, match, metrics_of
from .reading import (
    Engine,
    Readings,
    Series,
    revisions_of,
    series_of,
    shares_of,
    sites_of,
    slow,
)
from .web import TIMEOUT_S, Answer, Away, BrokenOff, WebAddress

__all__ = [
    "MEASUREMENT",
    "MOST_SITES",
    "READINGS",
    "TIMEOUT_S",
    "Answer",
    "Away",
    "BrokenOff",
    "Engine",
    "Readings",
    "Series",
    "Told",
    "WebAddress",
    "exported",
    "ignored_of",
    "influx_length",
    "length_of",
    "match",
    "metrics_of",
    "revisions_of",
    "series_of",
    "shares_of",
    "sites_of",
    "slow",
]
