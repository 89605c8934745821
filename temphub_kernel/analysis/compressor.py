"""Compressor cycles, read from the temperature alone. Any thread; pure."""

import numpy as np
import pandas as pd

from ..base.errors import TempHubError
from .curve import Array, Curve, Data, curves, zone_of
from .span import Span
from .table import table

COLUMNS = {
    "probe_id": "text",
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


def compressor_cycles(data: Data, *, swing: float = 0.5, gap: Span | None = None) -> pd.DataFrame:
    """Whole cycles of cooling and warming again, one row each, by probe and time.

    A cycle runs from one warmest reading to the next: on, where the temperature turns down (the compressor starts); off, where it
    turns up; end, where the next cycle begins. on_time + off_time = period; duty_percent = on_time / period. warmest_c at `on`
    and coldest_c at `off` in °C, amplitude_c their difference in K. A turn counts once the temperature has moved `swing` K away
    from it, so set swing well above the noise and below the amplitude. Seen through the probe's own lag: on and off are late by
    it, the period is not.
    Cycles cut by a gap or by the ends of the data are left out; a door opening looks like a cycle of its own.
    data, gap: see `curves`. Raises TempHubError for a swing or a frame that is none.
    """
    if not isinstance(swing, int | float) or not 0 < swing < float("inf"):
        raise TempHubError(
            f"swing is {swing!r}, which is no difference of temperatures.", "Give it in K, such as swing=0.5.", code="bad_swing"
        )
    return table([_cycles(curve, swing) for curve in curves(data, gap)], COLUMNS, zone_of(data))


def _cycles(curve: Curve, swing: float) -> dict[str, Array]:
    place, warm, stretch = np.array(_turns(curve, swing), dtype=np.int64).reshape(-1, 3).T
    whole = np.flatnonzero(warm[:-2] & (stretch[:-2] == stretch[2:])) if len(place) > 2 else np.empty(0, np.int64)
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
    """(place, whether it is a warmest one, stretch without a gap) of the turning points, which alternate within a stretch.

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
    """(place, value, whether a stretch begins) of the readings at which the curve bends; the others cannot be turns."""
    if not len(curve.ms):
        return [], [], []
    begins = np.r_[True, ~curve.whole]
    steps = pd.Series(np.diff(curve.celsius))
    # A level stretch goes on as the step before it, so that its last reading is the turn.
    sign = np.sign(steps.mask(steps == 0).ffill().fillna(0).to_numpy())
    kept = begins | np.r_[begins[1:], True]
    kept[1:-1] |= np.diff(sign) != 0
    return np.flatnonzero(kept).tolist(), curve.celsius[kept].tolist(), begins[kept].tolist()
