"""Each probe's figures as a frame: `statistics` of a time, which opens the journal read-only meanwhile, and
`daily_profile`, the usual day by the local clock. Any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import DAY_MS, MINUTE_MS, TempHubError, titles
from ..journal import Figures, Reader
from . import lengths, results
from .arguments import Probes, When, asked_probes, find_zone, journal_of, span_ms
from .curve import Curve, Data, curves, zone_of


def statistics(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    *,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """The figures of each probe with a good reading in [start, end), a row each: what page, `/api/statistics`
    and workbooks tell.

    probe_id, name, count (good readings), faults (readings without a value), min_c, mean_c, max_c, sigma_c
    (standard deviation) in °C, trend_c_per_h (slope by least squares, °C per hour), exact,
    mean_of_readings_c, sigma_of_readings_c. Mean, sigma and trend are over time: each reading counts for as
    long as it holds (see `load`); exact: whether they are no estimates, because of no more than 50,000
    readings of the probe. In those of readings each counts alike. NaN where there are too few readings.
    start, end, probe: as for `load`, in the zone `tz`. Raises TempHubError: no journal, unknown probe, a time
    that is none.
    """
    zone = find_zone(tz)
    path = journal_of(data_dir)
    with Reader(path) as reader:
        probes = reader.probes(removed=True)
        asked, called = asked_probes(probes, probe), titles(probes)
        there = reader.span() or (0, 0)
        from_ms, to_ms = span_ms(start, end, zone)
        from_ms, to_ms = max(from_ms, there[0]), min(to_ms, there[1] + 1)
        found = reader.figures(from_ms, to_ms, asked) if from_ms < to_ms else {}
    ids = sorted(found) if asked is None else [id_ for id_ in asked if id_ in found]
    return _frame([found[id_] for id_ in ids], ids, called)


def _frame(told: Sequence[Figures], ids: Sequence[str], called: Mapping[str, str]) -> pd.DataFrame:
    def numbers(name: str) -> pd.Series[float]:
        return pd.Series([getattr(one, name) for one in told], dtype="float64")

    return results.Frame(
        {
            "probe_id": results.ids(ids),
            "name": pd.array([called.get(id_, id_) for id_ in ids], dtype="str"),
            "count": pd.Series([one.readings for one in told], dtype="int64"),
            "faults": pd.Series([one.faults for one in told], dtype="int64"),
            **{
                f"{name}_c": numbers(field)
                for name, field in (("min", "low"), ("mean", "mean"), ("max", "high"), ("sigma", "sigma"))
            },
            "trend_c_per_h": numbers("trend"),
            "exact": pd.Series([one.exact for one in told], dtype="bool"),
            "mean_of_readings_c": numbers("mean_of_readings"),
            "sigma_of_readings_c": numbers("sigma_of_readings"),
        }
    )


PROFILE_COLUMNS = {
    "probe_id": "probe",
    "minute": "count",
    "clock": "text",
    "median_c": "number",
    "low_c": "number",
    "high_c": "number",
    "readings": "count",
    "days": "count",
}


def daily_profile(data: Data, *, every: lengths.Span = "15min") -> pd.DataFrame:
    """What each probe usually shows at each time of the day, by the local clock of the data's time zone.

    clock: `HH:MM`, minute: the same in minutes since midnight, of a step of `every`; median_c, low_c and
    high_c: median, 10 % and 90 % quantile of all good readings of that step on all days, in °C; readings,
    days: how many of them. The clock of the wall decides: in the night that summer time ends 02:30 comes
    twice and both count, in the one that it begins 02:30 does not come. Raises TempHubError for a step that
    does not divide the day, or a frame of another shape.
    """
    width = lengths.span_ms(every, "every")
    if DAY_MS % width or width % MINUTE_MS:
        raise TempHubError(
            f"every is {every!r}, of which no whole number makes a day.",
            'Give a step such as "5min", "15min" or "1h".',
            code="bad_width",
        )
    zone = zone_of(data)
    return results.table(
        [_profile(curve, width, zone) for curve in curves(data) if len(curve.ms)], PROFILE_COLUMNS, zone
    )


def _profile(curve: Curve, width: int, zone: tzinfo) -> dict[str, results.Array]:
    wall = results.times(curve.ms, zone).tz_localize(None).as_unit("ms").asi8
    readings = pd.DataFrame({"step": wall % DAY_MS // width, "day": wall // DAY_MS, "celsius": curve.celsius})
    groups = readings.groupby("step")
    spread = groups["celsius"].quantile(np.array([0.1, 0.5, 0.9])).unstack()
    minute = spread.index.to_numpy() * width // MINUTE_MS
    return {
        "probe_id": np.full(len(minute), curve.probe_id, object),
        "minute": minute,
        "clock": np.array([f"{at // 60:02d}:{at % 60:02d}" for at in minute], object),
        "median_c": spread[0.5].to_numpy(),
        "low_c": spread[0.1].to_numpy(),
        "high_c": spread[0.9].to_numpy(),
        "readings": groups.size().to_numpy(),
        "days": groups["day"].nunique().to_numpy(),
    }
