"""A length of time or a step as an analyst gives it to pandas, by the clock on the wall of a zone. Any
thread; pure."""

from datetime import timedelta, tzinfo

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset, Day, Tick

from ..core import TempHubError
from ..journal import Calendar, Edges, WallClock
from .results import milliseconds, times

Span = str | timedelta


def span_ms(span: Span, name: str, *, least_ms: int = 1) -> int:
    """Milliseconds of `5min`, `90s`, a timedelta. `name`: what it is for. Raises TempHubError for anything
    else or too short."""
    ms = _ms(span)
    if ms is None or ms < least_ms:
        raise TempHubError(
            f"{name} is {span!r}, which is no length of time it can be, so nothing was worked out.",
            'Give a length with its unit, such as "30s", "5min", "2h" or a timedelta.',
            code="bad_span",
        )
    return ms


def _ms(span: Span) -> int | None:
    # A bare number would be nanoseconds to pandas.
    if not isinstance(span, str | timedelta) or str(span).strip().lstrip("+-").replace(".", "").isdigit():
        return None
    try:
        found = pd.Timedelta(span)
        return None if pd.isna(found) else int(found // timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        return None


def step_of(
    every: Span,
    *,
    least: timedelta = timedelta(seconds=1),
    says: str = "is no width, so nothing was loaded",
    remedy: str = 'Give a width of at least a second, such as "10s", "5min", "1h", "1D", "W" (weeks) or "MS" '
    "(months).",
) -> BaseOffset:
    """The step that `5min`, `1h`, `1D`, `MS` (months) or a timedelta names. Raises TempHubError for none, or
    one shorter than `least`."""
    try:
        # A bare unit such as `h` is a step to pandas, but no length of time; a bare number would be
        # nanoseconds.
        found = None if str(every).strip().lstrip("+-").isdigit() else pd.tseries.frequencies.to_offset(every)
        start = pd.Timestamp("2026-01-01")
        length = timedelta() if found is None else (start + found + found) - (start + found)
        if found is not None and length >= least and not length % timedelta(milliseconds=1):
            return found
    except (ValueError, TypeError, OverflowError):
        pass
    raise TempHubError(f"every is {every!r}, which {says}.", remedy, code="bad_width")


# Offsets that pandas names after their last day: they end with it.
ENDS = ("ME", "YE", "QE", "BME", "BYE", "BQE", "W")


def wall_steps(step: BaseOffset, zone: tzinfo, anchor_ms: int, first_ms: int, last_ms: int) -> Calendar:
    """Steps that hold all moments of [first_ms, last_ms]. anchor_ms: a moment of the day that `1D`, `2D`,
    `7h` are counted from."""
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
    """Times of a wall clock in a zone: of one that comes twice the first, instead of one that is left out the
    next moment there is."""
    return clock.tz_localize(zone, ambiguous=np.ones(len(clock), np.bool_), nonexistent="shift_forward")
