"""Means over equal steps, from the journal's own minutes wherever that is exact. Any thread."""

from datetime import timedelta, tzinfo
from math import gcd

import numpy as np
import pandas as pd

from ..base.errors import TempHubError
from ..base.reading import UNITS_PER_C
from ..journal import NO_VALUE, Bucket, Reader

MINUTE_MS = 60_000
# Every zone's offset is a multiple of this, so steps that divide it begin on the hour in all zones.
QUARTER_MS = 15 * MINUTE_MS
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
        return _frame(_parts([], zone))
    from_ms, to_ms = max(from_ms, span[0]), min(to_ms, span[1] + 1)
    fine = gcd(width or QUARTER_MS, QUARTER_MS)
    whole = from_ms // fine * fine, -(-to_ms // fine) * fine
    gather = _gathered if fine % MINUTE_MS else _minutes
    frame = gather(reader, *whole, fine, asked, zone)
    if fine != width and not frame.empty:
        # Longer steps begin at local midnight, also on the days of 23 and 25 hours: pandas knows the calendar.
        frame = _stepped(frame, every)
    return _frame(frame)


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
    return wide.asfreq(pd.tseries.frequencies.to_offset(every))


def _minutes(reader: Reader, from_ms: int, to_ms: int, width: int, asked: list[str] | None, zone: tzinfo) -> pd.DataFrame:
    probes: list[str | None] = [None] if asked is None else [*asked]
    return _parts([bucket for one in probes for bucket in reader.buckets(from_ms, to_ms, width, one)], zone)


def _gathered(reader: Reader, from_ms: int, to_ms: int, width: int, asked: list[str] | None, zone: tzinfo) -> pd.DataFrame:
    """Steps that are no whole minutes, from the readings themselves."""
    columns = reader.columns(from_ms, to_ms, asked, fields=("probe", "taken_ms", "units"))
    good = columns.units != NO_VALUE
    frame = pd.DataFrame({"probe": columns.probe[good], "start": columns.taken_ms[good] // width * width, "units": columns.units[good]})
    found = frame.groupby(["probe", "start"])["units"].agg(["min", "max", "sum", "count"]).reset_index()
    rows = found.itertuples(index=False, name=None)
    return _parts(sorted(Bucket(columns.ids[probe], *rest) for probe, *rest in rows), zone)


def _parts(buckets: list[Bucket], zone: tzinfo) -> pd.DataFrame:
    ids, starts, lows, highs, totals, counts, _ = zip(*buckets, strict=True) if buckets else ((),) * 7
    times = pd.DatetimeIndex(np.array(starts, dtype=np.int64).view("datetime64[ms]")).tz_localize("UTC").tz_convert(zone)
    numbers = {"low": lows, "high": highs, "total": totals, "count": counts}
    whole = {name: np.array(given, dtype=np.int64) for name, given in numbers.items()}
    return pd.DataFrame({"time": times, "probe_id": pd.array(ids, dtype="str"), **whole})


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
