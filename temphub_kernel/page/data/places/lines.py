"""What an engine says of some time at all places: lines and figures of a window, hours, the month. The asking
thread.

Of so many readings as a page can go through in a second each one is read, so the figures are those of the hub
itself; of more the hours are, and the figures are told as about. Hubs send each hour as a few numbers
(forward/engine/beside.py), of which a month has 720; engines add them up.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ....core import DAY_MS, HOUR_MS, MINUTE_MS, now_ms
from ....engines import MEASUREMENT, MOST_SITES, READINGS, Engine, Told, match, series_of
from ...choices import Wanted, Window
from .. import series, statistics
from ..behind import Parts
from ..window_cache import Kept, Measured, kept_of
from .told import Key, There

Floats = npt.NDArray[np.float64]
MONTH_MS = 30 * DAY_MS
# A point lies behind the beginning of its hour, and before the next.
HOUR = f"{HOUR_MS - 1}ms"
HOURS = ("hour_low", "hour_high", "hour_mean", "hour_measured", "hour_readings", "hour_sigma")
# The hour that goes on is looked at of so many probes: of more it would take an engine too much.
MOST_LOOKED_AT = 2_000
# Of more probes a question is not about all of them.
MOST_AT_ONCE = 5_000


class Worst(NamedTuple):
    """A probe in the last 30 days. beyond_s: how long it was beyond the limits that held then, None where
    there were none; measured_s: how long it was measured at all."""

    high: float | None = None
    low: float | None = None
    beyond_s: float | None = None
    measured_s: float = 0.0


class Long(NamedTuple):
    """hours: of the last day, by probe, None where they are too many to be asked for at once; month: of the
    last 30; missing: how many probes the month was not asked of yet."""

    hours: Mapping[Key, "Hourly"] | None
    month: Mapping[Key, Worst]
    missing: int = 0


class Hourly(NamedTuple):
    """Columns of one length (n,), by time."""

    buckets: series.Buckets
    readings: Floats
    sigma: Floats


class Times:
    """Both, of all probes. there(): who there is; most: of how many a question is. so_far: what the first
    answer has until it is whole."""

    def __init__(
        self, engine: Engine, there: Callable[[], Collection[Key]], most: int = MOST_AT_ONCE
    ) -> None:
        self._engine, self._there, self._most = engine, there, most
        self.so_far: Long | None = None
        self.parts = Parts()

    def ask(self) -> Long:
        """Raises TempHubError."""
        known, now = self._there(), now_ms()
        if len(known) <= self._most:
            hours = day_of(self._engine)
            return Long(hours, _month(self._engine, now) if len(hours) else {})
        # No engine has to answer for longer than of these, and what is known of some is shown meanwhile.
        month: dict[Key, Worst] = {}
        left = len(known)
        told = Long(None, {}, left)
        shares = list(_shares(known, self._most))
        self.parts.begin(len(shares))
        for sites in shares:
            month |= _month(self._engine, now, sites)
            left -= sum(key[0] in sites for key in known)
            told = self.so_far = Long(None, dict(month), left)
            self.parts.came()
        return told


def _shares(known: Collection[Key], most: int) -> Iterator[set[str]]:
    """The places, so many at a time as have about so many probes."""
    share, probes = set[str](), 0
    for site, count in sorted(Counter(site for site, _ in known).items()):
        if share and (probes + count > most or len(share) == MOST_SITES):
            yield share
            share, probes = set(), 0
        share.add(site)
        probes += count
    if share:
        yield share


def day_of(engine: Engine, keys: Collection[Key] | None = None) -> dict[Key, "Hourly"]:
    """The hours of the last day. Raises TempHubError."""
    now = now_ms()
    return hourly(engine, now - DAY_MS - HOUR_MS, now, keys, current=True)


def hourly(
    engine: Engine, from_ms: int, to_ms: int, keys: Collection[Key] | None = None, *, current: bool = False
) -> dict[Key, Hourly]:
    """Each probe's hours that end in [from_ms, to_ms]. current: with what there is of the one that goes on.
    Raises TempHubError."""
    first_ms, last_ms = (moment // HOUR_MS * HOUR_MS + HOUR_MS - 1 for moment in (from_ms, to_ms))
    sites, probes = (None, None) if keys is None else ({one[at] for one in keys} for at in (0, 1))
    question = f"last_over_time({match(HOURS, None, probes, sites)}[{HOUR}])"
    told = engine.steps(question, first_ms, last_ms, HOUR_MS)
    found = {key: _hourly(mine) for key, mine in _by_probe(told).items()}
    if current and len(found) <= MOST_LOOKED_AT:
        found = _with_current(engine, found, to_ms, match(("celsius", "corrected"), None, probes, sites))
    return found


def _with_current(engine: Engine, found: dict[Key, Hourly], now: int, values: str) -> dict[Key, Hourly]:
    start_ms = max(now // HOUR_MS * HOUR_MS, now - HOUR_MS + 1)
    span = f"{now - start_ms + 1}ms"
    parts = []
    for name in ("min", "max", "avg"):
        told = engine.instant(f"{name}_over_time({values}[{span}])", now)
        parts.append(_highest(told))
    for key, low in parts[0].items():
        had = found.get(key)
        if key not in parts[1] or (had is not None and had.buckets.start_ms[-1:] == start_ms):
            continue
        one = series.Buckets(
            np.array([start_ms], np.int64),
            *(np.array([value]) for value in (low, parts[1][key], parts[2].get(key, low), 1.0)),
        )
        none = np.zeros(1)
        found[key] = (
            Hourly(one, none, none)
            if had is None
            else Hourly(had.buckets + one, np.append(had.readings, 0.0), np.append(had.sigma, 0.0))
        )
    return found


def _month(engine: Engine, now: int, sites: set[str] | None = None) -> dict[Key, Worst]:
    def told(before: str, field: str, behind: str) -> dict[Key, float]:
        return _highest(engine.instant(f"{before}({match([field], sites=sites)}{behind})", now))

    span = f"[{MONTH_MS}ms]"
    high, low = told("max_over_time", "hour_high", span), told("min_over_time", "hour_low", span)
    # What each hour came to last, added up.
    add, sums = "sum_over_time(last_over_time", f"[{HOUR}])[{MONTH_MS}ms:{HOUR_MS}ms]"
    beyond, measured = told(add, "hour_beyond", sums), told(add, "hour_measured", sums)
    return {key: Worst(high[key], low.get(key), beyond.get(key), measured.get(key, 0.0)) for key in high}


def _highest(told: Iterable[tuple[dict[str, str], float]]) -> dict[Key, float]:
    """By probe, of the revision that counts."""
    found: dict[Key, tuple[int, float]] = {}
    for labels, value in told:
        key, revision = (labels.get("site", ""), labels.get("probe", "")), int(labels.get("revision", "0"))
        if key not in found or revision >= found[key][0]:
            found[key] = revision, value
    return {key: value for key, (_, value) in found.items()}


def _by_probe(told: list[Told]) -> dict[Key, dict[str, Told]]:
    """The series of each probe by field, of its highest revision."""
    found: dict[Key, dict[int, dict[str, Told]]] = {}
    for one in told:
        key = one.labels.get("site", ""), one.labels.get("probe", "")
        revision = int(one.labels.get("revision", "0"))
        field = one.labels["__name__"].removeprefix(f"{MEASUREMENT}_")
        found.setdefault(key, {}).setdefault(revision, {})[field] = one
    return {key: mine[max(mine)] for key, mine in found.items()}


def _hourly(mine: Mapping[str, Told]) -> Hourly:
    at_ms = mine["hour_mean"].taken_ms if "hour_mean" in mine else np.zeros(0, np.int64)

    def column(name: str) -> Floats:
        values = np.zeros(len(at_ms))
        if (told := mine.get(name)) is not None:
            there = np.isin(told.taken_ms, at_ms)
            values[np.searchsorted(at_ms, told.taken_ms[there])] = told.values[there]
        return values

    # A single reading is measured for no time, and counts all the same.
    weight = np.maximum(column("hour_measured"), 1.0)
    buckets = series.Buckets(
        at_ms // HOUR_MS * HOUR_MS, column("hour_low"), column("hour_high"), column("hour_mean"), weight
    )
    return Hourly(buckets, column("hour_readings"), column("hour_sigma"))


MOST_READINGS = 1_000_000
ASSUMED_MS = 2_000
# A little more: what lies before a window tells how long its first readings hold.
BEFORE_MS = 10 * MINUTE_MS
AHEAD_MS = MINUTE_MS
Lines = Mapping[Key, tuple[Kept, Measured | None]]


def lines(engine: Engine, wanted: Wanted, those: Collection[There], revisions: Mapping[Key, int]) -> Lines:
    """Of these probes. Raises TempHubError."""
    if not those:
        return {}
    now = now_ms()
    kept = _kept(engine, wanted.window, those, revisions, now)
    marked = {}
    if wanted.measured and _readings(those, wanted.measured[1] - wanted.measured[0]) <= MOST_READINGS:
        for key, one in _series(engine, those, revisions, *wanted.measured).items():
            if (told := statistics.of_points(*one.arrays(), wanted.measured[0])).n:
                marked[key] = Measured(told)
    return {key: (one, marked.get(key)) for key, one in kept.items()}


def _kept(
    engine: Engine, window: Window, those: Collection[There], revisions: Mapping[Key, int], now: int
) -> dict[Key, Kept]:
    pace = {(one.site, one.probe_id): one.interval_ms for one in those}
    from_ms, end_ms = window.ends(now + 1)
    if window.from_minutes:
        # As a hub's own page, which goes by whole minutes then.
        from_ms, end_ms = (-(moment // -MINUTE_MS) * MINUTE_MS for moment in (from_ms, end_ms))
    if _readings(those, window.span_ms) > MOST_READINGS:
        hours = hourly(engine, from_ms, end_ms, pace, current=window.live)
        return {key: _of_hours(window, hours[key], pace[key], end_ms) for key in pace if key in hours}
    end = now + AHEAD_MS if window.live else end_ms
    found = _series(engine, those, revisions, from_ms - BEFORE_MS, end)
    kept = {key: kept_of(window, one, pace[key], (from_ms, end_ms)) for key, one in found.items()}
    return {key: one for key, one in kept.items() if one.statistics.n or len(one.faults)}


def every_s(wanted: Wanted) -> float:
    """How old the lines of a window may be."""
    return min(max(wanted.window.span_ms / 1000 / 360, 5.0), 120.0)


def _readings(those: Collection[There], span_ms: int) -> float:
    return sum(span_ms / (one.interval_ms or ASSUMED_MS) for one in those)


def _series(
    engine: Engine, those: Collection[There], revisions: Mapping[Key, int], from_ms: int, to_ms: int
) -> dict[Key, series.Series]:
    keys = {(one.site, one.probe_id) for one in those}
    asked = match(READINGS, sites={site for site, _ in keys}, probes={probe for _, probe in keys})
    found: dict[Key, series.Series] = {}
    for piece in engine.pieces(asked, from_ms, to_ms):
        for one in series_of(piece, revisions):
            if (key := (one.site, one.probe_id)) in keys:
                # An engine does not know when a reading came in.
                found.setdefault(key, series.Series()).add(
                    one.taken_ms, one.celsius, np.zeros_like(one.taken_ms)
                )
    return found


def _of_hours(window: Window, hours: Hourly, interval_ms: int, end_ms: int) -> Kept:
    width_ms = max(window.bucket_ms, HOUR_MS)
    drawn = hours.buckets.gathered(width_ms)
    gap_ms = series.gap_of(interval_ms, width_ms)
    told = _statistics(hours)
    return Kept((gap_ms, end_ms // HOUR_MS, told), series.curve_of_buckets(drawn, width_ms, gap_ms), told)


def _statistics(hours: Hourly) -> statistics.Statistics:
    one: series.Buckets = hours.buckets
    if not len(one.start_ms):
        return statistics.Statistics()
    mean = float((one.mean * one.weight).sum() / one.weight.sum())
    square = float(((hours.sigma**2 + one.mean**2) * one.weight).sum() / one.weight.sum()) - mean**2
    n = int(hours.readings.sum())
    return statistics.Statistics(
        n, mean, sqrt(max(square, 0.0)), *statistics.extremes(one), None, exact=False
    )
