"""The steps that an analyst asks for (`1h`, `1D`, `MS`), by the clock on the wall of a zone. Any thread; pure."""

from datetime import timedelta, tzinfo

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset, Day, Tick

from ..journal import Calendar, Edges, WallClock
from .curve import milliseconds
from .table import times

# Offsets that pandas names after their last day: they end with it.
ENDS = ("ME", "YE", "QE", "BME", "BYE", "BQE", "W")


def wall_steps(step: BaseOffset, zone: tzinfo, anchor_ms: int, first_ms: int, last_ms: int) -> Calendar:
    """Steps that hold all moments of [first_ms, last_ms]. anchor_ms: a moment of the day that `1D`, `2D`, `7h` are counted from."""
    if isinstance(step, Tick | Day):
        return WallClock(usual_length(step) // timedelta(milliseconds=1), zone, anchor_ms, first_ms, last_ms)
    anchor, last = times(np.array([min(anchor_ms, first_ms), last_ms]), zone).tz_localize(None)
    midnight = anchor.normalize()
    ends = step.rule_code.partition("-")[0] in ENDS
    # What is named after its last day begins on the day behind the one before it.
    day = pd.Timedelta(days=1 if ends else 0)
    clock = pd.date_range(step.rollback(midnight - day), last + step + step, freq=step, normalize=True) + day
    return Edges(milliseconds(on_the_wall(clock[clock <= last + pd.Timedelta(days=1)], zone)))


def usual_length(step: BaseOffset) -> timedelta:
    """About how long a step is."""
    start = pd.Timestamp("2026-01-01")
    return ((start + step + step) - (start + step)).to_pytimedelta()


def on_the_wall(clock: pd.DatetimeIndex, zone: tzinfo) -> pd.DatetimeIndex:
    """Times of a wall clock in a zone: of one that comes twice the first, instead of one that is left out the next moment there is."""
    return clock.tz_localize(zone, ambiguous=np.ones(len(clock), np.bool_), nonexistent="shift_forward")
