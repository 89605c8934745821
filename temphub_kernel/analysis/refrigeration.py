"""Refrigerators, read from the temperature alone: compressor cycles and door openings. Any thread; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..core import TempHubError
from . import lengths, results
from .curve import Curve, Data, curves, zone_of

CYCLE_COLUMNS = {
    "probe_id": "probe",
    "on": "time",
    "off": "time",
    "end": "time",
    "on_time": "span",
    "off_time": "span",
    "period": "span",
    "duty_percent": "number",
    "warmest_c": "number",
    "coldest_c": "number",
    "amplitude_c": "number",
}


def compressor_cycles(data: Data, *, swing: float = 0.5, gap: lengths.Span | None = None) -> pd.DataFrame:
    """Whole cycles of cooling and warming again, one row each, by probe and time.

    A cycle runs from one warmest reading to the next: on, where the temperature turns down (the compressor
    starts); off, where it turns up; end, where the next cycle begins. on_time + off_time = period;
    duty_percent = on_time / period. warmest_c at `on` and coldest_c at `off` in °C, amplitude_c their
    difference in K. A turn counts once the temperature has moved `swing` K away from it, so set swing well
    above the noise and below the amplitude. Seen through the probe's own lag: on and off are late by it, the
    period is not. Cycles cut by a gap or by the ends of the data are left out; a door opening looks like a
    cycle of its own. data, gap: as for `excursions`. Raises TempHubError for a swing or a frame that is none.
    """
    if not isinstance(swing, int | float) or not 0 < swing < float("inf"):
        raise TempHubError(
            f"swing is {swing!r}, which is no difference of temperatures.",
            "Give it in K, such as swing=0.5.",
            code="bad_swing",
        )
    return results.table([_cycles(curve, swing) for curve in curves(data, gap)], CYCLE_COLUMNS, zone_of(data))


def _cycles(curve: Curve, swing: float) -> dict[str, results.Array]:
    place, warm, stretch = np.array(_turns(curve, swing), dtype=np.int64).reshape(-1, 3).T
    whole = (
        np.flatnonzero(warm[:-2] & (stretch[:-2] == stretch[2:])) if len(place) > 2 else np.empty(0, np.int64)
    )
    on, off, end = place[whole], place[whole + 1], place[whole + 2]
    ms, celsius = curve.ms, curve.celsius
    return {
        "probe_id": np.full(len(on), curve.probe_id, object),
        "on": ms[on],
        "off": ms[off],
        "end": ms[end],
        "on_time": ms[off] - ms[on],
        "off_time": ms[end] - ms[off],
        "period": ms[end] - ms[on],
        "duty_percent": 100 * (ms[off] - ms[on]) / (ms[end] - ms[on]),
        "warmest_c": celsius[on],
        "coldest_c": celsius[off],
        "amplitude_c": celsius[on] - celsius[off],
    }


def _turns(curve: Curve, swing: float) -> list[tuple[int, bool, int]]:
    """(place, whether it is a warmest one, stretch without a gap) of the turning points, which alternate
    within a stretch.

    The first and last extremes of a stretch are none: nobody saw what was before or after them.
    """
    found: list[tuple[int, bool, int]] = []
    low = high = stretch = 0
    rising: bool | None = None
    places, values, begins = _bends(curve)
    for here, value in enumerate(values):
        if begins[here]:
            low, high, rising, stretch = here, here, None, stretch + 1
        low = here if value < values[low] else low
        high = here if value > values[high] else high
        if rising is not True and value - values[low] >= swing:
            if rising is False:
                found.append((places[low], False, stretch))
            rising, high = True, here
        elif rising is not False and values[high] - value >= swing:
            if rising is True:
                found.append((places[high], True, stretch))
            rising, low = False, here
    return found


def _bends(curve: Curve) -> tuple[list[int], list[float], list[bool]]:
    """(place, value, whether a stretch begins) of the readings at which the curve bends; the others cannot be
    turns."""
    if not len(curve.ms):
        return [], [], []
    begins = np.r_[True, ~curve.whole]
    steps = pd.Series(np.diff(curve.celsius))
    # A level stretch goes on as the step before it, so that its last reading is the turn.
    sign = np.sign(steps.mask(steps == 0).ffill().fillna(0).to_numpy())
    kept = begins | np.r_[begins[1:], True]
    kept[1:-1] |= np.diff(sign) != 0
    return np.flatnonzero(kept).tolist(), curve.celsius[kept].tolist(), begins[kept].tolist()


# Shut again and cooled down: so much of the rise is left.
LEFT = 0.25
DOOR_COLUMNS = {
    "probe_id": "probe",
    "start": "time",
    "peak": "time",
    "end": "time",
    "base_c": "number",
    "peak_c": "number",
    "rise_c": "number",
    "duration": "span",
    "recovery": "span",
}


def door_openings(
    data: Data, *, rise: float = 1.0, within: lengths.Span = "2min", recovers_within: lengths.Span = "1h"
) -> pd.DataFrame:
    """Rises of at least `rise` K within `within`, and how they went away, one row each, by probe and time.

    start: the lowest reading within that time before the rise, base_c (°C); peak: the highest until it
    recovered, peak_c (°C), rise_c (K); end: the first reading at which no more than a quarter of the rise is
    left; duration: end − start; recovery: end − peak. One that does not recover within `recovers_within` of
    its last rise, before a gap or before the data end, has no end (NaT): a defrost, a door left open, a
    failure. A probe in goods or glycol rises slowly: give a smaller rise or a longer time. The rule is our
    own: set rise above what the compressor does within that time. data: as for `excursions`. Raises
    TempHubError for a rise, lengths or frames that are none.
    """
    if not isinstance(rise, int | float) or not 0 < rise < float("inf"):
        raise TempHubError(
            f"rise is {rise!r}, which is no rise of a temperature.",
            "Give it in K, such as rise=1.0.",
            code="bad_rise",
        )
    window, longest = lengths.span_ms(within, "within"), lengths.span_ms(recovers_within, "recovers_within")
    rows = [row for curve in curves(data) for row in _openings(curve, rise, window, longest)]
    return results.table(rows, DOOR_COLUMNS, zone_of(data))


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


def _opening(
    curve: Curve, trigger: int, window: int, longest: int, parted: results.Array, done: int
) -> tuple[dict[str, Any], int]:
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
        "end": results.NEVER if end is None else ms[end],
        "base_c": base,
        "peak_c": celsius[peak],
        "rise_c": celsius[peak] - base,
        "duration": results.NEVER if end is None else ms[end] - ms[start],
        "recovery": results.NEVER if end is None else ms[end] - ms[peak],
    }
    return row, max(seen if end is None else end, trigger) + 1


def _lowest_lately(curve: Curve, window: int) -> results.Array:
    """The lowest reading of the last `window` milliseconds at each reading."""
    series = pd.Series(curve.celsius, index=pd.DatetimeIndex(curve.ms.view("datetime64[ms]")))
    return series.rolling(pd.Timedelta(window, "ms"), closed="both").min().to_numpy()
