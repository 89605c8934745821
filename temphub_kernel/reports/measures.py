"""What one probe has in the time of a report: the journal's own figures, and what is worked out from its
readings. One thread, its Reader's.
"""

from functools import cache, partial
from typing import NamedTuple

import numpy as np

from ..core import HOUR_MS, MINUTE_MS, UNITS_PER_C
from ..journal import (
    Beyond,
    Columns,
    Complete,
    Figures,
    Floats,
    Ints,
    Limit,
    Passed,
    Reader,
    Steps,
    complete,
    exceedance,
    gathered,
    holes_of,
    kinetic,
    track_of,
)
from .fingerprint import Digest
from .together import Together, TooMuch

# Of so many readings of a probe each is gone through, a month of one every 15 s; fewer where a report is of
# many probes.
MOST_READINGS, MOST_OF_ALL = 200_000, 3_000_000
CHART_STEPS = 420
# A first reading later than that after the beginning is worth a line of its own.
LATER_MS = HOUR_MS
FIELDS = ("no", "probe", "taken_ms", "units", "quality", "boot", "seq")


class Degrees(NamedTuple):
    """Degree-hours beyond a limit in K·h."""

    value: float
    exact: bool


class Band(NamedTuple):
    """For the chart, a row for each step with a good reading. at_ms: when it begins; °C."""

    width_ms: int
    at_ms: Ints
    low: Floats
    mean: Floats
    high: Floats


class Measured(NamedTuple):
    """Of one probe. first_ms: when the first of its readings was taken, to the hour where there are very
    many; low_ms, high_ms: when the lowest and the highest were taken; beyond, degrees: by limit;
    mkt_c: mean kinetic temperature, mkt_exact: whether each reading was gone through for it."""

    figures: Figures
    first_ms: int
    low_ms: int
    high_ms: int
    complete: Complete
    beyond: Beyond
    degrees: tuple[Degrees, ...]
    mkt_c: float
    mkt_exact: bool
    band: Band

    @property
    def exact(self) -> bool:
        """Whether nothing of it is an estimate."""
        passed = [one.exact for one in self.beyond.passed] + [one.exact for one in self.degrees]
        return self.mkt_exact and self.figures.exact and all(passed)


class Asked(NamedTuple):
    """[from_ms, to_ms) of one probe, and its limits; together: its readings beside those of others; most: up
    to how many of them each is gone through."""

    reader: Reader
    together: Together
    probe_id: str
    from_ms: int
    to_ms: int
    limits: tuple[Limit, ...]
    most: int = MOST_READINGS

    def steps(self, from_ms: int, to_ms: int, width_ms: int) -> Steps:
        """Its steps in part of the range."""
        return self.reader.steps(from_ms, to_ms, width_ms, [self.probe_id])[1]

    def columns(self, from_ms: int, to_ms: int) -> Columns:
        """Its readings in part of the range, also those that are struck out."""
        return self.reader.columns(from_ms, to_ms, [self.probe_id], fields=FIELDS, struck_out=True)


def measured(asked: Asked, figures: Figures | None, digest: Digest) -> Measured | None:
    """What the probe has; None without a good reading. What it rests on goes into the digest either way."""
    hours = asked.steps(asked.from_ms, asked.to_ms, HOUR_MS)
    few = int(hours.good.sum() + hours.bad.sum()) <= asked.most
    found = asked.together.take(asked.probe_id) if few else None
    if found is not None:
        digest.readings(asked.probe_id, found)
    else:
        digest.hours(asked.probe_id, hours)
    if figures is None:
        return None
    band = _band(asked, hours)
    if found is None:
        return _of_many(asked, figures, hours.of(hours.good > 0), band)
    return _of_each(asked, figures, hours, found, band)


def _of_each(asked: Asked, figures: Figures, hours: Steps, found: Columns, band: Band) -> Measured:
    ms, celsius = found.taken_ms, found.celsius
    track = track_of(ms, found.boot, found.seq)
    whole = complete(track, holes_of(track))
    beyond = exceedance.time_beyond(
        lambda _from, _to, _width: hours,
        lambda _from, _to: (ms, celsius),
        asked.from_ms,
        asked.to_ms,
        asked.limits,
        most=asked.most,
    )
    assert beyond is not None
    line = exceedance.line_of(ms, celsius)
    low, high = (int(ms[place(celsius)]) for place in (np.nanargmin, np.nanargmax))
    degrees = tuple(_degrees(one) or Degrees(0.0, True) for one in beyond.passed)
    return Measured(figures, int(ms.min()), low, high, whole, beyond, degrees, kinetic.mean(line), True, band)


