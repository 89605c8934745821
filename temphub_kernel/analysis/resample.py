"""Means over equal steps, from the journal's own minutes wherever that is exact. Any thread."""

from __future__ import annotations

from datetime import timedelta, tzinfo

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from ..core import UNITS_PER_C, TempHubError
from ..journal import Calendar, Floats, Reader, Steps
from . import columns, lengths, results

MOST_STEPS = 5_000_000


def tidy_steps(
    reader: Reader, from_ms: int | None, to_ms: int, asked: list[str] | None, step: BaseOffset, zone: tzinfo
) -> tuple[pd.DataFrame, Calendar]:
    """time (when the step began), probe_id, mean_c (over time) and so on of steps with a good reading in
    [from_ms, to_ms); the steps."""
    span = reader.span()
    if span is None or (begin := max(from_ms or span[0], span[0])) >= (end := min(to_ms, span[1] + 1)):
        return _frame(*reader.steps(0, 0, 1), np.empty(0), np.empty(0), zone), lengths.wall_steps(
            step, zone, 0, 0, 0
        )
    # Steps that do not divide the day are counted from the first day that was asked for.
    calendar = lengths.wall_steps(step, zone, begin if from_ms is None else min(from_ms, begin), begin, end)
    return _frame(*reader.calendar_steps(begin, end, calendar, asked), zone), calendar


def wide_steps(
    steps: pd.DataFrame, asked: list[str] | None, step: BaseOffset, calendar: Calendar, zone: tzinfo
) -> pd.DataFrame:
    """The means as one column per probe, on a regular grid: a step without readings is NaN, so a gap stays a
    gap."""
    names = sorted(steps["probe_id"].cat.categories) if asked is None else asked
    wide = steps.astype({"probe_id": "str"}).pivot(index="time", columns="probe_id", values="mean_c")
    wide = wide.reindex(columns=pd.Index(names, name="probe_id", dtype="str"))
    if wide.empty:
        return wide
    first, last = results.milliseconds(pd.DatetimeIndex(wide.index)[[0, -1]]).tolist()
    if (last - first) / (lengths.usual_length(step) / timedelta(milliseconds=1)) > MOST_STEPS:
        raise TempHubError(
            f"Steps of {step.freqstr} over that time would be more than {MOST_STEPS:,} rows.",
            "Choose a longer step, a later start, or tidy=True, which leaves out empty steps.",
            code="too_many_steps",
        )
    return wide.reindex(columns.times_of(calendar.edges(first, last), zone))


def _frame(ids: dict[int, str], steps: Steps, means: Floats, _held: Floats, zone: tzinfo) -> pd.DataFrame:
    good = steps.good > 0
    names = np.array([ids.get(number, "") for number in range(max(ids, default=0) + 1)], dtype=object)
    frame = results.Frame(
        {
            "time": columns.times_of(steps.at[good], zone),
            "probe_id": results.ids(names[steps.probe[good]].tolist()),
            "mean_c": means[good] / UNITS_PER_C,
            "min_c": steps.lowest[good] / UNITS_PER_C,
            "max_c": steps.highest[good] / UNITS_PER_C,
            "count": steps.good[good],
            "mean_of_readings_c": steps.total[good] / steps.good[good] / UNITS_PER_C,
        }
    )
    return frame.sort_values(["probe_id", "time"], ignore_index=True)
