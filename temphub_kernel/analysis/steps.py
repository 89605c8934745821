"""Means over equal steps, from the journal's own minutes wherever that is exact. Any thread."""

from datetime import datetime, timedelta, tzinfo
from math import gcd

import numpy as np
import pandas as pd

from ..base.errors import TempHubError
from ..base.reading import UNITS_PER_C
from ..journal import Reader, Steps
from .gathered import times_of

MINUTE_MS = 60_000
# Every zone's offset is a multiple of this, so steps that divide it begin on the hour in all zones.
QUARTER_MS = 15 * MINUTE_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MOST_STEPS = 5_000_000
HOW = {"total": "sum", "low": "min", "high": "max", "count": "sum"}


def tidy_steps(
    reader: Reader, from_ms: int, to_ms: int, asked: list[str] | None, every: str | timedelta, width: int | None, zone: tzinfo
) -> pd.DataFrame:
    """time, probe_id, mean_c, min_c, max_c, count of each step with a good reading.

    width: the step's milliseconds, if it has a fixed length. The time asked for is widened to whole steps (to whole
    quarters of an hour for longer ones).
    """
    span = reader.span()
    if span is None:
        return _frame(_parts(*reader.steps(0, 0, QUARTER_MS), QUARTER_MS, zone))
    fine = gcd(width or HOUR_MS, _finest(from_ms, to_ms, span, zone))
    from_ms, to_ms = max(from_ms, span[0]) // fine * fine, -(-min(to_ms, span[1] + 1) // fine) * fine
    frame = _parts(*reader.steps(from_ms, to_ms, fine, asked), fine, zone)
    if fine != width and not frame.empty:
        # Longer steps begin at local midnight, also on the days of 23 and 25 hours: pandas knows the calendar.
        frame = _stepped(frame, every)
    return _frame(frame)


def _finest(from_ms: int, to_ms: int, span: tuple[int, int], zone: tzinfo) -> int:
    """An hour where the clocks of the zone differ from UTC by whole hours and nothing else was asked for; else a quarter of one."""
    asked = [ms for ms, end in ((from_ms, span[0]), (to_ms, span[1] + 1)) if (ms > end if end == span[0] else ms < end)]
    start, end = max(from_ms, span[0]), min(to_ms, span[1])
    # A zone changes its offset at most a few times a year: one look at each day sees all of them.
    days = range(start, end + DAY_MS, DAY_MS)
    offsets = {datetime.fromtimestamp(ms / 1000, zone).utcoffset() for ms in days}
    whole = all(ms % HOUR_MS == 0 for ms in asked) and all(offset is not None and not offset % timedelta(hours=1) for offset in offsets)
    return HOUR_MS if whole else QUARTER_MS


def _stepped(parts: pd.DataFrame, every: str | timedelta) -> pd.DataFrame:
    """Parts put together to longer steps, all probes at once, so that their steps fall together."""
    wide = parts.set_index(["time", "probe_id"]).unstack("probe_id")
    steps = wide.resample(pd.tseries.frequencies.to_offset(every))
    stepped = pd.concat({name: getattr(steps[name], how)() for name, how in HOW.items()}, axis=1)
    found = pd.DataFrame(stepped.stack("probe_id", future_stack=True)).reset_index()
    return found[found["count"] > 0].sort_values(["probe_id", "time"], ignore_index=True)


def wide_steps(steps: pd.DataFrame, asked: list[str] | None, every: str | timedelta, width: int | None) -> pd.DataFrame:
    """The means as one column per probe, on a regular grid: a step without readings is NaN, so a gap stays a gap."""
    names = sorted(steps["probe_id"].unique()) if asked is None else asked
    wide = steps.pivot(index="time", columns="probe_id", values="mean_c")
    wide = wide.reindex(columns=pd.Index(names, name="probe_id", dtype="str"))
    if wide.empty:
        return wide
    if width is not None and (wide.index[-1] - wide.index[0]) / timedelta(milliseconds=width) > MOST_STEPS:
        raise TempHubError(
            f"Steps of {every} over that time would be more than {MOST_STEPS:,} rows.",
            "Choose a longer step, a later start, or tidy=True, which leaves out empty steps.",
            code="too_many_steps",
        )
    return wide.reindex(_grid(pd.DatetimeIndex(wide.index), pd.tseries.frequencies.to_offset(every)))


def _grid(times: pd.DatetimeIndex, step: "pd.offsets.BaseOffset") -> pd.DatetimeIndex:
    """Every step from the first to the last. Days and months follow the wall clock, where a midnight may be missing."""
    if isinstance(step, pd.offsets.Tick):
        return pd.date_range(times[0], times[-1], freq=step, name=times.name, unit="ms")
    wall = pd.date_range(times[0].tz_localize(None), times[-1].tz_localize(None), freq=step, unit="ms")
    grid = wall.tz_localize(times.tz, ambiguous=np.ones(len(wall), bool), nonexistent="shift_forward")
    return grid.union(times).rename(times.name)


def _parts(ids: dict[int, str], steps: Steps, width: int, zone: tzinfo) -> pd.DataFrame:
    good = steps.good > 0
    names = np.array([ids.get(number, "") for number in range(max(ids, default=0) + 1)], dtype=object)
    frame = pd.DataFrame(
        {
            "time": times_of(steps.at[good] * width, zone),
            "probe_id": pd.array(names[steps.probe[good]], dtype="str"),
            "low": steps.lowest[good],
            "high": steps.highest[good],
            "total": steps.total[good],
            "count": steps.good[good],
        }
    )
    return frame.sort_values(["probe_id", "time"], ignore_index=True)


def _frame(parts: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": parts["time"],
            "probe_id": parts["probe_id"],
            "mean_c": parts["total"] / parts["count"] / UNITS_PER_C,
            "min_c": parts["low"] / UNITS_PER_C,
            "max_c": parts["high"] / UNITS_PER_C,
            "count": parts["count"].astype("int64"),
        }
    )