def _of_many(asked: Asked, figures: Figures, hours: Steps, band: Band) -> Measured:
    beyond = _beyond_of_many(asked, hours)
    low, high = (_moment(asked, hours, column) for column in (hours.lowest, hours.highest))
    mean, held = hours.total / hours.good / UNITS_PER_C, _held(hours, asked)
    degrees = tuple(_degrees(one) or _degrees_about(one.limit, mean, held) for one in beyond.passed)
    line = exceedance.line_of(hours.at * HOUR_MS, mean)
    first, whole = max(int(hours.at[0]) * HOUR_MS, asked.from_ms), _complete_about(hours, asked)
    return Measured(figures, first, low, high, whole, beyond, degrees, kinetic.mean(line), False, band)


def _beyond_of_many(asked: Asked, hours: Steps) -> Beyond:
    """Exact where limits were passed seldom enough for these hours to be looked into, else from steps."""

    @cache  # several limits are looked at in the same steps
    def ask(from_ms: int, to_ms: int, width_ms: int) -> Steps:
        return hours if width_ms == HOUR_MS else asked.steps(from_ms, to_ms, width_ms)

    def passed(*limits: Limit, most: int = exceedance.MOST_READINGS) -> Beyond:
        parts = asked.together.parts(asked.probe_id)
        most = min(most, parts.most(int(hours.good.sum())))
        found = exceedance.time_beyond(ask, parts.read, asked.from_ms, asked.to_ms, limits, most)
        assert found is not None
        return found

    found = list[Passed]()
    for limit in asked.limits:
        try:
            found += passed(limit).passed
        except TooMuch:
            found += passed(limit, most=0).passed
    return passed(most=0)._replace(passed=tuple(found))


def _degrees(passed: Passed) -> Degrees | None:
    """Exact where each time beyond the limit is known."""
    if passed.excursions is not None:
        return Degrees(float(passed.excursions.degree_minutes.sum()) * MINUTE_MS / HOUR_MS, True)
    return Degrees(0.0, True) if passed.exact and not passed.beyond_ms else None


def _degrees_about(limit: Limit, mean: Floats, held_ms: Floats) -> Degrees:
    return Degrees(float((np.maximum(limit.excess(mean), 0) * held_ms).sum()) / HOUR_MS, False)


def _held(hours: Steps, asked: Asked) -> Floats:
    """For how many ms of each hour there are readings, by the usual number of them."""
    usual = max(float(np.median(hours.good + hours.bad)), 1.0)
    begin = np.maximum(hours.at * HOUR_MS, asked.from_ms)
    whole = np.minimum((hours.at + 1) * HOUR_MS, asked.to_ms) - begin
    found: Floats = whole * np.minimum((hours.good + hours.bad) * HOUR_MS / np.maximum(whole, 1) / usual, 1.0)
    return found


def _complete_about(hours: Steps, asked: Asked) -> Complete:
    """What the hours between the first and the last one lack to the usual number; the two at the ends are not
    judged."""
    count = hours.good + hours.bad
    inner, span = count[1:-1], int(hours.at[-1] - hours.at[0] - 1)
    usual = int(np.median(inner)) if len(inner) else 0
    # An hour may have one more or one less than the next without anything missing.
    lacking = np.maximum(usual - 1 - inner, 0)
    missing = int(lacking.sum() + (lacking > 0).sum()) + (span - len(inner)) * usual
    return Complete(int(count.sum()), missing, False)


def _moment(asked: Asked, hours: Steps, extreme: Ints) -> int:
    """When the first reading with the lowest or highest value was taken."""
    place = int(np.argmin(extreme) if extreme is hours.lowest else np.argmax(extreme))
    at = int(hours.at[place]) * HOUR_MS
    found = asked.columns(max(at, asked.from_ms), min(at + HOUR_MS, asked.to_ms))
    same = np.flatnonzero(found.units == extreme[place])
    return int(found.taken_ms[same[0]]) if len(same) else at


def _band(asked: Asked, hours: Steps) -> Band:
    """Of a long time from its hours, which are there, instead of looking into each step's ends."""
    width_ms = max(-(-(asked.to_ms - asked.from_ms) // CHART_STEPS // MINUTE_MS) * MINUTE_MS, MINUTE_MS)
    if width_ms >= HOUR_MS:
        width_ms = -(-width_ms // HOUR_MS) * HOUR_MS
        steps = gathered(hours, width_ms // HOUR_MS)
    else:
        steps = asked.steps(asked.from_ms, asked.to_ms, width_ms)
    steps = steps.of(steps.good > 0)
    in_c = partial(np.divide, dtype=np.float64)
    at_ms = np.maximum(steps.at * width_ms, asked.from_ms)
    return Band(
        width_ms,
        at_ms,
        in_c(steps.lowest, UNITS_PER_C),
        steps.total / steps.good / UNITS_PER_C,
        in_c(steps.highest, UNITS_PER_C),
    )
