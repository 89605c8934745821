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
    ends = np.r_[np.flatnonzero(~curve.whole) + 1, len(curve.ms)]
    found: list[tuple[int, int, int]] = []
    for first, end in zip(np.r_[0, ends[:-1]], ends, strict=True):
        found += _between(_turns(curve.celsius[first:end], swing, int(first)))
    on, off, end = np.array(found, dtype=np.int64).reshape(-1, 3).T
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


def _between(turns: list[tuple[int, bool]]) -> list[tuple[int, int, int]]:
    places = [place for place, _ in turns]
    return [tuple(places[at : at + 3]) for at, (_, warm) in enumerate(turns[:-2]) if warm]  # type: ignore[misc]


def _turns(celsius: Array, swing: float, first: int) -> list[tuple[int, bool]]:
    """(place, whether it is a warmest one) of the turning points, which alternate; the first and last extremes are none."""
    bends = np.flatnonzero(np.diff(np.sign(_steps(celsius)))) + 1
    at = np.unique(np.r_[0, bends, len(celsius) - 1]) if len(celsius) else np.empty(0, np.int64)
    found: list[tuple[int, bool]] = []
    low = high = 0
    rising: bool | None = None
    values, places = celsius[at].tolist(), at.tolist()
    for here, value in enumerate(values):
        low = here if value < values[low] else low
        high = here if value > values[high] else high
        if rising is not True and value - values[low] >= swing:
            if rising is False:
                found.append((first + places[low], False))
            rising, high = True, here
        elif rising is not False and values[high] - value >= swing:
            if rising is True:
                found.append((first + places[high], True))
            rising, low = False, here
    return found


def _steps(celsius: Array) -> Array:
    """Differences; a level stretch goes on as the step before it, so that its last reading is the turn."""
    steps = pd.Series(np.diff(celsius))
    return steps.mask(steps == 0).ffill().fillna(0).to_numpy()
