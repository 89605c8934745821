"""Days of refrigerators and freezers for the simulation: a recorded series and real shapes on top, as a probe
would deliver them.

What is true is known beside what is measured: a day says which excursions an alarm must tell of, and which it
may.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from temphub_kernel.alarms import Rule

ROOT = Path(__file__).parents[2]
DAY_MS, MINUTE_MS = 86_400_000, 60_000
START_MS = 1_795_000_000_000
# Within this of the limit nobody can say: three times the noise, and half a step of the sensor.
UNSURE_K = 0.25
Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Place(NamedTuple):
    """mean_c; scale of the recorded series; limit and delay of its rule; how far a defrost warms it (0:
    none)."""

    mean_c: float
    scale: float
    limit_c: float
    delay_min: int
    defrost_k: float


PLACES = (Place(4.3, 0.12, 8.0, 30, 0.0), Place(-19.5, 0.12, -15.0, 45, 8.0))
RECOVERY_K, RECOVERY_MIN = 0.5, 5


class Span(NamedTuple):
    """From one reading to another (places in the day), with how long it was measured for."""

    first: int
    last: int
    measured_ms: int


class Day(NamedTuple):
    """Readings by the time they were taken. truth: without noise and ghosts; order: their places as they came
    in, came_ms: when."""

    rule: Rule
    interval_ms: int
    told_ms: int
    taken_ms: Ints
    truth: Array
    celsius: Array
    came_ms: Ints
    order: Ints
    must: list[Span]
    may: list[Span]


@lru_cache(maxsize=1)
def recorded() -> Array:
    """A day's air temperature, one a minute, as distance from its mean."""
    lines = (ROOT / "firmware" / "ports" / "series" / "alamosa.txt").read_text(encoding="utf-8").splitlines()
    values = np.array([float(line) / 10 for line in lines if line and not line.startswith("#")])
    return values - values.mean()


def make_day(rng: np.random.Generator, *, quickest_s: int = 2) -> Day:
    """A day by chance. quickest_s: no probe measures more often."""
    place = PLACES[rng.integers(len(PLACES))]
    interval_ms = max(int(rng.choice([2, 10, 30, 60, 300], p=[0.04, 0.2, 0.3, 0.36, 0.1])), quickest_s) * 1000
    taken = _times(rng, interval_ms)
    truth = _truth(rng, place, taken)
    celsius = _measured(rng, truth)
    came, order = _delivered(rng, taken)
    rule = Rule.from_json(
        {
            "kind": "above",
            "limit_c": place.limit_c,
            "delay_min": place.delay_min,
            "recovery_c": place.limit_c - RECOVERY_K,
            "recovery_min": RECOVERY_MIN,
        },
        no=1,
    )
    told_ms = 0 if rng.random() < 0.03 else 2000 if rng.random() < 0.03 else interval_ms
    longest_ms = 3 * interval_ms
    sure = spans(taken, truth > place.limit_c + UNSURE_K, longest_ms)
    unsure = spans(
        taken, _closed(taken, truth > place.limit_c - UNSURE_K, MINUTE_MS + longest_ms), longest_ms
    )
    slack_ms = 3 * interval_ms + (10 * interval_ms if told_ms != interval_ms else 0)
    must = [one for one in sure if one.measured_ms >= rule.delay_ms + slack_ms and _seen_often(one, celsius)]
    may = [one for one in unsure if one.measured_ms >= rule.delay_ms - slack_ms]
    return Day(rule, interval_ms, told_ms, taken, truth, celsius, came, order, must, may)


def _seen_often(one: Span, celsius: Array) -> bool:
    """Whether the sensor worked: where most readings are faults there is nothing to go by."""
    return float(np.isnan(celsius[one.first : one.last + 1]).mean()) < 0.2


def _times(rng: np.random.Generator, interval_ms: int) -> Ints:
    """A day of readings, with jitter, and without those that were lost."""
    taken = (
        START_MS
        + np.arange(0, DAY_MS, interval_ms)
        + rng.integers(-interval_ms // 50, interval_ms // 50 + 1, DAY_MS // interval_ms)
    )
    kept = np.ones(len(taken), np.bool_)
    for _ in range(rng.integers(0, 3)):
        start = START_MS + rng.integers(DAY_MS)
        kept &= (taken < start) | (taken > start + rng.integers(2, 120) * MINUTE_MS)
    return taken[kept & (rng.random(len(taken)) > 0.002)]


def _truth(rng: np.random.Generator, place: Place, taken: Ints) -> Array:
    minutes = (taken - START_MS) / MINUTE_MS
    series, offset = recorded(), rng.integers(1440)
    base = place.mean_c + place.scale * np.interp((minutes + offset) % 1440, np.arange(1440), series)
    found = base + _compressor(rng, minutes) + _doors(rng, minutes)
    if place.defrost_k:
        every, first = rng.integers(360, 720), rng.integers(300)
        for at in range(int(first), 1440, int(every)):
            found += _pulse(minutes, at, rng.uniform(6, 20), place.defrost_k * rng.uniform(0.6, 1.2), 8)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))):
        found += _failure(rng, minutes, rng.uniform(0, 1380), place)
    return found


