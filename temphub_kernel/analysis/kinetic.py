"""Mean kinetic temperature. Any thread; pure."""

import math

import numpy as np
import pandas as pd

from ..base.clock import HOUR_MS
from ..base.errors import TempHubError
from .curve import Array, Curve, Data, curves, zone_of
from .span import Span
from .table import table

# kJ/mol and kJ/(mol·K): with these ΔH/R is 10,000 K, as in USP's own examples.
DELTA_H = 83.14472
GAS_CONSTANT = 8.314472e-3
ZERO_C = 273.15
COLUMNS = {"probe_id": "text", "mkt_c": "number", "mean_c": "number", "hours": "number", "readings": "count"}


def mean_kinetic_temperature(data: Data, *, delta_h: float = DELTA_H, gap: Span | None = None) -> pd.DataFrame:
    """The constant temperature that would have done as much harm as the one measured, for each probe, in °C.

    mkt_c = (ΔH/R) / −ln(mean of exp(−ΔH/(R·T))), T in K (Haynes, J. Pharm. Sci. 60 (1971) 927; USP <1079.2>, formerly <1160>).
    The mean is one over time, by the trapezoidal rule, so uneven intervals count by their length (Tong & Lock, JSM 2015); across
    a gap nothing is added, and readings that stand alone count alike. delta_h: activation energy in kJ/mol.
    mean_c: the plain mean over the same time, never above mkt_c; hours: time that was measured; readings: how many good ones.
    USP means it for the last 30 days at controlled room temperature, the last 24 h at 2–8 °C; it says nothing about frozen goods.
    data, gap: see `curves`. Raises TempHubError for a delta_h that is none, or a frame of another shape.
    """
    if not isinstance(delta_h, int | float) or not math.isfinite(delta_h) or delta_h <= 0:
        raise TempHubError(
            f"delta_h is {delta_h!r}, which is no activation energy.",
            f"Give it in kJ/mol; the usual value is {DELTA_H}.",
            code="bad_delta_h",
        )
    parts = [_of(curve, delta_h) for curve in curves(data, gap) if len(curve.ms)]
    return table(parts, COLUMNS, zone_of(data))


def _of(curve: Curve, delta_h: float) -> dict[str, Array | str | float]:
    held = np.diff(curve.ms) * curve.whole
    weight = (np.r_[held, 0.0] + np.r_[0.0, held]) / 2
    weight = weight if weight.any() else np.ones(len(weight))
    kelvin = curve.celsius + ZERO_C
    energy = delta_h / GAS_CONSTANT
    # Taken from the warmest, so that no exponential of a cryostat's temperatures is too small to be a number.
    warmest = kelvin.max()
    rate = np.average(np.exp(energy / warmest - energy / kelvin), weights=weight)
    return {
        "probe_id": curve.probe_id,
        "mkt_c": energy / (energy / warmest - np.log(rate)) - ZERO_C,
        "mean_c": np.average(curve.celsius, weights=weight),
        "hours": held.sum() / HOUR_MS,
        "readings": len(curve.ms),
    }
