"""What a viewer chooses, and the page's address that keeps it."""

from .alarm_choice import AS_CHART, MOST_TEXT, AlarmChoice
from .controller import Steering
from .periods import periods
from .view import (
    BY_KEY,
    CHIPS,
    LONGEST_MS,
    POINTS_UP_TO_MS,
    SHORTEST_MS,
    View,
    Wanted,
    Window,
    between,
    live,
    query,
)

__all__ = [
    "AS_CHART",
    "BY_KEY",
    "CHIPS",
    "LONGEST_MS",
    "MOST_TEXT",
    "POINTS_UP_TO_MS",
    "SHORTEST_MS",
    "AlarmChoice",
    "Steering",
    "View",
    "Wanted",
    "Window",
    "between",
    "live",
    "periods",
    "query",
]
