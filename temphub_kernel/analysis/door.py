"""Door openings: a quick rise, then a recovery. Any thread; pure."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..base.errors import TempHubError
from .curve import Array, Curve, Data, curves, zone_of
from .span import Span, span_ms
from .table import NEVER, table

# Shut again and cooled down: so much of the rise is left.
LEFT = 0.25
COLUMNS = {
    "probe_id": "text",
    "start": "time",
    "peak": "time",
    "end": "time",
    "base_c": "number",
    "peak_c": "number",
    "rise_c": "number",
    "duration": "span",
    "recovery": "span",
}


def door_openings(data: Data, *, rise: float = 1.0, within: Span = "2min", recovers_within: Span = "1h") -> pd.DataFrame:
    """Rises of at least `rise` K within `within`, and how they went away, one row each, by probe and time.

    start: the lowest reading within that time before the rise, base_c (°C); peak: the highest until it recovered, peak_c (°C), rise_c (K);
    end: the first reading at which no more than a quarter of the rise is left; duration: end − start; recovery: end − peak.
    One that does not recover within `recovers_within` of its last rise, before a gap or before the data end, has no end (NaT): a
    defrost, a door left open, a failure. A probe in goods or glycol rises slowly: give a smaller rise or a longer time.
    The rule is our own: set rise above what the compressor does within that time.
    data: see `curves`. Raises TempHubError for a rise, lengths or frames that are none.
    """
    if not isinstance(rise, int | float) or not 0 < rise < float("inf"):
        raise TempHubError(f"rise is {rise!r}, which is no rise of a temperature.", "Give it in K, such as rise=1.0.", code="bad_rise")
    window, longest = span_ms(within, "within"), span_ms(recovers_within, "recovers_within")
    rows = [row for curve in curves(data) for row in _openings(curve, rise, window, longest)]
    return table(rows, COLUMNS, zone_of(data))


def _openings(curve: Curve, rise: float, window: int, longest: int) -> Iterator[dict[str, Any]]:
    up = np.flatnonzero(curve.celsius - _lowest_lately(curve, window) >= rise)
    # A pause shorter than the rise may take does not part a rise from its recovery.
    parted = np.flatnonzero(~curve.whole & (np.diff(curve.ms) > window))
    done = 0
    while (at := np.searchsorted(up, done)) < len(up):
        row, done = _opening(curve, int(up[at]), window, longest, parted, done)
        # What is left over from the opening before is no new one.
        if row["rise_c"] >= rise:
            yield row


def _opening(curve: Curve, trigger: int, window: int, longest: int, parted: Array, done: int) -> tuple[dict[str, Any], int]:
    ms, celsius = curve.ms, curve.celsius
    before = max(int(np.searchsorted(ms, ms[trigger] - window)), min(done, trigger))
    start = trigger - int(np.argmin(celsius[before : trigger + 1][::-1]))
    start = min(start, trigger)
    base = celsius[start]
    close = np.searchsorted(parted, trigger)
    stop = int(parted[close]) + 1 if close < len(parted) else len(ms)
    peak, end, seen = trigger, None, trigger
    while end is None and seen < stop:
        until = min(stop, int(np.searchsorted(ms, ms[peak] + longest, "right")))
        if until <= seen:
            break
        part = celsius[seen:until]
        high = np.maximum(np.maximum.accumulate(part), celsius[peak])
        back = np.flatnonzero(part - base <= LEFT * (high - base))
        reach = int(back[0]) if len(back) else len(part) - 1
        top = int(np.argmax(part[: reach + 1]))
        peak = seen + top if part[top] > celsius[peak] else peak
        end = seen + reach if len(back) else None
        seen = until
    row = {
        "probe_id": curve.probe_id,
        "start": ms[start],
        "peak": ms[peak],
        "end": NEVER if end is None else ms[end],
        "base_c": base,
        "peak_c": celsius[peak],
        "rise_c": celsius[peak] - base,
        "duration": NEVER if end is None else ms[end] - ms[start],
        "recovery": NEVER if end is None else ms[end] - ms[peak],
    }
    return row, max(seen if end is None else end, trigger) + 1


def _lowest_lately(curve: Curve, window: int) -> Array:
    """The lowest reading of the last `window` milliseconds at each reading."""
    series = pd.Series(curve.celsius, index=pd.DatetimeIndex(curve.ms.view("datetime64[ms]")))
    return series.rolling(pd.Timedelta(window, "ms"), closed="both").min().to_numpy()
