"""A limit, and how long and how far a curve is beyond it. Between two readings a curve is a straight line. Any thread; pure."""

import math
from typing import NamedTuple

import numpy as np

from ..base.errors import TempHubError
from .curve import Array


class Limit(NamedTuple):
    """`kind` is `above` or `below`, `celsius` where it lies."""

    kind: str
    celsius: float

    def excess(self, celsius: Array) -> Array:
        """How far beyond the limit, in K; negative on the good side."""
        return celsius - self.celsius if self.kind == "above" else self.celsius - celsius

    def back(self, excess: Array) -> Array:
        """The temperature that lies `excess` beyond the limit."""
        return self.celsius + excess if self.kind == "above" else self.celsius - excess


def limits(above: float | None, below: float | None) -> list[Limit]:
    """The limits asked for. Raises TempHubError for none, for one that is no temperature, and for two that leave no room."""
    found = [Limit(kind, _celsius(kind, value)) for kind, value in (("above", above), ("below", below)) if value is not None]
    if not found:
        raise TempHubError(
            "No limit is given, so there is nothing to look for.", "Give above=8.0, below=2.0 or both, in °C.", code="no_limit"
        )
    if len(found) == 2 and found[0].celsius < found[1].celsius:
        raise TempHubError(
            f"above is {above} and below is {below}, so every temperature would be beyond a limit.",
            "Give the higher limit as above and the lower one as below.",
            code="bad_limit",
        )
    return found


def beyond(excess: Array, ms: Array, whole: Array) -> tuple[Array, Array]:
    """For each interval between readings: (milliseconds beyond the limit, area beyond it in K·ms). Nothing across a gap."""
    first, second, length = excess[:-1], excess[1:], np.diff(ms) * whole
    high, low = np.maximum(first, second), np.minimum(first, second)
    # Where the line crosses the limit, a triangle is left of the trapezoid.
    crosses = (high > 0) & (low < 0)
    share = np.where(crosses, high / np.where(crosses, high - low, 1), high > 0)
    return share * length, share * length * (np.maximum(high, 0) + np.maximum(low, 0)) / 2


def _celsius(kind: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise TempHubError(
            f"{kind} is {value!r}, which is no temperature.", f"Give {kind} as a number in °C, such as 8.0.", code="bad_limit"
        )
    return number
