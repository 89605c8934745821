"""Excursions: times beyond a limit. Any thread; pure."""

import numpy as np
import pandas as pd

from .curve import Array, Curve, Data, curves, zone_of
from .limit import Limit, beyond, limits
from .span import Span, span_ms
from .table import table

MINUTE_MS = 60_000
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
    data: Data, *, above: float | None = None, below: float | None = None, at_least: Span = "0s", gap: Span | None = None
) -> pd.DataFrame:
    """Times above (or below) a limit that last `at_least` so long, one row each, by probe and time.

    probe_id, kind (`above`, `below`), limit_c in °C; start, end: where the straight line between readings crosses the limit;
    duration: end − start; unseen: the part of it inside gaps, of which nothing is known; peak_c: the reading farthest beyond;
    mean_c: mean over the time seen, in °C; degree_minutes: area beyond the limit over the time seen, in K·min.
    begins, ends: `crossing`, or honestly `gap` or `data` where the readings stop while the limit is passed, so that it may have
    been longer. Beyond the limit before and after a gap it is one excursion: a gap cannot hide one.
    data, gap: see `curves`. Raises TempHubError for limits, lengths or frames that are none.
    """
    asked, shortest = limits(above, below), span_ms(at_least, "at_least", least_ms=0)
    parts = [_of(curve, limit) for curve in curves(data, gap) for limit in asked if len(curve.ms)]
    found = table([part for part in parts if part], COLUMNS, zone_of(data))
    long = found[found["duration"] >= pd.Timedelta(shortest, "ms")]
    return long.sort_values(["probe_id", "start", "kind"], ignore_index=True)


def _of(curve: Curve, limit: Limit) -> dict[str, Array | str | float]:
    excess = limit.excess(curve.celsius)
    out = excess > 0
    first = np.flatnonzero(out & ~np.r_[False, out[:-1]])
    last = np.flatnonzero(out & ~np.r_[out[1:], False])
    if not len(first):
        return {}
    start, begins = _edges(curve, excess, first, -1)
    end, ends = _edges(curve, excess, last, 1)
    # Each interval beyond the limit belongs to the one excursion that its beyond end belongs to.
    number = np.cumsum(np.r_[0, np.diff(out.astype(np.int8)) == 1]) - (0 if out[0] else 1)
    owner = np.where(out[:-1], number[:-1], number[1:])
    mine = out[:-1] | out[1:]
    time, area = (np.bincount(owner[mine], part[mine], len(first)) for part in beyond(excess, curve.ms, curve.whole))
    peak = np.maximum.reduceat(np.where(out, excess, 0), first)
    hidden = np.bincount(owner[mine], (np.diff(curve.ms) * ~curve.whole * (out[:-1] & out[1:]))[mine], len(first))
    seen = np.where(time > 0, time, 1)
    count = len(first)
    return {
        "probe_id": np.full(count, curve.probe_id, object),
        "kind": np.full(count, limit.kind, object),
        "limit_c": np.full(count, limit.celsius),
        "start": start,
        "end": end,
        "duration": np.rint(end) - np.rint(start),
        "unseen": hidden,
        "peak_c": limit.back(peak),
        # A lone reading between two gaps has no time to take a mean over.
        "mean_c": limit.back(np.where(time > 0, area / seen, peak)),
        "degree_minutes": area / MINUTE_MS,
        "begins": begins,
        "ends": ends,
    }


def _edges(curve: Curve, excess: Array, at: Array, side: int) -> tuple[Array, Array]:
    """Where an excursion's curve meets the limit before (-1) or after (1) its outermost readings, and how that is known."""
    other = np.clip(at + side, 0, len(curve.ms) - 1)
    is_end = other == at
    joined = np.zeros(len(at), np.bool_)
    joined[~is_end] = curve.whole[np.minimum(at, other)[~is_end]]
    drop = excess[at] - np.where(joined, excess[other], 0)
    moment = curve.ms[at] + np.where(joined, (curve.ms[other] - curve.ms[at]) * excess[at] / drop, 0.0)
    return moment, np.where(joined, "crossing", np.where(is_end, "data", "gap")).astype(object)
