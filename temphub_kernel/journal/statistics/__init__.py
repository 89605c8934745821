"""What the journal's readings come to: steps of time, means over time, time beyond limits, a clock's own
steps. Pure but for what is asked."""

from .calendar import Calendar, Edges, WallClock, pieces
from .completeness import (
    Complete,
    Holes,
    Numbers,
    Pauses,
    Track,
    complete,
    complete_from,
    holes_from,
    holes_of,
    numbers_of,
    pauses_of,
    track_of,
)
from .exceedance import Beyond, Limit, Passed, time_beyond
from .figures import Figures, Known
from .hourly import Most
from .steps import Steps, gathered, in_order, joined_steps, steps_of
from .time_weights import over_time

__all__ = [
    "Beyond",
    "Calendar",
    "Complete",
    "Edges",
    "Figures",
    "Holes",
    "Known",
    "Limit",
    "Most",
    "Numbers",
    "Passed",
    "Pauses",
    "Steps",
    "Track",
    "WallClock",
    "complete",
    "complete_from",
    "gathered",
    "holes_from",
    "holes_of",
    "in_order",
    "joined_steps",
    "numbers_of",
    "over_time",
    "pauses_of",
    "pieces",
    "steps_of",
    "time_beyond",
    "track_of",
]