def _compressor(rng: np.random.Generator, minutes: Array) -> Array:
    """It cools for a part of its period and warms for the rest."""
    period, part, swing = rng.uniform(12, 40), rng.uniform(0.25, 0.5), rng.uniform(0.2, 1.2)
    phase = (minutes / period + rng.random()) % 1
    return swing * np.where(phase < part, 0.5 - phase / part, (phase - part) / (1 - part) - 0.5)


def _doors(rng: np.random.Generator, minutes: Array) -> Array:
    found = np.zeros(len(minutes))
    for _ in range(rng.integers(0, 25)):
        found += _pulse(
            minutes, rng.uniform(420, 1320), rng.uniform(0.3, 5), rng.uniform(0.5, 6), rng.uniform(2, 7)
        )
    return found


def _pulse(minutes: Array, at: float, up_min: float, rise_k: float, down_min: float) -> Array:
    """Up in some minutes, and back."""
    since = minutes - at
    up = np.clip(since / up_min, 0, 1)
    return rise_k * up * np.exp(-np.maximum(since - up_min, 0) / down_min)


def _failure(rng: np.random.Generator, minutes: Array, at: float, place: Place) -> Array:
    """A door that stays open, or a compressor that stands still; some time later it is put right."""
    lasts, slow = (
        rng.choice([rng.uniform(10, 90), rng.uniform(60, 600)]),
        rng.choice([rng.uniform(20, 90), rng.uniform(200, 600)]),
    )
    to_k = 22 - place.mean_c
    since = minutes - at
    warm = to_k * (1 - np.exp(-np.clip(since, 0, lasts) / slow))
    return warm * np.exp(-np.maximum(since - lasts, 0) / rng.uniform(10, 40))


def _measured(rng: np.random.Generator, truth: Array) -> Array:
    """With noise, in the sensor's steps, with faults that are marked (NaN) and lone values that nobody
    marked."""
    celsius = np.round((truth + rng.normal(0, rng.uniform(0.02, 0.07), len(truth))) * 16) / 16
    celsius[rng.random(len(truth)) < rng.choice([0, 0, 0.002, 0.02])] = np.nan
    lone = rng.random(len(truth)) < rng.choice([0, 0, 0.0005, 0.002])
    lone[1:] &= ~lone[:-1]
    celsius[lone] = rng.choice([85.0, 25.0, 127.94, 0.0, -0.0625], lone.sum())
    return celsius


def _delivered(rng: np.random.Generator, taken: Ints) -> tuple[Ints, Ints]:
    """When each came in, and in which order: at once, or after an outage of the Wi-Fi all together, before or
    behind what is new."""
    came = taken + rng.integers(50, 400, len(taken))
    behind = np.zeros(len(taken), np.int64)
    for _ in range(rng.integers(0, 3)):
        start = START_MS + rng.integers(DAY_MS)
        # The day goes on for long enough to see what becomes of it.
        end = min(start + rng.integers(4, 180) * MINUTE_MS, taken[-20])
        out = (taken >= start) & (taken < end)
        came[out] = end
        if rng.random() < 0.3:
            # The newest first, what was kept some readings later.
            later = np.flatnonzero(taken >= end)[:3]
            came[out] = came[later[-1]] + 1 if len(later) == 3 else end
            behind[out] = 1
    return came, np.lexsort((taken, behind, came))


def spans(taken: Ints, beyond: Flags, longest_ms: int) -> list[Span]:
    """Stretches of readings that are beyond. A pause of more than longest_ms counts nothing."""
    edges = np.flatnonzero(np.diff(np.r_[False, beyond, False].astype(np.int8))).reshape(-1, 2)
    steps = np.diff(taken, append=taken[-1:])
    known = np.r_[0, np.cumsum(np.where(steps <= longest_ms, steps, 0))]
    return [Span(int(a), int(b) - 1, int(known[b - 1] - known[a])) for a, b in edges]


def _closed(taken: Ints, beyond: Flags, longest_ms: int) -> Flags:
    """The same, with short dips filled; not those in which it was well for the recovery time: behind them
    another excursion begins."""
    found = beyond.copy()
    for one in spans(taken, ~beyond, longest_ms):
        well = one.measured_ms >= RECOVERY_MIN * MINUTE_MS
        if (
            not well
            and one.first
            and one.last + 1 < len(taken)
            and taken[one.last + 1] - taken[one.first] <= longest_ms
        ):
            found[one.first : one.last + 1] = True
    return found
