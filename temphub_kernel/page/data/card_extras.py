"""What a card shows beside the value: today's lowest and highest, the last hours in small, where it is going.
Source's thread."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

import numpy as np

from ...core import DAY_MS, HOUR_MS, MINUTE_MS
from ...journal import Floats, Reader
from .. import format
from .series import NO_BUCKETS, Buckets, Times, buckets_of
from .statistics import robust_slope

# Every zone of the world is a whole number of these from UTC, so a day begins with one.
QUARTER_MS = 15 * MINUTE_MS
SLOPE_MS = 30 * MINUTE_MS
# With less than this of it, a start-up or a door is taken for where the room is going.
SLOPE_LEAST_MS = 20 * MINUTE_MS
# Steeper or flatter than this is an arrow up or down, °C an hour; below it is noise.
STEADY = 0.3
# How high the last day in small is, in its own units.
SPARK_PX = 56


class Glance(NamedTuple):
    """low, high: today's (the viewer's day), °C; slope: °C an hour over the last `slope_ms`; spark: the last
    day as an SVG's path, `middle` °C half way up and `reach` °C from its foot to its head."""

    low: float | None = None
    high: float | None = None
    slope: float | None = None
    spark: str = ""
    slope_ms: int = 0
    middle: float = 0.0
    reach: float = 1.0

    def up(self, celsius: float) -> float:
        """How far below the head of the SVG a temperature lies."""
        return SPARK_PX / 2 - (celsius - self.middle) / self.reach * (SPARK_PX - 8)

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

    def of(
        self, reader: Reader, probe_ids: Iterable[str], where: tzinfo | None, now_ms: int
    ) -> dict[str, Glance]:
        """A glance of each probe."""
        key = (str(where), now_ms // MINUTE_MS)
        known, self._key = self._known if key == self._key else {}, key
        # Where new ids come each second only those are looked at.
        news = _glances(reader, [id_ for id_ in probe_ids if id_ not in known], where, now_ms)
        self._known = {id_: known.get(id_) or news[id_] for id_ in probe_ids}
        return self._known


def day_start(now_ms: int, where: tzinfo | None) -> int:
    """When today began on the viewer's clock."""
    midnight = format.local(now_ms, where).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Of this computer's own zone the offset at midnight is asked for anew: the clocks may have changed since.
    begun = datetime(midnight.year, midnight.month, midnight.day).astimezone() if where is None else midnight
    return int(begun.timestamp() * 1000)


def _glances(reader: Reader, probe_ids: list[str], where: tzinfo | None, now_ms: int) -> dict[str, Glance]:
    if not probe_ids:
        return {}
    end_ms = (now_ms // MINUTE_MS + 1) * MINUTE_MS
    today_ms = day_start(now_ms, where)
    # A day in which the clocks are put back has 25 hours.
    first_ms = (now_ms - DAY_MS - HOUR_MS) // QUARTER_MS * QUARTER_MS
    quarters = _buckets(reader, probe_ids, first_ms, end_ms, QUARTER_MS)
    # Whole minutes: the one that has just begun is there or not, and the words on the card would change with
    # it.
    whole_ms = end_ms - MINUTE_MS
    minutes = _buckets(reader, probe_ids, whole_ms - SLOPE_MS, whole_ms, MINUTE_MS)
    return {
        id_: glance_of(quarters.get(id_, NO_BUCKETS), minutes.get(id_, NO_BUCKETS), today_ms)
        for id_ in probe_ids
    }


def _buckets(
    reader: Reader, probe_ids: list[str], from_ms: int, to_ms: int, width_ms: int
) -> dict[str, Buckets]:
    """All probes in one question, which costs the journal little more than one of them."""
    ids, steps = reader.steps(from_ms, to_ms, width_ms, probe_ids)
    return {id_: buckets_of(steps.of_probe(no), width_ms) for no, id_ in ids.items()}


def glance_of(quarters: Buckets, minutes: Buckets, today_ms: int, width_ms: int = QUARTER_MS) -> Glance:
    """A glance of one probe. quarters: of the last day, each of width_ms; minutes: the last ones."""
    today = quarters.start_ms >= today_ms
    slope_ms = int(minutes.start_ms[-1] - minutes.start_ms[0]) + MINUTE_MS if len(minutes.start_ms) else 0
    return Glance(
        float(quarters.low[today].min()) if today.any() else None,
        float(quarters.high[today].max()) if today.any() else None,
        robust_slope(minutes.start_ms, minutes.mean) if slope_ms >= SLOPE_LEAST_MS else None,
        sparkline(quarters.start_ms, quarters.mean, width_ms=width_ms),
        slope_ms,
        *_extent(quarters.mean),
    )


def _extent(values: Floats) -> tuple[float, float]:
    """(middle, reach) of what is drawn: a still temperature is a flat line in the middle, not noise blown
    up."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low + high) / 2, max(high - low, 0.5)


def sparkline(
    times: Times, values: Floats, width: int = 240, height: int = SPARK_PX, *, width_ms: int = QUARTER_MS
) -> str:
    """The path of an SVG: the last day, broken where nothing was measured; empty with fewer than two
    points. width_ms: of what a point stands for."""
    if len(times) < 2:
        return ""
    middle, reach = _extent(values)
    across = np.round((times - times[-1] + DAY_MS) / DAY_MS * width).astype(int)
    down = np.round(height / 2 - (values - middle) / reach * (height - 8)).astype(int)
    parts: list[str] = []
    last_ms = 0
    for moment, x, y in zip(times.tolist(), across.tolist(), down.tolist(), strict=True):
        if x >= 0:
            parts.append(f"{'L' if parts and moment - last_ms <= 2 * width_ms else 'M'}{x} {y}")
        last_ms = moment
    return "".join(parts)


def arrow(slope: float | None) -> str:
    """`up`, `down` or `steady`; empty when there is too little to tell."""
    if slope is None:
        return ""
    return "steady" if abs(slope) < STEADY else "up" if slope > 0 else "down"
