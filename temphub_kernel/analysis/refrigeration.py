"""Refrigerators, read from the temperature alone: compressor cycles and door openings. Any thread; pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..core import TempHubError
from ..journal import exceedance, refrigeration
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


def compressor_cycles(
    data: Data, *, swing: float = refrigeration.SWING_C, gap: lengths.Span | None = None
) -> pd.DataFrame:
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
    on, off, end = refrigeration.cycles(_line(curve), swing)
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


def _line(curve: Curve) -> exceedance.Line:
    return exceedance.Line(curve.ms, curve.celsius, curve.whole)


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
    data: Data,
    *,
    rise: float = refrigeration.RISE_C,
    within: lengths.Span = "2min",
    recovers_within: lengths.Span = "1h",
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
    rows = [
        _row(curve.probe_id, found)
        for curve in curves(data)
        for found in refrigeration.openings(_line(curve), rise, window, longest)
    ]
    return results.table(rows, DOOR_COLUMNS, zone_of(data))


def _row(probe_id: str, found: refrigeration.Opening) -> dict[str, object]:
    never = found.end_ms is None
    end_ms = results.NEVER if found.end_ms is None else found.end_ms
    return {
        "probe_id": probe_id,
        "start": found.start_ms,
        "peak": found.peak_ms,
        "end": end_ms,
        "base_c": found.base_c,
        "peak_c": found.peak_c,
        "rise_c": found.rise_c,
        "duration": results.NEVER if never else end_ms - found.start_ms,
        "recovery": results.NEVER if never else end_ms - found.peak_ms,
    }
