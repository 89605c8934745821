"""What a card shows beside the value: today's lowest and highest, the last hours in small, where it is going. Source's thread."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

import numpy as np

from ..base.clock import DAY_MS, HOUR_MS, MINUTE_MS
from ..journal import Reader
from . import text
from .drill import as_buckets
from .series import Floats, Times
from .statistics import robust_slope

# Every zone of the world is a whole number of these from UTC, so a day begins with one.
QUARTER_MS = 15 * MINUTE_MS
SLOPE_MS = 30 * MINUTE_MS
# With less than this of it, a start-up or a door is taken for where the room is going.
SLOPE_LEAST_MS = 20 * MINUTE_MS
# Steeper or flatter than this is an arrow up or down, °C an hour; below it is noise.
STEADY = 0.3


class Glance(NamedTuple):
    """low, high: today's (the viewer's day), °C; slope: °C an hour over the last `slope_ms`; spark: the last day as an SVG's path."""

    low: float | None = None
    high: float | None = None
    slope: float | None = None
    spark: str = ""
    slope_ms: int = 0

    def with_newest(self, celsius: float) -> "Glance":
        """Taken in at once: a card must not show a value above its own highest."""
        if self.low is None or self.high is None:
            return self._replace(low=celsius, high=celsius)
        return self._replace(low=min(celsius, self.low), high=max(celsius, self.high))


class Glances:
    """One look a minute."""

    def __init__(self) -> None:
        self._key: object = None
        self._known: dict[str, Glance] = {}

    def of(self, reader: Reader, probe_ids: Iterable[str], where: tzinfo | None, now_ms: int) -> dict[str, Glance]:
        """A glance of each probe."""
        key = (str(where), now_ms // MINUTE_MS)
        known, self._key = self._known if key == self._key else {}, key
        # Where new ids come each second only those are looked at.
        self._known = {id_: known.get(id_) or _glance(reader, id_, where, now_ms) for id_ in probe_ids}
        return self._known


def day_start(now_ms: int, where: tzinfo | None) -> int:
    """When today began on the viewer's clock."""
    midnight = text.local(now_ms, where).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Of this computer's own zone the offset at midnight is asked for anew: the clocks may have changed since.
    begun = datetime(midnight.year, midnight.month, midnight.day).astimezone() if where is None else midnight
    return int(begun.timestamp() * 1000)


def _glance(reader: Reader, probe_id: str, where: tzinfo | None, now_ms: int) -> Glance:
    end_ms = (now_ms // MINUTE_MS + 1) * MINUTE_MS
    today_ms = day_start(now_ms, where)
    # A day in which the clocks are put back has 25 hours.
    first_ms = (now_ms - DAY_MS - HOUR_MS) // QUARTER_MS * QUARTER_MS
    quarters = as_buckets(reader.buckets(first_ms, end_ms, QUARTER_MS, probe_id))
    today = quarters.start_ms >= today_ms
    # Whole minutes: the one that has just begun is there or not, and the words on the card would change with it.
    whole_ms = end_ms - MINUTE_MS
    minutes = as_buckets(reader.buckets(whole_ms - SLOPE_MS, whole_ms, MINUTE_MS, probe_id))
    slope_ms = int(minutes.start_ms[-1] - minutes.start_ms[0]) + MINUTE_MS if len(minutes.start_ms) else 0
    return Glance(
        float(quarters.low[today].min()) if today.any() else None,
        float(quarters.high[today].max()) if today.any() else None,
        robust_slope(minutes.start_ms, minutes.mean) if slope_ms >= SLOPE_LEAST_MS else None,
        sparkline(quarters.start_ms, quarters.mean),
        slope_ms,
    )


def sparkline(times: Times, values: Floats, width: int = 240, height: int = 56) -> str:
    """The path of an SVG: the last day, broken where nothing was measured; empty with fewer than two points."""
    if len(times) < 2:
        return ""
    low, high = float(values.min()), float(values.max())
    # A still temperature is a flat line in the middle, not noise blown up.
    middle, reach = (low + high) / 2, max(high - low, 0.5)
    across = np.round((times - times[-1] + DAY_MS) / DAY_MS * width).astype(int)
    down = np.round(height / 2 - (values - middle) / reach * (height - 8)).astype(int)
    parts: list[str] = []
    last_ms = 0
    for moment, x, y in zip(times.tolist(), across.tolist(), down.tolist(), strict=True):
        if x >= 0:
            parts.append(f"{'L' if parts and moment - last_ms <= 2 * QUARTER_MS else 'M'}{x} {y}")
        last_ms = moment
    return "".join(parts)


def arrow(slope: float | None) -> str:
    """`up`, `down` or `steady`; empty when there is too little to tell."""
    if slope is None:
        return ""
    return "steady" if abs(slope) < STEADY else "up" if slope > 0 else "down"
