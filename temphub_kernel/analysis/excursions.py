"""Excursions: times beyond a limit. Any thread; pure."""

import numpy as np
import pandas as pd

from ..journal import Limit, exceedance
from . import arguments, lengths, results
from .curve import Curve, Data, curves, zone_of

COLUMNS = {
    "probe_id": "text",
    "kind": "text",
    "limit_c": "number",
    "start": "time",
    "end": "time",
    "duration": "span",
    "unseen": "span",
    "peak_c": "number",
    "mean_c": "number",
    "degree_minutes": "number",
    "begins": "text",
    "ends": "text",
}


def excursions(
    data: Data, *, above: float | None = None, below: float | None = None, at_least: lengths.Span = "0s", gap: lengths.Span | None = None
) -> pd.DataFrame:
    """Times above (or below) a limit that last `at_least` so long, one row each, by probe and time.

    probe_id, kind (`above`, `below`), limit_c in °C; start, end: where the straight line between readings crosses the limit;
    duration: end − start; unseen: the part of it inside gaps, of which nothing is known; peak_c: the reading farthest beyond;
    mean_c: mean over the time seen, in °C; degree_minutes: area beyond the limit over the time seen, in K·min.
    begins, ends: `crossing`, or honestly `gap` or `data` where the readings stop while the limit is passed, so that it may have
    been longer. Beyond the limit before and after a gap it is one excursion: a gap cannot hide one.
    data, gap: see `curves`. Raises TempHubError for limits, lengths or frames that are none.
    """
    asked, shortest = arguments.limits(above, below), lengths.span_ms(at_least, "at_least", least_ms=0)
    parts = [_of(curve, limit) for curve in curves(data, gap) for limit in asked if len(curve.ms)]
    found = results.table([part for part in parts if part], COLUMNS, zone_of(data))
    long = found[found["duration"] >= pd.Timedelta(shortest, "ms")]
    return long.sort_values(["probe_id", "start", "kind"], ignore_index=True)


def _of(curve: Curve, limit: Limit) -> dict[str, results.Array | str | float]:
    found = exceedance.excursions_of(exceedance.Line(curve.ms, curve.celsius, curve.whole), limit)
    if found is None:
        return {}
    count = len(found.start_ms)
    return {
        "probe_id": np.full(count, curve.probe_id, object),
        "kind": np.full(count, limit.kind, object),
        "limit_c": np.full(count, limit.celsius),
        "start": found.start_ms,
        "end": found.end_ms,
        "duration": np.rint(found.end_ms) - np.rint(found.start_ms),
        "unseen": found.unseen_ms,
        "peak_c": found.peak_c,
        "mean_c": found.mean_c,
        "degree_minutes": found.degree_minutes,
        "begins": found.begins,
        "ends": found.ends,
    }
