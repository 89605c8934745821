"""A length of time or a step as an analyst gives it to pandas, by the clock on the wall of a zone. Any
thread; pure."""

from __future__ import annotations

import re
from datetime import timedelta, tzinfo
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset, Day, Tick

from ..core import DAY_MS, HOUR_MS, MINUTE_MS, TempHubError
from ..journal import Calendar, Edges, WallClock
from .results import milliseconds, times

Span = str | timedelta
# Also in words and in the plural. A bare number would be nanoseconds to pandas.
PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*")
# As pandas writes lengths.
LIKE_A_LENGTH = re.compile(r"(\d+ days?|\d+:\d\d:\d\d)")
UNITS_MS = {
    "ms": 1,
    **dict.fromkeys(("s", "sec", "second"), 1000),
    **dict.fromkeys(("m", "min", "minute"), MINUTE_MS),
    **dict.fromkeys(("h", "hr", "hour"), HOUR_MS),
    **dict.fromkeys(("d", "day"), DAY_MS),
    **dict.fromkeys(("w", "week"), 7 * DAY_MS),
    **dict.fromkeys(("y", "year"), 365 * DAY_MS),
}


def text_ms(text: str) -> int | None:
    """Milliseconds of `90s`, `1h30min`, `7d`, `2 weeks`, `1 days 02:00:00`; None for what is no length."""
    text = text.strip().lower()
    if not PIECE.sub("", text):
        pieces = [(float(number), _unit_ms(unit)) for number, unit in PIECE.findall(text)]
        if pieces and all(unit for _, unit in pieces):
            return round(sum(number * unit for number, unit in pieces))
        return None
    if not LIKE_A_LENGTH.match(text):
        return None
    try:
        return int(pd.Timedelta(text) // timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        return None


def _unit_ms(unit: str) -> int:
    return UNITS_MS.get(unit) or UNITS_MS.get(unit.removesuffix("s"), 0)


def span_ms(span: Span, name: str, *, least_ms: int = 1) -> int:
    """Milliseconds of `5min`, `90s`, `7d`, a timedelta. `name`: what it is for. Raises TempHubError for
    anything else or too short."""
    ms = _ms(span)
    if ms is None or ms < least_ms:
        raise TempHubError(
            f"{name} is {span!r}, which is no length of time it can be, so nothing was worked out.",
            'Give a length with its unit, such as "30s", "5min", "2h", "7d" or a timedelta.',
            code="bad_span",
        )
    return ms


def _ms(span: Any) -> int | None:
    if isinstance(span, str):
        return text_ms(span)
    if not isinstance(span, timedelta | np.timedelta64) or pd.isna(span):
        return None
    return int(pd.Timedelta(span) // timedelta(milliseconds=1))


# Spelled as the page and the command take them: to pandas some of these are months, or soon an error.
STEP = re.compile(r"(\d+)\s*(s|m|min|h|d|w)")


def step_of(
    every: Span,
    *,
    least: timedelta = timedelta(seconds=1),
    says: str = "is no width, so nothing was loaded",
    remedy: str = 'Give a width of at least a second, such as "10s", "5min", "1h", "1D", "W" (weeks) or "MS" '
    "(months).",
) -> BaseOffset:
    """The step that `5min`, `1h`, `1d`, `MS` (months) or a timedelta names. Raises TempHubError for none, or
    one shorter than `least`."""
    try:
        # A bare unit such as `h` is a step to pandas, but no length of time; a bare number would be
        # nanoseconds.
        plain = str(every).strip().lstrip("+-")
        found = None if plain.isdigit() else pd.tseries.frequencies.to_offset(_as_pandas(every))
        start = pd.Timestamp("2026-01-01")
        length = timedelta() if found is None else (start + found + found) - (start + found)
        if found is not None and length >= least and not length % timedelta(milliseconds=1):
            return found
    except (ValueError, TypeError, OverflowError):
        pass
    raise TempHubError(f"every is {every!r}, which {says}.", remedy, code="bad_width")


def _as_pandas(every: Span) -> Span:
    found = STEP.fullmatch(every.strip()) if isinstance(every, str) else None
    if found is None:
        return every
    return found[1] + {"m": "min", "d": "D", "w": "W"}.get(found[2], found[2])


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


def is_of_the_day(step: BaseOffset) -> bool:
    """Whether its steps are the same whatever day they are counted from."""
    if isinstance(step, Tick | Day):
        return DAY_MS % (usual_length(step) // timedelta(milliseconds=1)) == 0
    return step.n == 1


@lru_cache(maxsize=64)
def usual_length(step: BaseOffset) -> timedelta:
    """About how long a step is."""
    start = pd.Timestamp("2026-01-01")
    return ((start + step + step) - (start + step)).to_pytimedelta()


def on_the_wall(clock: pd.DatetimeIndex, zone: tzinfo) -> pd.DatetimeIndex:
    """Times of a wall clock in a zone: of one that comes twice the first, instead of one that is left out the
    next moment there is."""
    return clock.tz_localize(zone, ambiguous=np.ones(len(clock), np.bool_), nonexistent="shift_forward")
