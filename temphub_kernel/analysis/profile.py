"""The usual day: what the local clock says against what was measured. Any thread; pure."""

from datetime import tzinfo

import numpy as np
import pandas as pd

from ..core import DAY_MS, MINUTE_MS, TempHubError
from . import lengths, results
from .curve import Curve, Data, curves, zone_of

COLUMNS = {
    "probe_id": "text",
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
        [_profile(curve, width, zone) for curve in curves(data) if len(curve.ms)], COLUMNS, zone
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
